"""Why a condition holds or not: the values it reads, the facts it finds, and the one inside it that decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from oversight.ground.text import text_of
from oversight.ground.values import EvaluationError
from oversight.meaning.conditions import Truth, World, attempt, holds, matches, measure
from oversight.meaning.evaluate import Scope, evaluate
from oversight.meaning.explanation import nearest_fact
from oversight.meaning.spells import Holding
from oversight.model.answers import Ground, Standing
from oversight.model.clauses import written
from oversight.model.expressions import Has, Macro, Name, Node, Select
from oversight.model.forms import Event
from oversight.model.pack import Condition, Exists, Group, Measure, Query, Test
from oversight.model.places import Place

MOST_FACTS = 8
"""How many facts one ground names."""


def ground(condition: Condition, scope: Scope, world: World, here: Place) -> Ground:
    """
    Why *condition* holds or not.

    Args:
        condition: checked.
        scope: with every name bound that it reads.
        world: the facts at the moment.
        here: where the clause is written of which it is a part, for a condition that nobody wrote.
    """
    truth = holds(condition, scope, world)
    place = _place(condition) or here
    said = (written(condition), line_of(place), truth_text(truth))
    if isinstance(condition, Test):
        return Ground("test", *said, values=dict(values_in(condition.expression.node, scope)))
    if isinstance(condition, Exists):
        return _of_query(condition, said, scope, world, place)
    if isinstance(condition, Measure):
        return _of_measure(condition, said, scope, world)
    below = tuple(ground(part, scope, world, place) for part in _deciding(condition, truth, scope, world))
    return Ground(condition.mode, *said, below=below)


def _of_query(condition: Exists, said: tuple[str, str, str], scope: Scope, world: World, here: Place) -> Ground:
    query, form = condition.query, "none" if condition.negated else "some"
    found = matches(query, scope, world)
    if found:
        return Ground(form, *said, facts=_named(query, found))
    nearest = None if condition.negated else nearest_fact(query, scope, world)
    if nearest is None:
        return Ground(form, *said, values={"fact": query.fact})
    fact, failed, _ = nearest
    inner = ground(failed, scope.bind(**{query.name: fact}), world, here)
    return Ground(form, *said, facts=_named(query, [fact]), below=(inner,))


def _of_measure(condition: Measure, said: tuple[str, str, str], scope: Scope, world: World) -> Ground:
    found = matches(condition.query, scope, world)
    values = {"count" if condition.total is None else "sum": _text(measure(condition, scope, world))}
    values |= {limit.comparison: _text(attempt(limit.value, scope)) for limit in condition.limits}
    return Ground("measure", *said, values=values, facts=_named(condition.query, found))


def _deciding(group: Group, truth: Truth, scope: Scope, world: World) -> Sequence[Condition]:
    """The conditions of a group that make it what it is: one that decides, or all."""
    if group.mode == "not" or truth is (group.mode == "all"):
        return group.conditions
    decides = group.mode == "any"
    first = [part for part in group.conditions if holds(part, scope, world) is decides]
    first = first or [part for part in group.conditions if holds(part, scope, world) is None]
    return first[:1]


def _named(query: Query, found: Sequence[Holding]) -> tuple[Standing, ...]:
    return tuple(standing(query.fact, each) for each in found[:MOST_FACTS])


def standing(fact: str, found: Holding, until: datetime | None = None, ended_by: str = "") -> Standing:
    """How an answer names a fact that stands, or one that stood until an instant."""
    key = tuple(text_of(part) for part in (found.key if isinstance(found.key, tuple) else (found.key,)))
    if not isinstance(found.event, Event):
        return Standing(f"{fact} {found.attributes['rule']}", key, found.since, text_of(found.key))
    return Standing(fact, key, found.since, found.event.id, found.event.kind, until, ended_by)


def values_in(node: Node, scope: Scope) -> Iterator[tuple[str, str]]:
    """What an expression reads, each name with its value as text, or with why there is none."""
    if isinstance(node, Has):
        present = _attempt(node, scope)
        yield f"{_path(node.operand)}.{node.attribute}", "on record" if present is True else "not on record"
    elif isinstance(node, Name | Select) and (path := _path(node)) is not None:
        root = path.split(".", 1)[0]
        if root in scope.variables or (isinstance(node, Name) and node.parameter):
            value = _attempt(node, scope)
            if not isinstance(value, Holding | Event):
                yield path, _text(value)
    else:
        for child in node.children():
            if not isinstance(node, Macro) or child is node.operand or not _mentions(child, node.variable):
                yield from values_in(child, scope)


def _mentions(node: Node, variable: str) -> bool:
    return any(_mentions(child, variable) for child in node.children()) or (
        isinstance(node, Name) and node.name == variable
    )


def _path(node: Node) -> str | None:
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Select):
        above = _path(node.operand)
        return None if above is None else f"{above}.{node.attribute}"
    return None


def _attempt(node: Node, scope: Scope) -> Any:
    try:
        return evaluate(node, scope)
    except EvaluationError as error:
        return error


def _text(value: Any) -> str:
    """A value as text; of one that is not there, that it is not on record."""
    if isinstance(value, EvaluationError):
        return "not on record" if "on record" in str(value) else f"without a value ({value})"
    if isinstance(value, Mapping):
        return text_of(dict(value))
    return text_of(value) if value not in ("", []) else "empty"


def _place(condition: Condition) -> Place | None:
    place = condition.expression.place if isinstance(condition, Test) else condition.place
    return place if place.line else None


def line_of(place: Place) -> str:
    """A place as ``file:line``."""
    return f"{place.file}:{place.line}"


def truth_text(truth: Truth) -> str:
    """A truth in words."""
    return "undecided" if truth is None else "true" if truth else "false"
