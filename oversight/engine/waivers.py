"""
The exceptions of a site as a layer over the verdicts: which of them is in force for an alert, and from when.

Nothing is kept of it. What is waived follows from an alert and an instant alone, so late events, corrections and
snapshots need no word about it; an instant at which an exception begins or ends is closed like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import evolve

from oversight.engine.conditions import attempt
from oversight.engine.expressions import Evaluator, compile_expression
from oversight.engine.program import Program
from oversight.engine.store import Held
from oversight.model.alerts import UPDATED, Change
from oversight.model.pack import Waiver

if TYPE_CHECKING:
    from oversight.engine.verdicts import Verdict

Span = tuple[datetime, Waiver | None]
"""From when which exception, if any, is in force for an alert; it lasts until the next span."""
_ALERT = "alert"


class Waivers:
    """
    The exceptions of a pack, compiled.

    Args:
        program: compiled.

    Attributes:
        bounds: the instants at which one of them begins or ends, in order.
    """

    def __init__(self, program: Program) -> None:
        self._rules = program.rules
        self._zone = program.pack.zone
        frame = program.frame()
        self._slot = frame.bind(_ALERT, _ALERT)
        asked = {
            number: None if waiver.where is None else compile_expression(waiver.where.node, frame)
            for number, waiver in enumerate(program.pack.waivers)
        }
        self._frame = frame
        self._of: dict[int, list[tuple[Waiver, Evaluator | None]]] = {}
        for rule in program.rules:
            for number, waiver in enumerate(program.pack.waivers):
                if waiver.about(rule.rule):
                    self._of.setdefault(rule.number, []).append((waiver, asked[number]))
        every = [waiver for waivers in self._of.values() for waiver, _ in waivers]
        self.bounds = sorted({bound for waiver in every for bound in (waiver.start, waiver.end)})

    def about(self, verdict: Verdict) -> bool:
        """Whether there is an exception for the rule of *verdict*."""
        return verdict.rule in self._of

    def awaits(self, verdict: Verdict, after: datetime) -> bool:
        """Whether an exception for the rule of *verdict* begins or ends at or after an instant."""
        return any(waiver.end >= after for waiver, _ in self._of.get(verdict.rule, ()))

    def turns(self, one: datetime | None, other: datetime | None) -> bool:
        """Whether any exception begins or ends between two instants, the later included."""
        if not self.bounds or one == other:
            return False
        known = [instant for instant in (one, other) if instant is not None]
        return any(bound <= max(known) and (len(known) == 1 or min(known) < bound) for bound in self.bounds)

    def spans(self, verdict: Verdict | None, upto: datetime | None) -> list[Span]:
        """
        Which exception was in force when, from the breach to its end or to *upto*; nothing where there is no alert.

        An exception looks at the subjects that are in breach; of an alert that is over, the last one stays.
        """
        if verdict is None or upto is None:
            return []
        at, ends = verdict.at, {subject: end for subject, (end, _) in verdict.ends().items()}
        ended = {end for end in ends.values() if end is not None}
        over = None if None in ends.values() else max(ended)
        cuts = ended | {bound for waiver, _ in self._of[verdict.rule] for bound in (waiver.start, waiver.end)}
        found = [(at, self._in_force(verdict, ends, at))]
        for cut in sorted(cuts):
            if at < cut <= upto and (over is None or cut < over):
                waiver = self._in_force(verdict, ends, cut)
                if found[-1][1] is not waiver:
                    found.append((cut, waiver))
        return found

    def _in_force(self, verdict: Verdict, ends: dict[str, datetime | None], at: datetime) -> Waiver | None:
        """The first exception, in written order, that holds for *verdict* at an instant."""
        # An alert that was over at the very instant of its breach is looked at as it was raised.
        standing = [subject for subject, end in ends.items() if end is None or end > at] or list(ends)
        rule = self._rules[verdict.rule].rule
        values: dict[str, Any] = {
            "rule": rule.id, "part": rule.part, "severity": rule.severity, "subjects": sorted(standing),
            "since": verdict.since, "at": verdict.at,
        }  # fmt: skip
        env = self._frame.env(at)
        env[self._slot] = Held(verdict.identity, verdict.at, None, values)  # type: ignore[arg-type]
        for waiver, asked in self._of[verdict.rule]:
            if waiver.start <= at < waiver.end and (asked is None or attempt(asked, env) is True):
                return waiver
        return None

    def _shown(self, waiver: Waiver | None) -> dict[str, str] | None:
        return None if waiver is None else waiver.shown(self._zone)

    def at_present(self, verdict: Verdict, upto: datetime | None) -> dict[str, str] | None:
        """What an alert that stands shows at the instant *upto*."""
        return self._shown(self.spans(verdict, upto)[-1][1]) if self.about(verdict) else None

    def added(
        self,
        changes: list[Change],
        told: tuple[Verdict | None, datetime | None],
        now: tuple[Verdict | None, datetime | None],
        change: Callable[..., Change],
    ) -> list[Change]:
        """
        *changes* of one alert with what is waived, and one more for each exception that begins or ends.

        The last of them always shows what is waived at the instant reached.

        Args:
            changes: from what was told to what is, without a word of what is waived.
            told: the alert as it was told, and the instant up to which it was.
            now: the alert as it stands, and the instant reached.
            change: makes a change of an alert.
        """
        before = self.spans(*told)
        if now[0] is None:
            return [evolve(each, waived=self._shown(before[-1][1])) for each in changes]
        after = self.spans(*now)
        made = [evolve(each, waived=self._shown(_at(after, each.at))) for each in changes]
        said = {each.at for each in changes}
        differs = [span[0] for one, other in ((before, after), (after, before)) for span in one if span not in other]
        first = min([*said, *differs], default=None)
        if first is None:
            return made
        turns = [span for span in after[1:] if span[0] >= first and span[0] not in said]
        if not turns and not said:
            turns = after[-1:]
        for at, waiver in turns:
            # Whoever left later is counted only where that is told after this, so that what is told last holds.
            ends = [end for end, _ in now[0].ends().values()]
            left = sum(1 for end in ends if end is None or (end > at and end in said))
            made.append(evolve(change(UPDATED, now[0], (), at, left, None), waived=self._shown(waiver)))
        return made


def _at(spans: list[Span], instant: datetime) -> Waiver | None:
    """The exception in force at an instant; before the first span, that of the first."""
    return [waiver for number, (start, waiver) in enumerate(spans) if number == 0 or start <= instant][-1]
