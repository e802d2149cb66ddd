"""
The audit of a record by its log: every entry, every tile, every checkpoint, the snapshot and what is known of events.

Nothing is sampled. What does not hold is named by its position.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from attrs import define, field

from oversight.ground.errors import NoteRefused, RecordError
from oversight.ground.text import printable
from oversight.model.wire import identity_in
from oversight.record.checkpoints import Checkpoint
from oversight.record.entries import (
    EVENT,
    PRUNE,
    SNAPSHOT,
    Entry,
    Forgotten,
    Snapshot,
    digest_of_keys,
    identity_key,
    leaf_of,
)
from oversight.record.findings import Finding
from oversight.record.keys import VerifyingKey
from oversight.record.merkle import HASH_SIZE, leaf_hash
from oversight.record.published import Published
from oversight.record.store import Store
from oversight.record.tiles import WIDTH, TileTree, tile_name, tiles_of

_LEAF = re.compile(rb'\{"commitment":"[0-9a-f]{64}","type":"(?P<type>[a-z]{1,40})"\}')
"""Exactly what :func:`leaf_of` writes; of a forgotten body it is all that is left to look at."""
_KEPT = "a checkpoint that was kept"


@define
class Audit:
    """
    What an audit looked at, and what of it does not hold.

    Args:
        size: how many entries there are.
        types: how many of each type.
        forgotten: of how many the body was forgotten.
        checkpoints: how many there are.
        last: the newest of them.
        tiles: how many there are.
        whole: whether the log holds, so that also what entries say of others was looked at: what was forgotten, and
            the snapshot.
        found: what does not hold.
    """

    size: int = 0
    types: Counter[str] = field(factory=Counter)
    forgotten: int = 0
    checkpoints: int = 0
    last: Checkpoint | None = None
    tiles: int = 0
    whole: bool = False
    found: list[Finding] = field(factory=list)

    @property
    def first(self) -> Finding | None:
        """The first position that does not hold, or else the first thing."""
        return min(self.found, key=_by_position, default=None)

    def wrong(self, position: int | None, what: str) -> None:
        """Note what does not hold."""
        self.found.append(Finding(position, what))


def _by_position(finding: Finding) -> tuple[bool, int]:
    return finding.position is None, finding.position or 0


def audit(store: Store, keys: Sequence[VerifyingKey] = (), kept: Sequence[Checkpoint] = ()) -> Audit:
    """
    Hold all of *store* to its log.

    Args:
        store: open; what it cannot give is a finding.
        keys: one of which must have signed each checkpoint; with none, no signature is looked at.
        kept: older checkpoints from elsewhere, out of which the log must have grown.

    Returns:
        What was looked at and found.
    """
    made = Audit()
    try:
        with store.steady():
            _Auditor(store, made).run(keys, kept)
    except (RecordError, TypeError) as error:  # a damaged database gives values of other types
        made.wrong(made.size, f"the store cannot be read on from here: {printable(str(error), 400)}")
    return made


def audit_published(folder: Path, keys: Sequence[VerifyingKey] = (), kept: Sequence[Checkpoint] = ()) -> Audit:
    """
    Hold the published files of a log to its checkpoint: every entry and every tile. What entries said is not in them.

    Args:
        folder: with ``checkpoint`` and ``tile``.
        keys: as of :func:`audit`.
        kept: likewise.
    """
    made = Audit()
    try:
        _PublishedAuditor(Published(folder), made).run(keys, kept)
    except (OSError, ValueError) as error:
        made.wrong(made.size, f"the files cannot be read on from here: {printable(str(error), 200)}")
    return made


class _Log(Protocol):
    """What an audit reads."""

    def entries(self) -> Iterator[Entry]: ...
    def tile(self, path: str) -> bytes | None: ...
    def tiles(self) -> Sequence[str]: ...
    def checkpoints(self) -> Sequence[bytes]: ...
    def identities(self) -> Iterator[tuple[bytes, int]]: ...
    def snapshot(self) -> Snapshot | None: ...


class _Auditor:
    """One audit on its way."""

    def __init__(self, store: _Log, made: Audit) -> None:
        self._store = store
        self._made = made
        self._tree = TileTree()
        self._due: list[tuple[Checkpoint, str]] = []
        self._held: dict[str, int] = {}
        self._sealed = True
        self._forgotten: dict[int, bytes] = {}
        self._prunes: list[Entry] = []
        self._snapshot: Entry | None = None
        self._identities: Iterator[tuple[bytes, int]] = iter(())
        self._coming: tuple[bytes, int] | None = None

    def run(self, keys: Sequence[VerifyingKey], kept: Sequence[Checkpoint]) -> None:
        """Look at everything, the entries first."""
        signed = [*self._signed(keys)]
        self._sealed = bool(self._made.checkpoints or self._store.tiles())
        self._due = [*signed, *((each, _KEPT) for each in kept)]
        self._due.sort(key=lambda each: each[0].size)
        self._identities = self._store.identities()
        self._coming = next(self._identities, None)
        for entries in self._bundles():
            self._bundle(entries)
        self._check_end(signed[-1][0].size if signed else 0)
        self._check_tiles()
        if self._made.found:
            return
        # What entries say of others is worth looking at once they are known to be what was recorded.
        self._made.whole = True
        self._check_prunes()
        self._check_snapshot()
        if self._coming is not None:
            self._made.wrong(self._coming[1], "an event is known by its id, and no event stands there")

    def _signed(self, keys: Sequence[VerifyingKey]) -> Iterator[tuple[Checkpoint, str]]:
        """The checkpoints of the store."""
        before, made = 0, self._made
        for number, note in enumerate(self._store.checkpoints()):
            made.checkpoints += 1
            name = f"checkpoint {number}"
            try:
                checkpoint = Checkpoint.opened(note, keys)
            except (NoteRefused, TypeError, AttributeError) as error:
                made.wrong(None, f"{name}: {error}")
                continue
            if keys and all(checkpoint.origin != key.name for key in keys):
                made.wrong(None, f"{name} is of another log, {printable(checkpoint.origin, 80)}")
            if checkpoint.size < before:
                made.wrong(None, f"{name} says {checkpoint.size} entries, and the one before it {before}")
            before = checkpoint.size
            made.last = checkpoint
            yield checkpoint, name
        if not made.checkpoints:
            made.wrong(
                None, "there is no checkpoint: the record is not sealed, and nothing shows whether it was altered"
            )

    def _bundles(self) -> Iterator[list[Entry]]:
        """The entries as they lie in tiles, up to the first that is missing."""
        bundle: list[Entry] = []
        for entry in self._store.entries():
            if entry.position != self._made.size:
                self._made.wrong(self._made.size, f"there is no entry; the next is at {entry.position}")
                break
            self._made.size += 1
            bundle.append(entry)
            if len(bundle) == WIDTH:
                yield bundle
                bundle = []
        if bundle:
            yield bundle

    def _bundle(self, entries: Sequence[Entry]) -> None:
        """Look at up to 256 entries, their tile, and the checkpoints that fall among them."""
        first = self._tree.size
        name = tile_name(0, first // WIDTH)
        tile = self._tile(name)
        hashes = []
        for entry in entries:
            self._entry(entry)
            found = leaf_hash(entry.leaf) if isinstance(entry.leaf, bytes) else bytes(HASH_SIZE)
            at = (entry.position - first) * HASH_SIZE
            if self._sealed and tile[at : at + HASH_SIZE] != found:
                self._made.wrong(entry.position, f"the entry is not the one that {name} has there")
            hashes.append(found)
        while self._due and self._due[0][0].size <= first + len(entries):
            checkpoint, said = self._due.pop(0)
            self._grow(hashes[self._tree.size - first : checkpoint.size - first])
            self._hold(checkpoint, said)
        self._grow(hashes[self._tree.size - first :])

    def _grow(self, hashes: Sequence[bytes]) -> None:
        """Take in the hashes of more entries, and look at the tiles that they fill."""
        self._tree, changed = self._tree.extended(hashes)
        for name, content in changed.items():
            if self._sealed and not self._tile(name).startswith(content):
                self._made.wrong(None, f"{name} does not hold the hashes of the entries under it")

    def _tile(self, name: str) -> bytes:
        content = self._store.tile(name)
        return content if isinstance(content, bytes) else b""

    def _hold(self, checkpoint: Checkpoint, said: str) -> None:
        """Hold the entries so far to a checkpoint; which one fits last tells from where on they do not."""
        whose, size = "kept" if said == _KEPT else "own", checkpoint.size
        held = self._held.get(whose, 0)
        if self._tree.root == checkpoint.root:
            self._held[whose] = size
        elif any(held <= each.position < size for each in self._made.found if each.position is not None):
            self._made.wrong(None, f"{said}, of {size} entries, is not of these")
        else:
            self._made.wrong(held, f"{said}, of {size} entries, is not of these: one from here on is another")
            self._held[whose] = size  # what comes of it is not told again

    def _entry(self, entry: Entry) -> None:
        made = self._made
        made.types[str(entry.type)] += 1
        shape = _LEAF.fullmatch(entry.leaf) if isinstance(entry.leaf, bytes) else None
        if shape is None or shape["type"] != str(entry.type).encode():
            made.wrong(entry.position, "what the log has of the entry is of another form or type")
        elif entry.body is None and entry.nonce is None:
            made.forgotten += 1
            self._forgotten[entry.position] = b""
        elif not isinstance(entry.body, bytes) or not isinstance(entry.nonce, bytes):
            made.wrong(entry.position, "what the entry said, or the random bytes beside it, is not there as it was")
        elif leaf_of(entry.type, entry.nonce, entry.body) != entry.leaf:
            made.wrong(entry.position, f"the {printable(entry.type, 40)} is not what the log committed to")
        elif entry.type == PRUNE:
            self._prunes.append(entry)
        elif entry.type == SNAPSHOT:
            self._snapshot = entry
        if entry.type == EVENT:
            self._identity(entry)

    def _identity(self, entry: Entry) -> None:
        """Hold what the event is known by, which tells a repeat, to the event."""
        key, position = self._coming or (b"", -1)
        if position != entry.position:
            self._made.wrong(entry.position, "the event is not known by its id, so that a repeat would be taken in")
            return
        if isinstance(entry.body, bytes) and key != _known_by(entry.body):
            self._made.wrong(entry.position, "the event is known by another source or id than its own")
        if entry.position in self._forgotten and isinstance(key, bytes):
            self._forgotten[entry.position] = key
        self._coming = next(self._identities, None)

    def _check_end(self, signed: int) -> None:
        """Whether the record ends where the checkpoints say."""
        made = self._made
        for checkpoint, said in self._due:
            if checkpoint.size == 0:
                self._hold(checkpoint, said)
            else:
                made.wrong(made.size, f"there is no entry, and {said} says that there are {checkpoint.size}")
        if made.checkpoints and signed < made.size:
            made.wrong(signed, "from here on entries are under no checkpoint: they were added without the key")

    def _check_tiles(self) -> None:
        """Whether there are the tiles that the size asks for, and no others."""
        stored = set(self._store.tiles())
        self._made.tiles = len(stored)
        if not self._sealed:
            return
        for level, index, width in tiles_of(self._made.size):
            name = tile_name(level, index)
            stored.discard(name)
            if len(self._tile(name)) != width * HASH_SIZE:
                self._made.wrong(None, f"{name} should hold {width} hashes")
        for name in sorted(map(str, stored)):
            self._made.wrong(None, f"there is a tile {printable(name, 80)} that belongs to no entry")

    def _check_prunes(self) -> None:
        """Whether every body that is missing was forgotten on record, and what its event is known by is as it was."""
        left = dict(self._forgotten)
        for entry in self._prunes:
            try:
                notice = Forgotten.read(entry.body or b"", entry.position)
            except ValueError as error:
                self._made.wrong(entry.position, printable(str(error), 200))
                continue
            for position in notice.positions:
                if position not in left:
                    self._made.wrong(position, f"the entry was forgotten by position {entry.position}, and is there")
            if digest_of_keys(left.pop(position, b"") for position in notice.positions) != notice.known:
                self._made.wrong(entry.position, "the events forgotten here are not known by what they were known by")
        for position in left:
            self._made.wrong(position, "what the entry said was taken out, and nothing on record says so")

    def _check_snapshot(self) -> None:
        """Whether the snapshot is the one that the log committed to."""
        found, entry = self._store.snapshot(), self._snapshot
        if entry is None:
            if found is not None:
                self._made.wrong(None, "there is a snapshot that the log knows nothing of")
            return
        if found is None:
            self._made.wrong(entry.position, "the snapshot taken here is not there")
        elif found.position != entry.position + 1 or found.body != entry.body:
            self._made.wrong(entry.position, "the snapshot is not the one that was taken here")


class _PublishedAuditor(_Auditor):
    """Of what was published there are no bodies, and nothing beside the log."""

    def _entry(self, entry: Entry) -> None:
        self._made.types[entry.type] += 1

    def _check_prunes(self) -> None:
        pass

    def _check_snapshot(self) -> None:
        pass


def _known_by(body: bytes) -> bytes | None:
    """By what the event in *body* is known."""
    try:
        return identity_key(*identity_in(body))
    except (ValueError, RecursionError):
        return None
