"""Orders of facts that do not hang on when they arrived."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from oversight.engine.store import Held
from oversight.ground.text import text_of as written
from oversight.model.forms import order_of


def key_order(key: Any) -> tuple[str, ...]:
    """An order of keys that is the same everywhere."""
    if key.__class__ is str:
        return (key,)
    return tuple([written(part) for part in (key if isinstance(key, tuple) else (key,))])


def began_last(held: Held) -> tuple[Any, ...]:
    """The order by which ``latest:`` chooses."""
    if held.event is None:
        return (held.since, held.since, (), key_order(held.key))
    return (held.since, held.event.time, order_of(held.event), key_order(held.key))


def latest_of(found: Iterable[Held]) -> Held | None:
    """The fact that ``latest:`` chooses; ``None`` where there is none."""
    return max(found, key=began_last, default=None)
