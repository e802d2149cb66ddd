"""Putting one expression into another without letting a name be caught by what stands around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import evolve

from oversight.model.expressions import Macro, Name, Node, rebuilt


def graft(node: Node, stands_for: Mapping[str, Node], fresh: Callable[[str], str]) -> Node:
    """
    *node* with each name in *stands_for* replaced by its expression.

    Names bound by macros are made distinct, and a replacement takes the place (the span) of the name it
    replaces, so that a problem is shown where the author wrote the name.

    Args:
        node: a typed tree.
        stands_for: by name.
        fresh: makes up a name.

    >>> graft(Name("a"), {"a": Name("b")}, str).name
    'b'
    """
    if not stands_for:
        return node
    if isinstance(node, Name):
        found = None if node.parameter else stands_for.get(node.name)
        return node if found is None else evolve(_moved(found, node.span), type=node.type)
    if isinstance(node, Macro):
        operand = graft(node.operand, stands_for, fresh)
        name = fresh(node.variable.partition("@")[0])
        own = {**stands_for, node.variable: Name(name)}
        condition = None if node.condition is None else graft(node.condition, own, fresh)
        body = graft(node.body, own, fresh)
        return evolve(node, operand=operand, variable=name, body=body, condition=condition)
    return rebuilt(node, lambda child: graft(child, stands_for, fresh))


def _moved(node: Node, span: tuple[int, int]) -> Node:
    return evolve(rebuilt(node, lambda child: _moved(child, span)), span=span)
