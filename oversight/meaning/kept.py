"""The same facts, kept from one instant to the next where the definition derives all of them anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Any

from attrs import define, field

from oversight.meaning.evaluate import Scope
from oversight.meaning.facts import Acts
from oversight.meaning.semantics import Judgement
from oversight.meaning.spells import Holding, Point, Spell, holding_of
from oversight.model.forms import Event
from oversight.model.pack import Entry, Fact, Pack


@define
class _Table:
    """
    The spells of one fact by key, what holds, and when that may change.

    ``counted`` is how many spells are in it, ``doubtful`` the keys whose spells have altered since.
    """

    spells: dict[Any, list[Spell]] = field(factory=dict)
    holds: dict[Any, Holding] = field(factory=dict)
    turns: list[tuple[Point, int, Any]] = field(factory=list)
    doubtful: dict[Any, None] = field(factory=dict)
    counted: int = 0


class KeptActs(Acts):
    """
    Acts of a history asked in the order of time: of each fact only the keys are looked at that can have changed.

    Args:
        pack, scope, plan: as of :class:`Acts`.
    """

    def __init__(self, pack: Pack, scope: Callable[[datetime], Scope], plan: Callable[[datetime], None]) -> None:
        super().__init__(pack, scope, plan)
        self._tables = {name: _Table() for name in pack.facts}
        self._turn = 0

    def now(self, fact: Fact, point: Point) -> dict[Any, Holding]:
        """The facts of one name that hold at *point*, which is never before one asked for earlier."""
        table = self._counted(fact)
        while table.turns and table.turns[0][0] <= point:
            table.doubtful[heappop(table.turns)[2]] = None
        if table.doubtful:
            table.holds = dict(table.holds)
            for key in table.doubtful:
                found = holding_of(table.spells[key], fact.restarts, point)
                table.holds.pop(key, None)
                if found is not None:
                    table.holds[key] = found
            table.doubtful = {}
        return table.holds

    def named(self, fact: Fact, entry: Entry, key: Any) -> Iterable[Spell]:
        """The spells that an entry can mean by the key it names."""
        return list(self._counted(fact).spells.get(key, ())) if entry.key else self.spells[fact.name]

    def altered(self, fact: Fact, spell: Spell) -> None:
        """A spell was ended or changed."""
        self._tables[fact.name].doubtful[spell.key] = None

    def _counted(self, fact: Fact) -> _Table:
        """The table, with the spells that have come since."""
        table, spells = self._tables[fact.name], self.spells[fact.name]
        for spell in spells[table.counted :]:
            table.spells.setdefault(spell.key, []).append(spell)
            table.doubtful[spell.key] = None
            for point in ((spell.begins, 0), (spell.until, 0), (spell.lasts, 1)):
                if point[0] is not None:
                    self._turn += 1
                    heappush(table.turns, ((point[0], point[1]), self._turn, spell.key))
        table.counted = len(spells)
        return table


class KeptJudgement(Judgement):
    """
    A judgement of a long history: the same, with facts kept and instants in order.

    Args:
        pack, history: as of :class:`Judgement`.
    """

    def __init__(self, pack: Pack, history: list[Event]) -> None:
        super().__init__(pack, history, None)
        self.acts = KeptActs(pack, self.scope, self.plan)
        self._ahead = list(self.instants)
        heapify(self._ahead)

    def plan(self, instant: datetime) -> None:
        """Something may change at *instant*."""
        heappush(self._ahead, instant)

    def next_instant(self, done: datetime | None) -> datetime | None:
        """The first instant after *done* at which something may change."""
        while self._ahead:
            instant = heappop(self._ahead)
            if done is None or instant > done:
                return instant
        return None
