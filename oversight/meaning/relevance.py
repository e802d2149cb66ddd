"""Which of the things that a rule looks at can concern a subject: what never names it need not be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import evolve

from oversight.ground.text import text_of
from oversight.meaning.conditions import conjunction, each_of, key_order
from oversight.meaning.evaluate import Scope
from oversight.meaning.kept import KeptActs, KeptJudgement
from oversight.meaning.semantics import Judgement
from oversight.meaning.spells import Holding
from oversight.model.expressions import path_of
from oversight.model.forms import ABSENT, Event
from oversight.model.pack import Pack, Query, Rule


class Relevance:
    """
    Which facts of a history ever name a subject, and so what of some rules must be judged to know of alerts about it.

    Args:
        pack: the part of a pack that can matter to the rules.
        history: the events that count.
        asked: the rules.
        subject: an id.
        at: the instant up to which the facts are looked at.

    Attributes:
        acts: of the history, where they had to be found out.
    """

    def __init__(self, pack: Pack, history: list[Event], asked: tuple[Rule, ...], subject: str, at: datetime) -> None:
        self.subject = subject
        excepted = any(waiver.about(rule) for rule in asked for waiver in pack.waivers)
        # An exception looks at all subjects of an alert; a subject that is computed may come from anywhere.
        self._roots = {} if excepted else {rule.name: roots for rule in asked if (roots := _roots(rule)) is not None}
        self._keys: dict[str, set[Any]] = {}
        self.acts: KeptActs | None = None
        if self._roots:
            facts = KeptJudgement(evolve(pack, rules=(), waivers=()), history)
            facts.run(at, closed=True)
            self.acts = facts.acts
            for name, spells in facts.acts.spells.items():
                named = (spell for spell in spells if self._names(spell))
                self._keys[name] = {spell.key for spell in named}

    def _names(self, spell: Any) -> bool:
        values = [spell.key, spell.event.subject, spell.attributes, *[set_ for _, _, set_ in spell.changes]]
        return any(mentions(value, self.subject) for value in values)

    def heads(self, rule: Rule, heads: Iterable[Holding], now: Mapping[Any, Holding]) -> Iterable[Holding]:
        """Those of *heads*, which *now* has by key, that a rule must be judged for."""
        keys = self._keys.get(rule.head.fact)
        if rule.name not in self._roots or rule.each is not None or keys is None:
            return heads
        return [now[key] for key in keys if key in now]

    def bindings(self, rule: Rule, scope: Scope, judgement: Judgement) -> Iterable[tuple[Any, Scope]] | None:
        """The bindings of ``each:`` that a rule must be judged for; ``None`` for all."""
        roots = self._roots.get(rule.name)
        if roots is None or (rule.head.name in roots and self._concerns(rule, scope.variables[rule.head.name])):
            return None
        world = judgement.world()
        if rule.each is None:
            return ()
        if not isinstance(rule.each.source, Query):
            made = each_of(rule.each, scope, world)
            return [(n, inner) for n, inner in made if mentions(inner.variables[rule.each.name], self.subject)]
        query = rule.each.source
        keys = self._keys.get(query.fact)
        if keys is None:
            return None
        stand = (judgement.before if query.before else judgement.now).get(query.fact, {})
        found = [(key, scope.bind(**{query.name: stand[key]})) for key in keys if key in stand]
        found = [(key, inner) for key, inner in found if conjunction(query.where, inner, world) is True]
        return sorted(found, key=lambda pair: key_order(pair[0]))

    def _concerns(self, rule: Rule, head: Event | Holding) -> bool:
        if isinstance(head, Event):
            return head.id == self.subject or mentions(head, self.subject)
        keys = self._keys.get(rule.head.fact)
        return keys is None or head.key in keys


def _roots(rule: Rule) -> set[str] | None:
    """The names from which a rule reads its subjects; ``None`` where they are computed in another way."""
    paths = [path_of(expression.node) for expression in rule.about]
    roots = {path[0] for path in paths if path is not None}
    known = {rule.head.name} | ({rule.each.name} if rule.each is not None else set())
    # An id that cannot be read leaves the key of the head, whatever the others are read from.
    return roots | {rule.head.name} if None not in paths and roots <= known else None


def matching(query: Query, judgement: Judgement) -> list[Holding]:
    """The facts among which a query looks, in the order of their keys."""
    world = judgement.world()
    source = world.before if query.before else world.now
    found = [fact for fact in source(query.fact) if not query.of or fact.attributes["rule"] in query.of]
    return sorted(found, key=lambda fact: key_order(fact.key))


def mentions(value: Any, subject: str) -> bool:
    """Whether an event, a fact or a value names *subject*."""
    return any(text == subject for text in texts(value))


def texts(value: Any) -> Iterator[str]:
    """Every value inside a value, as text, but for the identities of events."""
    if isinstance(value, Event):
        yield from texts(value.subject)
        for name in value.data.__struct_fields__:
            if name != "corrects":
                yield from texts(getattr(value.data, name))
    elif isinstance(value, Holding):
        yield from texts(value.key)
        yield from texts(value.attributes)
        if isinstance(value.event, Event):
            yield from texts(value.event.subject)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)
    elif value is not ABSENT:
        yield text_of(value)
