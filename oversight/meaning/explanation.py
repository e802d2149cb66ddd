"""
What an alert says of itself: its text, the events it rests on, and what would have excused it.

The definition of the alert contract's ``message``, ``remedy``, ``evidence`` and ``missing``. Where several facts would
do, the one with the first key is named, so that what is said does not depend on the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import frozen

from oversight.ground.text import said, text_of
from oversight.ground.values import EvaluationError
from oversight.meaning.conditions import World, attempt, began_last, holds, matches
from oversight.meaning.evaluate import Scope
from oversight.meaning.spells import Holding
from oversight.model.alerts import Missing
from oversight.model.clauses import first_equality, flatten, written
from oversight.model.forms import Event, order_of
from oversight.model.pack import Condition, Exists, Group, Measure, Query, Rule, Template


@frozen
class Explanation:
    """What is said of a breach at the instant at which it is raised."""

    message: str
    remedy: str
    evidence: tuple[Event, ...]
    missing: tuple[Missing, ...]


def explain(rule: Rule, scopes: Sequence[Scope], world: World) -> Explanation:
    """
    Explain a breach.

    Args:
        rule: that is breached.
        scopes: the bindings in breach; the text and what is missing are those of the first.
        world: the facts at that moment.
    """
    events = {e.identity: e for scope in scopes for e in evidence(rule, scope, world)}
    first = scopes[0]
    return Explanation(
        _text(rule.message, first),
        _text(rule.remedy, first),
        tuple(sorted(events.values(), key=lambda e: (e.time, order_of(e)))),
        tuple(missing(clause, first, world) for clause in rule.excuses),
    )


def _text(template: Template, scope: Scope) -> str:
    pieces = []
    for piece in template.pieces:
        value = piece if isinstance(piece, str) else attempt(piece, scope)
        pieces.append("(not on record)" if isinstance(value, EvaluationError) else said(value))
    return "".join(pieces)


def evidence(rule: Rule, scope: Scope, world: World) -> Iterator[Event]:
    """The events of what the rule watches, of the fact its part is about, and of the facts by which ``if`` holds."""
    yield from _events_of(scope.variables[rule.head.name])
    if rule.each is not None:
        yield from _events_of(scope.variables[rule.each.name])
    for condition in rule.conditions:
        yield from _witnesses(condition, scope, world)


def _witnesses(condition: Condition, scope: Scope, world: World) -> Iterator[Event]:
    if isinstance(condition, Exists) and not condition.negated:
        for found in matches(condition.query, scope, world)[:1]:
            yield from _events_of(found)
            inner = scope.bind(**{condition.query.name: found})
            for part in condition.query.where:
                yield from _witnesses(part, inner, world)
    elif isinstance(condition, Measure):
        for found in matches(condition.query, scope, world):
            yield from _events_of(found)
    elif isinstance(condition, Group) and condition.mode != "not":
        held = [part for part in condition.conditions if holds(part, scope, world) is True]
        for part in held if condition.mode == "all" else held[:1]:
            yield from _witnesses(part, scope, world)


def missing(clause: Condition, scope: Scope, world: World) -> Missing:
    """What would have excused a breach by *clause*, which does not hold."""
    text = written(clause)
    if isinstance(clause, Exists):
        return _in_the_way(clause, text, scope, world) if clause.negated else _nearest(clause.query, text, scope, world)
    if isinstance(clause, Group) and clause.mode != "not":
        failing = next(part for part in clause.conditions if holds(part, scope, world) is not True)
        inner = missing(failing, scope, world)
        return Missing(text, inner.nearest, inner.failed, inner.reason, inner.fact)
    truth = holds(clause, scope, world)
    return Missing(text, None, text, "undecided" if truth is None else "false")


def _in_the_way(clause: Exists, text: str, scope: Scope, world: World) -> Missing:
    found = matches(clause.query, scope, world)[0]
    return Missing(text, named(clause.query.fact, found), text, "present", clause.query.fact)


def nearest_fact(query: Query, scope: Scope, world: World) -> tuple[Holding, Condition, bool | None] | None:
    """
    Of the facts that a query does not find, the nearest, its first condition that does not hold, and the truth of that.

    Among those that meet the first equality test: most conditions met in written order, then the latest.
    """
    conditions = flatten(query.where)
    first = first_equality(query)
    source = world.before if query.before else world.now
    best: tuple[Any, ...] | None = None
    for fact in source(query.fact):
        if query.of and fact.attributes["rule"] not in query.of:
            continue
        inner = scope.bind(**{query.name: fact})
        if first is not None and holds(conditions[first], inner, world) is not True:
            continue
        truths = [holds(condition, inner, world) for condition in conditions]
        met = next(number for number, truth in enumerate(truths) if truth is not True)
        rank = (met, began_last(fact))
        if best is None or rank > best[0]:
            best = (rank, fact, conditions[met], truths[met])
    return None if best is None else best[1:]


def _nearest(query: Query, text: str, scope: Scope, world: World) -> Missing:
    found = nearest_fact(query, scope, world)
    if found is None:
        return Missing(text, fact=query.fact)
    fact, failed, truth = found
    reason = "undecided" if truth is None else "false"
    return Missing(text, named(query.fact, fact), written(failed), reason, query.fact)


def named(fact: str, found: Holding) -> dict[str, Any]:
    """How an alert names a fact: what it is called, its key, and the event it has its attributes from."""
    key = [text_of(part) for part in (found.key if isinstance(found.key, tuple) else (found.key,))]
    return {"fact": fact, "key": key, "event": found.event.id if isinstance(found.event, Event) else None}


def _events_of(value: Any) -> tuple[Event, ...]:
    if isinstance(value, Holding):
        return value.events
    return (value,) if isinstance(value, Event) else ()
