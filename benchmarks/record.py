"""
Speed of a recorded run against the same run in memory: ``python -m benchmarks.record``.

The same lines go, a thousand at a time and in turn, through an engine and through a record in SQLite that commits each
thousand, both to the JSON Lines of the alerts with all rules of the pack. The machine's speed may drift; the two drift
together, so the ratio holds. After that single events are committed one by one, each with its own fsync.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from io import StringIO
from pathlib import Path

from benchmarks.stream import lines

import oversight
from oversight.cli import collect_seldom
from oversight.outlets.jsonlines import json_lines

CHUNK = 1000
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
        folder: of its file.
    """

    def __init__(self, pack: oversight.Pack, revise: str, folder: Path) -> None:
        outlets = {"lines": json_lines(StringIO().write)}
        self.record = oversight.open(f"sqlite:///{folder / 'case.db'}", pack, revise=revise, outlets=outlets)

    def take(self, chunk: list[bytes]) -> None:
        """Take in some lines in one commit, and tell what they change."""
        self.record.feed_all(chunk, batch=CHUNK, settle=False)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.record", description=__doc__.split("\n")[1])
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--cameras", type=int, default=15_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rules", default="hong-kong")
    parser.add_argument("--revise", default="PT1H", help="how late an event may be; bounds the memory of the past")
    parser.add_argument("--folder", help="where the record is; a temporary folder if left out")
    given = parser.parse_args()
    collect_seldom()  # as the command does
    pack, written = oversight.load(given.rules), lines(given.events, given.cameras, given.seed)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        memory, recorded = InMemory(pack, given.revise), Recorded(pack, given.revise, Path(folder))
        spent = [0.0, 0.0]
        first = 0
        for first in range(0, len(written) - SINGLE, CHUNK):
            for number, course in enumerate((memory, recorded)):
                began = time.perf_counter()
                course.take(written[first : min(first + CHUNK, len(written) - SINGLE)])
                spent[number] += time.perf_counter() - began
        single = time.perf_counter()
        for line in written[-SINGLE:]:
            recorded.record.feed(line)
        single = time.perf_counter() - single
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        recorded.record.end()
    count = len(written) - SINGLE
    print(f"{count:,} events over {given.cameras:,} cameras, {CHUNK:,} in a commit; {pack.name}")
    for name, seconds in zip(("in memory", "with a record in SQLite"), spent, strict=True):
        print(f"{name:28} {seconds:8.2f} s {count / seconds:10,.0f} events a second")
    print(f"{'ratio':28} {spent[0] / spent[1]:8.3f}   {size / count:,.0f} bytes an event on the disk")
    print(f"{'one event in a commit':28} {1000 * single / SINGLE:8.2f} ms each")
    return 0


if __name__ == "__main__":
    sys.exit(main())
