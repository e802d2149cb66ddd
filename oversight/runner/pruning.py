"""What a record can forget: events of long ago on which nothing rests any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from oversight.engine.core import Engine
from oversight.engine.snapshots import events_in
from oversight.ground.errors import RecordDamaged
from oversight.ground.time import format_instant
from oversight.model.forms import Event
from oversight.model.wire import time_of
from oversight.record.entries import EVENT, Forgotten, digest_of_keys, identity_key
from oversight.record.store import Store


def forgettable(store: Store, engine: Engine, snapshot: bytes, before: datetime) -> Forgotten:
    """
    Which events of *store* can be forgotten.

    Args:
        store: whose end *engine* has reached.
        engine: decodes the events.
        snapshot: of the engine; an event that it holds stays.
        before: the instant before which they happened.

    Raises:
        ValueError: *before* has no offset.
    """
    if before.tzinfo is None:
        raise ValueError("prune takes a datetime with an offset")
    held = events_in(snapshot)
    found = [
        (position, identity)
        for position, identity, time in _events(store, engine)
        if time < before and identity not in held
    ]
    known = digest_of_keys(identity_key(*identity) for _, identity in found)
    return Forgotten(format_instant(before.astimezone(UTC)), tuple(position for position, _ in found), known)


def _events(store: Store, engine: Engine) -> Iterator[tuple[int, tuple[str, str], datetime]]:
    """Position, identity and time of every event that was not forgotten."""
    for entry in store.entries(types=(EVENT,)):
        if entry.body is None:
            continue
        try:
            event = engine.decode(entry.body)
            time = event.time if isinstance(event, Event) else time_of(entry.body)
        except ValueError:
            raise RecordDamaged(f"what stands at position {entry.position} of the record is no event") from None
        yield entry.position, (event.source, event.id), time
