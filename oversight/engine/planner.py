"""Plans for queries, and the indexes they need, found from the tests in ``where:``."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial

from attrs import frozen

from oversight.engine.expressions import Frame, fetched, is_plain, is_text
from oversight.engine.queries import AMONG, EQUAL, HOLDS, Branch, Lookup, Plan
from oversight.engine.source import Source
from oversight.engine.store import BY_KEY, Held, Matcher, Table, Values
from oversight.model.clauses import comparable, flatten, names_in, names_inside
from oversight.model.expressions import Call, Node, Select, path_of
from oversight.model.pack import Condition, Group, Query, Test
from oversight.model.types import DOUBLE, DYN, INT, ListType, Type


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


Way = tuple[list[Equality], list[Node]]
"""A test for an index, if there is one, and the conditions that no candidate changes."""


def equalities(query: Query, conditions: list[Condition]) -> list[Equality]:
    """The tests of *conditions* that compare an attribute of the quantified fact with something else."""
    return [found for found in _tests(query, conditions, query.where) if found.mode == EQUAL]


def _tests(query: Query, conditions: Sequence[Condition], whole: Sequence[Condition]) -> list[Equality]:
    """The tests of *conditions* that an index can answer; *whole* is all that is bound inside the query."""
    inner = set[str]()
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
            if path is None or path[0] != query.name or len(path) == 1 or not _fits(mode, own.type, other.type):
                continue
            inner = inner or names_inside(whole) | {query.name}
            if not names_in(other) & inner:
                exact = mode == EQUAL and _exact(own.type, other.type)
                found.append(Equality(path[1:], own, other, exact, position, mode))
                break
    return found


def _fits(mode: str, own: Type, other: Type) -> bool:
    """Whether an index can answer: lists are looked into for texts, which is seen when they are."""
    if mode == EQUAL:
        return comparable(own, other) and not _rounded(own, other)
    listed, single = (own, other) if mode == HOLDS else (other, own)
    return (isinstance(listed, ListType) or listed is DYN) and (is_text(single) or single is DYN)


def _rounded(own: Type, other: Type) -> bool:
    """Whether a whole number and a fraction may meet: as fractions, beyond 2^53 several of the one equal the other."""
    types = {own, other}
    return types == {INT, DOUBLE} or (DYN in types and not types.isdisjoint({INT, DOUBLE}))


def _exact(own: Type, other: Type) -> bool:
    """Whether finding the value in a dict is the same as CEL's ``==``."""
    return is_text(own) or is_text(other) or (own is not DYN and other is not DYN)


class Planner:
    """
    Makes plans, and the indexes they need.

    Args:
        tables: by name of fact.
        keys: names of the key attributes of each fact.
        index: makes an index.
    """

    def __init__(
        self, tables: dict[str, Table], keys: dict[str, tuple[str, ...]], index: Callable[[Values], Matcher]
    ) -> None:
        self.tables = tables
        self.keys = keys
        self.index = index
        self._known: dict[tuple[str, tuple[tuple[tuple[str, ...], bool], ...]], int] = {}

    def plan(
        self, query: Query, frame: Frame, conditions: list[Condition], explained: bool = False
    ) -> tuple[Plan, list[int]]:
        """
        A plan for *query*, and the positions of the conditions that a candidate must still meet.

        Args:
            query: what is asked.
            frame: of the rule or entry; the quantified name is bound in it.
            conditions: the flattened ``where:``.
            explained: whether it will be asked what came nearest: the equality tests then have an index.
        """
        table, slot = self.tables[query.fact], frame.bind(query.name, query.fact)
        if query.before:
            table.remember = True
        found = [] if query.fact == "alert" else _tests(query, conditions, query.where)
        own = [test for test in found if test.mode == EQUAL]
        if query.before or query.fact == "alert":
            lookup = self._lookup(query, own, frame) if own else None
            plan = Plan(table, slot, (), before=query.before, of=query.of, wider=lookup)
            settled = set() if lookup is None or lookup.texts else self._settled(query.fact, own, [])
            return plan, [position for position in range(len(conditions)) if position not in settled]
        keyed = bool(self._of_key(query.fact, own))
        narrowing, ways = (None, []) if keyed else self._ways(query, conditions, found)
        wider = self._lookup(query, own, frame) if own and (explained or not ways) else None
        if ways:
            branches = tuple([self._branch(query, own, way, frame) for way in ways])
        else:
            branches = (Branch(wider, frame),) if wider is not None else ()
        settled = (
            set() if wider is None or wider.texts else self._settled(query.fact, own, [tests for tests, _ in ways])
        )
        left = [position for position in range(len(conditions)) if position not in settled]
        used = self._used(query.fact, own) if wider else []
        answered = {test.position for test in used if test.exact}
        leading = 0
        while leading in answered:
            leading += 1
        narrowed = narrowing == leading
        inverse = not ways and wider is not None and self._inverse(wider, self._used(query.fact, own)[0].other, frame)
        if inverse and wider is not None:
            frame.inverse.append((query.fact, wider.number))
        # What a later test, too, helped to find is not nearer than what fails one in between alike, or meets it.
        prefix = leading if len(used) == leading else 0
        return Plan(table, slot, branches, wider=wider, prefix=prefix, narrowed=narrowed, inverse=inverse), left

    def _inverse(self, lookup: Lookup, other: Node, frame: Frame) -> bool:
        """Whether a lookup seeks nothing but the key of what the rule watches."""
        if frame.head is None or len(lookup.nodes) != 1 or lookup.mode != EQUAL or lookup.texts:
            return False
        return path_of(other) == frame.head

    def _settled(self, fact: str, own: list[Equality], ways: list[list[Equality]]) -> set[int]:
        """Positions of the tests that need no test again, since every lookup that may be used answers them."""
        lookups = [self._used(fact, own), *[self._used(fact, _asked(own, way)) for way in ways]]
        return {test.position for test in own if test.exact and all(any(u is test for u in used) for used in lookups)}

    def _ways(self, query: Query, conditions: list[Condition], found: list[Equality]) -> tuple[int | None, list[Way]]:
        """
        Which of *conditions* narrows a search further than its equality tests *found*, and the ways in which it does.

        That is the first that looks into a list, or else the first ``any_of`` that no match can get by.
        """
        for test in found:
            if test.mode != EQUAL:
                return test.position, [([test], [])]
        for position, condition in enumerate(conditions):
            if isinstance(condition, Group) and (ways := _through(query, condition)):
                return position, ways
        return None, []

    def _branch(self, query: Query, own: list[Equality], way: Way, frame: Frame) -> Branch:
        tests, guards = way
        asked = _asked(own, tests)
        lookup = self._lookup(query, asked, frame) if asked else None
        return Branch(lookup, frame, tuple(guards))

    def _lookup(self, query: Query, own: list[Equality], frame: Frame) -> Lookup:
        """The question that finds what meets all of *own*."""
        used = self._used(query.fact, own)
        key = self.keys[query.fact]
        by_key = bool(key) and tuple([test.path for test in used]) == tuple([(name,) for name in key])
        number = BY_KEY if by_key and used[-1].mode != HOLDS else self._index(query.fact, used, frame)
        unknown = [n for n, e in enumerate(used) if e.mode == EQUAL and e.own.type is DYN and e.other.type is DYN]
        return Lookup(
            number, tuple([test.other for test in used]), frame, used[-1].mode, tuple(unknown),
            all(is_plain(test.other.type) for test in used),
        )  # fmt: skip

    def _used(self, fact: str, own: list[Equality]) -> list[Equality]:
        """Those of *own* that one lookup answers: the key, or one test for each attribute, that of a list last."""
        if own and own[-1].mode == AMONG and own[-1].path == self.keys[fact]:
            return [own[-1]]
        by_path = {test.path: test for test in reversed(own)}
        return self._of_key(fact, own) or sorted(by_path.values(), key=lambda test: (test.mode != EQUAL, test.path))

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
            indexes = self.tables[fact].indexes
            indexes.append(_lazy(self.index, partial(_values, own, fact, local)))
            self._known[known] = len(indexes) - 1
        return self._known[known]

    def near(self, query: Query, frame: Frame) -> Plan | None:
        """A plan that finds what meets the first equality test of *query* alone; ``None`` where it has none."""
        own = equalities(query, flatten(query.where))
        if not own or query.before or query.of:
            return None
        lookup = self._lookup(query, own[:1], frame)
        return Plan(self.tables[query.fact], frame.bind(query.name, query.fact), (Branch(lookup, frame),))


def _asked(own: list[Equality], way: list[Equality]) -> list[Equality]:
    """What to ask an index for: an attribute that is in a list says enough by itself, others say more together."""
    return way if way and way[0].mode == AMONG else [*own, *way]


def _through(query: Query, condition: Condition) -> list[Way]:
    """
    The ways of meeting a condition, one of which any match must go; none where there is one that leads everywhere.

    Where it has no test that an index can answer, an ``any_of`` inside of it may have one in each of its ways.
    """
    parts = flatten([condition])
    if len(parts) == 1 and isinstance(parts[0], Group):
        found = [_through(query, part) for part in parts[0].conditions] if parts[0].mode == "any" else [[]]
        return [way for ways in found for way in ways] if all(found) else []
    inner = names_inside(query.where) | {query.name}
    nodes = [part.expression.node for part in parts if isinstance(part, Test)]
    guards = [node for node in nodes if not names_in(node) & inner]
    if tests := _together(_tests(query, parts, query.where)):
        return [(tests, guards)]
    for part in parts:
        if isinstance(part, Group) and (ways := _through(query, part)):
            return [(tests, [*guards, *further]) for tests, further in ways]
    return [([], guards)] if guards else []


def _together(tests: list[Equality]) -> list[Equality]:
    """Those of *tests* to ask one index for: a value and an element of a list, or whichever there is."""
    equal, held, among = [[t for t in tests if t.mode == mode][:1] for mode in (EQUAL, HOLDS, AMONG)]
    return [*equal, *held] or among


def _lazy(index: Callable[[Values], Matcher], make: Callable[[], Values]) -> Matcher:
    """An index that has its function made when the first fact comes."""

    def first(held: Held) -> tuple[Hashable, ...]:
        made.values = make()
        return made.values(held)

    made = index(first)
    return made


def _values(tests: list[Equality], fact: str, frame: Frame) -> Values:
    """
    A function that gives the values under which a fact is indexed by the attributes that *tests* compare.

    Where the last of them is looked into, that is a list, and each text in it makes a value.
    """
    source = Source("held")
    names: list[str] = []
    for test in tests:
        assert isinstance(test.own, Select)
        root = path_of(test.own)
        assert root is not None
        frame.bind(root[0], fact)
        frame.spelled[root[0]] = "held"
        names.append(source.fresh())
        found = fetched(test.own, frame, source)
        if found.sure:
            source.add(f"{names[-1]} = {found.code}")
        else:
            source.inside("try:", f"{names[-1]} = {found.code}")
            source.inside("except EvaluationError:", "return ()")
        source.inside(f"if {names[-1]} is ABSENT:", "return ()")
    member = tests[-1].mode == HOLDS
    *first, last = names
    if member:
        source.inside(f"if {last}.__class__ is not list:", "return ()")
        source.add(f"{last} = {source.bind(dict.fromkeys)}([item for item in {last} if isinstance(item, str)])")
    made = ", ".join([*first, "item" if member else last])
    made = f"({made})" if first else made
    checked = first if member else names
    if checked and not all(is_text(test.own.type) for test, _ in zip(tests, checked, strict=False)):
        source.inside("try:", *[f"hash({name})" for name in checked])
        source.inside("except TypeError:", "return ()")
    source.add(f"return tuple([{made} for item in {last}])" if member else f"return ({made},)")
    values: Values = source.function()
    return values
