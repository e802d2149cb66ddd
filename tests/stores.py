"""Stores for tests: each a fresh one, in a file or in a server of one's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import define
from benchmarks.servers import Server

SQLITE, POSTGRES = "sqlite", "postgres"

_NUMBERS = itertools.count()


@define
class Place:
    """
    Where a store is.

    Args:
        kind: ``sqlite`` or ``postgres``.
        url: of the store.
        folder: of the test.
        server: that has it, of PostgreSQL.
    """

    kind: str
    url: str
    folder: Path
    server: Server | None = None


stores = pytest.mark.parametrize("store", [SQLITE, POSTGRES], indirect=True)
sqlite = pytest.mark.parametrize("store", [SQLITE], indirect=True)
postgres = pytest.mark.parametrize("store", [POSTGRES], indirect=True)


def place(kind: str, folder: Path, server: Server | None) -> Place:
    """A place for a new store."""
    if server is None:
        return Place(kind, f"sqlite:///{folder / 'case.db'}", folder)
    import psycopg

    schema = f"case_{next(_NUMBERS)}"
    with psycopg.connect(server.url(), autocommit=True) as db:
        db.execute(f"CREATE SCHEMA {schema}")  # type: ignore[arg-type]
    return Place(kind, server.url(schema), folder, server)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for all tests of a process; where there is none they are skipped and say why."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'oversight[postgres]'")
    from benchmarks.servers import running

    try:
        started = running()
        with started as one:
            yield one
    except LookupError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place for a new store of the kind that the test is for."""
    needed = request.getfixturevalue("server") if request.param == POSTGRES else None
    return place(request.param, tmp_path, needed)
