"""A run in several processes tells what a run in one does, whatever comes, and ends with an error if one is lost."""

from __future__ import annotations

import json
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest
from attrs import asdict

from oversight import Change, load
from oversight.cli import main
from oversight.ground.errors import ProcessLost
from oversight.ground.time import parse_instant
from oversight.model.extract import divided
from oversight.runner.divided import DividedRun
from oversight.runner.intake import Refusal
from oversight.runner.run import Run

ROOT = Path(__file__).parent.parent
SCENARIO = ROOT / "tests" / "data" / "scenario-hong-kong.events.jsonl"
LINES = SCENARIO.read_text().splitlines()
PACK, SMALL = load("hong-kong"), load("tests/packs/small")
UNTIL = parse_instant("2027-04-02T00:00:00+08:00")


def disturbed(seed: int) -> list[str]:
    """The scenario with every tenth event late, repeats, a correction, and lines that are refused or unknown."""
    drawn = random.Random(seed)
    lines = list(LINES)
    for _ in range(len(lines) // 10):
        lines.insert(drawn.randrange(len(lines)), lines.pop(drawn.randrange(len(lines))))
    lines.insert(len(lines) // 2, "{no event")
    lines.insert(len(lines) // 3, json.dumps({"kind": "un.known", "id": "x", "time": "2026-01-01T00:00:00Z"}))
    lines.append(lines[3])
    last = json.loads(lines[-2])
    back = {"kind": "event.retracted", "id": "back", "source": last.get("source", ""), "corrects": last["id"]}
    return [*lines, json.dumps({**back, "time": last["time"]})]


def told_by(run: Run, told: list[Change], refused: list[Refusal], source: str) -> tuple[Any, ...]:
    """All that a run says of a file."""
    run.take(source)
    summary = run.finish()
    counted = {name: value for name, value in asdict(summary, recurse=False).items() if not name.startswith("_")}
    return told, refused, counted, list(run.told()), run.now


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize(
    ("packs", "jobs", "options"),
    [
        ((PACK,), 2, {"until": UNTIL}),
        ((PACK, SMALL), 3, {"until": UNTIL, "revise": "P400D"}),
        ((PACK,), 2, {"revise": "P30D", "known_at": parse_instant("2026-05-01T00:00:00+08:00")}),
    ],
    ids=["two", "three, two packs", "as known at"],
)
def test_it_tells_what_one_process_does(
    tmp_path: Path, packs: Any, jobs: int, options: dict[str, Any], seed: int | None
) -> None:
    """Changes, refusals and summary are the same, word for word, in the same order."""
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(LINES if seed is None else disturbed(seed)))
    changes: list[Change] = []
    refused: list[Refusal] = []
    expected = told_by(Run(packs, changes.extend, refused.append, **options), changes, refused, str(path))
    changes, refused = [], []
    with DividedRun(packs, changes.extend, refused.append, jobs=jobs, **options) as run:
        assert expected == told_by(run, changes, refused, str(path))
    assert changes


@pytest.mark.parametrize("number", [1, 2, 3, 50, 1000])
def test_every_rule_is_in_one_part(number: int) -> None:
    """Parts have all rules, none twice, each with its facts; there are no more than rules that can be apart."""
    parts = divided(PACK, number)
    assert sorted(rule.name for rule in PACK.rules) == sorted(rule.name for part in parts for rule in part.rules)
    assert min(number, len({rule.id for rule in PACK.rules})) == len(parts)
    assert set(PACK.facts) >= {name for part in parts for name in part.facts}
    assert {PACK.digest} == {part.digest for part in parts}


def test_a_pack_without_rules_is_one_part() -> None:
    """There is nothing to divide."""
    base = load("camera-programme")
    assert (base,) == divided(base, 3)
    with DividedRun([base], print, print, jobs=2) as run:
        assert 0 == run.finish().status


def test_the_command_writes_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --jobs the alerts, what is said and the exit status are those of one process."""
    keys = tmp_path / "keys"
    assert 0 == main(["pseudonyms", str(keys)])
    outcomes = []
    for jobs in ("1", "2"):
        out = tmp_path / f"alerts-{jobs}"
        capsys.readouterr()
        status = main(
            ["run", str(SCENARIO), "--rules", "hong-kong", "--jobs", jobs, "--out", str(out), "--pseudonyms", str(keys)]
        )
        outcomes.append((status, out.read_bytes(), capsys.readouterr()))
    assert 3 == outcomes[0][0]
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("option", [["--store", "x.db"], ["--follow"], ["--plan", "plan.jsonl"], ["--stats"]])
def test_what_one_process_must_do_is_refused(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be divided says so, and what to do."""
    assert 2 == main(["run", str(SCENARIO), "--rules", "hong-kong", "--jobs", "2", *option])
    expected = f"--jobs and {option[0]} do not go together: leave out one of them"
    assert expected in capsys.readouterr().err


def test_a_process_that_is_killed_ends_the_run() -> None:
    """What the others found in the lines is not told as though it were all."""
    told: list[Change] = []
    with DividedRun([PACK], told.extend, print, jobs=2) as run:
        run.lines("-", [(1, LINES[0].encode())])
        [process] = run._pools[0]._processes.values()
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        before = list(told)
        with pytest.raises(ProcessLost, match="a part of the rules has ended"):
            told_by(run, told, [], str(SCENARIO))
        assert before == told
