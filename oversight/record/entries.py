"""
The entries of a record: one sequence of what was taken in, judged and told, each with the leaf that commits to it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence

from attrs import field, frozen

from oversight.model.wire import canonical, plain

BEGUN, EVENT, CHANGE, CLOSE, SETTLE, ADVANCE = "begun", "event", "change", "close", "settle", "advance"
SNAPSHOT, PRUNE, KEYS = "snapshot", "prune", "keys"
JUDGED = (CLOSE, SETTLE, ADVANCE)
"""The types of entry by which an engine is told to judge what came before them."""
NONCE = 16
LONGEST_KEY = 512


@frozen
class Entry:
    """
    One entry of a record.

    Args:
        position: counted from zero.
        type: ``begun`` (the first: under which pack), ``event``, ``close``, ``settle`` or ``advance`` (how the events
            before it were judged), ``change``, ``snapshot`` (that one was taken, its digest), ``prune`` (what was
            forgotten) and ``keys`` (what tells apart by which keys persons have pseudonyms from there on).
        body: what was taken in or told; ``None`` once it was forgotten.
        nonce: random, so that a forgotten body cannot be guessed from its leaf; forgotten with it.
        leaf: JSON that commits to the body; it stays for ever.
    """

    position: int
    type: str
    body: bytes | None
    nonce: bytes | None
    leaf: bytes


@frozen
class Snapshot:
    """
    The state of an engine.

    Args:
        position: of the first entry that is not in it.
        pack: the digest of the pack under which it was taken.
        data: as ``Engine.snapshot`` wrote it.
    """

    position: int
    pack: str
    data: bytes

    @property
    def body(self) -> bytes:
        """What the entry says that stands before its position: by it the snapshot can be held to the log."""
        return canonical({"digest": hashlib.sha256(self.data).hexdigest(), "pack": self.pack})


@frozen
class Forgotten:
    """
    What an entry says of others that were forgotten.

    Args:
        before: the instant before which they happened.
        positions: of these entries, in order.
        known: a digest of what their events are known by, which stays.

    >>> Forgotten("2026-01-01T00:00:00Z", (3, 4, 9), "ab").body
    b'{"before":"2026-01-01T00:00:00Z","known":"ab","positions":[[3,5],[9,10]]}'
    """

    before: str
    positions: tuple[int, ...]
    known: str

    @property
    def body(self) -> bytes:
        """What the entry says."""
        spans: list[list[int]] = []
        for position in self.positions:
            if spans and spans[-1][1] == position:
                spans[-1][1] = position + 1
            else:
                spans.append([position, position + 1])
        return canonical({"before": self.before, "known": self.known, "positions": spans})

    @classmethod
    def read(cls, body: bytes, end: int) -> Forgotten:
        """
        What an entry with this *body* says.

        Args:
            body: of the entry.
            end: its position; what it tells of stands before it.

        Raises:
            ValueError: it is not of that form.

        >>> Forgotten.read(Forgotten("2026-01-01T00:00:00Z", (3, 4, 9), "ab").body, 10).positions
        (3, 4, 9)
        """
        try:
            said = plain(body)
            spans = [(int(start), int(stop)) for start, stop in said["positions"]]
            edges = [edge for span in spans for edge in span]
            if edges != sorted(edges) or (edges and not 0 <= edges[0] <= edges[-1] <= end):
                raise ValueError("it tells of what does not stand before it")
            positions = tuple(position for span in spans for position in range(*span))
            return cls(str(said["before"]), positions, str(said["known"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this does not say what was forgotten: {error}") from None


def digest_of_keys(keys: Iterable[bytes]) -> str:
    """
    One digest of what events are known by.

    >>> digest_of_keys([b"a", b"b"]) == digest_of_keys([b"ab"])
    False
    """
    digest = hashlib.sha256()
    for key in keys:
        digest.update(len(key).to_bytes(4, "big") + key)
    return digest.hexdigest()


@frozen(kw_only=True)
class Batch:
    """
    What a store takes in at once: all of it or nothing.

    Args:
        entries: the next ones.
        identities: source and id of each event among them, with its position.
        tiles: of the log, by their paths; one that is there is replaced.
        checkpoint: a signed note about the log, the newest.
        snapshot: takes the place of the one before.
        told: for each outlet, the position up to which it was told.
        forget: positions of entries whose body and nonce are to go, also from the pages of the file or server; their
            leaves stay.
    """

    entries: Sequence[Entry] = ()
    identities: Mapping[tuple[str, str], int] = field(factory=dict)
    tiles: Mapping[str, bytes] = field(factory=dict)
    checkpoint: bytes | None = None
    snapshot: Snapshot | None = None
    told: Mapping[str, int] = field(factory=dict)
    forget: Sequence[int] = ()


def leaf_of(kind: str, nonce: bytes, body: bytes) -> bytes:
    """
    The leaf of an entry: canonical JSON of its type and of SHA-256 over nonce and body.

    Args:
        kind: the type of the entry.
        nonce: sixteen random bytes.
        body: what the entry holds.

    >>> leaf_of("close", bytes(16), b"{}").decode()
    '{"commitment":"333b13ff02f57ae18049b82ca66f37592c5a3d8fd54e44e23ae5c7085c24fd2a","type":"close"}'
    """
    return canonical({"commitment": hashlib.sha256(nonce + body).hexdigest(), "type": kind})


def entries_of(position: int, written: Iterable[tuple[str, bytes]]) -> tuple[Entry, ...]:
    """
    New entries from *position* on.

    Args:
        position: of the first.
        written: type and body of each.

    >>> [(entry.position, entry.type) for entry in entries_of(7, [("event", b"{}"), ("close", b"{}")])]
    [(7, 'event'), (8, 'close')]
    """
    pairs = list(written)
    random = os.urandom(NONCE * len(pairs))
    made = []
    for number, (kind, body) in enumerate(pairs):
        nonce = random[number * NONCE : (number + 1) * NONCE]
        made.append(Entry(position + number, kind, body, nonce, leaf_of(kind, nonce, body)))
    return tuple(made)


def identity_key(source: str, name: str) -> bytes:
    """
    Source and id of an event as one key; what is too long for an index is told by its digest.

    >>> identity_key("a", "bc") == identity_key("ab", "c")
    False
    """
    first, second = source.encode(), name.encode()
    key = len(first).to_bytes(2, "big") + first + second
    return key if len(key) <= LONGEST_KEY else b"\xff\xff" + hashlib.sha256(key).digest()
