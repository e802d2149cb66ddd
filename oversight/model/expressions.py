"""
Expressions as a tree: what the language reads and checks, and what meaning and engine each evaluate.

The grammar and the meaning are those of CEL, the Common Expression Language (public specification of the
project cel-spec), in the subset that rules need. The classes of a pack have no slots: a kept pack is thousands of their
objects, and those with slots take twice as long to read back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import evolve, field, frozen

from oversight.ground.time import Period
from oversight.model.places import Place
from oversight.model.types import DYN, Type


@frozen(slots=False)
class Origin:
    """
    Where a node is written that a definition puts in for its call.

    Args:
        definition: its name.
        place: of the expression that it stands for.
        span: of the node in that expression, as offsets in characters.
    """

    definition: str
    place: Place
    span: tuple[int, int]


@frozen(slots=False)
class Node:
    """
    One node of an expression.

    Args:
        span: where it stands in the text of its expression, as offsets in characters.
        type: what the checker found; ``dyn`` before checking and where it cannot be known.
        origin: of a node that a definition puts in for its call; the span is then that of the call.
    """

    span: tuple[int, int] = field(default=(0, 0), kw_only=True, eq=False)
    type: Type = field(default=DYN, kw_only=True, eq=False)
    origin: Origin | None = field(default=None, kw_only=True, eq=False)

    def children(self) -> tuple[Node, ...]:
        """The nodes directly below this one, in written order."""
        return ()


@frozen(slots=False)
class Literal(Node):
    """A null, bool, int, float, string, or a period written as ``period("P30D")`` or bare in YAML."""

    value: bool | int | float | str | Period | None


@frozen(slots=False)
class Name(Node):
    """
    A name: a bound variable or a parameter of the pack.

    Args:
        name: as bound; names bound by macros and by definitions are made distinct by the checker.
        parameter: whether it is a dated parameter of the pack.
    """

    name: str
    parameter: bool = False


@frozen(slots=False)
class Select(Node):
    """``operand.attribute``; on a missing attribute or key an error. ``event`` of a fact or event is its envelope."""

    operand: Node
    attribute: str

    def children(self) -> tuple[Node, ...]:
        """The nodes directly below this one, in written order."""
        return (self.operand,)


@frozen(slots=False)
class Has(Node):
    """``has(operand.attribute)``: whether the attribute or key is there."""

    operand: Node
    attribute: str

    def children(self) -> tuple[Node, ...]:
        """The nodes directly below this one, in written order."""
        return (self.operand,)


@frozen(slots=False)
class ListOf(Node):
    """``[a, b]``."""

    items: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """The nodes directly below this one, in written order."""
        return self.items


@frozen(slots=False)
class MapOf(Node):
    """``{key: value}``."""

    entries: tuple[tuple[Node, Node], ...]

    def children(self) -> tuple[Node, ...]:
        """The nodes directly below this one, in written order."""
        return tuple(node for entry in self.entries for node in entry)


@frozen(slots=False)
class Call(Node):
    """
    An operator or function with its arguments; a method's receiver is the first argument.

    Functions are named as written (``size``, ``startsWith``, ``timestamp``, ``getHours``…), operators by their
    sign: ``&&``, ``||``, ``!``, ``?:``, ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``in``, ``+``, ``-``,
    ``*``, ``/``, ``%``, ``[]``. The checker expands calls of the pack's definitions and, where an argument
    is a ``date``, wraps it in the function ``@instant`` (its first instant in the pack's zone).
    """

    function: str
    arguments: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """The nodes directly below this one, in written order."""
        return self.arguments


@frozen(slots=False)
class Macro(Node):
    """
    ``operand.macro(variable, body)``: ``all``, ``exists``, ``exists_one``, ``filter`` or ``map``.

    ``condition`` is the filter of the three-argument ``map``, else ``None``.
    """

    macro: str
    operand: Node
    variable: str
    body: Node
    condition: Node | None = None

    def children(self) -> tuple[Node, ...]:
        """The nodes directly below this one, in written order."""
        return (self.operand, self.body) if self.condition is None else (self.operand, self.condition, self.body)


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, parents first."""
    yield node
    for child in node.children():
        yield from walk(child)


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """
    *node* with each of its children, in written order, replaced by what *change* makes of it.

    >>> path_of(rebuilt(Select(Name("a"), "kind"), lambda child: Name("b")))
    ('b', 'kind')
    """
    if isinstance(node, Select | Has):
        return evolve(node, operand=change(node.operand))
    if isinstance(node, ListOf):
        return evolve(node, items=tuple(map(change, node.items)))
    if isinstance(node, MapOf):
        return evolve(node, entries=tuple((change(key), change(value)) for key, value in node.entries))
    if isinstance(node, Call):
        return evolve(node, arguments=tuple(map(change, node.arguments)))
    if isinstance(node, Macro):
        operand = change(node.operand)
        condition = None if node.condition is None else change(node.condition)
        return evolve(node, operand=operand, condition=condition, body=change(node.body))
    return node


def conjuncts(node: Node) -> Iterator[Node]:
    """
    The terms of a conjunction, in written order; of anything else, itself.

    >>> a, b, c = Name("a"), Name("b"), Name("c")
    >>> [term.name for term in conjuncts(Call("&&", (Call("&&", (a, b)), c)))]
    ['a', 'b', 'c']
    """
    if isinstance(node, Call) and node.function == "&&":
        for argument in node.arguments:
            yield from conjuncts(argument)
    else:
        yield node


def variables_of(node: Node) -> tuple[str, ...]:
    """The names that macros of the tree bind."""
    return tuple(dict.fromkeys([inner.variable for inner in walk(node) if isinstance(inner, Macro)]))


def parameters_of(node: Node) -> tuple[str, ...]:
    """The parameters of the pack that the tree reads."""
    names = [inner.name for inner in walk(node) if isinstance(inner, Name) and inner.parameter]
    return tuple(dict.fromkeys(names))


def path_of(node: Node) -> tuple[str, ...] | None:
    """
    The names of a plain selection, root first, or ``None`` where *node* is anything else.

    >>> path_of(Select(Select(Name("a"), "scope"), "kind"))
    ('a', 'scope', 'kind')
    """
    if isinstance(node, Name):
        return (node.name,)
    if isinstance(node, Select):
        above = path_of(node.operand)
        return None if above is None else (*above, node.attribute)
    return None
