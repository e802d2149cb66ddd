"""A preview says what feeding would say, and leaves no trace."""

from __future__ import annotations

from typing import Any

from hypothesis import note
from tests.properties.drawn import calls, day
from tests.properties.trying import example, tried

from oversight import Change, Engine, Pack
from oversight.model.folding import fold
from oversight.testing.dice import Dice


def fed(pack: Pack, history: list[dict[str, Any]], how: list[tuple[str, int]]) -> tuple[Engine, list[dict[str, Any]]]:
    """An engine to which a history was fed in the way *how* says, and what of the history is left."""
    engine, waiting = Engine(pack), list(history)
    for call, number in how:
        if call == "restore":
            engine = Engine.restore(pack, engine.snapshot()) if number else engine
        elif call == "advance":
            if engine.now is None or engine.now <= day(number):
                engine.advance(day(number))
        else:
            batch, waiting = waiting[:number], waiting[number:]
            engine.feed(batch, settle=call == "feed")
    known = [event["id"] for event in history[: len(history) - len(waiting)]]
    return engine, [event for event in waiting if event["id"] not in known]


def timeless(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Planned events that happen now."""
    return [{name: value for name, value in event.items() if name != "time"} for event in events]


def sorted_subjects(changes: tuple[Change, ...]) -> list[tuple[Any, ...]]:
    """What changes say, without the order of their subjects."""
    return [(c.change, c.alert, c.at, sorted(c.subjects), c.open, c.cause, c.evidence, c.waived) for c in changes]


@tried(30)
def test_a_preview_leaves_no_trace(dice: Dice) -> None:
    """After a preview of anything, the snapshot is the same to the byte and every later answer the same."""
    pack, history = example(dice)
    how, plan, until = calls(dice.part(24), len(history)), 1 + dice.below(4), dice.one_of(None, 12, 20)
    engine, waiting = fed(pack, history, how)
    twin, _ = fed(pack, history, how)
    before = engine.snapshot()
    engine.preview(dice.one_of(waiting[:plan], timeless(waiting[:plan])) if engine.now else waiting[:plan])
    if until is not None:
        engine.preview(waiting[:plan], until=day(until))
    assert before == engine.snapshot() == twin.snapshot()
    for event in waiting:
        assert twin.feed(event) == engine.feed(event)
    assert twin.advance(day(12)) == engine.advance(day(12))
    assert twin.open_alerts() == engine.open_alerts()
    assert (twin.now, twin.closed, twin.unmatched) == (engine.now, engine.closed, engine.unmatched)


@tried(30)
def test_a_preview_says_what_feeding_would(dice: Dice) -> None:
    """Of events that would happen at the instant reached, a preview tells exactly the changes that feeding tells."""
    pack, history = example(dice)
    how, plan = calls(dice.part(24), len(history)), 1 + dice.below(4)
    engine, waiting = fed(pack, history, how)
    engine.settle()
    if engine.now is None:
        engine.advance(day(2))
    planned = timeless(waiting[:plan])
    note(f"planned: {planned}")
    found = engine.preview(planned)
    assert engine.now is not None
    now = engine.now.isoformat()
    assert sorted_subjects(found) == sorted_subjects(engine.feed([{**event, "time": now} for event in planned]))


@tried(30)
def test_what_would_come_anyway_is_no_part_of_it(dice: Dice) -> None:
    """Where a plan lets time pass, the alerts it would raise and those that time brings are all that then stand."""
    pack, history = example(dice)
    how, plan = calls(dice.part(24), len(history)), 1 + dice.below(4)
    engine, waiting = fed(pack, history, how)
    engine.settle()
    assert () == engine.preview([], until=day(20))
    found = engine.preview(waiting[:plan], until=day(20))
    alone, both = engine.fork(), engine.fork()
    anyway = alone.advance(day(20))
    together = both.feed(waiting[:plan]) + both.advance(day(20))
    expected, usual = fold(together), {change.alert for change in anyway}
    assert set(fold(found)) <= set(expected) <= set(fold(found)) | usual
    assert {n: a for n, a in expected.items() if n not in usual} == {
        n: a for n, a in fold(found).items() if n not in usual
    }
