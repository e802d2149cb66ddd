"""When the state of a recorded engine is written down."""

from __future__ import annotations

from oversight.record.entries import EVENT, Entry

LEAST = 10_000


class Pace:
    """
    Says when the next snapshot is due: once 10,000 events came since the last, and as many bytes of them as it had.

    A snapshot is as large as the state, which may grow with the record. At a fixed distance, writing them would in the
    end take all the time there is; this way it is never more bytes than the events were, and starting again never has
    to replay much more than it has to read.

    Attributes:
        events: how many came since the last snapshot.

    >>> Pace().due
    False
    """

    def __init__(self) -> None:
        self.events = 0
        self._bytes = 0
        self._size = 0

    def saw(self, entry: Entry) -> None:
        """Count *entry*."""
        if entry.type == EVENT and entry.body is not None:
            self.events += 1
            self._bytes += len(entry.body)

    def taken(self, size: int) -> None:
        """A snapshot of so many bytes was taken."""
        self.events = self._bytes = 0
        self._size = size

    @property
    def due(self) -> bool:
        """Whether it is time for the next."""
        return self.events >= LEAST and self._bytes >= self._size
