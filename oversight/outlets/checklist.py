"""A plan as a checklist for people: for each act the alerts it would raise, and what would prevent each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any
from zoneinfo import ZoneInfo

from oversight.model.alerts import CLEARED, RAISED, UPDATED, WITHDRAWN
from oversight.outlets.processors import sanitise
from oversight.outlets.text import (
    MOST_CLAUSE,
    assumption_text,
    authority_text,
    local_clock,
    missing_text,
    names_text,
    rule_text,
    waived_text,
)

_LABEL = 14
_WORDS = {CLEARED: "would be cleared", WITHDRAWN: "would be withdrawn", UPDATED: "would change"}
Act = Mapping[str, Any]


def checklist(acts: Sequence[Act], zone: ZoneInfo, *, width: int = 100) -> str:
    """
    A plan as text, safe for a terminal.

    Args:
        acts: in order, each with what is ``planned`` (``id``, ``kind``, ``time``, ``place``; ``None`` where time
            passes) and its ``changes`` as alerts are told, each with the ``evidence_kinds`` of what is missing.
        zone: whose days and clock the text shows.
        width: of the longest line.

    >>> act = {"id": "1", "kind": "camera.activated", "time": "2026-03-09T09:00:00+08:00", "place": "plan:1"}
    >>> print(checklist([{"planned": act, "changes": []}], ZoneInfo("Asia/Hong_Kong")))
    1. 2026-03-09 09:00 (Asia/Hong_Kong)  camera.activated  1  (plan:1)
       Nothing would be raised.
    <BLANKLINE>
    """
    made = _Checklist(zone, width)
    return "\n".join(line for number, act in enumerate(acts, 1) for line in made.act(number, act))


class _Checklist:
    def __init__(self, zone: ZoneInfo, width: int) -> None:
        self._zone = zone
        self._width = width
        self._waived: set[str] = set()

    def act(self, number: int, act: Act) -> Iterator[str]:
        """The lines of one act, an empty one at their end."""
        changes = [sanitise(None, "", {**change}) for change in act["changes"]]
        if act["planned"] is None:
            yield "As time passes"
        else:
            planned = sanitise(None, "", {**act["planned"]})
            named = f"{planned['kind']}  {planned['id']}  ({planned['place']})"
            yield f"{number}. {self._clock(planned['time'])} ({self._zone})  {named}"
        raised = [change for change in changes if change["change"] == RAISED]
        if not raised:
            yield "   Nothing would be raised."
        for change in raised:
            yield from self._raised(change)
        for change in changes:
            before = change["alert"] in self._waived
            (self._waived.add if change["waived"] else self._waived.discard)(change["alert"])
            if change["change"] != RAISED:
                about = f" about {names_text(change['subjects'])}" if change["subjects"] else ""
                yield from self._wrapped(f"{rule_text(change)} {_word(change, before)}{about}.", "   ")
        yield ""

    def _raised(self, change: Mapping[str, Any]) -> Iterator[str]:
        yield f"   [ ] {rule_text(change)}  {change['severity'].upper()}" + ("  waived" if change["waived"] else "")
        yield from self._wrapped(change["title"], "       ")
        yield from self._wrapped(change["message"], "       ")
        for label, text in self._details(change):
            yield from self._wrapped(text, "       " + label.ljust(_LABEL))

    def _details(self, change: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if change["subjects"]:
            yield "about", names_text(change["subjects"], change["subject_count"])
        yield "at", self._clock(change["at"])
        yield "rests on", authority_text(change["authority"], change["basis"])
        label = "prevented by"
        for missing, kinds in zip(change["missing"], change["evidence_kinds"], strict=True):
            yield label, (f"{' or '.join(kinds)}: " if kinds else "") + missing_text(missing, most=MOST_CLAUSE)
            label = "or"
        for assumption in change["assumed"]:
            yield "assumes", assumption_text(assumption)
        yield "remedy", change["remedy"]
        if change["waived"]:
            yield "waived", waived_text(change["waived"])

    def _clock(self, instant: str) -> str:
        return local_clock(instant, self._zone)

    def _wrapped(self, text: str, before: str) -> list[str]:
        return wrap(
            text, self._width, initial_indent=before, subsequent_indent=" " * len(before),
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip


def _word(change: Mapping[str, Any], waived: bool) -> str:
    """What would happen to an alert, of which the change before showed whether it was *waived*."""
    if change["change"] == UPDATED and not change["subjects"] and waived != bool(change["waived"]):
        return "would be waived" if change["waived"] else "would be waived no longer"
    return _WORDS[change["change"]]
