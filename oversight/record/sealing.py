"""Sealing: what a commit adds to the log, as tiles and a signed checkpoint that are committed with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import frozen

from oversight.record.checkpoints import Checkpoint
from oversight.record.keys import SigningKey
from oversight.record.merkle import leaf_hash
from oversight.record.tiles import TileTree


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
