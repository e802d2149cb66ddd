"""Stores: what both keep to, and that whatever goes wrong is named, loses nothing and can be repaired."""

import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import evolve
from benchmarks.crash import compiled
from tests.stores import postgres, sqlite, stores
from tests.tiny import PERMITTED, granted, on, tiny

import oversight
from oversight import Engine, errors
from oversight.record.entries import Batch, Snapshot
from oversight.record.store import is_store, open_store, without_password
from oversight.testing import check_store

EVENTS = [on("1", 1), on("2", 2, "k2"), granted("3", 3, "k2", note="x" * 200_000), on("4", 4, "k4")]


@stores
def test_contract(store):
    """Either store keeps to the contract."""
    check_store(lambda: open_store(store.url))


@stores
def test_a_snapshot_in_parts(store, monkeypatch):
    """A snapshot larger than one value may be is kept in parts, and a smaller one takes the place of all of them."""
    monkeypatch.setattr("oversight.record.store.PART", 1000)
    opened = open_store(store.url)
    for data in (bytes(range(250)) * 10, b"small", b"x" * 1000, b""):
        opened.commit(Batch(snapshot=Snapshot(1, "digest", data)))
        assert Snapshot(1, "digest", data) == opened.snapshot()
    opened.close()


def test_the_contract_finds_what_is_wrong(tmp_path):
    """A store that loses a batch in part, lets a second writer in or mixes up ids is found out."""
    from oversight.record.sqlite import SQLiteStore

    class Forgetful(SQLiteStore):
        def commit(self, batch):
            super().commit(evolve(batch, told={}))

    class Mixing(SQLiteStore):
        def positions(self, identities):
            found = super().positions([("S" if s == "s" and len(n) < 2 else s, n) for s, n in identities])
            return {("s" if source == "S" else source, name): at for (source, name), at in found.items()}

    class Open(SQLiteStore):
        def _take_lock(self):
            pass

    said = {Forgetful: "what outlets were told", Mixing: "ids of events are not told apart", Open: "a second writer"}
    for number, (made, words) in enumerate(said.items()):
        with pytest.raises(AssertionError, match=words):
            check_store(lambda: made(tmp_path / f"{number}.db"))  # noqa: B023


def goes_on(store, pack, error, breaks, repairs, match=None):
    """Whatever *breaks*: the error is *error*, again and again; when it *repairs*, all goes on and nothing is lost."""
    engine = Engine(pack)
    with oversight.open(store.url, pack) as record:
        said = [*record.feed(EVENTS[0]), *record.feed(EVENTS[1])]
        breaks(record)
        for _ in range(2):
            with pytest.raises(error, match=match):
                record.feed(EVENTS[2])
        repairs(record)
        said += [change for event in EVENTS[2:] for change in record.feed(event)]
        recorded = [*record.changes()]
    assert [change for event in EVENTS for change in engine.feed(event)] == [evolve(c, position=None) for c in said]
    assert [change.position for change in said] == [change.position for change in recorded]
    with oversight.open(store.url, pack) as record:
        assert engine.open_alerts() == record.open_alerts()
        assert 0 == record.feed_all(EVENTS)


@sqlite
def test_no_space_left_for_pages(store, tmp_path):
    """A file that may grow no more is full: what was recorded stays, and it goes on once it may."""
    pack = tiny(tmp_path, PERMITTED)
    opened = sqlite3.connect

    def bounded(*arguments, **options):
        made = opened(*arguments, **options)
        made.execute("PRAGMA max_page_count = 30")
        return made

    def bound(record):
        record._opened()._db.execute("PRAGMA max_page_count = 30")
        patch.setattr(sqlite3, "connect", bounded)

    with pytest.MonkeyPatch.context() as patch:
        goes_on(
            store, pack, errors.RecordFull, lambda record: bound(record),
            lambda record: patch.undo(), "case.db: there is no space left for it; make some, and go on",
        )  # fmt: skip


@sqlite
def test_a_file_may_not_grow(store, tmp_path):
    """Where the system lets no file grow so large, the error says so; it goes on once files may."""
    pack = tiny(tmp_path, PERMITTED)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        goes_on(
            store, pack, errors.RecordUnreachable,
            lambda record: resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, hard)),
            lambda record: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard)), "case.db: disk I/O error",
        )  # fmt: skip
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@sqlite
def test_a_full_disk(store, tmp_path):
    """A disk that is full: the error says so, nothing is lost, and it goes on once there is space."""
    pack, disk = tiny(tmp_path, PERMITTED), tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=600k", "oversight-test", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("only an administrator may mount a small disk")
    try:
        filler = disk / "filler"

        def fills(_record):
            with open(filler, "wb", buffering=0) as file:
                try:
                    while file.write(b"x" * 4096):
                        pass
                except OSError:
                    pass

        place = evolve(store, url=f"sqlite:///{disk}/case.db")
        goes_on(place, pack, errors.RecordFull, fills, lambda record: filler.unlink(), "there is no space left for it")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@postgres
def test_a_full_server(store, tmp_path):
    """A server without space says so; nothing is lost, and it goes on."""
    pack = tiny(tmp_path, PERMITTED)
    full = (
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RAISE EXCEPTION USING ERRCODE = ''disk_full''; END'; "
        "CREATE TRIGGER full_disk BEFORE INSERT ON record_entry EXECUTE FUNCTION full_disk()"
    )
    goes_on(
        store, pack, errors.RecordFull, lambda record: execute(store, full),
        lambda record: execute(store, "DROP FUNCTION full_disk() CASCADE"), "the server has no space left for it",
    )  # fmt: skip


@postgres
def test_lost_connection(store, tmp_path):
    """A connection that the server ended is an error once; the next call has another."""
    pack, engine = tiny(tmp_path, PERMITTED), None
    engine = Engine(pack)
    with oversight.open(store.url, pack) as record:
        for event in EVENTS:
            ended = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname <> ''"
            )
            execute(store, ended)
            with pytest.raises(errors.RecordUnreachable, match=r"postgres: .*; what was committed before is safe"):
                record.feed(event)
            expected = engine.feed(event)
            assert [*expected] == [evolve(change, position=None) for change in record.feed(event)]
        execute(store, ended)
        assert engine.open_alerts() == (record.tell(), record.open_alerts())[1]


@postgres
def test_a_server_that_stops(store, tmp_path):
    """A server that crashed is unreachable until it is back; then it goes on."""
    pack = tiny(tmp_path, PERMITTED)
    goes_on(
        store, pack, errors.RecordUnreachable, lambda record: store.server.stop(),
        lambda record: store.server.start(),
    )  # fmt: skip


@postgres
def test_a_server_that_may_not_be_written(store, tmp_path):
    """A session that may only read is refused with what to do; what is there is read."""
    pack = tiny(tmp_path, PERMITTED)
    with oversight.open(store.url, pack) as record:
        record.feed(EVENTS[0])
    guarded = f"{store.url}%20-cdefault_transaction_read_only%3Don"
    with oversight.open(guarded, pack) as record:
        with pytest.raises(errors.RecordReadOnly, match="connect to the primary server, as a role that may write"):
            record.feed(EVENTS[1])
        assert 1 == len(record.open_alerts())
    with oversight.open(store.url, pack) as record:
        assert 1 == len(record.feed(EVENTS[1]))


def as_nobody(work):
    """What *work* gives, done by a user who may write nothing here."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            os.write(writer, work().encode())
        except BaseException as error:
            os.write(writer, f"{type(error).__name__}: {error}".encode())
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def test_a_file_that_may_not_be_written(tmp_path):
    """A file, or a folder, without the right to write is refused with what to do; it can be read, and goes on after."""
    pack = tiny(tmp_path, PERMITTED)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/case.db"
        with oversight.open(url, pack) as record:
            record.feed(EVENTS[0])

        def feed():
            with oversight.open(url, pack) as record:
                return str(len(record.feed(EVENTS[1])))

        def read():
            with oversight.open(url, pack, read_only=True) as record:
                return str(len(record.open_alerts()))

        os.chmod(folder, 0o555)
        os.chmod(f"{folder}/case.db", 0o444)
        expected = (
            f"RecordReadOnly: {folder}/case.db: it may not be written; give the right to write to it and to its folder"
        )
        assert expected == as_nobody(feed)
        assert "1" == as_nobody(read)
        os.chmod(folder, 0o755)
        os.chmod(f"{folder}/case.db", 0o644)
        assert "1" == feed()


@stores
def test_two_writers(store, tmp_path):
    """A second writer is refused while the first has it, which goes on; after that it may."""
    pack = tiny(tmp_path, PERMITTED)
    with oversight.open(store.url, pack) as record:
        record.feed(EVENTS[0])
        with pytest.raises(errors.RecordInUse, match="another writer has it open; there is one at a time"):
            oversight.open(store.url, pack)
        assert 1 == len(record.feed(EVENTS[1]))
    with oversight.open(store.url, pack) as record:
        assert 2 == len(record.open_alerts())


@postgres
def test_a_writer_that_has_closed(store, tmp_path):
    """A writer that closes, or is refused, leaves no lock behind for the moment in which the server goes on."""
    import psycopg

    pack = tiny(tmp_path, PERMITTED)
    with psycopg.connect(store.url, autocommit=True) as beside:
        for settings in [{}, {"revise": "P9D"}] * 5:
            with suppress(errors.RecordRefused), oversight.open(store.url, pack, **settings):
                pass
            assert [] == beside.execute("SELECT * FROM pg_locks WHERE locktype = 'advisory'").fetchall()


@stores
def test_a_newer_version(store, tmp_path):
    """A record of a newer version is refused untouched, with both versions."""
    pack = tiny(tmp_path, PERMITTED)
    with oversight.open(store.url, pack) as record:
        record.feed(EVENTS[0])
    execute(store, f"UPDATE {TABLE[store.kind]} SET version = '99'")
    for read_only in (False, True):
        with pytest.raises(errors.RecordTooNew, match="tables of version 99, this program reads 1"):
            oversight.open(store.url, pack, read_only=read_only)
    execute(store, f"UPDATE {TABLE[store.kind]} SET version = '1'")
    with oversight.open(store.url, pack) as record:
        assert 1 == len(record.open_alerts())


@stores
def test_what_is_no_record(store, tmp_path):
    """Tables of somebody else are not taken for a record, and stay as they are."""
    pack, name = tiny(tmp_path, PERMITTED), {"sqlite": "entry", "postgres": "record_entry"}[store.kind]
    execute(store, f"CREATE TABLE {name} (a text)")
    with pytest.raises(errors.RecordDamaged, match="holds no record of oversight"):
        oversight.open(store.url, pack)
    execute(store, f"INSERT INTO {name} VALUES ('a')")


def test_what_is_no_file_of_a_record(tmp_path):
    """A text, a folder, a place that is not there and one that cannot be read are each named."""
    pack, text = tiny(tmp_path, PERMITTED), tmp_path / "events.jsonl"
    text.write_text("{}\n" * 1000)
    refused = {
        "events.jsonl": (errors.RecordDamaged, "events.jsonl: it is no SQLite file"),
        "": (errors.RecordDamaged, "is a folder; give the path of a file"),
        "missing/case.db": (errors.RecordUnreachable, "there is no folder .*missing; make it first"),
    }
    for path, (error, said) in refused.items():
        with pytest.raises(error, match=said):
            oversight.open(f"sqlite:///{tmp_path}/{path}", pack)
    with pytest.raises(errors.RecordDamaged, match="there is no such file"):
        oversight.open(f"sqlite:///{tmp_path}/case.db", pack, read_only=True)
    assert "{}\n" * 1000 == text.read_text()


def test_a_schema_that_is_no_text(tmp_path):
    """What SQLite says of tables whose names are damaged is no text itself; it is a damaged record all the same."""
    pack, path = tiny(tmp_path, PERMITTED), tmp_path / "case.db"
    with oversight.open(f"sqlite:///{path}", pack) as record:
        record.feed(EVENTS[0])
    whole = path.read_bytes()
    for text in (b"CREATE TABLE snapshot", b"tablesnapshot"):
        assert whole.count(text) > 0
        for flipped in range(len(text)):
            at = whole.index(text) + flipped
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x80]) + whole[at + 1 :])
            with suppress(errors.RecordError), oversight.open(f"sqlite:///{path}", pack, read_only=True):
                pass


def test_a_writer_by_another_name_is_refused(tmp_path):
    """A file has one writer, also where the second comes by a link to it."""
    (tmp_path / "link.db").symlink_to(tmp_path / "case.db")
    first = open_store(f"sqlite:///{tmp_path}/case.db")
    with pytest.raises(errors.RecordInUse, match="another writer has it open"):
        open_store(f"sqlite:///{tmp_path}/link.db")
    first.close()
    open_store(f"sqlite:///{tmp_path}/link.db").close()


def test_what_is_no_store(tmp_path):
    """A URL that names no store is refused with the nearest name, and one without a file too."""
    with pytest.raises(errors.UnknownStore, match="'sqlite3', did you mean 'sqlite'"):
        open_store("sqlite3:///case.db")
    with pytest.raises(errors.UnknownStore, match="names no file: give sqlite:///FILE"):
        open_store("sqlite://case.db")
    assert [True, True, False, False] == [is_store(u) for u in ("sqlite:///a", "postgresql://a/b", "a.db", "sqlite:a")]


def test_an_unreachable_server_is_named_without_its_password():
    """What is said of a server that cannot be reached has its name and not the password."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'oversight[postgres]'")
    url = "postgresql://ann:s3cret@localhost:1/cases?host=/nowhere"
    with pytest.raises(errors.RecordUnreachable, match="postgresql://ann@localhost:1/cases: ") as said:
        open_store(url)
    assert "s3cret" not in str(said.value)
    assert "postgresql://ann@localhost:1/cases" == without_password(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:s3/cret@db/cases", "postgresql://..."),
        ("postgresql://ann:s3%cret@db/cases", "postgresql://ann@db/cases"),
        ("postgresql://ann:s3 cret@db/cases", "postgresql://ann@db/cases"),
        ("postgresql://ann:s3cret@db:x/cases", "postgresql://ann@db:x/cases"),
        ("postgresql://ann:s3cret@[db/cases", "postgresql://..."),
        ("postgresql://db/cases?passwort=s3cret", "postgresql://db/cases"),
    ],
)
def test_a_url_that_cannot_be_read_is_named_without_its_password(url, shown):
    """Where a password makes a URL another than was meant, nothing of it is said, and how it is written is."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'oversight[postgres]'")
    with pytest.raises(errors.UnknownStore) as said:
        open_store(url)
    assert str(said.value).startswith(f"{shown}: this is no postgresql://USER@HOST/DATABASE; in user and password")
    assert "s3" not in str(said.value)
    assert "cret" not in str(said.value)


def test_several_servers_have_a_name():
    """A URL may name more than one server, each with its port."""
    assert "postgresql://ann@a:1,b:2/cases" == without_password("postgresql://ann:s3cret@a:1,b:2/cases")


SINGLE = """
import ctypes, oversight, sys
from benchmarks.crash import drawn
pack, shim = oversight.load("benchmarks/permits"), ctypes.CDLL(sys.argv[1])
with oversight.open(sys.argv[2], pack) as record:
    shim.kill_at(b"case.db", 0)
    for event in drawn(20, 1)[:20]:
        record.feed(event)
    print(shim.kill_syncs())
"""


@sqlite
def test_one_fsync_for_an_event(store, tmp_path):
    """A single event, with what it changes, is durable after one fsync."""
    library = compiled(tmp_path)
    if library is None:
        pytest.skip("a C compiler is needed: apt-get install build-essential")
    done = subprocess.run(
        [sys.executable, "-c", SINGLE, library, store.url], env={**os.environ, "LD_PRELOAD": library},
        cwd=Path(__file__).parents[1], capture_output=True, text=True,
    )  # fmt: skip
    assert ("20\n", "", 0) == (done.stdout, done.stderr, done.returncode)


TABLE = {"sqlite": "schema", "postgres": "record_schema"}


def execute(store, statement):
    """Do something behind the record's back."""
    if store.kind == "sqlite":
        with sqlite3.connect(store.folder / "case.db") as db:
            db.execute(statement)
        db.close()
        return
    import psycopg

    with psycopg.connect(store.url, autocommit=True) as db:
        db.execute(statement)
