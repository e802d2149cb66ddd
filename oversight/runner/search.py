"""Events found again in the files they came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from oversight.ground.errors import EventError
from oversight.model.events import Vocabulary
from oversight.model.forms import Event, order_of
from oversight.runner.intake import Read, blocks, named


@frozen
class Found:
    """
    An event and where it stands.

    Args:
        event: decoded.
        source: the file.
        line: its number.
        written: the event as a CloudEvents object.
    """

    event: Event
    source: str
    line: int
    written: Mapping[str, Any]

    @property
    def data(self) -> Mapping[str, Any]:
        """Its attributes."""
        data: Mapping[str, Any] = self.written["data"]
        return data


def find_events(sources: Iterable[str], ids: Iterable[str], vocabulary: Vocabulary, read: Read = blocks) -> list[Found]:
    """
    The events with one of *ids* in *sources*, in order of time; of a repeated one the first.

    Args:
        sources: paths.
        ids: of events, of whatever source.
        vocabulary: the kinds of the pack.
        read: how sources are read.

    Raises:
        SourceError: a file cannot be opened.

    >>> from oversight.runner.packs import load
    >>> find_events([], ["1"], Vocabulary(load("camera-programme").kinds))
    []
    """
    wanted = set(ids)
    found: dict[tuple[str, str], Found] = {}
    for source in sources:
        for block in read(source, None):
            for number, line in block.numbered(source, _passed_over):
                try:
                    event = vocabulary.decode(line)
                except EventError:
                    continue
                if isinstance(event, Event) and event.id in wanted:
                    found.setdefault(event.identity, Found(event, named(source), number, vocabulary.write(event)))
    return sorted(found.values(), key=lambda each: (each.event.time, order_of(each.event)))


def _passed_over(_refusal: object) -> None:
    """What is not taken in was said when it was judged."""
