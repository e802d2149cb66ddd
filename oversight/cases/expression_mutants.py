"""An expression changed in one step: every way that an author could have got one word of it wrong."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from attrs import evolve, frozen

from oversight.cases.wording import worded
from oversight.ground.time import Period
from oversight.model.expressions import Call, Has, ListOf, Literal, Macro, Node, Origin, rebuilt
from oversight.model.types import DURATION

BOUNDARIES = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
SECOND = Period(0, 0, 1_000_000)
# A thousandth of a number with a fraction is the least that a case would write.
STEP = 0.001

_OPPOSITES = {"==": "!=", "!=": "=="}
_OTHERS = {"&&": "||", "||": "&&", "all": "exists", "exists": "all", "+": "-", "-": "+"}
# Other text is tried only where it is compared: in a pattern or an instant it would be no expression.
_COMPARE_TEXT = {"==", "!=", "in", "[]", "startsWith", "endsWith", "contains", "?:"}

Path = tuple[int, ...]


@frozen
class Changed:
    """
    An expression with one step changed.

    Args:
        word: the kind of change.
        what: the change, as a policy author reads it.
        path: where in the tree, to tell it from another of the same kind.
        node: the whole expression, changed.
        origin: where what was changed is written, if that is in a definition.
    """

    word: str
    what: str
    path: Path
    node: Node
    origin: Origin | None = None


def changed(node: Node, condition: bool = False) -> Iterator[Changed]:
    """
    Every expression that is one step from *node*.

    Args:
        node: the whole tree, checked.
        condition: whether it is a condition, which is negated as a whole elsewhere.

    >>> from oversight.model.expressions import Name
    >>> [(each.word, each.what) for each in changed(Call(">", (Name("n"), Literal(3))), condition=True)]
    [('boundary', 'n > 3 read as n >= 3'), ('higher', '3 read as 4'), ('lower', '3 read as 2')]
    """
    yield from _changed(node, condition, inside=False)


def _changed(node: Node, condition: bool, inside: bool) -> Iterator[Changed]:
    """
    As :func:`changed`; *inside* the argument of a list of conditions that has a name nothing is changed.

    Every node of such an argument stands where its name does, and so where its parent or a child of it does.
    """
    origin = node.origin
    put_in = origin is None and (inside or any(_put_in(node, child) for child in node.children()))
    for number, (word, what, new) in enumerate(() if put_in else _of_node(node, condition)):
        yield Changed(word, what, (number,) if origin is None else (*origin.span, number), new, origin)
    for place, child in enumerate(node.children()):
        # Text in a list is left out as an item, elsewhere it is changed where it is compared.
        if isinstance(child, Literal) and isinstance(child.value, str) and not _compares_text(node):
            continue
        for inner in _changed(child, condition=False, inside=put_in and _put_in(node, child)):
            path = (-1 - place, *inner.path) if inner.origin is None else inner.path
            yield evolve(inner, path=path, node=_with_child(node, place, inner.node))


def _put_in(node: Node, child: Node) -> bool:
    """Whether both stand at the same place, which only what nobody wrote there does."""
    is_wrapped = isinstance(node, Call) and node.function == "@instant"
    return child.origin is None and child.span == node.span != (0, 0) and not is_wrapped


def _compares_text(node: Node) -> bool:
    return isinstance(node, Call) and node.function in _COMPARE_TEXT


def _with_child(node: Node, place: int, new: Node) -> Node:
    """*node* with the one of its children that stands at *place* replaced."""
    places = count()
    return rebuilt(node, lambda child: new if next(places) == place else child)


def without(items: tuple[Any, ...], place: int) -> tuple[Any, ...]:
    """
    *items* but the one at *place*.

    >>> without(("a", "b"), 0)
    ('b',)
    """
    return (*items[:place], *items[place + 1 :])


def _of_node(node: Node, condition: bool) -> Iterator[tuple[str, str, Node]]:
    """The changes of one node itself: the kind, what it is, and the node changed."""
    if isinstance(node, Call):
        yield from _of_call(node, condition)
    elif isinstance(node, ListOf):
        for place, item in enumerate(node.items):
            yield "dropped", f"{worded(node)} without {worded(item)}", evolve(node, items=without(node.items, place))
    elif isinstance(node, Literal):
        for word, value in values_beside(node.value):
            yield word, told_value(word, node.value, value), evolve(node, value=value)
    elif isinstance(node, Macro) and node.macro in _OTHERS and not _one_item(node.operand):
        yield _read_as("swapped", node, evolve(node, macro=_OTHERS[node.macro]))


def _of_call(node: Call, condition: bool) -> Iterator[tuple[str, str, Node]]:
    function, arguments = node.function, node.arguments
    if function in BOUNDARIES:
        yield _read_as("boundary", node, evolve(node, function=BOUNDARIES[function]))
    elif function in _OPPOSITES and not condition:
        yield _read_as("negated", node, evolve(node, function=_OPPOSITES[function]))
    elif function == "in" and not condition:
        yield _read_as("negated", node, Call("!", (node,), type=node.type))
    elif function == "!" and not condition:
        yield _read_as("negated", node, arguments[0])
    elif function in ("&&", "||"):
        yield _read_as("swapped", node, evolve(node, function=_OTHERS[function]))
        for place, operand in enumerate(arguments):
            if not _chained(node, operand) and (function == "||" or not _guards(operand, without(arguments, place))):
                yield "dropped", f"{worded(node)} without {worded(operand)}", _rest(node, place)
    elif function == "?:":
        for branch in arguments[1:]:
            yield _read_as("dropped", node, branch)
    elif function in ("+", "-") and len(arguments) == 2:
        yield _read_as("dropped", node, arguments[0])
        yield _read_as("swapped", node, evolve(node, function=_OTHERS[function]))
    elif function == "duration":
        second = Call("duration", (Literal("1s"),), type=DURATION)
        for word, sign in (("longer", "+"), ("shorter", "-")):
            yield word, f"{worded(node)} {word} by a second", Call(sign, (node, second), type=node.type)


def _chained(node: Call, operand: Node) -> bool:
    """Whether *operand* is the beginning of the chain that *node* goes on with; its links are left out one by one."""
    if not isinstance(operand, Call) or operand.function != node.function:
        return False
    return _written_in(node) == _written_in(operand)


def _written_in(node: Node) -> str:
    """The definition that a node is written in; none is empty."""
    return "" if node.origin is None else node.origin.definition


def _guards(node: Node, others: tuple[Node, ...]) -> bool:
    """Whether *node* asks that something is there which is read beside it; without it the pack would not check."""
    if isinstance(node, Has):
        return True
    if not isinstance(node, Call) or node.function != "in":
        return False
    read = worded(Call("[]", (node.arguments[1], node.arguments[0])))
    return any(read in worded(other) for other in others)


def _one_item(node: Node) -> bool:
    """Of one item, all is any."""
    return isinstance(node, ListOf) and len(node.items) == 1


def _rest(node: Call, place: int) -> Node:
    rest: tuple[Node, ...] = without(node.arguments, place)
    return rest[0] if len(rest) == 1 else evolve(node, arguments=rest)


def _read_as(word: str, node: Node, new: Node) -> tuple[str, str, Node]:
    return word, f"{worded(node)} read as {worded(new)}", new


def told_value(word: str, value: Any, new: Any) -> str:
    """
    A value read as another, in words.

    >>> told_value("longer", Period.parse("P1D"), Period.parse("P1DT1S"))
    'P1D longer by a second'
    """
    if word in ("longer", "shorter"):
        return f"{value} {word} by a second"
    return f"{worded(Literal(value))} read as {worded(Literal(new))}"


def values_beside(value: Any) -> Iterator[tuple[str, Any]]:
    """
    The values next to one, each with the word for it.

    >>> list(values_beside(3))
    [('higher', 4), ('lower', 2)]
    """
    if isinstance(value, bool):
        yield "other", not value
    elif isinstance(value, int):
        yield from (("higher", value + 1), ("lower", value - 1))
    elif isinstance(value, float):
        yield from (("higher", value + (abs(value) or 1) * STEP), ("lower", value - (abs(value) or 1) * STEP))
    elif isinstance(value, Period):
        yield from (("longer", value + SECOND), ("shorter", value + Period(0, 0, -SECOND.microseconds)))
    elif isinstance(value, str):
        yield "other", value + "~"
