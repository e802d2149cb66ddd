"""The value of a checked expression, found by walking its tree (CEL specification, section Evaluation)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define

from oversight.ground.values import EvaluationError, items_of, map_of
from oversight.model.expressions import Call, Has, ListOf, Literal, Macro, MapOf, Name, Node, Select
from oversight.model.forms import ABSENT, Event


@define
class Scope:
    """
    What an expression can see.

    Args:
        variables: bound names; one whose value could not be found is bound to the error.
        parameter: gives the value of a parameter, or raises ``LookupError``.
        operations: the functions and operators.
    """

    variables: Mapping[str, Any]
    parameter: Callable[[str], Any]
    operations: Mapping[str, Callable[..., Any]]

    def bind(self, **names: Any) -> Scope:
        """The same scope with further names."""
        return Scope({**self.variables, **names}, self.parameter, self.operations)


def attribute_of(value: Any, name: str) -> Any:
    """The attribute of this name that can be selected from *value*, or ``ABSENT``."""
    if isinstance(value, Event):
        if name == "time":
            return value.time
        if name == "event":
            return value.envelope()
        return getattr(value.data, name) if name in value.data.__struct_fields__ else ABSENT
    if isinstance(value, Mapping):
        return value.get(name, ABSENT)
    found = getattr(value, "attributes", None)
    if not isinstance(found, Mapping):
        raise EvaluationError(f"a {type(value).__name__} has no attributes")
    if name in found:
        return found[name]
    if name == "since":
        return value.since
    return value.event.envelope() if name == "event" and value.event else ABSENT


def evaluate(node: Node, scope: Scope) -> Any:
    """
    The value of *node* in *scope*.

    Raises:
        EvaluationError: CEL's error: a missing attribute, a wrong type, an overflow.
    """
    match node:
        case Literal():
            return node.value
        case Name(name=name, parameter=True):
            try:
                return scope.parameter(name)
            except LookupError as error:
                raise EvaluationError(str(error)) from None
        case Name(name=name):
            value = scope.variables[name]
            if isinstance(value, EvaluationError):
                raise value
            return value
        case Select():
            found = attribute_of(evaluate(node.operand, scope), node.attribute)
            if found is ABSENT:
                raise EvaluationError(f"no {node.attribute} on record")
            return found
        case Has():
            return attribute_of(evaluate(node.operand, scope), node.attribute) is not ABSENT
        case ListOf():
            return [evaluate(item, scope) for item in node.items]
        case MapOf():
            return map_of(*[evaluate(part, scope) for entry in node.entries for part in entry])
        case Macro():
            return _macro(node, scope)
        case Call(function="&&"):
            return _junction(node, scope, absorbing=False)
        case Call(function="||"):
            return _junction(node, scope, absorbing=True)
        case Call(function="?:"):
            condition, then, otherwise = node.arguments
            return evaluate(then if _bool(evaluate(condition, scope)) else otherwise, scope)
        case Call():
            return scope.operations[node.function](*[evaluate(a, scope) for a in node.arguments])
    raise AssertionError(node)


def _bool(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise EvaluationError(f"a {type(value).__name__} is no condition")


def _junction(node: Call, scope: Scope, absorbing: bool) -> bool:
    """``||`` where *absorbing* is true, ``&&`` where it is false: one such operand decides, errors or not."""
    failed: EvaluationError | None = None
    for operand in node.arguments:
        try:
            if _bool(evaluate(operand, scope)) is absorbing:
                return absorbing
        except EvaluationError as error:
            failed = error
    if failed is not None:
        raise failed
    return not absorbing


def _macro(node: Macro, scope: Scope) -> Any:
    items = items_of(evaluate(node.operand, scope))
    scopes = [scope.bind(**{node.variable: item}) for item in items]
    if node.macro in ("all", "exists"):
        return _fold(node.body, scopes, absorbing=node.macro == "exists")
    if node.macro == "exists_one":
        return sum(_bool(evaluate(node.body, each)) for each in scopes) == 1
    if node.macro == "filter":
        return [each.variables[node.variable] for each in scopes if _bool(evaluate(node.body, each))]
    condition = node.condition
    chosen = [each for each in scopes if condition is None or _bool(evaluate(condition, each))]
    return [evaluate(node.body, each) for each in chosen]


def _fold(body: Node, scopes: list[Scope], absorbing: bool) -> bool:
    failed: EvaluationError | None = None
    for each in scopes:
        try:
            if _bool(evaluate(body, each)) is absorbing:
                return absorbing
        except EvaluationError as error:
            failed = error
    if failed is not None:
        raise failed
    return not absorbing
