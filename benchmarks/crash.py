"""
Kill -9 at random points of a recorded run: ``python -m benchmarks.crash --points 200 --events 20000``.

A run into a fresh record is ended at a call drawn at random by which the process writes to the store, or to the file
that is told: before the call, in the middle of what it writes, or after it (``kill.c``). Then it is run again, from the
first event as a careless producer would or from a little before where it was, and ended again, and so on. In the end
the record, and what was told, must be those of an uninterrupted run. With ``--follow`` it is the command
``oversight run - --follow --store`` that is ended. Needs a C compiler.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path

import msgspec
from benchmarks.servers import running

import oversight
from oversight import Change, Pack
from oversight.cli import main
from oversight.model.alerts import to_json
from oversight.record.audit import audit
from oversight.record.keys import SigningKey
from oversight.record.store import knows, open_store
from oversight.runner import feeds, pace
from oversight.runner.telling import changes

HERE = Path(__file__).parent
BATCHES = (1, 3, 40, 100, 250)
"""How many events are committed at once, in turn."""
PIECE = 8_000
"""How many bytes of a pipe are read, and so committed, at once."""
REVISE = "P2D"
CARELESS = 0.2
"""The share of the runs that begin anew from the first event, not a few batches before the point reached."""
KEY = SigningKey("example.org/permits", bytes(range(32)))
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def drawn(count: int, seed: int) -> list[bytes]:
    """Events about cameras and permits in order of arrival: most in order of time, some late, twice or taken back."""
    rng = random.Random(seed)
    made: list[dict[str, object]] = []
    for number in range(count):
        at = BEGIN + timedelta(minutes=10 * number)
        if rng.random() < 0.01:
            at -= timedelta(hours=rng.random() * 40)
        # What is older than the horizon has all that is recorded replayed.
        if number in (count // 8, count // 2):
            at -= timedelta(days=5)
        camera = f"k{rng.randrange(max(count // 20, 2))}"
        event: dict[str, object] = {"id": f"e{number}", "source": "s", "time": at.isoformat()}
        chance = rng.random()
        if chance < 0.02 and number > 20:
            event |= {"kind": "event.retracted", "corrects": f"e{number - rng.randrange(1, 20)}"}
        elif chance < 0.35:
            event |= {"kind": "camera.on", "camera": camera}
        elif chance < 0.6:
            event |= {"kind": "camera.off", "camera": camera}
        elif chance < 0.9:
            event |= {"kind": "permit.granted", "permit": f"p{rng.randrange(count // 4)}", "camera": camera}
        else:
            event |= {"kind": "permit.revoked", "permit": f"p{rng.randrange(count // 4)}"}
        made.append(event)
        if rng.random() < 0.02:
            made.append(rng.choice(made[-50:]))
    return [msgspec.json.encode(event) for event in made]


class Lines:
    """
    An outlet that appends to a file, a line a change; a line that was cut off by a crash is taken away first.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        written = path.read_bytes() if path.exists() else b""
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.ftruncate(self._file, written.rfind(b"\n") + 1)

    def tell(self, changes: Iterable[Change]) -> None:
        """Append *changes*."""
        for change in changes:
            os.write(self._file, to_json(change.as_dict()).encode() + b"\n")


def batches(events: list[bytes]) -> list[list[bytes]]:
    """*events* in batches that depend on nothing but their place."""
    made, done = list[list[bytes]](), 0
    while done < len(events):
        size = BATCHES[len(made) % len(BATCHES)]
        made.append(events[done : done + size])
        done += size
    return made


def run(url: str, pack: Pack, given: list[list[bytes]], told: Path, again: int | None = None) -> None:
    """
    All batches into the record.

    Args:
        url: of the record.
        pack: for it.
        given: the batches.
        told: the file that is told.
        again: how many batches that the record has come once more before the next; all where it is left out.
    """
    with oversight.open(url, pack, revise=REVISE, outlets={"lines": Lines(told)}, key=KEY) as record:
        first = 0
        if again is not None:
            there = bisect_left(given, True, key=lambda batch: not knows(record._opened(), "s", _newest(batch)))
            first = max(there - again, 0)
        for batch in given[first:]:
            record.feed_all(batch, batch=len(batch), settle=False)
        record.feed_all([])
        record.advance(BEGIN + timedelta(minutes=10 * sum(map(len, given)), days=30))


def follow(url: str, events: Path, told: Path, again: int | None = None) -> None:
    """
    What the file *events* brings through standard input, followed into the record by the command.

    Args:
        url: of the record.
        events: the file; beside it is the key.
        told: the file that is told.
        again: is not asked: whoever sends through a pipe begins with the first event.
    """
    with open(events) as file:
        os.dup2(file.fileno(), 0)
    options = ["--rules", str(HERE / "permits"), "--revise", REVISE, "--key", f"{events}.key", "--ahead", "P100Y"]
    with redirect_stderr(StringIO()) as said:
        status = main(["run", "-", "--follow", "--store", url, "--out", str(told), *options])
    assert status == 3, said.getvalue()


def _newest(batch: list[bytes]) -> str:
    """The id of the newest event of a batch; others may be repeats."""
    return max((msgspec.json.decode(line)["id"] for line in batch), key=lambda name: int(name[1:]))


class Shim:
    """
    The library that ends the process.

    Args:
        library: that was put before all others.
        word: that the names of watched files have.
    """

    def __init__(self, library: str, word: str) -> None:
        self._library = ctypes.CDLL(library)
        self._word = word.encode()

    def child(self, work: Callable[[], None], limit: int) -> tuple[bool, int]:
        """
        Do *work* in a process of its own, and end it at its watched call number *limit*; zero never does.

        Returns:
            Whether it was ended, and how many calls there were where not.
        """
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            self._do(work, limit, writer)
        os.close(writer)
        answer = os.read(reader, 64)
        os.close(reader)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return True, 0
        if status != 0:
            raise SystemExit("a run failed, see above")
        return False, int(answer)

    def _do(self, work: Callable[[], None], limit: int, writer: int) -> None:
        try:
            self._library.kill_at(self._word, limit)
            work()
            os.write(writer, b"%d" % self._library.kill_calls())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)


def recorded(url: str) -> list[bytes]:
    """The lines of the changes that a record has."""
    store = open_store(url, read_only=True)
    lines = [to_json(change.as_dict()).encode() for change in changes(store)]
    store.close()
    return lines


def expected(work: Callable[[], None], url: str, told: Path) -> list[bytes]:
    """The lines of an uninterrupted run, which are those that an engine without a record says."""
    work()
    lines = told.read_bytes().splitlines()
    assert recorded(url) == lines, "an uninterrupted run tells other changes than it records"
    return lines


def check(url: str, wanted: list[bytes], told: Path) -> int:
    """Hold a finished record, and what was told, to *wanted*; how many changes were told more than once."""
    found = recorded(url)
    assert found == wanted, _difference(found, wanted, "recorded")
    store = open_store(url, read_only=True)
    broken = audit(store, [KEY.public]).first
    store.close()
    assert broken is None, f"the log does not hold: {broken}"
    lines, place = told.read_bytes().splitlines(), {line: number for number, line in enumerate(wanted)}
    reached = 0
    for line in lines:
        assert line in place, f"told and not recorded: {line!r}"
        assert place[line] <= reached, f"change {reached} was skipped: {wanted[reached]!r}"
        reached = max(reached, place[line] + 1)
    assert reached == len(wanted), f"only {reached} of {len(wanted)} changes were told"
    return len(lines) - len(wanted)


def _difference(found: list[bytes], wanted: list[bytes], what: str) -> str:
    for number, (one, other) in enumerate(zip(found, wanted, strict=False)):
        if one != other:
            return f"change {number} {what} is {one!r}, not {other!r}"
    return f"{len(found)} changes are {what}, not {len(wanted)}"


@contextmanager
def places(kind: str, folder: Path) -> Iterator[Callable[[int], tuple[str, Path]]]:
    """Where runs record: gives for a number a fresh URL, and the file that is told."""

    def told(number: int) -> Path:
        (folder / f"{number}").mkdir()
        return folder / f"{number}" / "case.db.told"

    if kind == "sqlite":
        yield lambda number: (f"sqlite:///{folder}/{number}/case.db", told(number))
        return
    import psycopg

    with running() as server:

        def made(number: int) -> tuple[str, Path]:
            with psycopg.connect(server.url(), autocommit=True) as db:
                db.execute(f"DROP SCHEMA IF EXISTS case_{max(number - 1, 0)} CASCADE")  # type: ignore[arg-type]
                db.execute(f"CREATE SCHEMA case_{number}")  # type: ignore[arg-type]
            return server.url(f"case_{number}"), told(number)

        yield made


def killed(shim: Shim, work: Callable[..., None], calls: int, times: int, rng: random.Random) -> int:
    """Do *work* of so many calls, killed so many times, until it is through; how often it was killed."""
    for done in range(times):
        again = None if done == 0 or rng.random() < CARELESS else rng.randrange(8)
        ended, _ = shim.child(partial(work, again=again), rng.randrange(1, max(2 * calls // (times + 1), 2)))
        if not ended:
            return done
    shim.child(work, 0)
    return times


def campaign(given: argparse.Namespace, library: str, folder: Path) -> None:
    """All points on one kind of store."""
    pack, events = oversight.load(HERE / "permits"), drawn(given.events, given.seed)
    work = _work(given.follow, pack, events, folder)
    rng, shim = random.Random(given.seed), Shim(library, "case.db")
    pace.LEAST = max(given.events // 8, 50)  # type: ignore[misc]
    began = time.monotonic()
    with places(given.store, folder) as place:
        url, told = place(0)
        wanted = expected(work(url, told), url, told)
        url, told = place(1)
        _, calls = shim.child(work(url, told), 0)
        twice = check(url, wanted, told)
        assert twice == 0, "an uninterrupted run tells a change more than once"
        print(f"{given.store}: {len(events):,} events, {len(wanted):,} changes, {calls:,} calls that write", flush=True)
        points = runs = 0
        while points < given.points:
            url, told = place(runs + 2)
            times = min(given.each, given.points - points)
            points += killed(shim, work(url, told), calls, times, rng)
            twice += check(url, wanted, told)
            shutil.rmtree(told.parent)
            runs += 1
            print(f"  {points} points in {runs} runs, {time.monotonic() - began:,.0f} s", flush=True)
    print(
        f"{given.store}: killed at {points} points in {runs} runs; each time the {len(wanted):,} changes are those of"
    )
    print(f"an uninterrupted run, in order; {twice:,} were told more than once")


def _work(follows: bool, pack: Pack, events: list[bytes], folder: Path) -> Callable[[str, Path], Callable[..., None]]:
    """What is to be done for the URL of a record and the file that is told."""
    if not follows:
        given = batches(events)
        return lambda url, told: partial(run, url, pack, given, told)
    path = folder / "events"
    path.write_bytes(b"".join(line + b"\n" for line in events))
    KEY.write(Path(f"{path}.key"))
    feeds.CHUNK = PIECE  # type: ignore[attr-defined]
    return lambda url, told: partial(follow, url, path, told)


def compiled(folder: Path) -> str | None:
    """The library that ends the process, built into *folder*; ``None`` where there is no C compiler."""
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        return None
    built = str(folder / "kill.so")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", built, HERE / "kill.c", "-ldl"], check=True)
    return built


def command() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=__doc__.split("\n")[1])
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--follow", action="store_true", help="end the command that follows standard input")
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--each", type=int, default=20, help="how many points of one run, about evenly spread")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    library = os.environ.get("OVERSIGHT_KILL", "")
    # The pages of a file outlast the process, so that memory holds them as well as a disk, and sooner.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        if library:
            campaign(given, library, Path(folder))
            return 0
        built = compiled(Path(folder))
        if built is None:
            print("a C compiler is needed: apt-get install build-essential", file=sys.stderr)
            return 2
        environment = {**os.environ, "LD_PRELOAD": built, "OVERSIGHT_KILL": built}
        return subprocess.run([sys.executable, "-m", "benchmarks.crash", *sys.argv[1:]], env=environment).returncode


if __name__ == "__main__":
    sys.exit(command())
