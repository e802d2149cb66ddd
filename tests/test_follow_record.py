"""Runs that go on into a record: told by the clock, stopped or killed at any point, and gone on with."""

import json
import os
import random
import signal
import subprocess
import sys

import pytest
from tests.stores import postgres, stores
from tests.test_follow import RULE, Clock, Endless, off, on
from tests.tiny import CAMERA, PERMIT, PERMITTED, tiny

import oversight
from oversight import errors
from oversight.cli import main
from oversight.runner.feeds import GrowingFile, Piped
from oversight.runner.live import LiveRun, follow
from oversight.runner.recorded import Counted, RecordedRun
from oversight.runner.run import Run
from oversight.runner.summary import Summary


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A pack in which a camera may be on for ten minutes, and none without a permit."""
    return tiny(tmp_path_factory.mktemp("pack"), RULE + PERMITTED.replace("rule: R", "rule: P"), facts=CAMERA + PERMIT)


def permit(number, **later):
    """A line: a camera is permitted, so much later than the beginning."""
    said = json.loads(on(number, **later))
    return json.dumps({**said, "kind": "permit.granted", "id": f"permit-{number}", "permit": f"p{number}"}) + "\n"


class Told:
    """An outlet that keeps what it is told, and counts how often."""

    def __init__(self):
        self.changes = []

    def tell(self, changes):
        """Keep *changes*."""
        self.changes += changes

    def plain(self):
        """What was told, without positions; fails where they do not grow."""
        positions = [change.position for change in self.changes]
        assert sorted(set(positions)) == positions
        return plain(self.changes)


def plain(changes):
    """Changes as they are told, without their positions."""
    return [{name: value for name, value in c.as_dict().items() if name != "position"} for c in changes]


class Recorded:
    """What the tests of one record share: its place, a clock, and what was told, refused and said."""

    def __init__(self, store, pack):
        self.store, self.pack = store, pack
        self.clock, self.told = Clock(), Told()
        self.refused, self.said = [], []

    def rounds(self, feeds, *between):
        """Follow *feeds* into the record, doing one thing after the other when there is nothing to read; then stop."""
        acts = list(between)
        return self.follow(feeds, lambda: acts.pop(0)() if acts else None, lambda: not acts)

    def follow(self, feeds, pause, stopped):
        """Follow *feeds* into the record."""
        summary = Summary()
        with oversight.open(self.store.url, self.pack, outlets={"told": Counted(self.told, summary)}) as record:
            run = RecordedRun(record, summary, self.refused.append)
            return follow(LiveRun(run, self.said.append, self.clock), feeds, list, pause, stopped)

    def file(self, path):
        """What follows the file at *path*."""
        return GrowingFile(str(path), self.said.append)

    def bodies(self):
        """What the record has of events."""
        with oversight.open(self.store.url, self.pack, read_only=True) as record:
            return [e.body.decode() + "\n" for e in record._opened().entries() if e.type == "event"]


def in_memory(pack, path, *between):
    """What a run without a record tells, of the same acts."""
    clock, changes, acts = Clock(), [], [lambda act=act: act(clock) for act in between]
    run = LiveRun(Run([pack], changes.extend, print), print, clock)
    feed = GrowingFile(str(path), print)
    follow(run, [feed], list, lambda: acts.pop(0)() if acts else None, lambda: not acts)
    return plain(changes)


@stores
def test_a_record_follows_like_a_run_without_one(store, pack, tmp_path):
    """Deadlines pass by the clock, events that are early wait, and what is told is what a run in memory tells."""
    path, recorded = tmp_path / "events", Recorded(store, pack)
    path.write_text(on(1) + on(2, minutes=2) + permit(1, minutes=3) + on(3, minutes=30))
    acts = [lambda clock, more=more: clock.go(minutes=more) for more in (1, 8, 1, 20, 10, 0)]
    expected = in_memory(pack, path, *acts)
    summary = recorded.rounds([recorded.file(path)], *[lambda act=act: act(recorded.clock) for act in acts])
    assert expected == recorded.told.plain()
    assert ["raised", "raised", "cleared", "raised", "raised", "raised", "raised"] == [c["change"] for c in expected]
    assert ["it waits until then"] == [said.rpartition(": ")[2] for said in recorded.said]
    assert (4, 0, 3) == (summary.events, summary.waiting, summary.status)


@stores
def test_stopped_and_gone_on_with_at_every_point(store, pack, tmp_path):
    """Stopped after each line, also between two of one instant, it tells what a run tells that is never stopped."""
    lines = [on(1), permit(1), on(2, minutes=1), off(1, minutes=1), permit(2, minutes=12), off(2, minutes=13)]
    whole, path, recorded = tmp_path / "whole", tmp_path / "events", Recorded(store, pack)

    def write(file, line, clock):
        file.write(line)
        file.flush()
        clock.go(minutes=2)

    with open(whole, "w") as file:
        writes = [lambda clock, line=line: write(file, line, clock) for line in lines]
        expected = in_memory(pack, whole, *writes, lambda _: None, lambda clock: clock.go(hours=1), lambda _: None)
    with open(path, "w") as file:
        for line in lines:
            recorded.rounds([recorded.file(path)], lambda line=line: write(file, line, recorded.clock))
        recorded.rounds([recorded.file(path)], list)
        recorded.rounds([recorded.file(path)], lambda: recorded.clock.go(hours=1), list)
    assert expected == recorded.told.plain()
    assert lines == recorded.bodies()


@stores
def test_a_stop_leaves_the_last_instant_open(store, pack, tmp_path):
    """Where the clock has not reached it, an instant is not judged by a stop: its other events may come after it."""
    path, recorded = tmp_path / "events", Recorded(store, pack)
    path.write_text(on(1, minutes=1))
    recorded.rounds([recorded.file(path)], list)
    with open(path, "a") as file:
        file.write(permit(1, minutes=1))
    recorded.rounds([recorded.file(path)], lambda: recorded.clock.go(minutes=5), list)
    assert [] == recorded.told.plain()


@stores
def test_each_event_is_on_record_before_more_is_read(store, pack):
    """What has come is committed and told, and noted as told, when there is nothing more to read, however little."""
    reading, writing = os.pipe()
    recorded, seen = Recorded(store, pack), []

    def look():
        with oversight.open(store.url, pack, read_only=True) as record:
            upto = dict(record._opened().told()).get("told", 0)
        seen.append((len(recorded.bodies()), len(recorded.told.changes), recorded.told.changes[-1].position < upto))

    def write(line):
        os.write(writing, line.encode())
        recorded.clock.go(seconds=1)

    recorded.rounds([Piped(reading)], lambda: write(on(1)), look, lambda: write(on(2)), look, list)
    os.close(reading)
    os.close(writing)
    assert [(1, 1, True), (2, 2, True)] == seen


@stores
def test_no_more_wait_than_may(store, pack, tmp_path, monkeypatch):
    """Where too many events are early the next is refused, so that memory stays bounded; what waits is counted."""
    monkeypatch.setattr("oversight.runner.live.MOST_EARLY", 2)
    path, recorded = tmp_path / "events", Recorded(store, pack)
    path.write_text("".join(on(number, days=1) for number in range(3)))
    summary = recorded.rounds([recorded.file(path)], list)
    assert [(3, "too-early")] == [(refusal.line, refusal.code) for refusal in recorded.refused]
    assert (2, f"{path}:1", 1) == (summary.waiting, summary.first_waiting, summary.status)
    assert [] == recorded.bodies()


@stores
def test_nothing_is_read_while_changes_are_told(store, pack):
    """Whoever sends events waits for the record, and for whoever takes the alerts."""
    feed, recorded, read = Endless(), Recorded(store, pack), []
    tell = recorded.told.tell
    recorded.told.tell = lambda changes: (tell(changes), read.append(feed.reads))
    recorded.clock.go(days=300)
    recorded.follow([feed], list, lambda: len(read) >= 5)
    assert [2, 3, 4, 5, 6] == read


@postgres
def test_a_server_that_stops(store, pack, tmp_path):
    """Where the store is lost the run ends with its error; started again it tells what it would have told."""
    path, recorded = tmp_path / "events", Recorded(store, pack)
    path.write_text(on(1))

    def lost():
        store.server.stop()
        with open(path, "a") as file:
            file.write(on(2))

    try:
        with pytest.raises(errors.RecordUnreachable):
            recorded.rounds([recorded.file(path)], lambda: recorded.clock.go(seconds=1), lost, list)
    finally:
        store.server.start()
    assert ["k1"] == [subject for change in recorded.told.plain() for subject in change["subjects"]]
    recorded.rounds([recorded.file(path)], lambda: recorded.clock.go(seconds=1), list)
    assert ["k1", "k2"] == [subject for change in recorded.told.plain() for subject in change["subjects"]]


# The command

ROUNDS, EACH = 2, 4


def rounds():
    """The lines that are written at once: cameras go on, and one of the round before off; a change each."""
    yield [on(ROUNDS * EACH)]  # and after it time is at the clock, so that each further one is late
    for number in range(ROUNDS):
        cameras = [EACH * number + each for each in range(EACH)]
        before = cameras[0] - 1
        gone = [off(before, minutes=EACH * number)] if number else []
        yield [*gone, *(on(camera, minutes=camera) for camera in cameras)]


class Command:
    """``oversight run --follow --store``: one record, and every process that was started on it."""

    def __init__(self, folder, source):
        self.folder, self.piped = folder, source == "-"
        self.rules, self.store = str(folder / "pack"), f"sqlite:///{folder}/case.db"
        (folder / "pack").mkdir()
        tiny(folder / "pack", PERMITTED)
        self.events, self.key = folder / "events", str(folder / "key")
        self.events.write_text("")
        assert 0 == main(["key", "example.org/cameras", "--out", self.key])
        self.told, self.process = [], None

    def start(self):
        """Start it; through a pipe all that was sent before is sent again."""
        source = "-" if self.piped else str(self.events)
        options = ["--rules", self.rules, "--store", self.store, "--key", self.key, "--follow"]
        command = [sys.executable, "-m", "oversight", "run", source, *options]
        with open(self.folder / "said", "w") as said:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": said, "text": True}
            self.process = subprocess.Popen(command, **pipes)
        self._send(self.events.read_text())

    def _send(self, text):
        if self.piped:
            self.process.stdin.write(text)
            self.process.stdin.flush()

    def write(self, lines):
        """Write *lines* to what it follows."""
        text = "".join(lines)
        with open(self.events, "a") as file:
            file.write(text)
        self._send(text)

    def read(self, count):
        """Wait until so many different changes were told."""
        while len({change["position"] for change in self.told}) < count:
            line = self.process.stdout.readline()
            assert line, (self.folder / "said").read_text()
            self.told.append(json.loads(line))

    def end(self, number):
        """Send a signal, and take what was told until then; exit status and what was said."""
        with self.process as process:
            process.send_signal(number)
            self.told += [json.loads(line) for line in process.stdout if line.endswith("\n")]
        return process.returncode, (self.folder / "said").read_text()

    def changes(self):
        """The changes, each once, without positions; fails where one was told before one that stands before it."""
        found = {}
        for change in self.told:
            position = change.pop("position")
            assert found.setdefault(position, change) == change
            assert position in found
        assert sorted(found) == list(found)
        return list(found.values())


@pytest.fixture
def command(tmp_path):
    """Makes commands, and ends their processes whatever happens."""
    made = []

    def make(source):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Command(folder, source))
        return made[-1]

    yield make
    for each in made:
        with each.process as process:
            process.kill()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """What is told where nothing ends it before the end."""
    pytest.importorskip("cryptography", reason="cryptography is not installed: pip install 'oversight[seal]'")
    one = Command(tmp_path_factory.mktemp("whole"), "file")
    one.start()
    count = 0
    try:
        for lines in rounds():
            one.write(lines)
            count += len(lines)
            one.read(count)
    finally:
        status, said = one.end(signal.SIGTERM)
    assert 3 == status
    assert (
        f"{count} events taken in, {count - ROUNDS + 1} alerts ({count - ROUNDS + 1} raised, {ROUNDS - 1} cleared)"
        in said
    )
    return one.changes()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("source", ["file", "-"])
def test_ended_at_any_point_and_started_again(command, uninterrupted, source, number, capsys):
    """Ended in the middle of each round, by a signal or at once, it tells what an uninterrupted run tells, in order."""
    one, drawn = command(source), random.Random(f"{source}{number}")
    one.start()
    count = 0
    for lines in rounds():
        one.write(lines)
        one.read(count + drawn.randrange(len(lines)))
        status, said = one.end(number)
        # A signal may come before there is a run to end.
        assert status in [-number, *([0, 3] if number == signal.SIGTERM else [])], said
        one.start()
        count += len(lines)
        one.read(count)
    one.end(signal.SIGTERM)
    if number == signal.SIGTERM:
        assert len({change["position"] for change in one.told}) == len(one.told)
    assert uninterrupted == one.changes()
    capsys.readouterr()
    assert 0 == main(["verify", one.store, "--key", f"{one.key}.pub", "--rules", one.rules]), capsys.readouterr().out
