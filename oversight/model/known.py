"""What could have been known on a day: events have two times, when they happened and when they were recorded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from oversight.ground.instants import refuse_unaware
from oversight.model.forms import ABSENT, Event, Stranger


def recorded_at(event: Event) -> datetime:
    """When *event* was recorded: its ``recordedtime``, or its ``time`` where it does not say."""
    return event.time if event.recordedtime is ABSENT else event.recordedtime


def of_known_kinds(events: Iterable[Event | Stranger], who: str) -> list[Event]:
    """
    *events* without those whose kinds the pack does not know.

    Args:
        events: decoded.
        who: the name of the function that was given them, for the message.

    Raises:
        TypeError: one of *events* is not decoded.
    """
    found = []
    for event in events:
        if isinstance(event, Event):
            found.append(event)
        elif not isinstance(event, Stranger):
            raise TypeError(f"{who} takes decoded events, not {type(event).__name__}: use Engine.decode first")
    return found


def as_known_at(events: Iterable[Event | Stranger], at: datetime) -> list[Event]:
    """
    The events that somebody could have known of at an instant: those that had happened and been recorded by then.

    A correction counts from when it was itself recorded. An event recorded before it happens, an announcement, counts
    from when it happens. Fed to an engine that is then advanced to *at*, they raise the alerts that could have
    been known then; the same events as they are known today may show that some of them never were.

    Args:
        events: decoded, as :meth:`Engine.decode` gives them, in any order; those of unknown kinds are left out.
        at: with an offset.

    Returns:
        The events that count, in the order given.

    Raises:
        ValueError: *at* has no offset.
        TypeError: *at* is no datetime, or one of *events* is not decoded.

    >>> from datetime import datetime
    >>> import oversight
    >>> engine = oversight.Engine(oversight.load("camera-programme"))
    >>> retracted = {"kind": "event.retracted", "corrects": "0", "time": "2026-03-10T09:00:00+08:00"}
    >>> prompt = engine.decode({"id": "1", **retracted})
    >>> late = engine.decode({"id": "2", **retracted, "recordedtime": "2026-03-20T09:00:00+08:00"})
    >>> [event.id for event in as_known_at([prompt, late], datetime.fromisoformat("2026-03-15T00:00:00+08:00"))]
    ['1']
    """
    refuse_unaware(at, "as_known_at")
    known = of_known_kinds(events, "as_known_at")
    return [event for event in known if event.time <= at and recorded_at(event) <= at]
