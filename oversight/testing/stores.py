"""What a store has to keep to, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve

from oversight.ground.errors import RecordError, RecordInUse
from oversight.record.entries import CHANGE, CLOSE, EVENT, Batch, Entry, Snapshot, entries_of, identity_key
from oversight.record.store import Store, knows

MANY = 2_500
"""More entries than a store would hold in memory at once."""
_BODIES = (b"{}", b"\x00\xff\\x41'", "\u202e\U0001f468".encode(), b"x" * 300_000)
_IDENTITIES = (
    ("s", "1"), ("", "s1"), ("s", "\x00"), ("\x00", "s"), ("S", "1"), ("s", "\U0001f468"),
    ("s" * 1024, "\U0001f468" * 1024), ("s" * 1024, "\U0001f468" * 1023),
)  # fmt: skip


def check_store(open_store: Callable[[], Store]) -> None:
    """
    Hold a store to what a record relies on.

    What one commit gives is there at once, for ever and to the byte, also for whoever opens the store next; a commit
    that cannot be is not there in part. Positions follow each other. Ids of events are told apart whatever they hold.
    There is one writer at a time. What goes wrong is one of the errors of a record.

    Args:
        open_store: opens one and the same store to write, which is empty at first.

    Raises:
        AssertionError: names what it does not keep to.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from oversight.record.sqlite import SQLiteStore
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     check_store(lambda: SQLiteStore(Path(folder) / "case.db"))
    """
    store = open_store()
    try:
        _is_empty(store)
        entries = _keeps_bytes(store)
        entries += _keeps_many(store, len(entries))
        _takes_whole(store, entries)
        _replaces(store)
        _has_one_writer(open_store)
    finally:
        store.close()
    _says_when_closed(store)
    again = open_store()
    try:
        assert entries == [*again.entries()], "what was committed is not there when the store is opened again"
        _forgets(again, entries)
    finally:
        again.close()


def _is_empty(store: Store) -> None:
    assert store.size == 0, "the store to be checked is not empty"
    found = ([*store.entries()], store.snapshot(), dict(store.told()), [*store.tiles()], [*store.checkpoints()])
    assert found == ([], None, {}, [], []), f"an empty store holds something: {found}"


def _keeps_bytes(store: Store) -> list[Entry]:
    entries = entries_of(0, [(EVENT, body) for body in _BODIES * 2])
    identities = {identity: number for number, identity in enumerate(_IDENTITIES)}
    store.commit(Batch(entries=entries, identities=identities))
    assert store.size == len(entries), f"{len(entries)} entries were committed, and the size is {store.size}"
    for before, after in zip(entries, store.entries(), strict=True):
        assert before == after, f"entry {before.position} is not what was committed"
    assert identities == dict(store.positions([*identities, ("s", "2")])), "ids of events are not told apart"
    assert knows(store, "s", "2") is None, "an event is known that never came"
    with store.steady():
        keys = [(identity_key(*identity), number) for identity, number in identities.items()]
        assert keys == [*store.identities()], "what events are known by is not told in the order of their positions"
    return [*entries]


def _keeps_many(store: Store, start: int) -> list[Entry]:
    kinds = (EVENT, EVENT, CLOSE, CHANGE)
    entries = entries_of(start, [(kinds[number % 4], b"{}") for number in range(MANY)])
    store.commit(Batch(entries=entries))
    _same(entries, [*store.entries(start)], "from a position on")
    _same(entries[7:1500], [*store.entries(start + 7, start + 1500)], "between two positions")
    wanted = [entry for entry in entries if entry.type in (CLOSE, CHANGE)]
    _same(wanted, [*store.entries(start, types=(CLOSE, CHANGE))], "of two types")
    return [*entries]


def _same(expected: Sequence[Entry], found: Sequence[Entry], what: str) -> None:
    assert [e.position for e in expected] == [e.position for e in found], f"the entries {what} are others"
    assert [*expected] == [*found], f"the entries {what} are not what was committed"


def _takes_whole(store: Store, entries: list[Entry]) -> None:
    """A commit that cannot be leaves nothing behind."""
    size, known = store.size, ("s", "1")
    gap = Batch(entries=entries_of(size + 1, [(EVENT, b"{}")]), told={"gap": 1})
    twice = Batch(
        entries=entries_of(size, [(EVENT, b"{}")]), identities={("s", "new"): size, known: size}, told={"twice": 1}
    )
    for batch, what in ((gap, "that leaves a gap"), (twice, "of an event that is known")):
        try:
            store.commit(batch)
        except RecordError:
            pass
        else:
            raise AssertionError(f"a commit {what} was taken")
        found = (store.size, dict(store.told()), knows(store, "s", "new"))
        assert found == (size, {}, None), f"a commit {what} left something behind: {found}"
    _same(entries, [*store.entries()], "after commits that could not be")


def _replaces(store: Store) -> None:
    first = Batch(
        tiles={"tile/0/000.p/1": b"\x00a", "tile/1/000": b"b"}, checkpoint=b"one", told={"a": 1, "b": 2},
        snapshot=Snapshot(3, "digest", b"\x00" * 100_000),
    )  # fmt: skip
    second = evolve(
        first, tiles={"tile/0/000.p/1": b"c"}, checkpoint=b"two", told={"b": 5}, snapshot=Snapshot(4, "other", b"s")
    )
    for batch in (first, second):
        store.commit(batch)
    assert [*store.tiles()] == ["tile/0/000.p/1", "tile/1/000"], "the paths of the tiles are others"
    tiles = [store.tile(path) for path in ("tile/0/000.p/1", "tile/1/000", "tile/2/000")]
    assert tiles == [b"c", b"b", None], f"the tiles are not what was committed last: {tiles}"
    assert [*store.checkpoints()] == [b"one", b"two"], "the checkpoints are not all there, the oldest first"
    assert store.checkpoint() == b"two", "the newest checkpoint is not the one committed last"
    assert dict(store.told()) == {"a": 1, "b": 5}, "what outlets were told up to is not what was committed last"
    assert store.snapshot() == Snapshot(4, "other", b"s"), "the snapshot is not the one committed last"


def _has_one_writer(open_store: Callable[[], Store]) -> None:
    try:
        second = open_store()
    except RecordInUse:
        return
    second.close()
    raise AssertionError("a second writer was let in")


def _says_when_closed(store: Store) -> None:
    for ask in (lambda: store.size, lambda: store.commit(Batch(told={"a": 9}))):
        try:
            ask()
        except RecordError:
            continue
        raise AssertionError("a store answers after it was closed")
    store.close()


def _forgets(store: Store, entries: list[Entry]) -> None:
    store.commit(Batch(forget=[0, 2]))
    after = [evolve(entry, body=None, nonce=None) if entry.position in (0, 2) else entry for entry in entries]
    _same(after, [*store.entries()], "after two were forgotten")
