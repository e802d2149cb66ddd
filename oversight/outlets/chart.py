"""How many breaches stood over time, as small drawings one above the other, and as the table that says the same."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from attrs import frozen

from oversight.outlets.html import Html, Row, element, joined, lines, table
from oversight.outlets.ledger import ACT, ENDED, STANDING, Account, by_severity
from oversight.outlets.periods import Span, periods

_HEIGHT = 100


@frozen
class _Course:
    """What was so in each period: the number at its end, or in all of it."""

    label: str
    kind: str
    values: list[int]


def over_time(accounts: Sequence[Account], reached: datetime, zone: ZoneInfo) -> Html | None:
    """
    A figure and a table of what was raised, stood and ended, by what is on record in the end.

    Args:
        accounts: the alerts; those that were taken back never were.
        reached: the instant to which they go.
        zone: where days begin.

    Returns:
        Nothing where there was no alert.
    """
    told = [account for account in accounts if account.state in (STANDING, ENDED, ACT)]
    if not told:
        return None
    unit, spans = periods(min(one.at for one in told), max(reached, *(one.at for one in told)), zone)
    acts = [one for one in told if one.state == ACT]
    breaches = [one for one in told if one.state != ACT]
    begun = _Course("began", "", _within(spans, (one.at for one in breaches)))
    over = _Course("ended", "", _within(spans, (one.ended for one in breaches if one.ended)))
    stood = [
        _Course(severity, severity, _standing(spans, [one for one in breaches if one.stated.severity == severity]))
        for severity in by_severity(breaches)
    ]
    done = [_Course("acts", "acts", _within(spans, (one.at for one in acts)))] if acts else []
    return lines(_figure(unit, spans, [*stood, *done]), _table(unit, spans, [begun, over, *stood, *done], stood))


def _within(spans: Sequence[Span], instants: Iterable[datetime]) -> list[int]:
    """How many of *instants* lie in each period."""
    ordered = sorted(instants)
    before = [bisect_left(ordered, span.start) for span in spans] + [len(ordered)]
    return [before[n + 1] - before[n] for n in range(len(spans))]


def _standing(spans: Sequence[Span], breaches: Sequence[Account]) -> list[int]:
    """How many breaches stand when each period ends; what ends at that very instant stood until then."""
    begun, over = sorted(one.at for one in breaches), sorted(one.ended for one in breaches if one.ended)
    return [
        len(begun) - len(over) if span.end is None else bisect_left(begun, span.end) - bisect_left(over, span.end)
        for span in spans
    ]


def _figure(unit: str, spans: Sequence[Span], courses: Sequence[_Course]) -> Html:
    highest = max(1, *(max(course.values) for course in courses))
    rows = [_strip(unit, course, highest) for course in courses]
    ends = dict.fromkeys([spans[0].name, spans[-1].name])
    axis = element("p", *(element("span", name) for name in ends), class_="axis")
    caption = (
        f"Breaches that stood at the end of each {unit}, by severity, and acts in each {unit}, all to one scale: "
        f"the full height is {highest:,}. The table below has the numbers."
    )
    return element("figure", element("figcaption", caption), lines(*rows), axis)


def _strip(unit: str, course: _Course, highest: int) -> Html:
    """One drawing, with its word before and its last and greatest number behind it."""
    path = "".join(
        f"M{n} {_HEIGHT}V{_HEIGHT - round(value * _HEIGHT / highest, 2):g}H{n + 1}V{_HEIGHT}Z"
        for n, value in enumerate(course.values)
        if value
    )
    last, most = course.values[-1], max(course.values)
    what = "acts" if course.kind == "acts" else f"{course.label} breaches"
    said = f"{what}: {last:,} in the last {unit}, at most {most:,}"
    drawing = element(
        "svg",
        element("path", d=path) if path else None,
        viewBox=f"0 0 {len(course.values)} {_HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=said,
    )
    numbers = element("span", f"{last:,} now, most {most:,}" if course.kind != "acts" else f"most {most:,}")
    return element("div", element("strong", course.label), drawing, numbers, class_=f"strip {course.kind}")


def _table(unit: str, spans: Sequence[Span], courses: Sequence[_Course], stood: Sequence[_Course]) -> Html:
    first = f"{unit} from" if unit == "week" else unit
    heads = [f"{one.label}, standing at its end" if one in stood else one.label for one in courses]
    rows = [Row((span.name, *(f"{course.values[n]:,}" for course in courses))) for n, span in enumerate(spans)]
    whole = table(
        f"What began, stood and ended in each {unit}",
        tuple(name.capitalize() for name in (first, *heads)),
        rows,
        name="over-time-table",
        numbers=range(1, len(heads) + 1),
    )
    return joined(element("details", element("summary", f"The numbers of each {unit}"), whole, open=""))
