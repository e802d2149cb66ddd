"""A sealed record from the outside: key, checkpoint, verify and prune, and what a program opens."""

import json
import shutil
import os
import resource
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve
from tests.stores import Place, stores
from tests.test_foreign_log import OPENSSL, authority, needs_go, needs_openssl, readlog  # noqa: F401
from tests.tiny import PERMITTED, tiny

import oversight
from oversight.cli import main
from oversight.errors import EventRefused, KeyRefused, RecordRefused, SealBroken
from oversight.model.wire import canonical, plain
from oversight.record.audit import audit, audit_published
from oversight.record.entries import CHANGE, Batch, Entry, leaf_of
from oversight.record.keys import SigningKey
from oversight.record.sealing import sealed_by
from oversight.record.sqlite import SQLiteStore
from oversight.record.store import open_store
from oversight.runner.derivation import derive, hold_to_definition

KEY = SigningKey("example.org/cameras", bytes(range(32)))
START = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "a-name-that-must-go"


def events(count: int, start: int = 0) -> list[dict[str, object]]:
    """Cameras that are switched on without a permit, and off two days later."""
    made: list[dict[str, object]] = []
    for number in range(start, start + count):
        at = START + timedelta(days=number)
        camera = f"{SECRET}-{number}" if number < 5 else f"c-{number}"
        made.append({"kind": "camera.on", "id": f"on-{number}", "time": at.isoformat(), "camera": camera})
        off = at + timedelta(days=2)
        made.append({"kind": "camera.off", "id": f"off-{number}", "time": off.isoformat(), "camera": camera})
    return sorted(made, key=lambda event: str(event["time"]))


@pytest.fixture
def pack(tmp_path: Path) -> oversight.Pack:
    return made(tmp_path / "pack")


def made(folder: Path) -> oversight.Pack:
    folder.mkdir()
    return tiny(folder, PERMITTED)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "log.key"
    KEY.write(path)
    return path


@pytest.fixture
def case(tmp_path: Path, pack: oversight.Pack, key: Path) -> Path:
    """A sealed record of forty cameras."""
    path = tmp_path / "case.db"
    with oversight.open(f"sqlite:///{path}", pack, key=key, revise="P10D") as record:
        record.feed_all(events(40), batch=9)
    return path


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: object) -> tuple[int, str, str]:
        status = main([str(each) for each in arguments])
        told = capfd.readouterr()
        return status, told.out, told.err

    return run


Say = Callable[..., tuple[int, str, str]]


def rewritten(case: Path, change: Callable[[Entry], Entry], key: SigningKey = KEY) -> Path:
    """The record as its operator could write it anew, who has the key."""
    old, new = SQLiteStore(case, read_only=True), SQLiteStore(case.with_name("anew.db"))
    rows = [change(entry) for entry in old.entries()]
    tiles, note = sealed_by(key)(new)(rows)
    known = {
        ("", str(plain(row.body or b"")["id"])): row.position
        for row in rows
        if row.type == "event" and row.body != b"[]"
    }
    new.commit(Batch(entries=rows, tiles=tiles, checkpoint=note, identities=known, snapshot=old.snapshot()))
    new.close()
    old.close()
    return case.with_name("anew.db")


def altered(entry: Entry, **said: object) -> Entry:
    """The entry saying something else, with a leaf that fits."""
    assert entry.body is not None
    assert entry.nonce is not None
    body = canonical(plain(entry.body) | said)
    return evolve(entry, body=body, leaf=leaf_of(entry.type, entry.nonce, body))


class TestKey:
    def test_pair(self, tmp_path: Path, say: Say) -> None:
        """A pair of keys is made: the public one is printed, the private one is its owner's and is shown nowhere."""
        status, out, err = say("key", "example.org/cameras", "--out", tmp_path / "log.key")
        assert 0 == status
        assert out == (tmp_path / "log.key.pub").read_text()
        assert 0o600 == stat.S_IMODE((tmp_path / "log.key").stat().st_mode)
        secret = (tmp_path / "log.key").read_text().strip().split("+", 4)[4]
        assert secret not in out + err
        assert 2 == say("key", "example.org/cameras", "--out", tmp_path / "log.key")[0]
        assert (
            2,
            "",
            "oversight: 'a b' cannot name a log: no spaces and no +, for example example.org/cameras\n",
        ) == say("key", "a b", "--out", tmp_path / "other.key")

    def test_key_that_others_can_read_opens_nothing(self, tmp_path: Path, pack: oversight.Pack, key: Path) -> None:
        """A record is not sealed with a key that others can read, and nothing is begun."""
        key.chmod(0o644)
        with pytest.raises(KeyRefused, match="chmod 600"):
            oversight.open(f"sqlite:///{tmp_path / 'case.db'}", pack, key=key)
        assert not (tmp_path / "case.db").exists()


class TestOpening:
    def test_what_seals_is_an_extra(self, tmp_path: Path, key: Path) -> None:
        """Without the library for keys a record is kept all the same; what needs a key says what to install."""
        made(tmp_path / "plain")
        program = f"""
import sys
sys.modules["cryptography"] = sys.modules["rfc3161_client"] = None
import oversight
from oversight.cli import main
pack = oversight.load("{tmp_path}/plain")
with oversight.open("sqlite:///{tmp_path}/bare.db", pack) as record:
    print(record.size)
for arguments in (["key", "a", "--out", "k"], ["verify", "{tmp_path}/bare.db"]):
    print(main(arguments))
oversight.open("sqlite:///{tmp_path}/other.db", pack, key="{key}")
"""
        answer = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
        )
        assert "1\n2\n2\n" == answer.stdout
        says = "keys need the library cryptography: pip install 'oversight[seal]'"
        told = answer.stderr.splitlines()
        assert [f"oversight: {says}"] * 2 == told[:2]
        assert f"oversight.ground.errors.SealMissing: {says}" == told[-1]
        assert not (tmp_path / "other.db").exists()

    def test_a_sealed_record_takes_its_key(self, case: Path, pack: oversight.Pack, tmp_path: Path) -> None:
        """A sealed record is added to with its key alone; to read it takes none."""
        url = f"sqlite:///{case}"
        with pytest.raises(RecordRefused, match="the record is sealed"):
            oversight.open(url, pack, revise="P10D")
        with pytest.raises(SealBroken, match="not signed by"):
            oversight.open(url, pack, revise="P10D", key=SigningKey(KEY.name, bytes(32)))
        with oversight.open(url, pack, revise="P10D", read_only=True) as record:
            assert record.open_alerts() is not None
        with oversight.open(f"sqlite:///{tmp_path / 'bare.db'}", pack):
            pass
        with pytest.raises(SealBroken, match="begun without a key"):
            oversight.open(f"sqlite:///{tmp_path / 'bare.db'}", pack, key=KEY)

    @stores
    def test_every_commit_is_sealed(self, store: Place, pack: oversight.Pack) -> None:
        """Every commit to either store, also of one event or of time alone, carries its tiles and its checkpoint."""
        with oversight.open(store.url, pack, key=KEY, revise="P10D") as record:
            for number, event in enumerate(events(12)):
                record.feed(event)
                reader = open_store(store.url, read_only=True)
                made = audit(reader, [KEY.public])
                assert ([], number + 2, record.size) == (made.found, made.checkpoints, made.last and made.last.size)
                reader.close()
            record.advance(START + timedelta(days=100))
        with oversight.open(store.url, pack, key=KEY, revise="P10D") as record:
            record.feed_all(events(20, 100), batch=7)
        reader = open_store(store.url, read_only=True)
        assert [] == audit(reader, [KEY.public]).found
        derived = derive(reader, pack)
        assert ([], 0) == (derived.found, derived.beyond)
        assert sum(1 for _ in reader.entries(types=(CHANGE,))) == derived.derived > 60
        reader.close()

    def test_a_snapshot_that_was_altered_is_not_used(self, case: Path, pack: oversight.Pack) -> None:
        """From a snapshot other than the recorded one nothing goes on, and verify finds it."""
        url = f"sqlite:///{case}"
        with oversight.open(url, pack, key=KEY, revise="P10D") as record:
            assert 0 < record.prune(START + timedelta(days=5))
        empty = oversight.Engine(pack, revise="P10D").snapshot()
        with sqlite3.connect(case) as db:
            db.execute("UPDATE snapshot SET data = ?", (empty,))
        with pytest.raises(oversight.errors.RecordForgotten):
            oversight.open(url, pack, key=KEY, revise="P10D")
        store = SQLiteStore(case, read_only=True)
        assert ["the snapshot is not the one that was taken here"] == [
            one.what for one in audit(store, [KEY.public]).found
        ]
        store.close()


class TestCheckpoint:
    def test_three_lines(self, case: Path, say: Say) -> None:
        """A checkpoint is three lines: the name of the log, how many entries it has, and one hash."""
        status, out, _ = say("checkpoint", case)
        name, size, root = out.splitlines()
        store = SQLiteStore(case, read_only=True)
        assert (0, "example.org/cameras", str(store.size), 44) == (status, name, size, len(root))
        note = store.checkpoint() or b""
        store.close()
        assert note.decode() == say("checkpoint", case, "--signed")[1]
        assert note.decode().startswith(out)

    def test_unsealed(self, tmp_path: Path, pack: oversight.Pack, say: Say) -> None:
        """A record without a seal has no checkpoint, and verify does not say that it holds."""
        with oversight.open(f"sqlite:///{tmp_path / 'bare.db'}", pack) as record:
            record.feed_all(events(3))
        status, out, err = say("checkpoint", tmp_path / "bare.db")
        assert (2, "") == (status, out)
        assert "the record is not sealed" in err
        status, out, _ = say("verify", tmp_path / "bare.db")
        assert 1 == status
        assert "DOES NOT HOLD, first of all: there is no checkpoint: the record is not sealed" in out

    def test_published_files(self, case: Path, tmp_path: Path, say: Say) -> None:
        """The log as static files can be verified without the record, and goes on where it was published before."""
        folder = tmp_path / "log"
        before = say("checkpoint", case, "--tiles", folder)[1]
        (tmp_path / "kept").write_text(before)
        assert 0 == say("verify", folder, "--key", KEY.public, "--since", tmp_path / "kept")[0]
        with oversight.open(f"sqlite:///{case}", made(tmp_path / "again"), key=KEY, revise="P10D") as record:
            record.feed_all(events(200, 40))
        assert 0 == say("checkpoint", case, "--tiles", folder)[0]
        status, out, _ = say("verify", folder, "--key", KEY.public, "--since", tmp_path / "kept")
        assert 0 == status
        assert "that it grew out of the checkpoint of" in out
        other = tmp_path / "other.db"
        with oversight.open(f"sqlite:///{other}", made(tmp_path / "more"), key=KEY) as record:
            record.feed_all(events(200))
        status, _, err = say("checkpoint", other, "--tiles", folder)
        assert 2 == status
        assert "is of another log" in err

    def test_publishing_that_was_cut_off(self, case: Path, tmp_path: Path, say: Say) -> None:
        """Where there is no more room a file is not left in part, which would be taken for one of another log."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        with closing(SQLiteStore(case, read_only=True)):  # whose own files are there already
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
            try:
                status, _, err = say("checkpoint", case, "--tiles", tmp_path / "log")
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert 2 == status
        assert "File too large" in err
        assert 0 == say("checkpoint", case, "--tiles", tmp_path / "log")[0]
        assert 0 == say("verify", tmp_path / "log", "--key", KEY.public)[0]

    @pytest.mark.parametrize("name", [b"a%62.db", b"a b?#.db", b"caf\xe9.db"])
    def test_a_file_is_the_one_that_was_named(self, case: Path, name: bytes, say: Say) -> None:
        """Whatever is in the name of a file, that file is looked at, and no other."""
        other = case.with_name(os.fsdecode(name))
        os.rename(case, other)
        case.with_name("ab.db").write_bytes(b"another")
        assert 0 == say("verify", other, "--key", KEY.public)[0]
        prune = ["--rules", case.parent / "pack", "--key", case.parent / "log.key", "--before", "2026-01-09T00:00:00Z"]
        assert 0 == say("prune", other, *prune)[0]
        assert b"another" == case.with_name("ab.db").read_bytes()

    def test_published_bytes(self, case: Path, tmp_path: Path, say: Say) -> None:
        """Whatever byte of the published files is changed, or which file is taken away, it is found."""
        say("checkpoint", case, "--tiles", tmp_path / "log")
        files = [path for path in (tmp_path / "log").rglob("*") if path.is_file()]
        assert 3 == len(files)
        for path in files:
            content = path.read_bytes()
            for at in range(0, len(content), 1 if path.name == "checkpoint" else 97):
                path.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
                assert audit_published(tmp_path / "log", [KEY.public]).found, f"{path.name} {at}"
            path.unlink()
            assert audit_published(tmp_path / "log", [KEY.public]).found
            path.write_bytes(content)
        assert [] == audit_published(tmp_path / "log", [KEY.public]).found

    @needs_go
    def test_go_reads_what_is_published(self, case: Path, tmp_path: Path, say: Say, readlog: Path) -> None:  # noqa: F811
        """Go proves every entry of a record that was published, and that it grew out of the checkpoint before."""
        (tmp_path / "kept").write_text(say("checkpoint", case, "--signed")[1])
        with oversight.open(f"sqlite:///{case}", made(tmp_path / "again"), key=KEY, revise="P10D") as record:
            record.feed_all(events(200, 40))
            size = record.size
        say("checkpoint", case, "--tiles", tmp_path / "log")
        command = [readlog, tmp_path / "log", str(KEY.public), tmp_path / "kept"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert ("", f"{size}\n") == (answer.stderr, answer.stdout)
        assert size > 512

    @needs_openssl
    def test_stamp(self, case: Path, tmp_path: Path, say: Say, authority: Path) -> None:  # noqa: F811
        """A checkpoint can be stamped by an authority, and verify says when that saw it."""
        (tmp_path / "kept").write_text(say("checkpoint", case, "--stamp-request", tmp_path / "request")[1])
        reply = ["ts", "-reply", "-config", str(authority / "settings"), "-section", "stamps", "-queryfile", "request"]
        subprocess.run(
            [str(OPENSSL), *reply, "-out", "reply"], check=True, cwd=tmp_path, capture_output=True, timeout=60
        )
        stamp = ["--stamp", tmp_path / "reply", "--authority", authority / "ca.pem"]
        status, out, _ = say("verify", case, "--since", tmp_path / "kept", *stamp)
        assert 0 == status
        assert "an authority saw the checkpoint of" in out
        status, _, err = say("verify", case, *stamp)
        assert 2 == status
        assert "--stamp takes --authority" in err
        (tmp_path / "kept").write_text((tmp_path / "kept").read_text().replace("\n1", "\n2", 1))
        assert 2 == say("verify", case, "--since", tmp_path / "kept", *stamp)[0]


class TestRun:
    def test_a_run_into_a_sealed_record(self, tmp_path: Path, pack: oversight.Pack, key: Path, say: Say) -> None:
        """`run --store --key` seals what it keeps, and verify finds that all of it holds."""
        lines = tmp_path / "events.jsonl"
        lines.write_text("".join(f"{json.dumps(event)}\n" for event in events(30)))
        url = f"sqlite:///{tmp_path / 'case.db'}"
        common = ["run", lines, "--rules", tmp_path / "pack", "--store", url]
        status, out, _ = say(*common, "--key", key)
        assert 3 == status
        assert 60 == len(out.splitlines())
        status, out, _ = say("verify", url, "--key", f"{key}.pub", "--rules", tmp_path / "pack")
        assert 0 == status
        assert "60 changes of alerts, derived anew" in out
        for arguments, says in (
            (common, "the record is sealed"),
            (["run", lines, "--rules", tmp_path / "pack", "--key", key], "--key seals a record: give one with --store"),
            ([*common, "--key", f"{key}.pub"], "so others may use what is in it"),
        ):
            status, out, err = say(*arguments)
            assert (2, "") == (status, out)
            assert says in err


class TestVerify:
    def test_what_holds(self, case: Path, tmp_path: Path, key: Path, say: Say) -> None:
        """Verify says what it looked at, the alerts included, and what it could not look at."""
        status, out, err = say("verify", case, "--key", f"{key}.pub", "--rules", tmp_path / "pack")
        assert (0, "") == (status, err)
        lines = out.splitlines()
        assert "Looked at:" == lines[0]
        assert any("change" in line and "derived anew from the events by tiny" in line for line in lines)
        assert any("signed by example.org/cameras" in line for line in lines)
        assert any("can be seen only with --since" in line for line in lines)
        assert "Everything that was looked at holds." == lines[-1]

    def test_first_position(self, case: Path, say: Say) -> None:
        """The first position that does not hold is named, for a person and for a program."""
        with sqlite3.connect(case) as db:
            db.execute("UPDATE entry SET body = CAST(replace(body, 'c-', 'd-') AS BLOB) WHERE position IN (44, 70)")
        status, out, _ = say("verify", case, "--key", KEY.public)
        assert 1 == status
        assert "DOES NOT HOLD, first of all: position 44: the" in out
        status, out, _ = say("verify", case, "--key", KEY.public, "--format", "json")
        told = json.loads(out)
        assert (1, False, [44, 70]) == (status, told["holds"], [each["position"] for each in told["found"]])

    def test_an_older_copy(self, case: Path, pack: oversight.Pack, tmp_path: Path, say: Say) -> None:
        """A record that was put back to an older copy holds by itself, and not against a checkpoint that was kept."""
        shutil.copy(case, tmp_path / "old.db")
        with oversight.open(f"sqlite:///{case}", pack, key=KEY, revise="P10D") as record:
            record.feed_all(events(5, 40))
        (tmp_path / "kept").write_text(say("checkpoint", case)[1])
        assert 0 == say("verify", case, "--since", tmp_path / "kept")[0]
        assert 0 == say("verify", tmp_path / "old.db", "--key", KEY.public)[0]
        status, out, _ = say("verify", tmp_path / "old.db", "--key", KEY.public, "--since", tmp_path / "kept")
        assert 1 == status
        assert "there is no entry, and a checkpoint that was kept says" in out

    @pytest.mark.parametrize(
        ("type_", "said", "position", "says"),
        [
            ("change", {"severity": "low"}, "change", "from the events follows another change"),
            ("event", {"camera": "another"}, "change", "from the events follows another change"),
        ],
    )
    def test_an_alert_that_does_not_follow(
        self, case: Path, pack: oversight.Pack, type_: str, said: dict[str, object], position: str, says: str
    ) -> None:
        """Whoever has the key can seal an alert that does not follow from the events; deriving it anew shows that."""
        store = SQLiteStore(case, read_only=True)
        chosen = next(
            entry for entry in store.entries(20) if entry.type == type_ and b'"off-' not in (entry.body or b"")
        )
        store.close()
        anew = SQLiteStore(
            rewritten(case, lambda entry: altered(entry, **said) if entry == chosen else entry), read_only=True
        )
        assert [] == audit(anew, [KEY.public]).found
        found = derive(anew, pack).found
        assert found
        assert says in found[0].what
        assert chosen.position <= (found[0].position or 0)
        anew.close()

    def test_definition(self, case: Path, pack: oversight.Pack, tmp_path: Path, say: Say) -> None:
        """Each alert can be held to the definition alone, which finds those that do not follow by themselves."""
        common = ["--rules", tmp_path / "pack", "--by-definition"]
        status, out, _ = say("verify", case, *common)
        assert 0 == status
        assert "80 changes held to the definition of the language, one by one" in out
        store = SQLiteStore(case, read_only=True)
        chosen = next(entry for entry in store.entries(20) if entry.type == CHANGE)
        assert (80, 0) == ((held := hold_to_definition(store, pack)).derived, held.beyond)
        store.close()
        anew = rewritten(case, lambda entry: altered(entry, remedy="Pay.") if entry == chosen else entry)
        status, out, _ = say("verify", anew, *common)
        assert 1 == status
        assert f"position {chosen.position}: remedy should be: Switch it off." in out
        with oversight.open(f"sqlite:///{case}", pack, key=KEY, revise="P10D") as record:
            assert 0 < record.prune(START + timedelta(days=5))
        store = SQLiteStore(case, read_only=True)
        assert (0, 80) == ((held := hold_to_definition(store, pack)).derived, held.beyond)
        store.close()

    def test_an_alert_that_was_left_out_or_made_up(self, case: Path, pack: oversight.Pack) -> None:
        """A change that follows and is not recorded, and one that is recorded and does not follow, are found."""
        store = SQLiteStore(case, read_only=True)
        rows = [*store.entries()]
        store.close()
        last = next(row for row in reversed(rows) if row.type == CHANGE)
        without = [row for row in rows if row is not last]
        twice = [*rows[: last.position + 1], last, *rows[last.position + 1 :]]
        for number, (made, says) in enumerate(((without, "a change is not recorded"), (twice, "no alert follows"))):
            new = SQLiteStore(case.with_name(f"{number}.db"))
            placed = [evolve(row, position=at) for at, row in enumerate(made)]
            tiles, note = sealed_by(KEY)(new)(placed)
            new.commit(Batch(entries=placed, tiles=tiles, checkpoint=note))
            assert [says] == [says for each in derive(new, pack).found if says in each.what]
            new.close()

    @pytest.mark.parametrize(
        ("position", "type_", "body", "says"),
        [
            (0, "begun", b"{}", "the first entry of the record does not say how it was begun"),
            (0, "begun", b"\xff", "the first entry of the record does not say how it was begun"),
            (4, "advance", b'{"to":"1999-01-01T00:00:00Z"}', "the alerts cannot be derived anew"),
            (4, "advance", b"[]", "names no instant"),
            (4, "event", b"[]", "the event is not known by its id"),
            (4, "prune", b"{}", "this does not say what was forgotten"),
            (4, "prune", b'{"before":"","known":"","positions":[[0,9999999999999]]}', "does not stand before it"),
            (4, "prune", b'{"before":"","known":"","positions":[[1,2]]}', "was forgotten by position 4, and is there"),
        ],
    )
    def test_nonsense_under_a_seal(
        self, case: Path, tmp_path: Path, say: Say, position: int, type_: str, body: bytes, says: str
    ) -> None:
        """What whoever has the key can put under the seal is said not to hold, whatever it is."""

        def change(entry: Entry) -> Entry:
            if entry.position != position:
                return entry
            return evolve(entry, type=type_, body=body, leaf=leaf_of(type_, entry.nonce or b"", body))

        status, out, err = say("verify", rewritten(case, change), "--rules", tmp_path / "pack")
        assert (1, "") == (status, err)
        assert "DOES NOT HOLD" in out
        assert says in out

    def test_another_pack(self, case: Path, tmp_path: Path, say: Say) -> None:
        """The alerts are derived by the pack of the record alone; another is refused, and none is said."""
        status, _, err = say("verify", case, "--rules", "camera-programme")
        assert 2 == status
        assert "the record was begun under tiny 1 of digest" in err
        status, out, _ = say("verify", case)
        assert 0 == status
        assert "whether the alerts follow: give the pack tiny 1 of digest" in out

    def test_what_is_no_record(self, tmp_path: Path, say: Say) -> None:
        """What is no record, no key or no checkpoint is a usage error that says so."""
        (tmp_path / "text").write_text("text")
        for arguments in (
            ("verify", tmp_path / "none.db"),
            ("verify", tmp_path / "text"),
            ("verify", "sqlite:///" + str(tmp_path / "none.db")),
            ("verify", tmp_path / "text", "--key", "example.org"),
            ("verify", tmp_path / "text", "--since", tmp_path / "none"),
            ("verify", tmp_path / "text", "--since", tmp_path / "text"),
            ("checkpoint", tmp_path / "text"),
        ):
            status, out, err = say(*arguments)
            assert (2, "") == (status, out)
            assert err


class TestPrune:
    def test_what_is_forgotten_is_gone(self, case: Path, pack: oversight.Pack, say: Say) -> None:
        """What was forgotten is in no byte of the file any more, and the log still holds."""
        assert SECRET.encode() in case.read_bytes()
        with oversight.open(f"sqlite:///{case}", pack, key=KEY, revise="P10D") as record:
            assert 50 < record.prune(START + timedelta(days=36))
            assert 0 == record.prune(START + timedelta(days=36))
        with sqlite3.connect(case) as db:
            changes = b"".join(body for (body,) in db.execute("SELECT body FROM entry WHERE type = 'change'"))
            bodies = db.execute("SELECT count(*) FROM entry WHERE type = 'event' AND body IS NOT NULL").fetchone()[0]
        assert SECRET.encode() in changes  # what was told stays
        whole = case.read_bytes() + b"".join(path.read_bytes() for path in case.parent.glob("case.db-wal"))
        assert changes.count(SECRET.encode()) == whole.count(SECRET.encode())
        assert 80 - 50 > bodies
        assert 0 == say("verify", case, "--key", KEY.public)[0]

    def test_nothing_is_forgotten_behind_a_reader(self, case: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where somebody reads what is to go, it would stay in the file: that is refused, and done once they ended."""
        monkeypatch.setattr("oversight.record.sqlite.PATIENCE", 0)
        prune = ["prune", case, "--rules", case.parent / "pack", "--key", case.parent / "log.key", "--keep", "P5D"]
        reader = SQLiteStore(case, read_only=True)
        with reader.steady():
            before = [entry.body for entry in reader.entries()]
            status, out, err = say(*prune)
            assert (2, "") == (status, out)
            assert "somebody reads it, so that nothing can be forgotten; try again when they have ended" in err
        assert before == [entry.body for entry in reader.entries()]
        reader.close()
        assert 0 == say(*prune)[0]
        assert case.read_bytes().count(SECRET.encode()) < sum(SECRET.encode() in body for body in before if body)
        status, out, _ = say("verify", case, "--key", KEY.public, "--rules", case.parent / "pack")
        assert 0 == status
        assert "changes of alerts follow: events before them were forgotten, and they are older than the newest" in out

    @stores
    def test_a_record_goes_on_after_it(self, store: Place, pack: oversight.Pack) -> None:
        """After forgetting, repeats are still known, alerts go on as they would have, and new ones can be derived."""
        whole = oversight.Engine(pack, revise="P10D")
        expected = [change.as_dict() for event in events(60) for change in whole.feed(event)]
        told = []
        with oversight.open(store.url, pack, key=KEY, revise="P10D") as record:
            told += [change for event in events(60)[:80] for change in record.feed(event)]
            assert 0 < record.prune(START + timedelta(days=25))
            assert () == record.feed(events(60)[0])
        with oversight.open(store.url, pack, key=KEY, revise="P10D") as record:
            assert () == record.feed(events(60)[0])
            late = {"kind": "camera.on", "id": "late", "time": START.isoformat(), "camera": "c"}
            with pytest.raises(EventRefused):
                record.feed(late)
            told += [change for event in events(60)[80:] for change in record.feed(event)]
        assert expected == [evolve(change, position=None).as_dict() for change in told]
        reader = open_store(store.url, read_only=True)
        assert [] == audit(reader, [KEY.public]).found
        derived = derive(reader, pack)
        assert [] == derived.found
        assert 0 < derived.derived
        assert 0 < derived.beyond
        assert len(expected) == derived.derived + derived.beyond
        reader.close()

    def test_what_counts_stays(self, case: Path, pack: oversight.Pack) -> None:
        """An event of a fact that holds is kept, however old it is, and so is all that may still be revised."""
        with oversight.open(f"sqlite:///{case}", pack, key=KEY, revise="P10D") as record:
            record.feed(
                {"kind": "camera.on", "id": "old", "time": (START + timedelta(days=50)).isoformat(), "camera": "old"}
            )
            record.advance(START + timedelta(days=400))
            record.prune(START + timedelta(days=400))
        store = SQLiteStore(case, read_only=True)
        left = [plain(entry.body)["id"] for entry in store.entries(types=("event",)) if entry.body is not None]
        store.close()
        assert ["old"] == left

    def test_without_revise_nothing_is_forgotten(self, tmp_path: Path, pack: oversight.Pack, say: Say) -> None:
        """Where every event may still be corrected none is forgotten, and that is said."""
        with oversight.open(f"sqlite:///{tmp_path / 'case.db'}", pack) as record:
            record.feed_all(events(10))
        rules = ["--rules", tmp_path / "pack"]
        status, out, err = say("prune", tmp_path / "case.db", *rules, "--before", "2030-01-01T00:00:00Z")
        assert 0 == status
        assert out.startswith("0 events before 2030-01-01")
        assert "begun without --revise" in err

    def test_retention_of_a_site(self, tmp_path: Path, pack: oversight.Pack, say: Say) -> None:
        """The site file says how long a record keeps what events say; without it or an option nothing is done."""
        site = tmp_path / "site.yaml"
        site.write_text("retention: P15D\n")
        folder = tmp_path / "pack"
        adapted = oversight.load(folder, site=site)
        with oversight.open(f"sqlite:///{tmp_path / 'case.db'}", adapted, revise="P1D") as record:
            record.feed_all(events(40))
        status, out, _ = say("prune", tmp_path / "case.db", "--rules", folder, "--site", site)
        assert (0, "events before 2026-01-27T00:00:00Z forgotten; the log still holds\n") == (
            status,
            out.partition(" ")[2],
        )
        status, _, err = say("prune", tmp_path / "case.db", "--rules", folder)
        assert 2 == status
        assert "nothing says what to forget" in err
        site.write_text("retention: three years\n")
        status, _, err = say("prune", tmp_path / "case.db", "--rules", folder, "--site", site)
        assert 2 == status
        assert "this is no period" in err

    def test_retention_without_end(self, tmp_path: Path, pack: oversight.Pack, say: Say) -> None:
        """A period that reaches back behind the first year keeps all there is."""
        site = tmp_path / "site.yaml"
        site.write_text("retention: P9999Y\n")
        with oversight.open(
            f"sqlite:///{tmp_path / 'case.db'}", oversight.load(tmp_path / "pack", site=site)
        ) as record:
            record.feed_all(events(2))
        status, out, _ = say("prune", tmp_path / "case.db", "--rules", tmp_path / "pack", "--site", site)
        assert (0, "0 events before 0001-01-01T00:00:00Z forgotten; the log still holds\n") == (status, out)
