"""Clauses compiled: every query planned, every name given a slot, and what writes out the values of ``with:``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property, partial
from typing import Any

from attrs import define, frozen

from oversight.engine.conditions import Compiled, Given, Write, attempt, meets
from oversight.engine.expressions import Env, Evaluator, Frame, compile_expression, text_of
from oversight.engine.order import key_order, latest_of
from oversight.engine.planner import Planner
from oversight.engine.quantifiers import sought, write_lone, write_look, write_quick, write_some
from oversight.engine.queries import Holds, Plan, Reads, Truth
from oversight.engine.source import Source
from oversight.engine.store import BY_KEY
from oversight.ground.text import text_of as written
from oversight.ground.values import EvaluationError
from oversight.model.clauses import flatten
from oversight.model.pack import (
    Condition, Each, Exists, Expression, Group, Latest, Measure, Query, Test, Value,
)  # fmt: skip
from oversight.model.types import nothing_of

NONE_ON_RECORD = EvaluationError("none on record")
UNDECIDED = EvaluationError("undecided")
_COMPARISONS = {"at_most": "<=", "at_least": ">=", "more_than": ">", "fewer_than": "<"}


@frozen
class CompiledQuery:
    """A query, how its candidates are found, and the compiled conditions of its ``where:``."""

    query: Query
    plan: Plan
    parts: tuple[Compiled, ...]


Found = Callable[[Env, Reads], list[tuple[Any, Any]]]
"""Gives what ``each:`` goes through, with what tells one from another before it."""


@define
class CompiledEach:
    """
    ``each:`` ready to be gone through: under which slot, and what makes the function that finds them.

    Where it goes through facts, *plan* is how these are found.
    """

    slot: int
    make: Callable[[], Found]
    plan: Plan | None = None

    @cached_property
    def source(self) -> Found:
        """Gives what it goes through."""
        return self.make()


class Compiler:
    """
    Compiles the conditions and values of one rule or entry.

    Args:
        planner: of the engine.
        frame: of the rule or entry.
        explained: whether a quantifier that finds nothing is to tell what came nearest.
    """

    def __init__(self, planner: Planner, frame: Frame, explained: bool = False) -> None:
        self.planner = planner
        self.frame = frame
        self.explained = explained

    def all(self, conditions: Sequence[Condition]) -> tuple[Compiled, ...]:
        """Each of *conditions*, compiled."""
        return tuple([self.one(condition) for condition in conditions])

    def one(self, condition: Condition) -> Compiled:
        """*condition*, compiled."""
        frame = self.frame
        if isinstance(condition, Test):
            return Compiled(condition, frame)
        if isinstance(condition, Group):
            return Compiled(condition, frame, None, self.all(condition.conditions))
        plan, parts, left = self.query(condition.query)
        if isinstance(condition, Exists):
            near = self.planner.near(condition.query, frame) if self.explained else None
            return Compiled(condition, frame, plan, parts, near, left=left)

        def limited() -> Holds:
            limits = [
                (frame.operations[_COMPARISONS[limit.comparison]], compile_expression(limit.value.node, frame))
                for limit in condition.limits
            ]
            return _limited(self._measure(condition, plan), limits)

        return Compiled(condition, frame, plan, parts, None, limited)

    def query(self, query: Query) -> tuple[Plan, tuple[Compiled, ...], tuple[Compiled, ...]]:
        """A plan for *query*, with the compiled conditions of its ``where:`` and those of them that the plan leaves."""
        self.frame.bind(query.name, query.fact)
        conditions = flatten(query.where)
        parts = self.all(conditions)
        plan, positions = self.planner.plan(query, self.frame, conditions, self.explained)
        left = tuple([parts[position] for position in positions])
        if left:
            plan.test = lambda: meets(left)
        self.frame.queries.append(CompiledQuery(query, plan, parts))
        return plan, parts, left

    def _measure(self, condition: Measure, plan: Plan) -> Callable[[Env, Reads], Any]:
        wanted = condition.total or condition.distinct
        if wanted is None:
            return plan.count
        value = compile_expression(wanted.node, self.frame)
        add, equal = self.frame.operations["+"], self.frame.operations["=="]
        summing, nothing = condition.total is not None, nothing_of(wanted.type)

        def measured(env: Env, reads: Reads) -> Any:
            values = []
            for held in sorted(plan.matches(env, reads), key=lambda h: key_order(h.key)):
                env[plan.slot] = held
                values.append(value(env))
            return _total(values, nothing, add) if summing else _different(values, equal)

        return measured

    def value(self, value: Value, slot: int) -> Write:
        """What writes out an entry of ``with:``: it puts its value, or its error as a value, into *slot*."""
        frame = self.frame
        if isinstance(value, Expression):
            return lambda source: _write_value(value, slot, frame, source)
        if isinstance(value, Latest):
            return self._latest(value, slot)
        if isinstance(value, Measure) and not value.limits:
            plan = self.query(value.query)[0]
            measured = cache(lambda: _attempted(self._measure(value, plan)))
            return lambda source: source.add(f"env[{slot}] = {source.bind(measured())}(env, {source.reads})")
        compiled = self.one(value)

        def truth(source: Source) -> None:
            code, decided = compiled.write(source)
            source.add(f"env[{slot}] = {code}")
            if not decided:
                source.inside(f"if env[{slot}] is None:", f"env[{slot}] = {source.bind(UNDECIDED)}")

        return truth

    def _latest(self, value: Latest, slot: int) -> Write:
        plan, _, left = self.query(value.query)
        latest = cache(lambda: _latest(value, plan, self.frame))

        def write(source: Source) -> None:
            asked = f"env[{slot}] = {source.bind(latest())}(env, {source.reads})"
            sole = plan.earlier if plan.before else plan.single
            if plan.quick is not None:
                write_found(source, write_quick(plan, plan.quick, self.frame, source, latest=True))
            elif sole is None or not sole.hashable:
                source.add(asked)
            elif sole.number == BY_KEY:
                write_found(source, write_some(plan, left, self.frame, source))
            elif plan.before and not left and source.reads is None and len(sole.nodes) == 1:
                # Where the instant has touched none of them yet, what stands stood before.
                source.inside(f"if {source.bind(plan.table)}.stood:", asked)
                with source.block("else:"):
                    write_found(source, write_quick(plan, sole, self.frame, source, latest=True))
            elif not plan.before and not source.deep and sought(sole, self.frame, Source())[1]:
                # One alone is the latest if it matches.
                names = write_look(plan, sole, self.frame, source)
                source.inside(f"if {names[1]}.__class__ is dict:", asked)
                with source.block("else:"):
                    write_found(source, write_lone(plan, sole, left, names, source))
            else:
                source.add(asked)

        def write_found(source: Source, found: str) -> None:
            with source.block(f"if {found}:"):
                _write_value(value.value, slot, self.frame, source)
            with source.block("else:"):
                if value.otherwise is None:
                    source.add(f"env[{slot}] = {source.bind(NONE_ON_RECORD)}")
                else:
                    _write_value(value.otherwise, slot, self.frame, source)

        return write

    def values(self, values: Sequence[tuple[str, Value]]) -> list[Given]:
        """The entries of ``with:``, in order."""
        made = []
        for name, value in values:
            made.append(Given(name, value, self.value(value, self.frame.bind(name))))
            if not self._sure(value):
                self.frame.fallible.add(name)
        return made

    def _sure(self, value: Value) -> bool:
        """Whether an entry of ``with:`` has a value whatever stands, once it is compiled."""
        if isinstance(value, Expression):
            return text_of(value.node, self.frame, Source("env")).sure
        if isinstance(value, Latest):
            return value.otherwise is not None and self._sure(value.value) and self._sure(value.otherwise)
        return isinstance(value, Exists)

    def each(self, each: Each | None) -> CompiledEach | None:
        """``each:``, compiled."""
        if each is None:
            return None
        if isinstance(each.source, Query):
            plan, _, _ = self.query(each.source)
            return CompiledEach(plan.slot, lambda: partial(_found, plan), plan)
        listed = each.source.node
        return CompiledEach(self.frame.bind(each.name), lambda: _items(compile_expression(listed, self.frame)))


def _found(plan: Plan, env: Env, reads: Reads) -> list[tuple[Any, Any]]:
    return sorted([(held.key, held) for held in plan.matches(env, reads)], key=lambda pair: key_order(pair[0]))


def _items(source: Evaluator) -> Found:
    def items(env: Env, reads: Reads) -> list[tuple[Any, Any]]:
        value = attempt(source, env)
        return [(written(item), item) for item in value] if isinstance(value, list) else []

    return items


def _latest(value: Latest, plan: Plan, frame: Frame) -> Callable[[Env, Reads], Any]:
    """A function that gives the value of ``latest:``, or its error as a value."""
    wanted = compile_expression(value.value.node, frame)
    otherwise = None if value.otherwise is None else compile_expression(value.otherwise.node, frame)

    def latest(env: Env, reads: Reads) -> Any:
        last = latest_of(plan.matches(env, reads) if plan.test else plan.candidates(env, reads))
        try:
            if last is not None:
                env[plan.slot] = last
                return wanted(env)
            return NONE_ON_RECORD if otherwise is None else otherwise(env)
        except EvaluationError as error:
            return error

    return latest


def _attempted(number: Callable[[Env, Reads], Any]) -> Callable[[Env, Reads], Any]:
    """The same with its error as a value."""

    def attempted(env: Env, reads: Reads) -> Any:
        try:
            return number(env, reads)
        except EvaluationError as error:
            return error

    return attempted


def _write_value(value: Expression, slot: int, frame: Frame, source: Source) -> None:
    """Write out that *slot* gets the value, or its error as a value."""
    text = text_of(value.node, frame, source)
    if text.sure:
        source.add(f"env[{slot}] = {text.code}")
    else:
        source.inside("try:", f"env[{slot}] = {text.code}")
        source.inside("except EvaluationError as error:", f"env[{slot}] = error")


def _limited(number: Callable[[Env, Reads], Any], limits: list[tuple[Any, Evaluator]]) -> Holds:
    def holds(env: Env, reads: Reads) -> Truth:
        result: Truth = True
        try:
            found = number(env, reads)
        except EvaluationError:
            return None
        for compare, limit in limits:
            try:
                if not compare(found, limit(env)):
                    return False
            except EvaluationError:
                result = None
        return result

    return holds


def _total(values: list[Any], nothing: Any, add: Callable[[Any, Any], Any]) -> Any:
    total = values[0] if values else nothing
    for value in values[1:]:
        total = add(total, value)
    return total


def _different(values: list[Any], equal: Callable[[Any, Any], Any]) -> int:
    seen: list[Any] = []
    known: set[Any] = set()
    for value in values:
        if isinstance(value, str):
            known.add(value)
        elif not any(equal(value, other) for other in seen):
            seen.append(value)
    return len(seen) + len(known)
