"""Planned events: what they would raise, what would prevent it, and that nothing of it is recorded."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from oversight import Engine, Pack, errors, load
from oversight.cli import main
from tests.tiny import CAMERA, PERMIT, PERMITTED, day, event, granted, off, on, tiny, told

ROOT = Path(__file__).parent.parent
SCENARIO = str(ROOT / "examples" / "hong_kong" / "events.jsonl")
PLANNED = str(ROOT / "examples" / "hong_kong" / "plan.jsonl")
GOLDEN = Path(__file__).parent / "golden" / "plan-hong-kong.txt"
THE_DAY_BEFORE = ["--rules", "hong-kong", "--until", "2026-03-09T09:00:00+08:00"]
PATIENT = PERMITTED.rstrip() + "\n  for: P3D\n"


def now(event: dict[str, Any], *names: str) -> dict[str, Any]:
    """A planned event that leaves out its time, and what *names* name."""
    return {name: value for name, value in event.items() if name not in ("time", *names)}


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Every camera needs a permit."""
    folder = tmp_path / "pack"
    folder.mkdir()
    return tiny(folder, PERMITTED)


@pytest.fixture
def engine(pack: Pack) -> Engine:
    """An engine to which something has happened: a camera was switched on without a permit."""
    engine = Engine(pack)
    engine.feed(on("1", 2, camera="k1"))
    return engine


class TestPreview:
    def test_it_says_what_would_be_raised_and_what_would_prevent_it(self, engine: Engine) -> None:
        """A planned act is judged at the instant reached, and its alert names what is missing."""
        [change] = engine.preview(now(on("2", 9, camera="k2")))
        assert ("raised", day(2), ("k2",), "2") == (change.change, change.at, change.subjects, change.cause)
        assert [("permit", "not on record")] == [(missing.fact, missing.reason) for missing in change.missing]

    def test_evidence_in_the_plan_counts(self, engine: Engine) -> None:
        """An act that is planned together with its evidence would raise nothing."""
        assert () == engine.preview([now(on("2", 9, camera="k2")), now(granted("3", 9, camera="k2"))])

    def test_it_records_nothing(self, engine: Engine) -> None:
        """After a preview the engine is as before: what was planned can still be fed, and nothing else has changed."""
        before = engine.snapshot()
        first = engine.preview(on("2", 5, camera="k2"), until=day(30))
        assert first == engine.preview(on("2", 5, camera="k2"), until=day(30))
        assert (before, day(2)) == (engine.snapshot(), engine.now)
        assert first == engine.feed(on("2", 5, camera="k2"))

    @pytest.mark.parametrize("form", ["mapping", "text", "bytes", "object"])
    def test_events_come_in_any_form(self, form: str, engine: Engine) -> None:
        """Bytes, text, mappings and event objects are planned as they are fed."""
        written = on("2", 2, camera="k2")
        forms: dict[str, Any] = {
            "mapping": written,
            "text": json.dumps(now(written)),
            "bytes": json.dumps(now(written, "id")).encode(),
            "object": engine.vocabulary.read(written),
        }
        cause = "plan-1" if form == "bytes" else "2"
        assert [("raised", day(2), cause)] == told(engine.preview(forms[form]))

    def test_it_may_take_back(self, engine: Engine) -> None:
        """What would be cleared or withdrawn is said as well."""
        assert [("cleared", day(4), "2")] == told(engine.preview(off("2", 4)))
        assert [("withdrawn", day(2), "2")] == told(engine.preview(now(granted("2", 4))))

    def test_deadlines_wait_for_time(self, tmp_path: Path) -> None:
        """A deadline that the plan begins passes only if time is let pass until then."""
        engine = Engine(tiny(tmp_path, PATIENT))
        engine.advance(day(2))
        planned = now(on("1", 2))
        assert () == engine.preview(planned)
        assert [("raised", day(5), None)] == told(engine.preview(planned, until=day(5)))

    def test_what_comes_anyway_is_left_out(self, tmp_path: Path) -> None:
        """The deadlines of what has happened already are no part of the plan, even where it lets them pass."""
        engine = Engine(tiny(tmp_path, PATIENT))
        engine.feed(on("1", 2, camera="k1"))
        changes = engine.preview(on("2", 9, camera="k2"), until=day(30))
        assert [("k2",)] == [change.subjects for change in changes]
        assert [("k1",)] == [change.subjects for change in engine.advance(day(30))]

    def test_what_was_not_judged_yet_is_left_out(self, pack: Pack) -> None:
        """An open instant stays open, and its own alerts are no part of the plan."""
        engine = Engine(pack)
        engine.feed(on("1", 2, camera="k1"), settle=False)
        assert [("k2",)] == [change.subjects for change in engine.preview(now(on("2", 2, camera="k2")))]
        assert [("k1",)] == [change.subjects for change in engine.settle()]

    def test_with_the_callers_clock(self, pack: Pack) -> None:
        """Where only the caller moves time, a planned event happens now, and a later one waits."""
        engine = Engine(pack, clock="caller")
        engine.advance(day(3))
        assert [("raised", day(3), "1")] == told(engine.preview(now(on("1", 9))))
        assert () == engine.preview(on("1", 9))

    def test_a_fork_goes_its_own_way(self, engine: Engine) -> None:
        """What is fed to a fork does not reach the engine it came from."""
        fork = engine.fork()
        fork.feed(off("2", 4))
        assert ((), [("k1",)]) == (fork.open_alerts(), [change.subjects for change in engine.open_alerts()])

    def test_what_cannot_be_planned(self, engine: Engine, pack: Pack) -> None:
        """A kind that nobody knows, a planned event before anything has happened, and a repeat are refused."""
        with pytest.raises(errors.EventError, match=r"unknown kind 'camera\.onn', did you mean 'camera\.on'"):
            engine.preview({**on("2", 3), "kind": "camera.onn"})
        with pytest.raises(errors.EventError, match=r"no instant has been reached yet \(at \$\.time\)"):
            Engine(pack).preview(now(on("2", 3)))
        with pytest.raises(errors.EventRefused, match="came before with other content"):
            engine.preview(now(off("1", 3)))
        with pytest.raises(errors.TimeWentBackwards):
            engine.preview(on("2", 9), until=day(3))


class TestCommand:
    def plan(self, folder: Path, *lines: Any) -> str:
        """A file of planned events."""
        path = folder / "plan.jsonl"
        path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
        return str(path)

    @pytest.fixture
    def history(self, pack: Pack, tmp_path: Path) -> list[str]:
        """The events so far, and the rules."""
        path = tmp_path / "events.jsonl"
        path.write_text(json.dumps(on("1", 2, camera="k1")) + "\n")
        return [str(path), "--rules", str(tmp_path / "pack")]

    def test_the_scenario_on_the_day_before(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Face recognition planned for the day after, as recorded; UPDATE_GOLDEN=1 records it anew."""
        monkeypatch.chdir(ROOT)
        events, planned = "examples/hong_kong/events.jsonl", "examples/hong_kong/plan.jsonl"
        assert 3 == main(["run", events, *THE_DAY_BEFORE, "--plan", planned])
        captured = capsys.readouterr()
        if os.environ.get("UPDATE_GOLDEN"):
            GOLDEN.write_text(captured.out, encoding="utf-8")
        assert GOLDEN.read_text(encoding="utf-8") == captured.out
        listed = re.findall(r"\[ \] (?:HK|INT)-", captured.out)
        assert f"plan: 2 acts, {len(listed)} alerts would be raised\n" in captured.err
        assert "[ ] HK-PIA-01  CRITICAL\n" in captured.out

    def test_it_raises_what_then_came(self, capsys: pytest.CaptureFixture[str]) -> None:
        """What the plan would raise is what the scenario did raise, when the act happened a day later."""
        main(["run", SCENARIO, *THE_DAY_BEFORE, "--plan", PLANNED, "--format", "jsonl"])
        first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
        engine = Engine(load("hong-kong"))
        came = [
            (change.rule, change.part or None)
            for line in Path(SCENARIO).read_text().splitlines()[:22]
            for change in engine.feed(line)
            if change.cause == "hk-022"
        ]
        assert sorted(came, key=str) == sorted(((c["rule"], c["part"]) for c in first["changes"]), key=str)
        assert ("plan-frt", "2026-03-09T09:00:00+08:00") == (first["planned"]["id"], first["planned"]["time"])
        assert [] == second["changes"]

    def test_evidence_is_named_by_its_kinds(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Beside each thing that is missing stand the kinds of event that would be evidence of it."""
        main(["run", SCENARIO, *THE_DAY_BEFORE, "--plan", PLANNED, "--format", "jsonl"])
        [first, _] = (json.loads(line) for line in capsys.readouterr().out.splitlines())
        kinds = {change["rule"]: change["evidence_kinds"] for change in first["changes"]}
        assert [["assessment.approved", "assessment.scope_changed"]] * 2 == kinds["HK-PIA-01"]
        assert [["notice.published"]] == kinds["HK-NOT-01"]
        assert "consultation.responded" in kinds["HK-CON-01"][0]

    def test_a_fact_in_the_way_is_ended(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Where a fact must not be there, what would prevent the alert is what ends it."""
        rules = "- rule: R\n  on: permit.granted as e\n  unless: [{none: camera as c, where: c.camera == e.camera}]"
        (tmp_path / "other").mkdir()
        tiny(tmp_path / "other", rules, facts=CAMERA + PERMIT)
        events = tmp_path / "events.jsonl"
        events.write_text(json.dumps(on("1", 2)))
        plan = self.plan(tmp_path, now(granted("2", 3)))
        assert 3 == main(["run", str(events), "--rules", str(tmp_path / "other"), "--plan", plan])
        assert "prevented by  camera.off: camera k1 (event 1) stands on record" in capsys.readouterr().out

    def test_acts_are_judged_one_after_the_other(
        self, history: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """An act sees those before it; the alerts of the events themselves are not among the results."""
        plan = self.plan(
            tmp_path, granted("2", 3, camera="k2"), on("3", 4, camera="k2"), on("4", 5, camera="k3"), off("5", 6)
        )
        assert 3 == main(["run", *history, "--plan", plan])
        out = capsys.readouterr().out
        blocks = out.split("\n\n")
        assert ["Nothing would be raised" in block for block in blocks[:4]] == [True, True, False, True]
        assert "[ ] R  HIGH" in blocks[2]
        assert "R would be cleared about k1." in blocks[3]
        assert "k1" not in "".join(blocks[:3])

    def test_what_only_came_and_went_is_not_counted(
        self, history: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """An alert that a later act of the same instant takes back would not be raised by the plan."""
        plan = self.plan(tmp_path, now(on("2", 3, camera="k2")), now(granted("3", 3, camera="k2")))
        assert 0 == main(["run", *history, "--plan", plan])
        captured = capsys.readouterr()
        assert 2 == captured.out.count("Nothing would be raised.\n")
        assert "would be withdrawn" not in captured.out
        assert "plan: 2 acts, nothing would be raised\n" in captured.err

    def test_time_may_pass(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """With an instant to go to, the deadlines that the plan begins are told at the end, and count."""
        (tmp_path / "other").mkdir()
        tiny(tmp_path / "other", PATIENT)
        events = tmp_path / "events.jsonl"
        events.write_text(json.dumps(on("1", 2)))
        given = [str(events), "--rules", str(tmp_path / "other"), "--plan", self.plan(tmp_path, now(on("2", 2, "k2")))]
        assert 0 == main(["run", *given])
        capsys.readouterr()
        assert 3 == main(["run", *given, "--plan-until", "2026-03-20T00:00:00+08:00"])
        out = capsys.readouterr().out
        assert "As time passes\n   [ ] R  HIGH\n" in out
        assert 1 == out.count("[ ]")

    def test_the_history_does_not_count(
        self, history: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The exit status is that of the plan: alerts of the events do not set it, and refused lines always do."""
        nothing = self.plan(tmp_path, now(granted("2", 3, camera="k9")))
        assert 0 == main(["run", *history, "--plan", nothing])
        Path(history[0]).write_text("no event\n" + Path(history[0]).read_text())
        assert 1 == main(["run", *history, "--plan", nothing])
        assert "events.jsonl:1: bad-event: not JSON" in capsys.readouterr().err

    def test_waived_alerts_do_not_count(
        self, history: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """An alert that the site waives is in the list, and does not set the exit status."""
        site = tmp_path / "site.yaml"
        site.write_text("exceptions: [{rule: R, reason: trial, owner: o, from: 2026-03-01, until: 2026-03-31}]")
        plan = self.plan(tmp_path, now(on("2", 3, camera="k2")))
        assert 0 == main(["run", *history, "--site", str(site), "--plan", plan])
        assert "[ ] R  HIGH  waived\n" in capsys.readouterr().out

    def test_a_waiver_ends_while_time_passes(
        self, history: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """That what the plan would raise would be waived only for a while is told with the passing of time."""
        site = tmp_path / "site.yaml"
        site.write_text("exceptions: [{rule: R, reason: trial, owner: o, from: 2026-03-01, until: 2026-03-31}]")
        given = ["--site", str(site), "--plan", self.plan(tmp_path, now(on("2", 3, camera="k2")))]
        assert 0 == main(["run", *history, *given])
        capsys.readouterr()
        assert 3 == main(["run", *history, *given, "--plan-until", "2026-04-20T00:00:00+08:00"])
        expected = "As time passes\n   Nothing would be raised.\n   R would be waived no longer.\n"
        assert expected in capsys.readouterr().out

    def test_lines_that_are_refused(
        self, history: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Each planned line that is no event, or of an unknown kind, is named; the others are still tried."""
        plan = self.plan(tmp_path, "{}", {**on("2", 3), "kind": "camera.onn"}, "", off("1", 5), now(on("3", 3, "k3")))
        assert 1 == main(["run", *history, "--plan", plan])
        captured = capsys.readouterr()
        assert f"{plan}:1: bad-event: missing required field `kind`" in captured.err
        assert f"{plan}:2: bad-event: unknown kind 'camera.onn', did you mean 'camera.on'?" in captured.err
        assert f"{plan}:4: other-content: event '1' of source 's' came before" in captured.err
        assert "plan: 1 act, 1 alert would be raised, 3 lines refused, each named above\n" in captured.err
        assert f"camera.on  3  ({plan}:5)" in captured.out

    def test_several_packs(self, history: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """An act is judged by every pack that knows its kind."""
        (tmp_path / "other").mkdir()
        tiny(tmp_path / "other", PERMITTED.replace("rule: R", "rule: OTHER"))
        history[-1] += f",{tmp_path / 'other'},camera-programme"
        assert 3 == main(["run", *history, "--plan", self.plan(tmp_path, now(on("2", 3, "k2")))])
        out = capsys.readouterr().out
        assert out.index("[ ] R  HIGH") < out.index("[ ] OTHER  HIGH")

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (["--plan", "none.jsonl"], "none.jsonl: no such file or directory"),
            (["--plan-until", "2026-04-01T00:00:00Z"], "--plan-until lets time pass after a plan"),
            (
                ["--plan", "{plan}", "--plan-until", "2020-01-01T00:00:00Z"],
                "--plan-until: 2020-01-01T00:00:00Z is before",
            ),
            (["--plan", "{plan}", "--out", "{plan}"], "would write over the events it reads"),
        ],
    )
    def test_usage(
        self, given: list[str], said: str, history: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A plan that cannot be tried is a usage error that says why."""
        plan = self.plan(tmp_path, event("2", "camera.off", 3, camera="k1"))
        assert 2 == main(["run", *history, *(word.format(plan=plan) for word in given)])
        captured = capsys.readouterr()
        assert said in captured.err
        assert "" == captured.out
