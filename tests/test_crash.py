"""Kill -9 in the middle of a recorded run: nothing is lost, nothing is told that is not recorded, nothing is skipped."""

import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.crash import compiled
from benchmarks.servers import programs

POINTS = 20


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_killed_at_random_points(kind, tmp_path):
    """Killed twenty times, before, in and after a write, a run ends with the changes of one that was never killed."""
    if compiled(tmp_path) is None:
        pytest.skip("a C compiler is needed: apt-get install build-essential")
    if kind == "postgres":
        pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'oversight[postgres]'")
        if programs() is None:
            pytest.skip("no PostgreSQL server is installed: apt-get install postgresql")
    command = [sys.executable, "-m", "benchmarks.crash", f"--points={POINTS}", "--events=1000", f"--store={kind}"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)
    assert f"{kind}: killed at {POINTS} points in 2 runs; each time the " in done.stdout
