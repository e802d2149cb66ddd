"""Optional attributes may be missing: where that leaves a condition undecided, ``has`` must ask first."""

from __future__ import annotations

from collections.abc import Iterable

from oversight.language.scope import Scope
from oversight.language.typing import guards_of, unguarded
from oversight.model.pack import Condition, Expression, Group, Measure, Test

Path = tuple[str, ...]


def guaranteed(conditions: Iterable[Condition]) -> set[Path]:
    """The optional attributes that are there wherever all *conditions* hold."""
    found: set[Path] = set()
    for condition in conditions:
        if isinstance(condition, Test):
            found |= guards_of(condition.expression.node)
        elif isinstance(condition, Group) and condition.mode == "all":
            found |= guaranteed(condition.conditions)
    return found


def require(conditions: Iterable[Condition], scope: Scope, guards: set[Path]) -> None:
    """
    Refuse reads of optional attributes that nothing asks for first.

    Args:
        conditions: of ``if:``, all of which must hold.
        scope: in which they were checked.
        guards: what is known to be there.
    """
    several = list(conditions)
    known = guards | guaranteed(several)
    for condition in several:
        if isinstance(condition, Test):
            require_in(condition.expression, scope, known)
        elif isinstance(condition, Measure):
            for limit in condition.limits:
                require_in(limit.value, scope, known)
        elif isinstance(condition, Group) and condition.mode == "all":
            require(condition.conditions, scope, known)
        elif isinstance(condition, Group):
            for one in condition.conditions:
                require([one], scope, known)


def require_in(expression: Expression, scope: Scope, guards: set[Path]) -> None:
    """Refuse what :func:`require` refuses, in one expression."""
    if scope.is_faulty(expression):
        return
    written = scope.origin(expression)
    for path, span in unguarded(expression.node, guards):
        if scope.is_lost(path[0]):
            continue
        place, width = written.at(span)
        name = ".".join(path)
        scope.findings.error(
            "unguarded-optional",
            f"{name} is optional and may be missing here",
            place,
            width,
            f"ask first: has({name})",
        )
