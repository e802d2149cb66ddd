"""A log as it was published: the static files of C2SP tlog-tiles in a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from oversight.ground.errors import NoteRefused
from oversight.record.checkpoints import Checkpoint
from oversight.record.entries import Entry, Snapshot
from oversight.record.tiles import bundle_path, tile_name, tile_path, tiles_of, unbundle

_TYPE = re.compile(rb'"type":"([a-z]{1,40})"')


class Published:
    """
    The log in a folder, of the size that its checkpoint says.

    Args:
        folder: with ``checkpoint`` and ``tile``.

    Raises:
        OSError: there is no checkpoint that could be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._note = (folder / "checkpoint").read_bytes()
        try:
            size = Checkpoint.opened(self._note, []).size
        except NoteRefused:
            size = 0
        self._tiles = {tile_name(level, index): (level, index, width) for level, index, width in tiles_of(size)}

    def entries(self) -> Iterator[Entry]:
        """
        The entries, without what they said.

        Raises:
            OSError: a bundle cannot be read.
            ValueError: one breaks off.
        """
        position = 0
        for level, index, width in self._tiles.values():
            if level:
                return
            for leaf in unbundle((self._folder / bundle_path(index, width)).read_bytes()):
                found = _TYPE.search(leaf)
                yield Entry(position, found[1].decode() if found else "unknown", None, None, leaf)
                position += 1

    def tile(self, path: str) -> bytes | None:
        """The tile that a store would have at *path*."""
        at = self._tiles.get(path)
        file = None if at is None else self._folder / tile_path(*at)
        return None if file is None or not file.is_file() else file.read_bytes()

    def tiles(self) -> Sequence[str]:
        """The paths, in a store, of all tiles that belong to the checkpoint."""
        return [*self._tiles]

    def checkpoints(self) -> Sequence[bytes]:
        """The checkpoint."""
        return [self._note]

    def identities(self) -> Iterator[tuple[bytes, int]]:
        """Nothing: by what events are known is not published."""
        return iter(())

    def snapshot(self) -> Snapshot | None:
        """Nothing: no snapshot is published."""
        return None
