"""What a run met and did: counts, what a person should look at, and the exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import define, field

from oversight.ground.text import nearest, printable
from oversight.ground.time import format_instant
from oversight.model.alerts import CLEARED, RAISED, WITHDRAWN, Change
from oversight.model.forms import Event
from oversight.runner.intake import named

NO_ALERT, REFUSED, ALERTS = 0, 1, 3
FAR = timedelta(days=366)
_MOST = 8


@define
class Summary:
    """
    What happened in a run.

    Attributes:
        events: how many were taken in.
        refused: how many lines were not.
        waiting: how many events are later than the instant to which the run went.
        first_waiting: the place of the first of these, as ``file:line``.
        limit: the option that says to which instant the run went.
        unrecorded: how many events were recorded later than what counts, where only what was known then does.
        first_unrecorded: the place of the first of these, as ``file:line``.
        strangers: how many events of each kind that no pack knows.
        changes: how many of each sort were told.
        standing: identities of the alerts that were raised and not withdrawn.
        waived: those of them that an exception of a site waives.
        unmatched: source and id of what corrections name and no event has.
        undecided: how often a condition of a rule could not be decided, and the id of the first event.
        span: the times of the first and the last event taken in, whatever their order; ``None`` before one was.
    """

    events: int = 0
    refused: int = 0
    waiting: int = 0
    first_waiting: str = ""
    limit: str = "--until"
    unrecorded: int = 0
    first_unrecorded: str = ""
    strangers: Counter[str] = field(factory=Counter)
    changes: Counter[str] = field(factory=Counter)
    standing: set[str] = field(factory=set)
    waived: set[str] = field(factory=set)
    unmatched: set[tuple[str, str]] = field(factory=set)
    undecided: dict[tuple[str, str], tuple[int, str]] = field(factory=dict)
    span: tuple[datetime, datetime] | None = None
    _latest: tuple[Event, str, int] | None = None
    _second: datetime | None = None

    @property
    def status(self) -> int:
        """The exit status: 1 where lines were refused, else 3 where alerts stand that nothing waives, else 0."""
        return REFUSED if self.refused else ALERTS if self.standing - self.waived else NO_ALERT

    def saw(self, source: str, events: Sequence[Event], lines: Sequence[int]) -> None:
        """Count *events*, of these *lines*, and keep in mind the two latest."""
        self.events += len(events)
        if not events:
            return
        times = [event.time for event in events]
        newest, latest = max(times), self._latest
        first, last = self.span or (newest, newest)
        self.span = min(first, *times), max(last, newest)
        if latest is None or newest > latest[0].time:
            place = times.index(newest)
            self._second = None if latest is None else latest[0].time
            self._latest = latest = (events[place], source, lines[place])
        sole = latest[0]
        # A repeat of the latest event is no other event.
        others = [t for e, t in zip(events, times, strict=True) if t < sole.time or e.identity != sole.identity]
        if others:
            second = max(others)
            self._second = second if self._second is None else max(self._second, second)

    def waits(self, place: str) -> None:
        """Count an event that is later than what counts in the run; *place* is where it stands."""
        self.waiting += 1
        self.first_waiting = self.first_waiting or place

    def told(self, changes: Iterable[Change]) -> None:
        """Count *changes*."""
        for change in changes:
            self.changes[change.change] += 1
            if change.change == RAISED:
                self.standing.add(change.alert)
            elif change.change == WITHDRAWN:
                self.standing.discard(change.alert)
            if change.waived and change.change != WITHDRAWN:
                self.waived.add(change.alert)
            else:
                self.waived.discard(change.alert)

    def lines(self, kinds: Iterable[str], now: datetime | None) -> Iterator[str]:
        """
        The summary for people, safe for a terminal.

        Args:
            kinds: those that are known, for the nearest name.
            now: the instant reached.
        """
        yield f"{counted(self.events, 'event')} taken in, {self._changes()}"
        if self.refused:
            yield f"{counted(self.refused, 'line')} refused, each named above"
        yield from self.notes(kinds, now)

    def notes(self, kinds: Iterable[str], now: datetime | None) -> Iterator[str]:
        """
        What a person should look at, as of :meth:`lines`, without what was counted and refused.

        Args:
            kinds: those that are known, for the nearest name.
            now: the instant reached.
        """
        if self.strangers:
            yield self._unknown(list(kinds))
        if self.waiting:
            waiting = counted(self.waiting, "event")
            yield f"{waiting} later than {self.limit} not taken in, the first at {printable(self.first_waiting)}"
        if self.unrecorded:
            left = counted(self.unrecorded, "event")
            yield f"{left} recorded later than --as-known-at left out, the first at {printable(self.first_unrecorded)}"
        if (far := self._far(now)) is not None:
            event, source, line = far
            said = f"event '{printable(event.id, 80)}' of {format_instant(event.time)}"
            yield (
                f"{printable(named(source))}:{line}: {said} is more than a year later than every other; "
                "if its date is wrong, correct it, or leave it out with --until"
            )
        if self.unmatched:
            yield self._corrected()
        yield from undecided_lines(self.undecided)

    def _changes(self) -> str:
        told = [
            f"{self.changes[name]} {name}" for name in (RAISED, "updated", CLEARED, WITHDRAWN) if self.changes[name]
        ]
        waived = f", {len(self.waived):,} of them waived" if self.waived else ""
        return f"{counted(len(self.standing), 'alert')}{waived} ({', '.join(told)})" if told else "no alert"

    def _unknown(self, kinds: list[str]) -> str:
        told = []
        for kind, count in self.strangers.most_common(_MOST):
            near = nearest(kind, kinds)
            told.append(f"{count} of '{printable(kind, 80)}'" + (f" (did you mean {near!r}?)" if near else ""))
        more = len(self.strangers) - _MOST
        tail = f" and {counted(more, 'other kind')}" if more > 0 else ""
        total = counted(sum(self.strangers.values()), "event")
        return f"{total} of a kind that no pack knows, not taken in: {', '.join(told)}{tail}"

    def _corrected(self) -> str:
        named = [f"'{printable(event, 80)}'" for _, event in sorted(self.unmatched)]
        more = len(named) - _MOST
        tail = f" and {more} more" if more > 0 else ""
        total, first = counted(len(named), "correction"), ", ".join(named[:_MOST])
        return f"{total} of an event that is not on record of that source or can be revised no more: {first}{tail}"

    def _far(self, now: datetime | None) -> tuple[Event, str, int] | None:
        """The event more than a year later than every other; ``None`` also where it has been corrected."""
        if self._latest is None or self._second is None or now is None:
            return None
        time = self._latest[0].time
        return self._latest if time - self._second > FAR and now >= time else None


def undecided_lines(undecided: Mapping[tuple[str, str], tuple[int, str]]) -> Iterator[str]:
    """
    The conditions that could not be decided, one line each.

    >>> list(undecided_lines({("R-1", "e.new > e.old"): (2, "ev-7")}))
    ["R-1: this condition could not be decided 2 times, first for event 'ev-7': e.new > e.old"]
    """
    for (rule, clause), (count, first) in sorted(undecided.items()):
        yield (
            f"{printable(rule)}: this condition could not be decided {counted(count, 'time')}, "
            f"first for event '{printable(first, 80)}': {printable(clause)}"
        )


def counted(number: int, what: str) -> str:
    """
    A number of things in words.

    >>> counted(1, "line"), counted(2000, "line")
    ('1 line', '2,000 lines')
    """
    return f"{number:,} {what}" + ("" if number == 1 else "s")
