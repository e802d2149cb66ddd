"""The comparison with others: what is compared is right, before anything is said of its speed."""

import importlib.util
import shutil
import signal
import subprocess
import sys
import time

import msgspec
import pytest
from benchmarks.peers import __main__ as peers
from benchmarks.peers import chart, ours, spent, work
from benchmarks.peers.chart import bars, verdict
from benchmarks.peers.one import measured

EVENTS = (20_000, 600, 3)
ALONE = """
import sys, msgspec
from benchmarks.peers.ways import WAYS
lines = sys.stdin.buffer.read().splitlines()
sys.stdout.write(msgspec.json.encode(WAYS[sys.argv[1]](lines)()).decode())
"""
LIBRARY = {
    "zen_engine": "zen", "zen_engine_picked": "zen", "cel": "cel_expr_python", "cel_picked": "cel_expr_python",
    "regorus": "regorus", "regorus_picked": "regorus", "clips": "clips", "clips_mended": "clips", "experta": "experta",
    "durable_rules": "durable", "drools": "jpype", "pyflink": "pyflink",
}  # fmt: skip


def alerts(name, lines):
    """What a peer tells of *lines*, in a process of its own as it is measured."""
    if importlib.util.find_spec(LIBRARY[name]) is None:
        pytest.skip(f"{LIBRARY[name]} is not installed")
    if name in ("drools", "pyflink") and shutil.which("java") is None:
        pytest.skip("Java is not on the path")
    command = [sys.executable, "-c", ALONE, name]
    done = subprocess.run(command, input=b"\n".join(lines), capture_output=True, check=True)
    told = [tuple(one) for one in msgspec.json.decode(done.stdout)]
    assert len(told) == len(work.sameness(told))
    return work.sameness(told)


def line(kind, time, **data):
    """One event."""
    return msgspec.json.encode({"id": f"{kind} {time}", "source": "s", "time": time, "kind": kind, "data": data})


@pytest.mark.parametrize("way", [ours.from_lines, ours.from_events])
def test_oversight_tells_what_was_written_by_hand(way):
    """Two programs that share nothing tell the same alerts, each once."""
    lines = work.lines(*EVENTS)
    expected = ours.by_hand(lines)()
    assert {"P1", "P2", "P3", "P4", "P5"} == {rule for rule, _, _ in expected}
    told = way(lines)()
    assert work.sameness(expected) == work.sameness(told)
    assert len(expected) == len(told)


@pytest.mark.parametrize("name", ["zen_engine", "zen_engine_picked", "cel", "cel_picked", "regorus", "regorus_picked"])
def test_what_keeps_no_time_tells_all_but_the_deadline(name):
    """A peer that answers questions is right in the four rules that can be said in it."""
    lines = work.lines(3_000, 60, 1)
    expected = work.sameness(ours.by_hand(lines)())
    assert {"P1", "P2", "P3", "P4", "P5"} == {rule for rule, _, _ in expected}
    assert {alert for alert in expected if alert[0] != "P5"} == alerts(name, lines)


@pytest.mark.parametrize("name", ["clips", "clips_mended", "experta", "drools", "pyflink"])
def test_what_keeps_facts_tells_all(name):
    """A peer in which all five rules can be said is right in them."""
    lines = work.lines(3_000, 60, 1)
    assert work.sameness(ours.by_hand(lines)()) == alerts(name, lines)


@pytest.mark.parametrize("name", ["clips", "experta", "drools", "pyflink"])
def test_the_last_instant_is_in_time(name):
    """Of footage, what is deleted at its last instant is lawful, what is deleted a second later is not."""
    lines = [
        line("footage.recorded", "2026-01-01T00:00:00+00:00", footage="in time", camera="c"),
        line("footage.recorded", "2026-01-01T00:00:01+00:00", footage="late", camera="c"),
        line("footage.recorded", "2026-01-02T00:00:00+00:00", footage="kept", camera="c"),
        line("footage.recorded", "2026-01-02T00:00:01+00:00", footage="not due", camera="c"),
        line("footage.deleted", "2026-02-01T00:00:00+00:00", footage="in time"),
        line("footage.deleted", "2026-02-01T00:00:02+00:00", footage="late"),
        line("notice.posted", "2026-02-02T00:00:00+00:00", notice="n", zone="z"),
    ]
    expected = {("P5", "late", "2026-02-01T00:00:01+00:00"), ("P5", "kept", "2026-02-02T00:00:00+00:00")}
    assert expected == work.sameness(ours.by_hand(lines)())
    assert expected == alerts(name, lines)


def test_durable_rules_is_right_only_where_nothing_may_be_absent():
    """Its absences are found too early or stay found, which the table shows as wrong."""
    lines = work.lines(3_000, 60, 1)
    expected = work.sameness(ours.by_hand(lines)())
    told = alerts("durable_rules", lines)
    assert {alert for alert in expected if alert[0] == "P3"} == {alert for alert in told if alert[0] == "P3"}
    assert {"P2", "P4"} <= {rule for rule, _, _ in told - expected}
    assert "P5" not in {rule for rule, _, _ in told}


def test_what_is_not_told_is_shown():
    """Beside its speed stands what somebody leaves out, and of which rules."""
    found = measured("decoding", 0, EVENTS[0], *EVENTS)
    count = f"{found['expected']:,}"
    assert found["expected"] == sum(found["missing"].values())
    assert f"{count} of {count} missing (P1, P2, P3, P4, P5), 0 wrong" == verdict("zen_engine", found)


def test_what_is_told_wrongly_is_shown(monkeypatch):
    """A false alert is wrong, and so is a true one that is told again."""

    def more(lines):
        told = ours.by_hand(lines)()
        return lambda: [*told, told[0], ("P9", "nobody", "2026-01-01T00:00:00Z")]

    monkeypatch.setitem(peers.WAYS, "more", more)
    found = measured("more", 0, EVENTS[0], *EVENTS)
    assert f"0 of {found['expected']:,} missing, 2 wrong ({ours.by_hand(work.lines(*EVENTS))()[0][0]}, P9)" == verdict(
        "more", found
    )


def test_what_cannot_be_run_says_why(monkeypatch):
    """A library that is not installed is no failure."""
    monkeypatch.setitem(sys.modules, "zen", None)
    lines = list(peers.table({"zen_engine": measured("zen_engine", 0, 1_000, *EVENTS)}))
    assert "zen_engine     not run: zen is not installed" == lines[-1]


def test_who_is_slow_is_given_fewer_events(monkeypatch):
    """One is given the first quarter, and a quarter of those, until it is done within the limit; the table tells."""
    given = []

    def run(command, **_):
        given.append(command[4:])
        if int(command[5]) > 5_000:
            return subprocess.CompletedProcess(command, -signal.SIGALRM, "", "")
        return subprocess.CompletedProcess(
            command, 0, msgspec.json.encode(measured("by_hand", 0, 5_000, *EVENTS)).decode(), ""
        )

    monkeypatch.setattr(peers.subprocess, "run", run)
    found = peers.rounds(("by_hand",), 2, EVENTS, 7)["by_hand"]
    assert [["7", "20000"], ["7", "5000"], ["21", "5000"]] == [one[:2] for one in given]
    assert verdict("by_hand", found).endswith(" right, of the first 5,000 events; none is of P4, P5")


def test_who_is_too_slow_for_a_thousand_events_is_not_run(monkeypatch):
    """It is said how many were too many."""
    monkeypatch.setattr(
        peers.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, -signal.SIGALRM, "", "")
    )
    found = peers.rounds(("by_hand",), 5, EVENTS, 7)
    assert "by_hand        not run: 1,250 events take it more than 7 seconds" == list(peers.table(found))[-1]


def test_a_round_ends_at_its_limit():
    """What would go on for ever is ended by the signal that is read as too slow."""
    endless = """
import signal
from benchmarks.peers.one import WAYS, measured
WAYS["endless"] = lambda lines: signal.pause
measured("endless", 1, 10, 10, 10, 1)
"""
    assert -signal.SIGALRM == subprocess.run([sys.executable, "-c", endless]).returncode


def test_what_a_peer_starts_is_counted():
    """A process that is started takes time and memory too, while it runs and after."""

    def started():
        return spent.seconds() - time.process_time()

    before, memory = started(), spent.megabytes()
    busy = "x = bytearray(50_000_000)\nfor _ in range(3_000_000): pass\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        running = started()
        assert spent.megabytes() - memory > 50_000_000 / 1024**2
        child.communicate(b"\n")
    assert before < running <= started()


def test_the_page_says_who_was_not_run(monkeypatch, tmp_path):
    """Who ran has a row, and of who did not stands why; the speed is of the events that were given."""
    monkeypatch.setattr(chart, "PICTURE", tmp_path / "picture.svg")
    whole = {"seconds": 1.0, "memory": 2.0, "expected": 8, "missing": {}, "wrong": {}, "unseen": [], "events": 8_000}
    found = {
        "by_hand": {**whole, "first": 8_000},
        "experta": {**whole, "first": 2_000, "missing": {"P1": 1, "P2": 2}, "wrong": {"P3": 4}},
        "pyflink": {"absent": "pyflink is not installed"},
    }
    said = chart.page(found, {}, (8_000, 60, 5)).splitlines()
    assert "| `by_hand` | 8,000 | 1.000 | 2 | all 8 right |" in said
    row = "| `experta` | 2,000 | 0.250 | 2 | 3 of 8 missing (P1, P2), 4 wrong (P3), of the first 2,000 events |"
    assert row in said
    assert "- `pyflink` was not run: pyflink is not installed" in said
    assert ">0.250<" in (tmp_path / "picture.svg").read_text()


def test_a_chart_has_every_bar():
    """Each bar has its name and its value."""
    assert all(said in bars({"a": 1.0, "b<": 0.5}) for said in (">a<", ">b&lt;<", ">1.000<", ">0.500<"))
