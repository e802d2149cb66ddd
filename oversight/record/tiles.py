"""
The hashes of a log as tiles, the static files of C2SP tlog-tiles, from which anybody can work out every proof.

A tile holds up to 256 hashes of one level. Only the last tile of a level grows; a store keeps it under one name and
writes it anew. What is published is named by its width as well, as the specification has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import frozen

from oversight.record.merkle import HASH_SIZE, node_hash, perfect_root, root_of_peaks

HEIGHT = 8
WIDTH = 1 << HEIGHT
_LONGEST_ENTRY = 0xFFFF

ReadTile = Callable[[int, int], bytes]
"""Gives the content of a tile, by *level* and *index*."""


def tile_name(level: int, index: int) -> str:
    """
    What a store calls a tile.

    >>> tile_name(0, 1234067)
    'tile/0/x001/x234/067'
    """
    return f"tile/{level}/{_number(index)}"


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """
    Where a tile of *width* hashes is published.

    >>> tile_path(1, 0, 3)
    'tile/1/000.p/3'
    """
    return tile_name(level, index) + _part(width)


def bundle_path(index: int, width: int = WIDTH) -> str:
    """
    Where *width* entries are published.

    >>> bundle_path(273, 112)
    'tile/entries/273.p/112'
    """
    return f"tile/entries/{_number(index)}{_part(width)}"


def _number(index: int) -> str:
    digits = f"{index:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])


def _part(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """
    Level, index and width of every tile of a log of *size* entries.

    >>> list(tiles_of(257))
    [(0, 0, 256), (0, 1, 1), (1, 0, 1)]
    """
    level, hashes = 0, size
    while hashes:
        for index in range(-(-hashes // WIDTH)):
            yield level, index, min(WIDTH, hashes - index * WIDTH)
        level, hashes = level + 1, hashes // WIDTH


def bundle(entries: Iterable[bytes]) -> bytes:
    """
    Entries as they are published: each after its length.

    Raises:
        ValueError: one is longer than the format can hold.

    >>> bundle([b"ab", b""])
    b'\\x00\\x02ab\\x00\\x00'
    """
    parts = []
    for entry in entries:
        if len(entry) > _LONGEST_ENTRY:
            raise ValueError(f"an entry of {len(entry)} bytes; a log holds at most {_LONGEST_ENTRY}")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def unbundle(content: bytes) -> list[bytes]:
    """
    The entries of a bundle.

    Raises:
        ValueError: it breaks off.

    >>> unbundle(b"\\x00\\x02ab\\x00\\x00")
    [b'ab', b'']
    """
    entries: list[bytes] = []
    at = 0
    while at < len(content):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if at + 2 > len(content) or end > len(content):
            raise ValueError(f"breaks off in its entry {len(entries)}")
        entries.append(content[at + 2 : end])
        at = end
    return entries


@frozen
class TileTree:
    """
    The edge of a log: all that is needed to add to it.

    Args:
        size: how many entries there are.
        peaks: roots of the perfect subtrees, that of the largest first.
        edge: the hashes in the last tile of each level, where it is not full.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()
    edge: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """
        The hash of the whole.

        >>> TileTree().root.hex()[:16]
        'e3b0c44298fc1c14'
        """
        return root_of_peaks(self.peaks)

    def extended(self, hashes: Iterable[bytes]) -> tuple[TileTree, dict[str, bytes]]:
        """
        The tree with more leaves, and the tiles that are new or have grown, by name.

        Args:
            hashes: of the leaves.

        >>> tree, tiles = TileTree().extended([bytes(32)] * 257)
        >>> [(name, len(tile) // 32) for name, tile in tiles.items()]
        [('tile/0/000', 256), ('tile/0/001', 1), ('tile/1/000', 1)]
        """
        growing = _Growing(self)
        for each in hashes:
            growing.add(each)
        return growing.done()

    @classmethod
    def read(cls, size: int, tile: ReadTile) -> TileTree:
        """
        The edge of a log of *size* entries, from its last tiles.

        Raises:
            ValueError: a tile has not the width that the size asks for.
        """
        edge, peaks = [], []
        for level in range(_levels(size)):
            hashes = size >> (HEIGHT * level)
            width = hashes % WIDTH
            content = tile(level, hashes // WIDTH) if width else b""
            if len(content) != width * HASH_SIZE:
                raise ValueError(f"{tile_name(level, hashes // WIDTH)} should hold {width} hashes")
            edge.append(content)
            peaks.append(_peaks([content[at : at + HASH_SIZE] for at in range(0, len(content), HASH_SIZE)]))
        return cls(size, tuple(peak for level in reversed(peaks) for peak in level), tuple(edge))


def _levels(size: int) -> int:
    """How many levels of tiles a log of *size* entries has."""
    return -(-size.bit_length() // HEIGHT)


def _peaks(hashes: list[bytes]) -> list[bytes]:
    """Roots of the perfect subtrees over the hashes of a tile that is not full."""
    peaks, at = [], 0
    for height in reversed(range(HEIGHT)):
        if len(hashes) >> height & 1:
            peaks.append(perfect_root(hashes[at : at + (1 << height)]))
            at += 1 << height
    return peaks


class _Growing:
    """A tree while leaves are added, one at a time."""

    def __init__(self, tree: TileTree) -> None:
        self._size = tree.size
        self._peaks = list(tree.peaks)
        self._edge = [bytearray(part) for part in tree.edge]
        self._changed: dict[str, bytes] = {}
        self._first = tree.size

    def add(self, leaf: bytes) -> None:
        """Add the hash of one leaf; each subtree that it completes is a hash of its own, every eighth in a tile."""
        self._put(0, leaf)
        height, found, rest = 0, leaf, self._size
        while rest & 1:
            found = node_hash(self._peaks.pop(), found)
            height, rest = height + 1, rest >> 1
            if height % HEIGHT == 0:
                self._put(height // HEIGHT, found)
        self._peaks.append(found)
        self._size += 1

    def _put(self, level: int, found: bytes) -> None:
        if level == len(self._edge):
            self._edge.append(bytearray())
        tile = self._edge[level]
        tile += found
        if len(tile) == WIDTH * HASH_SIZE:
            self._changed[tile_name(level, self._size >> (HEIGHT * (level + 1)))] = bytes(tile)
            tile.clear()

    def done(self) -> tuple[TileTree, dict[str, bytes]]:
        """The tree, and the tiles that are not as they were."""
        for level, tile in enumerate(self._edge):
            if tile and self._size >> (HEIGHT * level) != self._first >> (HEIGHT * level):
                self._changed[tile_name(level, self._size >> (HEIGHT * (level + 1)))] = bytes(tile)
        edge = tuple(bytes(tile) for tile in self._edge)
        return TileTree(self._size, tuple(self._peaks), edge), self._changed


def subtrees(tile: ReadTile) -> Callable[[int, int], bytes]:
    """
    The hashes of perfect subtrees, worked out from tiles; what proofs are made of.

    Args:
        tile: reads a tile; it must hold what is asked for.

    Raises:
        ValueError: on use, where a tile is too short.
    """

    def subtree(height: int, index: int) -> bytes:
        level, above = divmod(height, HEIGHT)
        first = index << above
        at, count = first % WIDTH, 1 << above
        content = tile(level, first // WIDTH)[at * HASH_SIZE : (at + count) * HASH_SIZE]
        if len(content) != count * HASH_SIZE:
            raise ValueError(f"{tile_name(level, first // WIDTH)} is too short")
        return perfect_root([content[part : part + HASH_SIZE] for part in range(0, len(content), HASH_SIZE)])

    return subtree


def published(size: int, tile: ReadTile, entries: Callable[[int, int], Iterable[bytes]]) -> Iterator[tuple[str, bytes]]:
    """
    Every file of a log of *size* entries but its checkpoint: path and content.

    Args:
        size: how many entries to publish; no more than there are.
        tile: reads a tile, which may hold more than is asked for.
        entries: the log's entries from a position up to another.

    Raises:
        ValueError: a tile holds less.
    """
    for level, index, width in tiles_of(size):
        content = tile(level, index)[: width * HASH_SIZE]
        if len(content) != width * HASH_SIZE:
            raise ValueError(f"{tile_name(level, index)} should hold {width} hashes")
        yield tile_path(level, index, width), content
        if level == 0:
            first = index * WIDTH
            yield bundle_path(index, width), bundle(entries(first, first + width))


def reader(tiles: Mapping[str, bytes]) -> ReadTile:
    """
    Reads tiles from a mapping by name.

    >>> reader({"tile/0/000": b"..."})(0, 0)
    b'...'
    """
    return lambda level, index: tiles[tile_name(level, index)]
