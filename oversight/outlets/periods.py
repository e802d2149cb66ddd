"""A span of time in a few periods of the calendar, for a table and a chart of what happened in each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from attrs import frozen

from oversight.ground.instants import in_zone
from oversight.ground.time import begin_of

MOST = 48
_UNITS = {
    "day": (0, 1), "week": (0, 7), "month": (1, 0), "quarter": (3, 0), "year": (12, 0), "decade": (120, 0),
    "century": (1200, 0), "millennium": (12000, 0),
}  # fmt: skip
"""How long each is, in months or in days."""


@frozen
class Span:
    """
    A period, from one instant until before another.

    Args:
        name: its first day, its month or its years.
        start: its first instant.
        end: the first instant after it; ``None`` of the last period, which goes on.
    """

    name: str
    start: datetime
    end: datetime | None


def periods(first: datetime, last: datetime, zone: ZoneInfo) -> tuple[str, list[Span]]:
    """
    The periods from *first* to *last*, in the shortest unit of which there are no more than ``MOST``.

    Args:
        first, last: instants; *last* lies in the last of the periods.
        zone: where days begin.

    Returns:
        The word for one of them, and the periods.

    >>> word, found = periods(
    ...     datetime.fromisoformat("2026-11-05T00:00:00Z"),
    ...     datetime.fromisoformat("2027-12-31T18:00:00Z"),
    ...     ZoneInfo("Asia/Hong_Kong"),
    ... )
    >>> word, found[0].name, found[-1].name
    ('month', '2026-11', '2028-01')
    """
    start, end = in_zone(first, zone).date(), in_zone(last, zone).date()
    unit, months, begins = next(found for found in _divided(start, end) if len(found[2]) <= MOST)
    instants = [begin_of(day, zone) for day in begins]
    ends = [after for _, after in pairwise(instants)]
    return unit, [
        Span(_name(day, months), begin, until)
        for day, begin, until in zip(begins, instants, [*ends, None], strict=True)
    ]


def _divided(start: date, end: date) -> Iterator[tuple[str, int, list[date]]]:
    """Each unit, how many months it is long, and the first days of its periods, as far as there are not too many."""
    for unit, (months, days) in _UNITS.items():
        begins = _by_months(start, end, months) if months else _by_days(start, end, days)
        yield unit, months, list(islice(begins, MOST + 1))


def _by_days(start: date, end: date, days: int) -> Iterator[date]:
    # The first day there is, of the number one, is a Monday.
    first = (start.toordinal() - 1) // days * days + 1
    return map(date.fromordinal, range(first, end.toordinal() + 1, days))


def _by_months(start: date, end: date, months: int) -> Iterator[date]:
    first = (start.year * 12 + start.month - 1) // months * months
    for month in range(first, end.year * 12 + end.month, months):
        yield date(max(1, month // 12), month % 12 + 1, 1)


def _name(day: date, months: int) -> str:
    if months == 0:
        return day.isoformat()
    if months == 1:
        return day.isoformat()[:7]
    if months == 3:
        return f"{day.year:04} Q{day.month // 3 + 1}"
    last = (day.year * 12 // months + 1) * months // 12 - 1
    return f"{day.year:04}" if months == 12 else f"{day.year:04} to {min(last, 9999):04}"
