"""
The state of an engine as plain values, and back.

A snapshot is the state before the oldest event that can still be revised, and every event since: restoring replays
these, which makes the undo journal anew. Where nothing was let go, that first state is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from oversight.engine.spells import Waiting
from oversight.engine.rules import Breach, Standing
from oversight.engine.store import Held
from oversight.engine.timeline import Timeline
from oversight.engine.verdicts import Verdict
from oversight.ground.errors import SnapshotRefused
from oversight.ground.time import Period
from oversight.model.alerts import Missing
from oversight.model.forms import ABSENT, Event
from oversight.model.pack import Pack
from oversight.model.wire import from_bytes

VERSION = 3
_STRUCTS: dict[str, Any] = {
    "held": Held, "waiting": Waiting, "breach": Breach, "standing": Standing, "verdict": Verdict,
}  # fmt: skip
_NAMES = {made: name for name, made in _STRUCTS.items()}


class Reached(NamedTuple):
    """
    The instants by which an engine tells what is open, late and final apart.

    Args:
        advanced: to which ``advance`` went last.
        latest: of the events that count.
        floor: what happened before it is final.
        passed: to which time had gone when it was judged last.
    """

    advanced: datetime | None
    latest: datetime | None
    floor: datetime | None
    passed: datetime | None


class Writer:
    """
    Writes values of the engine as plain ones; events are written once each and then named by number.

    Args:
        write_event: gives the plain form of an event.
    """

    def __init__(self, write_event: Callable[[Event], dict[str, Any]]) -> None:
        self.write_event = write_event
        self.events: list[dict[str, Any]] = []
        self.numbers: dict[tuple[str, str], int] = {}

    def event(self, event: Event) -> int:
        """The number of *event*."""
        if event.identity not in self.numbers:
            self.numbers[event.identity] = len(self.events)
            self.events.append(self.write_event(event))
        return self.numbers[event.identity]

    def plain(self, value: Any) -> Any:
        """*value* as a plain one."""
        if value is ABSENT:
            return ["absent"]
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, datetime):
            return ["instant", value.isoformat()]
        if isinstance(value, date):
            return ["date", value.isoformat()]
        if isinstance(value, timedelta):
            return ["span", value.days, value.seconds, value.microseconds]
        if isinstance(value, Period):
            return ["period", value.months, value.days, value.microseconds, value.text]
        if isinstance(value, Event):
            return ["event", self.event(value)]
        if isinstance(value, dict):
            return ["dict", [[self.plain(key), self.plain(item)] for key, item in value.items()]]
        if isinstance(value, list | tuple | frozenset):
            return [type(value).__name__, [self.plain(item) for item in value]]
        if isinstance(value, Missing):
            return ["missing", value.clause, self.plain(value.nearest), value.failed, value.reason, value.fact]
        return [_NAMES[type(value)], [self.plain(getattr(value, name)) for name in value.__struct_fields__]]


class Reader:
    """
    Reads what :class:`Writer` wrote.

    Args:
        events: by their numbers.
    """

    def __init__(self, events: list[Event]) -> None:
        self.events = events

    def value(self, plain: Any) -> Any:
        """The value that *plain* stands for."""
        if not isinstance(plain, list):
            return plain
        tag, *rest = plain
        made = self._simple(tag, rest)
        if made is not None:
            return made[0]
        if tag == "dict":
            return {self.value(key): self.value(item) for key, item in rest[0]}
        items = [self.value(item) for item in rest[0]]
        if tag in _STRUCTS:
            return _STRUCTS[tag](*items)
        return {"list": list, "tuple": tuple, "frozenset": frozenset}[tag](items)

    def _simple(self, tag: str, rest: list[Any]) -> tuple[Any] | None:
        """The value in a tuple, where the tag is one that holds no list of values."""
        match tag:
            case "absent":
                return (ABSENT,)
            case "instant":
                return (datetime.fromisoformat(rest[0]),)
            case "date":
                return (date.fromisoformat(rest[0]),)
            case "span":
                return (timedelta(rest[0], rest[1], rest[2]),)
            case "period":
                return (Period(rest[0], rest[1], rest[2], text=rest[3]),)
            case "event":
                return (self.events[rest[0]],)
            case "missing":
                return (Missing(rest[0], self.value(rest[1]), *rest[2:]),)
        return None


def events_in(data: bytes) -> frozenset[tuple[str, str]]:
    """
    Source and id of every event that a snapshot holds: of facts that hold, and of what can still be revised.

    Args:
        data: as ``Engine.snapshot`` gives it.

    Raises:
        ValueError: the bytes are damaged.
    """
    return frozenset((event["source"], event["id"]) for event in from_bytes(data)["events"])


def tables_of(timeline: Timeline) -> list[Any]:
    """Every table of a timeline's state, always in the same order."""
    facts, judge = timeline.facts, timeline.judge
    return [
        *timeline.program.tables.values(),
        *facts.pending,
        *judge.standing,
        judge.verdicts,
        judge.undecided,
        timeline.readers,
        timeline.readers.further,
    ]


def opened(pack: Pack, data: bytes) -> dict[str, Any]:
    """
    What the bytes of a snapshot hold.

    Raises:
        SnapshotRefused: they are damaged, of another version, or of another pack.
    """
    try:
        found: dict[str, Any] = from_bytes(data)
    except ValueError as error:
        raise SnapshotRefused(f"the snapshot cannot be read: {error}") from None
    if found["version"] != VERSION:
        raise SnapshotRefused(f"the snapshot is of version {found['version']}; this program reads {VERSION}")
    if found["pack"] != pack.digest:
        raise SnapshotRefused(
            f"the snapshot was taken under another pack (digest {found['pack'][:12]}, this one is {pack.digest[:12]}); "
            "replay the record instead"
        )
    return found


def write_state(timeline: Timeline, writer: Writer) -> dict[str, Any]:
    """The tables and timers of *timeline* before the oldest instant that it can take back; nothing of it is touched."""
    tables, waiting = _before_all(timeline)
    rows = [[[writer.plain(key), writer.plain(row)] for key, row in table.items()] for table in tables]
    timers = {
        (at, half, what, whose, key): [writer.plain(at), half, what, whose, writer.plain(key)]
        for _, half, _, what, whose, key, at in sorted(waiting, key=lambda timer: timer[:3])
    }
    closed = None if timeline.journal.instants else timeline.closed
    return {"tables": rows, "timers": list(timers.values()), "closed": writer.plain(closed)}


def _before_all(timeline: Timeline) -> tuple[list[dict[Any, Any]], list[Any]]:
    """The rows of every table, and the timers, as they were before all that the journal can take back."""
    tables, timers, journal = tables_of(timeline), timeline.facts.timers, timeline.journal
    rows = {id(table): dict(table.rows) for table in tables}
    waiting = timers.waiting()
    for target, key, old in journal.backwards():
        if target is timers:
            waiting.append(key)
        elif old is None:
            rows[id(target)].pop(key, None)
        else:
            rows[id(target)][key] = old
    return [rows[id(table)] for table in tables], waiting


def read_state(timeline: Timeline, state: dict[str, Any], reader: Reader) -> None:
    """Put what :func:`write_state` wrote into a fresh *timeline*."""
    for table, rows in zip(tables_of(timeline), state["tables"], strict=True):
        for key, row in rows:
            table.restore(reader.value(key), reader.value(row))
    timers = timeline.facts.timers
    timers.clear()
    for at, half, what, whose, key in state["timers"]:
        timers.push(reader.value(at), half, what, whose, reader.value(key))
    timeline.closed = reader.value(state["closed"])
    timeline.judge.verdicts.touched.clear()
