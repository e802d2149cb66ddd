"""``--store``: runs that go on where the last one was, and what is explained from a record."""

import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from tests.tiny import PERMITTED, day, event, granted, on, tiny

import oversight
from oversight.cli import main
from oversight.record.sqlite import SQLiteStore
from oversight.runner.run import Run
from oversight.runner.sinks import RotatingFile

EVENTS = [on("1", 1), on("2", 2, "k2"), granted("3", 3, "k2"), on("4", 4, "k4")]


@pytest.fixture
def case(tmp_path):
    """A pack, a file of events, and a command that runs them into a record."""
    (tmp_path / "pack").mkdir()
    tiny(tmp_path / "pack", PERMITTED)
    return Case(tmp_path)


class Case:
    """What the tests of the command share."""

    def __init__(self, folder):
        self.folder = folder
        self.pack, self.out = str(folder / "pack"), folder / "alerts.jsonl"
        self.store = f"sqlite:///{folder}/case.db"

    def events(self, events):
        """The path of a file with *events*."""
        path = self.folder / "events.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in events))
        return str(path)

    def run(self, events, *options, out=True):
        """Run *events* into the record; the exit status."""
        to = ["--out", str(self.out)] if out else []
        return main(["run", self.events(events), "--rules", self.pack, "--store", self.store, *to, *options])

    def told(self):
        """The changes in the file."""
        return [json.loads(line) for line in self.out.read_text().splitlines()]


def test_a_run_goes_on_where_the_last_one_was(case, capsys):
    """Run again with more events, only what is new is told, under positions that go on."""
    assert 3 == case.run(EVENTS[:2])
    first = case.told()
    assert 3 == case.run(EVENTS)
    assert first == case.told()[:2]
    assert ["raised", "raised", "cleared", "raised"] == [change["change"] for change in case.told()]
    positions = [change["position"] for change in case.told()]
    assert sorted(set(positions)) == positions
    assert 0 == case.run(EVENTS)
    assert 4 == len(case.told())
    assert "4 of these events were on record already" in capsys.readouterr().err


def test_says_what_a_run_without_a_record_says(case, capsys):
    """But for their positions, the changes are those of a run without a record."""
    until = ["--until", day(40).isoformat()]
    case.run(EVENTS, *until)
    capsys.readouterr()
    main(["run", case.events(EVENTS), "--rules", case.pack, *until])
    expected = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert expected == [{name: value for name, value in c.items() if name != "position"} for c in case.told()]


def test_each_output_is_told_everything(case, capsys):
    """Standard output and another file are told from the beginning what only the first file was told."""
    case.run(EVENTS)
    capsys.readouterr()
    assert 3 == case.run([], out=False)
    assert case.told() == [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert 0 == case.run([], out=False)
    assert "" == capsys.readouterr().out


def test_names_that_are_no_text(case):
    """A record, and what is told of it, may be in files whose names have bytes of another encoding."""
    case.store = f"sqlite:///{case.folder}/{os.fsdecode(bytes([0x63, 0xE9]))}.db"
    case.out = case.folder / os.fsdecode(b"told \xe9")
    assert 3 == case.run(EVENTS[:2])
    first = case.out.read_text()
    assert 0 == case.run(EVENTS[:2])
    assert first == case.out.read_text()


def test_a_line_cut_off_by_a_crash_is_told_again(case, tmp_path):
    """What is left of a line that was being written when the process ended is taken away, and no whole line."""
    path = tmp_path / "cut.jsonl"
    for left, kept in ((b'{"a":1}\n{"b', b'{"a":1}\n'), (b'{"b', b""), (b'{"a":1}\n', b'{"a":1}\n')):
        path.write_bytes(left)
        file = RotatingFile(str(path), lasting=True)
        file.write("{}\n")
        file.flush()
        file.close()
        assert kept + b"{}\n" == path.read_bytes()


def test_refused_lines_are_named_and_the_others_recorded(case, capsys):
    """A line that is no event, or has other content under a known identity, is named; what it is later than waits."""
    case.run(EVENTS[:1])
    bad = [{"id": "9"}, on("1", 1, "k9"), {**on("8", 2), "kind": "camera.onn"}, on("7", 20, "k7"), on("2", 2, "k2")]
    assert 1 == case.run(bad, "--until", day(10).isoformat())
    said = capsys.readouterr().err
    assert "events.jsonl:1: bad-event: " in said
    assert "events.jsonl:2: other-content: event '1' of source 's' came before with other content" in said
    assert "1 of 'camera.onn' (did you mean 'camera.on'?)" in said
    assert "1 event later than --until not taken in, the first at" in said
    assert ["k1", "k2"] == [change["subjects"][0] for change in case.told()]


def test_what_is_later_than_the_horizon_is_replayed(case, capsys):
    """With ``--revise`` as it was begun, evidence older than that withdraws what was told."""
    case.run([EVENTS[0], on("4", 60, "k4")], "--revise", "P1D")
    assert 0 == case.run([granted("3", 1)])
    assert "withdrawn" == case.told()[-1]["change"]
    assert 2 == case.run([], "--revise", "P2D")
    assert "begun with revise=P1D, not with P2D" in capsys.readouterr().err


def test_explains_from_the_record(case, capsys):
    """An alert is explained from its record as from the files, each event with its position; a withdrawn one too."""
    case.run([*EVENTS, event("5", "event.retracted", 5, corrects="4")])
    told, explained = case.told(), {}
    for alert in (told[0]["alert"], told[-1]["alert"]):
        for name, where in (("store", case.store), ("events", str(case.folder / "events.jsonl"))):
            capsys.readouterr()
            assert 0 == main(["explain", alert[:12], f"--{name}", where, "--rules", case.pack])
            explained[name] = capsys.readouterr().out
        assert "case.db:" in explained["store"]
        strip = [line.partition("case.db:")[0].partition("(")[0] for line in explained["store"].splitlines()]
        assert [line.partition("(/")[0].partition("(")[0] for line in explained["events"].splitlines()] == strip
    assert 2 == main(["explain", "0000", "--store", case.store, "--rules", case.pack])
    assert "no alert has an identity that begins with '0000'" in capsys.readouterr().err
    assert 2 == main(["explain", "0", "--store", case.store, "--rules", case.pack, "--until", day(9).isoformat()])


def test_the_events_of_a_record_are_read_like_a_file(case, capsys):
    """Another pack can be tried on what was recorded."""
    case.run(EVENTS)
    capsys.readouterr()
    assert 3 == main(["run", case.store, "--rules", case.pack])
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [change["alert"] for change in case.told()] == [change["alert"] for change in told]
    assert 2 == main(["run", f"sqlite:///{case.folder}/none.db", "--rules", case.pack])
    assert "none.db: there is no such file" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "jsonl", "cloudevents", "ocsf", "syslog"])
def test_an_instant_before_there_were_whole_hours(case, form):
    """Hong Kong's first offset has seconds, which no RFC 3339 time has: what happened then is told, and told again."""
    old = on("1", datetime(1900, 1, 1, tzinfo=UTC))
    assert 3 == case.run([old], "--format", form)
    first, case.out = case.out.read_text(), case.folder / "again"
    assert 0 < len(first)
    assert 3 == case.run([old], "--format", form)
    assert first == case.out.read_text()


def test_what_nobody_reads_breaks_no_record(tmp_path, capsys):
    """A number too large for any machine, where nobody looks, and a time written loosely are sealed and forgotten."""
    read = {"kind": "note.closed", "data": {"actor": "officer-jim", "words": "w"}}
    lines = [
        json.dumps({**read, "id": "1", "time": "2026-03-01T09:00:00Z"}).replace('"w"', '"w", "weight": 1e999'),
        json.dumps({"kind": "note.opened", "id": "2", "time": "2026-03-02 09:00:00z"}),
        json.dumps({**read, "id": "3", "time": "2026-06-01T09:00:00Z"}),
    ]
    assert 3 == noted(tmp_path, "--revise", "P1D", notes=map(json.loads, lines[2:]))
    (tmp_path / "lines.jsonl").write_text("\n".join(lines))
    keys = ["--key", f"{tmp_path}/key"]
    store = ["--rules", TELLING, "--store", f"sqlite:///{tmp_path}/note.db", *keys]
    assert 3 == main(["run", f"{tmp_path}/lines.jsonl", *store, "--out", os.devnull])
    verified(tmp_path, capsys)
    pruned = ["prune", f"{tmp_path}/note.db", "--rules", TELLING, *keys, "--before", "2026-05-01T00:00:00Z"]
    assert 0 == main(pruned)
    assert capsys.readouterr().out.startswith("2 events before")
    verified(tmp_path, capsys)


def test_events_that_were_forgotten_are_missed(case, capsys):
    """What is judged by the events of a record that forgot some of them may be wrong, which is said."""
    with oversight.open(case.store, oversight.load(case.pack), revise="P1D") as record:
        record.feed_all([on("1", 1), event("2", "camera.off", 2, camera="k1"), on("3", 20, "k3")])
        assert 2 == record.prune(day(10))
    assert 1 == main(["run", case.store, "--rules", case.pack])
    said = capsys.readouterr().err
    assert "/case.db:4: unreadable: what 2 events said was forgotten, the first at 1: what is judged without" in said
    assert "1 event taken in" in said
    assert 1 == main(["why-not", "R", "k3", "--events", case.store, "--rules", case.pack])
    assert "what 2 events said was forgotten" in capsys.readouterr().err


def test_damaged_pages_are_told(case, capsys):
    """Whichever page is damaged, the events of a record are read as far as that goes, and it is said where they end."""
    case.run([on(str(number), 1 + number / 100, "k" + "x" * 500) for number in range(60)])
    path = case.folder / "case.db"
    whole, told = path.read_bytes(), 0
    for at in range(0, len(whole), 4096):
        path.write_bytes(whole[:at] + bytes(4096) + whole[at + 4096 :])
        capsys.readouterr()
        status, said = main(["run", case.store, "--rules", case.pack]), capsys.readouterr().err
        if "unreadable: the rest cannot be read: " in said:
            assert 1 == status
            assert "its pages are damaged; take a copy, and feed what came since" in said
            told += 1
    assert 0 < told


def test_a_damaged_change_is_named(case, capsys):
    """What stands where a change should is named by its position, and not taken for one."""
    case.run(EVENTS[:1])
    with closing(sqlite3.connect(case.folder / "case.db")) as db, db:
        [(position,)] = db.execute("SELECT position FROM entry WHERE type = 'change'").fetchall()
        db.execute("UPDATE entry SET body = ? WHERE position = ?", (b'{"alert":"\xff"}', position))
    said = f"what stands at position {position} of the record is no change; oversight verify says more"
    assert 2 == main(["explain", "0", "--store", case.store, "--rules", case.pack])
    assert said in capsys.readouterr().err
    case.out = case.folder / "again"
    assert 2 == case.run(EVENTS[:1])
    assert said in capsys.readouterr().err


def test_no_place_tells_a_password(case):
    """Where a line stands in a record is told without the password of its URL."""
    refused = []
    run = Run([oversight.load(case.pack)], list, refused.append, until=day(999))
    lines = [on("1", 1), on("2", 2) | {"colour": "red"}, on("3", 900), on("4", 1000), {"id": "5"}]
    url = "postgresql://ann:s3cret@db/cases"
    run.lines(url, [(number, json.dumps(line).encode()) for number, line in enumerate(lines, 1)])
    run.finish()
    told = "\n".join([*run.told(), *map(str, refused)])
    assert 4 == told.count("postgresql://ann@db/cases:")
    assert "s3cret" not in told


def test_a_record_is_not_written_over(case, capsys):
    """Results do not go into the record itself."""
    case.run(EVENTS)
    before = (case.folder / "case.db").read_bytes()
    arguments = ["run", case.events(EVENTS), "--rules", case.pack, "--store", case.store]
    assert 2 == main([*arguments, "--out", str(case.folder / "case.db")])
    assert "is a record: give another file for what is told" in capsys.readouterr().err
    assert before == (case.folder / "case.db").read_bytes()


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-writer"])
def test_no_file_of_a_new_record_is_written_into(case, end, capsys):
    """Nor into one that is about to be made, nor what belongs to it."""
    case.out = case.folder / f"case.db{end}"
    assert 2 == case.run(EVENTS)
    assert f"case.db{end} is a file of the record: give another for what is told" in capsys.readouterr().err
    assert not case.out.exists()


@pytest.mark.parametrize("option", ["key", "pseudonyms"])
def test_no_key_is_written_over(case, option, capsys):
    """What is told does not take the place of a key, which nobody could make again."""
    case.out = case.folder / "secret"
    made = ["key", "example.org/log", "--out"] if option == "key" else ["pseudonyms"]
    assert 0 == main([*made, str(case.out)])
    before = case.out.read_text()
    assert 2 == case.run(EVENTS, f"--{option}", str(case.out))
    assert f"secret is the file of --{option}: give another for what is told" in capsys.readouterr().err
    assert before == case.out.read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--plan", os.devnull], "--plan is not for a record"),
        (["--as-known-at", "2026-03-01T00:00:00Z"], "--as-known-at is not for a record"),
        (
            ["--until", "2026-03-01T00:00:00Z"],
            "--until is before 2026-03-04T09:00:00+08:00, which the record has reached",
        ),
        (["--rules", "camera-programme,hong-kong"], "a record is kept under one pack"),
        (["--rules", "camera-programme"], "the record was begun under another pack: tiny 1 of digest"),
        (["--store", "sqlite3:///case.db"], "no store is called 'sqlite3', did you mean 'sqlite'?"),
        (["--store", "sqlite:////none/of/these.db"], "there is no folder /none/of; make it first"),
    ],
)
def test_what_cannot_be_is_refused(case, capsys, options, said):
    """What does not go with a record is a usage error that says what to do."""
    case.run(EVENTS)
    assert 2 == case.run(EVENTS, *options)
    assert said in capsys.readouterr().err


TELLING = "tests/packs/telling"
NOTE = {
    "kind": "note.made", "id": "1", "time": "2026-03-01T09:00:00+08:00", "subject": "officer-jane",
    "data": {"note": "n-1", "actor": "officer-jane", "words": "jane-was-here"},
}  # fmt: skip


def noted(folder, *options, notes=(NOTE,)):
    """Run *notes* that name a person into a record; the exit status."""
    events = folder / "note.jsonl"
    events.write_text("".join(json.dumps(note) + "\n" for note in notes))
    key, store, out = str(folder / "key"), f"sqlite:///{folder}/note.db", str(folder / "told.jsonl")
    if not os.path.exists(key):
        assert 0 == main(["key", "example.org/notes", "--out", key])
    return main(["run", str(events), "--rules", TELLING, "--store", store, "--key", key, "--out", out, *options])


def verified(folder, capsys):
    """What a public audit of that record says; its alerts are derived anew."""
    capsys.readouterr()
    status = main(["verify", f"sqlite:///{folder}/note.db", "--key", f"{folder}/key.pub", "--rules", TELLING])
    said = capsys.readouterr().out
    assert 0 == status, said
    return said


def test_what_is_told_of_a_record_names_nobody(tmp_path, capsys):
    """As in a run without one, outlets tell nothing that is personal, nor do the alerts in the record."""
    assert 3 == noted(tmp_path)
    told = (tmp_path / "told.jsonl").read_text()
    assert "officer-jane" not in told
    assert "jane-was-here" not in told
    assert "[withheld]" in told
    assert "alerts follow" not in verified(tmp_path, capsys).partition("Not looked at")[2]


def test_a_record_under_pseudonyms_never_saw_the_person(tmp_path, capsys):
    """Ids are replaced before anything is recorded, what comes again is known again, and its alerts can be derived."""
    keys = str(tmp_path / "keys")
    assert 0 == main(["pseudonyms", keys])
    assert 3 == noted(tmp_path, "--pseudonyms", keys)
    assert 0 == noted(tmp_path, "--pseudonyms", keys)
    assert "1 of these events was on record already" in capsys.readouterr().err
    assert all(b"officer-jane" not in path.read_bytes() for path in tmp_path.glob("note.db*"))
    assert "pn-" in (tmp_path / "told.jsonl").read_text()
    assert "alerts follow" not in verified(tmp_path, capsys).partition("Not looked at")[2]
    assert 2 == noted(tmp_path)
    assert "begun with pseudonyms for persons, not with all that is personal withheld" in capsys.readouterr().err


def test_a_change_of_keys_between_two_runs_is_said(tmp_path, capsys):
    """A run whose record has persons under an older key takes one person for two, and says so."""
    keys = str(tmp_path / "keys")
    assert 0 == main(["pseudonyms", keys])
    assert 0 == main(["pseudonyms", keys, "--from", "2026-06-01T00:00:00+08:00"])
    said = "persons have other pseudonyms from 2026-06-01T00:00:00+08:00 on"
    noted(tmp_path, "--pseudonyms", keys)
    assert said not in capsys.readouterr().err
    later = {**NOTE, "id": "2", "time": "2026-07-01T09:00:00+08:00"}
    noted(tmp_path, "--pseudonyms", keys, notes=[later])
    assert said in capsys.readouterr().err


def test_an_unknown_kind_under_pseudonyms_is_left_out(tmp_path, capsys):
    """Nothing says where persons stand in it: it is counted as in any run, not refused, and not recorded."""
    keys = str(tmp_path / "keys")
    assert 0 == main(["pseudonyms", keys])
    strange = {**NOTE, "id": "2", "kind": "note.mde"}
    for status in (3, 0):
        assert status == noted(tmp_path, "--pseudonyms", keys, notes=[strange, NOTE])
        assert "1 event of a kind that no pack knows, not taken in: 1 of 'note.mde'" in capsys.readouterr().err
    assert all(b"officer-jane" not in path.read_bytes() for path in tmp_path.glob("note.db*"))
    verified(tmp_path, capsys)


@pytest.mark.parametrize("persons", [(), ("--pseudonyms",)])
def test_what_a_run_recorded_can_be_forgotten(persons, tmp_path, capsys):
    """A record that keeps silent of persons is pruned as it was begun, and what was forgotten is in it no more."""
    persons = [*persons, *[str(tmp_path / "keys") for _ in persons]]
    if persons:
        assert 0 == main(["pseudonyms", persons[1]])
    gone = {"kind": "note.closed", "data": {"actor": "officer-jim", "words": "jim-was-here"}}
    notes = [{**gone, "id": str(month), "time": f"2026-0{month}-01T09:00:00+08:00"} for month in (3, 6)]
    assert 3 == noted(tmp_path, "--revise", "P1D", *persons, notes=notes)
    store = ["prune", f"{tmp_path}/note.db", "--rules", TELLING, "--key", f"{tmp_path}/key"]
    assert 0 == main([*store, "--before", "2026-05-01T00:00:00Z"])
    assert capsys.readouterr().out.endswith("1 event before 2026-05-01T00:00:00Z forgotten; the log still holds\n")
    with closing(SQLiteStore(tmp_path / "note.db", read_only=True)) as store:
        assert ["6"] == [json.loads(one.body)["id"] for one in store.entries(types=("event",)) if one.body]
    verified(tmp_path, capsys)


def test_explains_from_a_record_with_a_clock_of_its_own(case, capsys):
    """A record whose time a program lets pass is read as any other."""
    with oversight.open(case.store, oversight.load(case.pack), clock="caller") as record:
        record.feed(on("1", 1))
        [told] = record.advance(day(2))
    assert 0 == main(["explain", told.alert, "--store", case.store, "--rules", case.pack])
    assert told.rule in capsys.readouterr().out


def test_a_record_tells_a_change_again_under_the_same_id(case, capsys):
    """A receiver of CloudEvents knows a change again that a crash had told twice."""
    case.run(EVENTS, "--format", "cloudevents")
    first = [json.loads(line)["id"] for line in case.out.read_text().splitlines()]
    case.out = case.folder / "again.jsonl"
    case.run(EVENTS[:1], "--format", "cloudevents")
    assert first == [json.loads(line)["id"] for line in case.out.read_text().splitlines()]
    assert len(first) == len(set(first))
