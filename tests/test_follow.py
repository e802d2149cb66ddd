"""Runs that go on: files that grow, pipes, the clock, and signals."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from oversight.ground.time import format_instant, parse_instant
from oversight.model.alerts import CLEARED, RAISED
from oversight.runner.feeds import GrowingFile, Piped
from oversight.runner.intake import CHUNK, Block, SourceError
from oversight.runner.live import LiveRun, follow
from oversight.runner.run import Run
from tests.test_cli import oversight
from tests.tiny import CAMERA, tiny

BEGIN = parse_instant("2026-03-01T09:00:00+08:00")
RULE = """
- rule: R
  while: camera as c
  for: PT10M
"""


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A pack in which a camera may be on for ten minutes."""
    return tiny(tmp_path_factory.mktemp("pack"), RULE, facts=CAMERA)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self, now=BEGIN):
        self.now = now

    def __call__(self):
        """The time of day."""
        return self.now

    def go(self, **more):
        """Let some time pass."""
        self.now += timedelta(**more)


class Following:
    """A live run of one pack, and what it told, refused and said."""

    def __init__(self, pack, **settings):
        self.clock = Clock()
        self.changes, self.refused, self.said = [], [], []
        self.inner = Run([pack], self.changes.extend, self.refused.append)
        self.run = LiveRun(self.inner, self.said.append, self.clock, **settings)

    def rounds(self, feeds, *between):
        """Follow *feeds*, doing one thing after the other each time there is nothing to read, and then stop."""
        acts = list(between)
        follow(self.run, feeds, list, lambda: acts.pop(0)() if acts else None, lambda: not acts)

    def told(self):
        """What was told, as pairs of change and instant."""
        return [(change.change, change.at) for change in self.changes]


def on(number, **later):
    """A line: a camera goes on, so much later than the beginning."""
    event = {"kind": "camera.on", "id": f"on-{number}", "camera": f"k{number}"}
    return json.dumps({**event, "time": format_instant(BEGIN + timedelta(**later))}) + "\n"


def off(number, **later):
    """A line: the camera goes off."""
    event = {"kind": "camera.off", "id": f"off-{number}", "camera": f"k{number}"}
    return json.dumps({**event, "time": format_instant(BEGIN + timedelta(**later))}) + "\n"


# The clock


def test_deadlines_pass_by_the_clock(pack, tmp_path):
    """Without any further event a deadline fires when the clock has reached it, and not before."""
    following, path = Following(pack), tmp_path / "events"
    path.write_text(on(1))
    seen = []

    def look(**more):
        following.clock.go(**more)
        seen.append(following.told())

    feed = GrowingFile(str(path), following.said.append)
    following.rounds([feed], lambda: look(minutes=9), lambda: look(minutes=1), lambda: look(), lambda: None)
    assert [[], [], [(RAISED, BEGIN + timedelta(minutes=10))]] == seen


def test_time_passes_once_a_second(pack):
    """The engine is not asked more often than the clock shows another second."""
    following, asked = Following(pack), []
    [engine] = following.inner.engines
    advance = engine.advance
    engine.advance = lambda to: asked.append(to) or advance(to)
    for _ in range(11):
        following.run.tick(caught_up=True)
        following.clock.go(milliseconds=250)
    assert [BEGIN, BEGIN + timedelta(seconds=1), BEGIN + timedelta(seconds=2)] == asked


def test_backlog_is_judged_by_its_own_times(pack, tmp_path):
    """Until all that is there was read, the clock stands still, so that no line of the file counts as late."""
    following, path = Following(pack), tmp_path / "events"
    following.clock.go(days=300)
    filler = json.dumps({"kind": "camera.moved", "id": "m", "camera": "none", "time": format_instant(BEGIN)}) + "\n"
    path.write_text(on(1) + filler * (2 * CHUNK // len(filler)) + off(1, minutes=5))
    following.rounds([GrowingFile(str(path), following.said.append)], lambda: None)
    assert [] == following.told()


def test_early_event_waits(pack, tmp_path):
    """An event later than the clock and --ahead waits with a word, and counts when its time has come."""
    following, path = Following(pack), tmp_path / "events"
    path.write_text(on(1, minutes=6) + on(2, minutes=5))
    steps = [lambda: following.clock.go(minutes=1), lambda: following.clock.go(minutes=15), lambda: None, lambda: None]
    following.rounds([GrowingFile(str(path), following.said.append)], *steps)
    expected = (
        "event 'on-1' of 2026-03-01T09:06:00+08:00 is later than the clock and --ahead allow: it waits until then"
    )
    assert [f"{path}:1: {expected}"] == following.said
    assert [(RAISED, BEGIN + timedelta(minutes=m)) for m in (15, 16)] == following.told()
    assert 0 == following.inner.summary.waiting


def test_wrong_date_holds_nothing_up(pack, tmp_path):
    """An event of a far year waits for ever; the others go on, and in the end it is counted."""
    following, path = Following(pack), tmp_path / "events"
    path.write_text(on(1, days=40_000) + on(2))
    following.rounds(
        [GrowingFile(str(path), following.said.append)], lambda: following.clock.go(minutes=11), list, list
    )
    assert [(RAISED, BEGIN + timedelta(minutes=10))] == following.told()
    assert (1, f"{path}:1") == (following.inner.summary.waiting, following.inner.summary.first_waiting)
    [line] = [line for line in following.inner.told() if "later than" in line]
    assert "1 event later than the clock and --ahead not taken in" in line


def test_no_more_wait_than_may(pack, tmp_path, monkeypatch):
    """Where too many events are early, the next is refused with its line, so that memory stays bounded."""
    monkeypatch.setattr("oversight.runner.live.MOST_EARLY", 2)
    following, path = Following(pack), tmp_path / "events"
    path.write_text("".join(on(number, days=1) for number in range(3)))
    following.rounds([GrowingFile(str(path), following.said.append)], list)
    assert [(3, "too-early")] == [(refusal.line, refusal.code) for refusal in following.refused]
    assert 1 == following.inner.summary.status


def test_ahead_is_a_setting(pack, tmp_path):
    """With another --ahead, what waits is another."""
    following, path = Following(pack, ahead="P1D"), tmp_path / "events"
    path.write_text(on(1, hours=24) + on(2, hours=24, seconds=1))
    following.rounds([GrowingFile(str(path), following.said.append)], list)
    assert (1, 1) == (following.inner.summary.events, following.inner.summary.waiting)


def test_following_ends_in_the_same_alerts(pack, tmp_path):
    """Read bit by bit as it grows, a file brings the alerts that it brings at once."""
    path, lines = tmp_path / "events", [on(1), on(2, minutes=3), off(1, minutes=12), off(2, minutes=14)]
    data = "".join(lines)
    following = Following(pack)
    path.write_text("")
    with open(path, "a") as writing:

        def write(piece, minutes):
            writing.write(piece)
            writing.flush()
            following.clock.go(minutes=minutes)

        pieces = [data[at : at + 37] for at in range(0, len(data), 37)]
        steps = [lambda piece=piece: write(piece, 1.5) for piece in pieces]
        following.rounds([GrowingFile(str(path), following.said.append)], *steps, list, list)
    whole = []
    run = Run([pack], whole.extend, print)
    run.take(str(path))
    run.finish()
    last = {(change.alert, change.change): change.at for change in following.changes}
    assert {(change.alert, change.change): change.at for change in whole} == last
    assert {RAISED, CLEARED} == {change.change for change in following.changes}


# Files


def blocks_of(feed, path, *acts):
    """The lines that *feed* gives, with *acts* done between one round and the next."""
    found = []
    for act in (*acts, list, list, list):
        while (block := feed.read()) is not None:
            found += block.lines
        act()
    return found


def test_rotated_file_is_read_on(tmp_path):
    """What is still written to the file that was moved away is read before the new one, which begins with line 1."""
    path, said = tmp_path / "events", []
    path.write_text("one\n")
    feed = GrowingFile(str(path), said.append)
    writing = open(path, "a")  # noqa: SIM115

    def rotate():
        os.rename(path, tmp_path / "events.1")
        writing.write("two\n")
        writing.flush()

    def begin():
        path.write_text("three\n")
        writing.write("half")
        writing.close()

    assert [b"one", b"two", b"half", b"three"] == blocks_of(feed, path, rotate, begin)
    assert [f"{path} is another file now: it is read from its beginning"] == said


def test_truncated_file_is_read_from_its_beginning(tmp_path):
    """A file that was cut off is read anew; a line of which half had come is not lost without a word."""
    path, said = tmp_path / "events", []
    path.write_text("one and more\nhalf")
    feed = GrowingFile(str(path), said.append)
    assert [b"one and more", b"half", b"two"] == blocks_of(feed, path, lambda: path.write_text("two\n"))
    assert [f"{path} was cut off: it is read from its beginning"] == said


def test_unfinished_line_waits(tmp_path):
    """A line is taken in when it has ended, and named where it never does."""
    path, said = tmp_path / "events", []
    path.write_text("on")
    feed = GrowingFile(str(path), said.append)
    assert [b"one"] == blocks_of(feed, path, lambda: path.write_text("one\ntw"))
    feed.close()
    assert [f"{path}: the last line has no end yet and was not taken in"] == said


def test_missing_file_is_waited_for(tmp_path):
    """Where the name is gone for a while, the old file is read on until there is a new one."""
    path, said = tmp_path / "events", []
    path.write_text("one\n")
    feed = GrowingFile(str(path), said.append)
    assert [b"one", b"two"] == blocks_of(feed, path, path.unlink, list, lambda: path.write_text("two\n"))


def test_what_takes_the_place_of_a_file(tmp_path):
    """What is no file is not waited for, and ends nothing: it is said once, and a file after it is read."""
    path, said = tmp_path / "events", []
    path.write_text("one\n")
    feed = GrowingFile(str(path), said.append)

    def pipe():
        path.unlink()
        os.mkfifo(path)

    def folder():
        path.unlink()
        path.mkdir()

    def file():
        path.rmdir()
        path.write_text("two\n")

    assert [b"one", b"two"] == blocks_of(feed, path, pipe, list, list, folder, list, list, file)
    no_file = "this is no file that grows; --follow reads a pipe as standard input, -"
    assert [
        f"{path} is another file now, and cannot be read: {no_file}; it is tried again",
        f"{path} is another file now: it is read from its beginning",
    ] == said


def test_what_cannot_be_followed(tmp_path):
    """An archive, a file that is not there, a pipe and a record are refused at once."""
    os.mkfifo(tmp_path / "pipe")
    for name, said in (
        ("events.gz", "an archive does not grow"),
        ("none", "no such file or directory"),
        ("pipe", "no file that grows; --follow reads a pipe as standard input"),
    ):
        with pytest.raises(SourceError, match=said):
            GrowingFile(str(tmp_path / name), print)
    with pytest.raises(SourceError, match=r"^sqlite:///case\.db: a record is read to its end"):
        GrowingFile("sqlite:///case.db", print)


def test_pipe_ends(pack):
    """What comes through a pipe is taken in as it comes; when it ends, so does the run."""
    reading, writing = os.pipe()
    following, feed = Following(pack), Piped(reading)
    os.write(writing, on(1).encode()[:20])
    steps = [
        lambda: os.write(writing, on(1).encode()[20:] + off(1, minutes=11).rstrip().encode()),
        lambda: following.clock.go(minutes=20),
        lambda: os.close(writing),
    ]
    follow(following.run, [feed], list, lambda: steps.pop(0)(), lambda: False)
    os.close(reading)
    assert [RAISED, CLEARED] == [change.change for change in following.changes]


class Endless:
    """A feed of which each read brings an alert at once, and which counts them."""

    def __init__(self):
        self.source, self.ended, self.reads = "endless", False, 0

    def read(self):
        """A camera that goes on ten minutes after the one before."""
        self.reads += 1
        return Block(self.reads, [on(self.reads, minutes=11 * self.reads).encode()])


def test_slow_reader_holds_the_run(pack):
    """Nothing more is read while changes are being told, so whoever sends events waits for whoever takes the alerts."""
    feed, told, read = Endless(), [], []

    def tell(changes):
        told.extend(changes)
        read.append(feed.reads)

    clock = Clock(BEGIN + timedelta(days=300))
    run = LiveRun(Run([pack], tell, print), print, clock)
    follow(run, [feed], list, list, lambda: len(told) >= 5)
    assert [2, 3, 4, 5, 6] == read[:5]


# The command


@pytest.fixture
def started(tmp_path):
    """Starts ``oversight run --follow`` on a pack whose cameras may be on for a day, and ends it whatever happens."""
    processes = []

    def start(*arguments, **settings):
        folder = tmp_path / "pack"
        folder.mkdir()
        tiny(folder, RULE.replace("PT10M", "P1D"), facts=CAMERA)
        command = [sys.executable, "-m", "oversight", "run", *arguments, "--rules", str(folder), "--follow"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        processes.append(subprocess.Popen(command, **pipes, **settings))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_a_run_cleanly(started, tmp_path, number):
    """A signal has everything told and summed up, and the exit status is that of any run."""
    path = tmp_path / "events"
    path.write_text(on(1))
    process = started(str(path))
    first = json.loads(process.stdout.readline())
    with open(path, "a") as more:
        more.write(on(2) + "no event\n" + off(1, days=2))
    told = [json.loads(process.stdout.readline()) for _ in range(2)]
    process.send_signal(number)
    out, error = process.communicate(timeout=60)
    assert ("raised", ["k1"], "") == (first["change"], first["subjects"], out)
    assert {("cleared", "k1"), ("raised", "k2")} == {(each["change"], *each["subjects"]) for each in told}
    assert 1 == process.returncode
    assert "bad-event" in error
    assert "3 events taken in, 2 alerts (2 raised, 1 cleared)" in error


def test_standard_input_is_followed(started):
    """Alerts come while the pipe is still open, and the run ends with it."""
    process = started("-", stdin=subprocess.PIPE)
    process.stdin.write(on(1))
    process.stdin.flush()
    assert "raised" == json.loads(process.stdout.readline())["change"]
    out, error = process.communicate(off(1, days=2), timeout=60)
    assert "cleared" == json.loads(out)["change"]
    assert 3 == process.returncode
    assert "2 events taken in" in error


def test_usage_of_following(tmp_path):
    """What does not go together with --follow is refused."""
    path = tmp_path / "events"
    path.write_text("")
    for more, said in (
        (["--follow", "--until", "2026-03-01T00:00:00Z"], "--until and --follow do not go together"),
        (["--follow", "--as-known-at", "2026-03-01T00:00:00Z"], "--as-known-at and --follow do not go together"),
        (["--ahead", "PT1M"], "--ahead is for --follow"),
        (["--follow", "--ahead", "soon"], "argument --ahead"),
    ):
        done = oversight("run", str(path), "--rules", "tests/packs/small", *more)
        assert 2 == done.returncode
        assert said in done.stderr
