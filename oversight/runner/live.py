"""
A run that goes on: events as they come, and time by the clock, which is an argument here too.

What is later than the clock allows waits, so that one wrong date does not carry the engine into the future.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from oversight.ground.text import printable
from oversight.ground.time import Period, format_instant, shift
from oversight.model.forms import Event
from oversight.model.pack import Pack
from oversight.runner.intake import Block, Refusal
from oversight.runner.pseudonyms import Keys
from oversight.runner.run import Run, Tell
from oversight.runner.summary import Summary

AHEAD = "PT5M"
SECOND = timedelta(seconds=1)
MOST_EARLY, MOST_EARLY_BYTES = 10_000, 16 * 1024 * 1024


class LiveRun(Run):
    """
    A run whose time goes by a clock.

    Args:
        packs, tell, refuse, revise, keys: as of a run.
        say: is told of each event that waits.
        clock: the time of day.
        ahead: how much later than the clock an event may be, an ISO 8601 duration.

    Raises:
        ValueError: *revise* or *ahead* is no duration.
    """

    def __init__(
        self,
        packs: Sequence[Pack],
        tell: Tell,
        refuse: Callable[[Refusal], object],
        say: Callable[[str], object],
        clock: Callable[[], datetime],
        *,
        ahead: str = AHEAD,
        revise: str | None = None,
        keys: Keys | None = None,
    ) -> None:
        super().__init__(packs, tell, refuse, revise=revise, keys=keys)
        self._say, self._clock, self._period = say, clock, Period.parse(ahead)
        self._early: list[tuple[datetime, int, str, int, bytes]] = []
        self._held, self._order = 0, count()
        self._passed: datetime | None = None
        self._look()

    def _look(self) -> datetime:
        """Look at the clock, and move what events may be as late as."""
        now = self._clock()
        self._until = shift(now, self._period, self.engines[0].pack.zone, 1)
        return now

    def _left_out(self, event: Event, line: bytes, source: str, number: int) -> bool:
        assert self._until is not None
        if event.time <= self._until:
            return False
        what = f"event '{printable(event.id, 80)}' of {format_instant(event.time)}"
        if len(self._early) >= MOST_EARLY or self._held + len(line) > MOST_EARLY_BYTES:
            said = f"{what} is later than the clock and --ahead allow, and no more such events can wait"
            self._refused(Refusal(source, number, "too-early", said))
            return True
        heappush(self._early, (event.time, next(self._order), source, number, line))
        self._held += len(line)
        self._say(
            f"{printable(source)}:{number}: {what} is later than the clock and --ahead allow: it waits until then"
        )
        return True

    def tick(self, caught_up: bool) -> None:
        """
        Take in what waited until now, and let time pass, once a second.

        Args:
            caught_up: whether all that there is was read: else the clock would make late what comes next.
        """
        now = self._look()
        assert self._until is not None
        while self._early and self._early[0][0] <= self._until:
            _, _, source, number, line = heappop(self._early)
            self._held -= len(line)
            self.block(source, Block(number, [line]))
        if not caught_up or (self._passed is not None and SECOND > now - self._passed >= timedelta(0)):
            return
        self._passed = now
        for engine in self.engines:
            if engine.now is None or engine.now < now:
                self._told(engine.advance(now))

    def finish(self) -> Summary:
        """Judge the last instant, tell what that changes, and sum up; time passes no further."""
        for engine in self.engines:
            self._told(engine.settle())
        self.summary.limit = "the clock and --ahead"
        self.summary.waiting = len(self._early)
        if self._early:
            _, _, source, number, _ = self._early[0]
            self.summary.first_waiting = f"{source}:{number}"
        return self._summed_up()


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
    while not stopped() and not all(feed.ended for feed in feeds):
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
