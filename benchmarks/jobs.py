"""
The command in one process and in several, each with a part of the rules: ``python -m benchmarks.jobs``.

Each writes its alerts to a file; the files must be the same, to the byte.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.stream import lines, options


def taken(events: Path, rules: str, jobs: int, out: Path) -> float:
    """How many seconds the command takes, its start included."""
    asked = ["run", str(events), "--rules", rules, "--revise", "P3D", "--jobs", str(jobs), "--out", str(out)]
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "oversight", *asked], stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jobs", description=__doc__.split("\n")[1])
    options(parser)
    parser.add_argument("--rounds", type=int, default=3, help="each counts with its best")
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args(arguments)
    best: dict[int, float] = {}
    with TemporaryDirectory() as folder:
        events = Path(folder, "events.jsonl")
        events.write_bytes(b"\n".join(lines(given.events, given.cameras, given.seed)) + b"\n")
        alerts = {jobs: Path(folder, f"alerts-{jobs}.jsonl") for jobs in given.jobs}
        for _ in range(given.rounds):
            for jobs, out in alerts.items():
                best[jobs] = min(best.get(jobs, float("inf")), taken(events, given.rules, jobs, out))
        same = len({out.read_bytes() for out in alerts.values()}) == 1
    first = given.jobs[0]
    for jobs, seconds in best.items():
        print(f"{jobs} process{'es' if jobs > 1 else ''}: {seconds:.2f} s, {best[first] / seconds:.2f} times as fast")
    print(f"alerts {'alike' if same else 'differ'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
