"""
Whether an alert is true: decided from the alert, the pack and the history alone.

Nothing of the engine takes part. What the alert says is held to the definition: that the breach is there and began and
ended when it says, whom it is about, which events it rests on, and what would have excused it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from oversight.ground.text import printable
from oversight.ground.time import format_instant
from oversight.meaning.semantics import Alert, outcome, reached
from oversight.model.alerts import CLEARED, RAISED, UPDATED, WITHDRAWN, Change, Missing
from oversight.model.extract import extract
from oversight.model.forms import Event, Stranger
from oversight.model.known import of_known_kinds
from oversight.model.pack import Pack


def verify(change: Change, pack: Pack, events: Iterable[Event | Stranger]) -> tuple[str, ...]:
    """
    What is wrong with an alert; nothing where it is true.

    Args:
        change: as an engine told it, of this pack and at a time when it knew just these events.
        pack: checked; its digest must be the alert's.
        events: the whole history, decoded, in any order; what corrections take out included.

    Returns:
        One sentence for each thing the alert says that the history does not bear out.

    Raises:
        TypeError: one of *events* is not decoded.

    >>> from oversight.runner.packs import load
    >>> from oversight.engine.core import Engine
    >>> pack = load("hong-kong")
    >>> engine = Engine(pack)
    >>> event = engine.decode(
    ...     {
    ...         "kind": "consultation.closed",
    ...         "id": "1",
    ...         "time": "2026-09-01T09:00:00+08:00",
    ...         "consultation": "con-2",
    ...         "outcome": "no_comment",
    ...     }
    ... )
    >>> (alert,) = [change for change in engine.feed(event) if change.rule == "HK-CON-02"]
    >>> verify(alert, pack, [event])
    ()
    >>> verify(alert, pack, [])
    ('no such breach: at 2026-09-01T09:00:00+08:00 HK-CON-02/closed is not breached so by these events',)
    """
    return Verifier(pack, events).wrong_with(change)


class Verifier:
    """
    A history by which several alerts are verified: what a rule means at an instant is found out once.

    Args:
        pack, events: as of :func:`verify`.
    """

    def __init__(self, pack: Pack, events: Iterable[Event | Stranger]) -> None:
        self.pack = pack
        self.history = of_known_kinds(events, "verify")
        self._found: dict[tuple[str, datetime | None], Mapping[str, Alert]] = {}

    def wrong_with(self, change: Change) -> tuple[str, ...]:
        """What :func:`verify` says of an alert."""
        pack = self.pack
        if change.pack_digest != pack.digest:
            return (f"the alert is of the pack with the digest {change.pack_digest}, not of {pack.digest}",)
        if not any(rule.id == change.rule and rule.part == change.part for rule in pack.rules):
            return (f"the pack has no rule {printable(change.rule, 80)} with a part {printable(change.part, 80)!r}",)
        upto = reached(self.history, None) if change.change == WITHDRAWN else change.at
        alert = self._alerts(change.rule, upto).get(change.alert)
        if change.change == WITHDRAWN:
            return () if alert is None else ("withdrawn, but the breach is there by these events",)
        if alert is None:
            name = f"{change.rule}/{change.part}" if change.part else change.rule
            return (f"no such breach: at {format_instant(change.at)} {name} is not breached so by these events",)
        return (*_breach(change, alert), *_subjects(change, alert), *_grounds(change, alert))

    def _alerts(self, rule: str, upto: datetime | None) -> Mapping[str, Alert]:
        """The alerts of the rule, and of those it watches, at an instant."""
        if (rule, upto) not in self._found:
            part = extract(self.pack, [rule], [event.kind for event in self.history])
            self._found[rule, upto] = outcome(part, self.history, upto).alerts if upto is not None else {}
        return self._found[rule, upto]


def _breach(change: Change, alert: Alert) -> Iterable[str]:
    rule = alert.rule
    if (change.rule, change.part) != (rule.id, rule.part):
        yield f"the breach is one of {rule.name}"
    for name in ("title", "severity", "basis", "authority"):
        if getattr(change, name) != getattr(rule, name):
            yield f"{name} is not the rule's"
    if change.since != alert.since:
        yield f"the breach began at {format_instant(alert.since)}, not {format_instant(change.since)}"
    if change.change == RAISED and change.at != alert.at:
        yield f"it became an alert at {format_instant(alert.at)}, not {format_instant(change.at)}"


def _subjects(change: Change, alert: Alert) -> Iterable[str]:
    ends = alert.subjects
    for subject in change.subjects:
        if subject not in ends:
            # A part that never was is told as updated at the instant of the breach, and is then not among them.
            if change.change != UPDATED or change.at != alert.at:
                yield f"{printable(subject, 80)} is not in this breach"
        elif change.change in (UPDATED, CLEARED) and ends[subject] != change.at:
            yield f"{printable(subject, 80)} did not leave the breach at {format_instant(change.at)}"


def _grounds(change: Change, alert: Alert) -> Iterable[str]:
    said = alert.said
    for name in ("message", "remedy"):
        if getattr(change, name) != getattr(said, name):
            yield f"{name} should be: {printable(getattr(said, name), 400)}"
    rests_on = tuple(event.id for event in said.evidence)
    if change.evidence != rests_on:
        yield f"the breach rests on {', '.join(rests_on)}, in this order"
    if len(change.missing) != len(said.missing):
        yield f"the rule has {len(said.missing)} excuses, the alert names {len(change.missing)}"
    for told, true in zip(change.missing, said.missing, strict=False):
        if told != true:
            yield f"of the excuse {printable(true.clause, 200)}: {_as_text(true)}"


def _as_text(missing: Missing) -> str:
    if missing.nearest is None:
        return f"{missing.reason}{': ' + missing.failed if missing.failed else ''}"
    near: Mapping[str, Any] = missing.nearest
    named = f"{near['fact']} {', '.join(near['key'])} (event {near['event']})"
    return f"nearest is {named}, {missing.reason}: {missing.failed}"
