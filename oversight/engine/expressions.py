"""
Expressions as source over a list of slots.

A frame gives every name of one rule or fact entry a slot; slot 0 holds the instant at which parameters are read.
What the checker knows of a value's type decides how an attribute is fetched, and whether a value can fail to be there;
the operations keep CEL's strictness where types are only known at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import define, evolve, field, frozen

from oversight.engine.dated import dated
from oversight.engine.source import Source, dotted
from oversight.ground.values import EvaluationError, has, items_of, map_of, select
from oversight.model.clauses import expressions_in
from oversight.model.expressions import Call, Has, ListOf, Literal, Macro, MapOf, Name, Node, Select
from oversight.model.forms import ABSENT, Event
from oversight.model.pack import Entry, Expression, Fact, Parameter
from oversight.model.types import BOOL, DATE, DOUBLE, INT, STRING, TIMESTAMP, EnumType, ListType, RecordType, Type

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
        sure: those of ``always`` that have a value whatever stands.
    """

    named: frozenset[str]
    settable: frozenset[str] | None = frozenset()
    alert: bool = False
    always: frozenset[str] = frozenset()
    sure: frozenset[str] = frozenset()

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

    def with_sure(self, given: Iterable[frozenset[str]]) -> Layout:
        """The same, once it is known which attributes each start surely gives."""
        if self.settable is None:
            return self
        return evolve(self, sure=self.always.intersection(*given) - self.settable)

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
        present: names and attributes that ``has`` has found where the source now stands.
        spelled: names that stand in the source under a name of ours, and not in a slot.
        queries: every query that was compiled.
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
    present: set[tuple[str, str]] = field(factory=set)
    spelled: dict[str, str] = field(factory=dict)
    queries: list[Any] = field(factory=list)

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

    def reserve(self, part: Any) -> None:
        """Give what macros in a *part* of a pack bind a slot: what is compiled later finds the slots counted."""
        for expression in expressions_in(part):
            for name in expression.variables:
                self.bind(name)

    def code(self, name: str) -> str:
        """What *name* is in the source."""
        return self.spelled.get(name) or f"env[{self.bind(name)}]"

    def opening(self, instant: str, head: str) -> str:
        """A fresh list of slots as source, once every name has one: *head* is the code of what stands in the first."""
        return f"env = [{instant}, {head}{', None' * (self.size - 2)}]"

    def env(self, instant: datetime) -> Env:
        """A fresh list of slots."""
        made: Env = [None] * self.size
        made[0] = instant
        return made


@frozen
class Text:
    """
    An expression as source.

    Args:
        code: over ``env``.
        sure: whether it always has a value.
        truth: whether a value it has is a bool.
    """

    code: str
    sure: bool = False
    truth: bool = False


def compile_expression(node: Node, frame: Frame) -> Evaluator:
    """A function that gives the value of *node*, or raises :class:`EvaluationError`."""
    source = Source("env")
    source.add(f"return {text_of(node, frame, source).code}")
    return source.function()


def text_of(node: Node, frame: Frame, source: Source) -> Text:
    """The source of *node*; what it speaks of is bound in *source*."""
    match node:
        case Literal(value=value):
            return Text(source.bind(value), True, value is True or value is False)
        case Name(name=name, parameter=True):
            return Text(f"{source.bind(_parameter(frame.parameters[name]))}(env)")
        case Name():
            slot = frame.code(node.name)
            if node.name not in frame.fallible:
                return Text(slot, True)
            value = source.fresh()
            failed = f"({value} := {slot}).__class__ is EvaluationError"
            return Text(f"({source.bind(_again)}({value}) if {failed} else {value})")
        case Select():
            return _select(node, frame, source)
        case Has():
            found = fetched(node, frame, source)
            return Text(f"({found.code} is not ABSENT)", found.sure, True)
        case ListOf(items=items):
            made = [text_of(item, frame, source) for item in items]
            return Text(f"[{', '.join([item.code for item in made])}]", all(item.sure for item in made))
        case MapOf(entries=entries):
            parts = [text_of(part, frame, source).code for entry in entries for part in entry]
            return Text(f"{source.bind(map_of)}({', '.join(parts)})")
        case Macro():
            return Text(f"{source.bind(_macro(node, frame))}(env)")
        case Call():
            return _call(node, frame, source)
    raise AssertionError(node)


def _parameter(parameter: Parameter) -> Evaluator:
    at = dated(parameter.entries, ABSENT)

    def read(env: Env) -> Any:
        value = at(env[0])
        if value is ABSENT:
            try:
                return parameter.at(env[0])
            except LookupError as error:
                raise EvaluationError(str(error)) from None
        return value

    return read


def _again(error: EvaluationError) -> Any:
    """Raise what ``with:`` met."""
    raise error


def fetched(node: Select | Has, frame: Frame, source: Source) -> Text:
    """The source of the attribute that *node* selects, or ``ABSENT``."""
    operand, name = node.operand, node.attribute
    key = source.bind(name)
    if isinstance(operand, Name) and operand.name in frame.facts:
        layout, held = frame.layouts[frame.facts[operand.name]], frame.code(operand.name)
        if layout.alert:
            return Text(f"{held}.values.get({key}, ABSENT)", True)
        if name == "since":
            return Text(f"{held}.since", True)
        if name == "event":
            return Text(f"{source.bind(Event.envelope)}({held}.event)", True)
        if not layout.overlaid(name):
            return Text(f"getattr({held}.event.data, {key}, ABSENT)", True)
        if name in layout.named and name in layout.always:
            return Text(f"{held}.values[{key}]", True)
        own = source.fresh()
        code = f"({own}[{key}] if ({own} := {held}.values) is not None and {key} in {own} else "
        return Text(f"{code}getattr({held}.event.data, {key}, ABSENT))", True)
    if isinstance(operand, Name) and isinstance(operand.type, RecordType) and operand.type.role == "event":
        event = frame.code(operand.name)
        if name == "time":
            return Text(f"{event}.time", True)
        if name == "event":
            return Text(f"{source.bind(Event.envelope)}({event})", True)
        return Text(f"getattr({event}.data, {key}, ABSENT)", True)
    inner = text_of(operand, frame, source).code
    return Text(f"{source.bind(_entry)}({inner}, {key})")


def _entry(value: Any, name: str) -> Any:
    """The entry of a map, or ``ABSENT``."""
    return select(value, name) if has(value, name) else ABSENT


def _missing(name: str) -> Any:
    """CEL's error for an attribute that is not there."""
    raise EvaluationError(f"no {name} on record")


def _select(node: Select, frame: Frame, source: Source) -> Text:
    operand, name = node.operand, node.attribute
    direct = _direct(operand, name, frame)
    if direct:
        return Text(direct, True, node.type is BOOL)
    key = source.bind(name)
    if not isinstance(operand, Name):
        return Text(f"select({text_of(operand, frame, source).code}, {key})")
    found = fetched(node, frame, source)
    fact = frame.facts.get(operand.name)
    given: tuple[str, ...] = () if fact == "alert" else ("since", "event") if fact else ("time", "event")
    always = name in given or (operand.name, name) in frame.present
    always = always or (fact is not None and name in frame.layouts[fact].sure)
    if found.sure and always:
        return Text(found.code, True, node.type is BOOL)
    value = source.fresh()
    missing = f"{source.bind(_missing)}({key})"
    return Text(f"({value} if ({value} := {found.code}) is not ABSENT else {missing})")


def _direct(operand: Node, name: str, frame: Frame) -> str:
    """The source of an attribute that is always there, which needs no look at whether it is."""
    if not isinstance(operand, Name) or not isinstance(operand.type, RecordType) or not dotted(name):
        return ""
    attribute = operand.type.attributes.get(name)
    if attribute is None or not attribute.required:
        return ""
    fact = frame.facts.get(operand.name)
    if fact is None:
        return f"{frame.code(operand.name)}.data.{name}" if operand.type.role == "event" else ""
    return "" if frame.layouts[fact].overlaid(name) else f"{frame.code(operand.name)}.event.data.{name}"


def truth(value: Any) -> bool:
    """*value* where it is a bool, else CEL's error."""
    if value is True or value is False:
        return bool(value)
    raise EvaluationError(f"a {type(value).__name__} is no condition")


def _as_truth(text: Text, source: Source) -> str:
    return text.code if text.truth else f"{source.bind(truth)}({text.code})"


_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">=", "in", "matches", "contains", "startsWith", "endsWith"))


def _call(node: Call, frame: Frame, source: Source) -> Text:
    if node.function in ("&&", "||"):
        return _junction(node, frame, source)
    if node.function == "?:":
        return _choice(node, frame, source)
    arguments = [text_of(argument, frame, source) for argument in node.arguments]
    if node.function == "!" and node.arguments[0].type is BOOL:
        return Text(f"(not {_as_truth(arguments[0], source)})", arguments[0].sure and arguments[0].truth, True)
    sure = all(argument.sure for argument in arguments)
    if _is_plain(node):
        return Text(f"({arguments[0].code} {node.function} {arguments[1].code})", sure, True)
    operation, given = source.bind(frame.operations[node.function]), ", ".join([text.code for text in arguments])
    total = node.function in ("==", "!=")
    return Text(f"{operation}({given})", sure and total, node.function in _COMPARISONS)


def _is_plain(node: Call) -> bool:
    """Whether an operator is Python's own for all values of the types that its operands have."""
    if len(node.arguments) != 2:
        return False
    left, right = [argument.type for argument in node.arguments]
    if node.function == "in":
        return is_text(left) and isinstance(right, ListType)
    if node.function in ("==", "!="):
        return (is_text(left) and is_text(right)) or (left is right and left in (INT, TIMESTAMP))
    return node.function in ("<", "<=", ">", ">=") and left is right and left in (INT, TIMESTAMP)


def is_text(type_: Type) -> bool:
    """Whether every value of this type is a text."""
    return type_ is STRING or isinstance(type_, EnumType)


def is_plain(type_: Type) -> bool:
    """Whether every value of this type can be found in a dict."""
    return is_text(type_) or type_ in (BOOL, INT, DOUBLE, DATE, TIMESTAMP)


def _choice(node: Call, frame: Frame, source: Source) -> Text:
    condition, then, otherwise = node.arguments
    asked = text_of(condition, frame, source)
    known, frame.present = frame.present, frame.present | found_by(condition)
    chosen = text_of(then, frame, source)
    frame.present = known
    other = text_of(otherwise, frame, source)
    sure = asked.sure and asked.truth and chosen.sure and other.sure
    return Text(f"({chosen.code} if {_as_truth(asked, source)} else {other.code})", sure, chosen.truth and other.truth)


def found_by(node: Node) -> set[tuple[str, str]]:
    """What is there where *node* holds."""
    if isinstance(node, Has) and isinstance(node.operand, Name):
        return {(node.operand.name, node.attribute)}
    if isinstance(node, Call) and node.function == "&&":
        return set().union(*[found_by(argument) for argument in node.arguments])
    return set()


def _junction(node: Call, frame: Frame, source: Source) -> Text:
    """``&&`` and ``||``: an operand that decides does so whatever the others are, so what may fail stands alone."""
    absorbing = node.function == "||"
    known, texts = frame.present, []
    for argument in node.arguments:
        texts.append(text_of(argument, frame, source))
        if not absorbing:
            frame.present = frame.present | found_by(argument)
    frame.present = known
    if all(text.sure and text.truth for text in texts[:-1]):
        word = " or " if absorbing else " and "
        last = texts[-1]
        codes = [*[text.code for text in texts[:-1]], _as_truth(last, source)]
        return Text(f"({word.join(codes)})", last.sure and last.truth, True)
    operands = ", ".join([f"lambda env: {text.code}" for text in texts])
    return Text(f"{source.bind(_any_true if absorbing else _all_true)}(env, {operands})", False, True)


def _any_true(env: Env, *operands: Evaluator) -> bool:
    return _absorbed(env, operands, True)


def _all_true(env: Env, *operands: Evaluator) -> bool:
    return _absorbed(env, operands, False)


def _absorbed(env: Env, operands: Iterable[Evaluator], absorbing: bool) -> bool:
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
    def turns(env: Env) -> Iterator[Evaluator]:
        for item in items_of(operand(env)):
            env[slot] = item
            yield body

    return lambda env: _absorbed(env, turns(env), absorbing)
