"""
A run that goes on: events as they come, and time by the clock, which is an argument here too.

What is later than the clock allows waits, so that one wrong date does not carry the engine into the future.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count, groupby
from operator import itemgetter
from typing import Protocol
from zoneinfo import ZoneInfo

from oversight.ground.text import printable
from oversight.ground.time import Period, format_instant, shift
from oversight.model.forms import Event
from oversight.runner.intake import Block, Refusal, named
from oversight.runner.run import LeftOut
from oversight.runner.summary import Summary

AHEAD = "PT5M"
SECOND = timedelta(seconds=1)
MOST_EARLY, MOST_EARLY_BYTES = 10_000, 16 * 1024 * 1024


class Followed(Protocol):
    """A run that can go on by a clock: through engines in memory, or into a record."""

    summary: Summary
    left_out: LeftOut | None

    @property
    def zone(self) -> ZoneInfo:
        """In which the days are that an event may be ahead."""

    def block(self, source: str, block: Block) -> None:
        """Take in a block of lines, and tell what that changes before its last instant."""

    def lines(self, source: str, lines: Iterable[tuple[int, bytes]]) -> None:
        """Take in numbered lines, likewise."""

    def refused(self, refusal: Refusal) -> None:
        """A line was not taken in."""

    def advance(self, to: datetime) -> None:
        """Let time pass, where *to* is later than the instant reached, and tell what that changes."""

    def finish(self) -> Summary:
        """Judge the last instant, and sum up: the events have ended."""

    def stop(self) -> Summary:
        """Sum up where somebody ends it before the events do."""


class LiveRun:
    """
    A run whose time goes by a clock.

    Args:
        run: that is to go on so.
        say: is told of each event that waits.
        clock: the time of day.
        ahead: how much later than the clock an event may be, an ISO 8601 duration.

    Raises:
        ValueError: *ahead* is no duration.
    """

    def __init__(
        self, run: Followed, say: Callable[[str], object], clock: Callable[[], datetime], *, ahead: str = AHEAD
    ) -> None:
        self._run, self._say, self._clock, self._period = run, say, clock, Period.parse(ahead)
        self._early: list[tuple[datetime, int, str, int, bytes]] = []
        self._held, self._order = 0, count()
        self._passed: datetime | None = None
        self._caught_up: datetime | None = None
        run.left_out = self._waits
        self._look()

    def _look(self) -> datetime:
        """Look at the clock, and move what events may be as late as."""
        now = self._clock()
        self._until = shift(now, self._period, self._run.zone, 1)
        return now

    def _waits(self, event: Event, line: bytes, source: str, number: int) -> bool:
        if event.time <= self._until:
            return False
        what = f"event '{printable(event.id, 80)}' of {format_instant(event.time)}"
        if len(self._early) >= MOST_EARLY or self._held + len(line) > MOST_EARLY_BYTES:
            said = f"{what} is later than the clock and --ahead allow, and no more such events can wait"
            self._run.refused(Refusal(source, number, "too-early", said))
            return True
        heappush(self._early, (event.time, next(self._order), source, number, line))
        self._held += len(line)
        place = f"{printable(named(source))}:{number}"
        self._say(f"{place}: {what} is later than the clock and --ahead allow: it waits until then")
        return True

    def block(self, source: str, block: Block) -> None:
        """Take in a block of lines of *source*; what is too early waits."""
        self._run.block(source, block)

    def tick(self, caught_up: bool) -> None:
        """
        Take in what waited until now, and let time pass, once a second.

        Args:
            caught_up: whether all that there is was read: else the clock would make late what comes next.
        """
        now = self._look()
        for source, ripe in groupby(self._ripe(), itemgetter(0)):
            self._run.lines(source, [(number, line) for _, number, line in ripe])
        self._caught_up = now if caught_up else None
        if not caught_up or (self._passed is not None and SECOND > now - self._passed >= timedelta(0)):
            return
        self._passed = now
        self._run.advance(now)

    def _ripe(self) -> list[tuple[str, int, bytes]]:
        """The lines of the events that waited until now, in order of time."""
        found = []
        while self._early and self._early[0][0] <= self._until:
            _, _, source, number, line = heappop(self._early)
            self._held -= len(line)
            found.append((source, number, line))
        return found

    def finish(self) -> Summary:
        """Judge the last instant, tell what that changes, and sum up; time passes no further."""
        self._count_early()
        return self._run.finish()

    def stop(self) -> Summary:
        """Sum up before the events have ended; time passes to where all that there was had been read."""
        if self._caught_up is not None:
            self._run.advance(self._caught_up)
        self._count_early()
        return self._run.stop()

    def _count_early(self) -> None:
        summary = self._run.summary
        summary.limit = "the clock and --ahead"
        summary.waiting = len(self._early)
        if self._early:
            _, _, source, number, _ = self._early[0]
            summary.first_waiting = f"{named(source)}:{number}"


class Feed(Protocol):
    """Where lines come from as time goes on."""

    source: str
    ended: bool

    def read(self) -> Block | None:
        """The lines that are there, none where one is not complete yet; ``None`` where there is nothing new."""


def follow(
    run: LiveRun,
    feeds: Sequence[Feed],
    flush: Callable[[], object],
    pause: Callable[[], object],
    stopped: Callable[[], bool],
) -> Summary:
    """
    Take in what *feeds* give until all have ended or somebody stops it; nothing is read while changes are told.

    Args:
        run: to which the lines go.
        feeds: read in turn, a bounded piece of each at a time.
        flush: passes on what outlets still hold.
        pause: returns when there may be more to read, or a moment has passed.
        stopped: whether to stop.
    """
    while not all(feed.ended for feed in feeds):
        if stopped():
            return run.stop()
        busy = False
        for feed in feeds:
            block = None if feed.ended else feed.read()
            if block is not None:
                busy = True
                run.block(feed.source, block)
        run.tick(caught_up=not busy)
        flush()
        if not busy:
            pause()
    return run.finish()
