"""Instants as they are told: with an offset that stays, whatever zone they came with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

_PLAIN = frozenset((str, int, float, bool, type(None)))


def in_zone(instant: datetime, zone: tzinfo) -> datetime:
    """
    The same instant by the clocks of *zone*, with a fixed offset; in UTC where RFC 3339 cannot write it so.

    Python compares two instants of one zone by their clocks alone, and in an hour that a zone has twice it takes no
    instant of a zone as equal to one with an offset.

    Args:
        instant: an aware datetime.
        zone: whose clocks.

    >>> from zoneinfo import ZoneInfo
    >>> in_zone(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), ZoneInfo("Europe/London")).isoformat()
    '2026-10-25T01:30:00+00:00'
    """
    try:
        return fixed(instant.astimezone(zone))
    except OverflowError:
        return fixed(instant)


def fixed(instant: datetime) -> datetime:
    """
    The same instant with a fixed offset, of whole minutes.

    Args:
        instant: an aware datetime.

    >>> from zoneinfo import ZoneInfo
    >>> fixed(datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/London"))).isoformat()
    '2026-07-01T00:00:00+01:00'
    """
    offset = instant.utcoffset() or timedelta()
    if offset % timedelta(minutes=1):
        return instant.astimezone(UTC)
    if instant.tzinfo.__class__ is timezone:
        return instant
    return instant.replace(tzinfo=timezone(offset), fold=0)


def with_fixed_offsets(value: Any) -> Any:
    """
    *value* with every time of a zone, wherever in its lists and mappings it stands, as the instant that it is.

    >>> from zoneinfo import ZoneInfo
    >>> with_fixed_offsets((datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/London")),))[0].isoformat()
    '2026-07-01T00:00:00+01:00'
    """
    if value.__class__ in _PLAIN:
        return value
    if isinstance(value, datetime):
        return value if value.tzinfo is None else fixed(value)
    if isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101 - the question for a dict is far quicker
        return {name: item if item.__class__ in _PLAIN else with_fixed_offsets(item) for name, item in value.items()}
    return [with_fixed_offsets(item) for item in value] if isinstance(value, list | tuple) else value


def refuse_unaware(at: object, who: str) -> None:
    """
    Refuse what is no instant.

    Args:
        at: what *who* was given as one.
        who: the name of the function, for the message.

    Raises:
        TypeError: *at* is no datetime.
        ValueError: *at* has no offset.

    >>> refuse_unaware("2026-03-10", "advance")
    Traceback (most recent call last):
    TypeError: advance takes a datetime with an offset, not str
    """
    if not isinstance(at, datetime):
        raise TypeError(f"{who} takes a datetime with an offset, not {type(at).__name__}")
    if at.tzinfo is None:
        raise ValueError(f"{who} takes a datetime with an offset")
