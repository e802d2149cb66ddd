"""Alerts: when they are raised, cleared and withdrawn, because of what, and what is said of them."""

from datetime import UTC, timedelta

import pytest

from oversight import Engine
from oversight.ground.time import format_instant
from oversight.meaning.semantics import outcome
from tests.tiny import (
    CAMERA,
    PERMIT,
    PERMITTED,
    day,
    event,
    follow,
    granted,
    off,
    on,
    raised,
    revoked,
    tiny,
    told,
)

MOMENT = timedelta(microseconds=1)
HELD = """
- rule: R
  while: camera as c
"""
ACT = """
- rule: R
  on: camera.on as e
  unless:
    - {some: permit as p, where: p.camera == e.camera}
"""
TERM = """
permit:
  key: permit
  starts: {on: permit.granted as e, until: e.valid_until, if: has(e.valid_until)}
  ends: {on: permit.revoked}
"""
DATED = TERM.replace("valid_until", "last_day")
SHORT = PERMIT + "  lasts: P3D\n"
PER_PART = """
- rule: R
  while: camera as c
  each: c.parts as part
  unless:
    - {some: permit as p, where: p.camera == part}
  about: part
"""
ESCALATED = (
    PERMITTED
    + """
- rule: S
  while: alert as a
  of: [R]
  for: P30D
  about: a.subjects
"""
)
ADDED = """
- rule: S
  on: camera.moved as e
  if:
    - {some: alert as a, of: [R], where: e.camera in a.subjects}
"""
MANY = """
- rule: R
  on: camera.on as e
  if:
    - {count: camera as c, more_than: 0, before: true}
"""
PARAMETERS = """
parameters:
  grace:
    - {from: 2026-01-01, value: P5D}
    - {from: 2026-03-10, value: P2D}
  few:
    - {from: 2026-01-01, value: 3}
    - {from: 2026-03-10, value: 1}
"""


# The edges of time


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (timedelta(0), []),
        (MOMENT, [("raised", day(4), None), ("cleared", day(4) + MOMENT, "e2")]),
    ],
)
def test_evidence_at_the_last_instant_is_in_time(tmp_path, late, expected):
    """Evidence exactly when ``for:`` ends excuses; a moment later it only clears."""
    pack = tiny(tmp_path, PERMITTED + "  for: P3D\n")
    assert expected == follow(pack, on("e1", 1), granted("e2", day(4) + late), day(9))


@pytest.mark.parametrize(("instant", "expected"), [(day(4) - MOMENT, []), (day(4), [("raised", day(4), None)])])
def test_a_deadline_passes_at_its_instant(tmp_path, instant, expected):
    """Advanced to the end of ``for:`` an alert is raised, and not a moment before."""
    assert expected == follow(tiny(tmp_path, PERMITTED + "  for: P3D\n"), on("e1", 1), instant)


def test_a_deadline_begins_with_the_breach(tmp_path):
    """``for:`` counts from when the permit went, and anew after each interruption."""
    pack = tiny(tmp_path, PERMITTED + "  for: P3D\n")
    steps = [granted("e1", 1), on("e2", 2), revoked("e3", 5), granted("e4", 7), revoked("e5", 8), day(20)]
    assert [("raised", day(11), None)] == follow(pack, *steps)


@pytest.mark.parametrize(
    ("by", "attributes", "instant"),
    [
        ("c.valid_until", {"valid_until": day(4)}, day(4)),
        ("c.last_day", {"last_day": "2026-03-04"}, day(5, 0)),
    ],
)
def test_by(tmp_path, by, attributes, instant):
    """``by:`` an instant is that instant, ``by:`` a date the first of the next day in the pack's zone."""
    pack = tiny(tmp_path, PERMITTED + f"  if: has({by})\n  by: {by}\n")
    assert [("raised", instant, None)] == follow(pack, on("e1", 1, **attributes), day(9))
    assert [] == follow(pack, on("e1", 1, **attributes), granted("e2", instant), day(9))


@pytest.mark.parametrize(
    ("facts", "attributes", "instant"),
    [(TERM, {"valid_until": day(4)}, day(4)), (DATED, {"last_day": "2026-03-04"}, day(5, 0))],
)
def test_until_is_exclusive(tmp_path, facts, attributes, instant):
    """At ``until:`` a permit has ended; a date is its whole day; one that follows at once leaves no gap."""
    act, standing = tiny(tmp_path, ACT, facts=CAMERA + facts), tiny(tmp_path, PERMITTED, facts=CAMERA + facts)
    permit = granted("e1", 1, **attributes)
    assert [] == follow(act, permit, on("e2", instant - MOMENT))
    assert [("raised", instant, "e2")] == follow(act, permit, on("e2", instant))
    assert [("raised", instant, None)] == follow(standing, permit, on("e2", 2), day(9))
    following = granted("e3", instant, valid_until=day(20), last_day="2026-03-20")
    assert [] == follow(standing, permit, on("e2", 2), following, day(9))


def test_a_fixed_life_ends_after_what_happens(tmp_path):
    """At the last instant of ``lasts:`` a permit still excuses what happens; then it ends."""
    act = tiny(tmp_path, ACT, facts=CAMERA + SHORT)
    assert [] == follow(act, granted("e1", 1), on("e2", 4))
    assert [("raised", day(4) + MOMENT, "e2")] == follow(act, granted("e1", 1), on("e2", day(4) + MOMENT))
    standing = tiny(tmp_path, PERMITTED, facts=CAMERA + SHORT)
    assert [("raised", day(4), None)] == follow(standing, granted("e1", 1), on("e2", 4))


@pytest.mark.parametrize(
    ("begun", "ended"), [(day(-28), day(0)), (day(-29), day(0)), (day(30), day(61)), (day(31), day(61))]
)
def test_a_month_that_has_no_such_day(tmp_path, begun, ended):
    """A month from the 30th or 31st of January ends on the last of February, and so on."""
    pack = tiny(tmp_path, PERMITTED + "  for: P1M\n")
    assert [("raised", ended, None)] == follow(pack, on("e1", begun), day(80))


# Parts


def test_parts_leave_one_by_one(tmp_path):
    """A part that leaves is an update that says how many are left; with the last the alert is cleared."""
    engine = Engine(tiny(tmp_path, PER_PART))
    engine.feed(on("e1", 1, parts=["a", "b", "c"]))
    found = []
    for number, part in enumerate("bac"):
        found += engine.feed(granted(f"p{number}", 2 + number, part, f"p{number}"))
    expected = [("updated", ("b",), 2, "p0"), ("updated", ("a",), 1, "p1"), ("cleared", ("c",), 0, "p2")]
    assert expected == [(c.change, c.subjects, c.open, c.cause) for c in found]
    assert 1 == len({c.alert for c in found})


def test_parts_of_one_beginning_are_one_alert(tmp_path):
    """Parts whose breach begins later are another alert of the same rule."""
    engine = Engine(tiny(tmp_path, PER_PART))
    first = engine.feed([granted("p1", 1, "b"), on("e1", 2, parts=["a", "b"])])
    second = engine.feed(revoked("e3", 3))
    assert [("raised", ("a",)), ("raised", ("b",))] == [(c.change, c.subjects) for c in first + second]
    assert first[0].alert != second[0].alert
    assert [day(2), day(3)] == [alert.since for alert in engine.open_alerts()]


def test_one_act_over_many_cameras_is_one_change(tmp_path):
    """2,990 cameras switched on at once are one change, and so are 2,990 permits for them."""
    cameras = [f"k{number}" for number in range(2_990)]
    engine = Engine(tiny(tmp_path, PER_PART))
    (change,) = engine.feed(on("e1", 1, parts=cameras))
    assert (tuple(cameras), 2_990, 2_990) == (change.subjects, change.open, change.subject_count)
    (change,) = engine.feed([granted(f"p{k}", 2, k, f"p{k}") for k in cameras])
    assert ("cleared", 2_990, 0) == (change.change, change.subject_count, change.open)


# Rules about alerts


def test_an_alert_that_nobody_answers_escalates(tmp_path):
    """A rule about alerts counts from the alert, and is cleared by what clears it."""
    pack = tiny(tmp_path, ESCALATED)
    engine = Engine(pack)
    first = engine.feed(on("e1", 1))
    assert () == engine.advance(day(31) - MOMENT)
    (escalated,) = engine.advance(day(31))
    assert ("S", day(1), day(31), ("k1",), None) == (
        escalated.rule, escalated.since, escalated.at, escalated.subjects, escalated.cause,
    )  # fmt: skip
    cleared = engine.feed(granted("e2", 40))
    assert [("R", "cleared", "e2"), ("S", "cleared", "e2")] == [(c.rule, c.change, c.cause) for c in cleared]
    assert first[0].alert == cleared[0].alert


def test_an_act_is_judged_by_the_alerts_of_its_instant(tmp_path):
    """A rule sees the alerts of the rules it names, those raised at the same instant too, and no others."""
    pack = tiny(tmp_path, PERMITTED + ADDED)
    moved = event("e2", "camera.moved", 1, camera="k1")
    assert ["R", "S"] == sorted(change.rule for change in raised(pack, [moved, on("e1", 1)]))
    assert ["R"] == [change.rule for change in raised(pack, on("e1", 1, "k2"), moved)]


def test_an_alert_that_is_watched_has_the_subjects_still_in_breach(tmp_path):
    """A subject that has left an alert is no longer among its subjects for the rules that watch it."""
    watch = "- rule: S\n  while: alert as a\n  of: [R]\n  if: a.subjects.exists(s, s == 'b')\n  about: a.subjects\n"
    engine = Engine(tiny(tmp_path, PER_PART + watch))
    engine.feed(on("e1", 1, parts=["a", "b"]))
    changes = engine.feed(granted("p1", 2, "b"))
    assert [("R", "updated", ("b",)), ("S", "cleared", ("a", "b"))] == [(c.rule, c.change, c.subjects) for c in changes]


@pytest.mark.parametrize("rule", [PERMITTED, PERMITTED + "  for: P30D\n"], ids=["by an act", "by time alone"])
def test_what_an_alert_says_of_itself_is_in_utc(tmp_path, rule):
    """However the instant came about at which an alert was raised, a rule that watches it reads it in one way."""
    watch = '- rule: S\n  while: alert as a\n  of: [R]\n  alert: "since {a.since}, at {a.at}"\n'
    pack = tiny(tmp_path, rule + watch)
    at = day(1) if rule == PERMITTED else day(31)
    events = [on("e1", 1)]
    [change] = [change for change in raised(pack, *events, day(40)) if change.rule == "S"]
    expected = f"since {format_instant(day(1).astimezone(UTC))}, at {format_instant(at.astimezone(UTC))}"
    assert expected == change.message
    known = outcome(pack, [Engine(pack).decode(each) for each in events], day(40)).alerts
    assert expected == known[change.alert].said.message


# What was so before


def test_before_looks_at_what_stood_before_the_instant(tmp_path):
    """With ``before:`` an event does not see what it does itself."""
    pack = tiny(tmp_path, MANY)
    assert [] == follow(pack, [on("e1", 1), on("e2", 1, "k2")])
    assert [("raised", day(2), "e3")] == follow(pack, on("e1", 1), on("e3", 2, "k2"))
    assert [] == follow(pack, on("e1", 1), off("e2", 2), on("e3", 3, "k2"))


@pytest.mark.parametrize(
    ("camera", "nearest", "failed"), [("k1", "p1", "p.permit == c.zone"), ("k2", None, "")], ids=["met", "not met"]
)
def test_the_nearest_of_what_stood_before_meets_its_first_equality_test(tmp_path, camera, nearest, failed):
    """As without ``before:``, a fact that has nothing to do with the act is not named as what nearly excused it."""
    pack = tiny(
        tmp_path,
        """
        - rule: R
          on: camera.on as c
          unless:
            - {some: permit as p, where: [p.camera == c.camera, p.permit == c.zone], before: true}
        """,
    )
    events = [granted("p1", 1, camera), on("e1", 2, "k1", zone="z")]
    (change,) = Engine(pack).feed(events)
    (missing,) = change.missing
    assert (nearest, failed) == (missing.nearest and missing.nearest["event"], missing.failed)
    known = outcome(pack, [Engine(pack).decode(each) for each in events], day(2)).alerts
    assert change.missing == known[change.alert].said.missing


def test_an_act_that_ends_a_fact_changes_another_by_what_stood_before(tmp_path):
    """What an event itself has just ended is still there for a change that looks ``before:``; later it is not."""
    stay = """
stay:
  key: camera
  starts: {on: camera.on}
  changes:
    on: camera.off as e
    each: {some: camera as k, before: true, where: k.camera == e.camera}
    set: {limit: k.limit}
  keep: forever
"""
    rule = """
- rule: R
  while: stay as s
  if: [has(s.limit), s.limit == 1]
"""
    pack = tiny(tmp_path, rule, facts=CAMERA.replace("zone: e.zone", "limit: e.limit") + PERMIT + stay)
    begun, moved = on("e1", 1, limit=5), event("e3", "camera.moved", 3, camera="k1", limit=1)
    assert [("raised", day(4), "e4")] == follow(pack, begun, moved, off("e4", 4))
    assert [] == follow(pack, begun, off("e2", 2), moved, off("e4", 4))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([off("e1", 1, sequence="1"), on("e2", 1, sequence="2")], [("raised", day(1), "e2")]),
        ([off("e1", 1, sequence="10"), on("e2", 1, sequence="9")], []),
        ([off("e1", 1), on("e2", 1)], []),
    ],
)
def test_sequence_makes_steps_of_one_instant(tmp_path, steps, expected):
    """Off and on again in this order leaves a camera on; in the other order, or together, it does not."""
    assert expected == follow(tiny(tmp_path, HELD), steps)
    assert expected == follow(tiny(tmp_path, HELD), steps[::-1])


def test_an_end_and_a_start_at_one_instant(tmp_path):
    """A camera that was on is off and on again: the breach ends and another begins, by another alert."""
    pack = tiny(tmp_path, HELD)
    engine = Engine(pack)
    engine.feed(on("e1", 1))
    changes = engine.feed([off("e2", 2), on("e3", 2)])
    assert [("cleared", day(2)), ("raised", day(2))] == [(c.change, c.at) for c in changes]
    assert 2 == len({c.alert for c in changes})


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([off("e2", 2), on("e3", 2, "k2")], [("cleared", day(2), "e2"), ("raised", day(2), "e3")]),
        ([on("e2", 2, "k2"), off("e3", 2, "k2"), off("e4", 2)], [("cleared", day(2), "e4")]),
        ([on("e2", 2, "k2"), on("e3", 2, "k2"), on("e4", 2)], [("raised", day(2), "e2")]),
        ([off("e2", 2), off("e3", 2)], [("cleared", day(2), "e2")]),
    ],
    ids=["apart", "one and the same", "only starts", "only ends"],
)
def test_events_of_one_instant_act_together(tmp_path, steps, expected):
    """What ends under one key and begins under another does both; what does so under one key does neither."""
    pack = tiny(tmp_path, HELD)
    assert expected == follow(pack, on("e1", 1), steps)[1:]
    assert expected == follow(pack, on("e1", 1), steps[::-1])[1:]


def test_one_event_may_start_a_fact_without_a_key_twice(tmp_path):
    """Each start makes a fact of its own, and whoever watches is told of both."""
    seen = """
seen:
  starts:
    - {on: camera.on as e, with: {what: '"sight"'}}
    - {on: camera.on as e, with: {what: '"sound"'}}
  keep: forever
"""
    rule = """
- rule: R
  while: seen as s
  about: s.what
"""
    pack = tiny(tmp_path, rule, facts=CAMERA + PERMIT + seen)
    assert {("sight",), ("sound",)} == {change.subjects for change in raised(pack, on("e1", 1))}


def test_the_latest_that_meets_a_condition(tmp_path):
    """Whatever changes which one that is has the rule judged again, also where there was none."""
    rule = """
- rule: R
  while: permit as q
  with: {best: {latest: permit as p, where: [p.camera == q.camera, p.level > 1], value: p.level, else: 0}}
  if: [q.permit == "p0", best < 3]
"""
    steps = [
        granted("e1", 1, permit="p0", level=1),
        granted("e2", 2, level=1),
        granted("e3", 3, permit="p3", level=3),
        granted("e4", 4, permit="p4", level=2),
        revoked("e5", 5, permit="p4"),
        revoked("e6", 6),
        revoked("e7", 7, permit="p3"),
    ]
    expected = [
        ("raised", day(1), "e1"),
        ("cleared", day(3), "e3"),
        ("raised", day(4), "e4"),
        ("cleared", day(5), "e5"),
        ("raised", day(7), "e7"),
    ]
    assert expected == follow(tiny(tmp_path, rule), *steps)


# The law as it was and is


def test_a_deadline_is_by_the_parameter_of_its_beginning(tmp_path):
    """``for:`` is as long as it was when the breach began."""
    pack = tiny(tmp_path, PERMITTED + "  for: grace\n", more=PARAMETERS)
    assert [("raised", day(14), None)] == follow(pack, on("e1", 9), day(30))
    assert [("raised", day(13), None)] == follow(pack, on("e1", 11), day(30))


def test_conditions_are_by_the_parameter_of_the_instant(tmp_path):
    """A standing rule is judged anew when a parameter changes; an act by what held when it happened."""
    standing = tiny(tmp_path, HELD + "  if: has(c.limit) && c.limit > few\n", more=PARAMETERS)
    assert [("raised", day(10, 0), None)] == follow(standing, on("e1", 1, limit=2), day(30))
    act = tiny(tmp_path, ACT.replace("unless:", "if: has(e.limit) && e.limit > few\n  unless:"), more=PARAMETERS)
    late = [day(30), on("e1", 9, limit=2), on("e2", 11, "k2", limit=2)]
    assert [("raised", day(11), "e2")] == follow(act, *late)


def test_a_rule_is_in_force_from_and_until(tmp_path):
    """A standing rule begins and ends with its force, because time passed; an act outside it is none."""
    force = "  in_force: {from: 2026-03-05, until: 2026-03-10}\n"
    standing = tiny(tmp_path, HELD + force)
    assert [("raised", day(5, 0), None), ("cleared", day(11, 0), None)] == follow(standing, on("e1", 1), day(30))
    act = tiny(tmp_path, ACT + force)
    steps = [on("e1", day(5, 0) - MOMENT), on("e2", day(5, 0), "k2"), on("e3", day(11, 0), "k3")]
    assert [("raised", day(5, 0), "e2")] == follow(act, *steps)


# Causes


def test_causes_of_events(tmp_path):
    """The event that began or ended a breach is its cause, whichever fact it touched."""
    steps = [
        granted("e1", 1),
        on("e2", 2),
        revoked("e3", 3),
        granted("e4", 4),
        revoked("e5", 5),
        off("e6", 6),
    ]
    expected = [
        ("raised", day(3), "e3"),
        ("cleared", day(4), "e4"),
        ("raised", day(5), "e5"),
        ("cleared", day(6), "e6"),
    ]
    assert expected == follow(tiny(tmp_path, PERMITTED), *steps)


def test_what_passes_by_itself_has_no_cause(tmp_path):
    """A deadline, ``until:`` and a fixed life have no cause, though an unrelated event moved the clock."""
    other = on("e9", 20, "k9", limit=0)
    waits = tiny(tmp_path, PERMITTED + "  for: P3D\n")
    assert [("raised", day(4), None)] == follow(waits, on("e1", 1), other)
    term = tiny(tmp_path, PERMITTED, facts=CAMERA + TERM)
    steps = [
        granted("e1", 1, valid_until=day(4)),
        granted("e2", 1, "k9", "p9", valid_until=day(40)),
        on("e3", 2),
    ]
    assert [("raised", day(4), None)] == follow(term, *steps, other)
    brief = CAMERA.replace("ends:", "lasts: P2D\n  ends:")
    life = tiny(tmp_path, PERMITTED, facts=brief + PERMIT)
    assert ("cleared", day(3), None) in follow(life, on("e1", 1), other)


def test_an_act_at_a_deadline_is_not_its_cause(tmp_path):
    """A deadline that passes at the instant of an event is still of its own making."""
    pack = tiny(tmp_path, PERMITTED + "  for: P3D\n")
    assert [("raised", day(4), None)] == follow(pack, on("e1", 1), event("e2", "camera.moved", 4, camera="k1"))


def test_late_events_are_the_cause_of_what_they_undo(tmp_path):
    """A late event withdraws, and moves a clearing: told again, with the late event as its cause."""
    pack = tiny(tmp_path, PERMITTED)
    assert [("withdrawn", day(2), "e1")] == follow(pack, on("e2", 2), granted("e1", 1))[1:]
    steps = [on("e1", 1), granted("e2", 5), granted("e3", 3, permit="p2")]
    assert [("cleared", day(5), "e2"), ("cleared", day(3), "e3")] == follow(pack, *steps)[1:]


def test_a_clearing_that_never_was_is_raised_again(tmp_path):
    """Where what had cleared an alert is taken out, the same alert is raised again."""
    engine = Engine(tiny(tmp_path, PERMITTED))
    first = engine.feed(on("e1", 1)) + engine.feed(granted("e2", 5))
    again = engine.feed(event("e3", "event.retracted", 6, corrects="e2"))
    assert [("raised", day(1), "e3")] == told(again)
    assert {first[0].alert} == {change.alert for change in (*first, *again)}


def test_the_last_change_says_how_many_are_in_breach(tmp_path):
    """Where late evidence ends one part before another, the later end is told again, and clears the alert."""
    engine = Engine(tiny(tmp_path, PER_PART))
    engine.feed(on("1", 2, parts=["aa", "bb"]))
    assert [("updated", ("aa",), 1)] == ends(engine.feed(granted("2", 5, camera="aa")))
    late = engine.feed(granted("3", 4, camera="bb", permit="p2"))
    assert [("updated", ("bb",), 1), ("cleared", ("aa",), 0)] == ends(late)


def ends(changes):
    """What changes say of whom, and how many they leave in breach."""
    return [(change.change, change.subjects, change.open) for change in changes]
