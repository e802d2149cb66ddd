"""What falls due, and when."""

from __future__ import annotations

from collections import deque
from datetime import datetime, tzinfo
from heapq import heappop, heappush, heapreplace
from typing import Any

from oversight.engine.journal import Journal

BEGINS, UNTIL, LASTS, DUE, JUDGE, WAIVE = "begins", "until", "lasts", "due", "judge", "waive"
Timer = tuple[datetime, int, int, str, Any, Any, datetime]
"""
When it comes up, as it compares with others, and in which half of that instant; its number, what comes up, whose it is,
and the key; and when, as it is told.
"""


class Timers:
    """
    What falls due, in order of time and half; entries that no longer apply are recognised when they come up.

    The timers of one deadline are nearly always set in the order in which they come up. Those wait in a line, and only
    the first of a line stands in the heap, which stays as small as there are deadlines. What is set out of order stands
    in the heap by itself. A timer that has come up is noted in the journal, so that taking time back puts it back.

    Instants of one offset compare in a tenth of the time that those of two take, so all are compared by one clock.
    """

    def __init__(self) -> None:
        self.heap: list[Timer] = []
        self.lines: dict[str, dict[Any, deque[Timer]]] = {
            what: {} for what in (BEGINS, UNTIL, LASTS, DUE, JUDGE, WAIVE)
        }
        """By what comes up and whose it is: those that wait in order, the first of which is in the heap as well."""
        self.serial = 0
        self.clock: tzinfo | None = None
        """That of the events that come, by which what is set is compared; any other tells the same."""

    def push(self, instant: datetime, half: int, what: str, whose: Any, key: Any) -> None:
        """Let *what* come up at *instant*."""
        self.serial += 1
        when = instant if instant.tzinfo is self.clock else self._by_clock(instant)
        timer = (when, half, self.serial, what, whose, key, instant)
        line = self.lines[what].get(whose)
        if line:
            if line[-1][0] <= when:
                line.append(timer)
                return
        elif line is None:
            self.lines[what][whose] = deque((timer,))
        else:
            line.append(timer)
        heappush(self.heap, timer)

    def _by_clock(self, instant: datetime) -> datetime:
        try:
            return instant if self.clock is None else instant.astimezone(self.clock)
        except OverflowError:  # at either end of the calendar
            return instant

    def pop(self, journal: Journal) -> Timer:
        """The next timer, taken out; it belongs to the instant begun last."""
        heap = self.heap
        timer = heap[0]
        line = self.lines[timer[3]].get(timer[4])
        if line and line[0] is timer:
            line.popleft()
        else:
            line = None
        if line:
            heapreplace(heap, line[0])
        else:
            heappop(heap)
        if journal.instants:
            journal.undo += (self, timer, None)
        return timer

    def restore(self, key: Timer, old: Any) -> None:
        """Put a timer back."""
        heappush(self.heap, key)

    def waiting(self) -> list[Timer]:
        """Every timer, in no order."""
        lines = [line for of in self.lines.values() for line in of.values()]
        return [*self.heap, *[timer for line in lines for timer in list(line)[1:]]]

    def clear(self) -> None:
        """Let nothing come up any more."""
        self.heap.clear()
        for of in self.lines.values():
            of.clear()
