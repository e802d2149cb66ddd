"""Whether two conditions say the same, whatever the names that they bind are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from oversight.model.expressions import Literal, Macro, Name, Node, conjuncts
from oversight.model.pack import Condition, Exists, Expression, Group, Latest, Measure, Query, Test

Form = tuple[Any, ...]


def terms(conditions: Iterable[Condition]) -> list[tuple[Form, Condition]]:
    """
    What must hold where all of *conditions* do, term by term: its form, and the condition it stands in.

    Equal forms mean that the terms are true of the same events and facts.

    >>> from oversight.language.parser import parse
    >>> from oversight.model.pack import Expression
    >>> from oversight.model.places import Place
    >>> test = Test(Expression(parse("a.x && a.y"), "", Place("", 1, 1)))
    >>> len(terms([test]))
    2
    """
    found: list[tuple[Form, Condition]] = []
    for one in conditions:
        if isinstance(one, Group) and one.mode == "all":
            found += terms(one.conditions)
        elif isinstance(one, Test):
            found += [(form(node, {}), one) for node in conjuncts(one.expression.node)]
        else:
            found.append((form(one, {}), one))
    return found


def form(value: Any, names: Mapping[str, str]) -> Form:
    """
    A condition or expression without places and writing, its bound names numbered.

    Args:
        value: a condition, a node, or what they hold.
        names: what is bound outside, by name.
    """
    if isinstance(value, Test | Expression):
        return form(value.expression.node if isinstance(value, Test) else value.node, names)
    if isinstance(value, Name):
        return ("name", names.get(value.name, value.name), value.parameter)
    if isinstance(value, Literal):
        return ("literal", type(value.value).__name__, value.value)
    if isinstance(value, Exists | Measure | Latest):
        inner = _bound(value.query.name, names)
        return (type(value).__name__, *(form(one, inner) for one in _fields(value)))
    if isinstance(value, Query):
        inner = _bound(value.name, names)
        return ("query", value.fact, value.before, value.of, *(form(one, inner) for one in value.where))
    if isinstance(value, Macro):
        inner = _bound(value.variable, names)
        whole = (form(value.body, inner), form(value.condition, inner))
        return ("macro", value.macro, form(value.operand, names), *whole)
    if isinstance(value, list | tuple):
        return tuple(form(one, names) for one in value)
    if isinstance(value, Node | Group) or attrs.has(type(value)):
        return (type(value).__name__, *(form(one, names) for one in _fields(value)))
    return (value,)


def _bound(name: str, names: Mapping[str, str]) -> Mapping[str, str]:
    return names if name in names else {**names, name: f"#{len(names)}"}


def _fields(value: Any) -> list[Any]:
    return [getattr(value, one.name) for one in attrs.fields(type(value)) if one.eq]
