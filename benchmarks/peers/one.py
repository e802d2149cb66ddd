"""
One measurement in a process of its own.

``python -m benchmarks.peers.one NAME LIMIT FIRST EVENTS CAMERAS SEED [RULES]``
"""

from __future__ import annotations

import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

import msgspec
from benchmarks.peers import ours, spent, work
from benchmarks.peers.ways import WAYS

from oversight.cli import collect_seldom


def measured(
    name: str, limit: int, first: int, events: int, cameras: int, seed: int, rules: int = work.RULES
) -> dict[str, object]:
    """
    What one way of doing it takes, and what it tells wrongly.

    Args:
        name: the way.
        limit: the seconds after which the process is ended by SIGALRM; 0 for none.
        first: how many of the events it is given.
        events: how many there are.
        cameras: over how many cameras.
        seed: of their random numbers.
        rules: where these are more than there are, only oversight is given.
    """
    lines = work.lines(events, cameras, seed)[:first]
    expected = work.sameness(ours.by_hand(lines)())
    collect_seldom()  # as the command does, and the same for all: what is stored and never freed costs most by it
    try:
        if rules == work.RULES:
            prepared = WAYS[name](lines)
        else:
            with tempfile.TemporaryDirectory() as folder:
                prepared = WAYS[name](lines, work.wider(Path(folder), rules))
    except ModuleNotFoundError as error:
        return {"absent": f"{error.name} is not installed"}
    except Exception as error:
        return {"absent": f"{type(error).__name__}: {error}"}
    signal.alarm(limit)
    memory, began = spent.megabytes(), spent.seconds()
    told = prepared()
    seconds, grown = spent.seconds() - began, spent.megabytes() - memory
    signal.alarm(0)
    found = work.sameness(told)
    right = _by_rule(expected & found)
    unseen = sorted({f"P{number + 1}" for number in range(work.RULES)} - _by_rule(expected).keys())
    return {
        "seconds": seconds, "memory": max(0.0, grown), "told": len(told), "expected": len(expected),
        "missing": _by_rule(expected - found), "wrong": _by_rule(told) - right, "unseen": unseen, "first": len(lines),
        "events": events,
    }  # fmt: skip


def _by_rule(alerts) -> Counter[str]:
    return Counter(rule for rule, _, _ in alerts)


if __name__ == "__main__":
    name, *numbers = sys.argv[1:]
    sys.stdout.write(msgspec.json.encode(measured(name, *map(int, numbers))).decode() + "\n")
