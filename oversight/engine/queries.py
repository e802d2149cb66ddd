"""
Queries over facts: which candidates a ``where:`` leaves, found by key or by index where it has equality tests.

A query also says what it read, so that the instance that asked is judged again when that changes and only then. Where
one witness settles a question, only the witness is named as read: as long as it stays as it is, the answer does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import define, frozen

from oversight.engine.expressions import Env, Evaluator, Frame, compile_expression, fetch
from oversight.engine.store import ALL, BY_KEY, Held, Index, Read, Table
from oversight.ground.values import EvaluationError
from oversight.model.expressions import Call, Name, Node, Select, path_of, walk
from oversight.model.forms import ABSENT
from oversight.model.pack import Condition, Exists, Group, Measure, Query, Test
from oversight.model.types import DATE, DYN, STRING, EnumType, ListType, MapType, RecordType, Type

Reads = list[Read] | None
Truth = bool | None


@frozen
class Equality:
    """An equality test of a ``where:``: the path on the quantified fact, and what it must equal."""

    path: tuple[str, ...]
    own: Node
    other: Node
    exact: bool
    position: int


def equalities(query: Query, conditions: list[Condition]) -> list[Equality]:
    """The tests of *conditions* that compare an attribute of the quantified fact with something else."""
    inner = _names_inside(conditions) | {query.name}
    found = []
    for position, condition in enumerate(conditions):
        if not isinstance(condition, Test):
            continue
        node = condition.expression.node
        if not isinstance(node, Call) or node.function != "==":
            continue
        for own, other in (node.arguments, node.arguments[::-1]):
            path = path_of(own)
            mentioned = {n.name for n in walk(other) if isinstance(n, Name) and not n.parameter}
            on_fact = path is not None and path[0] == query.name and len(path) > 1
            if on_fact and not mentioned & inner and _indexable(own.type, other.type):
                assert path is not None
                found.append(Equality(path[1:], own, other, _exact(own.type, other.type), position))
                break
    return found


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
    texts = [t is STRING or isinstance(t, EnumType) for t in (own, other)]
    return any(texts) or (own is not DYN and other is not DYN)


def flatten(conditions: Iterable[Condition]) -> list[Condition]:
    """The conjuncts of a list of conditions: ``all_of`` and ``&&`` taken apart."""
    found: list[Condition] = []
    for condition in conditions:
        if isinstance(condition, Group) and condition.mode == "all":
            found += flatten(condition.conditions)
        else:
            found.append(condition)
    return found


@define
class Plan:
    """
    How the candidates of one query are found.

    Args:
        table: of the fact.
        slot: of the quantified name.
        number: the index used, ``BY_KEY`` or ``ALL``.
        sought: the values sought, in the order of the key or the index.
        tests: what a candidate must still meet.
        before: whether to look at the facts as they stood before the instant.
        of: rule ids, where the fact is ``alert``.
    """

    table: Table
    slot: int
    number: int
    sought: tuple[Evaluator, ...]
    tests: tuple[Any, ...]
    before: bool
    of: tuple[str, ...] = ()

    def candidates(self, env: Env, reads: Reads) -> Iterable[Held]:
        """The facts that meet the equality tests; names the place that was read last in *reads*."""
        table, number = self.table, self.number
        if self.before:
            return [held for held in table.before() if not self.of or held.values["rule"] in self.of]  # type: ignore[index]
        if self.of:
            return self._of_rules(reads)
        if number == ALL:
            if reads is not None:
                reads.append((table.number, ALL, None))
            return list(table.rows.values())
        try:
            sought = self.sought[0](env) if len(self.sought) == 1 else tuple([find(env) for find in self.sought])
        except EvaluationError:
            return ()
        if not _can_hash(sought):
            return ()
        if reads is not None:
            reads.append((table.number, number, sought))
        if number == BY_KEY:
            held = table.rows.get(sought)
            return () if held is None else (held,)
        index = table.indexes[number]
        found = index.buckets.get(sought)
        return () if found is None else list(found.values())

    def _of_rules(self, reads: Reads) -> list[Held]:
        found: list[Held] = []
        for rule in self.of:
            if reads is not None:
                reads.append((self.table.number, self.number, rule))
            found += self.table.indexes[self.number].buckets.get(rule, {}).values()
        return found

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

    def some(self, env: Env, reads: Reads) -> bool:
        """Whether any fact matches; then only that one counts as read."""
        if reads is None:
            return any(True for _ in self.matches(env, None))
        mark = len(reads)
        slot, tests = self.slot, self.tests
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
        self._known: dict[tuple[str, tuple[tuple[str, ...], ...]], int] = {}

    def index(self, fact: str, own: list[Equality], frame: Frame) -> int:
        """The number of the index of *fact* by these attributes, made where there is none yet."""
        paths = tuple(equality.path for equality in own)
        known = (fact, paths)
        if known not in self._known:
            table = self.tables[fact]
            local = Frame(frame.parameters, frame.operations, frame.layouts)
            getters = [self._getter(equality, fact, local) for equality in own]
            table.indexes.append(Index(_values(getters, local.size)))
            self._known[known] = len(table.indexes) - 1
        return self._known[known]

    def _getter(self, equality: Equality, fact: str, frame: Frame) -> Evaluator:
        root = path_of(equality.own)
        assert root is not None
        frame.bind(root[0], fact)
        frame.slots[root[0]] = 1
        own = equality.own
        if isinstance(own, Select):
            return fetch(own, frame)
        return compile_expression(own, frame)

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
            return Plan(table, slot, ALL, (), tuple(tests), True, query.of)
        if query.fact == "alert":
            return Plan(table, slot, 0, (), tuple(tests), False, query.of)
        own = equalities(query, conditions)
        by_key = {e.path[0]: e for e in reversed(own) if len(e.path) == 1}
        key = self.keys[query.fact]
        if key and all(name in by_key for name in key):
            used, number = [by_key[name] for name in key], BY_KEY
        elif own:
            used = list({e.path: e for e in reversed(own)}.values())
            used.sort(key=lambda e: e.path)
            number = self.index(query.fact, used, frame)
        else:
            return Plan(table, slot, ALL, (), tuple(tests), False)
        sought = tuple(compile_expression(e.other, frame) for e in used)
        settled = {e.position for e in used if e.exact}
        left = tuple(test for position, test in enumerate(tests) if position not in settled)
        return Plan(table, slot, number, sought, left, False)

    def near(self, query: Query, frame: Frame) -> Plan | None:
        """A plan that finds what meets the first equality test of *query* alone; ``None`` where it has none."""
        own = equalities(query, flatten(query.where))
        if not own or query.before or query.of:
            return None
        first, table = own[0], self.tables[query.fact]
        keyed = self.keys[query.fact] == first.path
        number = BY_KEY if keyed else self.index(query.fact, [first], frame)
        sought = (compile_expression(first.other, frame),)
        return Plan(table, frame.bind(query.name, query.fact), number, sought, (), False)


def _values(getters: list[Evaluator], size: int) -> Any:
    """A function that gives the indexed values of a fact, ``None`` where one is missing."""

    def values(held: Held) -> Any:
        env: Env = [None, held] + [None] * (size - 2)
        found = []
        for get in getters:
            try:
                value = get(env)
            except EvaluationError:
                return None
            if value is ABSENT or not _can_hash(value):
                return None
            found.append(value)
        return found[0] if len(found) == 1 else tuple(found)

    return values
