"""Values of each type: a plain one, and those that are worth a try where a rule looks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from oversight.ground.time import Period
from oversight.model.types import (
    BOOL, DATE, DOUBLE, DYN, INT, PERIOD, STRING, TIMESTAMP, EnumType, ListType, MapType, RecordType, Type,
)  # fmt: skip
from oversight.testing.drafts import Place
from oversight.testing.sources import Sources

_LATER = ("until", "by", "due", "end")
"""How names of instants end that lie after their event."""
_DAYS = [timedelta(days=sign * days) for days in (1, 40, 400, 4000) for sign in (1, -1)]


def default(declared: Type, name: str, time: datetime, found: Sources, zone: ZoneInfo) -> Any:
    """
    A plain value of a type.

    Args:
        declared: the type.
        name: of the attribute.
        time: the instant of the event.
        found: what the pack mentions.
        zone: of the pack.
    """
    simple: dict[Type, Any] = {BOOL: False, INT: 1, DOUBLE: 1.0, PERIOD: Period.parse("P30D")}
    if declared in simple:
        return simple[declared]
    if declared in (TIMESTAMP, DATE):
        instant = time + (timedelta(days=30) if name.endswith(_LATER) else timedelta())
        return instant if declared is TIMESTAMP else instant.astimezone(zone).date()
    if isinstance(declared, EnumType):
        return declared.values[0]
    if isinstance(declared, ListType):
        return [default(declared.item, name, time, found, zone)] if declared.item is STRING else []
    if isinstance(declared, RecordType):
        known = [a for a in declared.attributes.values() if a.required]
        return {a.name: default(a.type, a.name, time, found, zone) for a in known}
    return {} if isinstance(declared, MapType) else f"{name}-1"


def candidates(place: Place, found: Sources, zone: ZoneInfo) -> list[Any]:
    """Other values for a place: those the pack mentions with its name, and those of its type."""
    declared, name, now = place.type, place.name, place.read()
    words = found.words.get(name, ())
    texts = [w for w in words if isinstance(w, str)]
    if declared is BOOL:
        made: list[Any] = [True, False]
    elif isinstance(declared, EnumType):
        made = [*[w for w in words if w in declared.values], *declared.values]
    elif declared in (INT, DOUBLE):
        kind = int if declared is INT else float
        near = [now - 1, now + 1] if isinstance(now, int | float) else []
        numbers = [w for w in words if isinstance(w, int | float)]
        made = [kind(value) for value in (*near, *numbers, 0, 2, 10, 100, 10_000, 10_000_000)]
    elif declared in (TIMESTAMP, DATE):
        moment: Any = now if isinstance(now, date) else place.draft.time
        made = [(moment if declared is TIMESTAMP or type(moment) is date else moment.date()) + by for by in _DAYS]
    elif isinstance(declared, ListType):
        made = [[], *[[w] for w in texts], [default(declared.item, name, place.draft.time, found, zone)]]
    elif declared is STRING or declared is DYN:
        made = [*texts, *found.ids(name)]
    else:
        made = [default(declared, name, place.draft.time, found, zone)]
    different: list[Any] = []
    for value in made:
        if value != now and value not in different:
            different.append(value)
    return different


def fits(value: Any, declared: Type) -> bool:
    """Whether a value may stand where the *declared* type is asked for."""
    if declared is DYN:
        return True
    if isinstance(declared, EnumType):
        return value in declared.values if isinstance(value, str) else False
    plain: dict[Type, type] = {STRING: str, DOUBLE: float, TIMESTAMP: datetime, PERIOD: Period}
    if declared in plain:
        return isinstance(value, plain[declared])
    if declared is INT:
        return isinstance(value, int) and not isinstance(value, bool)
    if declared is BOOL:
        return isinstance(value, bool)
    if declared is DATE:
        return isinstance(value, date) and not isinstance(value, datetime)
    if isinstance(declared, ListType):
        return isinstance(value, list) and all(fits(item, declared.item) for item in value)
    if isinstance(declared, RecordType):
        known = declared.attributes
        required = {a.name for a in known.values() if a.required}
        return (
            isinstance(value, Mapping)
            and required <= value.keys()
            and all(fits(item, known[name].type) for name, item in value.items() if name in known)
        )
    if isinstance(declared, MapType):
        return isinstance(value, Mapping) and all(fits(item, declared.value) for item in value.values())
    return False
