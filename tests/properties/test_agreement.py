"""The engine agrees with the definition: facts, alerts and the closed instant, after every call."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import note
from tests.properties.drawn import calls, day
from tests.properties.trying import example, tried

from oversight.engine.core import Engine
from oversight.ground.errors import EventRefused
from oversight.meaning.semantics import history_of, outcome, reached
from oversight.model.folding import fold
from oversight.model.forms import Event
from oversight.model.pack import Pack
from oversight.testing.agreement import (
    Told, alerts_of_changes, alerts_of_definition, facts_of_definition, facts_of_engine,
)  # fmt: skip
from oversight.testing.dice import Dice

MATCHER = os.environ.get("OVERSIGHT_MATCHER", "index")
"""The matcher of the engines. With ``rete`` these run in a process of their own (``tests/test_rete.py``)."""


class Record:
    """What the changes told so far amount to."""

    def __init__(self) -> None:
        self.changes: list[Any] = []

    def alerts(self) -> Told:
        """The alerts that stand."""
        return alerts_of_changes(self.changes)


class Model:
    """The closed instant as the documentation defines it, kept beside the engine."""

    def __init__(self) -> None:
        self.fed: list[Event] = []
        self.advanced: datetime | None = None
        self.closed: tuple[datetime, bool] | None = None
        self.floor: datetime | None = None

    def now(self) -> datetime | None:
        """The instant reached; what is before the floor is final, so it never goes back beyond that."""
        instants = [reached(self.fed, self.advanced), self.floor]
        return max([instant for instant in instants if instant is not None], default=None)

    def step(self, inclusive: bool) -> None:
        """Close what a call closes."""
        now = self.now()
        if now is None:
            self.closed = None
            return
        if self.closed is not None and self.closed[0] > now:
            self.closed = (now, True)
        mark = (now, inclusive)
        if self.closed is None or mark > self.closed:
            self.closed = mark


def run(pack: Pack, history: Sequence[dict[str, Any]], how: list[tuple[str, int]]) -> None:
    """Feed *history* to the engine in the way *how* says, comparing after each call."""
    engine, model, told = Engine(pack, matcher=MATCHER), Model(), Record()
    waiting, restored = list(history), 0
    for call, number in [*how, ("feed", len(history) + 1), ("advance", 12)]:
        if call == "restore":
            snapshot = engine.snapshot()
            if number:
                restored += 1
                engine = Engine.restore(pack, snapshot, matcher=MATCHER if restored % 2 == 0 else "index")
        elif call == "advance":
            to = day(number)
            now = model.now()
            if now is not None and to < now:
                continue
            model.advanced = to
            told.changes += engine.advance(to)
            model.step(True)
        else:
            batch, waiting = waiting[:number], waiting[number:]
            if not batch:
                continue
            told.changes += engine.feed(batch, settle=call == "feed")
            model.fed += [e for e in map(engine.decode, batch) if isinstance(e, Event)]
            model.step(call == "feed")
        compare(pack, engine, model, told)
        truthful(engine, model, told)


def compare(pack: Pack, engine: Engine, model: Model, told: Record) -> None:
    """Hold what the engine says to the definition at the closed instant."""
    assert model.now() == engine.now
    if model.closed is None:
        assert {} == told.alerts()
        return
    upto, inclusive = model.closed
    found = outcome(pack, model.fed, upto, inclusive)
    assert facts_of_definition(found, pack) == facts_of_engine(engine, pack)
    assert alerts_of_definition(found) == told.alerts()
    if inclusive:
        assert upto == engine.closed
    else:
        assert engine.closed is None or engine.closed < upto


def truthful(engine: Engine, model: Model, told: Record) -> None:
    """Hold what is said of each alert that stands to the history and to how many are still in breach."""
    counted = history_of(model.fed)
    last = {change.alert: change for change in told.changes}
    for name, folded in fold(told.changes).items():
        assert sum(1 for end in folded.subjects.values() if end is None) == last[name].open
        said = engine.explain(name)
        assert {e.id for e in counted if e.time <= folded.at} >= set(said.evidence)
        assert said.cause in {None, *[e.id for e in counted if e.time == folded.at]}
        assert said.evidence
        assert said.waived == folded.waived
        known = {e.id for e in counted} | {None}
        assert all((nearest.nearest or {}).get("event") in known for nearest in said.missing)


@tried(25)
def test_engine_and_definition_agree(dice: Dice) -> None:
    """After every feed and advance, facts, folded changes and the closed instant are the definition's."""
    pack, history = example(dice)
    how = calls(dice.part(24), len(history))
    if dice.one_in(2):
        history = sorted(history, key=lambda e: e["time"])
    note(f"fed in this way: {how}")
    run(pack, history, how)


@tried(24)
def test_bounded_revision_changes_nothing_within_its_bound(dice: Dice) -> None:
    """With ``revise`` what is too late is refused, and all else is as if the whole past were remembered."""
    pack, history = example(dice)
    late, restarts = dice.part(12), dice.part(12)
    engine, told, model = Engine(pack, revise="P2D", matcher=MATCHER), Record(), Model()
    for arrived in in_turn(history, late):
        engine._timeline.journal.slice = 1
        time = datetime.fromisoformat(arrived["time"])
        floor = model.floor
        named = [e for e in model.fed if (e.source, e.id) == (arrived["source"], arrived.get("corrects"))]
        if floor is not None and time < floor:
            with pytest.raises(EventRefused):
                engine.feed(arrived)
            continue
        told.changes += engine.feed(arrived)
        if restarts.one_in(2):
            engine = Engine.restore(pack, engine.snapshot(), matcher=MATCHER)
        if any(floor is not None and e.time < floor for e in named):
            arrived = {name: value for name, value in arrived.items() if name != "corrects"}  # what is final stays
        decoded = engine.decode(arrived)
        assert isinstance(decoded, Event)
        model.fed.append(decoded)
        model.step(True)
        compare(pack, engine, model, told)
        now = model.now()
        if now is not None:
            model.floor = max(now - timedelta(days=2), model.floor or day(-9))


def in_turn(history: list[dict[str, Any]], late: Dice) -> list[dict[str, Any]]:
    """The events in order of time, some of them up to three days late."""
    turns = [datetime.fromisoformat(e["time"]) + timedelta(days=late.below(4)) for e in history]
    return [e for _, e in sorted(zip(turns, history, strict=True), key=lambda pair: pair[0])]


@tried(5)
def test_the_callers_clock_lets_later_events_wait(dice: Dice) -> None:
    """With the caller's clock the alerts at each stop are those of the events up to it, whatever has come."""
    pack, history = example(dice)
    stops = [dice.below(13) for _ in range(1 + dice.below(4))]
    engine, told, fed = Engine(pack, clock="caller", matcher=MATCHER), Record(), list[Event]()
    for number, stop in enumerate(sorted(stops)):
        batch = history[number :: len(stops)]
        told.changes += engine.feed(batch)
        fed += [e for e in map(engine.decode, batch) if isinstance(e, Event)]
        told.changes += engine.advance(day(stop))
        found = outcome(pack, fed, day(stop))
        assert alerts_of_definition(found) == told.alerts()
        assert facts_of_definition(found, pack) == facts_of_engine(engine, pack)
