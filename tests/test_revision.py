"""What late and corrected events change: which event is named, and in which words."""

import re

import pytest
from tests.tiny import PERMITTED, day, event, granted, on, revoked, tiny

import oversight
from oversight.engine.core import Engine
from oversight.ground.errors import EventRefused
from oversight.meaning.verify import verify

PACK = oversight.load("hong-kong")
SWITCHED_ON = {
    "kind": "capability.enabled", "id": "on", "time": "2026-03-10T09:00:00+08:00",
    "data": {
        "capability": "c-1", "kind": "facial_recognition", "target": {"level": "zone", "ids": ["z-1"]},
        "model_version": "frt-3.1", "purpose": ["suspect_identification"], "biometric": True, "mode": "live",
        "actor": "u-1",
    },
}  # fmt: skip
APPROVED = {
    "kind": "assessment.approved", "id": "late", "time": "2026-03-09T09:00:00+08:00",
    "recordedtime": "2026-03-20T09:00:00+08:00",
    "data": {
        "assessment": "pia-1", "kind": "pia", "approver": "dpo", "residual_risk": "low",
        "findings": {"necessity": "demonstrated", "proportionality": "demonstrated"},
        "scope": {"zones": ["z-1"], "capability": "facial_recognition", "model_version": "frt-3.1"},
        "valid_from": "2026-03-09T09:00:00+08:00", "valid_until": "2027-03-09T09:00:00+08:00",
    },
}  # fmt: skip
# A notice that came late as well and has nothing to do with the assessment.
UNRELATED = {
    "kind": "zone.defined", "id": "other", "time": "2026-03-08T09:00:00+08:00",
    "data": {"zone": "z-9", "name": "Z", "district": "d", "sensitivity": "none"},
}  # fmt: skip


def test_a_late_assessment_withdraws_its_alert_and_says_why():
    """The reason names what was filed late, the day it was approved and the day it was recorded."""
    engine = Engine(PACK)
    engine.feed(SWITCHED_ON)
    told = [c for c in engine.feed(APPROVED) if c.rule == "HK-PIA-01"]
    expected = "evidence filed late: assessment pia-1 approved 2026-03-09, recorded 2026-03-20"
    assert [("withdrawn", "late", expected)] == [(c.change, c.cause, c.reason) for c in told]


def test_of_several_late_events_the_one_that_matters_is_named():
    """An unrelated late event of the same batch, even an earlier one, is not the cause."""
    for batch in ([UNRELATED, APPROVED], [APPROVED, UNRELATED]):
        engine = Engine(PACK)
        engine.feed(SWITCHED_ON)
        told = [c for c in engine.feed(batch) if c.rule == "HK-PIA-01"]
        assert [("withdrawn", "late")] == [(c.change, c.cause) for c in told]


def test_a_retraction_says_what_it_took_out():
    """What is withdrawn because its event was taken back says so."""
    engine = Engine(PACK)
    engine.feed(SWITCHED_ON)
    back = {"kind": "event.retracted", "id": "r", "time": "2026-03-11T09:00:00+08:00", "corrects": "on"}
    told = [c for c in engine.feed(back) if c.rule == "HK-PIA-01"]
    expected = "corrected: capability c-1 enabled 2026-03-10 was taken out of the record by event r"
    assert [("withdrawn", "r", expected)] == [(c.change, c.cause, c.reason) for c in told]


def test_in_order_there_is_no_reason():
    """A change that no late event made has none."""
    assert {None} == {change.reason for change in Engine(PACK).feed(SWITCHED_ON)}


def test_an_alert_that_only_says_something_else_of_itself_is_told_again():
    """A late event that changes what came nearest is told as an update about no subject, which verifies."""
    engine = Engine(PACK)
    fed = [engine.decode(SWITCHED_ON)]
    engine.feed(SWITCHED_ON)
    narrow = {**APPROVED, "data": {**APPROVED["data"], "scope": {"zones": ["z-2"], "capability": "facial_recognition"}}}
    fed.append(engine.decode(narrow))
    (told,) = [c for c in engine.feed(narrow) if c.rule == "HK-PIA-01"]
    assert ("updated", (), 1, "late") == (told.change, told.subjects, told.open, told.cause)
    assert {"pia-1"} == {key for entry in told.missing if entry.nearest for key in entry.nearest["key"]}
    assert () == verify(told, PACK, fed)  # type: ignore[arg-type]


LEVELS = """
- rule: R
  while: camera as c
  unless:
    - {some: permit as p, where: p.level == c.limit}
"""


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (0, 1, 3, 4, 2), (4, 3, 2, 1, 0)])
def test_of_one_instant_the_first_event_that_mattered_is_the_cause(tmp_path, order):
    """Which of two permits was looked at hangs on the order of arrival; what is told of their end does not."""
    revoked = [event(f"e{number}", "permit.revoked", 5, permit=f"p{number}") for number in (1, 2)]
    history = [granted("g1", 1, permit="p1", level=1), granted("g2", 2, permit="p2", level=1)]
    history += [on("c", 4, limit=1), *revoked]
    engine = Engine(tiny(tmp_path, LEVELS))
    for number in order:
        engine.feed(history[number])
    (alert,) = engine.open_alerts()
    assert "e1" == alert.cause


WATCHED = """
- rule: A
  on: camera.moved as m
- rule: B
  while: permit as p
  about: p.camera
- rule: C
  while: camera as c
  unless:
    - {some: alert as z, of: [B], where: c.camera in z.subjects}
  about: c.camera
- rule: D
  while: camera as c
  unless:
    - {some: alert as z, of: [A], where: z.since < c.since}
    - {none: permit as p}
"""


def test_an_alert_of_a_rule_that_is_not_watched_is_no_cause(tmp_path):
    """Of one instant, what raised an alert that the rule does not ask about did not bring its breach about."""
    engine = Engine(tiny(tmp_path, WATCHED))
    engine.feed([granted("g", 1), on("c", 1)])
    moved = event("e1", "camera.moved", 5, camera="k9", zone="z", limit=1)
    told = engine.feed([moved, event("e2", "permit.revoked", 5, permit="p1")])
    expected = [("cleared", "B", "e2"), ("raised", "C", "e2")]
    assert expected == [(change.change, change.rule, change.cause) for change in told if change.rule in "BC"]


DEADLINE = """
- rule: D
  while: camera as c
  for: P4D
"""


@pytest.mark.parametrize("rules", [PERMITTED, PERMITTED + DEADLINE], ids=["alone", "with a deadline"])
def test_what_is_late_hangs_on_what_came_before_alone(tmp_path, rules):
    """That something fell due in between, of another rule, makes nothing late that is not, nor too late."""
    engine = Engine(tiny(tmp_path, rules), revise="P7D")
    for fed in (on("first", 1, "k1"), on("last", 10, "k2")):
        engine.feed(fed, settle=False)
    told = [change for change in engine.feed(on("between", 4, "k3"), settle=False) if change.rule == "R"]
    expected = [("raised", "between", "filed late: camera k3 on 2026-03-04")]
    assert expected == [(change.change, change.cause, change.reason) for change in told]
    with pytest.raises(EventRefused, match=re.escape("(before 2026-03-03T09:00:00+08:00)")):
        engine.feed(on("beyond", 2), settle=False)


SOON = """
- rule: R
  while: camera as c
  for: P5D
  unless:
    - {some: permit as p, where: p.camera == c.camera}
"""
TAKEN_BACK = event("back", "event.retracted", 13) | {"corrects": "paper"}


@pytest.mark.parametrize("revise", [None, "P30D"])
@pytest.mark.parametrize("between", [(), (on("other", 7, camera="k2"),), (on("other", 6, camera="k2"),)])
@pytest.mark.parametrize(
    ("late", "raised_at"),
    [
        ((TAKEN_BACK,), 6),  # the permit never was, so that the camera was without one from the first day
        ((revoked("gone", 5),), 10),  # it had ended before the day that had passed unnoticed
        ((revoked("gone", 8),), None),
        ((revoked("gone", 4), granted("new", 8, permit="p2")), None),
        ((event("moved", "camera.moved", 5, camera="k1", zone="z-2"), TAKEN_BACK), 6),
    ],
    ids=["taken back", "ended before", "ended later", "ended and granted anew", "moved and taken back"],
)
def test_a_deadline_that_had_passed_unnoticed_counts_again(tmp_path, late, raised_at, between, revise):
    """A permit excused the camera as its deadline passed; whatever comes late about the permit is judged anew."""
    engine = Engine(tiny(tmp_path, SOON), revise=revise)
    history = [on("c", 1), granted("paper", 2), *between, on("last", 12, camera="k3")]
    changes = [change for each in history for change in engine.feed(each)]
    assert [] == [c for c in changes if c.subjects == ("k1",)]
    changes = [c for c in engine.feed(list(late)) if c.subjects == ("k1",)]
    assert ([] if raised_at is None else [("raised", day(raised_at))]) == [(c.change, c.at) for c in changes]
