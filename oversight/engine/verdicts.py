"""What is known of each alert, and what had been told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from oversight.engine.store import Plain
from oversight.model.alerts import Missing
from oversight.model.forms import Compact

Member = tuple[tuple[str, ...], datetime | None, str | None]
"""The subjects of one part of an alert, the end of its breach, and the id of the event that ended it."""


class Verdict(Compact):
    """One alert as it stands: never altered, only replaced."""

    identity: str
    rule: int
    key: Any
    since: datetime
    at: datetime
    members: dict[Any, Member]
    message: str
    remedy: str
    evidence: tuple[str, ...]
    missing: tuple[Missing, ...]
    cause: str | None

    def ends(self) -> dict[str, tuple[datetime | None, str | None]]:
        """The subjects, each with the end of its breach and what ended it."""
        if len(self.members) == 1:
            ((subjects, end, cause),) = self.members.values()
            return dict.fromkeys(subjects, (end, cause))
        found: dict[str, tuple[datetime | None, str | None]] = {}
        for subjects, end, cause in self.members.values():
            for subject in subjects:
                known = found.get(subject, (end, cause))
                later = known[0] is None or (end is not None and end <= known[0])
                found[subject] = known if later else (end, cause)
        return found

    @property
    def is_open(self) -> bool:
        """Whether any part of it is still in breach."""
        return any(end is None for _, end, _ in self.members.values())


class Verdicts(Plain):
    """
    The alerts by identity, with what had been told of those touched since the last telling.
    """

    __slots__ = ("touched",)

    def __init__(self) -> None:
        super().__init__()
        self.touched: dict[str, Verdict | None] = {}

    def restore(self, key: str, old: Verdict | None) -> None:
        """Put *old* under *key*, remembering what was told of it."""
        if key not in self.touched:
            self.touched[key] = self.rows.get(key)
        super().restore(key, old)
