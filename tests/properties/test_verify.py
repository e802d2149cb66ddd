"""Every alert proves itself: it verifies by the history alone, and no longer once what it says is altered."""

from __future__ import annotations

from attrs import evolve
from tests.properties.drawn import calls, day
from tests.properties.trying import example, tried

from oversight.engine.core import Engine
from oversight.meaning.verify import Verifier
from oversight.model.alerts import WITHDRAWN, Change, Missing
from oversight.model.forms import Event
from oversight.testing.dice import Dice


def altered(change: Change) -> list[Change]:
    """The same change with one event of the evidence removed, or one entry of what was missing altered."""
    found = [
        evolve(change, evidence=tuple(name for name in change.evidence if name != removed))
        for removed in dict.fromkeys(change.evidence)
    ]
    for number, entry in enumerate(change.missing):
        for other in (
            evolve(entry, reason="not on record" if entry.reason != "not on record" else "false"),
            evolve(entry, nearest={"fact": "f0", "key": ["none"], "event": "none"}),
            Missing(entry.clause + " ", entry.nearest, entry.failed, entry.reason, entry.fact),
        ):
            found.append(evolve(change, missing=(*change.missing[:number], other, *change.missing[number + 1 :])))
    return found


@tried(25)
def test_every_change_verifies_and_none_that_was_altered(dice: Dice) -> None:
    """In any order of arrival each change told is true of the history at that time, and only as it was told."""
    pack, history = example(dice)
    how = calls(dice.part(24), len(history))
    if dice.one_in(2):
        history = sorted(history, key=lambda e: e["time"])
    engine, fed, waiting = Engine(pack), list[Event](), list(history)
    for call, number in [*how, ("feed", len(history) + 1), ("advance", 12)]:
        if call == "restore":
            engine = Engine.restore(pack, engine.snapshot()) if number else engine
            continue
        if call == "advance":
            if engine.now is not None and day(number) < engine.now:
                continue
            told = engine.advance(day(number))
        else:
            batch, waiting = waiting[:number], waiting[number:]
            told = engine.feed(batch, settle=call == "feed") if batch else ()
            fed += [event for event in map(engine.decode, batch) if isinstance(event, Event)]
        verifier = Verifier(pack, fed)
        for change in told:
            assert () == verifier.wrong_with(change), change
        for change in told[:2]:
            if change.change != WITHDRAWN:
                assert all(verifier.wrong_with(other) for other in altered(change))
