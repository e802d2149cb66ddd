"""The definition of the meaning, on histories small enough to be judged by hand; and the engine beside it."""

import pytest

from oversight import Engine
from oversight.meaning.semantics import history_of, outcome, reached
from oversight.model.forms import ABSENT
from tests.tiny import CAMERA, PERMITTED, day, event, granted, off, on, revoked, tiny

NONE = None
PLAIN = "starts: {on: permit.granted}\n  ends: {on: permit.revoked}"
FROM = "starts: {on: permit.granted as e, from: e.valid_from, if: has(e.valid_from)}\n  ends: {on: permit.revoked}"
UNTIL = "starts: {on: permit.granted as e, until: e.valid_until, if: has(e.valid_until)}\n  ends: {on: permit.revoked}"
BOTH = """starts:
    {on: permit.granted as e, from: e.valid_from, until: e.valid_until, if: [has(e.valid_from), has(e.valid_until)]}"""
LASTS = PLAIN + "\n  lasts: P2D"
ANEW = "\n  restarts: true"


def facts_of(folder, permit):
    """A pack whose fact ``permit`` is as given."""
    return tiny(folder, PERMITTED, facts=CAMERA + f"permit:\n  key: permit\n  {permit}\n")


def stood(pack, history, days, name="permit"):
    """Since when the one fact of this name holds at each of the days, by the definition; the engine says the same."""
    decode = Engine(pack).decode
    found = []
    for number in days:
        facts = outcome(pack, [decode(each) for each in history], day(number)).facts.get(name, {}).values()
        engine = Engine(pack, clock="caller")
        engine.feed(history)
        engine.advance(day(number))
        assert {(f.key, f.since) for f in facts} == {(f.key, f.since) for f in engine.facts(name)}
        found += [fact.since for fact in facts] or [None]
    return [each and (each - day(0)).days for each in found]


def attributes(pack, history, number, name="permit"):
    """The attributes of the one fact of this name that holds on a day."""
    decode = Engine(pack).decode
    (fact,) = outcome(pack, [decode(each) for each in history], day(number)).facts[name].values()
    return {n: v for n, v in fact.attributes.items() if v is not ABSENT}


# Spells


@pytest.mark.parametrize(
    ("permit", "history", "expected"),
    [
        pytest.param(PLAIN, [granted("a", 2), revoked("b", 4)], [NONE, 2, 2, NONE, NONE], id="begins and ends"),
        pytest.param(PLAIN, [granted("a", 1), granted("b", 3)], [1, 1, 1, 1, 1], id="goes on"),
        pytest.param(PLAIN, [revoked("a", 1), granted("b", 2)], [NONE, 2, 2, 2, 2], id="an end before it"),
        pytest.param(PLAIN, [granted("a", 2), revoked("b", 2)], [NONE] * 5, id="ended where it begins"),
        pytest.param(
            PLAIN, [granted("a", 1), granted("b", 3), revoked("c", 3)], [1, 1, 3, 3, 3], id="ended and begun anew"
        ),
        pytest.param(
            PLAIN, [granted("a", 1), granted("b", 3), revoked("c", 3), revoked("d", 3)], [1, 1, 3, 3, 3], id="twice"
        ),
        pytest.param(FROM, [granted("a", 1, valid_from=day(3))], [NONE, NONE, 3, 3, 3], id="from later"),
        pytest.param(FROM, [granted("a", 2, valid_from=day(1))], [NONE, 2, 2, 2, 2], id="from earlier"),
        pytest.param(
            FROM, [granted("a", 1, valid_from=day(3)), revoked("b", 2)], [NONE] * 5, id="ended before it begins"
        ),
        pytest.param(
            FROM,
            [granted("a", 1, valid_from=day(1)), granted("b", 1, valid_from=day(4)), revoked("c", 2)],
            [1, NONE, NONE, NONE, NONE],
            id="an end ends what waits too",
        ),
        pytest.param(UNTIL, [granted("a", 1, valid_until=day(3))], [1, 1, NONE, NONE, NONE], id="until"),
        pytest.param(UNTIL, [granted("a", 2, valid_until=day(2))], [NONE] * 5, id="over before it begins"),
        pytest.param(
            UNTIL,
            [granted("a", 1, valid_until=day(5)), granted("b", 2, valid_until=day(4))],
            [1, 1, 1, NONE, NONE],
            id="the next spell ends the one before",
        ),
        pytest.param(
            UNTIL,
            [granted("a", 1, valid_until=day(3)), granted("b", 3, valid_until=day(5))],
            [1, 1, 1, 1, NONE],
            id="spells that touch",
        ),
        pytest.param(
            UNTIL + ANEW,
            [granted("a", 1, valid_until=day(3)), granted("b", 3, valid_until=day(5))],
            [1, 1, 3, 3, NONE],
            id="spells that restart",
        ),
        pytest.param(PLAIN + ANEW, [granted("a", 1), granted("b", 3)], [1, 1, 3, 3, 3], id="restarts"),
        pytest.param(
            BOTH, [granted("a", 1, valid_from=day(2), valid_until=day(4))], [NONE, 2, 2, NONE, NONE], id="both"
        ),
        pytest.param(LASTS, [granted("a", 1)], [1, 1, NONE, NONE, NONE], id="a fixed life"),
        pytest.param(LASTS, [granted("a", 1), granted("b", 3)], [1, 1, 1, 1, NONE], id="renewed at its last instant"),
        pytest.param(LASTS, [granted("a", 1), revoked("b", 2)], [1, NONE, NONE, NONE, NONE], id="ended before it"),
        pytest.param(
            PLAIN,
            [granted("a", 2, sequence="1"), revoked("b", 2, sequence="2"), granted("c", 2, sequence="10")],
            [NONE, 2, 2, 2, 2],
            id="in steps",
        ),
    ],
)
def test_spells(tmp_path, permit, history, expected):
    """When a fact holds, and since when, at the end of each of five days."""
    assert expected == stood(facts_of(tmp_path, permit), history, range(1, 6))


def test_the_last_spell_gives_the_attributes(tmp_path):
    """A fact that goes on has the attributes of the start that was the last to begin."""
    history = [granted("b", 2, "k2", level=7), granted("a", 1, "k1", level=3)]
    pack = facts_of(tmp_path, PLAIN)
    assert {"permit": "p1", "camera": "k1", "level": 3} == attributes(pack, history, 1)
    assert {"permit": "p1", "camera": "k2", "level": 7} == attributes(pack, history, 2)


def test_changes(tmp_path):
    """A change sets what it says, of the start's instant too; not what does not hold, and not the key."""
    pack = tiny(tmp_path, PERMITTED)
    moved = [event(f"m{n}", "camera.moved", n, camera="k1", zone=f"z{n}") for n in range(1, 5)]
    history = [on("a", 2, zone="z"), *moved, on("b", 4)]
    assert ["z2", "z3", "z4"] == [attributes(pack, history, n, "camera")["zone"] for n in (2, 3, 4)]
    assert "zone" not in attributes(pack, [*history, on("c", 5)], 5, "camera")


def test_facts_without_a_key_are_each_their_own(tmp_path):
    """Without ``key:`` every start makes a fact, and ``where:`` finds those that end."""
    permit = """
permit:
  starts: {on: permit.granted}
  ends: {on: permit.revoked as e, where: this.permit == e.permit}
"""
    pack = tiny(tmp_path, PERMITTED, facts=CAMERA + permit)
    history = [granted("a", 1), granted("b", 2), granted("c", 2, permit="p2"), revoked("d", 3)]
    assert [1, 1, 2, 2, 2] == sorted(stood(pack, history, range(1, 4)))


OTHERS = """
permit:
  key: name
  starts: {on: permit.granted as e, with: {name: e.permit}}
  ends: {on: permit.granted as e, where: [this.camera == e.camera, this.permit != e.permit]}
"""
FIRST = """
permit:
  key: permit
  starts: {on: permit.granted}
  ends: {on: permit.granted as e, if: e.permit != "p1", with: {permit: "'p1'"}}
"""


@pytest.mark.parametrize(
    ("permit", "expected"),
    [
        (OTHERS, [[1], [2], [3], [4]]),
        (FIRST, [[1], [2], [2, 3], [2, 4]]),
    ],
    ids=["found by an attribute", "found by the key"],
)
def test_what_starts_one_fact_may_end_another(tmp_path, permit, expected):
    """An event that starts what does not hold yet ends what else its ending entry finds."""
    pack = tiny(tmp_path, PERMITTED, facts=CAMERA + permit)
    history = [granted("a", 1), granted("b", 2, permit="p2"), granted("c", 3), granted("d", 4, permit="p3")]
    assert expected == [sorted(stood(pack, history, [number])) for number in (1, 2, 3, 4)]


def test_what_starts_by_an_event_that_may_end_another_lasts_as_long(tmp_path):
    """The fixed life of a fact ends it also where the event that starts it might have ended one."""
    pack = tiny(tmp_path, PERMITTED, facts=CAMERA + FIRST + "  lasts: P2D\n")
    assert [1, 1, None] == stood(pack, [granted("a", 1)], range(1, 4))


# Alerts


def alerts(pack, history, upto, closed=True):
    """When each alert is, from breach to end, by the definition."""
    decode = Engine(pack).decode
    found = outcome(pack, [decode(each) for each in history], upto, closed).alerts.values()
    return sorted((alert.since, alert.at, *alert.subjects.values()) for alert in found)


def test_a_breach_is_a_maximal_interval(tmp_path):
    """A breach lasts while the fact holds and nothing excuses; with ``for:`` it is told of when it has lasted."""
    history = [on("a", 1), granted("b", 3), revoked("c", 4), off("d", 8)]
    assert [(day(1), day(1), day(3)), (day(4), day(4), day(8))] == alerts(tiny(tmp_path, PERMITTED), history, day(9))
    patient = tiny(tmp_path, PERMITTED + "  for: P3D\n")
    assert [(day(4), day(7), day(8))] == alerts(patient, history, day(9))


def test_the_instant_reached_is_judged_when_it_is_closed(tmp_path):
    """An open instant is not judged, and later events wait."""
    pack = tiny(tmp_path, PERMITTED)
    history = [on("a", 1), on("b", 2, "k2"), on("c", 3, "k3")]
    assert [(day(1), day(1), None)] == alerts(pack, history, day(2), closed=False)
    assert [(day(1), day(1), None), (day(2), day(2), None)] == alerts(pack, history, day(2))


def test_a_breach_ends_with_the_episode_of_its_fact(tmp_path):
    """A camera that is off and on at one instant is in another breach."""
    history = [on("a", 1), off("b", 3), on("c", 3)]
    assert [(day(1), day(1), day(3)), (day(3), day(3), None)] == alerts(tiny(tmp_path, PERMITTED), history, day(9))


# Histories


def test_what_counts(tmp_path):
    """The first of each identity counts, unless another event of its source corrects it."""
    decode = Engine(tiny(tmp_path, PERMITTED)).decode
    history = [
        on("a", 1), on("a", 2), on("b", 3, corrects="c"), on("c", 4), on("d", 5, source="t", corrects="b"),
        on("e", 6, corrects="e"),
    ]  # fmt: skip
    events = [decode(each) for each in history]
    assert [("a", day(1)), ("b", day(3)), ("d", day(5)), ("e", day(6))] == [
        (each.id, each.time) for each in history_of(events)
    ]
    assert day(6) == reached(events, None)
    assert day(7) == reached(events, day(7))
    assert None is reached([], None)
