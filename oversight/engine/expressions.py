"""
Expressions as closures over a list of slots.

A frame gives every name of one rule or fact entry a slot; slot 0 holds the instant at which parameters are read.
What the checker knows of a value's type decides how an attribute is fetched; the operations keep CEL's strictness
where types are only known at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from keyword import iskeyword
from typing import Any

from attrs import define, field, frozen

from oversight.ground.values import EvaluationError, has, items_of, map_of, select
from oversight.model.expressions import Call, Has, ListOf, Literal, Macro, MapOf, Name, Node, Select
from oversight.model.forms import ABSENT, Event
from oversight.model.pack import Entry, Expression, Fact, Parameter
from oversight.model.types import BOOL, STRING, EnumType, RecordType, Type

Env = list[Any]
Evaluator = Callable[[Env], Any]


@frozen
class Layout:
    """
    Where a held fact keeps its attributes.

    Args:
        named: attributes that ``each:`` and ``with:`` of its starts give.
        settable: attributes a change may set; ``None`` for any.
        alert: whether it is the built-in fact ``alert``.
        always: those of ``named`` that every start gives.
    """

    named: frozenset[str]
    settable: frozenset[str] | None = frozenset()
    alert: bool = False
    always: frozenset[str] = frozenset()

    @classmethod
    def of(cls, fact: Fact) -> Layout:
        """The layout of the facts called *fact*."""
        given = [frozenset(_given(entry)) for entry in fact.starts]
        named = frozenset[str]().union(*given)
        always = named.intersection(*given)
        settable: set[str] = set()
        for entry in fact.changes:
            if not isinstance(entry.sets, tuple):
                return cls(named, None, always=always)
            settable.update(name for name, _ in entry.sets)
        return cls(named, frozenset(settable), always=always)

    def overlaid(self, name: str) -> bool:
        """Whether the attribute may stand in the fact's own values."""
        return self.alert or name in self.named or self.settable is None or name in self.settable


def _given(entry: Entry) -> Iterator[str]:
    """The attributes that ``with:`` and ``each:`` of a start give."""
    yield from (name for name, _ in entry.values)
    if entry.each is not None and isinstance(entry.each.source, Expression):
        yield entry.each.name


@define
class Frame:
    """
    The slots of one rule or entry.

    Args:
        parameters: those of the pack.
        operations: functions and operators by name.
        layouts: of the facts, by name.
        head: of a ``while`` rule, the name and the one key attribute of what it watches.
        inverse: facts, with the number of an index, in which it looks for that key: a change there tells by itself
            which instance of the rule it touches.
    """

    parameters: Mapping[str, Parameter]
    operations: Mapping[str, Callable[..., Any]]
    layouts: Mapping[str, Layout]
    slots: dict[str, int] = field(factory=dict)
    facts: dict[str, str] = field(factory=dict)
    fallible: set[str] = field(factory=set)
    size: int = 1
    head: tuple[str, str] | None = None
    inverse: list[tuple[str, int]] = field(factory=list)

    def bind(self, name: str, fact: str = "", fallible: bool = False) -> int:
        """The slot of *name*, made where it has none; *fact* says that it stands for such a fact."""
        if name not in self.slots:
            self.slots[name] = self.size
            self.size += 1
        if fact:
            self.facts[name] = fact
        if fallible:
            self.fallible.add(name)
        return self.slots[name]

    def env(self, instant: datetime) -> Env:
        """A fresh list of slots."""
        made: Env = [None] * self.size
        made[0] = instant
        return made


def compile_expression(node: Node, frame: Frame) -> Evaluator:
    """A closure that gives the value of *node*, or raises :class:`EvaluationError`."""
    match node:
        case Literal(value=value):
            return lambda env: value
        case Name(name=name, parameter=True):
            return _parameter(frame.parameters[name])
        case Name():
            return _name(node, frame)
        case Select():
            return _select(node, frame)
        case Has():
            return _has(node, frame)
        case ListOf(items=items):
            made = [compile_expression(item, frame) for item in items]
            return lambda env: [item(env) for item in made]
        case MapOf(entries=entries):
            parts = [compile_expression(part, frame) for entry in entries for part in entry]
            return lambda env: map_of(*[part(env) for part in parts])
        case Macro():
            return _macro(node, frame)
        case Call():
            return _call(node, frame)
    raise AssertionError(node)


def _parameter(parameter: Parameter) -> Evaluator:
    def read(env: Env) -> Any:
        try:
            return parameter.at(env[0])
        except LookupError as error:
            raise EvaluationError(str(error)) from None

    return read


def _name(node: Name, frame: Frame) -> Evaluator:
    slot = frame.bind(node.name)
    if node.name not in frame.fallible:
        return lambda env: env[slot]

    def read(env: Env) -> Any:
        value = env[slot]
        if isinstance(value, EvaluationError):
            raise value
        return value

    return read


def envelope(event: Event) -> dict[str, Any]:
    """What ``e.event`` is in an expression."""
    found = {"id": event.id, "source": event.source, "kind": event.kind, "time": event.time}
    if event.subject is not ABSENT:
        found["subject"] = event.subject
    if event.recordedtime is not ABSENT:
        found["recorded"] = event.recordedtime
    return found


def fetch(node: Select | Has, frame: Frame) -> Evaluator:
    """A closure that gives the attribute *node* selects, or ``ABSENT``."""
    operand, name = node.operand, node.attribute
    if isinstance(operand, Name) and operand.name in frame.facts:
        return _of_fact(frame.bind(operand.name), frame.layouts[frame.facts[operand.name]], name)
    if isinstance(operand, Name) and isinstance(operand.type, RecordType) and operand.type.role == "event":
        return _of_event(frame.bind(operand.name), name)
    inner = compile_expression(operand, frame)
    return lambda env: select(value, name) if has(value := inner(env), name) else ABSENT


def _of_fact(slot: int, layout: Layout, name: str) -> Evaluator:
    if layout.alert:
        return lambda env: env[slot].values.get(name, ABSENT)
    if name == "since":
        return lambda env: env[slot].since
    if name == "event":
        return lambda env: envelope(env[slot].event)
    if not layout.overlaid(name):
        return lambda env: getattr(env[slot].event.data, name, ABSENT)
    if name in layout.named and name in layout.always:
        return lambda env: env[slot].values[name]

    def overlaid(env: Env) -> Any:
        held = env[slot]
        values = held.values
        if values is not None and name in values:
            return values[name]
        return getattr(held.event.data, name, ABSENT)

    return overlaid


def _of_event(slot: int, name: str) -> Evaluator:
    if name == "time":
        return lambda env: env[slot].time
    if name == "event":
        return lambda env: envelope(env[slot])
    return lambda env: getattr(env[slot].data, name, ABSENT)


def _select(node: Select, frame: Frame) -> Evaluator:
    operand, name = node.operand, node.attribute
    direct = _direct(operand, name, frame)
    if direct is not None:
        return direct
    if not isinstance(operand, Name):
        inner = compile_expression(operand, frame)
        return lambda env: select(inner(env), name)
    if operand.name in frame.facts:
        layout = frame.layouts[frame.facts[operand.name]]
        if name not in ("since", "event") and layout.overlaid(name) and not layout.alert:
            return _overlaid(frame.bind(operand.name), name)
    get = fetch(node, frame)

    def read(env: Env) -> Any:
        value = get(env)
        if value is ABSENT:
            raise EvaluationError(f"no {name} on record")
        return value

    return read


def _overlaid(slot: int, name: str) -> Evaluator:
    """An attribute that may stand in the fact's own values, else in its event."""

    def read(env: Env) -> Any:
        held = env[slot]
        values = held.values
        own = values is not None and name in values
        value = values[name] if own else getattr(held.event.data, name, ABSENT)
        if value is ABSENT:
            raise EvaluationError(f"no {name} on record")
        return value

    return read


def _direct(operand: Node, name: str, frame: Frame) -> Evaluator | None:
    """A closure for an attribute that is always there, which needs no look at whether it is."""
    if not isinstance(operand, Name) or not isinstance(operand.type, RecordType) or not name.isidentifier():
        return None
    attribute = operand.type.attributes.get(name)
    if attribute is None or not attribute.required or iskeyword(name):
        return None
    fact = frame.facts.get(operand.name)
    if fact is None:
        path = f"env[{frame.bind(operand.name)}].data.{name}" if operand.type.role == "event" else ""
    else:
        layout = frame.layouts[fact]
        path = "" if layout.overlaid(name) else f"env[{frame.bind(operand.name)}].event.data.{name}"
    return _accessor(path) if path else None


@cache
def _accessor(path: str) -> Evaluator:
    """A function that follows *path*, which is made of a slot's number and an identifier, never an author's text."""
    made: Evaluator = eval(f"lambda env: {path}", {"__builtins__": {}})
    return made


def _has(node: Has, frame: Frame) -> Evaluator:
    get = fetch(node, frame)
    return lambda env: get(env) is not ABSENT


def truth(value: Any) -> bool:
    """*value* where it is a bool, else CEL's error."""
    if value is True or value is False:
        return bool(value)
    raise EvaluationError(f"a {type(value).__name__} is no condition")


def _call(node: Call, frame: Frame) -> Evaluator:
    arguments = [compile_expression(a, frame) for a in node.arguments]
    if node.function in ("&&", "||"):
        return _junction(arguments, absorbing=node.function == "||")
    if node.function == "?:":
        condition, then, otherwise = arguments
        return lambda env: then(env) if truth(condition(env)) else otherwise(env)
    if node.function == "!" and node.arguments[0].type is BOOL:
        inner = arguments[0]
        return lambda env: not truth(inner(env))
    operation = frame.operations[node.function]
    if node.function == "==" and all(_is_text(argument.type) for argument in node.arguments):
        return _same_text(node.arguments, arguments)
    if len(arguments) == 1:
        (only,) = arguments
        return lambda env: operation(only(env))
    if len(arguments) == 2:
        left, right = arguments
        return lambda env: operation(left(env), right(env))
    return lambda env: operation(*[argument(env) for argument in arguments])


def _is_text(type_: Type) -> bool:
    return type_ is STRING or isinstance(type_, EnumType)


def _same_text(nodes: tuple[Node, ...], arguments: list[Evaluator]) -> Evaluator:
    """``==`` of two texts, which Python's own does as CEL's would."""
    left, right = arguments
    for node, other in ((nodes[0], right), (nodes[1], left)):
        if isinstance(node, Literal):
            value = node.value
            return lambda env: other(env) == value
    return lambda env: left(env) == right(env)


def _junction(operands: list[Evaluator], absorbing: bool) -> Evaluator:
    """``||`` where *absorbing*, else ``&&``: an operand of that value decides, whatever the others are."""

    def junction(env: Env) -> bool:
        failed: EvaluationError | None = None
        for operand in operands:
            try:
                if truth(operand(env)) is absorbing:
                    return absorbing
            except EvaluationError as error:
                failed = error
        if failed is not None:
            raise failed
        return not absorbing

    return junction


def _macro(node: Macro, frame: Frame) -> Evaluator:
    operand, slot = compile_expression(node.operand, frame), frame.bind(node.variable)
    body = compile_expression(node.body, frame)
    if node.macro in ("all", "exists"):
        return _fold(operand, slot, body, absorbing=node.macro == "exists")
    chosen = body if node.macro != "map" else None
    if node.macro == "map" and node.condition is not None:
        chosen = compile_expression(node.condition, frame)

    def choose(env: Env) -> list[Any]:
        items = []
        for item in items_of(operand(env)):
            env[slot] = item
            if chosen is None or truth(chosen(env)):
                items.append(item)
        return items

    if node.macro == "filter":
        return choose
    if node.macro == "exists_one":
        return lambda env: len(choose(env)) == 1

    def mapped(env: Env) -> list[Any]:
        made = []
        for item in choose(env):
            env[slot] = item
            made.append(body(env))
        return made

    return mapped


def _fold(operand: Evaluator, slot: int, body: Evaluator, absorbing: bool) -> Evaluator:
    def fold(env: Env) -> bool:
        failed: EvaluationError | None = None
        for item in items_of(operand(env)):
            env[slot] = item
            try:
                if truth(body(env)) is absorbing:
                    return absorbing
            except EvaluationError as error:
                failed = error
        if failed is not None:
            raise failed
        return not absorbing

    return fold
