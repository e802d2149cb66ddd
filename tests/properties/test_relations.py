"""What must not matter to alerts does not: order of arrival, repetition, restarts, other subjects, the calendar day."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, note
from tests.properties.drawn import calls, day, histories
from tests.properties.trying import Written, of_the_pack, read, tried, written_example

from oversight import Change, Engine, Pack
from oversight.ground.errors import EventRefused, SnapshotRefused
from oversight.meaning.semantics import outcome
from oversight.model.alerts import in_order
from oversight.model.extract import divided
from oversight.model.folding import fold
from oversight.model.forms import Event
from oversight.testing.agreement import (
    alerts_of_changes, alerts_of_definition, facts_of_definition, facts_of_engine, open_now,
)  # fmt: skip
from oversight.testing.dice import Dice


def shuffled(dice: Dice, history: list[Written]) -> list[Written]:
    """The same events in another order."""
    made = list(history)
    for last in range(len(made) - 1, 0, -1):
        other = dice.below(last + 1)
        made[last], made[other] = made[other], made[last]
    return made


def fed(pack: Pack, history: list[Written], dice: Dice, upto: datetime) -> tuple[Engine, list[Change]]:
    """An engine fed one to three events at a time, settled or not, up to an instant, and what it told."""
    engine, told, waiting = Engine(pack), list[Change](), list(history)
    while waiting:
        number = 1 + dice.below(3)
        told += engine.feed(waiting[:number], settle=not dice.one_in(2))
        del waiting[:number]
    told += engine.advance(upto)
    return engine, told


@tried(60)
def test_the_order_of_arrival_does_not_matter(dice: Dice) -> None:
    """Any two orders of arrival end in the same facts and alerts, word for word, and in the definition's."""
    written, excepted, history = written_example(dice)
    pack = read(written, excepted)
    one, other = shuffled(dice, history), shuffled(dice, history)
    note(f"one: {one}\nother: {other}")
    first, told = fed(pack, one, dice, day(12))
    second, told_again = fed(pack, other, dice, day(12))
    assert open_now(first) == open_now(second)
    assert alerts_of_changes(told) == alerts_of_changes(told_again)
    decoded = [event for event in map(first.decode, history) if isinstance(event, Event)]
    found = outcome(pack, decoded, day(12))
    assert alerts_of_definition(found) == alerts_of_changes(told)
    assert facts_of_definition(found, pack) == facts_of_engine(first, pack) == facts_of_engine(second, pack)


@tried(60)
def test_feeding_everything_twice_changes_nothing(dice: Dice) -> None:
    """What came before tells no change, at once or at the end, and leaves the engine as it is, to the byte."""
    written, excepted, history = written_example(dice)
    pack = read(written, excepted, history=history)
    engine = Engine(pack)
    for number, event in enumerate(history):
        engine.feed(event)
        assert () == engine.feed(history[dice.below(number + 1)])
    engine.advance(day(12))
    before, alerts = engine.snapshot(), open_now(engine)
    for event in shuffled(dice, history):
        assert () == engine.feed(event)
    assert () == engine.feed(shuffled(dice, history))
    assert (before, alerts) == (engine.snapshot(), open_now(engine))


def answer(engine: Engine, call: str, number: int, batch: list[Written]) -> Any:
    """What an engine says to a call, or why it refuses it."""
    try:
        if call == "advance":
            return engine.advance(day(number)) if engine.now is None or engine.now <= day(number) else ()
        return engine.feed(batch, settle=call == "feed")
    except EventRefused as error:
        return str(error)


@tried(60)
def test_a_restart_changes_nothing(dice: Dice) -> None:
    """An engine restored from its snapshot after any call gives every later answer word for word."""
    written, excepted, history = written_example(dice)
    pack = read(written, excepted, history=history)
    settings = {"revise": dice.one_of(None, None, "P2D"), "clock": dice.one_of("events", "events", "caller")}
    steady, restarted = Engine(pack, **settings), Engine(pack, **settings)
    waiting = list(history)
    for call, number in [*calls(dice.part(24), len(history)), ("feed", 3), ("feed", 3), ("feed", 20), ("advance", 12)]:
        if call == "restore" or dice.one_in(2):
            restarted = Engine.restore(pack, restarted.snapshot())
        for engine in (steady, restarted):
            engine._timeline.journal.slice = 1
        batch, waiting = (waiting[:number], waiting[number:]) if call in ("feed", "open") else ([], waiting)
        if call != "restore":
            assert answer(steady, call, number, batch) == answer(restarted, call, number, batch)
    assert open_now(steady) == open_now(restarted)
    assert facts_of_engine(steady, pack) == facts_of_engine(restarted, pack)


@tried(40)
def test_a_snapshot_of_another_pack_is_refused(dice: Dice) -> None:
    """However little the packs differ, the error names both digests and says what to do."""
    written, excepted, history = written_example(dice)
    pack = read(written, excepted)
    other = read({**written, "pack": {**written["pack"], "version": "2"}}, excepted)
    engine, _ = fed(pack, history, dice, day(12))
    expected = (
        f"the snapshot was taken under another pack (digest {pack.digest[:12]}, this one is {other.digest[:12]}); "
        "replay the record instead"
    )
    with pytest.raises(SnapshotRefused, match=re.escape(expected)):
        Engine.restore(other, engine.snapshot())


@tried(60)
def test_rules_judged_apart_tell_the_same(dice: Dice) -> None:
    """Several engines, each with a part of the rules, tell together what one with all of them tells, word for word."""
    written, excepted, history = written_example(dice)
    pack = read(written, excepted, history=history)
    parts = divided(pack, 2 + dice.below(2))
    assume(len(parts) > 1)
    assert sorted(rule.name for rule in pack.rules) == sorted(rule.name for part in parts for rule in part.rules)
    settings = {"revise": dice.one_of(None, None, "P2D"), "clock": dice.one_of("events", "events", "caller")}
    whole, apart = Engine(pack, **settings), [Engine(part, **settings) for part in parts]
    waiting = list(history)
    for call, number in [*calls(dice.part(24), len(history)), ("open", 2), ("feed", 3), ("feed", 20), ("advance", 12)]:
        batch, waiting = (waiting[:number], waiting[number:]) if call in ("feed", "open") else ([], waiting)
        answers = [answer(engine, call, number, batch) for engine in apart]
        expected = answer(whole, call, number, batch)
        if isinstance(expected, str):
            assert {expected} == set(answers)
        else:
            assert list(expected) == in_order(change for told in answers for change in told)


# Independent subjects

_QUERIES = ("some", "none", "count", "latest", "of")
_TIES = (
    r"{0}\.[xy] == (\w+)\.[xy]", r"(\w+)\.[xy] == {0}\.[xy]", r"{0}\.x in (\w+)\.list", r"(\w+)\.y in {0}\.list",
    r"{0}\.[xy] == (part)", r"(\w+)\.x in {0}\.subjects",
)  # fmt: skip


def tied(node: Any, head: str) -> Any:
    """
    The same with every quantifier tied by an id to a name outside it, so that it looks at one subject's facts alone.

    A count over all cameras, or a camera with the same number as another, is what makes subjects depend on each
    other; what compares ids does not.
    """
    if isinstance(node, list):
        return [tied(item, head) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: tied(item, head) for key, item in node.items()}
    query = next((made[key] for key in _QUERIES if " as " in str(made.get(key, ""))), None)
    if query is not None:
        fact, name = query.split(" as ")
        tests = made.get("where", [])
        if not any(_ties(test, name) for test in tests):
            tie = f"{head}.x in {name}.subjects" if fact == "alert" else f"{name}.x == {head}.x"
            made["where"] = [tie, *tests]
    return made


def _ties(test: Any, name: str) -> bool:
    found = [re.fullmatch(way.format(name), test) for way in _TIES if isinstance(test, str)]
    return any(match is not None and match[1] != name for match in found)


def independent(written: Written) -> Written:
    """The pack with nothing in it by which one subject could matter to another."""
    facts = {
        name: {key: item if key == "key" else tied(item, "e") for key, item in fact.items()}
        for name, fact in written["facts"].items()
    }
    rules = [tied(rule, "h") for rule in written["rules"]]
    # An end or change found by a number would find the facts of all.
    text = json.dumps({**written, "facts": facts, "rules": rules}).replace("this.n >= e.n", "this.y == e.y")
    return dict(json.loads(text))


def counted(dice: Dice, written: Written) -> Written:
    """The pack with a rule of how many facts of a name are of the subject, which an index settles by itself."""
    facts = sorted(written["facts"])
    of = {
        "count": f"{dice.one_of(*facts)} as c",
        "where": ["c.x == h.x"],
        dice.one_of("at_most", "at_least"): 1 + dice.below(3),
    }
    rule = {**written["rules"][0], "rule": "R-counted", "while": f"{dice.one_of(*facts)} as h", "if": [of]}
    kept = ("rule", "title", "basis", "severity", "alert", "remedy", "authority", "cases", "while", "if")
    return {**written, "rules": [*written["rules"], {name: rule[name] for name in kept}]}


def of_others(history: list[Written]) -> list[Written]:
    """The same events of other ids about other subjects: no id is in both, nor is one the name of a source."""
    names = {"p": "u", "q": "v"}
    made = []
    for event in history:
        renamed = {name: names[event[name]] for name in ("x", "y")}
        renamed |= {name: event[name].replace("e", "d") for name in ("id", "corrects") if name in event}
        renamed["list"] = [names[item] for item in event["list"]]
        renamed["set"] = {name: names.get(item, item) for name, item in event["set"].items()}
        made.append({**event, **renamed})
    return made


@tried(400)
def test_independent_subjects_do_not_influence_each_other(dice: Dice) -> None:
    """Two histories without an id in common have, taken together, the facts and alerts of the one and of the other."""
    written, excepted, ours = written_example(dice)
    theirs = of_others(histories(dice.part(300)))
    pack = read(independent(counted(of_the_pack(dice), written)), excepted, ours=ours, theirs=theirs)
    engines, alerts = [], []
    for history in (ours, theirs, shuffled(dice, ours + theirs)):
        engine, told = fed(pack, history, dice, day(12))
        engines.append(facts_of_engine(engine, pack))
        alerts.append(alerts_of_changes(told))
    assert {**alerts[0], **alerts[1]} == alerts[2]
    assert {name: {**engines[0][name], **engines[1][name]} for name in pack.facts} == engines[2]


# Other days

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
CENTURIES = timedelta(days=146_097)
"""Four hundred years, after which the calendar is the same again: months, leap years and days of the week."""


def later(node: Any, by: timedelta) -> Any:
    """The same with every date and instant so many days later."""
    text = _DAY.sub(lambda found: (date.fromisoformat(found[0]) + by).isoformat(), json.dumps(node))
    return json.loads(text)


def at_leisure(told: list[Change], by: timedelta) -> list[Any]:
    """The alerts that changes leave, so much earlier than they are."""
    made, alerts = [], fold(told)
    # What an alert is about may be another alert, whose identity has its instant in it.
    names = {name: f"an alert of {alert.rule} since {alert.since - by}" for name, alert in alerts.items()}
    for alert in alerts.values():
        ends = [(names.get(subject, subject), end) for subject, end in alert.subjects.items()]
        subjects = sorted((subject, str(end and end - by)) for subject, end in ends)
        reason = None if alert.waived is None else alert.waived["reason"]
        made.append((alert.rule, (alert.at - by).isoformat(), (alert.since - by).isoformat(), subjects, reason))
    return sorted(made, key=str)


@tried(0)
def test_later_is_the_same(dice: Dice) -> None:
    """
    With all that has a date so much later, parameters and exceptions too, all alerts are so much later.

    Days are as long wherever they lie in a zone without summer time. Months are not, so with them it is 400 years.
    """
    written, excepted, history = written_example(dice)
    shifted = of_the_pack(dice)
    by, start = timedelta(days=1 + shifted.below(256) + 256 * shifted.below(8)), timedelta()
    if shifted.one_in(2):
        written = json.loads(json.dumps(written).replace('"P2D"', '"P1M"'))
        written["pack"]["timezone"] = shifted.one_of("UTC", "Europe/London", "Europe/London")
        start, by = timedelta(days=shifted.one_of(25, 55, 83)), CENTURIES
    found = []
    for shift in (start, start + by):
        pack = read(later(written, shift), later(excepted, shift))
        events = later(history, shift)
        note(f"history: {events}")
        _, told = fed(pack, events, Dice(b""), day(70) + shift)
        found.append(at_leisure(told, shift))
    assert found[0] == found[1]
