"""
An engine that follows a record: brought to where the record ends, and taken back behind its horizon where need be.

The record says which events came and how they were judged, so that whoever follows it is told the very same changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from oversight.engine.core import Engine
from oversight.engine.matchers import INDEX
from oversight.ground.errors import EventError, RecordDamaged, RecordForgotten, RecordRefused, SnapshotRefused
from oversight.ground.text import printable
from oversight.ground.time import format_instant, parse_instant
from oversight.model.alerts import Change
from oversight.model.events import retracts
from oversight.model.forms import Event, Stranger
from oversight.model.pack import Pack
from oversight.model.personal import CLEAR, PERSON, PRIVATE, without_personal
from oversight.model.wire import canonical, plain
from oversight.record.entries import ADVANCE, BEGUN, EVENT, JUDGED, SETTLE, SNAPSHOT, Entry, Snapshot
from oversight.record.store import Store, knows

FOLLOWED = (EVENT, *JUDGED)
_WITHHELD = {CLEAR: "nothing withheld", PERSON: "all that is personal withheld", PRIVATE: "pseudonyms for persons"}


@frozen
class Settings:
    """
    How a record was begun; what is judged by it stays comparable only where this stays.

    Args:
        pack: the pack's digest.
        name: of the pack, with its version.
        revise: how late an event may be without a look at the record, an ISO 8601 duration.
        clock: ``events`` or ``caller``.
        withheld: from which level on its texts say nothing of what is personal, as of ``without_personal``; ``CLEAR``
            where they tell all.
    """

    pack: str
    name: str
    revise: str | None
    clock: str
    withheld: int = CLEAR

    def body(self) -> bytes:
        """What the first entry of the record says."""
        said = {"pack": self.pack, "name": self.name, "revise": self.revise, "clock": self.clock}
        return canonical({**said, "withheld": self.withheld})

    def telling(self, pack: Pack) -> Pack:
        """*pack* with the texts that the record has."""
        return without_personal(pack, self.withheld) if self.withheld else pack

    @classmethod
    def of(cls, store: Store) -> Settings:
        """
        How the record in *store* was begun.

        Raises:
            RecordDamaged: it does not say.
        """
        first = next(store.entries(0, 1), None)
        if first is None or first.type != BEGUN or first.body is None:
            raise RecordDamaged("the record does not begin with the pack under which it was begun")
        try:
            said = plain(first.body)
            withheld = int(said.get("withheld", CLEAR))
            return cls(str(said["pack"]), str(said["name"]), said["revise"], str(said["clock"]), withheld)
        except (ValueError, KeyError, TypeError):
            raise RecordDamaged("the first entry of the record does not say how it was begun") from None

    def check(self, store: Store) -> None:
        """
        Make sure that the record was begun so.

        Raises:
            RecordRefused: it was not.
            RecordDamaged: it does not say.
        """
        found = Settings.of(store)
        if found.pack != self.pack:
            raise RecordRefused(
                f"the record was begun under another pack: {printable(found.name, 80)} of digest {found.pack[:12]}, "
                f"this one is {self.name} of digest {self.pack[:12]}; open it with that pack and its site file, or "
                "begin a new record under this one from the events of the old"
            )
        if found.withheld != self.withheld:
            raise RecordRefused(
                f"the record was begun with {_WITHHELD[found.withheld]}, not with {_WITHHELD[self.withheld]}; go on "
                f"with it {_go_on(found.withheld, self.withheld)}"
            )
        for name, was, given in (("revise", found.revise, self.revise), ("clock", found.clock, self.clock)):
            if was != given:
                raise RecordRefused(
                    f"the record was begun with {name}={printable(str(was), 40)}, not with {given}; open it "
                    "with that, or begin a new record from the events of the old"
                )


class Keeper:
    """
    Follows a record with an engine.

    Args:
        store: that holds the record.
        pack: under which the record was begun.
        settings: with which it was begun.
        matcher: as of an engine.

    Attributes:
        engine: in the state that the entries followed make.
        went_back: whether the last judgement went behind the engine's horizon.
    """

    def __init__(self, store: Store, pack: Pack, settings: Settings, matcher: str = INDEX) -> None:
        self._store = store
        self._pack = pack
        self._settings = settings
        self._matcher = matcher
        self._whole: Engine | None = None
        self.engine = Engine(pack, revise=settings.revise, clock=settings.clock, matcher=matcher)
        self.went_back = False

    def resume(self) -> Iterator[Entry]:
        """
        Bring the engine to the end of the record: from the newest snapshot, and the entries after it.

        A snapshot that this program cannot read, or that is not the recorded one, is only left out: what it says stands
        in the entries as well.

        Returns:
            The entries of events and judgements that it follows, as it goes.

        Raises:
            RecordForgotten: entries are needed whose bodies were forgotten.
            RecordDamaged: an entry cannot be read.
        """
        start, found = 0, self._store.snapshot()
        if found is not None and self._is_recorded(found):
            try:
                self.engine = Engine.restore(self._pack, found.data, matcher=self._matcher)
                start = found.position
            except SnapshotRefused:
                pass
        for entry, _ in self.follow(self._store.entries(start, types=FOLLOWED)):
            yield entry

    def _is_recorded(self, found: Snapshot) -> bool:
        entry = next(self._store.entries(found.position - 1, found.position), None)
        return entry is not None and entry.type == SNAPSHOT and entry.body == found.body

    def follow(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, tuple[Change, ...] | None]]:
        """
        Take in events and judge them as the entries say.

        Args:
            entries: from the one after those that were followed; those of changes are passed over.

        Returns:
            Each entry; one of a judgement with the changes that it brings, which stand behind it in the record.

        Raises:
            RecordForgotten: the body of an event was forgotten.
            RecordDamaged: an entry cannot be read.
        """
        waiting: list[Event | Stranger] = []
        first: int | None = None
        for entry in entries:
            if entry.type == EVENT:
                first = entry.position if first is None else first
                waiting.append(self.event(entry))
                yield entry, None
            elif entry.type in JUDGED:
                to = _instant(entry) if entry.type == ADVANCE else None
                yield entry, self.judge(waiting, entry.type, to, entry.position if first is None else first)
                waiting, first = [], None

    def event(self, entry: Entry) -> Event | Stranger:
        """
        The event that an entry holds.

        Raises:
            RecordForgotten: its body was forgotten.
            RecordDamaged: it is none.
        """
        if entry.body is None:
            raise RecordForgotten(f"the event at position {entry.position} of the record was forgotten")
        try:
            return self.engine.decode(entry.body)
        except EventError as error:
            raise RecordDamaged(
                f"what stands at position {entry.position} of the record is no event: {error}"
            ) from None

    def judge(
        self, events: Sequence[Event | Stranger], how: str, to: datetime | None, position: int
    ) -> tuple[Change, ...]:
        """
        Take in *events* and judge them.

        Args:
            how: ``close``, ``settle`` or ``advance``.
            to: the instant to advance to.
            position: where the first of the events stands in the record, or is to.

        Raises:
            RecordForgotten: an event is older than the horizon, and what came before it was forgotten.
            TimeWentBackwards: as ``Engine.advance``.
        """
        self.went_back = any(self.is_final(event, position) for event in events)
        if self.went_back:
            self.engine = self._whole or self._replayed(position)
        self._whole = None
        engine = self.engine
        for event in events:
            engine.accept(event)
        if how == ADVANCE:
            assert to is not None
            changes = engine.advance(to)
        else:
            changes = engine.settle() if how == SETTLE else engine.close()
        if self.went_back:
            engine.revise(self._settings.revise)
        return changes

    def is_final(self, event: Event | Stranger, position: int) -> bool:
        """Whether *event* is older than what the engine can take back, or corrects what is; *position* as above."""
        floor = self.engine.reached.floor
        if floor is None or isinstance(event, Stranger):
            return False
        if event.time < floor:
            return True
        named = retracts(event)
        if named is None or named == event.id:
            return False
        stands = knows(self._store, event.source, named)
        if stands is None or stands >= position:
            return False
        entry = next(self._store.entries(stands, stands + 1))
        corrected = None if entry.body is None else self.event(entry)
        return corrected is None or (isinstance(corrected, Event) and corrected.time < floor)

    def reach_back(self, position: int) -> datetime | None:
        """
        Make ready an engine that knows all that came before *position*, for :meth:`judge` to go on with.

        Returns:
            The instant to which time must be let pass first, and which has been reached: what corrections took back
            behind the horizon is not taken back here. ``None`` where it stands there already.

        Raises:
            RecordForgotten: what came was forgotten in part.
        """
        whole, now = self._replayed(position), self.engine.now
        self._whole = whole
        if now is None or (whole.now is not None and whole.now >= now):
            return None
        whole.advance(now)
        return now

    def _replayed(self, position: int) -> Engine:
        """
        An engine that remembers everything, where the entries before *position* bring it.

        The order of arrival makes no difference to where it ends, so what came is not judged as it came but in one go,
        up to where each ``advance`` let time pass, and to the instant that this engine has closed.
        """
        settings = self._settings
        whole = Engine(self._pack, clock=settings.clock, matcher=self._matcher)
        for entry in self._store.entries(0, position, types=FOLLOWED):
            if entry.type == EVENT:
                whole.accept(self.event(entry))
            elif entry.type == ADVANCE:
                whole.advance(_instant(entry))
        closed = self.engine.closed
        if closed is not None and whole.now is not None and closed >= whole.now:
            whole.settle()
        else:
            whole.close()
        return whole


def _go_on(begun: int, given: int) -> str:
    """How to go on with a record, and out of what else a new one can be; no pseudonym leads back to an id."""
    if PRIVATE not in (begun, given):
        return "so, or begin a new record from the events of the old"
    option = f"{'with' if begun == PRIVATE else 'without'} --pseudonyms"
    return f"{option}, or begin a new record from the events as they first came"


def judgement(how: str, to: datetime | None) -> tuple[str, bytes]:
    """
    Type and body of the entry of a judgement.

    >>> judgement("close", None)
    ('close', b'{}')
    """
    said: dict[str, Any] = {} if to is None else {"to": format_instant(to.astimezone(UTC))}
    return how, canonical(said)


def _instant(entry: Entry) -> datetime:
    """To which instant an entry says to advance."""
    if entry.body is None:
        raise RecordForgotten(f"the entry at position {entry.position} of the record was forgotten")
    try:
        return parse_instant(plain(entry.body)["to"])
    except (ValueError, KeyError, TypeError):
        raise RecordDamaged(f"what stands at position {entry.position} of the record names no instant") from None
