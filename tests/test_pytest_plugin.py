"""Packs under pytest: cases as tests, and the assertion, each through a run of its own."""

import re

import pytest

from oversight import load
from oversight.pytest_plugin import assert_alerts
from tests.test_coverage import ENDS, FIRES, PACK

pytest_plugins = ["pytester"]

WRONG = FIRES.replace("2026-03-02T09:00", "2026-03-02T10:00").replace("no sign", "an hour late")
OWN = """
def test_own():
    pass
"""
ASSERTION = """
from oversight import load
from oversight.pytest_plugin import assert_alerts

def test_it():
    on = {"kind": "camera.on", "time": "2026-03-01T09:00:00+01:00", "camera": "k1", "room": "r1", "hours": [1]}
    sign = {"kind": "sign.hung", "time": "2026-03-01T10:00:00+01:00", "sign": "s1", "room": "r1", "large": LARGE}
    alert = {"at": "2026-03-02T09:00:00+01:00", "about": "k1"}
    assert_alerts(load("shop"), [on, sign], [alert], until="2026-03-09T00:00:00+01:00")
"""


@pytest.fixture
def packs(pytester):
    """A folder with a pack whose second case fails, and a test beside it."""
    folder = pytester.mkdir("shop")
    (folder / "pack.yaml").write_text(PACK + FIRES + WRONG)
    pytester.makepyfile(test_own=OWN)
    return pytester


def test_cases_are_tests(packs):
    """Every case is a test with its own name; one that fails says where it stands and what came."""
    done = packs.runpytest_subprocess("--oversight", "-v", "-rN")
    done.assert_outcomes(passed=2, failed=1)
    line = 1 + (PACK + FIRES).count("\n")
    done.stdout.fnmatch_lines(
        [
            "shop/pack.yaml::SHOP-01: no sign PASSED*",
            "shop/pack.yaml::SHOP-01: an hour late FAILED*",
            f"*shop/pack.yaml:{line}:9",
            "expected, but did not come: SHOP-01 at 2026-03-02T10:00:00+01:00",
            "  but it came at 2026-03-02T09:00:00+01:00",
            "  it rests on: event 1",
        ]
    )
    done.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_one_file_and_one_name(packs):
    """Files and names choose among cases as among other tests."""
    packs.runpytest_subprocess("--oversight", "shop/pack.yaml").assert_outcomes(passed=1, failed=1)
    packs.runpytest_subprocess("--oversight", "-k", "sign").assert_outcomes(passed=1, deselected=2)


def test_cases_stand_in_their_files(packs):
    """A case in another file of the pack is a test of that file, and a YAML file outside a pack has none."""
    rules = PACK.index("rules:\n")
    (packs.path / "shop" / "pack.yaml").write_text(PACK[:rules])
    (packs.path / "shop" / "rules.yaml").write_text(PACK[rules:] + FIRES)
    (packs.path / "other.yaml").write_text("a: [")
    done = packs.runpytest_subprocess("--oversight", "-v")
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["shop/rules.yaml::SHOP-01: no sign PASSED*"])


def test_by_setting(packs):
    """The setting ``oversight = true`` asks for them, too."""
    packs.makeini("[pytest]\noversight = true\n")
    packs.runpytest_subprocess().assert_outcomes(passed=2, failed=1)


def test_nothing_where_nothing_is_asked(packs):
    """Without the option no case is collected, and nothing of the library is imported."""
    packs.makepyfile(
        test_own="""
        import sys

        def test_own():
            assert "pytest_oversight" in sys.modules
            assert [] == [name for name in sys.modules if name.split(".")[0] == "oversight"]
        """
    )
    packs.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_pack_that_does_not_check(packs):
    """A pack with an error is an error of the collection that names it, and how to see all of it."""
    (packs.path / "shop" / "pack.yaml").write_text(PACK.replace("has(c.room)", "has(c.rom)") + FIRES)
    done = packs.runpytest_subprocess("--oversight")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*does not check: *rom*", "*see all of it: oversight check *shop"])


def test_assertion(packs):
    """The assertion passes where the alerts are as expected, and says by which clause and fact they are not."""
    packs.makepyfile(test_own=ASSERTION.replace("LARGE", "False"))
    packs.runpytest_subprocess().assert_outcomes(passed=1)
    packs.makepyfile(test_own=ASSERTION.replace("LARGE", "True"))
    done = packs.runpytest_subprocess()
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            "*expected, but did not come: SHOP-01 at 2026-03-02T09:00:00+01:00 about k1",
            "*k1: it is excused, since this holds: told(c.room)",
            "*sign s1, on record by event 2 (sign.hung)",
        ]
    )
    done.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_assertion_of_nothing(tmp_path):
    """An alert that nobody expected fails the assertion, unless it is of a rule that is not compared."""
    (tmp_path / "pack.yaml").write_text(PACK + FIRES + ENDS)
    pack = load(tmp_path)
    events = pack.cases[0].events
    with pytest.raises(AssertionError, match=re.escape("came, but was not expected: SHOP-01 at 2026-03-02T09:00:00")):
        assert_alerts(pack, events, [], until=pack.cases[0].until)
    assert_alerts(pack, events, pack.cases[0].alerts, until=pack.cases[0].until, rules=["SHOP-01"])
