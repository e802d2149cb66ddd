"""
Why a rule has no alert open about a subject: the first condition that did not hold, of each thing the rule looked at.

The history is judged by the definition itself, and its conditions are then asked one by one, so that the answer cannot
say what the definition does not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import evolve, field, frozen

from oversight.ground.errors import UnknownRule
from oversight.ground.instants import in_zone, refuse_unaware
from oversight.ground.text import near_names, nearest, printable, text_of
from oversight.meaning.conditions import disjunction, each_of, holds, key_order, with_values
from oversight.meaning.evaluate import Scope
from oversight.meaning.grounds import ground, line_of, standing
from oversight.meaning.kept import KeptJudgement
from oversight.meaning.relevance import Relevance, matching, mentions, texts
from oversight.meaning.semantics import Alert, history_of, is_in_force
from oversight.meaning.spells import Holding, Spell
from oversight.model.alerts import identity
from oversight.model.answers import (
    EXCUSED, FAILED, NO_PART, NOT_IN_FORCE, NOT_OPEN, OPEN, OTHERS, RAISED, RETIRED, UNDECIDED, WAITING,
    Act, Answer, Candidate, Exempted, Nothing, Past, Standing,
)  # fmt: skip
from oversight.model.clauses import first_equality, flatten
from oversight.model.events import vocabulary_of
from oversight.model.extract import extract, facts_read
from oversight.model.forms import Event
from oversight.model.pack import Condition, Pack, Query, Rule

_MOST_ENDED, _MOST_NEAR = 3, 3


def why_not(pack: Pack, events: Iterable[Any], rule: str, subject: str, at: datetime) -> Answer:
    """
    Why no alert of a rule about a subject is open at an instant, or of a rule on events was raised by then.

    Args:
        pack: checked, as :func:`oversight.load` gives it.
        events: the history, as :meth:`Engine.feed` takes events, in any order; those later than *at* do not count.
        rule: its id, or the name of one of its parts, as ``HK-NOT-02/camera``.
        subject: the id of whatever an alert would be about: a camera, a zone, a programme.
        at: the instant, with an offset.

    Returns:
        For each thing that the rule looked at and that concerns the subject the first condition that did not hold,
        with the evidence; where an alert is open, which.

    Raises:
        UnknownRule: the pack has none of that name; names the nearest.
        EventError: an event is not what the kinds allow.
        TypeError, ValueError: *at* is no datetime, or has no offset.

    >>> from datetime import datetime
    >>> from oversight.runner.packs import load
    >>> closed = {
    ...     "kind": "consultation.closed",
    ...     "id": "1",
    ...     "time": "2026-09-01T09:00:00+08:00",
    ...     "consultation": "con-2",
    ...     "outcome": "approved",
    ... }
    >>> at = datetime.fromisoformat("2026-09-02T00:00:00+08:00")
    >>> answer = why_not(load("hong-kong"), [closed], "HK-CON-02/closed", "con-2", at)
    >>> answer.status, answer.candidates[0].verdict, answer.candidates[0].ground.clause
    ('not open', 'failed', 'e.outcome in ["no_comment", "no_response"]')
    """
    refuse_unaware(at, "why_not")
    asked = rules_called(pack, rule)
    decoded = map(vocabulary_of(pack).decode, events)
    history = [e for e in history_of(e for e in decoded if isinstance(e, Event)) if e.time <= at]
    part = extract(pack, [asked[0].id], ())
    read = [event for event in history if event.kind in part.kinds]
    inquiry = _Inquiry(part, read, asked, Relevance(part, read, asked, subject, at))
    inquiry.run(at, closed=True)
    return inquiry.answer(rule, history, at)


def rules_called(pack: Pack, name: str) -> tuple[Rule, ...]:
    """
    The rule, or the parts of one, called *name*.

    Raises:
        UnknownRule: there is none; names the nearest.
    """
    found = tuple(rule for rule in pack.rules if name in (rule.id, rule.name))
    if not found:
        near = nearest(name.upper(), {each for rule in pack.rules for each in (rule.id, rule.name)})
        hint = f", did you mean {near!r}?" if near else f"; it has {len({rule.id for rule in pack.rules})} others"
        raise UnknownRule(f"the pack {pack.name} has no rule '{printable(name, 80)}'{hint}")
    return found


@frozen
class _Binding:
    """What ``each:`` binds or, without it, the head alone: what tells it apart, its scope, and what it is called."""

    member: Any
    scope: Scope
    part: Mapping[str, str] = field(factory=dict)
    where: tuple[Condition, ...] = ()


class _Inquiry(KeptJudgement):
    """A judgement that notes what it finds of some rules about one subject."""

    def __init__(self, pack: Pack, history: list[Event], asked: tuple[Rule, ...], relevance: Relevance) -> None:
        super().__init__(pack, history, relevance.acts)
        self.asked = asked
        self.names = {rule.name for rule in asked}
        self.relevance = relevance
        self.subject = relevance.subject
        self.found: list[tuple[bool, Candidate]] = []
        self._dated = sorted({start for parameter in pack.parameters.values() for start, _ in parameter.entries})
        self._reads = {rule.name: facts_read(rule) for rule in asked}
        self._judged_last: dict[tuple[str, Any], tuple[list[Any], dict[Any, Scope]]] = {}
        self._parameters = 0

    def members(self, rule: Rule, scope: Scope) -> dict[Any, Scope]:
        """The bindings in breach; those found last where nothing has changed that the rule reads."""
        head = scope.variables[rule.head.name]
        reads = self._reads.get(rule.name)
        if reads is None or isinstance(head, Event) or "alert" in reads:
            return super().members(rule, scope)
        read = [self._parameters, head, *[self.now[name] for name in reads]]
        known, found = self._judged_last.get((rule.name, head.key), ([], {}))
        if len(known) != len(read) or any(one is not other for one, other in zip(known, read, strict=True)):
            found = super().members(rule, scope)
            self._judged_last[rule.name, head.key] = (read, found)
        return found

    def heads(self, rule: Rule) -> Iterable[Holding]:
        """The facts that a rule looks at, without those that cannot concern the subject."""
        return self.relevance.heads(rule, super().heads(rule), self.now[rule.head.fact])

    def bindings(self, rule: Rule, scope: Scope) -> Iterable[tuple[Any, Scope]]:
        """The bindings of ``each:``, without those that cannot concern the subject."""
        kept = self.relevance.bindings(rule, scope, self)
        return super().bindings(rule, scope) if kept is None else kept

    def judge(self, rule: Rule, instant: datetime, half: int, events: list[Event]) -> None:
        """Judge as always, and then look at the events that concern the subject."""
        self._parameters = bisect_right(self._dated, instant)
        super().judge(rule, instant, half, events)
        if half == 0 and rule.name in self.names:
            for event in events:
                if event.kind in rule.head.kinds:
                    self._examine(rule, event, instant)

    def answer(self, name: str, history: list[Event], at: datetime) -> Answer:
        """What was found, once time has passed until *at*."""
        for rule in self.asked:
            if rule.status == "retired":
                for event in history:
                    if event.kind in rule.head.kinds:
                        self._examine(rule, event, event.time)
            for holding in self.now.get(rule.head.fact, {}).values():
                if not rule.head.of or holding.attributes["rule"] in rule.head.of:
                    self._examine(rule, holding, at)
        strict = [candidate for about, candidate in self.found if about]
        found = strict or [candidate for _, candidate in self.found]
        alerts = [a for a in self.alerts.values() if a.rule.name in self.names and self.subject in a.subjects]
        open_ones = [a for a in alerts if a.rule.head.kinds or a.subjects[self.subject] is None]
        return Answer(
            name,
            self.asked[0].title,
            self.subject,
            at,
            OPEN if open_ones else NOT_OPEN,
            tuple(self._past(alert) for alert in open_ones),
            tuple(sorted(found, key=_order)),
            tuple(self._past(alert) for alert in alerts if alert not in open_ones),
            None if found or open_ones else self._nothing(history, at),
            tuple(
                Exempted(w.reason, w.owner, in_zone(w.end, self.pack.zone), w.where.text if w.where else "")
                for w in self.pack.waivers
                if any(w.about(rule) for rule in self.asked) and w.start <= at < w.end
            ),
        )

    def _past(self, alert: Alert) -> Past:
        waived = alert.waived.shown(self.pack.zone) if alert.waived else None
        return Past(alert.identity, alert.rule.name, alert.at, alert.subjects[self.subject], waived)

    # What the rule looks at

    def _examine(self, rule: Rule, value: Event | Holding, instant: datetime) -> None:
        """Note what becomes of an event or a fact that a rule looks at, if it concerns the subject."""
        scope = self.scope(instant).bind(**{rule.head.name: value})
        name = value.id if isinstance(value, Event) else value.key
        mentioned = mentions(value, self.subject)
        concerned = False
        bindings = list(self._bindings(rule, scope))
        for binding in bindings:
            inner = with_values(rule.values, binding.scope, self.world())
            subjects = self.subjects(rule, inner, name)
            about = self.subject in subjects
            named = mentioned if rule.each is None else mentions(inner.variables[rule.each.name], self.subject)
            if about or named:
                concerned = True
                judged = self._judged(rule, value, evolve(binding, scope=inner), instant)
                self.found.append((about, evolve(judged, subjects=subjects)))
        if mentioned and not concerned:
            self.found.append((False, self._beside(rule, value, bindings, name)))

    def _bindings(self, rule: Rule, scope: Scope) -> Iterator[_Binding]:
        """
        The bindings of ``each:``, those too that its ``where:`` leaves out.

        But only facts that meet its first equality test, as for what is nearest: that ties them to the head.
        """
        each = rule.each
        if each is None:
            yield _Binding((), scope)
        elif isinstance(each.source, Query):
            query, tie = each.source, first_equality(each.source)
            for found in matching(query, self):
                inner = scope.bind(**{query.name: found})
                if tie is not None and holds(flatten(query.where)[tie], inner, self.world()) is not True:
                    continue
                key = ", ".join(key_order(found.key))
                yield _Binding(found.key, inner, {query.fact: key}, query.where)
        else:
            seen: list[tuple[type, Any]] = []
            for _, inner in each_of(each, scope, self.world()):
                item = inner.variables[each.name]
                if (type(item), item) not in seen:
                    seen.append((type(item), item))
                    yield _Binding(text_of(item), inner, {each.name: text_of(item)})

    def _head(self, rule: Rule, value: Event | Holding) -> Act | Standing:
        if isinstance(value, Event):
            return Act(value.id, value.kind, value.time)
        return standing(rule.head.fact, value)

    def _beside(self, rule: Rule, value: Event | Holding, bindings: list[_Binding], name: Any) -> Candidate:
        """What names the subject, but has no part that would be about it."""
        key = value.identity if isinstance(value, Event) else value.key
        made = Candidate(rule.name, self._head(rule, value), (), OTHERS, "about", binding=(key, None))
        assert rule.each is not None
        source = rule.each.source
        if not bindings:
            text = f"some: {source.text or source.fact}" if isinstance(source, Query) else source.text
            return evolve(made, verdict=NO_PART, clause="each", text=text, place=line_of(source.place))
        world = self.world()
        inner = [with_values(rule.values, binding.scope, world) for binding in bindings]
        about = dict.fromkeys(each for scope in inner for each in self.subjects(rule, scope, name))
        return _about_others(evolve(made, subjects=tuple(about)), rule)

    # What becomes of it

    def _span(self, rule: Rule) -> str:
        bounds = zip(("from", "until"), rule.in_force, strict=True)
        told = [(word, in_zone(bound, self.pack.zone)) for word, bound in bounds if bound is not None]
        return ", ".join(f"{word}: {text_of(bound)}" for word, bound in told)

    def _judged(self, rule: Rule, value: Event | Holding, binding: _Binding, instant: datetime) -> Candidate:
        """A candidate, with the first condition that did not hold."""
        key = value.identity if isinstance(value, Event) else value.key
        made = Candidate(
            rule.name, self._head(rule, value), (), RAISED, part=binding.part, binding=(key, binding.member)
        )
        if rule.status == "retired":
            return evolve(made, verdict=RETIRED, clause="status", text="retired", place=line_of(rule.place))
        if not is_in_force(rule, instant):
            return evolve(
                made, verdict=NOT_IN_FORCE, clause="in_force", text=self._span(rule), place=line_of(rule.place)
            )
        world = self.world()
        for clause, conditions in (("each", binding.where), ("if", rule.conditions)):
            for number, condition in enumerate(conjuncts(conditions)):
                truth = holds(condition, binding.scope, world)
                if truth is not True:
                    why = ground(condition, binding.scope, world, rule.place)
                    verdict = UNDECIDED if truth is None else FAILED
                    return evolve(made, verdict=verdict, clause=clause, number=number, ground=why)
        for number, excuse in enumerate(rule.excuses):
            if disjunction([excuse], binding.scope, world) is True:
                why = ground(excuse, binding.scope, world, rule.place)
                return evolve(made, verdict=EXCUSED, clause="unless", number=number, ground=why)
        return self._breached(rule, value, binding, made)

    def _breached(self, rule: Rule, value: Event | Holding, binding: _Binding, made: Candidate) -> Candidate:
        """A candidate of which every condition holds and nothing excuses it."""
        if isinstance(value, Event):
            since = value.time
            alert = self.alerts.get(identity(rule.id, rule.part, value.identity, since))
        else:
            bound = (rule.name, value.key, value.episode, binding.member)
            since = self.began[bound]
            alert = self.alert_of(rule, bound, since)
        made = evolve(made, since=since)
        if alert is None:
            assert rule.deadline is not None
            due, clause = self.due(rule, binding.scope, since), "by" if rule.by else "for"
            place, text = line_of(rule.deadline.place), rule.deadline.text
            return evolve(made, verdict=WAITING, clause=clause, due=due, place=place, text=text)
        made = evolve(made, alert=alert.identity)
        ids = alert.members[binding.member][0]
        return made if self.subject in ids else _about_others(made, rule)

    # What there is instead

    def _nothing(self, history: list[Event], at: datetime) -> Nothing:
        named = sum(1 for event in history if mentions(event, self.subject))
        names = () if named else {text for event in history for text in texts(event)}
        ended = {each for rule in self.asked if rule.head.fact for each in self._ended(rule.head.fact, at)}
        last = sorted(ended, key=lambda each: (each.until or at, each.key))[-_MOST_ENDED:]
        return Nothing(named, near_names(self.subject, sorted(names), _MOST_NEAR), self._looks_at(), tuple(last))

    def _looks_at(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        looks: dict[str, tuple[str, ...]] = {}
        for rule in self.asked:
            fact = self.pack.facts.get(rule.head.fact)
            if fact is not None:
                looks[fact.name] = tuple(dict.fromkeys(kind for entry in fact.starts for kind in entry.kinds))
            elif rule.head.fact:
                looks[f"alert of {' or '.join(rule.head.of)}"] = ()
            else:
                looks.update({kind: (kind,) for kind in rule.head.kinds})
        return tuple(looks.items())

    def _ended(self, fact: str, at: datetime) -> Iterator[Standing]:
        for spell in self.acts.spells.get(fact, []):
            end = spell.own_end()
            if end is None or spell.begins >= end[0] or end[0] > at:
                continue
            stood = Holding(spell.key, spell.begins, spell.attributes, spell.event, spell, (), spell)
            if mentions(stood, self.subject):
                yield standing(fact, stood, end[0], self._ended_by(fact, spell))

    def _ended_by(self, fact: str, spell: Spell) -> str:
        """The event that ended a spell, where there is no doubt which of an instant it was."""
        if spell.ended is None:
            return ""
        kinds = {kind for entry in self.pack.facts[fact].ends for kind in entry.kinds}
        events = [event.id for event in self.by_instant.get(spell.ended[0], []) if event.kind in kinds]
        return events[0] if len(events) == 1 else ""


def conjuncts(conditions: Iterable[Condition]) -> list[Condition]:
    """The conditions of a list as its author wrote them: an ``all_of`` taken apart, the call of a definition not."""
    found: list[Condition] = []
    for condition in conditions:
        inner = getattr(condition, "mode", "") == "all" and not condition.written  # type: ignore[union-attr]
        found += conjuncts(condition.conditions) if inner else [condition]  # type: ignore[union-attr]
    return found


def _about_others(made: Candidate, rule: Rule) -> Candidate:
    place = rule.about[0].place if rule.about else rule.place
    text = ", ".join(each.text for each in rule.about)
    return evolve(made, verdict=OTHERS, clause="about", text=text, place=line_of(place))


def _order(candidate: Candidate) -> tuple[Any, ...]:
    head = candidate.head
    when = head.time if isinstance(head, Act) else head.since
    return (when, candidate.rule, head.event, tuple(candidate.part.items()))
