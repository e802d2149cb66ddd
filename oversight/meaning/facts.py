"""What events do to facts: the acts of a history, collected instant by instant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from oversight.ground.time import Period, begin_of, end_of, moved
from oversight.ground.values import EvaluationError
from oversight.meaning.conditions import Seen, World, attempt, conjunction, disjunction, each_of, with_values
from oversight.meaning.evaluate import Scope, evaluate
from oversight.meaning.spells import Holding, Moment, Point, Spell, applies, holdings
from oversight.model.clauses import mixes
from oversight.model.forms import ABSENT, Event, coerce, order_of
from oversight.model.pack import Entry, Expression, Fact, Pack
from oversight.model.types import DYN


class Acts:
    """
    The spells that the acts of a history have made so far.

    Args:
        pack: whose facts.
        scope: gives the scope of an instant.
        plan: is told of every instant at which a fact may begin or end.
        seen: is told of every clause that is looked at.
    """

    def __init__(
        self,
        pack: Pack,
        scope: Callable[[datetime], Scope],
        plan: Callable[[datetime], None],
        seen: Seen | None = None,
    ) -> None:
        self.pack = pack
        self.seen = seen
        self.scope = scope
        self.plan = plan
        self.spells: dict[str, list[Spell]] = {name: [] for name in pack.facts}
        self._kinds = {
            name: {kind for entry in (*fact.starts, *fact.ends, *fact.changes) for kind in entry.kinds}
            for name, fact in pack.facts.items()
        }

    def holding(self, point: Point) -> dict[str, Mapping[Any, Holding]]:
        """The facts that hold at *point*, by name and key."""
        return {name: self.now(fact, point) for name, fact in self.pack.facts.items()}

    def now(self, fact: Fact, point: Point) -> Mapping[Any, Holding]:
        """The facts of one name that hold at *point*."""
        return holdings(self.spells[fact.name], fact.restarts, point)

    def world(self, instant: datetime, before: Mapping[str, Mapping[Any, Holding]]) -> World:
        """The facts that an act of *instant* can ask for."""
        return World(
            lambda name: self.now(self.pack.facts[name], (instant, 0)).values(),
            lambda name: before.get(name, {}).values(),
            self.seen,
        )

    def take(self, instant: datetime, events: list[Event], before: Mapping[str, Mapping[Any, Holding]]) -> None:
        """Let the events of one instant act, those without ``sequence`` first and together, then the others."""
        world = self.world(instant, before)
        ordered = sorted(events, key=order_of)
        steps = groupby(ordered, key=lambda e: 0 if e.sequence is ABSENT else 1 + ordered.index(e))
        for step, (number, own) in enumerate(steps):
            together = list(own)
            for fact in self.pack.facts.values():
                acting = [event for event in together if event.kind in self._kinds[fact.name]]
                if acting:
                    stood = before.get(fact.name, {}) if number == 0 else self.now(fact, (instant, 0))
                    self._step(fact, acting, (instant, 1 + step if number else 0), stood, world)

    def named(self, fact: Fact, entry: Entry, key: Any) -> Iterable[Spell]:
        """The spells that an ending entry can mean by the *key* it names."""
        return [spell for spell in self.spells[fact.name] if not entry.key or spell.key == key]

    def altered(self, fact: Fact, spell: Spell) -> None:
        """A spell was ended or changed: nothing to note where all is derived anew."""

    def _step(
        self, fact: Fact, events: list[Event], moment: Moment, stood: Mapping[Any, Holding], world: World
    ) -> None:
        begun = [s for event in events for s in self._starts(fact, event, moment, world)]
        self.spells[fact.name] += begun
        for event in events:
            for entry, key, scope, _ in self._acts(fact.ends, fact, event, world):
                named = self.named(fact, entry, key)
                earlier = [s for s in named if s.moment < moment]
                ended = [s for s in earlier if s.key in stood and _had_begun(s, moment)]
                ended = [s for s in ended if self._meant(entry, key, scope, stood[s.key], world)]
                alone = [s for s in earlier if not _had_begun(s, moment)]
                alone += [s for s in named if s.moment == moment and s.key not in stood]
                ended += [s for s in alone if self._meant(entry, key, scope, _alone(s), world)]
                for spell in ended:
                    spell.ended = moment if spell.ended is None else spell.ended
                    self.altered(fact, spell)
        for event in events:
            for entry, key, scope, _ in self._acts(fact.changes, fact, event, world):
                now = self.now(fact, (moment[0], 0))
                for holding in [h for h in (now.get(key),) if h] if entry.key else list(now.values()):
                    if applies(holding.spell, moment) and self._meant(entry, key, scope, holding, world):
                        holding.spell.changes.append((moment, event, _settings(fact, entry, scope)))
                        self.altered(fact, holding.spell)

    def _acts(
        self, entries: tuple[Entry, ...], fact: Fact, event: Event, world: World
    ) -> Iterator[tuple[Entry, Any, Scope, tuple[int, int]]]:
        """Every act of *event* by *entries*: the entry, the key it names, its scope and its numbers."""
        for place, entry in enumerate(entries):
            if event.kind not in entry.kinds:
                continue
            scope = self.scope(event.time).bind(**{entry.name: event})
            for turn, (_, inner) in enumerate(each_of(entry.each, scope, world)):
                inner = with_values(entry.values, inner, world)
                if conjunction(entry.conditions, inner, world) is not True:
                    continue
                if disjunction(entry.excuses, inner, world) is True:
                    continue
                key = self._key(fact, entry, inner, (event.source, event.id, place, turn))
                if key is not None:
                    yield entry, key, inner, (place, turn)

    def _key(self, fact: Fact, entry: Entry, scope: Scope, otherwise: Any) -> Any:
        if not entry.key:
            return otherwise
        parts = []
        for number, expression in enumerate(entry.key):
            try:
                parts.append(scope.operations["@key"](evaluate(expression.node, scope), mixes(fact, number)))
            except EvaluationError:
                return None
        return parts[0] if len(parts) == 1 else tuple(parts)

    def _starts(self, fact: Fact, event: Event, moment: Moment, world: World) -> Iterator[Spell]:
        for entry, key, scope, number in self._acts(fact.starts, fact, event, world):
            begins, until = event.time, None
            if entry.begins is not None:
                begin = _instant(attempt(entry.begins, scope), begin_of, self.pack)
                if begin is None:
                    continue
                begins = max(begins, begin)
            if entry.until is not None:
                until = _instant(attempt(entry.until, scope), end_of, self.pack)
                if until is None:
                    continue
            lasts = self._lasts(fact, begins)
            for instant in (begins, until, lasts):
                if instant is not None:
                    self.plan(instant)
            attributes = _attributes(fact, entry, event, scope)
            yield Spell(key, event, moment, (moment, order_of(event), number), attributes, begins, until, lasts)

    def _lasts(self, fact: Fact, begins: datetime) -> datetime | None:
        if fact.lasts is None:
            return None
        value = attempt(fact.lasts, self.scope(begins))
        return moved(begins, value, self.pack.zone) if isinstance(value, Period | timedelta) else None

    def _meant(self, entry: Entry, key: Any, scope: Scope, this: Holding, world: World) -> bool:
        """Whether an ending or changing entry finds the fact *this*."""
        if entry.key and this.key != key:
            return False
        return not entry.where or conjunction(entry.where, scope.bind(this=this), world) is True


def _had_begun(spell: Spell, moment: Moment) -> bool:
    """Whether *spell* had begun when the step at *moment* came; the first step looks at what was before."""
    return spell.begins < moment[0] or (moment[1] > 0 and spell.begins == moment[0])


def _alone(spell: Spell) -> Holding:
    """The fact that a spell not yet begun would make by itself."""
    return Holding(spell.key, spell.begins, spell.attributes, spell.event, spell, (spell.event,), spell)


def _instant(value: Any, of_date: Callable[..., datetime], pack: Pack) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, EvaluationError) or not hasattr(value, "year"):
        return None
    return of_date(value, pack.zone)


def _attributes(fact: Fact, entry: Entry, event: Event, scope: Scope) -> dict[str, Any]:
    """What a fact has from its start: the event's attributes, then those of ``each:`` and ``with:``."""
    found = {name: getattr(event.data, name) for name in event.data.__struct_fields__ if name != "corrects"}
    named = [name for name, _ in entry.values]
    if entry.each is not None and isinstance(entry.each.source, Expression):
        named.append(entry.each.name)
    found.update({name: scope.variables[name] for name in named})
    return {name: value for name, value in found.items() if value is not ABSENT and not isinstance(value, Exception)}


def _settings(fact: Fact, entry: Entry, scope: Scope) -> dict[str, Any]:
    """What a change sets: values of the declared types, but never the key; what cannot be read is missing."""
    if isinstance(entry.sets, tuple):
        given = {name: attempt(expression, scope) for name, expression in entry.sets}
    else:
        value = attempt(entry.sets, scope)
        given = dict(value) if isinstance(value, dict) else {}
    made: dict[str, Any] = {}
    for name, value in given.items():
        if name in fact.key:
            continue
        declared = fact.type.attributes.get(name)
        try:
            made[name] = ABSENT if isinstance(value, Exception) else coerce(value, declared.type if declared else DYN)
        except ValueError:
            made[name] = ABSENT
    return made
