"""The audit of a sealed record: what is altered, removed, put elsewhere or added is found, and where."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import evolve
from tests.conftest import PROFILE

from oversight.errors import RecordError, SealBroken
from oversight.model.wire import canonical
from oversight.record.audit import audit
from oversight.record.checkpoints import Checkpoint
from oversight.record.entries import (
    BEGUN, CHANGE, CLOSE, EVENT, PRUNE, SNAPSHOT, Batch, Entry, Forgotten, Snapshot, digest_of_keys, entries_of,
    identity_key,
)  # fmt: skip
from oversight.record.findings import Finding
from oversight.record.keys import SigningKey
from oversight.record.sealing import sealed_by
from oversight.record.sqlite import SQLiteStore

KEY = SigningKey("example.org/cameras", bytes(range(32)))
OTHER = SigningKey("example.org/cameras", bytes(32))
ENTRIES, STEP = 300, 20


class _Copy:
    """What a store holds, to be altered in memory."""

    def __init__(self, store: SQLiteStore) -> None:
        self.rows = [*store.entries()]
        self.held = {path: store.tile(path) for path in store.tiles()}
        self.notes = [*store.checkpoints()]
        self.taken = store.snapshot()
        self.known = [*store.identities()]

    @property
    def size(self) -> int:
        return len(self.rows)

    def entries(self) -> Iterator[Entry]:
        return iter(self.rows)

    def tile(self, path: str) -> bytes | None:
        return self.held.get(path)

    def tiles(self) -> Sequence[str]:
        return [*self.held]

    def checkpoints(self) -> Sequence[bytes]:
        return self.notes

    def snapshot(self) -> Snapshot | None:
        return self.taken

    def identities(self) -> Iterator[tuple[bytes, int]]:
        return iter(self.known)

    @contextmanager
    def steady(self) -> Iterator[None]:
        yield


def write(store: SQLiteStore, upto: int = ENTRIES, key: SigningKey = KEY) -> None:
    """Entries as a run makes them, committed some at a time, with a snapshot and some that were forgotten."""
    sealing = sealed_by(key)(store)
    while (start := store.size) < upto:
        written, identities = [], {}
        for position in range(start, start + STEP):
            what = BEGUN if position == 0 else (EVENT, EVENT, CHANGE, CLOSE)[position % 4]
            body = {
                "id": str(position),
                "source": "register",
                "time": "2026-03-10T09:00:00Z",
                "camera": f"c-{position}",
            }
            written.append((what, canonical(body)))
            if what == EVENT:
                identities["register", str(position)] = position
        snapshot, forget = None, ()
        if start == 200:
            snapshot = Snapshot(start + STEP, "digest", b"state" * 100)
            written[-1] = (SNAPSHOT, snapshot.body)
        if start == 240:
            forget = (1, 4, 5, 8)
            keys = digest_of_keys(identity_key("register", str(position)) for position in forget)
            written[-1] = (PRUNE, Forgotten("2026-01-01T00:00:00Z", forget, keys).body)
            identities.pop(("register", str(start + STEP - 1)), None)
        entries = entries_of(start, written)
        tiles, checkpoint = sealing(entries)
        store.commit(
            Batch(entries=entries, identities=identities, tiles=tiles, checkpoint=checkpoint, snapshot=snapshot,
                  forget=forget)
        )  # fmt: skip


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> _Copy:
    store = SQLiteStore(tmp_path_factory.mktemp("record") / "case.db")
    write(store)
    copy = _Copy(store)
    store.close()
    return copy


def altered(record: _Copy, **changes: object) -> _Copy:
    copy = _Copy.__new__(_Copy)
    copy.__dict__ = {
        name: value.copy() if isinstance(value, list | dict) else value for name, value in vars(record).items()
    }
    copy.__dict__ |= changes
    return copy


def found(record: _Copy, *kept: Checkpoint) -> list[Finding]:
    return audit(record, [KEY.public], kept).found  # type: ignore[arg-type]


def first(record: _Copy, *kept: Checkpoint) -> Finding:
    finding = audit(record, [KEY.public], kept).first  # type: ignore[arg-type]
    assert finding is not None
    return finding


def checkpoint(record: _Copy, number: int) -> Checkpoint:
    return Checkpoint.opened(record.notes[number], [KEY.public])


def test_sealed_record_holds(record: _Copy) -> None:
    """A record that nobody touched holds, and the audit says what it looked at."""
    made = audit(record, [KEY.public], [checkpoint(record, 3)])  # type: ignore[arg-type]
    assert [] == made.found
    assert None is made.first
    assert (ENTRIES, 4, 15, 3) == (made.size, made.forgotten, made.checkpoints, made.tiles)
    assert checkpoint(record, -1) == made.last
    assert {BEGUN: 1, EVENT: 149, CHANGE: 75, CLOSE: 73, SNAPSHOT: 1, PRUNE: 1} == made.types


def flips(record: _Copy) -> Iterator[tuple[str, Callable[[int], _Copy], int]]:
    """Everything of which a byte can be changed: a name, what makes a copy so, and how many bytes it has."""
    for entry in record.rows:
        for name in ("body", "nonce", "leaf"):
            content = getattr(entry, name)
            if content is not None:
                yield f"{name} {entry.position}", _row_flip(record, entry, name), len(content)
        yield f"type {entry.position}", _type_flip(record, entry), len(entry.type)
    for path, content in record.held.items():
        yield path, _tile_flip(record, path), len(content or b"")
    for number, note in enumerate(record.notes):
        yield f"checkpoint {number}", _note_flip(record, number), len(note)
    for number, (key, _) in enumerate(record.known):
        yield f"known {number}", _known_flip(record, number), len(key)
    assert record.taken is not None
    yield "snapshot", _snapshot_flip(record, "data"), len(record.taken.data)
    yield "snapshot's pack", _snapshot_flip(record, "pack"), len(record.taken.pack)


def flipped(content: bytes, at: int, bit: int = 1) -> bytes:
    return content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :]


def _row_flip(record: _Copy, entry: Entry, name: str) -> Callable[[int], _Copy]:
    def make(at: int) -> _Copy:
        copy = altered(record)
        copy.rows[entry.position] = evolve(entry, **{name: flipped(getattr(entry, name), at)})
        return copy

    return make


def _type_flip(record: _Copy, entry: Entry) -> Callable[[int], _Copy]:
    def make(at: int) -> _Copy:
        copy = altered(record)
        copy.rows[entry.position] = evolve(entry, type=flipped(entry.type.encode(), at).decode())
        return copy

    return make


def _tile_flip(record: _Copy, path: str) -> Callable[[int], _Copy]:
    return lambda at: altered(record, held=record.held | {path: flipped(record.held[path] or b"", at)})


def _note_flip(record: _Copy, number: int) -> Callable[[int], _Copy]:
    def make(at: int) -> _Copy:
        copy = altered(record)
        copy.notes[number] = flipped(copy.notes[number], at)
        return copy

    return make


def _known_flip(record: _Copy, number: int) -> Callable[[int], _Copy]:
    def make(at: int) -> _Copy:
        copy = altered(record)
        key, position = copy.known[number]
        copy.known[number] = (flipped(key, at), position)
        return copy

    return make


def _snapshot_flip(record: _Copy, name: str) -> Callable[[int], _Copy]:
    def make(at: int) -> _Copy:
        assert record.taken is not None
        if name == "pack":
            return altered(record, taken=evolve(record.taken, pack=flipped(record.taken.pack.encode(), at).decode()))
        return altered(record, taken=evolve(record.taken, data=flipped(record.taken.data, at)))

    return make


def test_every_flipped_byte_is_found(record: _Copy) -> None:
    """Whatever single byte of a record is changed, the audit finds it, and where it is an entry's, at that position."""
    parts = [*flips(record)]
    every = [(number, at) for number, (_, _, size) in enumerate(parts) for at in range(size)]
    assert len(every) > 70_000
    chosen = every if PROFILE == "long" else random.Random(7).sample(every, 1_000 if PROFILE == "ci" else 250)
    for number, at in chosen:
        name, make, _ = parts[number]
        finding = audit(make(at), [KEY.public]).first  # type: ignore[arg-type]
        assert finding is not None, f"byte {at} of {name} is another, and nothing was found"
        what, _, position = name.partition(" ")
        if what in ("body", "nonce", "leaf", "type"):
            assert int(position) == finding.position, f"byte {at} of {name}: {finding}"


def test_removed_entry(record: _Copy) -> None:
    """An entry that is taken out is missing at its position, also where those after it move up."""
    for position in (0, 1, 17, 255, 256, 298):
        gone = altered(record)
        del gone.rows[position]
        assert Finding(position, f"there is no entry; the next is at {position + 1}") == first(gone)
        moved = altered(gone, rows=[evolve(entry, position=number) for number, entry in enumerate(gone.rows)])
        assert position == first(moved).position


def test_reordered_entries(record: _Copy) -> None:
    """Two entries that change places are found at the first of them."""
    for one, other in ((0, 1), (3, 7), (17, 299), (255, 256)):
        copy = altered(record)
        copy.rows[one] = evolve(record.rows[other], position=one)
        copy.rows[other] = evolve(record.rows[one], position=other)
        assert one == first(copy).position


def test_truncated_record(record: _Copy) -> None:
    """A record that ends early is found at the first position that is missing."""
    for size in (1, 255, 256, 280, 299):
        copy = altered(record, rows=record.rows[:size])
        finding = first(copy)
        assert size == finding.position
        assert "there is no entry, and checkpoint" in finding.what


def resealed(record: _Copy, rows: Sequence[Entry], key: SigningKey, folder: Path) -> _Copy:
    """The same rows under a seal of their own."""
    store = SQLiteStore(folder / f"{len([*folder.iterdir()])}.db")
    sealing = sealed_by(key)(store)
    for start in range(0, len(rows), STEP):
        entries = [evolve(row, position=start + number) for number, row in enumerate(rows[start : start + STEP])]
        tiles, note = sealing(entries)
        store.commit(Batch(entries=entries, tiles=tiles, checkpoint=note))
    copy = _Copy(store)
    store.close()
    return altered(record, rows=copy.rows, held=copy.held, notes=copy.notes)


def test_rollback_to_an_older_checkpoint(record: _Copy, tmp_path: Path) -> None:
    """A whole record of an earlier day holds by itself, and not for whoever kept a later checkpoint."""
    store = SQLiteStore(tmp_path / "case.db")
    write(store, 200)
    copy = _Copy(store)
    store.close()
    assert [] == found(copy)
    kept = checkpoint(record, -1)
    assert 200 == first(copy, kept).position
    assert "a checkpoint that was kept says that there are 300" in first(copy, kept).what


def test_checkpoints_taken_away(record: _Copy) -> None:
    """Without its last checkpoints a record has entries under none; one between others can go, which say as much."""
    for left in (14, 7, 1):
        finding = Finding(left * STEP, "from here on entries are under no checkpoint: they were added without the key")
        assert finding == first(altered(record, notes=record.notes[:left]))
    assert [] == found(altered(record, notes=[*record.notes[:5], *record.notes[6:]]))
    swapped = altered(record, notes=[*record.notes[:5], record.notes[6], record.notes[5], *record.notes[7:]])
    assert found(swapped)


def test_rewritten_record(record: _Copy, tmp_path: Path) -> None:
    """A record that its operator wrote anew holds by itself, and not for whoever kept a checkpoint."""
    rows = [*record.rows]
    said = canonical({"id": "9", "source": "register", "time": "2026-03-10T09:00:00Z", "camera": "another"})
    rows[9] = evolve(entries_of(9, [(rows[9].type, said)])[0], position=9)
    anew = resealed(record, rows, KEY, tmp_path)
    assert [] == found(anew)
    says = "a checkpoint that was kept, of 80 entries, is not of these: one from here on is another"
    assert Finding(0, says) == first(anew, checkpoint(record, 3))
    rows[9], rows[50] = record.rows[9], evolve(entries_of(50, [(CHANGE, said)])[0], position=50)
    later = resealed(record, rows, KEY, tmp_path)
    assert Finding(40, says) == first(later, checkpoint(record, 1), checkpoint(record, 3))


def test_appending_without_the_key(record: _Copy, tmp_path: Path) -> None:
    """Entries that were added without the key are found at the first of them, with tiles of theirs or without."""
    added = entries_of(ENTRIES, [(CHANGE, b"{}"), (CLOSE, b"{}")])
    copy = altered(record, rows=[*record.rows, *added])
    assert ENTRIES == first(copy).position
    forged = resealed(record, copy.rows, OTHER, tmp_path)
    assert ENTRIES == first(altered(forged, notes=record.notes)).position
    assert Finding(ENTRIES, "from here on entries are under no checkpoint: they were added without the key") in found(
        altered(forged, notes=record.notes)
    )
    by_other = first(altered(forged, notes=[*record.notes, forged.notes[-1]]))
    assert ENTRIES == by_other.position


def test_another_key(record: _Copy, tmp_path: Path) -> None:
    """A record sealed anew with another key of the same name is found by whoever has the public key."""
    forged = resealed(record, record.rows, OTHER, tmp_path)
    assert [] == audit(forged, [OTHER.public]).found  # type: ignore[arg-type]
    assert {f"checkpoint {number}" for number in range(15)} <= {each.what.partition(":")[0] for each in found(forged)}
    with_checkpoint = audit(forged, [], [checkpoint(record, 3)])  # type: ignore[arg-type]
    assert [] == with_checkpoint.found  # the same entries: who has no key learns from a kept checkpoint that they are


def test_unsealed_record(record: _Copy) -> None:
    """A record whose log was taken away is not taken for one that holds."""
    bare = altered(record, held={}, notes=[])
    assert any("the record is not sealed" in each.what for each in found(bare))
    assert any("the record is not sealed" in each.what for each in audit(bare).found)  # type: ignore[arg-type]


def test_body_taken_out_without_a_word(record: _Copy) -> None:
    """A body that is missing and that nothing on record says was forgotten is found at its position."""
    copy = altered(record)
    copy.rows[13] = evolve(record.rows[13], body=None, nonce=None)
    assert Finding(13, "what the entry said was taken out, and nothing on record says so") == first(copy)
    copy.rows[13] = evolve(record.rows[13], nonce=None)
    assert Finding(13, "what the entry said, or the random bytes beside it, is not there as it was") == first(copy)


def test_tiles_that_are_missing_or_too_many(record: _Copy) -> None:
    """A tile that is gone, and one that belongs to no entry, are found."""
    for path in record.held:
        gone = altered(record)
        del gone.held[path]
        assert found(gone)
    more = found(altered(record, held=record.held | {"tile/2/000": bytes(32)}))
    assert [Finding(None, "there is a tile tile/2/000 that belongs to no entry")] == more


def test_snapshot_put_elsewhere(record: _Copy) -> None:
    """A snapshot that stands for another position, or is gone, is found at the entry that tells of it."""
    assert record.taken is not None
    for taken in (None, evolve(record.taken, position=219)):
        assert 219 == first(altered(record, taken=taken)).position


def test_identities_that_are_missing_or_too_many(record: _Copy) -> None:
    """An event that is no longer known by its id, or one that never came and is known, is found."""
    assert 9 == first(altered(record, known=[each for each in record.known if each[1] != 9])).position
    known = [*record.known, (identity_key("register", "never"), 299)]
    assert found(altered(record, known=known))


def test_sealing_goes_on_only_from_what_holds(tmp_path: Path) -> None:
    """A store is sealed on only with its key, from its last checkpoint, and from its beginning."""
    store = SQLiteStore(tmp_path / "case.db")
    write(store, 60)
    with pytest.raises(SealBroken, match="with this key: not signed by"):
        sealed_by(OTHER)(store)
    store.commit(Batch(entries=entries_of(60, [(CLOSE, b"{}")])))
    with pytest.raises(SealBroken, match=r"the record has 61 entries, its last checkpoint .* says 60"):
        sealed_by(KEY)(store)
    store.close()
    bare = SQLiteStore(tmp_path / "bare.db")
    bare.commit(Batch(entries=entries_of(0, [(CLOSE, b"{}")])))
    with pytest.raises(SealBroken, match="begun without a key"):
        sealed_by(KEY)(bare)
    bare.close()
    again = SQLiteStore(tmp_path / "again.db")
    write(again, 60)
    again.commit(Batch(tiles={"tile/0/000": bytes(60 * 32)}))
    with pytest.raises(SealBroken, match="the tiles of the record are not those of its last checkpoint"):
        sealed_by(KEY)(again)
    again.commit(Batch(tiles={"tile/0/000": bytes(32)}))
    with pytest.raises(SealBroken, match="tile/0/000 should hold 60 hashes"):
        sealed_by(KEY)(again)
    again.close()


def test_a_commit_that_failed_is_sealed_again(tmp_path: Path) -> None:
    """Where a commit did not go through, the next one is sealed from where the record ends."""
    store = SQLiteStore(tmp_path / "case.db")
    sealing = sealed_by(KEY)(store)
    lost = entries_of(0, [(CLOSE, b"{}")] * 3)
    sealing(lost)
    for entries in (entries_of(0, [(CLOSE, b"{}")] * 2), entries_of(2, [(CLOSE, b"{}")])):
        tiles, note = sealing(entries)
        store.commit(Batch(entries=entries, tiles=tiles, checkpoint=note))
    assert [] == audit(store, [KEY.public]).found
    with pytest.raises(SealBroken, match="the log ends at position 3, and the next entry is 9"):
        sealing(entries_of(9, [(CLOSE, b"{}")]))
    store.close()


def test_flipped_bytes_of_the_file(tmp_path: Path) -> None:
    """Whatever byte of the file of a record is changed, the audit finds it, or reads the very same record."""
    path = tmp_path / "case.db"
    store = SQLiteStore(path)
    write(store)
    whole = vars(_Copy(store))
    store.close()
    assert [] == [each.name for each in tmp_path.glob("*-wal")]
    content = path.read_bytes()
    chosen = random.Random(11).sample(range(len(content)), 20_000 if PROFILE == "long" else 150)
    harmless = 0
    for at in chosen:
        for leftover in tmp_path.glob("copy*"):
            leftover.unlink()
        (tmp_path / "copy.db").write_bytes(flipped(content, at, 1 << at % 8))
        try:
            copy = SQLiteStore(tmp_path / "copy.db", read_only=True)
        except RecordError:
            continue
        if not audit(copy, [KEY.public]).found:
            assert whole == vars(_Copy(copy)), f"byte {at} of the file changes what is read, and nothing was found"
            harmless += 1
        copy.close()
    assert harmless < len(chosen)
