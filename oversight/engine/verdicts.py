"""What is known of each alert, and the difference between what was told and what is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

from oversight.engine.program import Program
from oversight.engine.store import Plain
from oversight.engine.waivers import Waivers
from oversight.ground.instants import in_zone
from oversight.model.alerts import CLEARED, RAISED, UPDATED, WITHDRAWN, Change, Missing, in_order
from oversight.model.assumptions import Assumptions
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

    def grounds(self) -> tuple[Any, ...]:
        """What it says of itself."""
        return (self.message, self.remedy, self.evidence, self.missing)

    @property
    def is_open(self) -> bool:
        """Whether any part of it is still in breach."""
        return any(end is None for _, end, _ in self.members.values())

    @property
    def over(self) -> datetime | None:
        """When the last part of it ended; ``None`` where one has not."""
        ends = [end for _, end, _ in self.members.values()]
        return None if None in ends else max(ends)  # type: ignore[type-var]


class Verdicts(Plain):
    """
    The alerts by identity, with what had been told of those touched since the last telling.

    Args:
        acts: numbers of the rules about acts whose alerts no rule watches: of these nothing ends, and nobody asks.
    """

    __slots__ = ("_noted", "acts", "passing", "touched")

    def __init__(self, acts: Collection[int]) -> None:
        super().__init__()
        self.acts = acts
        self.touched: dict[str, Verdict | None] = {}
        self.passing: list[tuple[datetime, str]] = []
        """A heap of those of which nothing new is to come, with the instant since when; some may have changed since."""
        self._noted: dict[str, datetime] = {}

    def restore(self, key: str, old: Verdict | None) -> None:
        """Put *old* under *key*, remembering what was told of it."""
        if key not in self.touched:
            self.touched[key] = self.rows.get(key)
        super().restore(key, old)
        since = None if old is None else self._passed(old)
        if since is not None and self._noted.get(key) != since:
            self._noted[key] = since
            heappush(self.passing, (since, key))

    def _passed(self, verdict: Verdict) -> datetime | None:
        return verdict.at if verdict.rule in self.acts else verdict.over

    def forget(self, before: datetime, awaited: Callable[[Verdict, datetime], bool]) -> None:
        """
        Let go of the alerts about acts, and of those that were over, before an instant that is final.

        Args:
            before: the instant.
            awaited: whether something that passes with time alone is still to be told of an alert about an act.
        """
        kept = []
        while self.passing and self.passing[0][0] < before:
            since, name = heappop(self.passing)
            if self._noted.get(name) == since:
                del self._noted[name]
            verdict: Verdict | None = self.rows.get(name)
            if verdict is None or self._passed(verdict) != since:
                continue
            if verdict.rule in self.acts and awaited(verdict, before):
                kept.append((since, name))
            else:
                del self.rows[name]
        for since, name in kept:
            self._noted[name] = since
            heappush(self.passing, (since, name))


class Telling:
    """
    Turns verdicts into changes.

    Args:
        program: whose alerts they are.
    """

    def __init__(self, program: Program) -> None:
        self.pack = program.pack
        self.rules = program.rules
        self.waivers = Waivers(program)
        self.assumptions = Assumptions(program.pack, program.assumed)

    def differences(self, verdicts: Verdicts, closed: datetime | None, reached: datetime | None) -> list[Change]:
        """
        The changes from what was told to what is, in order of their instants.

        Args:
            verdicts: what was told of the touched alerts is forgotten.
            closed: the instant told about last.
            reached: the instant to tell about.
        """
        touched, verdicts.touched = verdicts.touched, {}
        waivers = self.waivers
        if waivers.turns(closed, reached):
            for name, verdict in verdicts.rows.items():
                if waivers.about(verdict):
                    touched.setdefault(name, verdict)
        found: list[Change] = []
        for name, told in touched.items():
            now: Verdict | None = verdicts.rows.get(name)
            known = told or now
            if known is None:
                continue
            waivable = waivers.about(known)
            if told is now and not waivable:
                continue
            changes = [] if told is now else self._of(told, now)
            if waivable:
                changes = waivers.added(changes, (told, closed), (now, reached), self.change)
            found += changes
        return in_order(found)

    def _of(self, told: Verdict | None, now: Verdict | None) -> list[Change]:
        """What is to be told; where an alert only says something else of itself, an update about no subject."""
        found = list(self._moves(told, now))
        if not found and told is not None and now is not None and told.grounds() != now.grounds():
            left = sum(1 for end, _ in now.ends().values() if end is None)
            found.append(self.change(UPDATED, now, (), now.at, left, now.cause))
        return found

    def _moves(self, told: Verdict | None, now: Verdict | None) -> Iterator[Change]:
        if now is None:
            assert told is not None
            yield self.change(WITHDRAWN, told, tuple(told.ends()), told.at, 0, told.cause)
            return
        before = {} if told is None else told.ends()
        after = now.ends()
        moved = told is None or told.at != now.at
        anew = [s for s, (end, _) in after.items() if moved or s not in before or (end is None and before[s][0])]
        still = sum(1 for end, _ in after.values() if end is None)
        if anew:
            yield self.change(RAISED, now, tuple(anew), now.at, len(after) if moved else still, now.cause)
        gone = [s for s in before if s not in after]
        if gone:
            yield self.change(UPDATED, now, tuple(gone), now.at, still, None)
        new = [end for s, (end, _) in after.items() if end is not None and (s in anew or before[s][0] != end)]
        ended: dict[datetime, list[str]] = {}
        for subject, (end, _) in after.items():
            # A later end is told again, so that the last change told says how many are in breach.
            if end is not None and new and end >= min(new):
                ended.setdefault(end, []).append(subject)
        for end, subjects in sorted(ended.items()):
            left = sum(1 for other, _ in after.values() if other is None or other > end)
            kind = UPDATED if left else CLEARED
            yield self.change(kind, now, tuple(subjects), end, left, after[subjects[0]][1])

    def change(
        self,
        kind: str,
        verdict: Verdict,
        subjects: tuple[str, ...],
        at: datetime,
        left: int,
        cause: str | None,
    ) -> Change:
        """The change of *kind* about these subjects of *verdict*."""
        rule = self.rules[verdict.rule].rule
        return Change(
            change=kind, alert=verdict.identity, rule=rule.id, part=rule.part, title=rule.title,
            pack=self.pack.name, pack_digest=self.pack.digest, severity=rule.severity, basis=rule.basis,
            authority=rule.authority, at=in_zone(at, self.pack.zone),
            since=in_zone(verdict.since, self.pack.zone), subjects=subjects, open=left, message=verdict.message,
            remedy=verdict.remedy, evidence=verdict.evidence, missing=verdict.missing, cause=cause,
            assumed=self.assumptions.of(rule, verdict.at, verdict.since),
        )  # fmt: skip
