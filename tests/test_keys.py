"""Keys whose values are equal and look different: 1 and 1.0, 0.0 and -0.0, one instant in two zones, PT24H and P1D."""

from itertools import permutations

import pytest

from oversight import Engine, fold, load
from oversight.meaning.semantics import outcome
from oversight.meaning.verify import Verifier
from oversight.testing.agreement import alerts_of_changes, alerts_of_definition

PACK = """
pack: {name: keys, version: "1", language: 1, timezone: Asia/Hong_Kong}
kinds:
  thing.began: {description: It began., emitter: operator, attributes: {k: {type: %s, required: true}}}
  thing.seen: {description: It was seen., emitter: operator, attributes: {k: {type: %s, required: true}}}
  thing.ended: {description: It ended., emitter: operator, attributes: {k: {type: %s, required: true}}}
facts:
  thing:
    key: k
    starts: [{on: thing.began}, {on: thing.seen}]
    ends: {on: thing.ended}
rules:
"""
RULE = """
  - rule: %s
    title: A thing
    authority: [{instrument: Charter, provision: section 1}]
    basis: commitment
    severity: low
    while: thing as t
    %s
    alert: A thing.
    remedy: End it.
    cases: [{name: nothing, events: [], alerts: []}]
"""
RULES = {
    "plain": "for: PT0S",
    "late": "for: PT1H",
    "each": "each: {some: thing as part}",
    "two": "if: [{count: thing as o, at_least: 2}]",
}
EQUAL = {
    "numbers": ("int", "num", "int", (1, 1.0, 1)),
    "number of the end": ("int", "int", "num", (1, 1, 1.0)),
    "number of the beginning": ("num", "num", "int", (1.0, 1.0, 1)),
    "truths": ("bool", "bool", "bool", (True, True, True)),
    "zeros": ("num", "num", "num", (0.0, -0.0, 0)),
    "instants": ("ts", "ts", "ts", ("2026-03-01T09:00:00+08:00", "2026-03-01T01:00:00Z", "2026-03-01T02:00:00+01:00")),
    "periods": ("dur", "dur", "dur", ("P1D", "PT24H", "P1D")),
}


def written(folder, types):
    """A pack of which the key has in each kind the type that is given for it."""
    (folder / "pack.yaml").write_text(PACK % types + "".join(RULE % one for one in RULES.items()))
    return load(folder)


def history(*values):
    """A thing that began, was seen and ended, an hour after the other, each with a value as its key."""
    kinds = ("thing.began", "thing.seen", "thing.ended")
    return [
        {"id": kind, "source": "s", "kind": kind, "time": f"2026-03-01T{9 + number:02}:00:00+08:00", "k": value}
        for number, (kind, value) in enumerate(zip(kinds, values, strict=True))
    ]


@pytest.mark.parametrize("which", EQUAL)
def test_they_are_one_fact(tmp_path, which):
    """Whatever comes first, there is one alert of each rule, which ends, and the definition and each proof agree."""
    *types, values = EQUAL[which]
    pack = written(tmp_path, tuple(types))
    for events in permutations(history(*values)):
        engine, changes, known = Engine(pack), [], []
        for event in events:
            told = engine.feed(event)
            known.append(engine.decode(event))
            verifier = Verifier(pack, known)
            assert [()] * len(told) == [verifier.wrong_with(change) for change in told]
            changes += told
        assert alerts_of_definition(outcome(pack, known, engine.now)) == alerts_of_changes(changes)
        alerts = fold(changes).values()
        assert ["each", "late", "plain"] == sorted(alert.rule for alert in alerts)
        assert {11} == {alert.cleared.hour for alert in alerts}


def test_what_is_not_equal_has_alerts_of_its_own(tmp_path):
    """A number and a text of it are two things, whose alerts have two identities."""
    pack = written(tmp_path, ("int", "str", "str"))
    began, seen, _ = history(1, "1", "1")
    changes = Engine(pack).feed([began, seen | {"time": began["time"]}])
    plain = [change.alert for change in changes if change.rule == "plain"]
    assert 2 == len(set(plain)) == len(plain)


BESIDE = """
  beside:
    key: k
    starts: {on: thing.seen}
    keep: forever
rules:
"""


@pytest.mark.parametrize("which", EQUAL)
def test_an_alert_is_that_of_its_own_fact(tmp_path, which):
    """Where a rule asks for another fact with an equal key, its alert has the identity of the fact it is about."""
    *types, values = EQUAL[which]
    facts = (PACK % tuple(types)).replace("rules:\n", BESIDE.lstrip("\n"))
    rule = RULE % ("asking", "each: {some: beside as b, where: b.k == t.k}")
    (tmp_path / "pack.yaml").write_text(facts + rule)
    pack = load(tmp_path)
    for events in permutations(history(*values)):
        engine, changes = Engine(pack), []
        for event in events:
            changes += engine.feed(event)
        known = [engine.decode(event) for event in events]
        assert alerts_of_definition(outcome(pack, known, engine.now)) == alerts_of_changes(changes)
        assert {11} == {alert.cleared.hour for alert in fold(changes).values()}
