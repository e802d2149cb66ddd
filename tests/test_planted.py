"""Bugs planted in a copy of the engine: each is found by the conformance suite of the shipped pack."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLANTED = sorted((Path(__file__).parent / "planted").glob("*.patch"))
FAST = ("approval-antedates", "correction-ignored", "late-event-not-rewound")
# All are planted under the profile "long"; these are found at once.
TRIED = [patch for patch in PLANTED if os.environ.get("HYPOTHESIS_PROFILE") == "long" or patch.stem in FAST]
CHECK = """
import oversight
from oversight.testing import check_pack
assert oversight.__file__.startswith({folder!r}), oversight.__file__
check_pack(oversight.load("hong-kong"), examples=1000)
"""


def planted(patch, folder):
    """Check the pack with a copy of the library in which the bug is."""
    for name in ("oversight", "rules"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "apply", patch], cwd=folder, check=True)
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    code = CHECK.format(folder=str(folder))
    return subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("patch", PLANTED, ids=lambda patch: patch.stem)
def test_a_planted_bug_fits_the_engine(patch):
    """Also those that are only planted in a long run."""
    done = subprocess.run(["git", "apply", "--check", patch], cwd=ROOT, capture_output=True, text=True)
    assert ("", 0) == (done.stderr, done.returncode)


@pytest.mark.parametrize("patch", TRIED, ids=lambda patch: patch.stem)
def test_a_planted_bug_is_found(patch, tmp_path):
    """The suite fails, and names a property and a history."""
    done = planted(patch, tmp_path)
    assert 1 == done.returncode, f"{patch.stem} is not found"
    assert "AssertionError" in done.stderr
    assert "after these events, in order of arrival" in done.stderr, done.stderr
