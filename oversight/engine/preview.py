"""What planned events would change if they happened, found out on an engine beside the real one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from oversight.ground.errors import EventError
from oversight.ground.instants import refuse_unaware
from oversight.ground.text import printable
from oversight.ground.time import format_instant
from oversight.model.alerts import Change
from oversight.model.events import Vocabulary
from oversight.model.forms import Event, Stranger

if TYPE_CHECKING:
    from oversight.engine.core import Engine


def planned(source: Any, vocabulary: Vocabulary, now: datetime | None, number: int) -> Event | Stranger:
    """
    Read a planned event; without ``time`` it happens now, without ``id`` it is called ``plan-NUMBER``.

    Args:
        source: as :meth:`Vocabulary.decode` takes it.
        vocabulary: the kinds of the pack.
        now: the instant reached, or ``None`` before the first.
        number: which of the planned events it is.

    Raises:
        EventError: it is no event, or it has no time and nothing has been reached.
    """
    if isinstance(source, Event | Stranger):
        return source
    written = vocabulary.parsed(source)
    if "time" not in written and now is None:
        raise EventError("a planned event without a time happens now, and no instant has been reached yet", "$.time")
    now_written = {} if now is None else {"time": format_instant(now)}
    return vocabulary.decode({"id": f"plan-{number}", "source": "", **now_written, **written})


def known(event: Event | Stranger, vocabulary: Vocabulary) -> Event:
    """
    *event*, if its kind is known: of any other nothing could be raised, and that would not be an answer.

    Raises:
        EventError: it is not; names the nearest.
    """
    if isinstance(event, Event):
        return event
    near = vocabulary.nearest_kind(event.kind)
    hint = f", did you mean {near!r}?" if near else ""
    raise EventError(f"unknown kind '{printable(event.kind, 80)}'{hint}", "$.kind")


def preview(engine: Engine, events: Any, until: datetime | None) -> tuple[Change, ...]:
    """As :meth:`Engine.preview`."""
    if until is not None:
        refuse_unaware(until, "preview")
    trial = engine.fork()
    sources = events if isinstance(events, list | tuple) else [events]
    read = [planned(source, engine.vocabulary, engine.now, number) for number, source in enumerate(sources, 1)]
    changes = trial.feed([known(event, engine.vocabulary) for event in read])
    if until is not None:
        changes += trial.advance(until)
    return tuple(beyond(changes, ordinary(engine, trial.now)))


def ordinary(engine: Engine, upto: datetime | None) -> tuple[Change, ...]:
    """What *engine* would tell by itself, were the instant *upto* reached without any further event."""
    if upto is None or engine.closed == engine.now == upto:
        return ()
    other = engine.fork()
    changes = other.settle()
    return changes if other.now is not None and upto <= other.now else changes + other.advance(upto)


def beyond(changes: Iterable[Change], others: Iterable[Change]) -> list[Change]:
    """Those of *changes* that are not told among *others* as well."""
    left = Counter(map(_told, others))
    found = []
    for change in changes:
        if left[_told(change)] > 0:
            left[_told(change)] -= 1
        else:
            found.append(change)
    return found


def _told(change: Change) -> tuple[Any, ...]:
    return (change.change, change.alert, change.at, change.subjects)
