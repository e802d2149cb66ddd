"""Why there is no alert: the answer is open exactly where the definition is, and every reason it gives is so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import evolve
from hypothesis import note
from tests.properties.drawn import KEYS, day
from tests.properties.trying import example, tried

from oversight import Engine, Pack, why_not
from oversight.meaning.semantics import Alert, outcome
from oversight.meaning.whynot import conjuncts
from oversight.model.answers import (
    EXCUSED, FAILED, NO_PART, NOT_IN_FORCE, OPEN, OTHERS, RAISED, UNDECIDED, WAITING, Act, Answer, Candidate,
)  # fmt: skip
from oversight.model.clauses import first_equality, flatten
from oversight.model.forms import Event
from oversight.model.pack import Query, Rule
from oversight.testing.dice import Dice


class Asked:
    """A question with its history, for which the definition can be asked of variants of the rule."""

    def __init__(self, pack: Pack, events: list[Event], at: datetime, subject: str) -> None:
        self.pack = pack
        self.events = events
        self.at = at
        self.subject = subject
        self._all = [*outcome(pack, events, at).alerts.values()]

    def alerts(self, *rules: Rule) -> list[Alert]:
        """The alerts of *rules*, each put in the place of the one of its name."""
        if all(any(rule is own for own in self.pack.rules) for rule in rules):
            return [a for a in self._all if a.rule.name in {rule.name for rule in rules}]
        instead = {rule.name: rule for rule in rules}
        pack = evolve(self.pack, rules=tuple(instead.get(rule.name, rule) for rule in self.pack.rules))
        return [a for a in outcome(pack, self.events, self.at).alerts.values() if a.rule.name in instead]

    def open(self, rule: Rule) -> set[str]:
        """The identities of those alerts of *rule* that are open about the subject, or of an act were raised."""
        alerts = [alert for alert in self.alerts(rule) if self.subject in alert.subjects]
        return {a.identity for a in alerts if rule.head.kinds or a.subjects[self.subject] is None}

    def breached(self, rule: Rule, candidate: Candidate, **other: Any) -> bool:
        """Whether a candidate is in breach of *rule* with *other* clauses and no deadline."""
        key, member = candidate.binding
        alerts = [alert for alert in self.alerts(evolve(rule, deadline=None, **other)) if alert.key == key]
        ends = [alert.members[member][1] for alert in alerts if member in alert.members]
        return bool(ends) if rule.head.kinds else None in ends


def true_so_far(asked: Asked, rule: Rule, found: Candidate) -> bool:
    """Whether the condition that decides is as the answer says, and all before it hold."""
    number = found.number
    if found.clause == "each":
        assert rule.each is not None
        source = rule.each.source
        assert isinstance(source, Query)
        where = conjuncts(source.where)
        first, then = [
            {"each": evolve(rule.each, source=evolve(source, where=tuple(where[:n]))), "conditions": (), "excuses": ()}
            for n in (number, number + 1)
        ]
    elif found.clause == "if":
        held = conjuncts(rule.conditions)
        first, then = [{"conditions": tuple(held[:n]), "excuses": ()} for n in (number, number + 1)]
    else:
        first, then = ({"excuses": rule.excuses[:number]}, {"excuses": rule.excuses[number : number + 1]})
    return asked.breached(rule, found, **first) and not asked.breached(rule, found, **then)


def check(asked: Asked, rule: Rule, found: Candidate) -> None:
    """Hold one candidate to the definition."""
    verdict = found.verdict
    if verdict in (FAILED, UNDECIDED, EXCUSED):
        assert found.ground is not None
        assert {FAILED: "false", UNDECIDED: "undecided", EXCUSED: "true"}[verdict] == found.ground.truth
        assert true_so_far(asked, rule, found)
    elif verdict == WAITING:
        assert asked.breached(rule, found)
        assert found.due is None or found.due > asked.at
    elif verdict == NO_PART:
        bare = asked.alerts(evolve(rule, conditions=(), excuses=(), deadline=None))
        assert not [alert for alert in bare if alert.key == found.binding[0] and not alert.members]
        assert found.binding[0] not in [a.key for a in bare if rule.head.kinds or None in a.subjects.values()]
    elif verdict == NOT_IN_FORCE:
        instant = found.head.time if isinstance(found.head, Act) else asked.at
        start, end = rule.in_force
        assert (start is not None and instant < start) or (end is not None and instant >= end)
    elif verdict == OTHERS:
        assert asked.subject not in found.subjects or found.alert
    else:
        assert RAISED == verdict
        assert found.alert in asked.open(rule)


def complete(asked: Asked, rule: Rule, found: Answer) -> None:
    """Every event that such a rule looks at and that would be about the subject is a candidate."""
    each = rule.each
    if each is not None and isinstance(each.source, Query):
        tie = first_equality(each.source)
        where = () if tie is None else (flatten(each.source.where)[tie],)
        each = evolve(each, source=evolve(each.source, where=where))
    bare = evolve(rule, each=each, conditions=(), excuses=(), in_force=(None, None))
    alerts = asked.alerts(bare)
    wanted = {(a.key, member) for a in alerts for member, (ids, _) in a.members.items() if asked.subject in ids}
    named = {candidate.binding for candidate in found.candidates if candidate.rule == rule.name}
    assert wanted == named or (not wanted and not any(asked.subject in c.subjects for c in found.candidates))


@tried(2)
def test_every_reason_is_so(dice: Dice) -> None:
    """For drawn rules, subjects and instants: open as the definition, or a condition that fails after all before it."""
    pack, history = example(dice)
    at, subject = day(dice.below(20) / 2), dice.one_of(*KEYS, *KEYS, *KEYS, "e1", "none")
    engine = Engine(pack)
    decoded = [e for e in map(engine.decode, history) if isinstance(e, Event)]
    asked = Asked(pack, decoded, at, subject)
    for rule in pack.rules:
        found = why_not(pack, decoded, rule.id, subject, at)
        note(f"{rule.id} about {subject} at {at}: {found}")
        assert (asked.open(rule) != set()) == (found.status == OPEN)
        assert asked.open(rule) == {alert.alert for alert in found.alerts}
        for candidate in found.candidates:
            check(asked, rule, candidate)
        if rule.head.kinds:
            complete(asked, rule, found)
        assert (found.nothing is None) == bool(found.candidates or found.alerts)
        assert found.as_dict()["status"] == found.status
