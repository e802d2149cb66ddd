"""
The Rete matcher tells what the default one tells.

A crash of the library would end the tests, so whatever loads it has a process of its own here.
"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.conftest import PROFILE
from tests.tiny import PERMITTED, tiny

import oversight
from oversight.engine import matchers
from oversight.errors import MatcherMissing, OversightError

ROOT = Path(__file__).parents[1]
EXAMPLES = {"quick": 10, "ci": 300, "long": 20_000}
PROGRAMS = ROOT / "docs" / "decisions" / "rete"
SHOWN = re.findall(
    r"^```(\w+\.py)\n(.*?)^```$", (PROGRAMS.parent / "rete.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
MEASURING = {"memory.py": "50", "speed.py": "50"}
needs_the_library = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="durable-rules does not import on Python 3.13 and later"
)


def within(*tests: str) -> tuple[int, str]:
    """Run tests with the Rete matcher in a process of their own: its exit status and what it says."""
    environment = {**os.environ, "OVERSIGHT_MATCHER": "rete", "HYPOTHESIS_EXAMPLES": str(EXAMPLES[PROFILE])}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@needs_the_library
@pytest.mark.parametrize("tests", ["tests/rete/within.py", "tests/properties/test_agreement.py"])
def test_with_the_rete_matcher(tests):
    """The scenario, snapshots, late events, memory, and agreement with the definition."""
    status, said = within(tests)
    assert 0 == status, said


def run(program, *arguments):
    """What a program of the page prints; the last line says if it crashes."""
    command = [sys.executable, PROGRAMS / program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, -signal.SIGSEGV, -signal.SIGABRT), done.stderr
    return done.stdout + ("" if done.returncode == 0 else "(the process crashes)\n")


@needs_the_library
@pytest.mark.parametrize(("program", "printed"), SHOWN)
def test_the_page_says_what_the_library_does(program, printed):
    """
    Each program that the page shows prints what the page says.

    Where the library reads memory that is not its own it mostly crashes, which nobody can promise.
    """
    assert run(program) in (printed, printed.removesuffix("(the process crashes)\n"))


@needs_the_library
@pytest.mark.parametrize("program", sorted(MEASURING))
def test_what_measures_runs(program):
    """What it prints is of the machine, and no part of the tests."""
    assert "50 facts" in run(program, MEASURING[program])


def test_the_page_shows_every_program():
    """No program is without its words, and each is short."""
    programs = sorted(path.name for path in PROGRAMS.glob("*.py"))
    assert programs == sorted([*MEASURING, *[name for name, _ in SHOWN]])
    assert all(40 > len((PROGRAMS / name).read_text().splitlines()) for name in programs)


def test_the_matcher_is_one_of_two(tmp_path):
    """An unknown name is refused with the two that there are."""
    with pytest.raises(ValueError, match=r"^matcher is \"index\" or \"rete\", not 'treat'$"):
        oversight.Engine(tiny(tmp_path, PERMITTED), matcher="treat")


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ((3, 11), "is not installed: pip install 'oversight[rete]'"),
        ((3, 13), 'does not import on Python 3.13 and later: take matcher "index"'),
    ],
)
def test_a_matcher_that_is_missing_says_what_to_do(python, said, tmp_path, monkeypatch):
    """Without the extra the error says how to install it, or that this Python cannot have it."""
    monkeypatch.setitem(sys.modules, "durable_rules_engine", None)
    monkeypatch.setattr(matchers, "sys", SimpleNamespace(version_info=(*python, 0)))
    pack = tiny(tmp_path, PERMITTED)
    with pytest.raises(MatcherMissing) as caught:
        oversight.Engine(pack, matcher="rete")
    assert said in str(caught.value)
    assert isinstance(caught.value, OversightError)
    assert isinstance(caught.value, ImportError)


def test_who_does_not_ask_for_it_does_not_load_it():
    """The default matcher needs nothing of the library."""
    code = "import sys, oversight; oversight.Engine(oversight.load('hong-kong')); print([*sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "oversight.engine.matchers" in done.stdout
    assert "durable" not in done.stdout
    assert "oversight.engine.rete" not in done.stdout
