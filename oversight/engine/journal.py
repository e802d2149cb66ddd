"""What was done at each instant, so that any stretch of time can be taken back."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from oversight.model.forms import Event


class Journal:
    """
    What was done at each instant, and how to take it back.

    The undo log is one flat list (target, key, what stood there, and so on) rather than one of triples: a journal of
    millions of writes then holds nothing that the garbage collector must go through.
    """

    slice = 250
    """The least number of instants worth letting go of at once."""

    def __init__(self) -> None:
        self.instants: list[datetime] = []
        self.events: list[Event | tuple[Event, ...]] = []
        """What came at each instant; a lone event stands without a tuple around it."""
        self.positions: list[int] = []
        self.undo: list[Any] = []
        self.dropped = 0

    def begin(self, instant: datetime, events: Event | tuple[Event, ...]) -> None:
        """Note that what follows happens at *instant*, where *events* came."""
        self.instants.append(instant)
        self.events.append(events)
        self.positions.append(self.dropped + len(self.undo))

    def note(self, target: Any, key: Any, old: Any) -> None:
        """Remember that *old* stood under *key* of *target*."""
        self.undo += (target, key, old)

    def write(self, target: Any, key: Any, new: Any) -> None:
        """Put *new* under *key* of *target*, ``None`` taking it out, and remember what stood there."""
        self.undo += (target, key, target.rows.get(key))
        target.restore(key, new)

    def backwards(self) -> Iterator[tuple[Any, Any, Any]]:
        """What every write changed and what stood there, newest first."""
        undo = self.undo
        for position in range(len(undo) - 3, -1, -3):
            yield undo[position], undo[position + 1], undo[position + 2]

    def rewind(self, instant: datetime) -> list[Event]:
        """Take back everything from *instant* on; the events that came then, in order of time."""
        first = bisect_left(self.instants, instant)
        if first == len(self.instants):
            return []
        taken = _flat(self.events[first:])
        undo, left = self.undo, self.positions[first] - self.dropped
        while len(undo) > left:
            old, key, target = undo.pop(), undo.pop(), undo.pop()
            target.restore(key, old)
        del self.instants[first:], self.events[first:], self.positions[first:]
        return taken

    def forget(self, before: datetime, *, whole: bool = False) -> list[Event]:
        """Make all that happened before an instant final, in large slices if not *whole*; the events let go."""
        count = bisect_left(self.instants, before)
        if not count or (not whole and count < max(self.slice, len(self.instants) // 4)):
            return []
        taken = _flat(self.events[:count])
        position = self.positions[count] if count < len(self.positions) else self.dropped + len(self.undo)
        del self.undo[: position - self.dropped]
        del self.instants[:count], self.events[:count], self.positions[:count]
        self.dropped = position
        return taken


def _flat(events: list[Event | tuple[Event, ...]]) -> list[Event]:
    flat: list[Event] = []
    for one in events:
        if type(one) is tuple:
            flat += one
        else:
            flat.append(one)  # type: ignore[arg-type]
    return flat
