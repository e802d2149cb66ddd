"""What a programme of a whole city may bring: acts over many cameras, cameras that move, several jurisdictions."""

import json
import sys
from datetime import datetime
from itertools import permutations

import pytest
from attrs import evolve

from oversight import Engine, fold, load
from oversight.cli import main
from oversight.ground.errors import EventRefused
from oversight.ground.time import parse_instant
from oversight.model.extract import extract
from tests.tiny import ZONE, on, tiny

HONG_KONG = load("hong-kong")
DAY = "2026-03-{:02}T09:00:00+08:00"


def event(what, day, **data):
    """One event of March 2026."""
    return {"id": f"{what}-{day}-{data.get('camera', '')}", "kind": what, "time": DAY.format(day), "data": data}


def camera(name, zone, day=1):
    """A camera hung in a zone."""
    return event(
        "camera.installed", day, camera=name, programme="p", zone=zone, lat=22.3, lon=114.1, owner="op",
        capable_of=["facial_recognition"], covert=False,
    )  # fmt: skip


def function(day, level, ids):
    """Face recognition switched on."""
    return event(
        "capability.enabled", day, capability="f-1", kind="facial_recognition", target={"level": level, "ids": ids},
        model_version="frt-3.1", purpose=["suspect_identification"], biometric=True, mode="live", actor="u-1",
    )  # fmt: skip


def zone(name, district):
    """A zone of a district."""
    return event("zone.defined", 1, zone=name, name=name, district=district, sensitivity="none") | {"id": name}


def of_rule(changes, rule, part=""):
    """The alerts of a rule that the changes amount to."""
    return [alert for alert in fold(changes).values() if (alert.rule, alert.part) == (rule, part)]


def test_one_act_over_many_cameras_is_one_alert():
    """2,990 cameras enabled in one act are one alert of each rule, with all of them as subjects."""
    cameras = [f"cam-{number:04}" for number in range(2990)]
    engine = Engine(HONG_KONG)
    engine.feed([camera(name, f"z-{number % 50}") for number, name in enumerate(cameras)])
    changes = engine.feed(function(2, "camera", cameras))
    (alert,) = of_rule(changes, "HK-PIA-01")
    assert set(cameras) == set(alert.subjects)
    raised = [(change.rule, change.part) for change in changes if change.change == "raised"]
    assert len(raised) == len(set(raised))


def test_camera_across_a_district_line():
    """A camera that is moved out of the assessed district is in breach from then, and no longer when it is back."""
    scope = {"districts": ["Yau Tsim Mong"], "capability": "facial_recognition", "model_version": "frt-3.1"}
    assessment = event(
        "assessment.approved", 1, assessment="pia-1", kind="pia", scope=scope, findings={}, approver="dpo",
        valid_from=DAY.format(1), valid_until=DAY.format(30), residual_risk="low",
    )  # fmt: skip
    engine = Engine(HONG_KONG)
    zones = [zone("z-1", "Yau Tsim Mong"), zone("z-2", "Yau Tsim Mong"), zone("z-3", "Kowloon City")]
    changes = list(engine.feed([*zones, assessment, camera("cam-1", "z-1")]))
    told = []
    for day, name in ((2, None), (3, "z-2"), (4, "z-3"), (5, "z-1")):
        changes = engine.feed(camera("cam-1", name, day) if name else function(day, "camera", ["cam-1"]))
        told += [(day, c.change, c.subjects) for c in changes if c.rule == "HK-PIA-01"]
    assert [(4, "raised", ("cam-1",)), (5, "cleared", ("cam-1",))] == told


def test_two_jurisdictions_at_once(tmp_path, capsys):
    """The same switching on is judged by each pack on its own basis; what one asks for does not excuse the other."""
    audit = event(
        "audit.completed", 2, audit="a-1", kind="bias", subject="frt", model_version="3.1", result="pass",
        independent=True,
    )  # fmt: skip
    breach = event(
        "breach.detected", 3, breach="b-1", aware_at=DAY.format(3), categories=["video"], real_risk=True
    )  # fmt: skip
    told = event("breach.notified", 4, breach="b-1", to="dpa")
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, [function(1, "camera", ["cam-1"]), audit, breach, told])) + "\n")
    packs = "tests/packs/europe,tests/packs/britain"
    assert 3 == main(["run", str(path), "--rules", packs, "--until", DAY.format(20)])
    changes = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [
        ("raised", "europe", "EU-LED-27-01", "statute", parse_instant(DAY.format(1))),
        ("raised", "britain", "UK-BRI-03", "case-law", parse_instant(DAY.format(1))),
        ("cleared", "britain", "UK-BRI-03", "case-law", parse_instant(DAY.format(2))),
        ("raised", "britain", "UK-DPA-67", "statute", parse_instant(DAY.format(6))),
    ] == [(c["change"], c["pack"], c["rule"], c["basis"], parse_instant(c["at"])) for c in changes]


def test_packs_of_other_jurisdictions_are_sound(capsys):
    """Their cases pass, and see every clause from both sides."""
    assert 0 == main(["test", "tests/packs/europe", "tests/packs/britain", "--coverage"])
    assert "(100 %)" in capsys.readouterr().out


def test_a_month_from_the_last_of_january(tmp_path):
    """A month from 31 January ends on the last of February at the same hour, also in a leap year."""
    pack = tiny(tmp_path, "- rule: R\n  while: camera as c\n  for: P1M\n")
    for year, last in ((2026, 28), (2028, 29)):
        engine = Engine(pack)
        engine.feed({**on("e1", 1, "k1"), "time": f"{year}-01-31T10:00:00+08:00"})
        assert () == engine.advance(datetime(year, 2, last, 9, tzinfo=ZONE))
        (change,) = engine.advance(datetime(year, 3, 2, tzinfo=ZONE))
        assert datetime(year, 2, last, 10, tzinfo=ZONE) == change.at


ACT = {"HK-PIA-01", "HK-PIA-04", "HK-CCTV-04", "HK-CAP-01", "HK-NOT-01", "HK-DPP1-04"}
"""Rules that the switching on of a function touches, some of them for each live camera."""


def crowded(cameras):
    """An engine on which so many cameras are live, each with what it needs, and the paper of the whole programme."""
    engine = Engine(evolve(HONG_KONG, rules=tuple(rule for rule in HONG_KONG.rules if rule.id in ACT)))
    scope = {"programme": "p", "explicit_all": True, "purpose": ["safety"]}
    assessment = event(
        "assessment.approved", 1, assessment="pia-1", kind="pia", scope={**scope, "capability": "plate_reading"},
        findings={}, approver="dpo", valid_from=DAY.format(1), valid_until=DAY.format(30), residual_risk="low",
    )  # fmt: skip
    notice = event(
        "notice.published", 1, notice="n-1", subject="cameras", covers={"programme": "p"}, operator="op",
        purpose="safety", contact="desk", languages=["en"], transferee_classes=["courts"],
    )  # fmt: skip
    assert () == engine.feed([assessment, notice])
    names = [f"cam-{number:05}" for number in range(cameras)]
    assert () == engine.feed([camera(name, f"z-{number % 600}") for number, name in enumerate(names)])
    live = [
        event("camera.activated", 2, camera=name, purposes=["safety"], recording=True, covert=False) for name in names
    ]
    assert () == engine.feed(live)
    return engine


def switched_on(engine):
    """The alerts that one act over the whole programme raises."""
    return [change for change in engine.feed(function(3, "programme", ["p"])) if change.change == "raised"]


def test_one_act_over_a_whole_programme():
    """Over 60,000 live cameras in one act: one alert of each rule, about the programme."""
    raised = switched_on(crowded(60_000))
    assert ACT - {"HK-PIA-04"} == {change.rule for change in raised}
    assert [("p",)] * len(raised) == [change.subjects for change in raised]
    assert len(raised) == len({(change.rule, change.part) for change in raised})


def work(cameras):
    """How many functions are called to put up so many cameras and to judge one act over all of them."""
    counted = [0]

    def count(frame, what, argument):
        counted[0] += what in ("call", "c_call")

    sys.setprofile(count)
    try:
        switched_on(crowded(cameras))
    finally:
        sys.setprofile(None)
    return counted[0]


def test_work_of_an_act_grows_with_what_it_touches():
    """Twice as many cameras are about twice the work to put up and to judge, not four times."""
    assert work(2000) < 2.5 * work(1000)


def watched(*rules):
    """An engine that watches by some of the rules, which read the kinds of all that happens here."""
    return Engine(extract(HONG_KONG, rules, ()))


def enabled(day, zones, capability="f-1"):
    """Face recognition switched on in zones; the event is called after the capability."""
    made = function(day, "zone", zones)
    return made | {"id": capability, "data": made["data"] | {"capability": capability}}


def approved(day, scope, identity="approved", recorded=None):
    """An assessment approved for face recognition, as if it had been valid since the first of the month."""
    made = event(
        "assessment.approved", day, assessment="pia-1", kind="pia", findings={}, approver="dpo", residual_risk="low",
        scope={"capability": "facial_recognition", "model_version": "frt-3.1", **scope},
        valid_from=DAY.format(1), valid_until=DAY.format(30),
    )  # fmt: skip
    return made | {"id": identity} | ({"recordedtime": DAY.format(recorded)} if recorded else {})


def told(changes):
    """What changes say: of which rule, which, on which day, about whom, how many are open, because of what, and why."""
    return [(c.rule, c.change, c.at.astimezone(ZONE).day, c.subjects, c.open, c.cause, c.reason) for c in changes]


REVOKED = event("assessment.revoked", 15, assessment="pia-1", reason="appeal", by="court") | {"id": "revoked"}
OFF = event("capability.disabled", 20, capability="f-1", actor="u-1", reason="policy") | {"id": "off"}


def test_a_late_assessment():
    """What it reaches was never in breach, the rest still is; the change names it and its two days."""
    engine = watched("HK-PIA-01")
    expected = ("HK-PIA-01", "raised", 10, ("z-1", "z-2"), 2, "f-1", None)
    assert [expected] == told(engine.feed(enabled(10, ["z-1", "z-2"])))
    assert () == engine.advance(parse_instant(DAY.format(20)))
    reason = "evidence filed late: assessment pia-1 approved 2026-03-09, recorded 2026-03-20"
    expected = ("HK-PIA-01", "updated", 10, ("z-1",), 1, "narrow", reason)
    assert [expected] == told(engine.feed(approved(9, {"zones": ["z-1"]}, "narrow", 20)))
    expected = ("HK-PIA-01", "withdrawn", 10, ("z-2",), 0, "wide", reason)
    assert [expected] == told(engine.feed(approved(9, {"zones": ["z-1", "z-2"]}, "wide", 20)))
    assert () == engine.open_alerts()


def test_a_backdated_approval():
    """It excuses from the day it was given, not from the day it says: the alert is cleared and stays on record."""
    for recorded, reason in (
        (None, None),
        (20, "evidence filed late: assessment pia-1 approved 2026-03-12, recorded 2026-03-20"),
    ):
        engine = watched("HK-PIA-01")
        raised = engine.feed(enabled(10, ["z-1"]))
        assert [("HK-PIA-01", "raised", 10, ("z-1",), 1, "f-1", None)] == told(raised)
        if recorded:
            assert () == engine.advance(parse_instant(DAY.format(recorded)))
        cleared = engine.feed(approved(12, {"zones": ["z-1"]}, recorded=recorded))
        assert [("HK-PIA-01", "cleared", 12, ("z-1",), 0, "approved", reason)] == told(cleared)
        (alert,) = fold([*raised, *cleared]).values()
        assert (10, 12) == (alert.at.astimezone(ZONE).day, alert.cleared.astimezone(ZONE).day)
    flagged = watched("HK-PIA-09").feed(approved(12, {"zones": ["z-1"]}))
    assert [("HK-PIA-09", "raised", 12, ("pia-1",), 1, "approved", None)] == told(flagged)


def test_a_revocation_while_2990_cameras_are_on():
    """One alert for each record of a function, every camera counted; another approval clears both."""
    cameras = [f"cam-{number:04}" for number in range(2990)]
    engine = watched("HK-PIA-01")
    acts = []
    for name, ids in (("f-1", cameras[:2000]), ("f-2", cameras[2000:])):
        act = function(10, "camera", ids)
        acts.append(act | {"id": name, "data": act["data"] | {"capability": name}})
    scope = {"zones": [f"z-{number}" for number in range(10)]}
    installed = [camera(name, f"z-{number % 10}") for number, name in enumerate(cameras)]
    assert () == engine.feed([*installed, approved(9, scope), *acts])
    expected = [
        ("HK-PIA-01", "raised", 15, tuple(cameras[:2000]), 2000, "revoked", None),
        ("HK-PIA-01", "raised", 15, tuple(cameras[2000:]), 990, "revoked", None),
    ]
    by_size = sorted(engine.feed(REVOKED), key=lambda change: -change.open)
    assert expected == [(*one[:3], tuple(sorted(one[3])), *one[4:]) for one in told(by_size)]
    cleared = engine.feed(approved(18, scope, "again"))
    assert {("cleared", 0, "again", None)} == {(c.change, c.open, c.cause, c.reason) for c in cleared}
    assert cameras == sorted(subject for change in cleared for subject in change.subjects)
    assert () == engine.open_alerts()


def test_duplicates():
    """Everything again, one by one or at once, tells nothing; other content under a known id is refused by name."""
    history = [approved(9, {"zones": ["z-1"]}), enabled(10, ["z-1", "z-2"]), REVOKED, OFF]
    engine = watched("HK-PIA-01")
    expected = [
        ("HK-PIA-01", "raised", 10, ("z-2",), 1, "f-1", None),
        ("HK-PIA-01", "raised", 15, ("z-1",), 1, "revoked", None),
        ("HK-PIA-01", "cleared", 20, ("z-2",), 0, "off", None),
        ("HK-PIA-01", "cleared", 20, ("z-1",), 0, "off", None),
    ]
    assert expected == told([change for one in history for change in [*engine.feed(one), *engine.feed(one)]])
    assert () == engine.feed(history)
    assert () == engine.feed([*history, *reversed(history)])
    with pytest.raises(EventRefused, match="event 'off' of source '' came before with other content"):
        engine.feed(OFF | {"time": DAY.format(21)})
    assert () == engine.open_alerts()


def test_wrong_order():
    """In each order of four acts the same alert is left; a late one tells what it undoes and what it brings."""
    history = [approved(9, {"zones": ["z-1"]}), enabled(10, ["z-1"]), REVOKED, OFF]
    for order in permutations(history):
        engine = watched("HK-PIA-01")
        (alert,) = fold([change for one in order for change in engine.feed(one)]).values()
        assert (15, 20) == (alert.at.astimezone(ZONE).day, alert.cleared.astimezone(ZONE).day)
    engine = watched("HK-PIA-01")
    on, late = "filed late: capability f-1 enabled 2026-03-10", "filed late: assessment pia-1 approved 2026-03-09"
    expected = [
        ("HK-PIA-01", "raised", 10, ("z-1",), 1, "f-1", on),
        ("HK-PIA-01", "cleared", 20, ("z-1",), 0, "f-1", f"evidence {on}"),
        ("HK-PIA-01", "withdrawn", 10, ("z-1",), 0, "approved", f"evidence {late}"),
        ("HK-PIA-01", "raised", 15, ("z-1",), 1, "approved", late),
        ("HK-PIA-01", "cleared", 20, ("z-1",), 0, "approved", f"evidence {late}"),
    ]
    order = [OFF, history[1], REVOKED, history[0]]
    assert expected == told([change for one in order for change in engine.feed(one)])


def test_a_gap_in_sequence():
    """Steps of one instant act in their order whatever is missing; what fills the gap later takes its own place."""
    first, third, fourth = [
        one | {"sequence": number, "time": DAY.format(10)}
        for number, one in (
            ("1", OFF | {"id": "first"}),
            ("3", OFF | {"id": "third"}),
            ("4", event("capability.updated", 10, capability="f-1", changes={"threshold": 0.9}, actor="u-1")),
        )
    ]
    engine = watched("HK-PIA-01")
    raised = engine.feed([enabled(10, ["z-1"]) | {"sequence": "2"}, fourth])
    assert [("HK-PIA-01", "raised", 10, ("z-1",), 1, "f-1", None)] == told(raised)
    assert () == engine.feed(first)
    reason = "evidence filed late: capability f-1 disabled 2026-03-10"
    assert [("HK-PIA-01", "withdrawn", 10, ("z-1",), 0, "third", reason)] == told(engine.feed(third))
