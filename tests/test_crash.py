"""Kill -9 in the middle of a recorded run: nothing is lost, nothing skipped, nothing told that is not recorded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.crash import compiled
from benchmarks.servers import programs

POINTS, EVENTS = (200, 20_000) if os.environ.get("HYPOTHESIS_PROFILE") == "long" else (20, 1000)


@pytest.mark.parametrize("how", [[], ["--follow"]], ids=["run", "follow"])
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_killed_at_random_points(kind, how, tmp_path):
    """Killed again and again, before, in and after a write, a run ends with the changes of one never killed."""
    if compiled(tmp_path) is None:
        pytest.skip("a C compiler is needed: apt-get install build-essential")
    if kind == "postgres":
        pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'oversight[postgres]'")
        if programs() is None:
            pytest.skip("no PostgreSQL server is installed: apt-get install postgresql")
    many = [f"--points={POINTS}", f"--events={EVENTS}", f"--store={kind}"]
    command = [sys.executable, "-m", "benchmarks.crash", *many, *how]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)
    assert f"{kind}: killed at {POINTS} points in " in done.stdout
