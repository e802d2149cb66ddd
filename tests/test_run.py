"""Runs: files in every wrapping, order and chunk, what is counted, and the exit status."""

import builtins
import gzip
import io
import json
import sys
from types import SimpleNamespace

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from oversight import fold, load
from oversight.ground.time import parse_instant
from oversight.model.alerts import RAISED
from oversight.runner import intake
from oversight.runner import run as running
from oversight.runner.intake import Block, SourceError, blocks, check_source
from oversight.runner.run import Run
from oversight.runner.search import find_events

SMALL = load("tests/packs/small")
DAY = "2026-03-0{}T09:00:00+08:00"
FIRST = DAY.format(1)
UNTIL = parse_instant("2026-12-31T00:00:00+08:00")


def event(kind, identity, time=FIRST, **attributes):
    """An event in the flat form."""
    return {"kind": kind, "id": identity, "time": time, "data": attributes}


def enabled(identity):
    """A function that is switched on."""
    told = event("capability.enabled", identity)
    return {**told, "data": {"capability": "f", "kind": "plate_reading", "cameras": ["k"]}}


def camera(number):
    """A camera that begins to record."""
    time = f"2026-03-01T09:{number:02}:00+08:00"
    return event("camera.activated", f"c{number}", time, camera=f"k{number}", zone="z")


CAMERAS = [camera(number) for number in range(6)]


def written(path, events):
    """A file of *events*."""
    path.write_text("\n".join(json.dumps(each) for each in events))
    return str(path)


def run(sources, *, packs=(SMALL,), **settings):
    """What a run told, refused and counted."""
    changes, refused = [], []
    running = Run(packs, changes.extend, refused.append, **settings)
    for source in sources:
        running.take(source)
    summary = running.finish()
    return SimpleNamespace(changes=changes, refused=refused, summary=summary, lines=list(running.told()))


@pytest.fixture
def file(tmp_path):
    """Makes a file of events."""
    return lambda events, name="events.jsonl": written(tmp_path / name, events)


# Reading


LINES = st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line), max_size=8)


@given(LINES, st.integers(1, 40), st.integers(0, 12))
def test_lines_are_those_of_the_file(tmp_path_factory, lines, size, longest):
    """Whatever the size of the chunks, the lines are those of the file, with the too long ones left out."""
    path = tmp_path_factory.getbasetemp() / "lines"
    data = b"\n".join(lines)
    path.write_bytes(data)
    expected = [None if len(line) > longest else line for line in data.split(b"\n")]
    if expected[0] is not None:
        expected[0] = expected[0].removeprefix(b"\xef\xbb\xbf")
    if data.endswith(b"\n") or not data:
        expected.pop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "CHUNK", size)
        found = list(blocks(str(path), longest=longest))
    assert expected == [line for block in found for line in block.lines]
    assert [1 + sum(len(b.lines) for b in found[:n]) for n in range(len(found))] == [b.first for b in found]


def pack_zst(data):
    """*data* as a Zstandard archive."""
    try:
        from compression import zstd
    except ImportError:
        from backports import zstd
    return zstd.compress(data)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", pack_zst)])
def test_archives(tmp_path, suffix, pack):
    """Archives are read as what is in them, also several one after the other."""
    halves = [b"".join(json.dumps(each).encode() + b"\n" for each in part) for part in (CAMERAS[:3], CAMERAS[3:])]
    path = tmp_path / f"events.jsonl{suffix}"
    path.write_bytes(pack(halves[0]) + pack(halves[1]))
    assert 6 == run([str(path)]).summary.events


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", pack_zst)])
def test_damaged_archives(tmp_path, file, suffix, pack):
    """What cannot be unpacked is refused with its line; the lines before it, and other files, count."""
    data = b"".join(json.dumps(camera(number % 60)).encode() + b"\n" for number in range(6))
    path = tmp_path / f"events.jsonl{suffix}"
    for damaged in (pack(data)[:-6], b"no archive at all"):
        path.write_bytes(damaged)
        result = run([str(path), file(CAMERAS)])
        assert "unreadable" == result.refused[-1].code
        assert 1 == result.summary.status
        assert result.summary.events >= 6


def test_zst_without_its_library(monkeypatch, tmp_path):
    """Where the library for it is missing, the message says what to install."""
    path = tmp_path / "events.zst"
    path.write_bytes(b"")

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(intake, "import_module", missing)
    with pytest.raises(SourceError, match=r"reading \.zst needs a library: pip install 'oversight\[cli\]'"):
        check_source(str(path))


def test_what_cannot_be_opened(tmp_path):
    """A missing file, a folder and a table are refused before anything is read."""
    (tmp_path / "a.csv").write_text("id,time\n")
    for name, said in (("none", "no such file"), (".", "is a directory"), ("a.csv", "this is a table")):
        with pytest.raises(SourceError, match=said):
            check_source(str(tmp_path / name))


def test_standard_input(monkeypatch):
    """``-`` is standard input."""
    data = io.BytesIO(json.dumps(CAMERAS[0]).encode())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=data))
    assert 1 == run(["-"]).summary.events


def test_progress_adds_up(file):
    """What is told of progress adds up to the size of the file."""
    path = file(CAMERAS)
    counts = []
    assert 6 == sum(len(block.lines) for block in blocks(path, counts.append))
    with builtins.open(path, "rb") as stored:
        assert len(stored.read()) == sum(counts)


# Judging


@given(st.permutations(CAMERAS), st.integers(60, 400), st.integers(1, 4))
def test_order_and_chunks_do_not_matter(tmp_path_factory, events, size, stretch):
    """Any order of lines, in chunks of any size, and judged so many at a time, ends in the same alerts."""
    path = written(tmp_path_factory.getbasetemp() / "order", events)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "CHUNK", size)
        patch.setattr(running, "STRETCH", stretch)
        result = run([path])
    whole = run([written(tmp_path_factory.getbasetemp() / "sorted", CAMERAS)])
    assert fold(whole.changes) == fold(result.changes)
    assert 4 == len(result.summary.standing)


def test_records_of_one_instant_are_judged_together(file):
    """An instant is judged when a later one or the end comes, so that its records may stand in any order."""
    events = [
        enabled("1"),
        event(
            "assessment.approved", "2", assessment="a", function="plate_reading", valid_until="2026-12-31",
            scope={"all": True},
        ),
    ]  # fmt: skip
    assert [] == run([file(events)]).changes


def test_until_lets_deadlines_pass(file):
    """Time goes on to ``until`` without any event."""
    path = file([event("audit.completed", "1", programme="p")])
    assert 0 == run([path]).summary.status
    result = run([path], until=UNTIL)
    assert [("SM-03", RAISED, None)] == [(c.rule, c.change, c.cause) for c in result.changes]
    assert 3 == result.summary.status


def test_later_events_wait(file):
    """Events after ``until`` are not taken in, are counted, and raise nothing."""
    path = file(CAMERAS)
    result = run([path], until=parse_instant(CAMERAS[3]["time"]))
    assert (4, 2, f"{path}:5") == (
        result.summary.events,
        result.summary.waiting,
        result.summary.first_waiting,
    )
    assert 2 == len(result.changes)
    assert f"2 events later than --until not taken in, the first at {path}:5" in result.lines


def test_a_late_event_beyond_revise_is_refused(file):
    """What is later than ``revise`` allows is refused by its line; without ``revise`` everything is taken."""
    days = ("2026-04-01", "2026-04-02", "2026-03-25", "2026-03-01")
    sources = [file([event("audit.completed", day, f"{day}T09:00:00Z", programme="p")], day) for day in days]
    result = run(sources, revise="P10D")
    assert [("too-late", sources[3], 1)] == [(each.code, each.source, each.line) for each in result.refused]
    assert [] == run(sources).refused


# Summing up


@pytest.mark.parametrize(
    ("lines", "status"),
    [([], 0), (CAMERAS, 3), (["?"], 1), ([*CAMERAS, "?"], 1), ([camera(1), {**camera(2), "kind": "x.y"}], 0)],
)
def test_status(file, lines, status):
    """No alert is 0, alerts are 3, refused lines are 1 in any case; an unknown kind is no matter."""
    assert status == run([file(lines)]).summary.status


def test_an_alert_withdrawn_is_none(file):
    """An alert that late evidence takes back leaves the exit status as if it had never been."""
    later = event("camera.activated", "3", DAY.format(3), camera="k")
    taken = event("event.retracted", "2", DAY.format(4), corrects="1")
    result = run([file([enabled("1"), later], "a"), file([taken], "b")])
    assert [RAISED, "withdrawn"] == [change.change for change in result.changes]
    assert 0 == result.summary.status


def test_unknown_kinds_are_counted(file):
    """Unknown kinds are counted with the nearest name, and not taken in."""
    strangers = [{**each, "kind": "camera.activatd"} for each in CAMERAS[:3]]
    result = run([file([*strangers, CAMERAS[5]])])
    assert (1, {"camera.activatd": 3}) == (result.summary.events, dict(result.summary.strangers))
    said = "3 events of a kind that no pack knows, not taken in: 3 of 'camera.activatd' "
    assert f"{said}(did you mean 'camera.activated'?)" in result.lines


@pytest.mark.parametrize(("year", "told"), [(2027, False), (2028, True), (8999, True)])
def test_a_date_far_ahead_is_told(file, year, told):
    """An event more than a year later than every other is told with its place."""
    far = event("audit.completed", "far", f"{year}-02-01T09:00:00+08:00", programme="p")
    path = file([far, *CAMERAS, far])
    lines = [line for line in run([path]).lines if "more than a year later" in line]
    said = f"{path}:1: event 'far' of {year}-02-01T09:00:00+08:00 is more than a year later than every other"
    assert [f"{said}; if its date is wrong, correct it, or leave it out with --until"] * told == lines


def test_a_corrected_date_is_not_told(file):
    """An event far ahead that has been taken back moves no time and is not told."""
    far = event("audit.completed", "far", "2099-02-01T09:00:00+08:00", programme="p")
    back = event("event.retracted", "back", DAY.format(1), corrects="far")
    assert [] == [line for line in run([file([*CAMERAS, far, back])]).lines if "year" in line]


def test_a_correction_of_nothing_is_told(file):
    """A correction that names what is not on record is told."""
    back = event("event.retracted", "back", DAY.format(1), corrects="nothing")
    assert (
        "1 correction of an event that is not on record of that source or can be revised no more: 'nothing'"
        in run([file([back])]).lines
    )


def test_two_packs_each_tell(file):
    """Each pack has an engine of its own; a line is refused once."""
    result = run([file([*CAMERAS, "?"])], packs=[SMALL, evolve(SMALL, digest="another")])
    assert (1, 8, 4) == (result.summary.refused, len(result.changes), len(result.summary.standing))


def test_events_are_found_again(file):
    """The events of an alert's evidence are found with their place, in order of time, once each."""
    path = file([CAMERAS[3], "?", CAMERAS[1], CAMERAS[3]])
    found = find_events([path], ["c1", "c3", "c9"], Run([SMALL], print, print).engines[0].vocabulary)
    assert [("c1", path, 3), ("c3", path, 1)] == [(each.event.id, each.source, each.line) for each in found]
    assert {"camera": "k1", "zone": "z"} == found[0].data


def test_block_is_plain_data():
    """A block without failure is just its lines."""
    assert Block(1, [b"x"], "") == Block(1, [b"x"])
