"""Site files: what one place sets for itself, and the alerts that its exceptions waive."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from oversight import Change, Engine, Pack, errors, fold, load
from oversight.cli import main
from oversight.language.render import render_all
from oversight.language.site import read_site
from oversight.model.folding import Folded
from tests.tiny import PERMITTED, day, event, go, granted, off, on, tiny

GOLDEN = Path(__file__).parent / "golden" / "site"
SMALL = Path(__file__).parent / "packs" / "small"
WHOLE = GOLDEN / "whole" / "site.yaml"
NUMBERS = """
parameters:
  many: [{from: 2026-01-01, value: 1, source: Law}, {from: 2026-03-10, value: 5, source: New law}]
"""
COUNTED = """
- rule: R
  on: camera.on as e
  if: [has(e.limit), e.limit > many]
"""
MONTH = "reason: trial, owner: board, from: 2026-03-01, until: 2026-03-31"


def at(folder: Path, rules: str, site: str, **more: Any) -> Pack:
    """A pack of these rules as the site has it."""
    pack, file = folder / "pack", folder / "site.yaml"
    pack.mkdir(exist_ok=True)
    tiny(pack, rules, **more)
    file.write_text(site, encoding="utf-8")
    return load(pack, site=file)


def excepting(folder: Path, *exceptions: str, rules: str = PERMITTED) -> Pack:
    """A pack at a site that makes these exceptions for the rule R."""
    return at(folder, rules, "exceptions:\n" + "".join(f"  - {{rule: R, {one}}}\n" for one in exceptions))


def follow(pack: Pack, *steps: Any) -> list[Change]:
    """What an engine tells step by step."""
    engine = Engine(pack)
    return [change for step in steps for change in go(engine, step)]


def reasons(changes: list[Change]) -> list[tuple[str, datetime, str | None]]:
    """What changes say, at which instant, and what waives the alert from then on."""
    return [(c.change, c.at, None if c.waived is None else c.waived["reason"]) for c in changes]


class TestReading:
    @pytest.mark.parametrize("name", sorted(folder.name for folder in GOLDEN.iterdir()))
    def test_text(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is said of a site file is what its golden file says, all of it in one run."""
        pack = load(SMALL)
        monkeypatch.chdir(GOLDEN)
        adapted = read_site(Path(name) / "site.yaml", [pack])
        said = render_all(adapted.diagnostics, adapted.sources)
        assert (GOLDEN / name / "expected.txt").read_text(encoding="utf-8") == (said + "\n" if said else "")
        assert (adapted.packs is None) == bool(said)

    @pytest.mark.parametrize("name", ["not-adaptable", "unknown-parameter"])
    def test_one_code(self, name: str) -> None:
        """A file named after a code shows that one and nothing else."""
        adapted = read_site(GOLDEN / name / "site.yaml", [load(SMALL)])
        assert {name} == {one.code for one in adapted.diagnostics}

    def test_a_wrong_file_is_refused_with_every_problem(self) -> None:
        """Loading a pack with a site file that does not check raises what is wrong with it."""
        with pytest.raises(errors.PackError, match=r"site file .* does not check: .* \(and 20 more\)") as refused:
            load(SMALL, site=GOLDEN / "many" / "site.yaml")
        assert 21 == len(refused.value.diagnostics)

    def test_a_missing_file_is_refused(self) -> None:
        """A site file that is not there is no site file that says nothing."""
        with pytest.raises(FileNotFoundError):
            load(SMALL, site=GOLDEN / "none.yaml")

    def test_names_may_be_in_any_of_several_packs(self, tmp_path: Path) -> None:
        """One file can serve several packs; each takes what concerns it."""
        other = tiny(tmp_path, COUNTED, more=NUMBERS)
        file = tmp_path / "site.txt"
        file.write_text("severities: {R: low, SM-01: info}\n")
        adapted = read_site(file, [load(SMALL), other])
        assert adapted.packs is not None
        assert {"info"} == {r.severity for r in adapted.packs[0].rules if r.id == "SM-01"}
        assert ["low"] == [r.severity for r in adapted.packs[1].rules]

    def test_a_site_says_whose_alerts_they_are(self, tmp_path: Path) -> None:
        """The text of the site file, to the letter, is part of the digest that every alert carries."""
        plain = load(SMALL)
        file = tmp_path / "site.yaml"
        digests = {plain.digest}
        for text in ("", "severities: {SM-01: low}\n", "severities: {SM-01: low} # agreed\n"):
            file.write_text(text)
            digests.add(load(SMALL, site=file).digest)
        assert 4 == len(digests)

    def test_a_snapshot_is_of_one_site(self) -> None:
        """A snapshot taken at one site is not read at another."""
        with pytest.raises(errors.SnapshotRefused, match="another pack"):
            Engine.restore(load(SMALL), Engine(load(SMALL, site=WHOLE)).snapshot())


class TestSetting:
    def test_parameters_hold_from_their_first_day(self, tmp_path: Path) -> None:
        """Before the first day of the site's values the pack's are in force, from then on the site's alone."""
        site = "parameters: {many: [{from: 2026-03-05, value: 2}, {from: 2026-03-07, value: 3}]}"
        pack = at(tmp_path, COUNTED, site, more=NUMBERS)
        found = [(day(4), 1), (day(5), 2), (day(7), 3), (day(11), 3)]
        assert [value for _, value in found] == [pack.parameters["many"].at(instant) for instant, _ in found]

    def test_parameters_say_whether_they_are_assumed(self, tmp_path: Path) -> None:
        """An alert shows the site's value where that is an assumption, with where it comes from."""
        site = "parameters: {many: [{from: 2026-03-05, value: 2, source: Our guess, assumed: true}]}"
        changes = follow(at(tmp_path, COUNTED, site, more=NUMBERS), on("1", 4, limit=3), on("2", 6, limit=3))
        assert [[], [("many", "2", "Our guess")]] == [
            [(a.parameter, a.value, a.source) for a in change.assumed] for change in changes
        ]

    def test_severities_of_rules_and_parts(self) -> None:
        """A severity is set for a rule, or for one of its parts."""
        severities = {rule.name: rule.severity for rule in load(SMALL, site=WHOLE).rules}
        assert {"SM-01": "high", "SM-03": "critical", "SM-04/crowd": "low", "SM-04/audit": "info"} == {
            name: severities[name] for name in ("SM-01", "SM-03", "SM-04/crowd", "SM-04/audit")
        }

    def test_the_part_is_nearer_than_the_rule(self, tmp_path: Path) -> None:
        """Where both are set, a part has its own severity and the others that of the rule."""
        file = tmp_path / "site.yaml"
        file.write_text("severities: {SM-04/crowd: low, SM-04: critical}")
        rules = {rule.name: rule.severity for rule in load(SMALL, site=file).rules}
        assert ("low", "critical") == (rules["SM-04/crowd"], rules["SM-04/audit"])

    def test_in_force(self, tmp_path: Path) -> None:
        """A rule is judged at a site from the first day to the last, the last included."""
        pack = at(tmp_path, PERMITTED, "in_force: {R: {from: 2026-03-05, until: 2026-03-08}}")
        expected = [("raised", day(5, 0), None), ("cleared", day(9, 0), None)]
        assert expected == reasons(follow(pack, on("1", 2), day(20)))

    def test_in_force_of_a_part(self, tmp_path: Path) -> None:
        """A date is set for a rule, or for one of its parts, which is nearer."""
        file = tmp_path / "site.yaml"
        file.write_text("in_force: {SM-04/crowd: {from: 2026-03-05}, SM-04: {from: 2026-03-09}}")
        starts = {rule.name: rule.in_force[0] for rule in load(SMALL, site=file).rules}
        assert (day(5, 0), day(9, 0), None) == (starts["SM-04/crowd"], starts["SM-04/audit"], starts["SM-01"])

    def test_what_is_not_set_stays(self, tmp_path: Path) -> None:
        """Where a site sets the first day alone, the last is that of the pack."""
        pack = at(
            tmp_path, PERMITTED.rstrip() + "\n  in_force: {until: 2026-03-08}\n", "in_force: {R: {from: 2026-03-05}}"
        )
        assert (day(5, 0), day(9, 0)) == pack.rules[0].in_force


class TestWaiving:
    def test_an_alert_is_raised_all_the_same(self, tmp_path: Path) -> None:
        """An exception hides nothing: the alert is told, and says why, by whom and until when it is waived."""
        [change] = follow(excepting(tmp_path, MONTH), on("1", 2))
        assert ("raised", ("k1",), 1) == (change.change, change.subjects, change.open)
        expected = {"reason": "trial", "owner": "board", "until": "2026-04-01T00:00:00+08:00"}
        assert expected == change.waived == change.as_dict()["waived"]

    def test_begin_and_end_are_told_at_their_instants(self, tmp_path: Path) -> None:
        """Time alone begins and ends a waiver, the last day included, whoever passes it first."""
        pack = excepting(tmp_path, "reason: trial, owner: board, from: 2026-03-05, until: 2026-03-08")
        changes = follow(pack, on("1", 2), on("2", 30, camera="k2"))
        waived = [change for change in changes if change.change == "updated"]
        assert [("updated", day(5, 0), "trial"), ("updated", day(9, 0), None)] == reasons(waived)
        assert {((), 1, None)} == {(change.subjects, change.open, change.cause) for change in waived}

    def test_an_act_is_waived_like_a_state(self, tmp_path: Path) -> None:
        """The alert about an act stands for good, so that its waiver begins and ends as well."""
        rules = "- rule: R\n  on: camera.on as e"
        changes = follow(excepting(tmp_path, MONTH, rules=rules), on("1", 2), day(40))
        assert [("raised", day(2), "trial"), ("updated", day(32, 0), None)] == reasons(changes)

    def test_what_is_over_stays_as_it_was(self, tmp_path: Path) -> None:
        """An alert that is cleared while waived stays so when the exception ends, and one cleared before it is not."""
        pack = excepting(tmp_path, "reason: trial, owner: board, from: 2026-03-05, until: 2026-03-08")
        changes = follow(pack, on("1", 2), off("2", 4), on("3", 6), off("4", 7), day(20))
        told = [("raised", day(2), None), ("cleared", day(4), None), ("raised", day(6), "trial")]
        assert [*told, ("cleared", day(7), "trial")] == reasons(changes)

    def test_cleared_at_the_instant_of_its_end(self, tmp_path: Path) -> None:
        """Where breach and exception end at one instant, the breach never stood without the exception."""
        pack = excepting(tmp_path, "reason: trial, owner: board, from: 2026-03-01, until: 2026-03-08")
        changes = follow(pack, on("1", 2), off("2", day(9, 0)), day(20))
        assert [("raised", day(2), "trial"), ("cleared", day(9, 0), "trial")] == reasons(changes)

    def test_where_looks_at_the_alert(self, tmp_path: Path) -> None:
        """Only the alerts of which the condition is true are waived; what cannot be decided waives nothing."""
        one = f"where: 'alert.subjects == [\"k1\"] && 6 / (size(alert.subjects) - 1) == 0', {MONTH}"
        two = f"where: 'alert.subjects.all(s, s == \"k2\")', {MONTH}"
        changes = follow(excepting(tmp_path, one, two), on("1", 2), on("2", 3, camera="k2"))
        assert [("raised", day(2), None), ("raised", day(3), "trial")] == reasons(changes)

    def test_the_subjects_are_those_in_breach(self, tmp_path: Path) -> None:
        """An exception for one camera does not cover an alert about two, and does once the other has left it."""
        rules = """
        - rule: R
          while: camera as c
          each: c.parts as part
          unless: [{some: permit as p, where: p.camera == part}]
          about: part
        """
        pack = excepting(tmp_path, f"where: 'alert.subjects == [\"aa\"]', {MONTH}", rules=rules)
        changes = follow(pack, on("1", 2, parts=["bb", "aa"]), granted("2", 5, camera="bb"))
        assert [("raised", day(2), None), ("updated", day(5), "trial")] == reasons(changes)
        assert ("bb",) == changes[1].subjects

    def test_in_an_hour_that_comes_twice(self, tmp_path: Path) -> None:
        """Where a change of the subjects turns a waiver on, one change says both, also where clocks go back."""
        rules = """
        - rule: R
          while: camera as c
          each: c.parts as part
          unless: [{some: permit as p, where: p.camera == part}]
          about: part
        """
        text = "where: 'alert.subjects == [\"aa\"]', reason: trial, owner: o, from: 2026-10-01, until: 2026-10-31"
        pack = evolve(excepting(tmp_path, text, rules=rules), zone=ZoneInfo("Europe/Paris"))
        begun = datetime.fromisoformat("2026-10-25T00:10:00+00:00")
        left = datetime.fromisoformat("2026-10-25T00:30:00+00:00")
        changes = follow(pack, on("1", begun, parts=["aa", "bb"]), granted("2", left, camera="bb"))
        assert [("raised", begun, None), ("updated", left, "trial")] == [
            (c.change, c.at.astimezone(UTC), c.waived and c.waived["reason"]) for c in changes
        ]

    def test_the_subjects_are_in_order(self, tmp_path: Path) -> None:
        """An exception sees the subjects in order of their names, in whatever order the alert is about them."""
        rules = "- rule: R\n  while: camera as c\n  if: [has(c.parts)]\n  about: c.parts"
        pack = excepting(tmp_path, f'where: \'alert.subjects == ["aa", "bb"]\', {MONTH}', rules=rules)
        [change] = follow(pack, on("1", 2, parts=["bb", "aa"]))
        assert (("bb", "aa"), True) == (change.subjects, change.waived is not None)

    def test_the_first_written_holds(self, tmp_path: Path) -> None:
        """Of two exceptions the first is shown; when it ends, the other one takes over."""
        pack = excepting(
            tmp_path,
            "reason: first, owner: o, from: 2026-03-03, until: 2026-03-04",
            "reason: second, owner: o, from: 2026-03-01, until: 2026-03-05",
        )
        expected = [
            ("raised", day(2), "second"),
            ("updated", day(3, 0), "first"),
            ("updated", day(5, 0), "second"),
            ("updated", day(6, 0), None),
        ]
        assert expected == reasons(follow(pack, on("1", 2), day(20)))

    def test_a_late_event_tells_the_whole_story(self, tmp_path: Path) -> None:
        """An alert that comes to light late is told with the waiver of its day, and then with the end of it."""
        pack = excepting(tmp_path, "reason: trial, owner: board, from: 2026-03-01, until: 2026-03-08")
        changes = follow(pack, on("1", 20, camera="k9"), on("2", 2))
        assert [("raised", day(2), "trial"), ("updated", day(9, 0), None)] == reasons(changes[1:])
        assert {"2"} == {change.cause for change in changes[1:]}

    def test_time_taken_back_takes_the_end_back(self, tmp_path: Path) -> None:
        """Where a correction takes time back to before its end, an exception holds again."""
        pack = excepting(tmp_path, "reason: trial, owner: board, from: 2026-03-01, until: 2026-03-08")
        wrong = on("2", 20, camera="k2")
        right = event("3", "event.retracted", 4, corrects="2")
        changes = [c for c in follow(pack, on("1", 2), wrong, right) if "k2" not in c.subjects]
        assert [day(2), day(9, 0), day(2)] == [change.at for change in changes]
        assert {"trial"} == {alert.waived["reason"] for alert in fold(changes).values() if alert.waived}

    def test_what_is_open_shows_what_waives_it_now(self, tmp_path: Path) -> None:
        """The alerts that stand, and one that is explained, show the exception in force at the instant reached."""
        engine = Engine(excepting(tmp_path, "reason: trial, owner: board, from: 2026-03-05, until: 2026-03-08"))
        [raised] = engine.feed(on("1", 2))
        for number, reason in ((4, None), (6, "trial"), (10, None)):
            engine.advance(day(number))
            for change in (*engine.open_alerts(), engine.explain(raised.alert)):
                assert reason == (change.waived or {}).get("reason")

    def test_a_snapshot_keeps_it(self, tmp_path: Path) -> None:
        """What had been told before a snapshot is not told again after it, and what is to come still comes."""
        pack = excepting(tmp_path, "reason: trial, owner: board, from: 2026-03-05, until: 2026-03-08")
        engine = Engine(pack)
        engine.feed(on("1", 2))
        engine.advance(day(6))
        restored = Engine.restore(pack, engine.snapshot())
        assert [("updated", day(9, 0), None)] == reasons(list(restored.advance(day(20))))

    def test_a_bound_on_revision_forgets_no_end(self, tmp_path: Path) -> None:
        """An act that is too old to be revised is still told to be waived no longer."""
        engine = Engine(excepting(tmp_path, MONTH, rules="- rule: R\n  on: camera.on as e"), revise="P1D")
        engine._timeline.journal.slice = 1
        engine.feed(on("1", 2))
        for number in range(3, 31):
            engine.feed(off(str(number), number))
        assert [("updated", day(32, 0), None)] == reasons(list(engine.advance(day(40))))

    def test_a_rule_about_alerts_sees_waived_ones(self, tmp_path: Path) -> None:
        """An exception for an alert is none for a rule that watches it."""
        rules = PERMITTED + "\n- rule: S\n  while: alert as a\n  of: [R]\n  for: P3D\n  about: a.subjects\n"
        changes = follow(excepting(tmp_path, MONTH, rules=rules), on("1", 2), day(10))
        assert [("R", True), ("S", False)] == [(change.rule, change.waived is not None) for change in changes]

    def test_any_order_of_arrival_ends_in_the_same(self, tmp_path: Path) -> None:
        """In whatever order events come, what is told in the end of each alert and its waiver is the same."""
        pack = excepting(tmp_path, "reason: trial, owner: board, from: 2026-03-05, until: 2026-03-08")
        history = [on("1", 2), on("2", 6, camera="k2"), off("3", 7, camera="k2"), on("4", 12, camera="k3")]
        ends: list[dict[str, Folded]] = [
            fold(follow(pack, *order, day(20))) for order in (history, history[::-1], history[2:] + history[:2])
        ]
        assert ends[0] == ends[1] == ends[2]
        assert [None, "trial", None] == [(a.waived or {}).get("reason") for a in ends[0].values()]


class TestCommands:
    @pytest.fixture
    def events(self, tmp_path: Path) -> str:
        """A function switched on for a camera, without an assessment."""
        path = tmp_path / "events.jsonl"
        enabled = {"kind": "capability.enabled", "id": "1", "time": "2026-03-02T09:00:00+08:00"}
        path.write_text(
            json.dumps({**enabled, "data": {"capability": "f", "kind": "plate_reading", "cameras": ["k1"]}})
        )
        return str(path)

    @pytest.mark.parametrize(("until", "status"), [("2026-03-20", 0), ("2026-04-10", 3)])
    def test_exit_status(self, events: str, until: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
        """A waived alert does not set the exit status, and does again once its exception has ended."""
        arguments = [events, "--rules", str(SMALL), "--site", str(WHOLE), "--until", f"{until}T00:00:00+08:00"]
        assert status == main(["run", *arguments])
        told = capsys.readouterr()
        lines = [json.loads(line) for line in told.out.splitlines()]
        assert "raised" == lines[0]["change"]
        assert (status == 0) == (lines[-1]["waived"] is not None)
        assert ("1 alert, 1 of them waived" in told.err) == (status == 0)

    def test_text(self, events: str, capsys: pytest.CaptureFixture[str]) -> None:
        """The text form says what waives an alert, and when nothing does any more."""
        until = "2026-04-10T00:00:00+08:00"
        main(["run", events, "--rules", str(SMALL), "--site", str(WHOLE), "--until", until, "--format", "text"])
        out = " ".join(capsys.readouterr().out.split())
        assert (
            "waived reason The trial in the market hall is declared to the board., owner Head of safety, until" in out
        )
        assert "00:00 SM-01 HIGH no longer waived" in out

    def test_explain(self, events: str, capsys: pytest.CaptureFixture[str]) -> None:
        """Why an alert was raised is explained with what waives it and what was told of that."""
        pack = ["--rules", str(SMALL), "--site", str(WHOLE)]
        main(["run", events, *pack])
        identity = json.loads(capsys.readouterr().out.splitlines()[0])["alert"]
        assert 0 == main(["explain", identity, "--events", events, *pack])
        assert "├─ waived\n│  ├─ reason: The trial" in capsys.readouterr().out
        assert 0 == main(["explain", identity, "--events", events, *pack, "--until", "2026-04-10T00:00:00+08:00"])
        assert "updated by the passing of time, no longer waived\n" in capsys.readouterr().out

    def test_check(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A site file is checked with the packs it is for."""
        assert 0 == main(["check", str(SMALL), "--site", str(WHOLE)])
        assert f"{WHOLE}: checks, 1 exception\n" in capsys.readouterr().err
        wrong = str(GOLDEN / "many" / "site.yaml")
        assert 1 == main(["check", str(SMALL), "--site", wrong])
        told = capsys.readouterr()
        assert f"{wrong}: 21 errors\n" in told.err
        assert "did you mean 'SM-04/crowd'?" in told.out

    def test_test(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The cases of a pack are tried as the site has it, so that a case shows what a site changes."""
        assert 0 == main(["test", str(SMALL)])
        assert 1 == main(["test", str(SMALL), "--site", str(WHOLE)])
        assert "FAILED  SM-02: two of one" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "command", [["run", "{events}", "--rules"], ["explain", "0", "--events", "{events}", "--rules"]]
    )
    def test_usage(self, command: list[str], events: str, capsys: pytest.CaptureFixture[str]) -> None:
        """A site file that cannot be read, or does not check, is a usage error that says why."""
        given = [*(word.format(events=events) for word in command), str(SMALL), "--site"]
        assert 2 == main([*given, "none.yaml"])
        assert "--site none.yaml: no such file or directory" in capsys.readouterr().err
        assert 2 == main([*given, str(GOLDEN / "many" / "site.yaml")])
        told = capsys.readouterr()
        assert "error[unknown-rule]: there is no rule 'SM-10'" in told.err
        assert "" == told.out
