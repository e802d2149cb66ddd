"""
Text for people: each change as a block under the day it belongs to, wrapped, in plain characters.

It says what is not on record; whether a thing was done, only those who did or did not do it know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from textwrap import shorten, wrap
from typing import Any
from zoneinfo import ZoneInfo

from oversight.ground.instants import in_zone
from oversight.ground.time import parse_instant
from oversight.model.alerts import CLEARED, RAISED, UPDATED, WITHDRAWN
from oversight.outlets.processors import sanitise
from oversight.outlets.stream import EventDict, Outlet, Processor, Sink

MOST_NAMES = 12
# How much is shown of a clause and of an identity: `oversight explain` takes the latter and shows the rest.
MOST_CLAUSE, IDENTITY = 120, 12
_LABEL = 11
_WORDS = {
    RAISED: "",
    UPDATED: "updated",
    CLEARED: "cleared: the breach has ended",
    WITHDRAWN: "withdrawn: the record now shows no breach",
}


class Renderer:
    """
    Renders changes as text, in the order in which they come; a new day gets a heading.

    Args:
        zone: whose days and clock the text shows.
        width: of the longest line.
    """

    def __init__(self, zone: ZoneInfo, width: int = 100) -> None:
        self._zone = zone
        self._width = width
        self._day: date | None = None
        self._waived: set[str] = set()

    def __call__(self, _logger: Any, _method: str, alert: EventDict) -> str:
        """The block of one change, an empty line at its end."""
        at = self._local(alert["at"])
        lines = [] if at.date() == self._day else _heading(at, self._zone)
        self._day = at.date()
        lines.append(_headline(at, alert, alert["alert"] in self._waived))
        (self._waived.add if alert["waived"] else self._waived.discard)(alert["alert"])
        lines += self._wrapped(alert["title"], "  ")
        if alert["change"] in (RAISED, UPDATED):
            # Of a breach that has ended, or never was, the message would be told as if it were so now.
            lines += self._wrapped(alert["message"], "  ")
        for label, text in self._details(alert):
            lines += self._wrapped(text, "  " + label.ljust(_LABEL))
        return "\n".join(lines) + "\n"

    def _details(self, alert: EventDict) -> Iterator[tuple[str, str]]:
        if alert["subjects"]:
            yield "about", names_text(alert["subjects"], alert.get("subject_count"))
        if alert["since"] != alert["at"]:
            yield "since", local_clock(alert["since"], self._zone)
        if alert["change"] == UPDATED:
            yield "open", f"{alert['open']} in breach now"
        if alert["change"] in (RAISED, UPDATED):
            yield "rests on", authority_text(alert["authority"], alert["basis"])
        if alert["evidence"]:
            yield "evidence", names_text(alert["evidence"])
        if alert["cause"] and alert["change"] != RAISED:
            yield "because of", alert["cause"]
        if alert.get("reason"):
            yield "reason", alert["reason"]
        if alert["change"] in (RAISED, UPDATED):
            for missing in alert["missing"]:
                yield "missing", missing_text(missing, most=MOST_CLAUSE)
            for assumption in alert["assumed"]:
                yield "assumes", assumption_text(assumption)
            yield "remedy", alert["remedy"]
        if alert["waived"]:
            yield "waived", waived_text(alert["waived"])
        yield "alert", alert["alert"][:IDENTITY]

    def _local(self, instant: str) -> datetime:
        return in_zone(parse_instant(instant), self._zone)

    def _wrapped(self, text: str, before: str) -> list[str]:
        return wrap(
            text, self._width, initial_indent=before, subsequent_indent=" " * len(before),
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip


def text(sink: Sink, zone: ZoneInfo, *, width: int = 100, processors: Sequence[Processor] = ()) -> Outlet:
    """
    An outlet that gives *sink* each change as a block of text, safe for a terminal.

    Args:
        sink: takes a block; each ends with an empty line once the sink has ended it.
        zone: whose days and clock the text shows.
        width: of the longest line.
        processors: what to do with each change first.

    >>> text(print, ZoneInfo("UTC")).tell([])
    """
    return Outlet(sink, [*processors, sanitise, Renderer(zone, width)])


def missing_text(missing: Mapping[str, Any], *, most: int | None = None) -> str:
    """
    What would have excused a breach, as a sentence.

    Args:
        missing: an entry of the alert's ``missing``.
        most: how many characters of a clause to show; all where left out.

    >>> asked = {
    ...     "clause": "covered(c)",
    ...     "nearest": None,
    ...     "failed": "",
    ...     "reason": "not on record",
    ...     "fact": "assessment",
    ... }
    >>> missing_text(asked)
    'no assessment on record (covered(c))'
    """
    clause, failed = (_short(missing[name], most) for name in ("clause", "failed"))
    nearest = missing["nearest"]
    if nearest is not None:
        named = f"{nearest['fact']} {_key(nearest['key'])} (event {nearest['event']})"
        if missing["reason"] == "present":
            return f"{named} stands on record, against: {failed}"
        undecided = missing["reason"] == "undecided"
        verdict = f"for which this cannot be decided: {failed}" if undecided else f"which does not meet: {failed}"
        return f"nearest on record is {named}, {verdict}"
    if missing["reason"] == "not on record":
        fact = missing["fact"].replace("_", " ")
        return f"no {fact} on record ({clause})" if fact else f"not on record: {clause}"
    verdict = "cannot be decided" if missing["reason"] == "undecided" else "does not hold"
    return f"{verdict}: {failed or clause}"


def assumption_text(assumption: Mapping[str, str]) -> str:
    """
    An assumed value on which an alert rests, with where it comes from.

    Args:
        assumption: an entry of the alert's ``assumed``.

    >>> assumption_text({"parameter": "lead", "value": "P14D", "source": "Assumed; no lead time is given"})
    'lead P14D (Assumed; no lead time is given)'
    """
    source = f" ({assumption['source']})" if assumption["source"] else ""
    return f"{assumption['parameter']} {assumption['value']}{source}"


def _short(clause: str, most: int | None) -> str:
    return clause if most is None or len(clause) <= most else shorten(clause, most, placeholder=" ...")


def _heading(at: datetime, zone: ZoneInfo) -> list[str]:
    title = f"{at:%Y-%m-%d} ({zone})"
    return [title, "=" * len(title)]


def _headline(at: datetime, alert: EventDict, waived: bool) -> str:
    word = _WORDS.get(alert["change"], alert["change"])
    if alert["change"] == UPDATED and waived != bool(alert["waived"]):
        word = "waived from now on" if alert["waived"] else "no longer waived"
    return f"{_hour(at)}  {rule_text(alert)}  {alert['severity'].upper()}" + (f"  {word}" if word else "")


def _hour(at: datetime) -> str:
    return f"{at:%H:%M:%S}" if at.second or at.microsecond else f"{at:%H:%M}"


def said(alert: Mapping[str, Any]) -> str:
    """
    What a change says now: the message while the breach stands; of one that is over, or never was, just that.

    >>> said({"change": "cleared", "title": "Camera without a permit", "message": "no permit is on record"})
    'Camera without a permit: cleared: the breach has ended'
    """
    if alert["change"] in (RAISED, UPDATED):
        return str(alert["message"])
    return f"{alert['title']}: {_WORDS[alert['change']]}"


def rule_text(alert: Mapping[str, Any]) -> str:
    """
    The rule of an alert, with its part where it has one.

    >>> rule_text({"rule": "R-1", "part": "press"})
    'R-1/press'
    """
    return f"{alert['rule']}/{alert['part']}" if alert["part"] else str(alert["rule"])


def clock(at: datetime) -> str:
    """
    Day and hour; seconds where there are some.

    >>> clock(datetime(2026, 3, 9, 9))
    '2026-03-09 09:00'
    """
    return f"{at:%Y-%m-%d} {_hour(at)}"


def local_clock(instant: str, zone: ZoneInfo) -> str:
    """
    An instant as an alert tells it, as day and hour of *zone*.

    >>> local_clock("2026-03-09T01:00:00Z", ZoneInfo("Asia/Hong_Kong"))
    '2026-03-09 09:00'
    """
    return clock(in_zone(parse_instant(instant), zone))


def waived_text(waived: Mapping[str, str]) -> str:
    """
    The exception of a site that waives an alert.

    >>> waived_text({"reason": "Filed on paper", "owner": "Ann"})
    'reason Filed on paper, owner Ann'
    """
    return ", ".join(f"{name} {value}" for name, value in waived.items())


def authority_text(authority: Iterable[Mapping[str, str]], basis: str) -> str:
    """
    What a rule rests on.

    >>> authority_text([{"instrument": "Charter", "provision": "section 1"}], "case-law")
    'Charter, section 1 (case law)'
    """
    told = "; ".join(f"{each['instrument']}, {each['provision']}" for each in authority)
    return f"{told} ({basis.replace('-', ' ')})"


def names_text(names: Sequence[str], count: int | None = None) -> str:
    """
    The first of many names, and how many there are besides.

    >>> names_text([f"k{number}" for number in range(14)])[-16:]
    ', k11 and 2 more'
    """
    more = max(count or 0, len(names)) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _key(key: Any) -> str:
    return ", ".join(str(part) for part in key) if isinstance(key, list | tuple) else str(key)
