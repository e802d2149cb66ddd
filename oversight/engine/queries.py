"""
Queries over facts: which candidates a ``where:`` leaves, found by key or by index where it has equality tests.

A query also says what it read, so that the instance that asked is judged again when that changes and only then. Where
one witness settles a question, only the witness is named as read: as long as it stays as it is, the answer does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import Any

from attrs import frozen

from oversight.engine.expressions import Env, Evaluator, Frame, compile_expression, fetch
from oversight.engine.store import ALL, BY_KEY, Held, Index, Read, Table
from oversight.ground.values import EvaluationError
from oversight.model.expressions import Call, Name, Node, Select, path_of, walk
from oversight.model.forms import ABSENT
from oversight.model.pack import Condition, Exists, Group, Measure, Query, Test
from oversight.model.types import DATE, DYN, STRING, EnumType, ListType, MapType, RecordType, Type

Reads = list[Read] | None
Truth = bool | None


EQUAL, HOLDS, AMONG = "equal", "holds", "among"


@frozen
class Equality:
    """
    A test of a ``where:`` that an index can answer.

    Args:
        path: on the quantified fact.
        own: the node of that path.
        other: what it is compared with.
        exact: whether what the index finds needs no further test.
        position: of the condition in the list.
        mode: ``EQUAL``; ``HOLDS``, where the attribute is a list that has *other* in it; ``AMONG``, where it is in the
            list *other*.
    """

    path: tuple[str, ...]
    own: Node
    other: Node
    exact: bool
    position: int
    mode: str = "equal"


def equalities(query: Query, conditions: list[Condition]) -> list[Equality]:
    """The tests of *conditions* that compare an attribute of the quantified fact with something else."""
    return [found for found in _tests(query, conditions, query.where) if found.mode == EQUAL]


def _tests(query: Query, conditions: Sequence[Condition], whole: Sequence[Condition]) -> list[Equality]:
    """The tests of *conditions* that an index can answer; *whole* is all that is bound inside the query."""
    inner = _names_inside(whole) | {query.name}
    found = []
    for position, condition in enumerate(conditions):
        if not isinstance(condition, Test):
            continue
        node = condition.expression.node
        if not isinstance(node, Call) or node.function not in ("==", "in"):
            continue
        left, right = node.arguments
        modes = (HOLDS, AMONG) if node.function == "in" else (EQUAL, EQUAL)
        for own, other, mode in ((right, left, modes[0]), (left, right, modes[1])):
            path = path_of(own)
            mentioned = names_in(other)
            on_fact = path is not None and path[0] == query.name and len(path) > 1
            if path and on_fact and not mentioned & inner and _fits(mode, own.type, other.type):
                exact = mode == EQUAL and _exact(own.type, other.type)
                found.append(Equality(path[1:], own, other, exact, position, mode))
                break
    return found


def names_in(node: Node) -> set[str]:
    """The variables that an expression mentions."""
    return {n.name for n in walk(node) if isinstance(n, Name) and not n.parameter}


def _fits(mode: str, own: Type, other: Type) -> bool:
    """Whether an index can answer: lists are looked into for texts, which is seen when they are."""
    if mode == EQUAL:
        return _indexable(own, other)
    listed, single = (own, other) if mode == HOLDS else (other, own)
    return (isinstance(listed, ListType) or listed is DYN) and (_is_text(single) or single is DYN)


def _is_text(type_: Type) -> bool:
    return type_ is STRING or isinstance(type_, EnumType)


def _names_inside(conditions: Iterable[Condition]) -> set[str]:
    names: set[str] = set()
    for condition in conditions:
        if isinstance(condition, Exists | Measure):
            names |= {condition.query.name} | _names_inside(condition.query.where)
        elif isinstance(condition, Group):
            names |= _names_inside(condition.conditions)
    return names


def _indexable(own: Type, other: Type) -> bool:
    """Whether both are values that a dict can find; one of unknown type may turn out to be a list."""
    if any(isinstance(t, ListType | MapType | RecordType) or t is DATE for t in (own, other)):
        return False
    return own is not DYN or other is not DYN


def _exact(own: Type, other: Type) -> bool:
    """Whether finding the value in a dict is the same as CEL's ``==``."""
    return _is_text(own) or _is_text(other) or (own is not DYN and other is not DYN)


def flatten(conditions: Iterable[Condition]) -> list[Condition]:
    """The conjuncts of a list of conditions: ``all_of`` and ``&&`` taken apart."""
    found: list[Condition] = []
    for condition in conditions:
        if isinstance(condition, Group) and condition.mode == "all":
            found += flatten(condition.conditions)
        else:
            found.append(condition)
    return found


class NoText(Exception):
    """An index of texts is asked for something that is no text."""


@frozen
class Lookup:
    """
    One question to an index, or by key.

    Args:
        number: of the index, or ``BY_KEY``.
        sought: gives the values that are sought.
        mode: of the last of them.
    """

    number: int
    sought: tuple[Evaluator, ...]
    mode: str = EQUAL

    def values(self, env: Env) -> list[Any]:
        """
        What is sought: one value, or one for each element of the list that the attribute is to be in.

        Raises:
            EvaluationError: it cannot be told, so nothing equals it.
            NoText: it is no text, so the index cannot tell.
        """
        found = [find(env) for find in self.sought]
        last = found[-1]
        if self.mode == AMONG:
            if not isinstance(last, list) or not all([isinstance(item, str) for item in last]):
                raise NoText
            return last if len(found) == 1 else [(*found[:-1], item) for item in last]
        if self.mode == HOLDS and not isinstance(last, str):
            raise NoText
        return found if len(found) == 1 else [tuple(found)]


@frozen
class Branch:
    """
    One way to a match.

    Args:
        lookup: finds every fact that can match in this way; ``None`` where all must be looked at.
        guards: conditions that no fact changes; unless all hold, there is nothing this way.
    """

    lookup: Lookup | None
    guards: tuple[Evaluator, ...] = ()

    def open(self, env: Env) -> bool:
        """Whether every guard holds."""
        for guard in self.guards:
            try:
                if guard(env) is not True:
                    return False
            except EvaluationError:
                return False
        return True


Find = Callable[[Env, Reads], Collection[Held]]


class Plan:
    """
    How the candidates of one query are found.

    Args:
        table: of the fact.
        slot: of the quantified name.
        branches: which together lead to every fact that may match; none looks at all.
        tests: what a candidate must still meet.
        before: whether to look at the facts as they stood before the instant.
        of: rule ids, where the fact is ``alert``.
        wider: the lookup to use where the branches cannot tell, if any.
        prefix: how many of the leading conditions ``wider`` answers.
        narrowed: whether the branches answer the condition after these.

    Attributes:
        candidates: gives the facts that may match; names in its second argument where it looked.
    """

    __slots__ = ("branches", "candidates", "narrowed", "prefix", "settled", "slot", "table", "tests", "wider")

    def __init__(
        self, table: Table, slot: int, branches: tuple[Branch, ...], tests: tuple[Any, ...], *, before: bool = False,
        of: tuple[str, ...] = (), wider: Lookup | None = None, prefix: int = 0, narrowed: bool = False,
    ) -> None:  # fmt: skip
        self.table = table
        self.slot = slot
        self.branches = branches
        self.tests = tests
        self.wider = wider
        self.prefix = prefix
        self.narrowed = narrowed
        self.settled = not tests and not before and not of
        if before:
            self.candidates: Find = _before(table, of)
        elif of:
            self.candidates = _of_rules(table, of)
        elif len(branches) == 1 and branches[0].lookup is not None and not branches[0].guards:
            self.candidates = self.finder(branches[0].lookup)
        else:
            self.candidates = self._by_branches

    def finder(self, lookup: Lookup) -> Find:
        """A function that asks one question."""
        if lookup.mode == EQUAL and len(lookup.sought) == 1:
            return _single(self.table, lookup.number, lookup.sought[0])
        return lambda env, reads: self._looked_up(lookup, env, reads)

    def _by_branches(self, env: Env, reads: Reads) -> Collection[Held]:
        if not self.branches:
            return self._all(env, reads)
        found: dict[Any, Held] = {}
        try:
            for branch in self.branches:
                if branch.open(env):
                    if branch.lookup is None:
                        return self._all(env, reads)
                    for held in self._asked(branch.lookup, env, reads):
                        found[held.key] = held
        except NoText:
            return self._all(env, reads)
        return found.values()

    def _all(self, env: Env, reads: Reads) -> Collection[Held]:
        if self.wider is not None:
            return self._asked(self.wider, env, reads)
        if reads is not None:
            reads.append((self.table.number, ALL, None))
        return self.table.rows.values()

    def _looked_up(self, lookup: Lookup, env: Env, reads: Reads) -> Collection[Held]:
        try:
            return self._asked(lookup, env, reads)
        except NoText:
            return self._all(env, reads)

    def _asked(self, lookup: Lookup, env: Env, reads: Reads) -> Collection[Held]:
        table, number = self.table, lookup.number
        try:
            values = lookup.values(env)
            rows = table.rows if number == BY_KEY else table.indexes[number].buckets
            found: list[Any] = [rows.get(value) for value in values]
        except (EvaluationError, TypeError):
            return ()  # what has no value, or is a list, equals no attribute that is indexed
        if reads is not None:
            for value in values:
                reads.append((table.number, number, value))
        if number == BY_KEY:
            return [held for held in found if held is not None]
        if len(found) == 1:
            return () if found[0] is None else found[0].values()
        return [held for bucket in found if bucket is not None for held in bucket.values()]

    def matches(self, env: Env, reads: Reads) -> Iterator[Held]:
        """The facts of which every condition holds; the quantified name is bound to each in turn."""
        slot, tests = self.slot, self.tests
        for held in self.candidates(env, reads):
            env[slot] = held
            for test in tests:
                if test(env, reads) is not True:
                    break
            else:
                yield held

    def count(self, env: Env, reads: Reads) -> int:
        """How many facts match; where the index settles the question, it is asked for no more than its size."""
        if not self.settled:
            return sum(1 for _ in self.matches(env, reads))
        return len(self.candidates(env, reads))

    def some(self, env: Env, reads: Reads) -> bool:
        """Whether any fact matches; then only that one counts as read."""
        slot, tests = self.slot, self.tests
        if reads is None:
            for held in self.candidates(env, None):
                env[slot] = held
                for test in tests:
                    if test(env, None) is not True:
                        break
                else:
                    return True
            return False
        mark = len(reads)
        for held in self.candidates(env, reads):
            env[slot] = held
            own: list[Read] = []
            for test in tests:
                if test(env, own) is not True:
                    reads += own
                    break
            else:
                del reads[mark:]
                reads += own
                reads.append((self.table.number, BY_KEY, held.key))
                return True
        return False


def _before(table: Table, of: tuple[str, ...]) -> Find:
    def before(env: Env, reads: Reads) -> Collection[Held]:
        return [held for held in table.before() if not of or (held.values or {})["rule"] in of]

    return before


def _of_rules(table: Table, of: tuple[str, ...]) -> Find:
    def of_rules(env: Env, reads: Reads) -> Collection[Held]:
        found: list[Held] = []
        for rule in of:
            if reads is not None:
                reads.append((table.number, 0, rule))
            found += table.indexes[0].buckets.get(rule, {}).values()
        return found

    return of_rules


def _single(table: Table, number: int, sought: Evaluator) -> Find:
    """The commonest question: by the key, or by one attribute."""
    where = table.number
    if number == BY_KEY:
        rows = table.rows

        def by_key(env: Env, reads: Reads) -> Collection[Held]:
            try:
                value = sought(env)
                held = rows.get(value)
            except (EvaluationError, TypeError):
                return ()
            if reads is not None:
                reads.append((where, BY_KEY, value))
            return () if held is None else (held,)

        return by_key
    buckets = table.indexes[number].buckets

    def by_index(env: Env, reads: Reads) -> Collection[Held]:
        try:
            value = sought(env)
            bucket = buckets.get(value)
        except (EvaluationError, TypeError):
            return ()
        if reads is not None:
            reads.append((where, number, value))
        return () if bucket is None else bucket.values()

    return by_index


def _can_hash(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


class Planner:
    """
    Makes plans, and the indexes they need.

    Args:
        tables: by name of fact.
        keys: names of the key attributes of each fact.
    """

    def __init__(self, tables: dict[str, Table], keys: dict[str, tuple[str, ...]]) -> None:
        self.tables = tables
        self.keys = keys
        self._known: dict[tuple[str, tuple[tuple[tuple[str, ...], bool], ...]], int] = {}

    def plan(self, query: Query, frame: Frame, tests: list[Any], conditions: list[Condition]) -> Plan:
        """
        A plan for *query*.

        Args:
            query: what is asked.
            frame: of the rule or entry; the quantified name is bound in it.
            tests: the compiled forms of *conditions*.
            conditions: the flattened ``where:``.
        """
        table, slot = self.tables[query.fact], frame.bind(query.name, query.fact)
        if query.before:
            table.remember = True
        if query.before or query.fact == "alert":
            return Plan(table, slot, (), tuple(tests), before=query.before, of=query.of)
        found = _tests(query, conditions, query.where)
        own = [test for test in found if test.mode == EQUAL]
        wider = self._lookup(query, own, frame) if own else None
        branches: tuple[Branch, ...] = (Branch(wider),) if wider is not None else ()
        if wider is None or wider.number != BY_KEY:
            ways = self._ways(query, conditions, [test for test in found if test.mode != EQUAL])
            if ways:
                branches = tuple([self._branch(query, own, way, frame) for way in ways])
        used = own if wider is None or wider.number != BY_KEY else self._of_key(query.fact, own)
        settled = {test.position for test in used if test.exact}
        left = tuple([test for position, test in enumerate(tests) if position not in settled])
        leading = 0
        while leading in settled:
            leading += 1
        narrowed = len(branches) > 0 and branches[0].lookup is not wider and self._narrows(conditions, leading, found)
        return Plan(table, slot, branches, left, wider=wider, prefix=leading if wider else 0, narrowed=narrowed)

    def _narrows(self, conditions: list[Condition], position: int, found: list[Equality]) -> bool:
        """Whether the condition at *position* is the one by which the search was narrowed."""
        listed = [test.position for test in found if test.mode != EQUAL]
        if listed:
            return listed[0] == position
        groups = [n for n, c in enumerate(conditions) if isinstance(c, Group) and c.mode == "any"]
        return bool(groups) and groups[0] == position

    def _ways(
        self, query: Query, conditions: list[Condition], listed: list[Equality]
    ) -> list[tuple[list[Equality], list[Node]]]:
        """
        Ways to narrow a search further, one of which any match must go: through a list, or through every part of an
        ``any_of``. Each is a test for an index, if there is one, and the conditions that no candidate changes.
        """
        if listed:
            return [([listed[0]], [])]
        inner = _names_inside(query.where) | {query.name}
        for condition in conditions:
            if isinstance(condition, Group) and condition.mode == "any":
                ways = []
                for part in condition.conditions:
                    parts = flatten([part])
                    tests = sorted(_tests(query, parts, query.where), key=lambda test: test.mode != EQUAL)
                    nodes = [p.expression.node for p in parts if isinstance(p, Test)]
                    ways.append((tests[:1], [node for node in nodes if not names_in(node) & inner]))
                if all(tests or guards for tests, guards in ways):
                    return ways
        return []

    def _branch(
        self, query: Query, own: list[Equality], way: tuple[list[Equality], list[Node]], frame: Frame
    ) -> Branch:
        tests, guards = way
        lookup = self._lookup(query, [*own, *tests], frame) if own or tests else None
        return Branch(lookup, tuple([compile_expression(node, frame) for node in guards]))

    def _lookup(self, query: Query, own: list[Equality], frame: Frame) -> Lookup:
        """The question that finds what meets all of *own*."""
        used, number = self._of_key(query.fact, own), BY_KEY
        if not used:
            used = list({(e.path, e.mode): e for e in reversed(own)}.values())
            used.sort(key=lambda e: (e.mode != EQUAL, e.path))
            number = self._index(query.fact, used, frame)
        sought = tuple([compile_expression(e.other, frame) for e in used])
        return Lookup(number, sought, used[-1].mode)

    def _of_key(self, fact: str, own: list[Equality]) -> list[Equality]:
        """Those of *own* that name the key of *fact*, in its order; none where a part of it is missing."""
        by_name = {test.path[0]: test for test in reversed(own) if len(test.path) == 1 and test.mode == EQUAL}
        key = self.keys[fact]
        return [by_name[name] for name in key] if key and all(name in by_name for name in key) else []

    def _index(self, fact: str, own: list[Equality], frame: Frame) -> int:
        """The number of the index of *fact* by these attributes, made where there is none yet."""
        known = (fact, tuple([(test.path, test.mode == HOLDS) for test in own]))
        if known not in self._known:
            local = Frame(frame.parameters, frame.operations, frame.layouts)
            getters = [self._getter(test, fact, local) for test in own]
            indexes = self.tables[fact].indexes
            indexes.append(Index(_values(getters, own[-1].mode == HOLDS, local.size)))
            self._known[known] = len(indexes) - 1
        return self._known[known]

    def _getter(self, test: Equality, fact: str, frame: Frame) -> Evaluator:
        root = path_of(test.own)
        assert root is not None and isinstance(test.own, Select)
        frame.bind(root[0], fact)
        frame.slots[root[0]] = 1
        return fetch(test.own, frame)

    def near(self, query: Query, frame: Frame) -> Plan | None:
        """A plan that finds what meets the first equality test of *query* alone; ``None`` where it has none."""
        own = equalities(query, flatten(query.where))
        if not own or query.before or query.of:
            return None
        lookup = self._lookup(query, own[:1], frame)
        return Plan(self.tables[query.fact], frame.bind(query.name, query.fact), (Branch(lookup),), ())


def _values(getters: list[Evaluator], member: bool, size: int) -> Callable[[Held], tuple[Hashable, ...]]:
    """
    A function that gives the values under which a fact is indexed.

    Args:
        getters: of the attributes, that of a list last.
        member: whether the last is a list that is looked into.
        size: of the frame in which the getters were compiled.
    """
    only = len(getters) == 1

    def values(held: Held) -> tuple[Hashable, ...]:
        env: Env = [None, held] + [None] * (size - 2)
        found = []
        for get in getters:
            try:
                value = get(env)
            except EvaluationError:
                return ()
            if value is ABSENT:
                return ()
            found.append(value)
        if not member:
            made = found[0] if only else tuple(found)
            return (made,) if _can_hash(made) else ()
        if not isinstance(found[-1], list):
            return ()
        elements = [item for item in dict.fromkeys(item for item in found[-1] if isinstance(item, str))]
        made = [item if only else (*found[:-1], item) for item in elements]
        return tuple(made) if made and _can_hash(made[0]) else ()

    return values
