"""Cases: what passes, what fails, and what a policy author reads then."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from oversight import Engine, fold, load
from oversight.cases import trial
from oversight.model.extract import extract
from oversight.cases.matching import Expected, Got, differences, unmatched
from oversight.cases.trial import run_case, run_cases
from oversight.cli import main
from oversight.ground.time import parse_instant
from oversight.meaning.semantics import outcome

SMALL = load("tests/packs/small")
AUDIT = next(case for case in SMALL.cases if case.name == "half a year")
CROWD = next(case for case in SMALL.cases if case.name == "a third camera")
PLAIN = next(case for case in SMALL.cases if case.name == "no assessment")
DAY = datetime(2026, 3, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 2).map(lambda days: DAY + timedelta(days=days))
IDS = st.frozensets(st.sampled_from("ab"), max_size=2)
EXPECTED = st.builds(
    Expected, st.just(("R",)), INSTANTS, st.none() | INSTANTS, st.none() | IDS, st.sampled_from([None, "p"])
)
GOT = st.builds(Got, st.just("R"), st.sampled_from(["", "p"]), INSTANTS, st.none() | INSTANTS, IDS)


@given(st.lists(EXPECTED, max_size=5), st.lists(GOT, max_size=5), st.randoms(use_true_random=False))
def test_pairing_leaves_as_little_as_can_be(expected, got, random):
    """Pairing leaves the same number whatever the order, and no two left over fit each other."""
    lost, surplus = unmatched(expected, got)
    assert len(expected) - len(lost) == len(got) - len(surplus)
    assert all(differences(wanted, each) for wanted in lost for each in surplus)
    shuffled = list(expected)
    random.shuffle(shuffled)
    assert len(lost) == len(unmatched(shuffled, got)[0])


def test_pairing_gives_way():
    """An alert that fits two expectations goes to the one that nothing else fits."""
    anything, this = Expected(("R",), DAY), Expected(("R",), DAY, about=frozenset({"a"}))
    came = [Got("R", "", DAY, None, frozenset({"a"})), Got("R", "", DAY, None, frozenset({"b"}))]
    assert ([], []) == unmatched([anything, this], came)


def test_one_of_two_alike_is_one_too_many():
    """Two alerts that look the same are two."""
    came = Got("R", "", DAY, None, frozenset({"a"}))
    assert ([], [came]) == unmatched([Expected(("R",), DAY)], [came, came])


@pytest.mark.parametrize("pack", ["tests/packs/small", "hong-kong"])
def test_packs_pass(pack):
    """Every case of these packs passes, on the engine and on the definition."""
    results = [result for own, _ in run_cases(load(pack)) for result in own]
    assert results
    assert [] == [(r.case.name, r.failures) for r in results if not r.passed]


def test_part_of_a_pack_means_the_same():
    """The alerts of a rule are the same in the part of the pack that is extracted for it."""
    for case in SMALL.cases:
        part = extract(SMALL, case.rules, [event["kind"] for event in case.events])
        assert set(case.rules) <= {rule.id for rule in part.rules} <= {rule.id for rule in SMALL.rules}
        whole, own = alerts_of(SMALL, case), alerts_of(part, case)
        assert own == {name: alert for name, alert in whole.items() if name in own}
        assert [] == [name for name in whole.keys() - own.keys() if whole[name].rule in case.rules]


def alerts_of(pack, case):
    """The alerts that the engine raises for a case."""
    engine = Engine(pack)
    changes = [change for event in case.events for change in engine.feed({"id": str(id(event)), **event})]
    return fold(changes + list(engine.advance(case.until) if case.until else ()))


def failures(case, **changed):
    """What is said of *case* with some of it changed."""
    return run_case(SMALL, evolve(case, **changed)).failures


def test_missing_alert():
    """An expected alert that does not come fails, with the nearest that came and in what it differs."""
    alert = {"at": parse_instant("2026-09-01T10:00:00+08:00")}
    assert (
        "expected, but did not come: SM-03 at 2026-09-01T10:00:00+08:00\n"
        "  nearest that came: SM-03 at 2026-09-01T09:00:00+08:00 about p1, open at the end\n"
        "  but it came at 2026-09-01T09:00:00+08:00",
        "came, but was not expected: SM-03 at 2026-09-01T09:00:00+08:00 about p1, open at the end\n"
        "  it says: no audit of p1 is on record since 2026-03-01T09:00:00+08:00\n"
        "  it rests on: event 1",
    ) == failures(AUDIT, alerts=(alert,))


def test_unexpected_alert():
    """An alert that nobody expected fails, and says what would have excused it."""
    (said,) = failures(PLAIN, alerts=())
    assert said.startswith("came, but was not expected: SM-01 at 2026-03-01T09:00:00+08:00 about k1, open at the end")
    assert "\n  it says: plate_reading is on (f1) and no assessment covering it is on record\n" in said
    assert "\n  not excused: nothing on record for some: assessment" in said


def test_why_it_did_not_come():
    """Of an expected alert that says about whom it is, the clause is told that decided, with the evidence."""
    alert = {"at": parse_instant("2026-03-01T10:00:00+08:00"), "about": "p1"}
    (said,) = failures(AUDIT, alerts=(alert,), until=parse_instant("2026-03-01T10:00:00+08:00"))
    assert said == (
        "expected, but did not come: SM-03 at 2026-03-01T10:00:00+08:00 about p1\n"
        "  p1: its conditions hold, and the rule leaves time until 2026-09-01T01:00:00Z: audit_interval"
    )
    (said,) = failures(AUDIT, alerts=({**alert, "about": "p9"},), until=alert["at"])
    assert said.endswith("\n  p9: nothing that SM-03 looks at concerns it at that time")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"about": ("k2",)}, "but it is about k3"),
        ({"part": "audit"}, "but its part is 'crowd'"),
        ({"cleared": DAY}, "but it was not cleared"),
        ({"about": ("k2",), "part": "audit"}, "but its part is 'crowd' and it is about k3"),
    ],
)
def test_what_differs(changed, said):
    """Each thing a case can say of an alert is compared."""
    (alert,) = CROWD.alerts
    lost, _ = failures(CROWD, alerts=({**alert, **changed},))
    assert said == lost.splitlines()[-1].strip()


def test_cleared_must_be_said():
    """An alert that was cleared is not the open one that a case expects by saying nothing."""
    end = {"kind": "capability.disabled", "time": "2026-03-02T09:00:00+08:00", "capability": "f1"}
    events = (*PLAIN.events, end)
    (alert,) = PLAIN.alerts
    lost, _ = failures(PLAIN, events=events)
    assert "but it was cleared at 2026-03-02T09:00:00+08:00" == lost.splitlines()[-1].strip()
    cleared = {**alert, "cleared": parse_instant("2026-03-02T09:00:00+08:00")}
    assert () == failures(PLAIN, events=events, alerts=(cleared,))


def test_written_order_is_order_of_arrival():
    """A case whose last event is late ends in the same alerts; one whose event is retracted has none."""
    assert () == failures(CROWD, events=tuple(reversed(CROWD.events)))
    taken_back = {"kind": "event.retracted", "time": "2026-03-03T09:00:00+08:00", "corrects": "1"}
    assert () == failures(PLAIN, events=(*PLAIN.events, taken_back), alerts=())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"until": DAY}, "until: is before the last event; time is advanced to it after all of them"),
        (
            {"events": ({"kind": "audit.completd", "time": "2026-03-01T09:00:00Z"},)},
            "event 1 was refused: unknown kind 'audit.completd', did you mean 'audit.completed'? (at $)",
        ),
        (
            {"events": (*AUDIT.events, {**AUDIT.events[0], "id": "1", "programme": "p2"})},
            "event 2 was refused: event '1' of source 'case' came before with other content; the first stands",
        ),
    ],
)
def test_events_that_cannot_be_taken(changed, said):
    """A case whose events are refused fails with the number of the event."""
    assert (said,) == failures(AUDIT, **changed)


def test_evaluators_that_differ(monkeypatch):
    """A difference of engine and definition is a failure, even where the case expects what came."""

    def later(pack, events, upto, seen):
        meant = outcome(pack, events, upto, seen=seen)
        for alert in meant.alerts.values():
            alert.at += timedelta(hours=1)
        return meant

    monkeypatch.setattr(trial, "outcome", later)
    (said,) = failures(AUDIT)
    assert said.startswith("the engine and the definition of the language differ")


def test_command(tmp_path, capsys):
    """The command tells failures with the rule, the case and its place, and the exit status says so."""
    folder = tmp_path / "pack"
    folder.mkdir()
    for path in Path("tests/packs/small").glob("*.yaml"):
        text = path.read_text().replace("2026-09-01T09:00:00+08:00", "2026-09-01T09:00:01+08:00")
        (folder / path.name).write_text(text)
    assert 1 == main(["test", str(folder)])
    told = capsys.readouterr().out.splitlines()
    assert "FAILED  SM-03: half a year" == told[0]
    assert told[1].strip().startswith(f"{folder}/rules.yaml:")
    assert "small: 6 cases on the engine and on the definition, 1 failed" == told[-1]
    report = tmp_path / "cases.xml"
    assert 1 == main(["test", str(folder), "--junit", str(report)])
    root = ElementTree.parse(report).getroot()
    assert ("6", "1") == (root.get("tests"), root.get("failures"))
    (suite,) = root
    assert ("small", 6) == (suite.get("name"), len(suite))
    (failed,) = [test for test in suite if len(test)]
    assert ("small.SM-03", "half a year") == (failed.get("classname"), failed.get("name"))
    assert failed.get("file") == f"{folder}/rules.yaml"
    assert failed[0].get("message").startswith("expected, but did not come: SM-03 at 2026-09-01T09:00:01+08:00")
    assert failed[0].text.endswith("it rests on: event 1")
    capsys.readouterr()
    assert 0 == main(["test", "tests/packs/small", "--verbose"])
    assert "passed  SM-01: no assessment" == capsys.readouterr().out.splitlines()[0]


FEW = """\
pack: {name: shop, version: "1", language: 1, timezone: Europe/Paris}
kinds:
  camera.on: {description: A camera began., emitter: shop, attributes: {camera: {type: id, required: true}}}
facts:
  camera: {key: camera, keep: forever, starts: {on: camera.on}}
parameters:
  many: [{from: 2024-01-01, value: 1000}]
rules:
  - rule: SHOP-01
    title: Too many
    authority: [{instrument: Charter, provision: section 1}]
    basis: commitment
    severity: high
    on: camera.on as e
    if: [{count: camera as c, at_least: many}]
    about: e.camera
    alert: "{e.camera} is one too many"
    remedy: Switch it off.
    cases:
      - name: one of a thousand
        events: [{kind: camera.on, time: "2026-03-01T09:00:00+01:00", camera: k1}]
        alerts: []
      - name: where one is many
        parameters: {many: [{from: 2024-01-01, value: 1}]}
        events: [{kind: camera.on, time: "2026-03-01T09:00:00+01:00", camera: k1}]
        alerts: [{at: "2026-03-01T09:00:00+01:00", about: k1}]
"""


def written(folder, text):
    """A pack in *folder*."""
    (folder / "pack.yaml").write_text(text, encoding="utf-8")
    return str(folder)


def test_a_case_has_numbers_of_its_own(tmp_path):
    """What is written in a case holds there and not in the next one."""
    results = [result for own, _ in run_cases(load(written(tmp_path, FEW))) for result in own]
    assert [("one of a thousand", True), ("where one is many", True)] == [(r.case.name, r.passed) for r in results]


def test_a_number_of_a_case_goes_before_that_of_a_site(tmp_path):
    """With a site that sets the same number the case comes out as it did."""
    site = tmp_path.parent / f"{tmp_path.name}.yaml"
    site.write_text("parameters: {many: [{from: 2024-01-01, value: 2}]}", encoding="utf-8")
    pack = load(written(tmp_path, FEW), site=site)
    assert [True, True] == [result.passed for own, _ in run_cases(pack) for result in own]


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("{mony: [{from: 2024-01-01, value: 1}]}", "error[unknown-parameter]: there is no parameter 'mony'"),
        ("{many: [{from: 2024-01-01, value: P1D}]}", "many is an int, and this value is a period"),
        ("[many]", "parameters: is a mapping of keys to values"),
    ],
)
def test_numbers_that_a_case_cannot_have(tmp_path, capsys, own, said):
    """A number that the pack does not know, or of another type, is refused at its place."""
    wrong = FEW.replace("{many: [{from: 2024-01-01, value: 1}]}", own)
    assert 2 == main(["test", written(tmp_path, wrong)])
    assert said in capsys.readouterr().err
