"""Sealing: what a commit adds to the log, as tiles and a signed checkpoint that are committed with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from oversight.ground.errors import NoteRefused, SealBroken
from oversight.ground.text import printable
from oversight.record.checkpoints import Checkpoint
from oversight.record.entries import Entry
from oversight.record.keys import SigningKey
from oversight.record.merkle import leaf_hash
from oversight.record.store import Seal, Sealing, Store
from oversight.record.tiles import ReadTile, TileTree, tile_name


@frozen
class Sealed:
    """
    What is to be committed together with new entries.

    Args:
        tree: the edge of the log after them; to be kept once the commit has gone through.
        tiles: new ones and those that have grown, by name, to be written over what is there.
        checkpoint: the signed note.
    """

    tree: TileTree
    tiles: Mapping[str, bytes]
    checkpoint: bytes


def seal(tree: TileTree, leaves: Iterable[bytes], key: SigningKey) -> Sealed:
    """
    Add entries to a log.

    Nothing is changed by it: a commit that fails leaves the log where it was.

    Args:
        tree: the edge of the log.
        leaves: what the log holds of each new entry (:func:`oversight.record.entries.leaf_of`).
        key: signs; its name is the log's.

    >>> sealed = seal(TileTree(), [b"first"], SigningKey("example.org/cameras", bytes(32)))
    >>> sealed.tree.size, list(sealed.tiles)
    (1, ['tile/0/000'])
    """
    after, tiles = tree.extended(map(leaf_hash, leaves))
    return Sealed(after, tiles, Checkpoint(key.name, after.size, after.root).signed(key))


def sealed_by(key: SigningKey) -> Sealing:
    """
    What seals each commit to a store with *key*.

    Raises:
        SealBroken: on use, where the store was begun without a seal, was sealed with another key, or does not end
            where its last checkpoint says. Nothing is signed that was not under a seal from its beginning.
    """

    def begin(store: Store) -> Seal:
        return _Commits(_edge(store, key), key)

    return begin


class _Commits:
    """Seals one commit after the other; one that failed may be sealed again."""

    def __init__(self, tree: TileTree, key: SigningKey) -> None:
        self._key = key
        self._trees: tuple[TileTree, ...] = (tree,)

    def __call__(self, entries: Sequence[Entry]) -> tuple[Mapping[str, bytes], bytes | None]:
        if not entries:
            return {}, None
        start = entries[0].position
        before = next((tree for tree in self._trees if tree.size == start), None)
        if before is None:
            raise SealBroken(f"the log ends at position {self._trees[-1].size}, and the next entry is {start}")
        sealed = seal(before, (entry.leaf for entry in entries), self._key)
        self._trees = (before, sealed.tree)
        return sealed.tiles, sealed.checkpoint


def _edge(store: Store, key: SigningKey) -> TileTree:
    """The edge of the log in *store*, made sure of by its last checkpoint."""
    size, note = store.size, store.checkpoint()
    if note is None:
        if size:
            raise SealBroken(
                "the record was begun without a key, and what stands in it cannot be vouched for now; begin a new one "
                "with the key, and feed it the events"
            )
        return TileTree()
    try:
        last = Checkpoint.opened(note, [key.public])
    except NoteRefused as error:
        raise SealBroken(f"the last checkpoint of the record cannot be gone on from with this key: {error}") from None
    if last.size != size or last.origin != key.name:
        raise SealBroken(
            f"the record has {size} entries, its last checkpoint is of {printable(last.origin, 80)} and says "
            f"{last.size}; oversight verify says what does not hold"
        )
    try:
        tree = TileTree.read(size, read_tile(store))
    except ValueError as error:
        raise SealBroken(f"the log of the record is not whole: {error}; oversight verify says more") from None
    if tree.root != last.root:
        raise SealBroken("the tiles of the record are not those of its last checkpoint; oversight verify says more")
    return tree


def read_tile(store: Store) -> ReadTile:
    """Reads the tiles of *store*; one that is not there is empty."""
    return lambda level, index: store.tile(tile_name(level, index)) or b""
