"""Why a rule has raised no alert: the answer as plain data, from the history to the one condition that decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import asdict, field, frozen

from oversight.ground.time import format_instant

OPEN, NOT_OPEN = "open", "not open"
FAILED, UNDECIDED, EXCUSED, WAITING, NO_PART, OTHERS, NOT_IN_FORCE, RETIRED, RAISED = (
    "failed", "undecided", "excused", "waiting", "no part", "about others", "not in force", "retired", "raised",
)  # fmt: skip


@frozen
class Standing:
    """
    A fact on record.

    Args:
        fact: its name.
        key: as text.
        since: when it began.
        event: id of the event that it has its attributes from; of an alert its identity.
        kind: of that event; empty of an alert.
        until: when it ended, of one that no longer stands.
        ended_by: id of the event that ended it; empty where time did.
    """

    fact: str
    key: tuple[str, ...]
    since: datetime
    event: str
    kind: str = ""
    until: datetime | None = None
    ended_by: str = ""


@frozen
class Ground:
    """
    Why a condition holds or not.

    Args:
        form: ``test``, ``some``, ``none``, ``measure``, ``all``, ``any`` or ``not``.
        clause: the condition as written.
        place: where, as ``file:line``.
        truth: ``true``, ``false`` or ``undecided``.
        values: of a test what each name it reads is worth, of a measure the number and its limits, as text; the name of
            the ``fact`` of which there is none.
        facts: those it rests on: that are there, that stand in the way, that were counted, or the nearest one.
        below: of a group the conditions that decide it, of a ``some`` the one that the nearest fact does not meet.
    """

    form: str
    clause: str
    place: str
    truth: str
    values: Mapping[str, str] = field(factory=dict)
    facts: tuple[Standing, ...] = ()
    below: tuple[Ground, ...] = ()


@frozen
class Act:
    """An event that a rule looks at: its id, kind and time."""

    event: str
    kind: str
    time: datetime


@frozen
class Candidate:
    """
    One thing that a rule looked at and that concerns the subject.

    Args:
        rule: the rule, with its part where it has one.
        head: the event, or the fact that stands.
        subjects: whom an alert of it would be about.
        verdict: why there is none: ``failed`` or ``undecided`` (a condition), ``excused``, ``no part``, ``waiting``
            (for a deadline), ``about others``, ``not in force``, ``retired``; or ``raised``.
        clause: which sort of clause decides: ``if``, ``unless``, ``each``, ``for``, ``by``, ``about``, ``in_force`` or
            ``status``; empty where an alert is raised.
        number: which of the clauses of its sort, counted from zero.
        ground: the first condition that did not hold or, of an excuse, that did.
        part: what ``each:`` binds, as text by name.
        text: of what is no condition, the clause as written.
        place: where that is written, as ``file:line``.
        since: of a breach that waits or is an alert, when it began.
        due: when the deadline passes; ``None`` where that cannot be told.
        alert: identity of the alert.
        binding: the key of the head and what tells the part apart, as they are in the definition.
    """

    rule: str
    head: Act | Standing
    subjects: tuple[str, ...]
    verdict: str
    clause: str = ""
    number: int = 0
    ground: Ground | None = None
    part: Mapping[str, str] = field(factory=dict)
    text: str = ""
    place: str = ""
    since: datetime | None = None
    due: datetime | None = None
    alert: str = ""
    binding: tuple[Any, Any] = field(default=(None, None), eq=False, repr=False)


@frozen
class Past:
    """An alert about the subject: its identity, the rule with its part, begin, end or ``None``, and its exception."""

    alert: str
    rule: str
    at: datetime
    cleared: datetime | None
    waived: Mapping[str, str] | None = None


@frozen
class Nothing:
    """
    What there is instead, where nothing that the rule looks at concerns the subject.

    Args:
        named: how many events name the subject.
        nearest: the names most like it, where none does.
        looks_at: what each part of the rule looks at, and the kinds of event that would be or begin it.
        ended: facts that the rule looks at and that concerned the subject, but stand no longer; the last ones.
    """

    named: int
    nearest: tuple[str, ...]
    looks_at: tuple[tuple[str, tuple[str, ...]], ...]
    ended: tuple[Standing, ...] = ()


@frozen
class Exempted:
    """An exception of the site for the rule, in force at the instant; ``where`` is its condition as written."""

    reason: str
    owner: str
    until: datetime
    where: str


@frozen
class Answer:
    """
    Why no alert of a rule about a subject is open at an instant, or that one is.

    Args:
        rule: its id, or the name of one of its parts.
        title: of the rule.
        subject: of which was asked.
        at: the instant.
        status: ``open`` where an alert about the subject is open then, or of a rule on events was raised; else
            ``not open``.
        alerts: those.
        candidates: all that the rule looked at and that concerns the subject, in order of time.
        earlier: alerts about the subject that were open before and are no longer.
        nothing: what there is instead, where there is no candidate.
        exceptions: of the site, for this rule.
    """

    rule: str
    title: str
    subject: str
    at: datetime
    status: str
    alerts: tuple[Past, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    earlier: tuple[Past, ...] = ()
    nothing: Nothing | None = None
    exceptions: tuple[Exempted, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain values, instants as RFC 3339."""
        plain: dict[str, Any] = _plain(asdict(self, filter=lambda attribute, _: attribute.name != "binding"))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
