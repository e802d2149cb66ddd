"""What an event that arrives is to a record: new, a repeat, or refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen
from typing import Any

from oversight.ground.errors import EventError, EventRefused, RecordForgotten
from oversight.ground.text import printable
from oversight.ground.time import format_instant
from oversight.model.forms import Event, Stranger
from oversight.record.store import Store
from oversight.runner.keeper import Keeper

NEAR = 16
"""How far apart entries are that are read in one stretch."""

Failure = EventError | EventRefused


@frozen
class Taken:
    """
    An event that is new to the record.

    Args:
        event: decoded.
        body: what came.
    """

    event: Event | Stranger
    body: bytes

    @property
    def identity(self) -> tuple[str, str]:
        """Source and id."""
        return (self.event.source, self.event.id)


@frozen
class Repeat:
    """
    An event that the record knows, or that came before in the same batch.

    Args:
        event: decoded.
    """

    event: Event | Stranger


Outcome = Taken | Repeat | EventError | EventRefused


class Arrivals:
    """
    Holds events that arrive against a record.

    Args:
        store: of the record.
        keeper: of its engine.
    """

    def __init__(self, store: Store, keeper: Keeper) -> None:
        self._store = store
        self._keeper = keeper

    def sift(self, sources: Sequence[Any]) -> list[Outcome]:
        """
        What each of *sources* is, as one batch.

        Raises:
            RecordError: the record could not be asked.
        """
        decoded = [self._decoded(source) for source in sources]
        known = self._store.positions({one.identity for one in decoded if isinstance(one, Taken)})
        bodies = self._bodies(known.values())
        recorded = {identity: bodies[position] for identity, position in known.items()}
        first: dict[tuple[str, str], Taken] = {}
        return [self._against(one, recorded, first) if isinstance(one, Taken) else one for one in decoded]

    def _bodies(self, positions: Iterable[int]) -> dict[int, bytes | None]:
        """The bodies that stand at *positions*, read a stretch at a time: what comes again mostly comes in order."""
        wanted = sorted(positions)
        found: dict[int, bytes | None] = {}
        start = 0
        for number, position in enumerate(wanted):
            if number + 1 < len(wanted) and wanted[number + 1] - position <= NEAR:
                continue
            for entry in self._store.entries(wanted[start], position + 1):
                found[entry.position] = entry.body
            start = number + 1
        return found

    def _decoded(self, source: Any) -> Taken | EventError:
        vocabulary = self._keeper.engine.vocabulary
        try:
            body = vocabulary.body(source)
            return Taken(vocabulary.decode(body), body)
        except EventError as error:
            return error

    def _against(
        self, one: Taken, recorded: Mapping[tuple[str, str], bytes | None], first: dict[tuple[str, str], Taken]
    ) -> Outcome:
        """What *one* is, given what the record has under its identity and what came before it in this batch."""
        before = first.setdefault(one.identity, one)
        if one.identity in recorded:
            body = recorded[one.identity]
            if body is None or body == one.body:
                return Repeat(one.event)
            before = Taken(self._keeper.engine.decode(body), body)
        elif before is one:
            return one
        return Repeat(one.event) if _alike(before.event, one.event) else _other_content(one.event)

    def final(self, outcomes: Sequence[Outcome], size: int) -> bool:
        """Whether any of *outcomes* is behind what the engine can take back; the record has *size* entries."""
        return any(self._keeper.is_final(one.event, size) for one in outcomes if isinstance(one, Taken))

    def without_final(self, outcomes: Sequence[Outcome], size: int, error: RecordForgotten) -> list[Outcome]:
        """The outcomes, where what is behind the horizon cannot be taken in any more."""
        return [
            _forgotten(one.event, error) if isinstance(one, Taken) and self._keeper.is_final(one.event, size) else one
            for one in outcomes
        ]


def _alike(one: Event | Stranger, other: Event | Stranger) -> bool:
    """Whether two events of one identity say the same."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Event) and isinstance(other, Event):
        return one.time == other.time and bool(one.data == other.data)
    return one == other


def _other_content(event: Event | Stranger) -> EventRefused:
    where = f"{printable(event.id, 80)!r} of source {printable(event.source, 80)!r}"
    return EventRefused("other-content", f"event {where} came before with other content; the first stands")


def _forgotten(event: Event | Stranger, error: RecordForgotten) -> EventRefused:
    at = f" of {format_instant(event.time)}" if isinstance(event, Event) else ""
    return EventRefused(
        "too-late",
        f"event {printable(event.id, 80)!r}{at} is later than the period for revision allows, and cannot be replayed: "
        f"{error}",
    )
