"""What could have been known on a day is what had been recorded by then, and nothing else."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import note
from tests.properties.drawn import day
from tests.properties.trying import example, tried

from oversight import Change, Engine, Pack, as_known_at
from oversight.meaning.semantics import outcome
from oversight.model.folding import Folded, fold
from oversight.model.forms import Event
from oversight.runner.run import Run
from oversight.testing.agreement import alerts_of_definition
from oversight.testing.dice import Dice

FAR = day(400)


def recorded(dice: Dice, history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same events, most of them recorded on some other day."""
    days = [dice.one_of(None, 0, 1, 2, 3, 4, 5, 6, 9) for _ in history]
    return [
        each if number is None else {**each, "recordedtime": day(number).isoformat()}
        for number, each in zip(days, history, strict=True)
    ]


def ran(pack: Pack, history: list[dict[str, Any]], **clocks: datetime) -> dict[str, Folded]:
    """The alerts of a run over a file of *history*."""
    told: list[Change] = []
    running = Run([pack], told.extend, note, **clocks)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in history))
        running.take(str(path))
        running.finish()
    return fold(told)


def known_by(history: list[dict[str, Any]], at: datetime) -> list[dict[str, Any]]:
    """The events that had happened and been recorded, found in what is written."""
    return [e for e in history if max(datetime.fromisoformat(e[n]) for n in ("time", "recordedtime") if n in e) <= at]


@tried(15)
def test_what_was_recorded_later_does_not_count(dice: Dice) -> None:
    """A run as known at an instant, an engine fed in the order of recording, and the definition say the same."""
    pack, drawn = example(dice)
    at, when = day(dice.below(10)), dice.part(14)
    history = recorded(when, drawn)
    note(f"as known at {at}: {history}")
    known = known_by(history, at)
    engine = Engine(pack)
    decoded = [event for event in map(engine.decode, history) if isinstance(event, Event)]
    assert [engine.decode(each) for each in known] == as_known_at(decoded, at)
    told: list[Change] = []
    for each in sorted(known, key=lambda e: e.get("recordedtime", e["time"])):
        told += engine.feed(each)
    told += engine.advance(at)
    assert ran(pack, history, known_at=at) == fold(told)
    counted = [event for event in map(engine.decode, known) if isinstance(event, Event)]
    assert alerts_of_definition(outcome(pack, counted, at)).keys() == fold(told).keys()


@tried(14)
def test_in_the_end_everything_is_known(dice: Dice) -> None:
    """As known long after everything was recorded, the alerts are those of the plain run to that instant."""
    pack, drawn = example(dice)
    when = dice.part(14)
    history = recorded(when, drawn)
    assert ran(pack, drawn, until=FAR) == ran(pack, history, known_at=FAR)
