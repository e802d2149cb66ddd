"""Putting one tree in the place of a name in another, and how large that makes it."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, frozen

from oversight.model.expressions import Macro, Name, Node, rebuilt, walk

Span = tuple[int, int]


def substitute(node: Node, mapping: Mapping[str, Node], *, span: Span | None = None) -> Node:
    """
    *node* with names replaced; a macro variable that would capture a name of the replacement is renamed.

    Args:
        node: any tree.
        mapping: from a name to what stands for it.
        span: the place all nodes of *node* get, where it comes from another text; replacements keep theirs.

    >>> from oversight.language.parser import parse
    >>> from oversight.model.expressions import path_of
    >>> path_of(substitute(parse("a.kind"), {"a": parse("b.scope")}))
    ('b', 'scope', 'kind')
    """
    if isinstance(node, Name) and node.name in mapping:
        return mapping[node.name]
    placed = node if span is None else evolve(node, span=span)
    if isinstance(placed, Macro):
        return _substitute_in_macro(placed, mapping, span)
    return rebuilt(placed, lambda child: substitute(child, mapping, span=span))


def _substitute_in_macro(node: Macro, mapping: Mapping[str, Node], span: Span | None) -> Node:
    inner = {name: value for name, value in mapping.items() if name != node.variable}
    taken = {part.name for value in inner.values() for part in walk(value) if isinstance(part, Name)}
    variable = node.variable
    if variable in taken:
        while variable in taken:
            variable += "@"
        inner[node.variable] = Name(variable, span=span or node.span)
    return evolve(
        node,
        operand=substitute(node.operand, mapping, span=span),
        variable=variable,
        body=substitute(node.body, inner, span=span),
        condition=None if node.condition is None else substitute(node.condition, inner, span=span),
    )


@frozen
class Measure:
    """
    The size of a tree: its nodes, how deep they nest, and how many macros nest in one another.

    >>> from oversight.language.parser import parse
    >>> Measure.of(parse("a.exists(x, x > 1)"))
    Measure(parts=5, depth=3, macros=1)
    """

    parts: int
    depth: int
    macros: int

    @classmethod
    def of(cls, node: Node) -> Measure:
        """
        Measure *node*.

        >>> from oversight.language.parser import parse
        >>> Measure.of(parse("a")).parts
        1
        """
        parts = depth = macros = 0
        level = [(node, 0)]
        while level:
            depth += 1
            parts += len(level)
            level = [(one, count + isinstance(one, Macro)) for one, count in level]
            macros = max(macros, *(count for _, count in level))
            level = [(child, count) for one, count in level for child in one.children()]
        return cls(parts, depth, macros)
