"""
A record in PostgreSQL, in the current schema of the connection.

The one writer holds an advisory lock on the session that commits, so that whoever loses the one has lost the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from oversight.ground.errors import (
    RecordDamaged,
    RecordError,
    RecordFull,
    RecordInUse,
    RecordReadOnly,
    RecordUnreachable,
    UnknownStore,
)
from oversight.ground.text import printable
from oversight.record.entries import Batch, Entry, Snapshot, identity_key
from oversight.record.store import SCHEMA, check_schema, joined, parted, without_password

PAGE = 1000
PATIENCE, GRACE = 10, 1
"""Seconds to wait for a connection where the URL does not say, and for the lock of the one writer."""

_LOCK = "hashtextextended('oversight record ' || current_schema(), 0)"
_NAMES = ("schema", "entry", "identity", "tile", "checkpoint", "snapshot", "told")
_TABLES = """
CREATE TABLE record_schema (version text NOT NULL);
CREATE TABLE record_entry (
    position bigint PRIMARY KEY, type text NOT NULL, body bytea, nonce bytea, leaf bytea NOT NULL
);
CREATE INDEX record_entry_by_type ON record_entry (type, position) WHERE type NOT IN ('event', 'close');
CREATE TABLE record_identity (key bytea PRIMARY KEY, position bigint NOT NULL);
CREATE TABLE record_tile (path text COLLATE "C" PRIMARY KEY, data bytea NOT NULL);
CREATE TABLE record_checkpoint (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note bytea NOT NULL);
CREATE TABLE record_snapshot (
    part integer PRIMARY KEY, position bigint NOT NULL, pack text NOT NULL, data bytea NOT NULL
);
CREATE TABLE record_told (outlet text PRIMARY KEY, position bigint NOT NULL);
"""
_ERRORS: tuple[tuple[tuple[type[psycopg.Error], ...], type[RecordError], str], ...] = (
    ((errors.DiskFull, errors.OutOfMemory), RecordFull, "the server has no space left for it; make some, and go on"),
    (
        (errors.ReadOnlySqlTransaction, errors.InsufficientPrivilege),
        RecordReadOnly,
        "it may not be written; connect to the primary server, as a role that may write",
    ),
    ((errors.UniqueViolation,), RecordInUse, "it has grown meanwhile: there was another writer; open it again"),
    ((errors.DataCorrupted, errors.IndexCorrupted), RecordDamaged, "the server found its pages damaged"),
)


def open_store(url: str, *, read_only: bool = False) -> PostgresStore:
    """
    Connect to the database of ``postgresql://USER@HOST/DATABASE``, as libpq reads it.

    Raises:
        UnknownStore: it cannot be read.
        RecordError: as of :func:`oversight.record.store.open_store`.
    """
    return PostgresStore(url, read_only=read_only)


class PostgresStore:
    """
    A store in a database.

    Args:
        url: of the database; the tables are made where they are not there, unless they are only to be read.
        read_only: to read beside a writer.

    Raises:
        RecordError: as of :func:`oversight.record.store.open_store`.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self._named = without_password(url)
        self._read_only = read_only
        self._db: psycopg.Connection[Any] | None = None
        try:
            self._check(url)
            with self._told_apart():
                waits = {} if "connect_timeout" in url else {"connect_timeout": PATIENCE}
                self._db = psycopg.connect(url, autocommit=True, **waits)  # type: ignore[arg-type]
                # A server may be set up to answer before it has written.
                self._db.execute("SET synchronous_commit = on")
                self._db.execute("SET lock_timeout = 0")
                if not read_only:
                    self._take_lock()
                self._prepare()
        except BaseException:
            self.close()
            raise

    def _check(self, url: str) -> None:
        """Find out before psycopg does, which quotes what may be a password."""
        try:
            ports = conninfo_to_dict(url).get("port") or ""
        except psycopg.Error:
            ports = "none"
        if not all(port.isdecimal() or not port for port in str(ports).split(",")):
            said = "in user and password write what is no letter or digit as % and two digits, a / as %2F"
            raise UnknownStore(f"{self._named}: this is no postgresql://USER@HOST/DATABASE; {said}") from None

    def _take_lock(self) -> None:
        """Be the one writer, or say that there is one."""
        if self._all("SELECT pg_is_in_recovery()")[0][0]:
            raise RecordReadOnly(f"{self._named}: {_ERRORS[1][2]}")
        # The server may need a moment to see that the connection of a writer that was killed is gone.
        db = self._connected()
        db.execute(f"SET lock_timeout = '{GRACE}s'")
        try:
            db.execute(f"SELECT pg_advisory_lock({_LOCK})")
        except errors.LockNotAvailable:
            raise RecordInUse(f"{self._named}: another writer has it open; there is one at a time") from None
        db.execute("SET lock_timeout = 0")

    def _prepare(self) -> None:
        """Make the tables of a new record, or make sure that they are ours."""
        query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename = ANY(%s)"
        names = {name for (name,) in self._all(query, ([f"record_{name}" for name in _NAMES],))}
        if not names and not self._read_only:
            with self._at_once() as db:
                db.execute(_TABLES)
                db.execute("INSERT INTO record_schema VALUES (%s)", (str(SCHEMA),))
            return
        found = self._all("SELECT version FROM record_schema") if "record_schema" in names else []
        check_schema(found[0][0] if len(found) == 1 else None, self._named)

    @contextmanager
    def _told_apart(self) -> Iterator[None]:
        """What psycopg raises, as one of ours."""
        try:
            yield
        except psycopg.Error as error:
            for kinds, made, said in _ERRORS:
                if isinstance(error, kinds):
                    raise made(f"{self._named}: {said}") from error
            reason = printable(str(error).strip().partition("\n")[0], 200)
            raise RecordUnreachable(f"{self._named}: {reason}; what was committed before is safe") from error

    def _connected(self) -> psycopg.Connection[Any]:
        if self._db is None:
            raise RecordUnreachable(f"{self._named} was closed; open it again")
        return self._db

    def _all(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._told_apart():
            return self._connected().execute(query, values, binary=True).fetchall()

    @contextmanager
    def _at_once(self) -> Iterator[psycopg.Connection[Any]]:
        """All statements inside, or none."""
        if self._read_only:
            raise RecordReadOnly(f"{self._named} was opened to read; open it to write")
        db = self._connected()
        with self._told_apart(), db.transaction():
            yield db

    @property
    def size(self) -> int:
        """How many entries there are."""
        last = self._all("SELECT max(position) FROM record_entry")[0][0]
        return 0 if last is None else int(last) + 1

    def commit(self, batch: Batch) -> None:
        """Take in *batch* at once."""
        with self._at_once() as db, db.cursor() as cursor:
            if batch.entries and batch.entries[0].position != self.size:
                raise RecordInUse(f"{self._named} has grown meanwhile: there was another writer; open it again")
            rows: Iterable[Any] = [(e.position, e.type, e.body, e.nonce, e.leaf) for e in batch.entries]
            _copy(cursor, "record_entry", ("int8", "text", "bytea", "bytea", "bytea"), rows)
            keys = sorted((identity_key(*identity), position) for identity, position in batch.identities.items())
            _copy(cursor, "record_identity", ("bytea", "int8"), keys)
            self._replace(cursor, batch)
            if batch.forget:
                gone = "UPDATE record_entry SET body = NULL, nonce = NULL WHERE position = ANY(%s)"
                cursor.execute(gone, ([*batch.forget],))
        if batch.forget:
            with self._told_apart():
                self._connected().execute("VACUUM record_entry")

    def _replace(self, cursor: psycopg.Cursor[Any], batch: Batch) -> None:
        """Write what takes the place of something."""
        if batch.tiles:
            cursor.executemany(
                "INSERT INTO record_tile VALUES (%s, %s) ON CONFLICT (path) DO UPDATE SET data = excluded.data",
                [*batch.tiles.items()],
            )
        if batch.checkpoint is not None:
            cursor.execute("INSERT INTO record_checkpoint (note) VALUES (%s)", (batch.checkpoint,))
        if batch.snapshot is not None:
            cursor.execute("DELETE FROM record_snapshot")
            cursor.executemany("INSERT INTO record_snapshot VALUES (%s, %s, %s, %b)", parted(batch.snapshot))
        if batch.told:
            cursor.executemany(
                "INSERT INTO record_told VALUES (%s, %s) "
                "ON CONFLICT (outlet) DO UPDATE SET position = excluded.position",
                [*batch.told.items()],
            )

    def entries(self, start: int = 0, stop: int | None = None, types: Sequence[str] = ()) -> Iterator[Entry]:
        """The entries from *start* until before *stop*."""
        end = self.size if stop is None else stop
        wanted = " AND type = ANY(%s)" if types else ""
        query = (
            f"SELECT * FROM record_entry WHERE position >= %s AND position < %s{wanted} ORDER BY position LIMIT {PAGE}"
        )
        while True:
            page = self._all(query, (start, end, [*types]) if types else (start, end))
            yield from (Entry(*row) for row in page)
            if len(page) < PAGE:
                return
            start = page[-1][0] + 1

    def positions(self, identities: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """Those of *identities* that are there, with their positions."""
        names = {identity_key(*identity): identity for identity in identities}
        if not names:
            return {}
        rows = self._all("SELECT key, position FROM record_identity WHERE key = ANY(%s)", ([*names],))
        return {names[key]: position for key, position in rows}

    def tile(self, path: str) -> bytes | None:
        """The tile at *path*, or ``None``."""
        rows = self._all("SELECT data FROM record_tile WHERE path = %s", (path,))
        return rows[0][0] if rows else None

    def tiles(self) -> Sequence[str]:
        """The paths of all tiles, in order."""
        return [path for (path,) in self._all("SELECT path FROM record_tile ORDER BY path")]

    def checkpoints(self) -> Sequence[bytes]:
        """Every checkpoint, the oldest first."""
        return [note for (note,) in self._all("SELECT note FROM record_checkpoint ORDER BY number")]

    def checkpoint(self) -> bytes | None:
        """The newest checkpoint."""
        rows = self._all("SELECT note FROM record_checkpoint ORDER BY number DESC LIMIT 1")
        return rows[0][0] if rows else None

    def identities(self) -> Iterator[tuple[bytes, int]]:
        """What each event is known by, by positions; kept on the server and fetched in parts."""
        with self._told_apart(), self._connected().transaction(), self._connected().cursor("identities") as cursor:
            cursor.execute("SELECT key, position FROM record_identity ORDER BY position")
            yield from cursor

    def snapshot(self) -> Snapshot | None:
        """The newest snapshot."""
        return joined(self._all("SELECT position, pack, data FROM record_snapshot ORDER BY part"))

    def told(self) -> Mapping[str, int]:
        """For each outlet, the position up to which it was told."""
        return dict(self._all("SELECT outlet, position FROM record_told"))

    @contextmanager
    def steady(self) -> Iterator[None]:
        """What is read inside is of one instant."""
        db = self._connected()
        with self._told_apart(), db.transaction():
            db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield

    def close(self) -> None:
        """Let go of the connection, and before that of the lock: a server learns of the former some time later."""
        if self._db is not None:
            with suppress(psycopg.Error):
                self._db.execute("SELECT pg_advisory_unlock_all()")
            self._db.close()
        self._db = None


def _copy(cursor: psycopg.Cursor[Any], table: str, types: Sequence[str], rows: Iterable[Any]) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
