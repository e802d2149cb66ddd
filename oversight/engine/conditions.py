"""Conditions as source: three-valued truth, and the parts that an explanation needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from attrs import frozen

from oversight.engine.expressions import Env, Evaluator, Frame, found_by, text_of
from oversight.engine.quantifiers import write_some, write_tests
from oversight.engine.queries import Holds, Plan, Reads
from oversight.engine.source import Source
from oversight.ground.values import EvaluationError
from oversight.model.clauses import within
from oversight.model.expressions import Call, Name, Node
from oversight.model.pack import Condition, Exists, Group, Test, Value

Write = Callable[[Source], None]
"""Writes out what fills a slot."""


@frozen(eq=False)
class Given:
    """
    An entry of ``with:``.

    Args:
        name: its own.
        value: as checked.
        write: writes out what fills its slot.
    """

    name: str
    value: Value
    write: Write

    @cached_property
    def mentions(self) -> frozenset[str]:
        """The names that it mentions."""
        return _mentioned(self.value)


def _mentioned(part: Any) -> frozenset[str]:
    return frozenset([node.name for node in within(part) if isinstance(node, Name)])


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

    @cached_property
    def mentions(self) -> frozenset[str]:
        """The names that it mentions."""
        return _mentioned(self.condition)

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


def attempt(evaluator: Evaluator, env: Env) -> Any:
    """The value, or its error as a value."""
    try:
        return evaluator(env)
    except EvaluationError as error:
        return error


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


def write_all(
    parts: Sequence[Compiled], source: Source, leave: str, first: Callable[[Compiled], None] | None = None
) -> bool:
    """
    Write out that *leave* is done if one of *parts* does not hold; before each of them, what *first* writes for it.

    Returns:
        Whether any may be undecided: then ``undecided`` says whether one is.
    """
    open_ = False
    for part in parts:
        if first is not None:
            first(part)
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


def write_bound(
    values: Sequence[Given], conditions: Sequence[Compiled], excuses: Sequence[Compiled], source: Source, leave: str,
    *undecided: str,
) -> None:  # fmt: skip
    """
    Write out that ``with:`` is filled in, and *leave* done unless all ``if:`` hold and no ``unless:`` does.

    What no condition mentions is filled in last, since mostly one does not hold. Where whether all ``if:`` hold is
    undecided, the lines *undecided* are done before.
    """
    waiting = list(values)

    def fill(wanted: frozenset[str]) -> None:
        for given in reversed(waiting):
            if given.name in wanted:
                wanted |= given.mentions
        for given in [given for given in waiting if given.name in wanted]:
            waiting.remove(given)
            given.write(source)

    if write_all(conditions, source, leave, lambda part: fill(part.mentions)):
        source.inside("if undecided:", *undecided, leave)
    for part in excuses:
        fill(part.mentions)
        code, decided = part.write(source)
        source.inside(f"if {code}:" if decided else f"if {code} is True:", leave)
    for given in waiting:
        given.write(source)


def meets(parts: Sequence[Compiled]) -> Callable[[Env, Reads], bool]:
    """Whether all of *parts* hold."""
    source = Source("env", "reads")
    write_tests(parts, source, "return False")
    source.add("return True")
    return source.function()
