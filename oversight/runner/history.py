"""A whole history in memory, read from files: for questions that look back at it more than once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from oversight.ground.errors import EventError
from oversight.model.events import Vocabulary
from oversight.model.forms import Event, Stranger
from oversight.model.known import as_known_at
from oversight.runner.intake import Read, Refusal, blocks, named


class History:
    """
    The events of files, each with its place.

    Args:
        vocabulary: the kinds of the pack.
        refuse: is given each line that is not taken in.
        known_at: count only what was recorded by then; ``None`` counts everything.

    Attributes:
        events: those that count, in the order of the files; of a repeated one the first.
        places: where each of them stands, as ``file:line``, by its id; of an id that several sources use the first.
        refused: how many lines were not taken in.

    >>> from oversight.runner.packs import load
    >>> History(Vocabulary(load("camera-programme").kinds), print).events
    []
    """

    def __init__(
        self, vocabulary: Vocabulary, refuse: Callable[[Refusal], object], known_at: datetime | None = None
    ) -> None:
        self.events: list[Event] = []
        self.places: dict[str, str] = {}
        self.refused = 0
        self._vocabulary = vocabulary
        self._refuse = refuse
        self._known_at = known_at
        self._known: dict[tuple[str, str], Event] = {}

    def take(self, source: str, read: Read = blocks) -> None:
        """
        Take in every line of *source*, a path or ``-`` for standard input, read as *read* does it.

        Raises:
            SourceError: it cannot be opened.
        """
        for block in read(source, None):
            for number, line in block.numbered(source, self._refused):
                self._line(line, source, number)

    def _line(self, line: bytes, source: str, number: int) -> None:
        try:
            event = self._vocabulary.decode(line)
        except EventError as error:
            self._refused(Refusal.of(source, number, error))
            return
        if isinstance(event, Stranger) or (self._known_at is not None and not as_known_at([event], self._known_at)):
            return
        first = self._known.setdefault(event.identity, event)
        if first is event:
            self.events.append(event)
            self.places.setdefault(event.id, f"{named(source)}:{number}")
        elif not first.says(event):
            said = "the same id and source came before with other content; the first stands"
            self._refused(Refusal(source, number, "other-content", said))

    def _refused(self, refusal: Refusal) -> None:
        self.refused += 1
        self._refuse(refusal)
