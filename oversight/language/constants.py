"""Conditions that hold always or never, whatever happens: mistakes that a type does not show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from oversight.ground.values import EvaluationError, operations
from oversight.model.expressions import Call, ListOf, Literal, Node, path_of

_REFLEXIVE = {"==": True, "<=": True, ">=": True, "!=": False, "<": False, ">": False}


@cache
def _operations() -> Mapping[str, Callable[..., Any]]:
    """What the operators do; made when first asked for, since a zone is a file and importing opens none."""
    return operations(ZoneInfo("UTC"))


class Varies(Exception):
    """The value of an expression is not the same in all events, or is an error."""


def constant(node: Node) -> Any:
    """
    The value of *node* where no event, fact or parameter can change it.

    Raises:
        Varies: it depends on something, or has no value.

    >>> from oversight.language.parser import parse
    >>> constant(parse("1 + 1 == 2 || e.x")), constant(parse("e.x == e.x"))
    (True, True)
    """
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, ListOf):
        return [constant(item) for item in node.items]
    if isinstance(node, Call):
        return _of_call(node)
    raise Varies


def _of_call(node: Call) -> Any:
    if node.function in ("&&", "||"):
        return _of_connective(node)
    if node.function == "?:":
        asked, chosen, other = node.arguments
        return constant(chosen if constant(asked) is True else other)
    if node.function in _REFLEXIVE and _same_path(*node.arguments):
        return _REFLEXIVE[node.function]
    # Where days begin is the pack's own matter.
    if node.function not in _operations() or node.function == "@instant":
        raise Varies
    arguments = [constant(argument) for argument in node.arguments]
    try:
        return _operations()[node.function](*arguments)
    except EvaluationError:
        raise Varies from None


def _of_connective(node: Call) -> bool:
    decides = node.function == "||"
    values = []
    for argument in node.arguments:
        try:
            values.append(constant(argument))
        except Varies:
            values.append(None)
    if decides in values:
        return decides
    if None in values:
        raise Varies
    return not decides


def _same_path(left: Node, right: Node) -> bool:
    return left == right and path_of(left) is not None


def equal(one: Any, other: Any) -> bool:
    """
    Whether two values are equal, as ``==`` has it.

    >>> equal(1, 1.0), equal(1, True)
    (True, False)
    """
    return bool(_operations()["=="](one, other))
