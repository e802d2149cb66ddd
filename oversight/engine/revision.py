"""
What came late or was corrected since the last telling: how far time goes back, and which event changed which alert.

Late events are merged a batch at a time, in one rewind. Where a batch holds several and what was told before changes,
they are taken in once more one by one, so that each change names the event that made it and no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen

from oversight.engine.timeline import Timeline
from oversight.engine.verdicts import Verdict
from oversight.ground.instants import in_zone
from oversight.model.alerts import RAISED
from oversight.model.forms import ABSENT, Event

Stretch = tuple[datetime, bool]
"""All time before an instant, and that instant too where the second is true."""


@frozen
class Late:
    """
    An event that had time taken back.

    Args:
        event: that came late, or that corrects another.
        instant: to which time goes back for it.
        corrected: the event that it takes out of the history, if it does.
        queued: whether it takes part in the history itself.
    """

    event: Event
    instant: datetime
    corrected: Event | None = None
    queued: bool = True

    def reason(self, change: str, zone: ZoneInfo) -> str:
        """Why it changes what was told, for people; *change* says what it brings about."""
        if self.corrected is not None:
            taken = described(self.corrected, zone)
            return f"corrected: {taken} was taken out of the record by event {self.event.id}"
        return f"{'filed late' if change == RAISED else 'evidence filed late'}: {described(self.event, zone)}"


def described(event: Event, zone: ZoneInfo) -> str:
    """
    An event in words: what happened to what, and when; with the day it was recorded where that is another.

    What may be personal is not named, nor is the ``subject`` of an event that has such attributes, whom it may repeat.

    >>> from datetime import UTC
    >>> from oversight.model.forms import Event
    >>> class Approved(Event, frozen=True):
    ...     kind = "assessment.approved"
    >>> at, later = datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC)
    >>> described(
    ...     Approved(id="e", source="s", time=at, data=None, subject="pia-1", recordedtime=later), ZoneInfo("UTC")
    ... )
    'assessment pia-1 approved 2026-03-09, recorded 2026-03-20'
    """
    thing, _, act = event.kind.partition(".")
    names = (thing, thing.rsplit("_", 1)[-1])
    found = (getattr(event.data, name, ABSENT) for name in names if name not in event.personal)
    subject = next((value for value in found if isinstance(value, str)), ABSENT if event.personal else event.subject)
    named = subject if isinstance(subject, str) and subject else f"(event {event.id})"
    times = [in_zone(event.time, zone)]
    if event.recordedtime is not ABSENT and event.recordedtime != event.time:
        times.append(in_zone(event.recordedtime, zone))
    same_day = len({at.date() for at in times}) < len(times)
    shown = [f"{at:%Y-%m-%d %H:%M:%S}" if same_day else f"{at:%Y-%m-%d}" for at in times]
    return f"{thing} {named} {act} ".replace("_", " ") + ", recorded ".join(shown)


class Revision:
    """
    The late and correcting events of one batch, in order of arrival.

    Args:
        timeline: that is taken back.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.late: list[Late] = []

    @property
    def back_to(self) -> datetime | None:
        """The earliest instant to which time goes back; ``None`` where nothing came late."""
        return min((late.instant for late in self.late), default=None)

    def sole(self) -> Late | None:
        """The one late event, where there is just one."""
        different = {late.event.identity for late in self.late}
        return self.late[0] if len(different) == 1 else None

    def causes(self, alerts: Iterable[str], upto: Stretch, gone: set[tuple[str, str]]) -> dict[str, Late]:
        """
        Which of several late events made each of *alerts* what it is: the last that changed it.

        Args:
            alerts: identities of those that are no longer as they were told.
            upto: what had been judged.
            gone: identities of all events that corrections take out. The state ends as it was.
        """
        back = self.back_to
        assert back is not None
        timeline, rows = self._timeline, self._timeline.judge.verdicts.rows
        wanted, found = list(alerts), dict[str, Late]()
        timeline.rewind(back)
        own = {late.event.identity for late in self.late}
        timeline.drop(own)
        for late in self.late:
            if late.corrected is not None and late.corrected.identity not in own:
                timeline.take(late.corrected)
        timeline.close(*upto)
        before = {name: _state(rows.get(name)) for name in wanted}
        for late in self.late:
            timeline.rewind(min(late.instant, late.event.time) if late.queued else late.instant)
            if late.corrected is not None:
                timeline.drop({late.corrected.identity})
            if late.queued:
                timeline.drop({late.event.identity})
                timeline.take(late.event)
            timeline.close(*upto)
            for name in wanted:
                state = _state(rows.get(name))
                if state != before[name]:
                    before[name], found[name] = state, late
        timeline.drop(gone)
        return found


def _state(verdict: Verdict | None) -> Any:
    """What is told of an alert."""
    if verdict is None:
        return None
    ends = {subject: end for subject, (end, _) in verdict.ends().items()}
    return (verdict.at, ends, verdict.grounds())
