"""
Late events against the same events in order: ``python -m benchmarks.late``.

One event in a hundred arrives up to an hour late. Two engines take the events in turn, a chunk at a time, one in order
of time and one in order of arrival; in the end both must have told the same alerts.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from benchmarks.stream import lines, options

import oversight
from oversight.cli import collect_seldom
from oversight.model.alerts import Change

SHARE, LATEST = 0.01, timedelta(hours=1)


def delayed(written: list[bytes], seed: int) -> list[bytes]:
    """The lines in order of arrival, one in a hundred up to an hour late."""
    rng = random.Random(seed)
    arrivals = []
    for line in written:
        arrives = datetime.fromisoformat(msgspec.json.decode(line)["time"])
        if rng.random() < SHARE:
            arrives += LATEST * rng.random()
        arrivals.append((arrives, line))
    return [line for _, line in sorted(arrivals, key=lambda pair: pair[0])]


class Course:
    """One order of the events through an engine of its own."""

    def __init__(self, pack: oversight.Pack, written: list[bytes]) -> None:
        self.engine = oversight.Engine(pack, revise="PT2H")
        self.written = written
        self.told: list[Change] = []
        self.spent = 0.0

    def take(self, first: int, count: int) -> None:
        """Take in a chunk, and judge what it closes."""
        engine, began = self.engine, time.perf_counter()
        for line in self.written[first : first + count]:
            engine.accept(engine.decode(line))
        self.told += engine.close()
        self.spent += time.perf_counter() - began

    def alerts(self) -> dict[str, object]:
        """What all that was told amounts to, once the last instant is judged."""
        self.told += self.engine.settle()
        return {name: (alert.at, alert.subjects, alert.cleared) for name, alert in oversight.fold(self.told).items()}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.late", description=__doc__.split("\n")[1])
    options(parser)
    parser.add_argument("--chunk", type=int, default=1000, help="how many events are taken in before judging")
    given = parser.parse_args(arguments)
    collect_seldom()  # as the command does
    pack = oversight.load(given.rules)
    written = lines(given.events, given.cameras, given.seed)
    courses = [Course(pack, written), Course(pack, delayed(written, given.seed))]
    for first in range(0, len(written), given.chunk):
        for course in courses:
            course.take(first, given.chunk)
    ordered, late = courses
    same = ordered.alerts() == late.alerts()
    print(f"{len(written):,} events over {given.cameras:,} cameras, {given.chunk:,} at a time")
    for name, course in (("in order", ordered), ("one in a hundred late", late)):
        print(f"{name:28} {course.spent:8.2f} s   {len(course.told):,} changes told")
    print(
        f"{'speed of the late to that':28} {ordered.spent / late.spent:8.2f}   alerts {'alike' if same else 'DIFFER'}"
    )
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
