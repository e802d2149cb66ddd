"""
The alerts of a record derived anew: from its events and judgements, and the pack under which it was begun.

What was forgotten cannot be derived from. Where it begins, deriving ends; from the snapshot that was taken when it was
forgotten, it goes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from attrs import define, field

from oversight.engine.core import Engine
from oversight.ground.errors import RecordDamaged, RecordForgotten, SnapshotRefused
from oversight.ground.text import printable
from oversight.meaning.verify import verify
from oversight.model.alerts import Change
from oversight.model.events import Vocabulary
from oversight.model.forms import Event
from oversight.model.pack import Pack
from oversight.model.wire import canonical
from oversight.record.entries import CHANGE, EVENT, Entry
from oversight.record.findings import Finding
from oversight.record.store import Store
from oversight.runner.keeper import FOLLOWED, Keeper, Settings


@define
class Derivation:
    """
    What came of deriving the changes of a record anew.

    Args:
        derived: how many changes are as the record has them.
        beyond: how many rest on what was forgotten, and cannot be derived.
        found: what does not agree.
    """

    derived: int = 0
    beyond: int = 0
    found: list[Finding] = field(factory=list)


def derive(store: Store, pack: Pack) -> Derivation:
    """
    Derive every change in *store* anew, and hold the recorded ones to that.

    Args:
        store: that holds the record; its log should have been audited.
        pack: checked, of the digest under which the record was begun.

    Raises:
        RecordDamaged: an entry cannot be read, or the record was begun under another pack.
    """
    settings = Settings.of(store)
    if settings.pack != pack.digest:
        raise RecordDamaged(f"the record was begun under the pack of digest {settings.pack}, not {pack.digest}")
    pack, made = settings.telling(pack), Derivation()
    gone = next((entry.position for entry in store.entries(types=(EVENT,)) if entry.body is None), store.size)
    reached = _Comparison(store, Keeper(store, pack, settings), made).run(0, gone)
    if reached < store.size:
        again = Keeper(store, pack, settings)
        start = _restored(store, pack, again)
        made.beyond = sum(1 for _ in store.entries(reached, start, types=(CHANGE,)))
        _Comparison(store, again, made).run(start, store.size)
    return made


def hold_to_definition(store: Store, pack: Pack) -> Derivation:
    """
    Hold every change in *store* to the definition of the language, by the events that stand before it.

    No engine takes part, and it is slow: for each change all that came before it is judged anew. At the first event
    that was forgotten it ends.

    Args:
        store: as of :func:`derive`.
        pack: likewise.

    Raises:
        RecordDamaged: an entry cannot be read.
    """
    made, vocabulary = Derivation(), Vocabulary(pack.kinds)
    pack = Settings.of(store).telling(pack)
    history: list[Event] = []
    forgotten = False
    for entry in store.entries(types=(EVENT, CHANGE)):
        forgotten = forgotten or entry.body is None
        if forgotten or entry.body is None:
            made.beyond += entry.type == CHANGE
            continue
        try:
            if entry.type == CHANGE:
                wrong = verify(Change.read(entry.body), pack, history)
                made.found += [Finding(entry.position, printable(each, 400)) for each in wrong]
                made.derived += not wrong
            elif isinstance(event := vocabulary.decode(entry.body), Event):
                history.append(event)
        except (ValueError, KeyError, TypeError) as error:
            raise RecordDamaged(f"what stands at position {entry.position} cannot be read: {error}") from None
    return made


def _restored(store: Store, pack: Pack, keeper: Keeper) -> int:
    """Bring *keeper* to the newest snapshot; the position from which it can go on."""
    found = store.snapshot()
    if found is None:
        return store.size
    try:
        keeper.engine = Engine.restore(pack, found.data)
    except SnapshotRefused:
        return store.size
    return found.position


class _Comparison:
    """Holds the recorded changes to those that an engine gives."""

    def __init__(self, store: Store, keeper: Keeper, made: Derivation) -> None:
        self._store = store
        self._keeper = keeper
        self._made = made
        self._expected: deque[bytes] = deque()
        self._at = 0

    def run(self, start: int, stop: int) -> int:
        """
        Compare what is between two positions.

        Returns:
            The position up to which that could be done.
        """
        self._at = start
        try:
            for entry, changes in self._keeper.follow(self._judged(start, stop)):
                self._at = entry.position + 1
                if changes is not None:
                    self._expected.extend(canonical(change.as_dict()) for change in changes)
        except RecordForgotten:
            return self._at
        self._nothing_left(stop)
        return stop

    def _judged(self, start: int, stop: int) -> Iterator[Entry]:
        """The events and judgements; the changes between them are compared on the way."""
        for entry in self._store.entries(start, stop, types=(*FOLLOWED, CHANGE)):
            if entry.type == CHANGE:
                self._compare(entry)
            else:
                self._nothing_left(entry.position)
                yield entry

    def _compare(self, entry: Entry) -> None:
        self._at = entry.position + 1
        expected = self._expected.popleft() if self._expected else None
        if expected == entry.body:
            self._made.derived += 1
        elif expected is None:
            self._made.found.append(
                Finding(entry.position, "no alert follows from the events that the change tells of")
            )
        else:
            said = printable(expected.decode(), 400)
            self._made.found.append(Finding(entry.position, f"from the events follows another change: {said}"))

    def _nothing_left(self, position: int) -> None:
        for expected in self._expected:
            said = printable(expected.decode(), 400)
            self._made.found.append(Finding(position, f"before this, a change is not recorded: {said}"))
        self._expected.clear()
