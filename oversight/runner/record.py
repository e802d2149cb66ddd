"""
A durable engine: events, judgements and changes are recorded together, and outlets are told what is recorded.

Nothing is told before it is recorded, and what was recorded and not told is told again. After a crash, or where the
store failed, the engine is brought back to what stands in the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from types import TracebackType
from typing import Any

from attrs import evolve, field, frozen

from oversight.engine.core import Engine
from oversight.engine.matchers import INDEX
from oversight.ground.errors import (
    RecordError, RecordForgotten, RecordReadOnly, RecordRefused, TimeWentBackwards, UnknownAlert,
)  # fmt: skip
from oversight.ground.instants import refuse_unaware
from oversight.model.alerts import Change
from oversight.model.forms import Event, Stranger
from oversight.model.pack import Pack
from oversight.model.personal import CLEAR
from oversight.model.wire import canonical
from oversight.record.entries import (
    ADVANCE,
    BEGUN,
    CHANGE,
    CLOSE,
    EVENT,
    PRUNE,
    SETTLE,
    SNAPSHOT,
    Batch,
    Entry,
    Snapshot,
    entries_of,
)
from oversight.record.store import Seal, Sealing, Store, open_store
from oversight.runner.arrivals import Arrivals, Failure, Outcome, Taken
from oversight.runner.keeper import Keeper, Settings, judgement
from oversight.runner.pace import Pace
from oversight.runner.pruning import forgettable
from oversight.runner.telling import Tells, Telling, changes

BATCH = 1000
"""How many events ``feed_all`` commits at once."""

Noting = Callable[[Store, Callable[[Entry], Event | Stranger]], Sequence[tuple[str, bytes]]]
"""Given a store, and what decodes its events: type and body of entries that are to stand in it; it may refuse."""


@frozen(kw_only=True)
class Options:
    """How a record is opened; see :func:`oversight.open`."""

    url: str
    pack: Pack
    revise: str | None = None
    clock: str = "events"
    matcher: str = INDEX
    outlets: Mapping[str, Tells] = field(factory=dict)
    sealing: Sealing | None = None
    read_only: bool = False
    withheld: int = CLEAR
    noting: Noting | None = None


class Record:
    """
    An engine whose events, state and changes outlast it; made by :func:`oversight.open`.

    Where a call raises one of the ``Record...`` errors, nothing that had been recorded is lost: repair what is named,
    and call again, or feed the same events again. Of a record there is one writer at a time.

    Args:
        options: what was asked for.

    Attributes:
        pack: under which the record was begun.

    Raises:
        RecordError: as of :func:`oversight.open`.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        name = f"{options.pack.name} {options.pack.version}"
        self._settings = Settings(options.pack.digest, name, options.revise, options.clock, options.withheld)
        self.pack = self._settings.telling(options.pack)
        self._store: Store | None = None
        self._ended = False
        self._opened()

    def __enter__(self) -> Record:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(quietly=error is not None)

    def _opened(self) -> Store:
        """The store, opened anew where it failed before, with the engine where it ends."""
        if self._ended:
            raise RecordError("the record was closed; open it again")
        if self._store is None:
            store = open_store(self._options.url, read_only=self._options.read_only)
            try:
                self._follow(store)
            except BaseException:
                store.close()
                raise
            self._store = store
        return self._store

    def _follow(self, store: Store) -> None:
        options = self._options
        if options.sealing is None and not options.read_only and store.checkpoint() is not None:
            raise RecordRefused("the record is sealed, and to add to it takes its key; give that, or open it to read")
        self._seal: Seal | None = None if options.sealing is None else options.sealing(store)
        self._keeper = Keeper(store, self.pack, self._settings, options.matcher)
        self._arrivals = Arrivals(store, self._keeper)
        self._telling = Telling(store, options.outlets)
        self._pending: datetime | None = None
        self._pace = Pace()
        self._size = store.size
        if self._size == 0 and not options.read_only:
            self._put(store, Batch(entries=entries_of(0, [(BEGUN, self._settings.body())])))
        self._settings.check(store)
        noting = None if options.read_only else options.noting
        if noting is not None and (noted := noting(store, self._keeper.event)):
            self._put(store, Batch(entries=entries_of(self._size, noted)))
        if (taken := store.snapshot()) is not None:
            self._pace.taken(len(taken.data))
        for entry in self._keeper.resume():
            self._pace.saw(entry)

    def _put(self, store: Store, batch: Batch) -> None:
        """Have *batch* sealed and committed."""
        if self._seal is not None and batch.entries:
            tiles, checkpoint = self._seal(batch.entries)
            batch = evolve(batch, tiles=tiles, checkpoint=checkpoint)
        store.commit(batch)
        self._size += len(batch.entries)
        self._telling.noted()

    @contextmanager
    def _dropped_if_wrong(self) -> Iterator[None]:
        """Where anything goes wrong inside, the engine may be ahead of the record; the next call brings it back."""
        try:
            yield
        except TimeWentBackwards:
            raise
        except BaseException:
            if self._store is not None:
                self._store.close()
            self._store = None
            raise

    @property
    def engine(self) -> Engine:
        """The engine, for questions. What is fed to it and not to the record is lost, and spoils what follows."""
        self._opened()
        return self._keeper.engine

    @property
    def size(self) -> int:
        """How many entries the record has."""
        self._opened()
        return self._size

    @property
    def now(self) -> datetime | None:
        """The instant reached."""
        return self.engine.now

    def feed(self, event: Any, *, settle: bool = True) -> tuple[Change, ...]:
        """
        Take in one event, or a list of them, and return what that changes, once it is recorded.

        An event that the record knows changes nothing, however often and late it comes. One older than ``revise``
        allows is replayed from the record, which takes as long as all that is in it.

        Args:
            event: bytes, str, a mapping or an event object, or a list of such. A list is taken whole or not at all.
            settle: whether the instant it ends with is judged now, as of ``Engine.feed``.

        Raises:
            EventError: an event is not what the kinds allow.
            EventRefused: other content under a known identity, or older than what was forgotten.
            RecordError: it could not be recorded.
            Exception: what an outlet raises; the changes are recorded, and told to it with the next.
        """
        outcomes = self.sift(event if isinstance(event, list | tuple) else [event])
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        return self.take(outcomes, settle=settle)

    def feed_all(
        self,
        events: Iterable[Any],
        *,
        batch: int = BATCH,
        settle: bool = True,
        refuse: Callable[[Any, Failure], object] | None = None,
    ) -> int:
        """
        Take in any number of events, so many in a commit; the outlets are told the changes.

        Args:
            events: as :meth:`feed` takes them.
            batch: how many are committed at once.
            settle: whether the last instant is judged when they end.
            refuse: is given each event that cannot be taken in, and why. Where it is left out that is raised, and the
                commits before stand.

        Returns:
            How many were new to the record.

        Raises:
            Exception: as :meth:`feed`.
        """
        coming, count = iter(events), 0
        while some := list(islice(coming, batch)):
            outcomes = self.sift(some)
            for source, outcome in zip(some, outcomes, strict=True):
                if isinstance(outcome, Exception):
                    if refuse is None:
                        raise outcome
                    refuse(source, outcome)
            self.take(outcomes, settle=False)
            count += sum(1 for outcome in outcomes if isinstance(outcome, Taken))
        if settle:
            self.take((), settle=True)
        return count

    def sift(self, sources: Sequence[Any]) -> list[Outcome]:
        """
        What each of *sources* is to the record, for :meth:`take`: new, a repeat, or why it is refused.

        Raises:
            RecordError: the record could not be asked.
        """
        self._opened()
        with self._dropped_if_wrong():
            outcomes = self._arrivals.sift(sources)
            if self._arrivals.final(outcomes, self._size):
                try:
                    self._pending = self._keeper.reach_back(self._size) or self._pending
                except RecordForgotten as error:
                    return self._arrivals.without_final(outcomes, self._size, error)
        return outcomes

    def take(self, outcomes: Sequence[Outcome], *, settle: bool) -> tuple[Change, ...]:
        """
        Judge and record those of *outcomes* that are new, as :meth:`sift` just gave them.

        Raises:
            RecordError: it could not be recorded.
            Exception: what an outlet raises.
        """
        taken = [one for one in outcomes if isinstance(one, Taken)]
        return self._judge(taken, SETTLE if settle else CLOSE, None)

    def advance(self, to: datetime) -> tuple[Change, ...]:
        """
        Let time pass until *to*, and return what that alone changes, once it is recorded.

        Where it changes nothing it is recorded with what comes next, so that a clock may call this each second.

        Raises:
            TimeWentBackwards: *to* is earlier than the instant reached.
            TypeError, ValueError: *to* is no datetime, or has no offset.
            RecordError: it could not be recorded.
            Exception: what an outlet raises.
        """
        refuse_unaware(to, "advance")
        return self._judge([], ADVANCE, to.astimezone(UTC))

    def _judge(self, taken: Sequence[Taken], how: str, to: datetime | None) -> tuple[Change, ...]:
        store, keeper, start = self._opened(), self._keeper, self._size
        if self._options.read_only:
            raise RecordReadOnly("the record was opened to read; open it to write")
        before = (keeper.engine.closed, keeper.engine.reached)
        passed = [judgement(ADVANCE, self._pending)] if self._pending is not None and how != ADVANCE else []
        with self._dropped_if_wrong():
            told = keeper.judge([one.event for one in taken], how, to, start + len(passed))
            if not (taken or told):
                same = before == (keeper.engine.closed, keeper.engine.reached)
                if how == ADVANCE and not same:
                    self._pending = to
                if how == ADVANCE or same:
                    return ()
            written = [*passed, *((EVENT, one.body) for one in taken), judgement(how, to)]
            first = start + len(written)
            written += [(CHANGE, canonical(change.as_dict())) for change in told]
            identities = {one.identity: start + len(passed) + n for n, one in enumerate(taken)}
            self._commit(store, written, identities)
            # Within: an interrupt that came between the two would have this instant recorded again, behind the events.
            self._pending = None
        fresh = tuple([evolve(change, position=first + number) for number, change in enumerate(told)])
        self._telling.tell(fresh, start, self._size)
        return fresh

    def _commit(
        self, store: Store, written: Sequence[tuple[str, bytes]], identities: Mapping[tuple[str, str], int]
    ) -> None:
        entries, snapshot = entries_of(self._size, written), None
        for entry in entries:
            self._pace.saw(entry)
        if self._pace.due or self._keeper.went_back:
            snapshot, noted = self._snapshot(self._keeper.engine.snapshot(), self._size + len(entries))
            entries += noted
        told = self._telling.unnoted()
        self._put(store, Batch(entries=entries, identities=identities, snapshot=snapshot, told=told))

    def _snapshot(self, data: bytes, position: int) -> tuple[Snapshot, tuple[Entry, ...]]:
        """A snapshot, and the entry for *position* by which it can be held to the record."""
        snapshot = Snapshot(position + 1, self.pack.digest, data)
        self._pace.taken(len(data))
        return snapshot, entries_of(position, [(SNAPSHOT, snapshot.body)])

    def prune(self, before: datetime) -> int:
        """
        Forget what the events said that happened before an instant; what the log has of them stays, and holds.

        Kept is what still counts: an event of a fact that holds, and one that may still be revised. Without ``revise``
        every event may be. What is forgotten cannot be corrected any more, and its alerts cannot be derived anew. The
        record says what was forgotten, and when by the events' time.

        Args:
            before: an instant with an offset.

        Returns:
            How many were forgotten.

        Raises:
            ValueError: *before* has no offset.
            RecordError: it could not be recorded.
        """
        store = self._opened()
        if self._options.read_only:
            raise RecordReadOnly("the record was opened to read; open it to write")
        with self._dropped_if_wrong():
            self._keeper.engine.let_go()
            data = self._keeper.engine.snapshot()
            forgotten = forgettable(store, self._keeper.engine, data, before)
            if forgotten.positions:
                entries = entries_of(self._size, [(PRUNE, forgotten.body)])
                snapshot, noted = self._snapshot(data, self._size + 1)
                entries += noted
                self._put(store, Batch(entries=entries, snapshot=snapshot, forget=forgotten.positions))
        return len(forgotten.positions)

    def tell(self) -> None:
        """
        Tell the outlets what was recorded and not told to them, as after a crash.

        Raises:
            Exception: what an outlet raises.
        """
        self._opened()
        self._telling.tell((), self._size, self._size)

    def note(self) -> None:
        """
        Have it on record now what the outlets were told, and not with the next commit: after a crash they are told less
        again.

        Raises:
            RecordError: it could not be noted.
        """
        self._opened()
        with self._dropped_if_wrong():
            self._telling.note()

    def changes(self, start: int = 0, stop: int | None = None) -> Iterator[Change]:
        """
        The changes that were recorded, with their positions, from position *start* until before *stop*.

        Raises:
            RecordError: the record could not be read.
        """
        return changes(self._opened(), start, stop)

    def first_event(self) -> Event | None:
        """
        The event that came first, of those of a known kind that were not forgotten; ``None`` where there is none.

        Raises:
            RecordError: the record could not be read.
        """
        for entry in self._opened().entries(types=(EVENT,)):
            event = None if entry.body is None else self._keeper.event(entry)
            if isinstance(event, Event):
                return event
        return None

    def open_alerts(self) -> tuple[Change, ...]:
        """The alerts of ``while`` rules that are in breach, as of ``Engine.open_alerts``."""
        return self.engine.open_alerts()

    def explain(self, alert: str | Change) -> Change:
        """
        An alert, given as it was told or by its whole identity, as it was raised: its evidence and what was missing.

        Raises:
            UnknownAlert: there is none.
        """
        try:
            return self.engine.explain(alert)
        except UnknownAlert:  # the engine lets go of what is long over; the record does not
            name = alert.alert if isinstance(alert, Change) else alert
            found = [change for change in self.changes() if change.alert == name]
            if not found:
                raise
            return found[-1]

    def end(self, *, quietly: bool = False) -> None:
        """
        Close the record; what let time pass, and what outlets were told, is noted.

        Args:
            quietly: whether it does not matter that this fails, as where something else has failed already.

        Raises:
            RecordError: it could not be noted; time is then let pass again, and the outlets told again.
        """
        store, self._ended = self._store, True
        if store is None:
            return
        self._store = None
        try:
            if not self._options.read_only:
                if self._pending is not None:
                    self._commit(store, [judgement(ADVANCE, self._pending)], {})
                self._telling.note()
        except RecordError:
            if not quietly:
                raise
        finally:
            store.close()
