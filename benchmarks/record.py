"""
Speed of a recorded run against the same run in memory: ``python -m benchmarks.record``.

The same lines go, a thousand at a time and in turn, through an engine, through a record in SQLite that commits each
thousand, and through one that seals them with a key besides, to the JSON Lines of the alerts with all rules of a pack.
The machine's speed may drift; the three drift together, so the ratios hold. After that single events are committed one
by one beside as many bare writes, and where there is a C compiler the fsyncs of that are counted. With ``--write`` the
results stand in ``docs/performance.md``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from io import StringIO
from pathlib import Path

from benchmarks.crash import compiled
from benchmarks.sections import put
from benchmarks.stream import lines, options

import oversight
from oversight.cli import collect_seldom
from oversight.outlets.jsonlines import json_lines
from oversight.record.keys import SigningKey

CHUNK = 1000
NEWLINE = "\n"
SINGLE = 200


class InMemory:
    """
    An engine, and what it tells.

    Args:
        pack: for it.
        revise: how late an event may be.
    """

    def __init__(self, pack: oversight.Pack, revise: str) -> None:
        self._engine = oversight.Engine(pack, revise=revise)
        self._outlet = json_lines(StringIO().write)

    def take(self, chunk: list[bytes]) -> None:
        """Take in some lines, and tell what they change."""
        for line in chunk:
            self._engine.accept(self._engine.decode(line))
        self._outlet.tell(self._engine.close())


class Recorded:
    """
    A record, and what it tells.

    Args:
        pack: for it.
        revise: how late an event may be.
        file: where it is.
        key: that seals it, or ``None``.
    """

    def __init__(self, pack: oversight.Pack, revise: str, file: Path, key: SigningKey | None = None) -> None:
        outlets = {"lines": json_lines(StringIO().write)}
        self.record = oversight.open(f"sqlite:///{file}", pack, revise=revise, outlets=outlets, key=key)

    def take(self, chunk: list[bytes]) -> None:
        """Take in some lines in one commit, and tell what they change."""
        self.record.feed_all(chunk, batch=CHUNK, settle=False)


def bare(folder: Path) -> float:
    """Seconds that as many bare writes of four kilobytes, each with an fsync, take."""
    with open(folder / "bare", "wb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(SINGLE):
            file.write(bytes(4096))
            os.fsync(file.fileno())
        return time.perf_counter() - began


FEW = 20
COUNTED = """
import ctypes, sys
import oversight
from benchmarks.stream import lines
shim, written = ctypes.CDLL(sys.argv[1]), lines(1000, 100, 1)
with oversight.open(sys.argv[2], oversight.load("hong-kong")) as record:
    record.feed_all(written[:-%d], settle=False)
    shim.kill_at(b"counted.db", 0)
    for line in written[-%d:]:
        record.feed(line)
    print(shim.kill_syncs())
"""


def fsyncs(folder: Path) -> float | None:
    """How many fsyncs the commit of an event takes; ``None`` where they cannot be counted."""
    library = compiled(folder)
    if library is None:
        return None
    command = [sys.executable, "-c", COUNTED % (FEW, FEW), library, f"sqlite:///{folder / 'counted.db'}"]
    environment = {**os.environ, "LD_PRELOAD": library}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout) / FEW


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.record", description=__doc__.split("\n")[1])
    options(parser, events=50_000, cameras=15_000)
    parser.add_argument("--revise", default="PT1H", help="how late an event may be; bounds the memory of the past")
    parser.add_argument("--folder", help="where the records are; a temporary folder if left out")
    parser.add_argument("--write", action="store_true", help="write the section of docs/performance.md")
    given = parser.parse_args()
    collect_seldom()  # as the command does
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        said = measured(given, Path(folder))
    print(said)
    if given.write:
        put("record", said)
    return 0


def measured(given: argparse.Namespace, folder: Path) -> str:
    """The section."""
    pack, written = oversight.load(given.rules), lines(given.events, given.cameras, given.seed)
    plain = Recorded(pack, given.revise, folder / "plain.db")
    sealed = Recorded(pack, given.revise, folder / "sealed.db", SigningKey.generate("example.org/cameras"))
    courses = {"in memory": InMemory(pack, given.revise), "recorded": plain, "recorded and sealed": sealed}
    spent, count = dict.fromkeys(courses, 0.0), len(written) - SINGLE
    for first in range(0, count, CHUNK):
        for name, course in courses.items():
            began = time.perf_counter()
            course.take(written[first : min(first + CHUNK, count)])
            spent[name] += time.perf_counter() - began
    size = {name: sum(path.stat().st_size for path in folder.glob(f"{name}.db*")) for name in ("plain", "sealed")}
    single = {}
    for name, record in (("recorded", plain.record), ("recorded and sealed", sealed.record)):
        began = time.perf_counter()
        for line in written[-SINGLE:]:
            record.feed(line)
        single[name] = time.perf_counter() - began
        record.end()
    alone, syncs = bare(folder), fsyncs(folder)
    memory = spent["in memory"]
    rows = [f"| {name} | {count / seconds:,.0f} | {memory / seconds:.2f} |" for name, seconds in spent.items()]
    counted = "could not be counted here" if syncs is None else f"{syncs:g}"
    return f"""\
## A durable record

{count:,} events over {given.cameras:,} cameras with all rules of `{pack.name}`, {CHUNK:,} in a commit, into SQLite;
a record takes {size["plain"] / count:,.0f} bytes an event on the disk, a sealed one {size["sealed"] / count:,.0f}.

| | events a second | of the run in memory |
|---|---:|---:|
{NEWLINE.join(rows)}

- fsyncs for an event in a commit of its own: {counted}.
- Such a commit, with judging the event, takes {single["recorded"] / alone:.1f} times as long as a bare write of 4 KB
  and its fsync; sealed {single["recorded and sealed"] / alone:.1f} times."""


if __name__ == "__main__":
    sys.exit(main())
