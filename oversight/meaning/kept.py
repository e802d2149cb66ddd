"""The same facts, kept from one instant to the next where the definition derives all of them anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, ValuesView
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Any

from attrs import define, field, frozen

from oversight.ground.values import EvaluationError
from oversight.meaning.conditions import World
from oversight.meaning.evaluate import Scope, evaluate
from oversight.meaning.facts import Acts
from oversight.meaning.semantics import Judgement
from oversight.meaning.spells import Holding, Point, Spell, holding_of
from oversight.model.forms import Event
from oversight.model.clauses import equality, flatten, names_inside
from oversight.model.expressions import Node, path_of
from oversight.model.pack import Entry, Fact, Pack, Query


class _Held(Mapping[Any, Holding]):
    """
    What holds of one fact, as it was when this was made.

    The newest has the facts themselves, one before it only what it had otherwise: nothing is copied unless somebody
    goes through all that held before.

    Args:
        live: the facts, which the newest looks into.
    """

    __slots__ = ("_live", "_newer", "_otherwise")

    def __init__(self, live: dict[Any, Holding]) -> None:
        self._live = live
        self._newer: _Held | None = None
        self._otherwise: dict[Any, Holding | None] = {}

    def followed(self, changes: Mapping[Any, Holding | None]) -> _Held:
        """The newest after this one, with *changes*, of which ``None`` takes a fact out."""
        live = self._live
        self._newer = _Held(live)
        self._otherwise = {key: live.pop(key, None) for key in changes}
        live.update({key: found for key, found in changes.items() if found is not None})
        return self._newer

    def __getitem__(self, key: Any) -> Holding:
        held = self
        while held._newer is not None:
            if key in held._otherwise:
                found = held._otherwise[key]
                if found is None:
                    raise KeyError(key)
                return found
            held = held._newer
        return self._live[key]

    def _all(self) -> dict[Any, Holding]:
        if self._newer is None:
            return self._live
        chain, held = [self], self._newer
        while held._newer is not None:
            chain.append(held)
            held = held._newer
        made: dict[Any, Holding | None] = dict(self._live)
        for each in reversed(chain):
            made.update(each._otherwise)
        return {key: found for key, found in made.items() if found is not None}

    def __iter__(self) -> Iterator[Any]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def values(self) -> ValuesView[Holding]:
        """The facts."""
        return self._all().values()


@define
class _Table:
    """
    The spells of one fact by key, what holds, and when that may change.

    ``counted`` is how many spells are in it, ``doubtful`` the keys whose spells have altered since.
    """

    spells: dict[Any, list[Spell]] = field(factory=dict)
    holds: _Held = field(factory=lambda: _Held({}))
    turns: list[tuple[Point, int, Any]] = field(factory=list)
    doubtful: dict[Any, None] = field(factory=dict)
    counted: int = 0


@frozen
class _KeptWorld(World):
    """
    A world that finds a fact by its key where a query asks for one, and does not try all others.

    Args:
        present, past: the facts of a name, by key, that hold and that held before the instant.
        keys: the names of the key of each fact.
        asked: for each query what it asks the key to be, as far as that is known by now.
    """

    present: Callable[[str], Mapping[Any, Holding]] = field(kw_only=True)
    past: Callable[[str], Mapping[Any, Holding]] = field(kw_only=True)
    keys: Mapping[str, tuple[str, ...]] = field(kw_only=True)
    asked: dict[int, tuple[Query, list[Node]]] = field(kw_only=True)

    def facts(self, query: Query, scope: Scope) -> Iterable[Holding]:
        """The fact with the key that the query asks for; all where it asks for none, or for one that is no text."""
        known = self.asked.get(id(query))
        if known is None:
            known = self.asked[id(query)] = (query, key_asked(query, self.keys.get(query.fact, ())))
        values = [_value(node, scope) for node in known[1]]
        if not values or not all(isinstance(value, str) for value in values):
            return super().facts(query, scope)
        found = (self.past if query.before else self.present)(query.fact)
        one = found.get(values[0] if len(values) == 1 else tuple(values))
        return () if one is None else (one,)


def key_asked(query: Query, key: tuple[str, ...]) -> list[Node]:
    """What each part of the key of a fact must be equal to by a query; nothing unless it says so of all."""
    inner = names_inside(query.where) | {query.name}
    tests = [test for part in flatten(query.where) if (test := equality(part, query.name, inner)) is not None]
    found = {path_of(own): other for own, other in reversed(tests)}
    wanted = [found.get((query.name, name)) for name in key]
    return [node for node in wanted if node is not None] if None not in wanted else []


def _value(node: Node, scope: Scope) -> Any:
    try:
        return evaluate(node, scope)
    except EvaluationError as error:
        return error


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
        self.keys = {name: fact.key for name, fact in pack.facts.items()}
        self.asked: dict[int, tuple[Query, list[Node]]] = {}

    def world(self, instant: datetime, before: Mapping[str, Mapping[Any, Holding]]) -> World:
        """The facts that an act of *instant* can ask for."""
        return self.finding(
            lambda name: self.now(self.pack.facts[name], (instant, 0)), lambda name: before.get(name, {})
        )

    def finding(
        self, present: Callable[[str], Mapping[Any, Holding]], past: Callable[[str], Mapping[Any, Holding]]
    ) -> World:
        """The world of the facts by key that two functions give."""
        return _KeptWorld(
            lambda name: present(name).values(), lambda name: past(name).values(),
            present=present, past=past, keys=self.keys, asked=self.asked,
        )  # fmt: skip

    def now(self, fact: Fact, point: Point) -> Mapping[Any, Holding]:
        """The facts of one name that hold at *point*, which is never before one asked for earlier."""
        table = self._counted(fact)
        while table.turns and table.turns[0][0] <= point:
            table.doubtful[heappop(table.turns)[2]] = None
        if table.doubtful:
            changes = {key: holding_of(table.spells[key], fact.restarts, point) for key in table.doubtful}
            table.holds = table.holds.followed(changes)
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


class KnownActs(KeptActs):
    """
    The acts of a history of which all have been taken before: what held at each point is told again.

    What acts later does not alter what held before, so that the spells which all acts made serve for every point.

    Args:
        taken: the acts, up to the last instant that will be asked for.
        pack, scope, plan: as of :class:`Acts`.
    """

    def __init__(
        self, taken: KeptActs, pack: Pack, scope: Callable[[datetime], Scope], plan: Callable[[datetime], None]
    ) -> None:
        super().__init__(pack, scope, plan)
        self.spells = taken.spells
        self.asked = taken.asked
        for fact in pack.facts.values():
            turns = self._counted(fact).turns
            for spell in self.spells[fact.name]:
                for instant in (spell.begins, spell.until, spell.lasts):
                    if instant is not None and instant > spell.event.time:
                        plan(instant)
                ended = [] if spell.ended is None else [spell.ended]
                for moment in [*ended, *[moment for moment, _, _ in spell.changes]]:
                    self._turn += 1
                    turns.append(((moment[0], 0), self._turn, spell.key))
            heapify(turns)

    def take(self, instant: datetime, events: list[Event], before: Mapping[str, Mapping[Any, Holding]]) -> None:
        """The events of an instant have acted already."""


class KeptJudgement(Judgement):
    """
    A judgement of a long history: the same, with facts kept and instants in order.

    Args:
        pack, history: as of :class:`Judgement`.
        taken: the acts of this history, where they are known.
    """

    def __init__(self, pack: Pack, history: list[Event], taken: KeptActs | None = None) -> None:
        super().__init__(pack, history, None)
        self._ahead = list(self.instants)
        heapify(self._ahead)
        if taken is None:
            self.acts: KeptActs = KeptActs(pack, self.scope, self.plan)
        else:
            self.acts = KnownActs(taken, pack, self.scope, self.plan)

    def world(self) -> World:
        """The facts that can be asked for now."""
        now, before = self.now, self.before
        return self.acts.finding(lambda name: now[name], lambda name: before.get(name, {}))

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
