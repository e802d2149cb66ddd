"""Whether a condition holds: the three-valued meaning of tests, quantifiers, measures and groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from attrs import frozen

from oversight.ground.text import text_of
from oversight.ground.values import EvaluationError
from oversight.meaning.evaluate import Scope, evaluate
from oversight.meaning.spells import Holding
from oversight.model.forms import Event, order_of
from oversight.model.pack import (
    Condition, Each, Exists, Expression, Group, Latest, Limit, Measure, Query, Test, Value,
)  # fmt: skip
from oversight.model.types import nothing_of

Truth = bool | None
"""True, false, or undecided (``None``)."""

Seen = Callable[[object, Truth], None]
"""
Is told what was looked at and what was found: of a condition its truth, of ``each:`` and ``latest:`` whether there
was anything, of a deadline (its expression) whether it passed or was met.
"""

_COMPARISONS = {"at_most": "<=", "at_least": ">=", "more_than": ">", "fewer_than": "<"}


@frozen
class World:
    """
    The facts that can be asked for at one moment.

    Args:
        now: the facts of a name that hold at the moment.
        before: the facts of a name as they stood before the instant.
        seen: is told of what was looked at, where anybody wants to know.
    """

    now: Callable[[str], Iterable[Holding]]
    before: Callable[[str], Iterable[Holding]]
    seen: Seen | None = None

    def facts(self, query: Query, scope: Scope) -> Iterable[Holding]:
        """The facts among which a query looks."""
        return (self.before if query.before else self.now)(query.fact)

    def note(self, what: object, found: Truth) -> None:
        """Tell of what was looked at."""
        if self.seen is not None:
            self.seen(what, found)


def conjunction(conditions: Sequence[Condition], scope: Scope, world: World) -> Truth:
    """True if all hold, false if one does not, else undecided; read in order, up to the one that decides."""
    return _junction(conditions, scope, world, deciding=False)


def disjunction(conditions: Sequence[Condition], scope: Scope, world: World) -> Truth:
    """True if one holds, false if none does, else undecided; read in order, up to the one that decides."""
    return _junction(conditions, scope, world, deciding=True)


def _junction(conditions: Sequence[Condition], scope: Scope, world: World, deciding: bool) -> Truth:
    found: Truth = not deciding
    for condition in conditions:
        truth = holds(condition, scope, world)
        if truth is deciding:
            return deciding
        found = None if truth is None else found
    return found


def holds(condition: Condition, scope: Scope, world: World) -> Truth:
    """Whether *condition* holds."""
    truth = _truth(condition, scope, world)
    world.note(condition, truth)
    return truth


def _truth(condition: Condition, scope: Scope, world: World) -> Truth:
    if isinstance(condition, Test):
        value = attempt(condition.expression, scope)
        return value if isinstance(value, bool) else None
    if isinstance(condition, Exists):
        return bool(matches(condition.query, scope, world)) != condition.negated
    if isinstance(condition, Group):
        if condition.mode == "not":
            truth = holds(condition.conditions[0], scope, world)
            return None if truth is None else not truth
        junction = conjunction if condition.mode == "all" else disjunction
        return junction(condition.conditions, scope, world)
    number = measure(condition, scope, world)
    truths = [_within(number, limit, scope) for limit in condition.limits]
    return False if False in truths else None if None in truths else True


def _within(number: Any, limit: Limit, scope: Scope) -> Truth:
    try:
        bound = evaluate(limit.value.node, scope)
        found = scope.operations[_COMPARISONS[limit.comparison]](number, bound)
    except EvaluationError:
        return None
    return bool(found)


def matches(query: Query, scope: Scope, world: World) -> list[Holding]:
    """The facts a query finds, in the order of their keys."""
    candidates = [f for f in world.facts(query, scope) if not query.of or f.attributes["rule"] in query.of]
    found = [f for f in candidates if conjunction(query.where, scope.bind(**{query.name: f}), world) is True]
    return sorted(found, key=lambda f: key_order(f.key))


def key_order(key: Any) -> tuple[str, ...]:
    """An order of keys that is the same everywhere."""
    return tuple(text_of(part) for part in (key if isinstance(key, tuple) else (key,)))


def began_last(fact: Holding) -> tuple[Any, ...]:
    """The order of facts by how late they began; for ``latest:`` and for what came nearest."""
    if not isinstance(fact.event, Event):
        return (fact.since, fact.since, (), key_order(fact.key))
    return (fact.since, fact.event.time, order_of(fact.event), key_order(fact.key))


def measure(condition: Measure, scope: Scope, world: World) -> Any:
    """The count or sum; an error (returned, not raised) where a value of it has one."""
    found = matches(condition.query, scope, world)
    wanted = condition.total or condition.distinct
    if wanted is None:
        return len(found)
    values = [attempt(wanted, scope.bind(**{condition.query.name: f})) for f in found]
    failed = next((v for v in values if isinstance(v, EvaluationError)), None)
    if failed is not None:
        return failed
    try:
        return _total(values, condition.total, scope) if condition.total else _different(values, scope)
    except EvaluationError as error:
        return error


def _total(values: list[Any], added: Expression, scope: Scope) -> Any:
    if not values:
        return nothing_of(added.type)
    total = values[0]
    for value in values[1:]:
        total = scope.operations["+"](total, value)
    return total


def _different(values: list[Any], scope: Scope) -> int:
    seen: list[Any] = []
    for value in values:
        if not any(scope.operations["=="](value, other) for other in seen):
            seen.append(value)
    return len(seen)


def attempt(expression: Expression, scope: Scope) -> Any:
    """The value of *expression*, or its error as a value."""
    try:
        return evaluate(expression.node, scope)
    except EvaluationError as error:
        return error


def value_of(value: Value, scope: Scope, world: World) -> Any:
    """The value of an entry of ``with:``, or its error as a value."""
    if isinstance(value, Expression):
        return attempt(value, scope)
    if isinstance(value, Latest):
        found = matches(value.query, scope, world)
        world.note(value, bool(found))
        if not found:
            nothing = EvaluationError("none on record")
            return nothing if value.otherwise is None else attempt(value.otherwise, scope)
        last = max(found, key=began_last)
        return attempt(value.value, scope.bind(**{value.query.name: last}))
    if isinstance(value, Measure) and not value.limits:
        return measure(value, scope, world)
    truth = holds(value, scope, world)
    return EvaluationError("undecided") if truth is None else truth


def each_of(each: Each | None, scope: Scope, world: World) -> list[tuple[Any, Scope]]:
    """The bindings of ``each:`` as pairs of what tells them apart and their scope; one where there is none."""
    if each is None:
        return [((), scope)]
    if isinstance(each.source, Query):
        found = [(f.key, scope.bind(**{each.name: f})) for f in matches(each.source, scope, world)]
    else:
        value = attempt(each.source, scope)
        items = value if isinstance(value, list) else []
        found = [(number, scope.bind(**{each.name: item})) for number, item in enumerate(items)]
    world.note(each, bool(found))
    return found


def with_values(values: Sequence[tuple[str, Value]], scope: Scope, world: World) -> Scope:
    """The scope with the values of ``with:``, each seeing those before it."""
    for name, value in values:
        scope = scope.bind(**{name: value_of(value, scope, world)})
    return scope
