"""What a stream of changes amounts to: the alerts as they stand, by the last change told of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import evolve, field, frozen

from oversight.model.alerts import RAISED, UPDATED, WITHDRAWN, Change


@frozen
class Folded:
    """
    One alert as it stands after all the changes told of it.

    Args:
        rule: id of its rule.
        part: the part of the rule, or an empty string.
        at: the instant of the breach.
        since: the instant the breach began.
        subjects: the ids it is about, each with the end of its breach, or ``None`` while that lasts.
        waived: the exception of a site that holds for it, as its last change shows it.
    """

    rule: str
    part: str
    at: datetime
    since: datetime
    subjects: dict[str, datetime | None] = field(factory=dict)
    waived: Mapping[str, str] | None = None

    @property
    def cleared(self) -> datetime | None:
        """When the last of its subjects left the breach; ``None`` while one is in it."""
        ends = [end for end in self.subjects.values() if end is not None]
        return max(ends) if ends and len(ends) == len(self.subjects) else None


def fold(changes: Iterable[Change]) -> dict[str, Folded]:
    """
    The alerts that *changes* leave, by identity: the last change told of an alert and a subject holds.

    A subject told to have left at the instant of the breach, while others are still named, never was in it.

    Args:
        changes: in the order in which an engine told them.

    >>> fold([])
    {}
    """
    alerts: dict[str, Folded] = {}
    for change in changes:
        if change.change == WITHDRAWN:
            alerts.pop(change.alert, None)
        elif change.change == RAISED:
            known = alerts.get(change.alert)
            subjects = {} if known is None else dict(known.subjects)
            subjects.update(dict.fromkeys(change.subjects))
            alerts[change.alert] = Folded(
                change.rule, change.part, change.at, change.since, subjects, change.waived
            )  # fmt: skip
        elif (told := alerts.get(change.alert)) is not None:
            _leave(told, change)
            alerts[change.alert] = evolve(told, waived=change.waived)
    return alerts


def _leave(told: Folded, change: Change) -> None:
    others = set(told.subjects) - set(change.subjects)
    never = change.change == UPDATED and change.at == told.at and bool(others)
    for subject in change.subjects:
        if never:
            told.subjects.pop(subject, None)
        else:
            told.subjects[subject] = change.at
