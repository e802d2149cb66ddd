"""Conditions as closures: three-valued truth, and the parts that an explanation needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import define

from oversight.engine.expressions import Env, Evaluator, Frame, compile_expression
from oversight.engine.planner import Planner, flatten
from oversight.engine.queries import Plan, Reads, Truth
from oversight.engine.store import Held
from oversight.ground.text import text_of
from oversight.ground.values import EvaluationError
from oversight.model.forms import order_of
from oversight.model.pack import (
    Condition, Each, Exists, Expression, Group, Latest, Measure, Query, Test, Value,
)  # fmt: skip

Holds = Callable[[Env, Reads], Truth]
NONE_ON_RECORD = EvaluationError("none on record")
_COMPARISONS = {"at_most": "<=", "at_least": ">=", "more_than": ">", "fewer_than": "<"}


@define
class Compiled:
    """
    A condition ready to be judged.

    Args:
        condition: as checked.
        holds: gives its truth.
        plan: of its query, where it has one.
        parts: the compiled conditions of its ``where:`` or group, in written order.
        near: finds the facts that meet the first equality test alone, where that is not what ``plan`` does.
    """

    condition: Condition
    holds: Holds
    plan: Plan | None = None
    parts: tuple[Compiled, ...] = ()
    near: Plan | None = None


@define
class CompiledEach:
    """``each:`` ready to be gone through: under which slot, and what tells one part from another."""

    slot: int
    source: Callable[[Env, Reads], list[tuple[Any, Any]]]


def attempt(evaluator: Evaluator, env: Env) -> Any:
    """The value, or its error as a value."""
    try:
        return evaluator(env)
    except EvaluationError as error:
        return error


def key_order(key: Any) -> tuple[str, ...]:
    """An order of keys that is the same everywhere."""
    return tuple([text_of(part) for part in (key if isinstance(key, tuple) else (key,))])


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
        if isinstance(condition, Test):
            return Compiled(condition, _test(compile_expression(condition.expression.node, self.frame)))
        if isinstance(condition, Group):
            parts = self.all(condition.conditions)
            return Compiled(condition, _group(condition.mode, parts), None, parts)
        plan, parts = self.query(condition.query)
        if isinstance(condition, Exists):
            near = self.planner.near(condition.query, self.frame) if self.explained else None
            return Compiled(condition, _exists(plan, condition.negated), plan, parts, near)
        number = self._measure(condition, plan)
        limits = [
            (
                self.frame.operations[_COMPARISONS[limit.comparison]],
                compile_expression(limit.value.node, self.frame),
            )
            for limit in condition.limits
        ]
        return Compiled(condition, _limited(number, limits), plan, parts)

    def query(self, query: Query) -> tuple[Plan, tuple[Compiled, ...]]:
        """A plan for *query*, with the compiled conditions of its ``where:``."""
        self.frame.bind(query.name, query.fact)
        conditions = flatten(query.where)
        parts = self.all(conditions)
        tests = [part.holds for part in parts]
        plan = self.planner.plan(query, self.frame, tests, conditions, self.explained)
        return plan, parts

    def _measure(self, condition: Measure, plan: Plan) -> Callable[[Env, Reads], Any]:
        wanted = condition.total or condition.distinct
        if wanted is None:
            return plan.count
        value = compile_expression(wanted.node, self.frame)
        add, equal = self.frame.operations["+"], self.frame.operations["=="]
        summing = condition.total is not None

        def measured(env: Env, reads: Reads) -> Any:
            values = []
            for held in sorted(plan.matches(env, reads), key=lambda h: key_order(h.key)):
                env[plan.slot] = held
                values.append(value(env))
            return _total(values, add) if summing else _different(values, equal)

        return measured

    def value(self, value: Value) -> Callable[[Env, Reads], Any]:
        """A closure for an entry of ``with:`` that gives its value, or its error as a value."""
        if isinstance(value, Expression):
            evaluator = compile_expression(value.node, self.frame)
            return lambda env, reads: attempt(evaluator, env)
        if isinstance(value, Latest):
            return self._latest(value)
        if isinstance(value, Measure) and not value.limits:
            number = self._measure(value, self.query(value.query)[0])

            def measured(env: Env, reads: Reads) -> Any:
                try:
                    return number(env, reads)
                except EvaluationError as error:
                    return error

            return measured
        holds = self.one(value).holds

        def truth(env: Env, reads: Reads) -> Any:
            found = holds(env, reads)
            return EvaluationError("undecided") if found is None else found

        return truth

    def _latest(self, value: Latest) -> Callable[[Env, Reads], Any]:
        plan, _ = self.query(value.query)
        wanted = compile_expression(value.value.node, self.frame)
        otherwise = None if value.otherwise is None else compile_expression(value.otherwise.node, self.frame)
        settled, slot = plan.settled, plan.slot

        def latest(env: Env, reads: Reads) -> Any:
            last: Held | None = None
            for held in plan.candidates(env, reads) if settled else plan.matches(env, reads):
                if last is None or began_last(held) > began_last(last):
                    last = held
            try:
                if last is not None:
                    env[slot] = last
                    return wanted(env)
                return NONE_ON_RECORD if otherwise is None else otherwise(env)
            except EvaluationError as error:
                return error

        return latest

    def values(self, values: Sequence[tuple[str, Value]]) -> list[tuple[int, Callable[[Env, Reads], Any]]]:
        """The entries of ``with:`` as pairs of a slot and what fills it."""
        made = []
        for name, value in values:
            compiled = self.value(value)
            made.append((self.frame.bind(name, fallible=True), compiled))
        return made

    def each(self, each: Each | None) -> CompiledEach | None:
        """``each:``, compiled."""
        if each is None:
            return None
        if isinstance(each.source, Query):
            plan, _ = self.query(each.source)
            return CompiledEach(plan.slot, lambda env, reads: _found(plan, env, reads))
        source = compile_expression(each.source.node, self.frame)

        def items(env: Env, reads: Reads) -> list[tuple[Any, Any]]:
            value = attempt(source, env)
            return [(text_of(item), item) for item in value] if isinstance(value, list) else []

        return CompiledEach(self.frame.bind(each.name), items)


def _found(plan: Plan, env: Env, reads: Reads) -> list[tuple[Any, Any]]:
    return sorted([(held.key, held) for held in plan.matches(env, reads)], key=lambda pair: key_order(pair[0]))


def began_last(held: Held) -> tuple[Any, ...]:
    """The order by which ``latest:`` chooses."""
    if held.event is None:
        return (held.since, held.since, (), key_order(held.key))
    return (held.since, held.event.time, order_of(held.event), key_order(held.key))


def _test(evaluator: Evaluator) -> Holds:
    def holds(env: Env, reads: Reads) -> Truth:
        try:
            value = evaluator(env)
        except EvaluationError:
            return None
        return value if value is True or value is False else None

    return holds


def _exists(plan: Plan, negated: bool) -> Holds:
    some = plan.quick_some() or plan.some
    if negated:
        return lambda env, reads: not some(env, reads)
    return some


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


def all_hold(parts: Sequence[Compiled]) -> Holds:
    """True if all hold, false if one does not, else undecided."""
    tests = [part.holds for part in parts]

    def holds(env: Env, reads: Reads) -> Truth:
        result: Truth = True
        for test in tests:
            truth = test(env, reads)
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    return holds


def any_holds(parts: Sequence[Compiled]) -> Holds:
    """True if one holds, false if none does, else undecided."""
    tests = [part.holds for part in parts]

    def holds(env: Env, reads: Reads) -> Truth:
        result: Truth = False
        for test in tests:
            truth = test(env, reads)
            if truth is True:
                return True
            if truth is None:
                result = None
        return result

    return holds


def _group(mode: str, parts: tuple[Compiled, ...]) -> Holds:
    if mode == "all":
        return all_hold(parts)
    if mode == "any":
        return any_holds(parts)
    test = parts[0].holds

    def negation(env: Env, reads: Reads) -> Truth:
        truth = test(env, reads)
        return None if truth is None else not truth

    return negation


def _total(values: list[Any], add: Callable[[Any, Any], Any]) -> Any:
    total = values[0] if values else 0
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
