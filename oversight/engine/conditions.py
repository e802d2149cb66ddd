"""Conditions as source: three-valued truth, and the parts that an explanation needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property, partial
from typing import Any

from attrs import define, frozen

from oversight.engine.expressions import Env, Evaluator, Frame, compile_expression, found_by, text_of
from oversight.engine.order import key_order, latest_of
from oversight.engine.planner import Planner
from oversight.engine.quantifiers import write_quick, write_some
from oversight.engine.queries import Holds, Plan, Reads, Truth
from oversight.engine.source import Source
from oversight.ground.text import text_of as written
from oversight.ground.values import EvaluationError
from oversight.model.clauses import flatten
from oversight.model.expressions import Call, Node
from oversight.model.pack import (
    Condition, Each, Exists, Expression, Group, Latest, Measure, Query, Test, Value,
)  # fmt: skip

Write = Callable[[Source], None]
"""Writes out what fills a slot."""
NONE_ON_RECORD = EvaluationError("none on record")
UNDECIDED = EvaluationError("undecided")
_COMPARISONS = {"at_most": "<=", "at_least": ">=", "more_than": ">", "fewer_than": "<"}


class Compiled:
    """
    A condition ready to be judged.

    Args:
        condition: as checked.
        frame: of the rule or entry.
        plan: of its query, where it has one.
        parts: the compiled conditions of its ``where:`` or group, in written order.
        near: finds the facts that meet the first equality test alone, where that is not what ``plan`` does.
        given: makes what gives the truth, where that is not written out.
        left: those of ``parts`` that ``plan`` leaves to be asked of each fact that it finds.
    """

    def __init__(
        self, condition: Condition, frame: Frame, plan: Plan | None = None, parts: tuple[Compiled, ...] = (),
        near: Plan | None = None, given: Callable[[], Holds] | None = None, left: tuple[Compiled, ...] = (),
    ) -> None:  # fmt: skip
        self.condition = condition
        self.frame = frame
        self.plan = plan
        self.parts = parts
        self.near = near
        self.left = left
        self._given = given

    @cached_property
    def holds(self) -> Holds:
        """Gives its truth."""
        if self._given is not None:
            return self._given()
        if isinstance(self.condition, Group) and self.condition.mode != "not":
            return all_hold(self.parts) if self.condition.mode == "all" else any_holds(self.parts)
        source = Source("env", "reads")
        source.add(f"return {self.write(source)[0]}")
        return source.function()

    @property
    def asks(self) -> bool:
        """Whether it asks for facts."""
        if isinstance(self.condition, Group):
            return any(part.asks for part in self.parts)
        return not isinstance(self.condition, Test)

    def write(self, source: Source) -> tuple[str, bool]:
        """Write it out; the code of its truth, and whether that is never undecided."""
        condition = self.condition
        if isinstance(condition, Test):
            return self._write_test(condition.expression.node, source)
        if isinstance(condition, Group) and condition.mode == "not":
            code, decided = self.parts[0].write(source)
            if decided:
                return f"(not {code})", True
            return self._named(f"None if {code} is None else not {code}", source), False
        if isinstance(condition, Exists):
            assert self.plan is not None
            found = write_some(self.plan, self.left, self.frame, source)
            return (f"(not {found})" if condition.negated else found), True
        return self._named(f"{source.bind(self.holds)}(env, {source.reads})", source), False

    def _write_test(self, node: Node, source: Source) -> tuple[str, bool]:
        text = text_of(node, self.frame, source)
        if text.sure and text.truth:
            return text.code, True
        if isinstance(node, Call) and node.function in ("&&", "||") and not source.deep:
            return self._write_junction(node, source), False
        name = source.fresh()
        if text.sure:
            source.add(f"{name} = {text.code}")
        else:
            source.inside("try:", f"{name} = {text.code}")
            source.inside("except EvaluationError:", f"{name} = None")
        if not text.truth:
            source.inside(f"if {name} is not True and {name} is not False:", f"{name} = None")
        return name, False

    def _write_junction(self, node: Call, source: Source) -> str:
        """``&&`` and ``||``: an operand that decides does so whatever the others are, in any order."""
        decides, other = ("True", "False") if node.function == "||" else ("False", "True")
        frame, name = self.frame, source.fresh()
        known = frame.present
        source.add(f"{name} = {other}")
        for argument in node.arguments:
            with source.block(f"if {name} is not {decides}:"):
                code = self._named(self._write_test(argument, source)[0], source)
                source.inside(f"if {code} is not {other}:", f"{name} = {code}")
            if node.function == "&&":
                frame.present = frame.present | found_by(argument)
        frame.present = known
        return name

    def _named(self, code: str, source: Source) -> str:
        name = source.fresh()
        source.add(f"{name} = {code}")
        return name


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
    """``each:`` ready to be gone through: under which slot, and what makes the function that finds them."""

    slot: int
    make: Callable[[], Found]

    @cached_property
    def source(self) -> Found:
        """Gives what it goes through."""
        return self.make()


def attempt(evaluator: Evaluator, env: Env) -> Any:
    """The value, or its error as a value."""
    try:
        return evaluator(env)
    except EvaluationError as error:
        return error


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
        summing = condition.total is not None

        def measured(env: Env, reads: Reads) -> Any:
            values = []
            for held in sorted(plan.matches(env, reads), key=lambda h: key_order(h.key)):
                env[plan.slot] = held
                values.append(value(env))
            return _total(values, add) if summing else _different(values, equal)

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
        plan, _, _ = self.query(value.query)
        latest = cache(lambda: _latest(value, plan, self.frame))

        def write(source: Source) -> None:
            if plan.quick is None:
                source.add(f"env[{slot}] = {source.bind(latest())}(env, {source.reads})")
                return
            found = write_quick(plan, self.frame, source, latest=True)
            with source.block(f"if {found}:"):
                _write_value(value.value, slot, self.frame, source)
            with source.block("else:"):
                if value.otherwise is None:
                    source.add(f"env[{slot}] = {source.bind(NONE_ON_RECORD)}")
                else:
                    _write_value(value.otherwise, slot, self.frame, source)

        return write

    def values(self, values: Sequence[tuple[str, Value]]) -> list[Write]:
        """What writes out the entries of ``with:``, in order."""
        made = []
        for name, value in values:
            made.append(self.value(value, self.frame.bind(name)))
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
            return CompiledEach(plan.slot, lambda: partial(_found, plan))
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


def all_hold(parts: Sequence[Compiled]) -> Holds:
    """True if all hold, false if one does not, else undecided."""
    source = Source("env", "reads")
    undecided = write_all(parts, source, "return False")
    source.add("return None if undecided else True" if undecided else "return True")
    return source.function()


def any_holds(parts: Sequence[Compiled]) -> Holds:
    """True if one holds, false if none does, else undecided."""
    source = Source("env", "reads")
    open_ = False
    for part in parts:
        code, decided = part.write(source)
        if decided:
            source.inside(f"if {code}:", "return True")
            continue
        if not open_:
            source.add("undecided = False")
            open_ = True
        with source.block(f"if {code} is not False:"):
            source.inside(f"if {code} is True:", "return True")
            source.add("undecided = True")
    source.add("return None if undecided else False" if open_ else "return False")
    return source.function()


def write_all(parts: Sequence[Compiled], source: Source, leave: str) -> bool:
    """
    Write out that *leave* is done if one of *parts* does not hold.

    Returns:
        Whether any may be undecided: then ``undecided`` says whether one is.
    """
    open_ = False
    for part in parts:
        code, decided = part.write(source)
        if decided:
            source.inside(f"if not {code}:", leave)
            continue
        if not open_:
            source.add("undecided = False")
            open_ = True
        with source.block(f"if {code} is not True:"):
            source.inside(f"if {code} is False:", leave)
            source.add("undecided = True")
    return open_


def meets(parts: Sequence[Compiled]) -> Callable[[Env, Reads], bool]:
    """Whether all of *parts* hold."""
    source = Source("env", "reads")
    for part in parts:
        code, decided = part.write(source)
        source.inside(f"if not {code}:" if decided else f"if {code} is not True:", "return False")
    source.add("return True")
    return source.function()


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
