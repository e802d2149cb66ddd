"""A plan: acts that have not happened yet, each with the alerts it would raise and what would prevent them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from attrs import define, field

from oversight.engine.core import Engine
from oversight.engine.preview import beyond, known, ordinary, planned
from oversight.ground.errors import EventError, EventRefused
from oversight.ground.time import format_instant
from oversight.model.alerts import RAISED, WITHDRAWN, Change, Missing
from oversight.model.forms import Event, Stranger
from oversight.model.pack import Pack
from oversight.runner.intake import Refusal, Stretch, blocks, named
from oversight.runner.pseudonyms import Pseudonymiser
from oversight.runner.summary import Summary, counted


@define
class Act:
    """
    A planned act.

    Attributes:
        event: as it would happen; ``None`` for the passing of time after all of them.
        place: file and line.
        changes: what it would change, each with the pack of which it is.
    """

    event: Event | None
    place: str = ""
    changes: list[tuple[Pack, Change]] = field(factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The act as plain values; each change has, for each ``missing``, the kinds of event that would be evidence."""
        named = None
        if self.event is not None:
            told = {"id": self.event.id, "kind": self.event.kind, "time": format_instant(self.event.time)}
            named = {**told, "place": self.place}
        changes = [
            {**change.as_dict(), "evidence_kinds": [evidence_kinds(pack, missing) for missing in change.missing]}
            for pack, change in self.changes
        ]
        return {"planned": named, "changes": changes}


class Plan:
    """
    Planned acts, tried one after the other on forks of engines, which stay as they are.

    An act is judged after those written before it. What a later one withdraws, because both happen at one instant, is
    not counted; neither is what time alone would bring.

    Args:
        engines: those of a run that is finished.
        refuse: is given each line that is not taken in.
        veils: those of the run, where it puts pseudonyms for ids of persons.

    Attributes:
        acts: in written order.
        summary: of what the plan would change.
    """

    def __init__(
        self, engines: Sequence[Engine], refuse: Callable[[Refusal], object], veils: Sequence[Pseudonymiser] = ()
    ) -> None:
        self.acts: list[Act] = []
        self.summary = Summary()
        self._engines = engines
        self._trials = [engine.fork() for engine in engines]
        self._now = max((engine.now for engine in engines if engine.now is not None), default=None)
        self._told: list[list[Change]] = [[] for _ in engines]
        self._refuse = refuse
        self._veils = veils

    def take(self, source: str) -> None:
        """
        Try every line of *source*, an event that may leave out ``time`` (then it happens now) and ``id``.

        Raises:
            SourceError: it cannot be opened.
        """
        for block in blocks(source):
            self._block(source, block)

    def _block(self, source: str, block: Stretch) -> None:
        for veil in self._veils:
            veil.turn_to(source)
        for number, line in block.numbered(source, self._refused):
            try:
                self._try(line, f"{named(source)}:{number}")
            except (EventError, EventRefused) as error:
                self._refused(Refusal.of(source, number, error))

    def _refused(self, refusal: Refusal) -> None:
        self.summary.refused += 1
        self._refuse(refusal)

    def _try(self, line: bytes, place: str) -> None:
        number = len(self.acts) + 1
        read = [planned(line, trial.vocabulary, self._now, number) for trial in self._trials]
        if self._veils:
            read = [veil(event) for veil, event in zip(self._veils, read, strict=True)]
        act = Act(next((event for event in read if isinstance(event, Event)), None), place)
        if act.event is None:
            known(read[0], self._trials[0].vocabulary)
        tried = [() if isinstance(e, Stranger) else t.feed(e) for t, e in zip(self._trials, read, strict=True)]
        self.acts.append(act)
        for told, changes in zip(self._told, tried, strict=True):
            told += changes

    def finish(self, until: datetime | None = None) -> list[Act]:
        """
        Let time pass until *until*, and say what each act would change.

        Returns:
            The acts in written order and, where time would bring alerts because of them, one without an event.

        Raises:
            TimeWentBackwards: *until* is earlier than an act.
        """
        passing = Act(None)
        names = {act.event.id: act for act in self.acts if act.event is not None}
        for engine, trial, told in zip(self._engines, self._trials, self._told, strict=True):
            if until is not None:
                told += trial.advance(until)
            kept = list(_lasting(beyond(told, ordinary(engine, trial.now))))
            self.summary.told(kept)
            for change in kept:
                names.get(change.cause or "", passing).changes.append((engine.pack, change))
        return [*self.acts, passing] if passing.changes else self.acts

    def told(self) -> str:
        """A line about the whole plan, for people."""
        alerts, lines = len(self.summary.standing), self.summary.refused
        would = f"{counted(alerts, 'alert')} would be raised" if alerts else "nothing would be raised"
        refused = f", {counted(lines, 'line')} refused, each named above" if lines else ""
        return f"plan: {counted(len(self.acts), 'act')}, {would}{refused}"


def _lasting(changes: Sequence[Change]) -> Iterator[Change]:
    """*changes* without what is told of an alert before it is withdrawn, and without alerts that only came and went."""
    gone = {change.alert: number for number, change in enumerate(changes) if change.change == WITHDRAWN}
    new = {change.alert for change in changes if change.change == RAISED}
    for number, change in enumerate(changes):
        last = gone.get(change.alert, -1)
        if number > last or (number == last and change.alert not in new):
            yield change


def evidence_kinds(pack: Pack, missing: Missing) -> tuple[str, ...]:
    """
    The kinds of event by which a fact that is missing would be as it should; of one that stands in the way, be gone.

    Args:
        pack: whose rule it is.
        missing: one excuse of an alert; of an excuse with several conditions it tells the first that is not met.
    """
    fact = pack.facts.get(missing.fact)
    if fact is None:
        return ()
    if missing.reason == "present":
        entries = fact.ends
    else:
        entries = fact.starts if missing.nearest is None else (*fact.changes, *fact.starts)
    return tuple(dict.fromkeys(kind for entry in entries for kind in entry.kinds))
