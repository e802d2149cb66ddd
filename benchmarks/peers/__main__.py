"""
The same five rules over the same events, by oversight and by others: ``python -m benchmarks.peers``.

Each measurement has a process of its own, by the processor time it takes from JSON Lines to alerts; all take turns, and
the median of several rounds is told, as a ratio to what was written by hand. What each tells is held to what is to be
told: a fast wrong answer is shown as wrong. Who takes longer than ``--most`` is given the first quarter of the events,
and so on. With ``--write`` the results stand in ``docs/performance.md``.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from statistics import median
from typing import Any

import msgspec
from benchmarks.peers.chart import page, speed, verdict
from benchmarks.peers.ways import WAYS
from benchmarks.sections import put

FEWEST = 1_000
"""Who is too slow for so many events is not measured."""
GROWTH = {
    "events": [(10_000, 60_000, 5), (50_000, 60_000, 5), (200_000, 60_000, 5), (2_000_000, 60_000, 5)],
    "cameras": [(200_000, 600, 5), (200_000, 6_000, 5), (200_000, 60_000, 5), (200_000, 600_000, 5)],
    "rules": [(50_000, 60_000, 5), (50_000, 60_000, 50), (50_000, 60_000, 500)],
}
"""How many events, cameras and rules; of more than five rules, an event still touches as many as before."""
Found = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__.split("\n")[1])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--cameras", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=2)  # each rule is broken
    parser.add_argument("--only", help="names, with commas")
    parser.add_argument("--most", type=int, default=120, help="seconds over which one is given fewer events")
    parser.add_argument("--growth", action="store_true", help="also with fewer and more events and cameras")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    given = parser.parse_args()
    names = given.only.split(",") if given.only else tuple(WAYS)
    found = rounds(names, given.rounds, (given.events, given.cameras, given.seed), given.most)
    print("\n".join(table(found)))
    grown = {}
    if given.growth or given.write:
        for title, sizes in GROWTH.items():
            grown[title] = [(size, _growth(*size, given.seed)) for size in sizes]
            for (events, cameras, rules), costs in grown[title]:
                said = ", ".join(f"{name} {cost:.2f}" for name, cost in costs.items())
                print(f"{events:>9,} events, {cameras:>7,} cameras, {rules} rules: microseconds an event: {said}")
    if given.write:
        put("peers", page(found, grown, (given.events, given.cameras, given.rounds)))
    own = [found[name] for name in ("from_events", "from_lines") if name in found]
    return int(any("absent" in one or one["missing"] or one["wrong"] for one in own))


def rounds(names, count: int, work: tuple[int, ...], most: int) -> dict[str, Found]:
    """The measurements of each name, in turns; the median of what they took."""
    taken: dict[str, list[Found]] = {name: [] for name in names}
    for _ in range(count):
        for name, known in taken.items():
            if not known:
                known.append(_fitting(name, most, *work))
            elif "absent" not in known[-1]:
                known.append(_one(name, 3 * most, known[-1]["first"], *work))
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for known in taken.values():
        if "seconds" in known[-1]:
            known[-1] |= {key: median(one[key] for one in known) for key in ("seconds", "memory")}
    return {name: known[-1] for name, known in taken.items()}


def _fitting(name: str, most: int, *work: int) -> Found:
    """A measurement of so many of the first events that it takes no more than *most* seconds."""
    first = work[0]
    while "late" in (found := _one(name, most, first, *work)) and first // 4 >= FEWEST:
        first //= 4
    return found


def _one(name: str, limit: int, first: int, *work: int) -> Found:
    command = [sys.executable, "-m", "benchmarks.peers.one", name, *map(str, (limit, first, *work))]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # who is ended does not clean up
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "TMPDIR": folder})
    if done.returncode == -signal.SIGALRM:
        return {"absent": f"{first:,} events take it more than {limit} seconds", "late": True}
    if done.returncode:
        return {"absent": f"it ended with {done.returncode}: {(done.stderr.strip() or 'no word').splitlines()[-1]}"}
    return msgspec.json.decode(done.stdout.splitlines()[-1])


def _growth(events: int, cameras: int, rules: int, seed: int) -> dict[str, float]:
    count = 3 if events <= 200_000 else 1
    found = rounds(("by_hand",), count, (events, cameras, seed), 600)
    found |= rounds(("from_lines",), count, (events, cameras, seed, rules), 600)
    return {name: one["seconds"] / one["first"] * 1e6 for name, one in found.items()}


def table(found: dict[str, Found]):
    """The results as lines of text."""
    floor = found.get("by_hand")
    yield f"{'':14} {'events/s':>10} {'of the floor':>12} {'MB':>6}  alerts"
    for name, one in found.items():
        if "absent" in one:
            yield f"{name:14} not run: {one['absent']}"
            continue
        ratio = f"{speed(one) / speed(floor):.3f}" if floor else "-"
        yield f"{name:14} {speed(one):10,.0f} {ratio:>12} {one['memory']:6.0f}  {verdict(name, one)}"


if __name__ == "__main__":
    sys.exit(main())
