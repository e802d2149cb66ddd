"""
The mutants of a pack: it, with one clause, number or word of a rule, fact or parameter changed.

What people read (titles, alerts, remedies) is not changed, and neither is what an alert is said to rest on: cases say
which alerts there are, and not what they say. Where nothing asks when a fact began, it is not begun anew either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from operator import is_
from typing import Any

from attrs import evolve, field, frozen

from oversight.cases.condition_mutants import Mutant, Step, of_expression, of_expressions, of_list, of_parts
from oversight.cases.episodes import dated
from oversight.cases.expression_mutants import SECOND, told_value, values_beside, without
from oversight.cases.merging import merged
from oversight.language.order import in_order
from oversight.model.expressions import Call, Literal
from oversight.model.extract import named
from oversight.model.pack import Entry, Expression, Fact, Pack, Parameter, Query, Rule
from oversight.model.types import PERIOD, TIMESTAMP

WORDS = (
    "dropped", "negated", "boundary", "swapped", "other", "longer", "shorter", "higher", "lower", "later", "earlier",
    "before", "restarts",
)  # fmt: skip
"""The kinds of change; a mark names one of them."""

_DEFINITION = "definition "
_SHIFTS = (("later", timedelta(seconds=1)), ("earlier", timedelta(seconds=-1)))


@frozen
class Subject:
    """
    What is changed: ``rule``, ``fact``, ``definition`` or ``parameter``, and its id or name.

    Args:
        users: of a definition, the rules and facts that call it.

    >>> str(Subject("rule", "R-1")), str(Subject("fact", "camera"))
    ('R-1', 'fact camera')
    """

    kind: str
    name: str
    users: tuple[Subject, ...] = field(default=(), eq=False)

    def __str__(self) -> str:
        return self.name if self.kind == "rule" else f"{self.kind} {self.name}"


@frozen
class Need:
    """So many events of one of these kinds."""

    kinds: frozenset[str]
    number: int = 1

    def met(self, counts: Mapping[str, int]) -> bool:
        """Whether a history has them, in which there are *counts* events of each kind."""
        return sum(counts.get(kind, 0) for kind in self.kinds) >= self.number


@frozen
class Mutation:
    """
    A pack with one step changed.

    Args:
        step: which.
        pack: as it is then.
        needs: what a history must have to notice: all of one row.
    """

    step: Step
    pack: Pack
    needs: tuple[tuple[Need, ...], ...]

    def may_be_noticed(self, counts: Mapping[str, int]) -> bool:
        """Whether a history can notice in which there are *counts* events of each kind."""
        return any(all(need.met(counts) for need in row) for row in self.needs)


@frozen
class Everywhere:
    """
    What one step in a definition makes of the rules and facts that call it.

    Args:
        rules: by name, those that call it, changed wherever they do.
        facts: the same.
        needs: as of a mutation.
        possible: whether it leads to a pack as far as rules go; one that cannot have the step is enough.
    """

    rules: Mapping[str, Rule]
    facts: Mapping[str, Fact]
    needs: tuple[tuple[Need, ...], ...]
    possible: bool = True

    def among(self, pack: Pack) -> Pack | None:
        """*pack*, or a part of it, with that step; none where it leads to no pack, or nothing there calls it."""
        if not self.possible:
            return None
        rules = tuple(self.rules.get(rule.name, rule) for rule in pack.rules)
        changed = {name: fact for name, fact in self.facts.items() if name in pack.facts}
        facts = _facts(pack, changed)
        if facts is None or (not changed and all(map(is_, rules, pack.rules))):
            return None
        return evolve(pack, rules=rules, facts=facts)


Definitions = Mapping[str, Mapping[Step, Everywhere]]
"""By name of a definition, the steps in it."""


def definitions(pack: Pack) -> Definitions:
    """
    The steps in the definitions of *pack*, those that lead to no pack included.

    A definition is written once, so a step in it is one wherever it is called: what one caller still has from it would
    else make up for what another lost.
    """
    found: dict[str, dict[Step, Everywhere]] = {}

    def note(step: Step, name: str, one: Any, new: Any, needs: tuple[Need, ...], possible: bool = True) -> None:
        if not step.owner.startswith(_DEFINITION):
            return
        steps = found.setdefault(step.owner.removeprefix(_DEFINITION), {})
        known = steps.get(step, Everywhere({}, {}, ()))
        group = "rules" if isinstance(one, Rule) else "facts"
        own: Mapping[str, Any] = getattr(known, group)
        everywhere = {**own, name: merged(one, own.get(name, one), new)}
        steps[step] = evolve(
            _with(known, group, everywhere),
            needs=tuple(dict.fromkeys((*known.needs, needs))),
            possible=known.possible and possible,
        )

    for rule in pack.rules:
        for step, new in _of_rule(rule) if rule.status != "retired" else ():
            note(step, rule.name, rule, new, _needs(pack, rule), _possible(rule, step))
    for fact in pack.facts.values():
        for step, changed, needs in _of_fact(fact):
            note(step, fact.name, fact, changed, (_start(fact), *needs))
    return found


def subjects(pack: Pack, defined: Definitions | None = None) -> list[Subject]:
    """
    What there is to change in *pack*, rules first; retired ones are none.

    Args:
        pack: checked.
        defined: its definitions, where they are known.

    >>> from oversight.runner.packs import load
    >>> str(subjects(load("camera-programme"))[0]).startswith("fact ")
    True
    """
    rules = dict.fromkeys(rule.id for rule in pack.rules if rule.status != "retired")
    found = [Subject("rule", name) for name in rules]
    found += [Subject("fact", name) for name in pack.facts]
    ids = {rule.name: rule.id for rule in pack.rules}
    for name, steps in (definitions(pack) if defined is None else defined).items():
        used = dict.fromkeys(Subject("rule", ids[rule]) for step in steps.values() for rule in step.rules)
        used |= dict.fromkeys(Subject("fact", fact) for step in steps.values() for fact in step.facts)
        found.append(Subject("definition", name, tuple(used)))
    return found + [Subject("parameter", name) for name in pack.parameters]


def mutants(pack: Pack, subject: Subject, defined: Definitions | None = None) -> Iterator[Mutation]:
    """
    Everything that is one step from *pack* in *subject*.

    A step that leads to no pack is left out, as one that makes facts depend on themselves.

    Args:
        pack: checked; it may be a part of the one that *subject* is of.
        subject: of that one.
        defined: the definitions of that one, where they are known.
    """
    if subject.kind == "rule":
        for number, rule in enumerate(pack.rules):
            for step, new in _of_rule(rule) if rule.id == subject.name and rule.status != "retired" else ():
                if step.owner == rule.id and _possible(rule, step):
                    rules = (*pack.rules[:number], new, *pack.rules[number + 1 :])
                    yield Mutation(step, evolve(pack, rules=rules), (_needs(pack, rule),))
    elif subject.kind == "fact" and subject.name in pack.facts:
        fact = pack.facts[subject.name]
        for step, new, needs in (*_of_fact(fact), *_of_restarts(pack, fact)):
            facts = _facts(pack, {fact.name: new}) if step.owner == str(subject) else None
            if facts is not None:
                yield Mutation(step, evolve(pack, facts=facts), ((_start(fact), *needs),))
    elif subject.kind == "definition":
        for step, everywhere in (definitions(pack) if defined is None else defined).get(subject.name, {}).items():
            changed = everywhere.among(pack)
            if changed is not None:
                yield Mutation(step, changed, everywhere.needs)
    elif subject.kind == "parameter":
        parameter = pack.parameters[subject.name]
        for step, new in _of_parameter(parameter):
            yield Mutation(step, evolve(pack, parameters={**pack.parameters, parameter.name: new}), ((),))


def _facts(pack: Pack, changed: Mapping[str, Fact]) -> dict[str, Fact] | None:
    """The facts of *pack* with those *changed*, each after those that it reads; none where there is no such order."""
    facts = {**pack.facts, **changed}
    if all(_reads(new) <= _reads(pack.facts[name]) for name, new in changed.items()):
        return facts
    ordered, round_about = in_order({name: sorted(_reads(fact)) for name, fact in facts.items()})
    return None if round_about else {name: facts[name] for name in ordered}


def _reads(fact: Fact) -> set[str]:
    """The facts that one asks for as they stand."""
    return {one.fact for one in named(fact) if isinstance(one, Query) and not one.before}


def _needs(pack: Pack, rule: Rule) -> tuple[Need, ...]:
    """A rule looks at nothing without an event of its head, or one that starts the fact of its head."""
    if rule.head.kinds:
        return (Need(frozenset(rule.head.kinds)),)
    return (_start(pack.facts[rule.head.fact]),) if rule.head.fact in pack.facts else ()


def _start(fact: Fact, number: int = 1) -> Need:
    return Need(frozenset(kind for entry in fact.starts for kind in entry.kinds), number)


def takes_part(pack: Pack, subject: Subject) -> bool:
    """Whether *subject* is anything to *pack*, a part of the one that it is of."""
    if subject.kind == "rule":
        return any(rule.id == subject.name for rule in pack.rules)
    if subject.kind == "definition":
        return any(takes_part(pack, user) for user in subject.users)
    return subject.name in (pack.facts if subject.kind == "fact" else pack.parameters)


def _of_rule(rule: Rule) -> Iterator[Mutant]:
    yield from of_parts(rule.id, rule)
    yield from _of_deadline(rule)
    for number, one in enumerate(rule.about if len(rule.about) > 1 else ()):
        step = Step(rule.id, one.place, "dropped", ("about",), f"about without {one.text}")
        yield step, evolve(rule, about=without(rule.about, number))
    for step, about in of_expressions(rule.id, rule.about):
        yield step, evolve(rule, about=about)
    for name in ("kinds", "of"):
        row = getattr(rule.head, name)
        for number, one in enumerate(row if len(row) > 1 else ()):
            step = Step(rule.id, rule.place, "dropped", (rule.part, name, one), f"without {one} in its head")
            yield step, evolve(rule, head=_with(rule.head, name, without(row, number)))
    for number, bound in enumerate(rule.in_force):
        for word, shift in _SHIFTS if bound is not None else ():
            assert bound is not None
            dates = (bound + shift, rule.in_force[1]) if number == 0 else (rule.in_force[0], bound + shift)
            what = f"in force {('from', 'until')[number]} a second {word}"
            yield Step(rule.id, rule.place, word, (rule.part, number), what), evolve(rule, in_force=dates)


def _possible(rule: Rule, step: Step) -> bool:
    """Whether a step leads to a pack: while a fact holds there is no instant before which it could be looked at."""
    return bool(rule.head.kinds) or step.word != "before"


def _of_deadline(rule: Rule) -> Iterator[Mutant]:
    deadline = rule.deadline
    if deadline is None:
        return
    for step, new in of_expression(rule.id, deadline):
        yield step, evolve(rule, deadline=new)
    if not rule.by:
        what = f"without the deadline {deadline.text}"
        yield Step(rule.id, deadline.place, "dropped", ("deadline",), what), evolve(rule, deadline=None)
    elif deadline.type is TIMESTAMP and not isinstance(deadline.node, Literal):
        for word, sign in (("later", "+"), ("earlier", "-")):
            node = Call(sign, (deadline.node, Literal(SECOND, type=PERIOD)), type=TIMESTAMP)
            step = Step(rule.id, deadline.place, word, ("deadline",), f"a second {word}: {deadline.text}")
            yield step, evolve(rule, deadline=evolve(deadline, node=node))


def _of_fact(fact: Fact) -> Iterator[tuple[Step, Fact, tuple[Need, ...]]]:
    """The steps from a fact, each with what a history must have beside a start of the fact to notice."""
    owner = f"fact {fact.name}"
    for group in ("starts", "changes", "ends"):
        entries: tuple[Entry, ...] = getattr(fact, group)
        needed = len(entries) == 1 and (group == "starts" or (group == "ends" and fact.lasts is None))
        for number, entry in enumerate(entries):
            needs = (Need(frozenset(entry.kinds)),)
            if not needed:
                step = Step(owner, entry.place, "dropped", (group,), f"without this entry of {group}")
                yield step, _with(fact, group, without(entries, number)), needs
            for step, new in _of_entry(owner, entry):
                yield step, _with(fact, group, (*entries[:number], new, *entries[number + 1 :])), needs
    for step, new in of_expression(owner, fact.lasts):
        yield step, evolve(fact, lasts=new), ()


def _of_restarts(pack: Pack, fact: Fact) -> Iterator[tuple[Step, Fact, tuple[Need, ...]]]:
    if not fact.key or fact.name not in dated(pack):
        return
    what = "a further start does not begin it anew" if fact.restarts else "each further start begins it anew"
    # One event starts a fact twice only where it spreads something.
    needs = () if any(entry.each for entry in fact.starts) else (_start(fact, 2),)
    yield Step(f"fact {fact.name}", fact.place, "restarts", (), what), evolve(fact, restarts=not fact.restarts), needs


def _of_entry(owner: str, entry: Entry) -> Iterator[Mutant]:
    yield from of_parts(owner, entry)
    for step, where in of_list(owner, entry.where):
        yield step, evolve(entry, where=where)
    for step, key in of_expressions(owner, entry.key):
        yield step, evolve(entry, key=key)
    for name, written in (("begins", "from"), ("until", "until")):
        bound: Expression | None = getattr(entry, name)
        if bound is not None:
            step = Step(owner, bound.place, "dropped", (name,), f"without {written}: {bound.text}")
            yield step, _with(entry, name, None)
            for step, new in of_expression(owner, bound):
                yield step, _with(entry, name, new)
    if isinstance(entry.sets, tuple):
        for number, (name, value) in enumerate(entry.sets):
            step = Step(owner, value.place, "dropped", ("set",), f"{name} is not set to {value.text}")
            yield step, evolve(entry, sets=without(entry.sets, number))
            for step, new in of_expression(owner, value):
                yield step, evolve(entry, sets=(*entry.sets[:number], (name, new), *entry.sets[number + 1 :]))
    for number, kind in enumerate(entry.kinds if len(entry.kinds) > 1 else ()):
        step = Step(owner, entry.place, "dropped", ("kind", kind), f"without {kind}")
        yield step, evolve(entry, kinds=without(entry.kinds, number))


def _with(one: Any, name: str, value: Any) -> Any:
    """*one* with another value of one attribute."""
    return evolve(one, **{name: value})


def _of_parameter(parameter: Parameter) -> Iterator[Mutant]:
    owner = f"parameter {parameter.name}"
    for number, (start, value) in enumerate(parameter.entries):
        # A text may be a pattern, of which nobody knows what another would be.
        beside = () if isinstance(value, str) else values_beside(value)
        near = [(word, (start, new), told_value(word, value, new)) for word, new in beside]
        # From when the first value holds matters to nothing that a case would say.
        near += [(word, (start + shift, value), f"from a second {word}") for word, shift in _SHIFTS if number]
        for word, entry, what in near:
            entries = (*parameter.entries[:number], entry, *parameter.entries[number + 1 :])
            step = Step(owner, parameter.place, word, (number,), what)
            yield step, evolve(parameter, entries=entries)
