"""
From drafts to checked conditions: names looked up, definitions written out, every expression typed.

One :class:`Scope` is made for each rule, part and fact entry. Inside it every name is bound once: a name
that a second clause binds again, and every name bound by a definition, is made distinct.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve

from oversight.ground.text import nearest
from oversight.language.contradictions import contradiction
from oversight.language.equalities import finds
from oversight.language.drafts import Draft, DraftEach, DraftQuery
from oversight.language.findings import Findings
from oversight.language.graft import graft
from oversight.language.operators import named
from oversight.language.records import ALERT as ALERT_TYPE
from oversight.language.records import merged
from oversight.language.shape import Text
from oversight.language.problems import NAMELESS, Problem
from oversight.language.shared import LIMITS, MAX_DEFINITIONS, Shared, TooMany
from oversight.language.substitution import Measure as Size
from oversight.language.typing import MAX_DEPTH, MAX_MACROS, MAX_NODES, check
from oversight.language.world import ALERT, Phrase, World, call_of
from oversight.model.expressions import Call, Literal, Name, Node, walk
from oversight.model.pack import (
    Condition, Each, Exists, Expression, Group, Latest, Limit, Measure, Query, Template, Test, Value,
)  # fmt: skip
from oversight.model.types import BOOL, DOUBLE, DYN, INT, PERIOD, STRING, ListType, Type

NUMBERS = (INT, DOUBLE, DYN)


class Scope:
    """
    The names that can be seen at one point of a rule or fact entry.

    Args:
        world: everything else that has a name.
        findings: takes what is wrong.
        standing: whether this is a ``while`` rule, which has no instant before.
        entry: whether this is an entry of a fact, which may not ask for alerts.
    """

    def __init__(self, world: World, findings: Findings, *, standing: bool = False, entry: bool = False) -> None:
        self.world = world
        self.findings = findings
        self.shared = Shared(world, standing, entry)
        self._types: dict[str, Type] = {}
        self._stands_for: dict[str, Node] = {}
        self._depth = 0

    def inner(self, findings: Findings | None = None) -> Scope:
        """A scope that sees what this one sees; what is bound in it stays in it."""
        made = Scope(self.world, findings or self.findings)
        made.shared, made._depth = self.shared, self._depth
        made._types, made._stands_for = dict(self._types), dict(self._stands_for)
        return made

    # Names.

    def reserve(self, names: Iterable[str]) -> None:
        """Keep names for what is bound with ``exact``, so that no clause takes them first."""
        self.shared.taken.update(names)

    def bind(self, name: str, kind: Type, written: Text | None, stem: str = "it", *, exact: bool = False) -> str:
        """
        Bind a name, or without one make one up; an *exact* one is not made distinct.

        Returns:
            The name that the checked pack has for it, which is another where this one is taken.
        """
        if not name:
            self.shared.nameless = True
            return self.shared.fresh(stem)
        if written is not None:
            self._refuse_taken(name, written)
        taken = name in self.shared.taken or self._depth > 0
        unique = self.shared.fresh(name) if taken and not exact else name
        self.shared.taken.add(name)
        self._types[name] = kind
        if kind is DYN and not exact:
            # The kind or fact it stands for is unknown, which has been said.
            self.shared.lost.add(unique)
        self._stands_for.pop(name, None)
        if unique != name:
            self._stands_for[name] = Name(unique, type=kind)
        return unique

    def _refuse_taken(self, name: str, written: Text) -> None:
        if name in self._types:
            self.findings.wrong("name-already-bound", f"{name!r} is already bound here", written, "choose another name")
        elif name == "this" or name in self.world.parameters:
            what = "the fact in where:" if name == "this" else "a parameter"
            self.findings.wrong("name-taken", f"{name!r} is the name of {what}", written, "choose another name")
        elif name in self.world.phrases or name in self.world.broken:
            self.findings.wrong("name-taken", f"{name!r} is the name of a definition", written, "choose another name")

    def bind_this(self, kind: Type) -> None:
        """Bind ``this``, the fact that a change or end looks at."""
        self._types["this"] = kind

    # Expressions.

    def expression(self, written: Expression, expected: Type | None = None) -> Expression:
        """
        Type an expression.

        Args:
            written: the draft.
            expected: the type it must have.

        Returns:
            The checked expression; where something is wrong with it, one whose type is ``dyn``.
        """
        assert isinstance(written, Draft)
        node = written.node
        if not self._calls(written):
            return self._known(evolve(node, type=DYN), written, faulty=True)
        typed, problems = check(node, self._types, self.world.parameters, self.world.definitions, expected=expected)
        for problem in problems:
            if (_in_definition(problem) and self._at_definitions(written)) or self._is_said(problem):
                continue
            place, width = written.at(problem.span)
            say = self.findings.warning if problem.code == "always-holds" else self.findings.error
            nameless = problem.code == "unknown-name" and self.shared.nameless and not problem.notes
            hint = problem.hint or (NAMELESS if nameless else "")
            say(problem.code, problem.message, place, width, hint, tuple(problem.notes))
        self.world.used.update(n.name for n in walk(typed) if isinstance(n, Name) and n.parameter)
        if any(problem.code != "always-holds" for problem in problems):
            return self._known(evolve(typed, type=DYN), written, faulty=True)
        whole = graft(typed, self._stands_for, self.shared.fresh)
        size = Size.of(whole)
        if size.parts > MAX_NODES or size.depth > MAX_DEPTH or size.macros > MAX_MACROS:
            message = "with definitions written out, this expression is too large"
            self.findings.wrong("too-large", message, written, "simplify the definitions")
            return self._known(evolve(node, type=DYN), written, faulty=True)
        return self._known(whole, written)

    def _is_said(self, problem: Problem) -> bool:
        """Whether a name that nothing has was told before, where what is watched has no name: one is missing."""
        if problem.code != "unknown-name" or not self.shared.nameless or problem.hint not in ("", NAMELESS):
            return False
        said = problem.message in self.shared.unnamed
        self.shared.unnamed.add(problem.message)
        return said

    def _known(self, node: Node, written: Draft, *, faulty: bool = False) -> Expression:
        checked = Expression(node, written.text, written.place)
        self.shared.origins[id(checked)] = (checked, written)
        if faulty:
            self.shared.faulty.add(id(checked))
        return checked

    def is_lost(self, name: str) -> bool:
        """Whether a name stands for an event or a fact of which nothing is known."""
        return name in self.shared.lost

    def is_faulty(self, checked: Expression) -> bool:
        """Whether something was wrong with an expression, so that nothing more is to be said of it."""
        return id(checked) in self.shared.faulty

    def _at_definitions(self, written: Draft) -> bool:
        """Say what is wrong with the definitions it calls, each at its own place; false if nothing is."""
        told = False
        for node in walk(written.node):
            name, arguments = call_of(node) or ("", ())
            phrase = self.world.phrases.get(name)
            if phrase is None or phrase.expression is None or len(arguments) != len(phrase.parameters):
                continue
            kinds = tuple(self._type_of_argument(one) for one in arguments)
            if (name, kinds) not in self.shared.told:
                use = f"where {name}(…) is used at {written.place}"
                inside = Scope(self.world, self.findings.within(f"in the definition of {name}", use))
                inside.shared, inside._depth = self.shared, self._depth + 1
                inside._types = dict(zip(phrase.parameters, kinds, strict=True))
                self.shared.told[name, kinds] = inside.is_faulty(inside.expression(phrase.expression))
            told = told or self.shared.told[name, kinds]
        return told

    def _type_of_argument(self, node: Node) -> Type:
        return check(node, self._types, self.world.parameters, self.world.definitions)[0].type

    def _calls(self, written: Draft) -> bool:
        """Whether every definition that an expression calls can be expanded; those it calls are used."""
        whole = True
        for node in walk(written.node):
            name = node.function if isinstance(node, Call) else node.name if isinstance(node, Name) else ""
            whole = whole and name not in self.world.broken
            phrase = self.world.phrases.get(name)
            if phrase is None or name in self._types:
                continue
            self.world.use(name)
            if phrase.expression is None:
                place, width = written.at((node.span[0], node.span[0] + len(name)))
                self.findings.error(
                    "condition-in-expression",
                    f"{name!r} is a condition and cannot stand inside an expression",
                    place,
                    width,
                    "let the call stand alone, as one condition of a list",
                )
                whole = False
        return whole

    def template(self, written: Template) -> Template:
        """Type the expressions of a template."""
        pieces = (piece if isinstance(piece, str) else self.expression(piece) for piece in written.pieces)
        return Template(tuple(pieces), written.text)

    def origin(self, checked: Expression) -> Draft:
        """The draft a checked expression came from."""
        return self.shared.origins[id(checked)][1]

    # Conditions.

    def conditions(self, written: Iterable[Condition]) -> tuple[Condition, ...]:
        """Check conditions all of which must hold, in order."""
        return self._together(tuple(self.condition(one) for one in written))

    def _together(self, checked: tuple[Condition, ...]) -> tuple[Condition, ...]:
        """Say where one condition of a list can never hold beside another."""
        tests = [one.expression for one in checked if isinstance(one, Test)]
        clash = contradiction([test.node for test in tests])
        for test in tests:
            if clash is not None and any(node is clash for node in walk(test.node)):
                place, width = self.origin(test).at(clash.span)
                message = "this can never hold together with an earlier comparison of the same attribute"
                self.findings.error("never-holds", message, place, width, "take one of the two out")
        return checked

    def excuses(self, written: Iterable[Condition]) -> tuple[Condition, ...]:
        """Check conditions any one of which suffices, in order."""
        return tuple(self.condition(one) for one in written)

    def condition(self, written: Condition) -> Condition:
        """Check one condition."""
        self.shared.enter(written_out=self._depth > 0)
        try:
            return self._condition(written)
        finally:
            self.shared.nested -= 1

    def _condition(self, written: Condition) -> Condition:
        if isinstance(written, Test):
            call = call_of(written.expression.node)
            phrase = self.world.phrases.get(call[0]) if call else None
            if call and phrase and phrase.expression is None and isinstance(written.expression, Draft):
                return self._expanded(phrase, call[1], written.expression)
            return Test(self.expression(written.expression, BOOL))
        if isinstance(written, Exists):
            return Exists(self.query(written.query)[0], written.negated, place=written.place)
        if isinstance(written, Group):
            check_all = self.conditions if written.mode == "all" else self.excuses
            return Group(written.mode, check_all(written.conditions), place=written.place)
        return self._measure(written)[0]

    def _expanded(self, phrase: Phrase, arguments: tuple[Node, ...], written: Draft) -> Condition:
        """A call of a condition definition, written out with its arguments."""
        self.world.use(phrase.name)
        place, width = written.at(written.node.span)
        if len(arguments) != len(phrase.parameters):
            self.findings.error(
                "wrong-arguments",
                f"{phrase.name} takes {len(phrase.parameters)} arguments, not {len(arguments)}",
                place,
                width,
                f"{phrase.name}({', '.join(phrase.parameters)})",
            )
            return Group("all", ())
        if self._depth >= MAX_DEFINITIONS:
            raise TooMany
        use = f"where {phrase.name}(…) is used at {place}"
        inside = Scope(self.world, self.findings.within(f"in the definition of {phrase.name}", use))
        inside.shared, inside._depth = self.shared, self._depth + 1
        for parameter, argument in zip(phrase.parameters, arguments, strict=True):
            given = self.expression(evolve(written, node=argument))
            inside._types[parameter] = given.type
            inside._stands_for[parameter] = given.node
        try:
            found = inside.conditions(phrase.conditions)
        except TooMany:
            if self._depth:
                raise
            message = "definitions written out make this rule too large"
            self.findings.error("too-many-conditions", message, place, width, LIMITS)
            return Group("all", ())
        made = found[0] if len(found) == 1 else Group("all", found)
        if isinstance(made, Test):
            return Test(evolve(made.expression, text=written.text, place=place))
        return evolve(made, written=written.text, place=place)

    # Quantifiers and values.

    def query(self, written: Query) -> tuple[Query, Scope]:
        """Check a query; also returns the scope that sees the fact it binds."""
        assert isinstance(written, DraftQuery)
        kind = self._fact(written)
        if written.before and self.shared.standing:
            self.findings.wrong(
                "before-in-while",
                "before: has no meaning in a while rule",
                written.written,
                "remove it",
                ("a standing rule holds on an interval, and an interval has no instant before it",),
            )
        inside = self.inner()
        name = inside.bind(written.name, kind, written.alias, written.fact)
        where = inside.conditions(written.where)
        if where and written.fact != ALERT and not finds(where, name):
            self.findings.warning(
                "compares-all",
                f"nothing in where: compares {written.fact} with ==, so each one is looked at",
                written.written.place,
                written.written.width,
                "add an equality with an attribute of the fact",
            )
        of = written.of if written.fact == ALERT else ()
        made = Query(written.fact, name, where, written.before, of, written.text, written.place)
        return made, inside

    def _fact(self, written: DraftQuery, otherwise: str = "") -> Type:
        fact, text = written.fact, written.written
        if fact == ALERT:
            if self.shared.entry:
                hint = "let a rule ask for alerts"
                self.findings.wrong("alert-in-fact", "a fact cannot depend on alerts", text, hint)
                return ALERT_TYPE
            if not written.of:
                hint = "of: [RULE] names the rules whose alerts are meant"
                self.findings.wrong("missing-key", "a quantifier over alert needs 'of'", text, hint)
            for rule in written.rules:
                self._rule(rule.text, Text.of(rule))
            return ALERT_TYPE
        if written.rules:
            self.findings.wrong("of-without-alert", "of: names rules, for the fact alert only", written.rules[0])
        if fact in self.world.facts:
            return self.world.facts[fact]
        self.findings.wrong("unknown-fact", f"there is no fact {fact!r}", text, self._meant_fact(fact, otherwise))
        return DYN

    def _meant_fact(self, name: str, otherwise: str) -> str:
        """What to write for a fact that there is not; *otherwise* is what may be done where it is a kind of event."""
        if name not in self.world.kinds:
            near = nearest(name, [*self.world.facts, ALERT])
            return f"did you mean {near!r}?" if near else ""
        fact = self.world.begun_by(name)
        said = f": name a fact that begins with it, {fact!r}" if fact else ", and no fact begins with it: declare one"
        return f"this is a kind of event{said}{otherwise}"

    def _rule(self, rule: str, written: Text) -> None:
        if rule not in self.world.rules:
            near = nearest(rule, self.world.rules)
            hint = f"did you mean {near!r}?" if near else ""
            self.findings.wrong("unknown-rule", f"there is no rule {rule!r}", written, hint)

    def head(self, written: DraftQuery) -> Type:
        """The type of the fact that a ``while`` head names."""
        return self._fact(written, f", or write on: {written.fact}")

    def _measure(self, written: Measure) -> tuple[Measure, Type]:
        query, inside = self.query(written.query)
        distinct = None if written.distinct is None else inside.expression(written.distinct)
        total = None if written.total is None else inside.expression(written.total)
        kind = INT if total is None else total.type
        if total is not None and kind not in NUMBERS and kind.name not in ("period", "duration"):
            self._mistyped(total, "sum: adds numbers, periods or durations")
        limits = []
        for limit in written.limits:
            bound = self.expression(limit.value)
            fits = bound.type in NUMBERS if kind in NUMBERS else bound.type in (kind, DYN)
            if not fits:
                self._mistyped(bound, f"{limit.comparison}: is compared with {named(kind)}")
            limits.append(Limit(limit.comparison, bound))
        return Measure(query, distinct, total, tuple(limits), place=written.place), kind

    def _mistyped(self, checked: Expression, message: str, hint: str = "") -> None:
        self.findings.wrong("type-mismatch", f"{message}, not {named(checked.type)}", self.origin(checked), hint)

    def value(self, written: Value) -> tuple[Value, Type, bool]:
        """Check a value of ``with:``; also returns its type and whether it may find nothing."""
        if isinstance(written, Expression):
            checked = self.expression(written)
            return checked, checked.type, False
        if isinstance(written, Latest):
            query, inside = self.query(written.query)
            chosen = inside.expression(written.value)
            other = None if written.otherwise is None else self.expression(written.otherwise)
            kind = chosen.type if other is None else merged(chosen.type, other.type)
            return Latest(query, chosen, other), kind, other is None
        if isinstance(written, Measure) and not written.limits:
            measure, kind = self._measure(written)
            return measure, kind, False
        return self.condition(written), BOOL, False

    def each(self, written: Each | None) -> Each | None:
        """Check ``each:`` and bind its name in this scope."""
        if written is None:
            return None
        assert isinstance(written, DraftEach)
        if isinstance(written.source, Query):
            query, inside = self.query(written.source)
            if written.name:
                self._types[written.name] = inside._types[written.name]
            if written.name in inside._stands_for:
                self._stands_for[written.name] = inside._stands_for[written.name]
            return Each(query.name, query)
        source = self.expression(written.source)
        kind = source.type.item if isinstance(source.type, ListType) else DYN
        if not isinstance(source.type, ListType) and source.type is not DYN:
            self._mistyped(source, "each: takes a list")
        return Each(self.bind(written.name, kind, written.alias, "item", exact=True), source)

    def require(self, checked: Expression, kinds: tuple[Type, ...], what: str) -> None:
        """Refuse an expression whose type is none of *kinds*."""
        if checked.type not in (*kinds, DYN):
            self._mistyped(checked, f"{what} is {' or '.join(map(named, kinds))}", _length(checked, kinds))

    def type_of(self, name: str) -> Type | None:
        """The type of a bound name, or ``None``."""
        return self._types.get(name)


def _length(checked: Expression, kinds: tuple[Type, ...]) -> str:
    """How a length is written, where *kinds* are lengths and a number or a parameter's text stands for one."""
    node = checked.node
    written = isinstance(node, Literal) or (isinstance(node, Name) and node.parameter)
    if PERIOD not in kinds or checked.type not in (INT, STRING) or not written:
        return ""
    number = node.value if isinstance(node, Literal) and checked.type == INT else 14
    return f"{number} days are written P{number}D"


def _in_definition(problem: Problem) -> bool:
    return any(note.startswith("in the definition of ") for note in problem.notes)
