"""How long a fact can last, and whether a deadline can run out before: told only where no event can change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oversight.ground.time import Period
from oversight.model.expressions import Call, Literal, Name, Node, Select
from oversight.model.pack import Expression, Fact, Pack, Parameter, Rule

# The bounds of calendar time in hours: a day of 23 to 25, a month of 28 to 31 days.
_DAY, _MONTH = (23, 25), (28 * 23, 31 * 25)
_HOUR = 3_600_000_000
Bounds = tuple[float, float]
"""The least and the most hours of a span."""


def outlives(rule: Rule, pack: Pack) -> tuple[Bounds, Bounds] | None:
    """
    The bounds of a deadline and of its fact's life, where the fact is always over before the deadline.

    Args:
        rule: of *pack*.
        pack: checked.

    Returns:
        ``None`` where the deadline may come, or where that depends on what happens.
    """
    fact = pack.facts.get(rule.head.fact)
    if fact is None or rule.deadline is None:
        return None
    node = _since(rule.deadline.node, rule.head.name) if rule.by else rule.deadline.node
    wait = None if node is None else bounds(node, pack.parameters)
    life = _life(fact, pack.parameters)
    return (wait, life) if wait is not None and life is not None and wait[0] > life[1] else None


def _since(node: Node, head: str) -> Node | None:
    """What is added to the beginning of the fact, in ``f.since + SPAN``."""
    if isinstance(node, Call) and node.function == "+" and node.arguments[0] == Select(Name(head), "since"):
        return node.arguments[1]
    return None


def _life(fact: Fact, parameters: Mapping[str, Parameter]) -> Bounds | None:
    """How long one fact lasts at most, where another start cannot lengthen it."""
    if fact.key and not fact.restarts:
        return None
    if fact.lasts is not None:
        return bounds(fact.lasts.node, parameters)
    spans = [_span(start.until, start.name, parameters) for start in fact.starts if start.begins is None]
    known = [span for span in spans if span is not None]
    if len(known) < len(fact.starts) or not known:
        return None
    return min(low for low, _ in known), max(high for _, high in known)


def _span(until: Expression | None, event: str, parameters: Mapping[str, Parameter]) -> Bounds | None:
    """What is added to the time of the event, in ``e.time + SPAN``."""
    node = None if until is None else until.node
    if isinstance(node, Call) and node.function == "+" and node.arguments[0] == Select(Name(event), "time"):
        return bounds(node.arguments[1], parameters)
    return None


def bounds(node: Node, parameters: Mapping[str, Parameter]) -> Bounds | None:
    """
    The least and the most hours of a span that no event changes, or ``None``.

    >>> bounds(Literal(Period.parse("P1M")), {})
    (644.0, 775.0)
    """
    if isinstance(node, Literal):
        return _of(node.value)
    if isinstance(node, Name) and node.parameter and node.name in parameters:
        every = [_of(value) for _, value in parameters[node.name].entries]
        known = [one for one in every if one is not None]
        if known and len(known) == len(every):
            return min(low for low, _ in known), max(high for _, high in known)
    return None


def _of(value: Any) -> Bounds | None:
    if not isinstance(value, Period):
        return None
    exact = value.microseconds / _HOUR
    low, high = (value.months * _MONTH[end] + value.days * _DAY[end] + exact for end in (0, 1))
    return float(low), float(high)
