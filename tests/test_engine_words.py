"""What is said of an alert: its evidence, what is missing, its text, and what an engine answers."""

import re

import pytest

from oversight import Engine, errors, load
from oversight.engine.measure import Measure
from oversight.meaning.semantics import outcome
from oversight.model.pack import Expression
from tests.tiny import CAMERA, PERMIT, PERMITTED, day, event, granted, off, on, raised, tiny

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


# Evidence and what is missing


def missing(pack, *steps):
    """What the last alert raised says is missing."""
    return [(m.nearest and m.nearest["event"], m.failed, m.reason) for m in raised(pack, *steps)[-1].missing]


WHERE = """
- rule: R
  while: camera as c
  unless:
    - some: permit as p
      where: [p.camera == c.camera, has(p.level), p.level > 3]
"""


def test_evidence_is_what_made_it(tmp_path):
    """The events of the head, of its changes and of the facts its ``if:`` found, in order of time."""
    pack = tiny(tmp_path, HELD + "  if: [{some: permit as p, where: p.camera == c.camera}]\n  for: P3D\n")
    steps = [granted("e9", 1), granted("e8", 1, "k2", "p2"), on("e1", 2)]
    steps += [event("e2", "camera.moved", 3, camera="k1", zone="z"), day(9)]
    (change,) = raised(pack, *steps)
    assert ("e9", "e1", "e2") == change.evidence


def test_the_evidence_of_an_alert_about_an_alert(tmp_path):
    """What made the alert that is watched, or asked for, made the one that watches or asks."""
    rules = """
- rule: R
  while: camera as c
- rule: S
  while: alert as a
  of: [R]
  for: P1D
- rule: T
  on: camera.moved as e
  if: [{some: alert as a, of: [R], where: e.camera in a.subjects}]
"""
    pack = tiny(tmp_path, rules)
    found = raised(pack, on("e1", 1), event("e2", "camera.moved", 1.5, camera="k1"), day(3))
    assert {"R": ("e1",), "S": ("e1",), "T": ("e1", "e2")} == {change.rule: change.evidence for change in found}


@pytest.mark.parametrize(
    ("permits", "expected"),
    [
        ([], (None, "", "not on record")),
        ([granted("p1", 1, "k2", level=9)], (None, "", "not on record")),
        ([granted("p1", 1, level=1)], ("p1", "p.level > 3", "false")),
        ([granted("p1", 1)], ("p1", "has(p.level)", "false")),
        ([granted("p1", 1, level=1), granted("p2", 2, permit="p2")], ("p1", "p.level > 3", "false")),
        ([granted("p1", 1, level=1), granted("p2", 2, permit="p2", level=2)], ("p2", "p.level > 3", "false")),
    ],
)
def test_the_nearest_that_is_missing(tmp_path, permits, expected):
    """Of what meets the first test the nearest meets most in written order, then is the latest."""
    pack = tiny(tmp_path, WHERE)
    assert [expected] == missing(pack, *permits, on("e1", 3))


def test_terms_are_conditions_of_their_own(tmp_path):
    """What ``&&`` joins in a ``where:`` finds the same as a list of conditions, and the same comes nearest."""
    joined = "p.camera == c.camera && has(p.level) && p.level > 3"
    pack = tiny(tmp_path, WHERE.replace("[p.camera == c.camera, has(p.level), p.level > 3]", f'"{joined}"'))
    other = [granted("p1", 1, "k2", level=9)]
    assert [(None, "", "not on record")] == missing(pack, *other, on("e1", 3))
    own = [granted("p2", 1, permit="p2", level=1), granted("p3", 2, permit="p3")]
    assert [("p2", joined, "false")] == missing(pack, *other, *own, on("e1", 3))
    assert [] == raised(pack, *own, granted("p4", 2, permit="p4", level=4), on("e1", 3))


BETWEEN = """
- rule: R
  while: camera as c
  unless:
    - some: permit as p
      where: [p.camera == c.camera, %s, p.level == c.limit]
"""


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("c.limit > 1", "c.limit > 1"),  # all fail it alike, so that the latest counts
        ("p.permit != 'p1'", "p.level == c.limit"),  # the second meets it, and the first does not
        ("p.permit == 'p2'", "p.level == c.limit"),
    ],
)
def test_the_nearest_where_an_index_answers_a_later_test_as_well(tmp_path, condition, expected):
    """What an index finds by the first and the third test is not nearer than what fails the second."""
    permits = [granted("g1", 1, permit="p1", level=0), granted("g2", 2, permit="p2", level=5)]
    assert [("g2", expected, "false")] == missing(tiny(tmp_path, BETWEEN % condition), *permits, on("c", 3, limit=0))


def test_what_cannot_be_decided_is_named(tmp_path):
    """A condition that cannot be decided is no evidence, and is named as undecided."""
    pack = tiny(tmp_path, WHERE.replace("p.level > 3", "10 / p.level > 3"))
    assert [("p1", "10 / p.level > 3", "undecided")] == missing(pack, granted("p1", 1, level=0), on("e1", 3))


def test_every_clause_says_what_is_missing(tmp_path):
    """For ``none:`` the fact that stood in the way, for a group its first part, for a test the test."""
    clauses = """
    - {none: permit as p, where: p.camera == c.camera}
    - all_of: [c.camera == "k1", {some: permit as p, where: [p.camera == "k9"]}]
    - c.camera == "k2"
"""
    pack = tiny(tmp_path, HELD + "  unless:" + clauses)
    expected = [("p1", "none: permit where p.camera == c.camera", "present"), (None, "", "not on record")]
    expected.append((None, 'c.camera == "k2"', "false"))
    assert expected == missing(pack, granted("p1", 1), on("e1", 3))


# What is said, and asked


def test_a_message_says_what_is_not_on_record(tmp_path):
    """A value that is missing is said not to be on record."""
    pack = tiny(tmp_path, HELD + '  alert: "{c.camera} of zone {c.zone} is on"\n  remedy: "Ask {c.zone}."\n')
    (change,) = raised(pack, on("e1", 1))
    assert ("k1 of zone (not on record) is on", "Ask (not on record).") == (change.message, change.remedy)


@pytest.mark.parametrize("name", ["hong-kong", "tests/packs/small"])
def test_no_message_alleges_what_is_not_known(name):
    """What is not on record may have been done: no rule says that it was not."""
    for rule in load(name).rules:
        said = "".join(
            "{}" if isinstance(piece, Expression) else piece for piece in (*rule.message.pieces, *rule.remedy.pieces)
        )
        words = r"not (been )?done|did not|failed to|neglected|never"
        assert None is re.search(words, said + rule.title, re.I), rule.id


def test_open_alerts_are_of_states(tmp_path):
    """An alert about an act is not open, one about a state is, until it is cleared; the oldest is first."""
    pack = tiny(tmp_path, PERMITTED + ACT.replace("rule: R", "rule: S"))
    engine = Engine(pack)
    engine.feed([on("e2", 2, "k2"), on("e1", 1)])
    found = engine.open_alerts()
    assert [("raised", "R", day(1), 1), ("raised", "R", day(2), 1)] == [(a.change, a.rule, a.at, a.open) for a in found]
    engine.feed(off("e3", 3))
    assert [("k2",)] == [alert.subjects for alert in engine.open_alerts()]


def test_explain(tmp_path):
    """An alert is explained as it was raised, also when it is over; an identity nobody has is refused."""
    engine = Engine(tiny(tmp_path, PERMITTED))
    (change,) = engine.feed(on("e1", 1))
    engine.feed(granted("e2", 2))
    explained = engine.explain(change.alert)
    assert (change.evidence, change.missing, change.at, change.cause, change.subjects) == (
        explained.evidence, explained.missing, explained.at, explained.cause, explained.subjects,
    )  # fmt: skip
    with pytest.raises(errors.UnknownAlert, match="no alert has the identity 'ffff"):
        engine.explain("f" * 32)


def test_what_could_not_be_decided_is_counted(tmp_path):
    """An ``if:`` that cannot be decided does not hold, and is counted, once, with the first it was about."""
    pack = tiny(tmp_path, ACT.replace("unless:", "if: has(e.limit) && 10 / e.limit > 1\n  unless:"))
    engine = Engine(pack)
    assert () == engine.feed([on("e1", 1, limit=0), on("e2", 2, limit=0), on("e3", 3, limit=20)])
    expected = {("R", "has(e.limit) && 10 / e.limit > 1"): (2, "e1")}
    assert expected == engine.undecided
    engine.feed(off("e4", 1, "k4"))
    assert expected == Engine.restore(pack, engine.snapshot()).undecided
    assert expected == engine.undecided
    engine.feed(event("e5", "event.retracted", 4, corrects="e2"))
    assert [(1, "e1")] == list(engine.undecided.values())


def test_identity_does_not_depend_on_how_it_came(tmp_path):
    """A replay in another order, in pieces or on another engine gives an alert the same identity."""
    pack = tiny(tmp_path, PERMITTED)
    events = [granted("e0", 1, "k9"), on("e1", 1), on("e2", 2, "k2")]
    one = {change.alert for change in Engine(pack).feed(events)}
    assert one == {change.alert for change in raised(pack, *events[::-1])}
    assert 2 == len(one)


# One event alone, and beside another of its instant

CAUTIOUS = """
camera:
  key: camera
  starts: {on: camera.on}
  ends:
    - {on: camera.off, where: this.limit > 5}
    - {on: permit.revoked as e, where: [this.zone == e.permit, this.limit > 5]}
"""
BESIDE = {"alone": [], "beside another": [on("other", 2, "k9", limit=1)]}


@pytest.mark.parametrize(
    "ending", [off("e2", 2), event("e2", "permit.revoked", 2, permit="z")], ids=["by key", "by what it says"]
)
@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE)
@pytest.mark.parametrize(("said", "ended"), [({"limit": 6}, True), ({"limit": 5}, False), ({}, False)])
def test_what_cannot_be_decided_ends_nothing(tmp_path, ending, beside, said, ended):
    """A fact ends where the condition holds, and not where it fails or cannot be told."""
    engine = Engine(tiny(tmp_path, HELD, facts=CAUTIOUS))
    engine.feed(on("e1", 1, zone="z", **said))
    changes = engine.feed([ending, *beside])
    assert ended == any(change.change == "cleared" for change in changes)


# Who is judged again


@pytest.mark.parametrize(
    ("where", "anew", "times"),
    [
        ("[p.permit == c.zone]", {"level": 1}, 1),
        ("[p.permit == c.zone, p.level > 3]", {"level": 1}, 2),
        ("[p.permit == c.zone, p.level > 3]", {"level": 4, "camera": "k2"}, 1),
        ("[p.permit == c.zone, p.level > 3, p.camera == 'k1']", {"level": 4, "camera": "k2"}, 2),
        ("[p.permit == c.zone, p.level > 3, p.camera == 'k1']", {"level": 1}, 2),
        ("[p.permit == c.zone, has(p.level) || p.camera == 'k2']", {"camera": "k2"}, 2),
        ("[p.permit == c.zone, p.level > 3, p.since <= c.since]", {"level": 4}, 1),
        ("[p.permit == c.zone, p.event.time < c.since]", {"level": 4}, 2),
        ("[p.permit == c.zone, {some: camera as k, where: k.camera == p.camera}]", {"camera": "k2", "level": 4}, 2),
    ],
)
def test_another_fact_under_the_same_key_matters_to_who_reads_what_differs(tmp_path, where, anew, times):
    """A rule is not judged again when a fact takes the place of another that says the same in all that it reads."""
    rules = f"""
- rule: R
  while: camera as c
  unless:
    - some: permit as p
      where: {where}
"""
    engine = Engine(tiny(tmp_path, rules))
    measure = Measure(engine)
    for step in (granted("1", 1, level=4), on("2", 2, zone="p1"), granted("3", 3, **anew)):
        engine.feed(step)
    assert times == measure.judged["R"][1]


def test_what_stood_before_an_instant_that_has_touched_it(tmp_path):
    """A start reads what stood before the instant, be it untouched by then, or touched by what comes with it."""
    seen = """
seen:
  key: camera
  starts:
    on: camera.on as e
    with: {before: {latest: seen as s, before: true, where: s.camera == e.camera, value: s.zone, else: '"none"'}}
  keep: forever
"""
    engine = Engine(tiny(tmp_path, PERMITTED, facts=CAMERA + PERMIT + seen))
    for steps, before in (
        ([on("1", 1, zone="a")], "none"),
        ([on("2", 2, zone="b")], "a"),
        ([on("3", 3, zone="c"), on("4", 3, zone="d")], "b"),
        ([on("5", 4, zone="e")], "d"),
    ):
        engine.feed(steps)
        (held,) = engine.facts("seen")
        assert before == held.values["before"]


@pytest.mark.parametrize(("sequence", "expected"), [(None, "none"), (7, "7"), ("b", "b")])
def test_the_sequence_of_an_event_can_be_asked_for(tmp_path, sequence, expected):
    """A number is read as text, on an event and on the fact that it began; without one there is nothing to read."""
    said = '{has(e.event.sequence) ? e.event.sequence : "none"}'
    rules = f"""
- rule: R
  on: camera.on as e
  alert: '{said}'
- rule: S
  while: camera as e
  alert: '{said}'
"""
    step = on("e1", 1) if sequence is None else {**on("e1", 1), "sequence": sequence}
    assert [expected] * 2 == [change.message for change in raised(tiny(tmp_path, rules), step)]


@pytest.mark.parametrize("known", [2**53, 2**53 + 1, 2**53 + 2, 7])
@pytest.mark.parametrize("limit", [2**53, 2**53 + 1, 7])
def test_whole_numbers_and_fractions_are_looked_up_as_they_compare(tmp_path, known, limit):
    """Beyond 2^53 the language takes several whole numbers as equal to one fraction; facts are found by that, too."""
    rules = """
- rule: R
  while: camera as c
  if: [has(c.limit)]
  unless:
    - {some: permit as p, where: ["has(p.level) && p.level == double(c.limit)"]}
"""
    pack = tiny(tmp_path, rules)
    events = [granted("p", 1, level=known), on("e", 2, limit=limit)]
    expected = outcome(pack, [Engine(pack).decode(each) for each in events], day(2)).alerts
    assert (float(known) != float(limit)) == bool(expected)
    assert set(expected) == {change.alert for change in Engine(pack).feed(events)}
