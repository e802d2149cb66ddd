"""Why an alert that a case expects did not come, in a line or two: the clause that decided, and on which evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oversight.cases.matching import Expected
from oversight.ground.text import printable
from oversight.ground.time import format_instant
from oversight.meaning.whynot import why_not
from oversight.model.answers import EXCUSED, FAILED, UNDECIDED, WAITING, Candidate, Ground, Standing
from oversight.model.forms import Event
from oversight.model.pack import Pack

_DECIDED = {
    FAILED: "this condition does not hold",
    UNDECIDED: "this condition cannot be decided",
    EXCUSED: "it is excused, since this holds",
}
# What a rule looked at last comes nearest to what the case is about.
_MOST = 2


def why_missing(pack: Pack, events: Sequence[Event], wanted: Expected) -> Iterator[str]:
    """
    For each id that an expected alert is about, why there is none at that instant.

    Args:
        pack: the rules.
        events: the history.
        wanted: what did not come; nothing is said where it does not say about whom.
    """
    history = [event for event in events if event.time <= wanted.at]
    for subject in sorted(wanted.about or ()):
        for rule in wanted.rules:
            answer = why_not(pack, history, rule, subject, wanted.at)
            named = printable(subject, 80)
            for one in answer.candidates[-_MOST:]:
                for line in _told(one):
                    yield f"{named}: {line}"
            if answer.nothing is not None:
                yield f"{named}: nothing that {rule} looks at concerns it at that time"


def _told(one: Candidate) -> Iterator[str]:
    ground = one.ground
    if ground is not None and one.verdict in _DECIDED:
        yield f"{_DECIDED[one.verdict]}: {printable(ground.clause, 300)}"
        yield from (f"  {line}" for line in _evidence(ground))
    elif one.verdict == WAITING:
        until = f" until {format_instant(one.due)}" if one.due is not None else ""
        yield f"its conditions hold, and the rule leaves time{until}: {printable(one.text, 200)}"
    elif one.text:
        yield f"{one.verdict}: {printable(one.text, 300)}"


def _evidence(ground: Ground) -> Iterator[str]:
    if ground.form in ("test", "measure"):
        yield from (f"{printable(name, 80)} is {printable(value, 200)}" for name, value in ground.values.items())
    elif ground.form in ("some", "none") and not ground.facts:
        yield f"no {ground.values.get('fact', 'fact')} is on record"
    for fact in ground.facts:
        yield _standing(fact)
    for inner in ground.below:
        yield f"{inner.truth}: {printable(inner.clause, 300)}"


def _standing(fact: Standing) -> str:
    key = ", ".join(printable(part, 80) for part in fact.key)
    source = f"event {printable(fact.event, 80)} ({fact.kind})" if fact.kind else "an alert"
    return f"{fact.fact} {key}, on record by {source}"
