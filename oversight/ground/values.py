"""
What CEL's operators and functions do with values, as Python objects.

The meaning is that of the language definition of CEL (cel-spec, doc/langdef.md), and where that leaves a
choice, of Google's evaluator. Values are ``None``, ``bool``, ``int`` (of 64 bits), ``float``, ``str``,
``list``, ``dict``, aware ``datetime`` (with a fixed offset), ``timedelta`` and `Period`. Types are strict: a
bool is no number, and an operator given types it is not defined for is an error, not a guess.

Not here, because they must not evaluate every argument, and so belong to each evaluator:

- ``a && b``: false if either is ``false``, whatever the other is; else an error if either is an error or no
  bool; else true. ``a || b``: the same with true and false exchanged.
- ``a ? b : c``: an error unless *a* is a bool; then only the chosen one is evaluated.
- ``l.all(x, p)`` is ``&&`` over the items, true of none; ``l.exists(x, p)`` is ``||``, false of none; both
  absorb errors as ``&&`` and ``||`` do. ``exists_one``, ``filter`` and ``map`` absorb nothing: an error, or a
  *p* that is no bool, is an error. All range over the items of a list or the keys of a map; anything else is
  an error (`items_of`).
- ``has(a.b)`` and ``a.b``: `has` and `select`, for maps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from oversight.ground.comparison import (
    ABSENT,
    EvaluationError,
    at_least,
    at_most,
    contained,
    differs,
    equals,
    has,
    index,
    items_of,
    less,
    map_of,
    more,
    no_overload,
    select,
    type_name,
)
from oversight.ground.conversions import (
    boolean,
    compile_pattern,
    double,
    duration,
    int64,
    integer,
    parse_duration,
    parse_timestamp,
    period,
    string,
    timestamp,
    to_utc,
    zone_or_offset,
)
from oversight.ground.instants import in_zone
from oversight.ground.time import Period, first_instant, shift, shift_alike

__all__ = [
    "EvaluationError",
    "compile_pattern",
    "equals",
    "has",
    "index",
    "items_of",
    "map_of",
    "operations",
    "parse_duration",
    "parse_timestamp",
    "select",
    "type_name",
]

MAX_JOINED_TEXT = 1_000_000
MAX_JOINED_LIST = 100_000
_WHOLE = 2.0**63

# As in Google's evaluator, sums of durations are counted in nanoseconds of 64 bits: 292 years.
_LONGEST_SUM = timedelta(microseconds=(2**63 - 1) // 1_000)


def _joined(left: Any, right: Any, limit: int) -> Any:
    if len(left) + len(right) > limit:
        raise EvaluationError(f"the result would be longer than {limit:,}")
    return left + right


def _sum_of_spans(left: timedelta, right: timedelta) -> timedelta:
    try:
        total = left + right
    except OverflowError:
        raise EvaluationError("the duration is out of range") from None
    if not -_LONGEST_SUM <= total <= _LONGEST_SUM:
        raise EvaluationError("the duration is out of range")
    return total


def _moved(instant: datetime, by: timedelta) -> datetime:
    try:
        return to_utc(instant) + by
    except OverflowError:
        raise EvaluationError("the time is outside the years 1 to 9999") from None


def _shifted(
    instant: datetime, period: Period, zone: ZoneInfo, sign: int, move: Callable[..., datetime] = shift
) -> datetime:
    try:
        return move(instant, period, zone, sign)
    except (OverflowError, ValueError):
        raise EvaluationError("the time is outside the years 1 to 9999") from None


def _add(left: Any, right: Any, zone: ZoneInfo) -> Any:
    kind, other = left.__class__, right.__class__
    if kind is datetime:
        if other is timedelta:
            return _moved(left, right)
        if other is Period:
            return _shifted(left, right, zone, 1)
    elif kind is other:
        if kind is int:
            return int64(left + right)
        if kind is float or kind is Period:
            return left + right
        if kind is str:
            return _joined(left, right, MAX_JOINED_TEXT)
        if kind is list:
            return _joined(left, right, MAX_JOINED_LIST)
        if kind is timedelta:
            return _sum_of_spans(left, right)
    elif other is datetime and (kind is timedelta or kind is Period):
        return _add(right, left, zone)
    raise no_overload("+", left, right)


def _subtract(left: Any, right: Any, zone: ZoneInfo) -> Any:
    kind, other = left.__class__, right.__class__
    if right is ABSENT:
        return _negate(left)
    if kind is datetime:
        if other is datetime:
            return _sum_of_spans(to_utc(left) - to_utc(right), timedelta())
        if other is timedelta:
            return _moved(left, -right)
        if other is Period:
            return _shifted(left, right, zone, -1)
    elif kind is other:
        if kind is int:
            return int64(left - right)
        if kind is float:
            return left - right
        if kind is timedelta:
            return _sum_of_spans(left, -right)
    raise no_overload("-", left, right)


def _negate(value: Any) -> Any:
    if value.__class__ is int:
        return int64(-value)
    if value.__class__ is float:
        return -value
    raise no_overload("-", value)


def _multiply(left: Any, right: Any) -> Any:
    if left.__class__ is int and right.__class__ is int:
        return int64(left * right)
    if left.__class__ is float and right.__class__ is float:
        return left * right
    raise no_overload("*", left, right)


def _divide(left: Any, right: Any) -> Any:
    if left.__class__ is float and right.__class__ is float:
        if right == 0.0:
            infinite = math.copysign(math.inf, left) * math.copysign(1.0, right)
            return math.nan if left == 0.0 or math.isnan(left) else infinite
        return left / right
    if left.__class__ is not int or right.__class__ is not int:
        raise no_overload("/", left, right)
    if right == 0:
        raise EvaluationError("division by zero")
    quotient = abs(left) // abs(right)
    return int64(quotient if (left < 0) == (right < 0) else -quotient)


def _remainder(left: Any, right: Any) -> Any:
    if left.__class__ is not int or right.__class__ is not int:
        raise no_overload("%", left, right)
    if right == 0:
        raise EvaluationError("division by zero")
    _divide(left, right)
    remainder = abs(left) % abs(right)
    return -remainder if left < 0 else remainder


def _not(value: Any) -> bool:
    if value.__class__ is not bool:
        raise no_overload("!", value)
    return not value


def _size(value: Any) -> int:
    if value.__class__ in (str, list, dict):
        return len(value)
    raise no_overload("size", value)


def _text_test(name: str, test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def apply(text: Any, part: Any) -> bool:
        if text.__class__ is not str or part.__class__ is not str:
            raise no_overload(name, text, part)
        return test(text, part)

    return apply


_SHORT = 200
"""A text of up to so many characters that was searched is remembered: the same sources and reasons come again."""


def _matches(text: str, pattern: str) -> bool:
    return _found(text, pattern) if len(text) <= _SHORT else _search(text, pattern)


def _search(text: str, pattern: str) -> bool:
    try:
        return compile_pattern(pattern).search(text) is not None
    except UnicodeError:
        raise EvaluationError("the text is no valid Unicode") from None


_found = lru_cache(maxsize=4096)(_search)


# Parts of a time

_OF_TIME: dict[str, Callable[[datetime], int]] = {
    "getFullYear": lambda at: at.year,
    "getMonth": lambda at: at.month - 1,
    "getDate": lambda at: at.day,
    "getDayOfMonth": lambda at: at.day - 1,
    "getDayOfWeek": lambda at: at.isoweekday() % 7,
    "getDayOfYear": lambda at: at.timetuple().tm_yday - 1,
    "getHours": lambda at: at.hour,
    "getMinutes": lambda at: at.minute,
    "getSeconds": lambda at: at.second,
    "getMilliseconds": lambda at: at.microsecond // 1_000,
}
_UNITS = {
    "getHours": timedelta(hours=1),
    "getMinutes": timedelta(minutes=1),
    "getSeconds": timedelta(seconds=1),
    "getMilliseconds": timedelta(milliseconds=1),
}


def _accessor(name: str) -> Callable[..., int]:
    of_time, unit = _OF_TIME[name], _UNITS.get(name)

    def of_duration(span: timedelta, unit: timedelta) -> int:
        size = abs(span) // unit
        if name == "getMilliseconds":
            size %= 1_000
        return size if span >= timedelta() else -size

    def apply(value: Any, zone: Any = ABSENT) -> int:
        if value.__class__ is timedelta and zone is ABSENT and unit is not None:
            return of_duration(value, unit)
        if value.__class__ is not datetime or not (zone is ABSENT or zone.__class__ is str):
            raise no_overload(name, *([value] if zone is ABSENT else [value, zone]))
        if zone is ABSENT:
            return of_time(to_utc(value))
        try:
            return of_time(value.astimezone(zone_or_offset(zone)))
        except OverflowError:
            raise EvaluationError("the time is outside the years 1 to 9999") from None

    return apply


def _key(zone: ZoneInfo, value: Any, mixed: bool) -> Any:
    kind = value.__class__
    if kind is datetime:
        return in_zone(value, zone)
    if kind is Period:
        return value.simplest
    if kind is list or kind is dict or value != value:
        raise EvaluationError(f"a {type_name(value)} is no key")
    if mixed and (kind is bool or (kind is float and value.is_integer() and abs(value) < _WHOLE)):
        return int(value)
    return value + 0.0 if kind is float else value


def operations(zone: ZoneInfo) -> dict[str, Callable[..., Any]]:
    """
    Every operator and function that evaluates all its arguments, by the name it has in a tree.

    ``-`` takes one argument or two; ``{}`` makes a map from alternating keys and values; ``@instant`` turns a
    date into its first instant in *zone*; ``@later`` is ``+`` where nobody sees the offset that an instant is written
    with, since instants of one offset are compared far quicker; ``@key`` gives equal values one form in the key of a
    fact, whose values are ``mixed`` where they may be of different types. Each raises `EvaluationError` where it has
    no value.

    Args:
        zone: of the pack: where the days of periods and dates begin.

    >>> act = operations(ZoneInfo("Asia/Hong_Kong"))
    >>> act["+"](1, 2), act["-"](3), act["size"]("abc")
    (3, -3, 3)
    """

    def adding(move: Callable[..., datetime]) -> Callable[[Any, Any], Any]:
        def add(left: Any, right: Any) -> Any:
            if right.__class__ is Period and left.__class__ is datetime:
                return _shifted(left, right, zone, 1, move)
            return _add(left, right, zone)

        return add

    def subtract(left: Any, right: Any = ABSENT) -> Any:
        return _subtract(left, right, zone)

    def instant(value: Any) -> Any:
        try:
            return first_instant(value, zone) if value.__class__ is date else value
        except OverflowError:
            raise EvaluationError("the date is outside the years 1 to 9999") from None

    return {
        "!": _not, "==": equals, "!=": differs, "<": less, "<=": at_most, ">": more, ">=": at_least,
        "in": contained, "[]": index, "{}": map_of,
        "+": adding(shift), "@later": adding(shift_alike), "-": subtract, "*": _multiply, "/": _divide, "%": _remainder,
        "size": _size,
        "matches": _text_test("matches", _matches),
        "contains": _text_test("contains", str.__contains__),
        "startsWith": _text_test("startsWith", str.startswith),
        "endsWith": _text_test("endsWith", str.endswith),
        "timestamp": timestamp, "duration": duration, "period": period,
        "@instant": instant, "@key": partial(_key, zone),
        "int": integer, "double": double, "string": string, "bool": boolean,
        **{name: _accessor(name) for name in _OF_TIME},
    }  # fmt: skip
