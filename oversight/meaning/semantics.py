"""
The definition: which facts hold and which alerts there are, given a history and the instant reached.

This is the section "Meaning" of the design as a program: at every instant at which something can change, it
derives all facts anew and judges every rule for everything. The engine must agree with it on every history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import define, evolve, field, frozen

from oversight.ground.conversions import to_utc
from oversight.ground.text import text_of
from oversight.ground.time import Period, end_of, moved
from oversight.ground.values import EvaluationError, operations
from oversight.meaning.conditions import Seen, World, attempt, conjunction, disjunction, each_of, with_values
from oversight.meaning.evaluate import Scope
from oversight.meaning.explanation import Explanation, explain
from oversight.meaning.facts import Acts
from oversight.meaning.spells import Holding
from oversight.model.alerts import identity
from oversight.model.events import retracts
from oversight.model.forms import Event, order_of
from oversight.model.pack import Expression, Pack, Rule, Waiver


@define(eq=False)
class Alert:
    """
    One alert: a binding of a rule's head and one beginning of its breach.

    ``subjects`` maps each id it is about to the instant its breach ended, or ``None`` while it lasts. The text and what
    was missing are those of the moment at which it was raised. ``waived`` is the exception of a site that holds for it,
    or that held last.
    """

    identity: str
    rule: Rule
    key: Any
    since: datetime
    at: datetime
    said: Explanation
    members: dict[Any, tuple[tuple[str, ...], datetime | None]] = field(factory=dict)
    waived: Waiver | None = None

    @property
    def subjects(self) -> dict[str, datetime | None]:
        """The ids it is about, each with the end of its breach."""
        ends: dict[str, datetime | None] = {}
        for ids, end in self.members.values():
            for each in ids:
                known = ends.get(each, end)
                ends[each] = None if known is None or end is None else max(known, end)
        return ends


@frozen
class Outcome:
    """What a history means: the alerts by identity, and the facts that hold, by name and key."""

    alerts: dict[str, Alert]
    facts: dict[str, Mapping[Any, Holding]]


def history_of(events: Iterable[Event]) -> list[Event]:
    """
    The events that count: the first received of each identity, without those that another corrects.

    Raises:
        Nothing; other content under a known identity is left out.
    """
    first: dict[tuple[str, str], Event] = {}
    for event in events:
        first.setdefault(event.identity, event)
    gone = {(e.source, named) for e in first.values() if (named := retracts(e)) is not None and named != e.id}
    return sorted((e for e in first.values() if e.identity not in gone), key=lambda e: (e.time, order_of(e)))


def reached(events: Iterable[Event], advanced: datetime | None) -> datetime | None:
    """The instant: the later of the last ``advance`` and the latest event of the history."""
    return max([e.time for e in history_of(events)] + ([advanced] if advanced is not None else []), default=None)


def outcome(
    pack: Pack, events: Iterable[Event], upto: datetime, closed: bool = True, seen: Seen | None = None
) -> Outcome:
    """
    The alerts and facts of a history.

    Args:
        pack: the rules.
        events: in any order.
        upto: the instant reached; later events wait.
        closed: whether *upto* itself is judged, or only the instants before it.
        seen: is told of every clause that is looked at.
    """
    return Judgement(pack, [e for e in history_of(events) if e.time <= upto], seen).run(upto, closed)


class Judgement:
    """
    A history under judgement, instant by instant.

    Args:
        pack: the rules.
        history: the events that count, in order.
        seen: is told of every clause that is looked at.

    Attributes:
        alerts: by identity, as far as they are known.
        began: the instant at which each binding that is in breach began to be: of a rule's name, the key of its head,
            the episode, and what tells its parts apart.
        before, now: the facts, by name and key, before the instant and at its present half.
    """

    def __init__(self, pack: Pack, history: list[Event], seen: Seen | None) -> None:
        self.pack = pack
        self.seen = seen
        self.operations = operations(pack.zone)
        self.alerts: dict[str, Alert] = {}
        self.began: dict[tuple[Any, ...], datetime] = {}
        self.by_instant: dict[datetime, list[Event]] = {}
        for event in history:
            self.by_instant.setdefault(event.time, []).append(event)
        self.acts = Acts(pack, self.scope, self.plan, seen)
        self.instants: set[datetime] = set(self.by_instant)
        for parameter in pack.parameters.values():
            self.instants.update(start for start, _ in parameter.entries)
        for rule in pack.rules:
            self.instants.update(bound for bound in rule.in_force if bound is not None)
        for waiver in pack.waivers:
            self.instants.update((waiver.start, waiver.end))
        self.rules = [r for r in pack.rules if r.status != "retired"]
        self.before: dict[str, Mapping[Any, Holding]] = {}
        self.now: dict[str, Mapping[Any, Holding]] = {}

    def plan(self, instant: datetime) -> None:
        """Something may change at *instant*."""
        self.instants.add(instant)

    def scope(self, instant: datetime) -> Scope:
        """What an expression can see at *instant*, before anything is bound."""
        return Scope({}, lambda name: self.pack.parameters[name].at(instant), self.operations)

    def run(self, upto: datetime, closed: bool) -> Outcome:
        """Judge every instant up to *upto* and, if *closed*, that one too."""
        done: datetime | None = None
        while True:
            done = self.next_instant(done)
            if done is None or done > upto or (done == upto and not closed):
                self._note_waiting()
                return Outcome(self.alerts, {n: f for n, f in self.now.items() if n != "alert"})
            self._instant(done)

    def next_instant(self, done: datetime | None) -> datetime | None:
        """The first instant after *done* at which something may change."""
        return min((t for t in self.instants if done is None or t > done), default=None)

    def _instant(self, instant: datetime) -> None:
        events = self.by_instant.get(instant, [])
        self.before = self.now
        self.acts.take(instant, events, self.before)
        for half in (0, 1):
            self.now = {**self.acts.holding((instant, half)), "alert": self._alert_facts()}
            for layer in range(max((r.layer for r in self.rules), default=0) + 1):
                for rule in self.rules:
                    if rule.layer == layer:
                        self.judge(rule, instant, half, events)
                self.now["alert"] = self._alert_facts()
        self._waive(instant)

    def _waive(self, instant: datetime) -> None:
        """
        Exceptions look at each alert as the instant leaves it: at what is in breach; of two, the first written holds.

        What holds for an alert that was over before stays; one that was over at the instant of its breach is looked at
        as it was raised.
        """
        for alert in self.alerts.values():
            standing = [subject for subject, end in alert.subjects.items() if end is None]
            if not self.pack.waivers or (not standing and alert.at < instant):
                continue
            scope = self.scope(instant).bind(alert=_attributes(alert, sorted(standing or alert.subjects)))
            holds = [
                waiver
                for waiver in self.pack.waivers
                if waiver.about(alert.rule) and waiver.start <= instant < waiver.end
                if waiver.where is None or attempt(waiver.where, scope) is True
            ]
            alert.waived = holds[0] if holds else None

    def world(self) -> World:
        """The facts that can be asked for now."""
        before = self.before
        return World(lambda name: self.now[name].values(), lambda name: before.get(name, {}).values(), self.seen)

    def judge(self, rule: Rule, instant: datetime, half: int, events: list[Event]) -> None:
        """Judge all that *rule* looks at, in one half of an instant."""
        in_force = is_in_force(rule, instant)
        if not rule.head.fact:
            for event in events if in_force and half == 0 else []:
                if event.kind in rule.head.kinds:
                    scope = self.scope(instant).bind(**{rule.head.name: event})
                    members = self.members(rule, scope)
                    if members:
                        self._raise(rule, event.identity, event.id, instant, instant, members)
            return
        breached: dict[tuple[Any, ...], tuple[Holding, Scope]] = {}
        for holding in self.heads(rule) if in_force else []:
            if rule.head.of and holding.attributes["rule"] not in rule.head.of:
                continue
            scope = self.scope(instant).bind(**{rule.head.name: holding})
            for member, inner in self.members(rule, scope).items():
                breached[(rule.name, holding.key, holding.episode, member)] = (holding, inner)
        self._end_breaches(rule, instant, breached)
        self._go_on(rule, instant, half, breached)

    def heads(self, rule: Rule) -> Iterable[Holding]:
        """The facts that a standing rule looks at now."""
        return self.now[rule.head.fact].values()

    def bindings(self, rule: Rule, scope: Scope) -> Iterable[tuple[Any, Scope]]:
        """The bindings of ``each:`` of a rule, each with what tells it apart."""
        return each_of(rule.each, scope, self.world())

    def members(self, rule: Rule, scope: Scope) -> dict[Any, Scope]:
        """The bindings of ``each:`` that are in breach, by what tells them apart."""
        world = self.world()
        found: dict[Any, Scope] = {}
        for member, inner in self.bindings(rule, scope):
            inner = with_values(rule.values, inner, world)
            if conjunction(rule.conditions, inner, world) is not True:
                continue
            if disjunction(rule.excuses, inner, world) is True:
                continue
            if rule.each is not None and isinstance(rule.each.source, Expression):
                member = text_of(inner.variables[rule.each.name])
            found.setdefault(member, inner)
        return found

    def _end_breaches(self, rule: Rule, instant: datetime, breached: dict[tuple[Any, ...], Any]) -> None:
        for binding in [b for b in self.began if b[0] == rule.name and b not in breached]:
            alert = self.alert_of(rule, binding, self.began.pop(binding))
            if alert is None:
                self._note(rule, passed=False)
                continue
            subjects, end = alert.members[binding[3]]
            alert.members[binding[3]] = (subjects, instant if end is None else end)

    def alert_of(self, rule: Rule, binding: tuple[Any, ...], since: datetime) -> Alert | None:
        """The alert that a binding is in already."""
        alert = self.alerts.get(identity(rule.id, rule.part, binding[1], since))
        return alert if alert is not None and binding[3] in alert.members else None

    def _note(self, rule: Rule, passed: bool) -> None:
        """Tell whether a deadline passed, or the breach ended (or the history did) before."""
        if self.seen is not None and rule.deadline is not None:
            self.seen(rule.deadline, passed)

    def _note_waiting(self) -> None:
        for rule in self.rules if self.seen is not None else []:
            for binding, since in self.began.items():
                if binding[0] == rule.name and self.alert_of(rule, binding, since) is None:
                    self._note(rule, passed=False)

    def _go_on(
        self, rule: Rule, instant: datetime, half: int, breached: dict[tuple[Any, ...], tuple[Holding, Scope]]
    ) -> None:
        risen: dict[tuple[Any, datetime], dict[Any, Scope]] = {}
        for binding, (holding, scope) in breached.items():
            since = self.began.setdefault(binding, instant)
            if self.alert_of(rule, binding, since) is not None:
                continue
            due = self.due(rule, scope, since)
            if due is None:
                continue
            if due > instant:
                self.plan(due)
            elif due < instant or half == 1 or rule.deadline is None:
                self._note(rule, passed=True)
                risen.setdefault((holding.key, since), {})[binding[3]] = scope
        for (key, since), members in risen.items():
            self._raise(rule, key, key, since, instant, members)

    def due(self, rule: Rule, scope: Scope, since: datetime) -> datetime | None:
        """When the breach becomes an alert; ``None`` where the deadline cannot be told."""
        if rule.deadline is None:
            return since
        then = Scope(scope.variables, self.scope(since).parameter, scope.operations)
        value = attempt(rule.deadline, then)
        if rule.by:
            return end_instant(value, self.pack)
        return moved(since, value, self.pack.zone) if isinstance(value, Period | timedelta) else None

    def subjects(self, rule: Rule, scope: Scope, key: Any) -> tuple[str, ...]:
        """The ids that an alert would be about; *key* stands for them where it names none."""
        ids: list[str] = []
        for expression in rule.about:
            value = attempt(expression, scope)
            if not isinstance(value, EvaluationError):
                ids += [text_of(item) for item in (value if isinstance(value, list) else [value])]
        if not ids:
            ids = [text_of(part) for part in (key if isinstance(key, tuple) else (key,))]
        return tuple(dict.fromkeys(ids))

    def _raise(self, rule: Rule, key: Any, name: Any, since: datetime, at: datetime, members: dict[Any, Scope]) -> None:
        """Raise an alert, or let further *members* join it; *name* stands for its subjects where it names none."""
        number = identity(rule.id, rule.part, key, since)
        said = explain(rule, list(members.values()), self.world())
        alert = self.alerts.get(number)
        if alert is None:
            alert = self.alerts[number] = Alert(number, rule, key, since, at, said)
        else:
            further = tuple(e for e in said.evidence if e not in alert.said.evidence)
            alert.said = evolve(alert.said, evidence=alert.said.evidence + further)
        alert.members.update({m: (self.subjects(rule, scope, name), None) for m, scope in members.items()})

    def _alert_facts(self) -> dict[Any, Holding]:
        """The built-in fact ``alert``: every alert some subject of which is in breach."""
        found = {}
        no_event: Any = None
        alert: Any
        for alert in self.alerts.values():
            open_ones = [subject for subject, end in alert.subjects.items() if end is None]
            if open_ones:
                attributes, events = _attributes(alert, open_ones), alert.said.evidence
                found[alert.identity] = Holding(alert.identity, alert.at, attributes, no_event, alert, events, no_event)
        return found


def _attributes(alert: Alert, subjects: list[str]) -> dict[str, Any]:
    return {
        "rule": alert.rule.id, "part": alert.rule.part, "severity": alert.rule.severity,
        "subjects": subjects, "since": to_utc(alert.since), "at": to_utc(alert.at),
    }  # fmt: skip


def is_in_force(rule: Rule, instant: datetime) -> bool:
    """Whether *rule* is in force at *instant*."""
    start, end = rule.in_force
    return (start is None or start <= instant) and (end is None or instant < end)


def end_instant(value: Any, pack: Pack) -> datetime | None:
    """An instant, or the first instant of the day after a date; ``None`` where *value* is neither."""
    if isinstance(value, datetime):
        return value
    return None if isinstance(value, EvaluationError) or not hasattr(value, "year") else end_of(value, pack.zone)
