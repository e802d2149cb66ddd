"""The engine agrees with the definition: facts, alerts and the closed instant, after every call."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, event, given, note
from hypothesis import strategies as st
from tests.properties.drawn import checked, day, histories, packs

from oversight.engine.core import Engine
from oversight.engine.store import Held
from oversight.ground.errors import EventRefused
from oversight.meaning.semantics import Outcome, outcome, reached
from oversight.model.folding import fold
from oversight.model.forms import ABSENT, Event
from oversight.model.pack import Pack

Told = dict[str, tuple[str, datetime, dict[str, datetime | None]]]


def drawn_pack(written: dict[str, Any]) -> Pack:
    """The pack of what was drawn; what does not check is no example."""
    with tempfile.TemporaryDirectory() as folder:
        pack = checked(written, Path(folder))
    assume(pack is not None)
    assert pack is not None
    return pack


def attributes(held: Held) -> dict[str, Any]:
    """All that a fact of the engine has."""
    data = held.event.data
    found = {name: getattr(data, name) for name in data.__struct_fields__ if name != "corrects"}
    return {n: v for n, v in {**found, **(held.values or {})}.items() if v is not ABSENT}


def facts_of_engine(engine: Engine, pack: Pack) -> dict[str, Any]:
    """The facts that hold, as plain values."""
    return {
        name: {h.key: (h.since, h.event.id, attributes(h)) for h in engine.facts(name)} for name in pack.facts
    }


def facts_of_definition(found: Outcome, pack: Pack) -> dict[str, Any]:
    """The facts that hold, as plain values."""
    return {
        name: {
            h.key: (h.since, h.event.id, {n: v for n, v in h.attributes.items() if v is not ABSENT})
            for h in found.facts.get(name, {}).values()
        }
        for name in pack.facts
    }


def alerts_of_definition(found: Outcome) -> Told:
    """The alerts, without parts that never lasted beside others that did."""
    return {a.identity: (a.rule.id, a.at, _lasting(a.at, a.subjects)) for a in found.alerts.values()}


def _lasting(at: datetime, subjects: dict[str, datetime | None]) -> dict[str, datetime | None]:
    lasting = {subject: end for subject, end in subjects.items() if end != at}
    return lasting or dict(subjects)


class Record:
    """What the changes told so far amount to."""

    def __init__(self) -> None:
        self.changes: list[Any] = []

    def alerts(self) -> Told:
        """The alerts that stand."""
        return {i: (f.rule, f.at, _lasting(f.at, dict(f.subjects))) for i, f in fold(self.changes).items()}


def calls() -> st.SearchStrategy[list[tuple[str, int]]]:
    """How a history is fed: one by one or in lists, settled or not, with time passing in between."""
    return st.lists(
        st.one_of(
            st.tuples(st.just("feed"), st.integers(1, 3)),
            st.tuples(st.just("open"), st.integers(1, 3)),
            st.tuples(st.just("advance"), st.integers(0, 12)),
            st.tuples(st.just("restore"), st.integers(0, 1)),
        ),
        max_size=8,
    )


class Model:
    """The closed instant as the documentation defines it, kept beside the engine."""

    def __init__(self) -> None:
        self.fed: list[Event] = []
        self.advanced: datetime | None = None
        self.closed: tuple[datetime, bool] | None = None

    def now(self) -> datetime | None:
        """The instant reached."""
        return reached(self.fed, self.advanced)

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
    engine, model, told = Engine(pack), Model(), Record()
    waiting = list(history)
    for call, number in [*how, ("feed", len(history) + 1)]:
        if call == "restore":
            snapshot = engine.snapshot()
            engine = Engine.restore(pack, snapshot) if number else engine
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


@given(packs(), histories(), calls(), st.booleans())
def test_engine_and_definition_agree(
    written: dict[str, Any], history: list[Any], how: list[Any], ordered: bool
) -> None:
    """After every feed and advance, facts, folded changes and the closed instant are the definition's."""
    pack = drawn_pack(written)
    if ordered:
        history = sorted(history, key=lambda e: e["time"])
    note(str(written["facts"]))
    note(str(written["rules"]))
    event("in order" if ordered else "any order")
    run(pack, history, how)


@given(packs(), histories(12), st.data())
def test_bounded_revision_changes_nothing_within_its_bound(
    written: dict[str, Any], history: list[Any], data: st.DataObject
) -> None:
    """With ``revise`` what is too late is refused, and everything else is as if the whole past were remembered."""
    pack = drawn_pack(written)
    history = [{n: v for n, v in e.items() if n != "corrects"} for e in history]
    engine, told, model = Engine(pack, revise="P2D"), Record(), Model()
    engine._timeline.journal.slice = 1
    for written_event in history:
        now = model.now()
        if now is not None and datetime.fromisoformat(written_event["time"]) < now - timedelta(days=2):
            with pytest.raises(EventRefused):
                engine.feed(written_event)
            continue
        told.changes += engine.feed(written_event)
        if data.draw(st.booleans()):
            engine = Engine.restore(pack, engine.snapshot())
            engine._timeline.journal.slice = 1
        decoded = engine.decode(written_event)
        assert isinstance(decoded, Event)
        model.fed.append(decoded)
        model.step(True)
        compare(pack, engine, model, told)


@given(packs(), histories(), st.lists(st.integers(0, 12), max_size=4))
def test_the_callers_clock_lets_later_events_wait(written: dict[str, Any], history: list[Any], stops: list[int]) -> None:
    """With ``clock="caller"`` the alerts at each stop are those of the events up to it, whatever else has come."""
    pack = drawn_pack(written)
    engine, told, fed = Engine(pack, clock="caller"), Record(), list[Event]()
    for number, stop in enumerate(sorted(stops)):
        batch = history[number :: len(stops)]
        told.changes += engine.feed(batch)
        fed += [e for e in map(engine.decode, batch) if isinstance(e, Event)]
        told.changes += engine.advance(day(stop))
        found = outcome(pack, fed, day(stop))
        assert alerts_of_definition(found) == told.alerts()
        assert facts_of_definition(found, pack) == facts_of_engine(engine, pack)
