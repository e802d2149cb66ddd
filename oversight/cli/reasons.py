"""The answer to *why not* as a tree for people: what the rule looked at, and the first condition that did not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from oversight.cli.terminal import shown
from oversight.cli.tree import Branch, draw, local
from oversight.ground.text import printable
from oversight.model.answers import (
    EXCUSED, FAILED, NO_PART, NOT_IN_FORCE, OPEN, OTHERS, RETIRED, UNDECIDED, WAITING,
    Act, Answer, Candidate, Ground, Nothing, Past, Standing,
)  # fmt: skip
from oversight.model.pack import Pack, Rule
from oversight.outlets.text import names_text
from oversight.runner.summary import counted

_MOST = 10
_SHORT = 12


def reasons(answer: Answer, pack: Pack, places: Mapping[str, str]) -> Iterator[str]:
    """
    The lines of the tree, safe for a terminal.

    Args:
        answer: as :func:`oversight.why_not` gives it.
        pack: of which it is.
        places: where events stand, as ``file:line``, by id.
    """
    return _Reasons(answer, pack, places).lines()


class _Reasons:
    def __init__(self, answer: Answer, pack: Pack, places: Mapping[str, str]) -> None:
        self.answer = answer
        self.zone = pack.zone
        self.places = places
        self.rules: dict[str, Rule] = {rule.name: rule for rule in pack.rules if answer.rule in (rule.id, rule.name)}

    def lines(self) -> Iterator[str]:
        answer = self.answer
        when = f"{self._clock(answer.at)} ({self.zone})"
        yield from draw(
            f"{answer.rule}  {printable(answer.subject, 80)}  {when}  {self._status()}", list(self._branches())
        )

    def _status(self) -> str:
        acts = [bool(rule.head.kinds) for rule in self.rules.values()]
        if self.answer.status == OPEN:
            raised = all(self.rules[alert.rule].head.kinds for alert in self.answer.alerts)
            return "an alert was raised by then" if raised else "an alert is open"
        if all(acts):
            return "no alert was raised by then"
        return "no alert is open, and none was raised by then" if any(acts) else "no alert is open"

    def _branches(self) -> Iterator[Branch]:
        answer = self.answer
        yield Branch(f"title: {answer.title}")
        for alert in answer.alerts:
            yield self._open(alert)
        shown_ones = answer.candidates[-_MOST:]
        if len(shown_ones) < len(answer.candidates):
            more = len(answer.candidates) - len(shown_ones)
            yield Branch(f"the last {len(shown_ones)} that the rule looked at; {more:,} before them with --format json")
        for candidate in shown_ones:
            yield self._candidate(candidate)
        if answer.nothing is not None:
            yield from self._nothing(answer.nothing)
        for alert in answer.earlier:
            assert alert.cleared is not None
            told = f"raised {self._clock(alert.at)}, cleared {self._clock(alert.cleared)}"
            yield Branch(f"before: alert {alert.alert[:_SHORT]} of {alert.rule}, {told}")
        for each in answer.exceptions:
            where = f", where {each.where}" if each.where else ""
            yield Branch(
                f"the site makes an exception of this rule until {self._clock(each.until)}{where}: {each.reason} "
                f"({each.owner}); it would not keep an alert from being raised"
            )

    def _open(self, alert: Past) -> Branch:
        waived = () if alert.waived is None else (Branch(f"waived by the site: {alert.waived['reason']}"),)
        how = f"for its grounds: oversight explain {alert.alert[:_SHORT]}"
        return Branch(f"alert {alert.alert[:_SHORT]} of {alert.rule}, raised {self._clock(alert.at)}; {how}", waived)

    # One thing that the rule looked at

    def _candidate(self, candidate: Candidate) -> Branch:
        rule = f"{candidate.rule}: " if candidate.rule != self.answer.rule else ""
        part = "".join(f", for {_words(name)} {value}" for name, value in candidate.part.items())
        return Branch(f"{rule}{self._head(candidate)}{part}", (self._verdict(candidate),))

    def _head(self, candidate: Candidate) -> str:
        head = candidate.head
        if isinstance(head, Act):
            return f"{self._clock(head.time)}  {head.kind} {self._event(head.event)}"
        return self._standing(head)

    def _verdict(self, found: Candidate) -> Branch:
        ground = found.ground
        if ground is not None:
            said = {
                FAILED: "this condition does not hold",
                UNDECIDED: "this condition cannot be decided on what is on record",
                EXCUSED: "excused, since this holds",
            }[found.verdict]
            where = f"{found.clause}, {_place(ground.place)}"
            return Branch(f"{said} ({where}): {ground.clause}", tuple(self._grounds(ground)))
        where = f"{found.clause}: {found.text}, {_place(found.place)}"
        if found.verdict == WAITING:
            return Branch(f"{self._waiting(found)} ({where})")
        if found.verdict == OTHERS:
            would = f"its alert {found.alert[:_SHORT]} is" if found.alert else "an alert of it would be"
            subjects = names_text(found.subjects) if found.subjects else "nothing else"
            return Branch(f"it names {self.answer.subject}, but {would} about {subjects} ({where})")
        if found.verdict == NO_PART:
            return Branch(f"it has no part of which the rule asks anything ({where})")
        if found.verdict == NOT_IN_FORCE:
            return Branch(f"the rule was not in force at that time ({where})")
        if found.verdict == RETIRED:
            return Branch(f"the rule is retired and raises nothing any more ({_place(found.place)})")
        return Branch(f"every condition holds and nothing excuses it: alert {found.alert[:_SHORT]}")

    def _waiting(self, found: Candidate) -> str:
        assert found.since is not None
        since = f"its conditions hold since {self._clock(found.since)}"
        if found.due is None:
            return f"{since}, but when the time that the rule leaves runs out is not on record"
        return f"{since}, and the rule leaves time until {self._clock(found.due)}"

    # Why a condition is as it is

    def _grounds(self, ground: Ground) -> Iterator[Branch]:
        if ground.form == "test":
            for name, value in ground.values.items():
                yield Branch(f"{name} is {value}")
        elif ground.form in ("some", "none"):
            yield from self._of_facts(ground)
        elif ground.form == "measure":
            for name, value in ground.values.items():
                yield Branch(f"{_words(name)}: {value}")
            for fact in ground.facts:
                yield Branch(f"counted: {self._standing(fact)}")
        else:
            for inner in ground.below:
                yield self._inner(inner)

    def _of_facts(self, ground: Ground) -> Iterator[Branch]:
        if not ground.facts:
            fact = _words(ground.values.get("fact", "fact"))
            yield Branch(f"no such {fact} is on record")
        elif ground.truth == "true" or ground.form == "none":
            for each in ground.facts:
                yield Branch(self._standing(each))
        else:
            (inner,) = ground.below
            how = "for which this cannot be decided" if inner.truth == "undecided" else "which does not meet"
            nearest = f"nearest is {self._standing(ground.facts[0])}, {how} ({_place(inner.place)}): {inner.clause}"
            yield Branch(nearest, tuple(self._grounds(inner)))

    def _inner(self, ground: Ground) -> Branch:
        said = {"true": "holds", "false": "does not hold", "undecided": "cannot be decided"}[ground.truth]
        return Branch(f"this {said} ({_place(ground.place)}): {ground.clause}", tuple(self._grounds(ground)))

    def _standing(self, fact: Standing) -> str:
        named = f"{_words(fact.fact)} {', '.join(fact.key)}"
        since = f"on record since {self._clock(fact.since)}"
        if not fact.kind:
            return f"{named[: len(named) - len(fact.event) + _SHORT]}, {since}"
        return f"{named}, {since} ({fact.kind} {self._event(fact.event)})"

    # What there is instead

    def _nothing(self, nothing: Nothing) -> Iterator[Branch]:
        subject = printable(self.answer.subject, 80)
        yield Branch(f"nothing that this rule looks at concerns {subject} at that time", tuple(self._looks_at(nothing)))
        for fact in nothing.ended:
            assert fact.until is not None
            by = f" ({self._event(fact.ended_by)})" if fact.ended_by else ""
            began = f"{self._clock(fact.since)} ({fact.kind} {self._event(fact.event)})"
            stood = f"was on record from {began} until {self._clock(fact.until)}{by}"
            yield Branch(f"nearest: {_words(fact.fact)} {', '.join(fact.key)} {stood}")
        if nothing.named:
            yield Branch(f"{counted(nothing.named, 'event')} up to then {'name' if nothing.named > 1 else 'names'} it")
        else:
            named = ", ".join(printable(name, 80) for name in nothing.nearest)
            near = f"; nearest: {named}" if named else ""
            yield Branch(f"no event up to then names {subject}{near}")

    def _looks_at(self, nothing: Nothing) -> Iterator[Branch]:
        for name, kinds in nothing.looks_at:
            if kinds == (name,):
                yield Branch(f"it looks at each {name}")
            elif kinds:
                yield Branch(f"it looks at each {_words(name)} on record, which begins with {' or '.join(kinds)}")
            else:
                yield Branch(f"it looks at each {name}")

    def _event(self, name: str) -> str:
        place = self.places.get(name)
        return f"{name}, {place}" if place else name

    def _clock(self, instant: datetime) -> str:
        return local(instant, self.zone)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _place(place: str) -> str:
    file, _, line = place.rpartition(":")
    return f"{shown(file)}:{line}"
