"""Two clocks: when a thing happened, and when it was recorded."""

import json
from datetime import datetime

import pytest

from oversight import Engine, as_known_at, load
from oversight.cli import main
from oversight.ground.time import parse_instant
from oversight.meaning.semantics import history_of
from oversight.runner.run import Run

SMALL = "tests/packs/small"
PACK = load(SMALL)
DAY = "2026-03-{:02}T09:00:00+08:00"


def event(kind, identity, day, recorded=None, /, **attributes):
    """An event of a day, recorded on another where that is given."""
    told = {"kind": kind, "id": identity, "time": DAY.format(day), "data": attributes}
    return told if recorded is None else {**told, "recordedtime": DAY.format(recorded)}


ENABLED = event("capability.enabled", "on", 1, capability="f1", kind="plate_reading", cameras=["k1", "k2"])
DISABLED = event("capability.disabled", "off", 2, 20, capability="f1")
RETRACTED = event("event.retracted", "back", 3, 25, corrects="on")
AHEAD = event("capability.disabled", "ahead", 8, 4, capability="f1")


def known(events, day):
    """The ids of those of *events* that count on a day."""
    decoded = [Engine(PACK).decode(each) for each in events]
    return [each.id for each in as_known_at(decoded, parse_instant(DAY.format(day)))]


def run(tmp_path, capsys, events, *arguments):
    """Exit status, changes told, and the summary of ``oversight run``."""
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in events))
    status = main(["run", str(path), "--rules", SMALL, *arguments])
    told = capsys.readouterr()
    changes = [(c["change"], c["at"]) for c in map(json.loads, told.out.splitlines())]
    return status, changes, told.err.replace(str(path), "events.jsonl")


# What is kept


@pytest.mark.parametrize("form", ["flat", "cloud", "bytes", "public"])
def test_the_day_of_recording_is_kept(form):
    """Read in any form, written back, and restored from a snapshot, an event has the day on which it was recorded."""
    engine = Engine(PACK)
    cloud = engine.vocabulary.write(engine.decode(DISABLED))
    source = {
        "flat": DISABLED, "cloud": cloud, "bytes": json.dumps(cloud).encode(), "public": engine.vocabulary.read(cloud),
    }[form]  # fmt: skip
    decoded = engine.decode(source)
    expected = parse_instant(DAY.format(20))
    assert expected == decoded.recordedtime == history_of([decoded])[0].recordedtime
    assert DAY.format(20) == engine.vocabulary.write(decoded)["recordedtime"]
    engine.feed(source)
    restored = Engine.restore(PACK, engine.snapshot())
    assert expected == restored._known[decoded.identity].recordedtime


# What counts


@pytest.mark.parametrize(
    ("events", "day", "counted"),
    [
        ([ENABLED], 1, ["on"]),
        ([ENABLED, DISABLED], 19, ["on"]),
        ([ENABLED, DISABLED], 20, ["on", "off"]),
        ([RETRACTED, ENABLED], 24, ["on"]),
        ([RETRACTED, ENABLED], 25, ["back", "on"]),
        ([AHEAD, ENABLED], 7, ["on"]),
        ([AHEAD, ENABLED], 8, ["ahead", "on"]),
    ],
)
def test_what_counts(events, day, counted):
    """An event counts once it has happened and was recorded, a correction too; the instant itself is in time."""
    assert counted == known(events, day)


def test_strangers_are_left_out():
    """An event of a kind that the pack does not know has no alert to be known of."""
    assert [] == known([{**ENABLED, "kind": "x.y"}], 9)


def test_what_cannot_be_answered():
    """An instant without an offset, and events that were not decoded, are refused with what to do."""
    with pytest.raises(ValueError, match="a datetime with an offset"):
        as_known_at([], datetime(2026, 1, 1))
    with pytest.raises(TypeError, match=r"decoded events, not dict: use Engine\.decode first"):
        as_known_at([ENABLED], parse_instant(DAY.format(1)))


# oversight run


def test_run_as_known(tmp_path, capsys):
    """On day 10 the switching off of day 2 was not on record: the alert stands, and the time runs to that day."""
    told = run(tmp_path, capsys, [ENABLED, DISABLED, RETRACTED], "--as-known-at", DAY.format(10))
    summary = (
        "1 event taken in, 1 alert (1 raised)\n"
        "2 events recorded later than --as-known-at left out, the first at events.jsonl:2\n"
    )
    assert (3, [("raised", DAY.format(1))], summary) == told


def test_run_as_known_once_recorded(tmp_path, capsys):
    """On day 20 it was recorded; on day 25 it was known that nothing had been switched on."""
    events = [ENABLED, DISABLED, RETRACTED]
    raised, cleared = ("raised", DAY.format(1)), ("cleared", DAY.format(2))
    assert (3, [raised, cleared]) == run(tmp_path, capsys, events, "--as-known-at", DAY.format(20))[:2]
    assert 0 == run(tmp_path, capsys, events, "--as-known-at", DAY.format(25))[0]


def test_time_passes_to_what_is_known(tmp_path, capsys):
    """Deadlines up to the instant are judged, though no event is as late; an earlier ``--until`` stops before them."""
    audit, due = event("audit.completed", "a", 1, programme="p"), "2026-09-01T09:00:00+08:00"
    later = {**event("audit.completed", "b", 2, programme="p"), "recordedtime": "2026-12-01T09:00:00+08:00"}
    assert [("raised", due)] == run(tmp_path, capsys, [audit, later], "--as-known-at", due)[1]
    earlier = "2026-08-31T09:00:00+08:00"
    assert [] == run(tmp_path, capsys, [audit, later], "--as-known-at", due, "--until", earlier)[1]


def test_what_is_later_waits(tmp_path, capsys):
    """An announcement recorded before it happens waits, and is counted apart from what was recorded later."""
    summary = run(tmp_path, capsys, [ENABLED, AHEAD, DISABLED], "--as-known-at", DAY.format(7))[2]
    assert "1 event later than --as-known-at not taken in, the first at events.jsonl:2\n" in summary
    assert "1 event recorded later than --as-known-at left out, the first at events.jsonl:3\n" in summary


@pytest.mark.parametrize("command", ["run", "explain"])
def test_no_more_time_than_is_known(tmp_path, capsys, command):
    """A later ``--until`` is refused before anything is read."""
    later = ["--as-known-at", DAY.format(1), "--until", DAY.format(2), "--rules", SMALL]
    given = ["run", "none.jsonl"] if command == "run" else ["explain", "0", "--events", "none.jsonl"]
    assert 2 == main([*given, *later])
    said = (
        f"--until {DAY.format(2)} is later than --as-known-at {DAY.format(1)}: what happens after an instant cannot be "
        "known at it; leave --until out, or let it be no later\n"
    )
    assert said == capsys.readouterr().err
    with pytest.raises(ValueError, match="until is later than known_at"):
        Run([PACK], print, print, until=parse_instant(DAY.format(2)), known_at=parse_instant(DAY.format(1)))


def test_explain_as_known(tmp_path, capsys):
    """An alert that later records take back is explained as it was known."""
    path = tmp_path / "events.jsonl"
    path.write_text(f"{json.dumps(RETRACTED)}\n{json.dumps(ENABLED)}\n")
    (alert,) = Engine(PACK).feed(ENABLED)
    arguments = ["explain", alert.alert, "--events", str(path), "--rules", SMALL]
    assert 2 == main(arguments)
    assert 0 == main([*arguments, "--as-known-at", DAY.format(10)])
    assert "raised because of on" in capsys.readouterr().out
