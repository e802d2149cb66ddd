"""
What a store does, whoever wrote it, and how one is opened.

A store keeps one record. It has one writer at a time; others may read meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Protocol, cast
from urllib.parse import urlsplit

from oversight.ground.errors import RecordDamaged, RecordTooNew, StoreMissing, UnknownStore
from oversight.ground.text import nearest, printable
from oversight.record.entries import Batch, Entry, Snapshot

SCHEMA = 1
"""The version of the tables, of either store."""
PART = 1 << 28
"""Bytes of a snapshot that are kept as one value."""

_ROOMS = {"sqlite": "sqlite", "postgresql": "postgres", "postgres": "postgres"}


class Store(Protocol):
    """
    Keeps a record: what one commit gives it is all there or not at all, also after a crash.

    What goes wrong is told by the ``Record...`` errors of :mod:`oversight.errors`. After one, nothing of the commit is
    there, but for ``RecordUnreachable``, where it may be: close the store, open it again and look.
    """

    @property
    def size(self) -> int:
        """How many entries there are."""

    def commit(self, batch: Batch) -> None:
        """
        Take in *batch* at once, and return when it would outlast a loss of power.

        Raises:
            RecordInUse: the entries do not follow those that are there: there was another writer.
            RecordFull: there is no space left.
            RecordReadOnly: the store was opened to read, or may not be written.
            RecordUnreachable: the database or the disk does not answer.
        """

    def entries(self, start: int = 0, stop: int | None = None, types: Sequence[str] = ()) -> Iterator[Entry]:
        """
        The entries from position *start* until before *stop*, in order and in bounded memory.

        Args:
            types: those wanted alone, all where empty.
        """

    def positions(self, identities: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """Of these sources and ids of events those that are there, each with the position of its entry."""

    def tile(self, path: str) -> bytes | None:
        """The tile at *path*, or ``None``."""

    def tiles(self) -> Sequence[str]:
        """The paths of all tiles, in order."""

    def checkpoints(self) -> Sequence[bytes]:
        """Every checkpoint, the oldest first."""

    def checkpoint(self) -> bytes | None:
        """The newest checkpoint."""

    def identities(self) -> Iterator[tuple[bytes, int]]:
        """What each event is known by, as ``identity_key`` makes it, and its position, by positions."""

    def snapshot(self) -> Snapshot | None:
        """The newest snapshot."""

    def told(self) -> Mapping[str, int]:
        """For each outlet, the position up to which it was told."""

    def steady(self) -> AbstractContextManager[None]:
        """What is read inside is of one instant, whatever a writer does meanwhile."""

    def close(self) -> None:
        """Let go of everything; another writer may come."""


Seal = Callable[[Sequence[Entry]], tuple[Mapping[str, bytes], bytes | None]]
"""Given the entries of a commit, the tiles that change by them and a checkpoint, if there is to be one."""
Sealing = Callable[[Store], Seal]
"""Makes what seals a store, from what stands in it; asked again whenever the store was opened anew."""


def parted(snapshot: Snapshot) -> list[tuple[int, int, str, bytes]]:
    """
    Number, position, pack and bytes of the parts of a snapshot; no database takes a value of any size.

    >>> parted(Snapshot(7, "digest", b"ab"))
    [(0, 7, 'digest', b'ab')]
    """
    data = snapshot.data
    starts = range(0, len(data), PART) if data else (0,)
    return [(n, snapshot.position, snapshot.pack, data[start : start + PART]) for n, start in enumerate(starts)]


def joined(parts: Sequence[tuple[int, str, bytes]]) -> Snapshot | None:
    """The snapshot of these parts, each its position, pack and bytes; ``None`` of none."""
    if not parts:
        return None
    position, pack, _ = parts[0]
    return Snapshot(position, pack, b"".join(data for _, _, data in parts))


def knows(store: Store, source: str, name: str) -> int | None:
    """The position of the event with this source and id, or ``None``."""
    return store.positions([(source, name)]).get((source, name))


def open_store(url: str, *, read_only: bool = False) -> Store:
    """
    Open a store, and make it where there is none.

    Args:
        url: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``postgresql://user@host/database``.
        read_only: to read beside a writer; nothing is made.

    Raises:
        UnknownStore: no store is called so.
        StoreMissing: it needs a library that is not installed.
        RecordInUse: another writer has it open.
        RecordTooNew: a newer version of oversight wrote it.
        RecordDamaged: what is there is no record.
        RecordReadOnly: it may not be written.
        RecordUnreachable: it cannot be reached.

    >>> open_store("sqlit:///case.db")
    Traceback (most recent call last):
    oversight.ground.errors.UnknownStore: no store is called 'sqlit', did you mean 'sqlite'? ...
    """
    scheme = url.partition(":")[0]
    if not is_store(url):
        near = nearest(scheme, [*_ROOMS])
        hint = f", did you mean {near!r}?" if near else ":"
        said = "give sqlite:///FILE or postgresql://USER@HOST/DATABASE"
        raise UnknownStore(f"no store is called {printable(scheme, 40)!r}{hint} {said}")
    try:
        module = import_module(f"oversight.record.{_ROOMS[scheme]}")
    except ImportError as error:
        if error.name != "psycopg":
            raise
        raise StoreMissing("a store in PostgreSQL needs a library: pip install 'oversight[postgres]'") from None
    return cast(Store, module.open_store(url, read_only=read_only))


def is_store(text: str) -> bool:
    """
    Whether *text* is the URL of a store and not the path of a file.

    >>> is_store("sqlite:///case.db"), is_store("case.db")
    (True, False)
    """
    scheme, colon, rest = text.partition(":")
    return scheme in _ROOMS and bool(colon) and rest.startswith("//")


def without_password(url: str) -> str:
    """
    *url* as it may be shown; of one in which a password may stand anywhere no more than what it is of.

    >>> without_password("postgresql://ann:secret@db/cases?sslmode=require")
    'postgresql://ann@db/cases'
    >>> without_password("postgresql://ann:se/cret@db/cases")
    'postgresql://...'
    """
    hidden = f"{url.partition(':')[0]}://..."
    try:
        parts = urlsplit(url)
    except ValueError:
        return printable(hidden, 200)
    if "@" in parts.path + parts.query + parts.fragment:
        return printable(hidden, 200)
    who, at, place = parts.netloc.rpartition("@")
    return printable(f"{parts.scheme}://{who.partition(':')[0]}{at}{place}{parts.path}", 200)


def check_schema(found: str | None, where: str) -> None:
    """
    Make sure that the tables are of the version that this program reads.

    Raises:
        RecordTooNew: they are of a newer one.
        RecordDamaged: they say of none.
    """
    if found is None or not found.isdecimal():
        raise RecordDamaged(f"{where} holds no record of oversight")
    if int(found) > SCHEMA:
        raise RecordTooNew(
            f"{where} was written by a newer oversight (tables of version {found}, this program reads {SCHEMA}); "
            "nothing was touched: upgrade this program"
        )
