"""What falls due, and when."""

from __future__ import annotations

import heapq
from datetime import datetime
from typing import Any

from oversight.engine.journal import Journal

BEGINS, UNTIL, LASTS, DUE, JUDGE, WAIVE = "begins", "until", "lasts", "due", "judge", "waive"


class Timers:
    """
    What falls due, in order of time and half; entries that no longer apply are recognised when they come up.

    A timer that has come up is noted in the journal, so that taking time back puts it back.
    """

    def __init__(self) -> None:
        self.heap: list[tuple[datetime, int, int, str, Any, Any]] = []
        self.serial = 0

    def push(self, instant: datetime, half: int, what: str, whose: Any, key: Any) -> None:
        """Let *what* come up at *instant*."""
        self.serial += 1
        heapq.heappush(self.heap, (instant, half, self.serial, what, whose, key))

    def pop(self, journal: Journal) -> tuple[datetime, int, int, str, Any, Any]:
        """The next timer, taken out; it belongs to the instant begun last."""
        entry = heapq.heappop(self.heap)
        if journal.instants:
            journal.note(self, entry, None)
        return entry

    def restore(self, key: Any, old: Any) -> None:
        """Put a timer back."""
        heapq.heappush(self.heap, key)
