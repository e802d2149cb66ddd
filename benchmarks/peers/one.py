"""One measurement in a process of its own: ``python -m benchmarks.peers.one NAME EVENTS CAMERAS SEED [RULES]``."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import msgspec
from benchmarks.peers import others, ours, work

FLOOR = "by_hand"


def measured(name: str, events: int, cameras: int, seed: int, rules: int = work.RULES) -> dict[str, object]:
    """What one way of doing it takes, and what it tells wrongly; more rules than there are, only oversight is given."""
    lines = work.lines(events, cameras, seed)
    expected = work.sameness(ours.by_hand(lines)())
    try:
        run = getattr(ours, name, None) or getattr(others, name)
        if rules == work.RULES:
            prepared = run(lines)
        else:
            with tempfile.TemporaryDirectory() as folder:
                prepared = run(lines, work.wider(Path(folder), rules))
    except Exception as error:
        return {"absent": f"{type(error).__name__}: {error}"}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    told = prepared()
    seconds = time.process_time() - began
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    found = work.sameness(told)
    return {
        "seconds": seconds, "memory": max(0, grown) / 1024, "told": len(told), "missing": len(expected - found),
        "wrong": len(found - expected) + len(told) - len(found), "expected": len(expected),
    }  # fmt: skip


if __name__ == "__main__":
    name, *numbers = sys.argv[1:]
    sys.stdout.write(msgspec.json.encode(measured(name, *map(int, numbers))).decode() + "\n")
