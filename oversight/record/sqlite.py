"""
A record in one SQLite file.

It is kept in write-ahead mode, where a commit is one fsync of the log, and readers do not wait for the writer. The one
writer holds a lock on an empty database beside it, ``FILE-writer``: SQLite's own locks work alike on every system and
end with the process that has them.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from oversight.ground.errors import (
    RecordDamaged, RecordError, RecordFull, RecordInUse, RecordReadOnly, RecordUnreachable, UnknownStore,
)  # fmt: skip
from oversight.ground.text import printable
from oversight.record.entries import Batch, Entry, Snapshot, identity_key
from oversight.record.store import SCHEMA, check_schema, joined, parted

BESIDE = ("", "-wal", "-shm", "-journal", "-writer")
"""What stands behind the name of the file in the names of those that SQLite and the writer keep."""
PAGE = 1000
CACHE = 64 * 1024
"""KiB of pages kept in memory: identities of events come in no order."""
PATIENCE = 5.0
"""Seconds to wait for somebody who reads the file while it is made smaller."""

_TABLES = """
CREATE TABLE schema (version TEXT NOT NULL);
CREATE TABLE entry (
    position INTEGER PRIMARY KEY, type TEXT NOT NULL, body BLOB, nonce BLOB, leaf BLOB NOT NULL
);
CREATE INDEX entry_by_type ON entry (type, position) WHERE type NOT IN ('event', 'close');
CREATE TABLE identity (key BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tile (path TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE checkpoint (number INTEGER PRIMARY KEY, note BLOB NOT NULL);
CREATE TABLE snapshot (part INTEGER PRIMARY KEY, position INTEGER NOT NULL, pack TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE told (outlet TEXT PRIMARY KEY, position INTEGER NOT NULL);
"""
_ERRORS: dict[int, tuple[type[RecordError], str]] = {
    sqlite3.SQLITE_FULL: (RecordFull, "there is no space left for it; make some, and go on"),
    sqlite3.SQLITE_READONLY: (RecordReadOnly, "it may not be written; give the right to write to it and to its folder"),
    sqlite3.SQLITE_PERM: (RecordReadOnly, "it may not be written"),
    sqlite3.SQLITE_BUSY: (RecordInUse, "another program has it locked; try again when that has ended"),
    sqlite3.SQLITE_LOCKED: (RecordInUse, "another program has it locked; try again when that has ended"),
    sqlite3.SQLITE_NOTADB: (RecordDamaged, "it is no SQLite file"),
    sqlite3.SQLITE_CORRUPT: (RecordDamaged, "its pages are damaged; take a copy, and feed what came since"),
    sqlite3.SQLITE_CONSTRAINT: (RecordInUse, "it has grown meanwhile: there was another writer; open it again"),
}  # fmt: skip


def open_store(url: str, *, read_only: bool = False) -> SQLiteStore:
    """
    Open the file of ``sqlite:///FILE``.

    Raises:
        UnknownStore: the URL names no file.
        RecordError: as of :func:`oversight.record.store.open_store`.
    """
    path = path_of(url)
    if not path:
        raise UnknownStore(f"{printable(url, 80)!r} names no file: give sqlite:///FILE, or sqlite:////FOLDER/FILE")
    return SQLiteStore(Path(path), read_only=read_only)


def path_of(url: str) -> str:
    """
    The path of the file of ``sqlite:///FILE``.

    >>> path_of("sqlite:///a%20case.db")
    'a case.db'
    """
    return os.fsdecode(unquote_to_bytes(os.fsencode(url.partition(":///")[2])))


class SQLiteStore:
    """
    A store in a file.

    Args:
        path: of the file; it is made where it is not there, unless it is only to be read.
        read_only: to read beside a writer.

    Raises:
        RecordError: as of :func:`oversight.record.store.open_store`.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._read_only = read_only
        self._lock: sqlite3.Connection | None = None
        self._db: sqlite3.Connection | None = None
        try:
            with self._told_apart():
                if not read_only:
                    self._take_lock()
                self._db = self._reader() if read_only else self._writer()
                self._prepare()
        except BaseException:
            self.close()
            raise

    def _take_lock(self) -> None:
        """Be the one writer, or say that there is one."""
        self._may_write()
        lock = sqlite3.connect(f"{os.path.realpath(self._path)}-writer", timeout=0, isolation_level=None)
        self._lock = lock
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise RecordInUse(f"{self._named}: another writer has it open; there is one at a time") from None

    def _may_write(self) -> None:
        """Find out before SQLite does, which cannot say what hinders it."""
        folder = self._path.parent
        if not folder.is_dir():
            raise RecordUnreachable(f"{self._named}: there is no folder {printable(str(folder))}; make it first")
        if self._path.is_dir():
            raise RecordDamaged(f"{self._named} is a folder; give the path of a file")
        if not os.access(folder, os.W_OK) or (self._path.exists() and not os.access(self._path, os.W_OK)):
            raise RecordReadOnly(f"{self._named}: {_ERRORS[sqlite3.SQLITE_READONLY][1]}")

    def _writer(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)
        db.execute(f"PRAGMA cache_size = -{CACHE}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        return db

    def _reader(self) -> sqlite3.Connection:
        """A connection that changes nothing, also where the folder may not be written."""
        if not self._path.is_file():
            raise RecordDamaged(f"{self._named}: there is no such file")
        name = f"file:{quote(os.fsencode(self._path.absolute()))}"
        db = sqlite3.connect(f"{name}?mode=ro", uri=True, timeout=PATIENCE, isolation_level=None)
        try:
            db.execute("SELECT count(*) FROM sqlite_schema")
        except sqlite3.OperationalError as error:
            db.close()
            # Where nobody may write, nobody is writing; what was, but for a log of writes, is in the file.
            cannot = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
            if not cannot or Path(f"{self._path}-wal").exists():
                raise
            db = sqlite3.connect(f"{name}?immutable=1", uri=True, isolation_level=None)
        return db

    def _prepare(self) -> None:
        """Make the tables of a new file, or make sure that they are ours."""
        names = {name for (name,) in self._all("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if not names and not self._read_only:
            with self._at_once() as db:
                for statement in _TABLES.split(";")[:-1]:
                    db.execute(statement)
                db.execute("INSERT INTO schema VALUES (?)", (str(SCHEMA),))
            return
        found = self._all("SELECT version FROM schema") if "schema" in names else []
        check_schema(found[0][0] if len(found) == 1 else None, self._named)

    @property
    def _named(self) -> str:
        return printable(str(self._path))

    @contextmanager
    def _told_apart(self) -> Iterator[None]:
        """What SQLite raises, as one of ours."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
            made, said = _ERRORS.get(code & 0xFF, (RecordUnreachable, f"{error}; what was committed before is safe"))
            raise made(f"{self._named}: {said}") from error
        except UnicodeDecodeError as error:  # what SQLite says of a damaged schema quotes it
            raise RecordDamaged(f"{self._named}: {_ERRORS[sqlite3.SQLITE_CORRUPT][1]}") from error

    def _all(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        if self._db is None:
            raise RecordUnreachable(f"{self._named} was closed; open it again")
        with self._told_apart():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _at_once(self) -> Iterator[sqlite3.Connection]:
        """All statements inside, or none."""
        if self._read_only:
            raise RecordReadOnly(f"{self._named} was opened to read; open it to write")
        db = self._db
        if db is None:
            raise RecordUnreachable(f"{self._named} was closed; open it again")
        with self._told_apart():
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # where there is no space left SQLite has taken it back itself
                    db.execute("ROLLBACK")
                raise

    @property
    def size(self) -> int:
        """How many entries there are."""
        last = self._all("SELECT max(position) FROM entry")[0][0]
        return 0 if last is None else int(last) + 1

    def commit(self, batch: Batch) -> None:
        """Take in *batch* at once: one fsync."""
        if batch.forget:
            self._unread()
        with self._at_once() as db:
            if batch.entries and batch.entries[0].position != self.size:
                raise RecordInUse(f"{self._named} has grown meanwhile: there was another writer; open it again")
            rows = [(e.position, e.type, e.body, e.nonce, e.leaf) for e in batch.entries]
            db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", rows)
            keys = sorted((identity_key(*identity), position) for identity, position in batch.identities.items())
            db.executemany("INSERT INTO identity VALUES (?, ?)", keys)
            db.executemany("INSERT OR REPLACE INTO tile VALUES (?, ?)", batch.tiles.items())
            if batch.checkpoint is not None:
                db.execute("INSERT INTO checkpoint (note) VALUES (?)", (batch.checkpoint,))
            if batch.snapshot is not None:
                db.execute("DELETE FROM snapshot")
                db.executemany("INSERT INTO snapshot VALUES (?, ?, ?, ?)", parted(batch.snapshot))
            db.executemany("INSERT OR REPLACE INTO told VALUES (?, ?)", batch.told.items())
            gone = [(position,) for position in batch.forget]
            db.executemany("UPDATE entry SET body = NULL, nonce = NULL WHERE position = ?", gone)
        if batch.forget:
            _, written, back = self._written_back()
            if back < written:
                said = "it was forgotten, and stands in the file still, since somebody began to read that meanwhile"
                raise RecordUnreachable(f"{self._named}: {said}; open it to write once more when they have ended")

    def _unread(self) -> None:
        """Make sure that nobody reads the pages that are to be written over."""
        with self._at_once() as db:  # beside an empty log of writes nobody would be seen to read
            db.execute("DELETE FROM schema")
            db.execute("INSERT INTO schema VALUES (?)", (str(SCHEMA),))
        if self._written_back()[0]:
            said = "somebody reads it, so that nothing can be forgotten"
            raise RecordInUse(f"{self._named}: {said}; try again when they have ended")

    def _written_back(self) -> tuple[int, int, int]:
        """
        Empty the log of writes into the file, where old pages stand as long as somebody reads them.

        Returns:
            Whether somebody hindered it, how many pages were in the log, and how many of them are in the file.
        """
        hindered, written, back = self._all("PRAGMA wal_checkpoint(TRUNCATE)")[0]
        return hindered, written, back

    def entries(self, start: int = 0, stop: int | None = None, types: Sequence[str] = ()) -> Iterator[Entry]:
        """The entries from *start* until before *stop*."""
        end = self.size if stop is None else stop
        wanted = f" AND type IN ({', '.join('?' * len(types))})" if types else ""
        query = f"SELECT * FROM entry WHERE position >= ? AND position < ?{wanted} ORDER BY position LIMIT {PAGE}"
        while True:
            page = self._all(query, (start, end, *types))
            yield from (Entry(*row) for row in page)
            if len(page) < PAGE:
                return
            start = page[-1][0] + 1

    def positions(self, identities: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """Those of *identities* that are there, with their positions."""
        found = {}
        for identity in identities:
            rows = self._all("SELECT position FROM identity WHERE key = ?", (identity_key(*identity),))
            if rows:
                found[identity] = int(rows[0][0])
        return found

    def tile(self, path: str) -> bytes | None:
        """The tile at *path*, or ``None``."""
        rows = self._all("SELECT data FROM tile WHERE path = ?", (path,))
        return rows[0][0] if rows else None

    def tiles(self) -> Sequence[str]:
        """The paths of all tiles, in order."""
        return [path for (path,) in self._all("SELECT path FROM tile ORDER BY path")]

    def checkpoints(self) -> Sequence[bytes]:
        """Every checkpoint, the oldest first."""
        return [note for (note,) in self._all("SELECT note FROM checkpoint ORDER BY number")]

    def checkpoint(self) -> bytes | None:
        """The newest checkpoint."""
        rows = self._all("SELECT note FROM checkpoint ORDER BY number DESC LIMIT 1")
        return rows[0][0] if rows else None

    def identities(self) -> Iterator[tuple[bytes, int]]:
        """What each event is known by, by positions."""
        if self._db is None:
            raise RecordUnreachable(f"{self._named} was closed; open it again")
        with self._told_apart():
            yield from self._db.execute("SELECT key, position FROM identity ORDER BY position")

    def snapshot(self) -> Snapshot | None:
        """The newest snapshot."""
        return joined(self._all("SELECT position, pack, data FROM snapshot ORDER BY part"))

    def told(self) -> Mapping[str, int]:
        """For each outlet, the position up to which it was told."""
        return dict(self._all("SELECT outlet, position FROM told"))

    @contextmanager
    def steady(self) -> Iterator[None]:
        """What is read inside is of one instant."""
        self._all("BEGIN")
        try:
            yield
        finally:
            with suppress(RecordError):  # whatever hindered the reading is told already
                self._all("ROLLBACK")

    def close(self) -> None:
        """Let go of the file."""
        for connection in (self._db, self._lock):
            if connection is not None:
                with suppress(sqlite3.Error):
                    connection.close()
        self._db = self._lock = None
