"""From one type of value to another: times, durations, numbers, text and patterns as CEL writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

import re2

from oversight.ground.comparison import EvaluationError, no_overload
from oversight.ground.text import printable
from oversight.ground.time import Period, format_instant, parse_instant, zone_named

MAX_PATTERN = 1_000

_LEAST, _MOST = -(2**63), 2**63 - 1
_LONGEST = timedelta(hours=87_660_000)
_DURATION = re.compile(r"([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:h|ms|m|s|us|µs|μs|ns))+|0)", re.ASCII)
_DURATION_PART = re.compile(r"(\d*)\.?(\d*)(h|ms|m|s|us|µs|μs|ns)", re.ASCII)
_NANOSECONDS = {
    "h": 3_600_000_000_000, "m": 60_000_000_000, "s": 1_000_000_000, "ms": 1_000_000,
    "us": 1_000, "µs": 1_000, "μs": 1_000, "ns": 1,
}  # fmt: skip
_OFFSET = re.compile(r"([+-]?)(\d{1,2}):([0-5]\d)", re.ASCII)
_INTEGER = re.compile(r"\s*[+-]?\d{1,40}\s*", re.ASCII)
_DOUBLE = re.compile(r"\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan)\s*", re.ASCII | re.IGNORECASE)
_BOOLS = {
    "true": True, "True": True, "TRUE": True, "t": True, "1": True,
    "false": False, "False": False, "FALSE": False, "f": False, "0": False,
}  # fmt: skip
_DOUBLE_LIMIT = 2.0**63
_LONGEST_NUMBER = 400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def int64(value: int) -> int:
    """
    *value*, an integer of 64 bits.

    Raises:
        EvaluationError: it is larger.

    >>> int64(-1)
    -1
    """
    if _LEAST <= value <= _MOST:
        return value
    raise EvaluationError("the integer leaves 64 bits")


def to_utc(instant: datetime) -> datetime:
    """
    The same instant in UTC.

    Raises:
        EvaluationError: it is outside the years 1 to 9999.

    >>> to_utc(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=8)))).isoformat()
    '2025-12-31T16:00:00+00:00'
    """
    if instant.tzinfo is UTC:
        return instant
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise EvaluationError("the time is outside the years 1 to 9999") from None


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Any:
    """
    A regular expression of RE2, which takes time linear in the text whatever the pattern.

    Raises:
        EvaluationError: *pattern* is not one, or too large.

    >>> compile_pattern("^cam-[0-9]+$").search("cam-7") is not None
    True
    """
    if len(pattern) > MAX_PATTERN:
        raise EvaluationError(f"a pattern of {len(pattern):,} characters is longer than {MAX_PATTERN:,}")
    options = re2.Options()
    options.max_mem = 1 << 20
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError) as error:
        reason = error.args[0] if error.args else error
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise EvaluationError(f"this is no pattern of RE2: {printable(text, 100)}") from None


def parse_timestamp(text: str) -> datetime:
    """
    Read an RFC 3339 time, to UTC.

    Raises:
        EvaluationError: *text* is not one, or outside the years 1 to 9999.

    >>> parse_timestamp("2026-03-10T09:00:00+08:00").isoformat()
    '2026-03-10T01:00:00+00:00'
    """
    try:
        return to_utc(parse_instant(text))
    except ValueError as error:
        raise EvaluationError(str(error)) from None


def parse_duration(text: str) -> timedelta:
    """
    Read a duration as CEL writes it: numbers with the units h, m, s, ms, us, ns.

    Raises:
        EvaluationError: *text* is not one, or longer than 10,000 years.

    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)
    """
    found = _DURATION.fullmatch(text) if len(text) <= 100 else None
    if found is None:
        raise EvaluationError(f"{printable(text, 40)!r} is no duration such as 1h30m; days are period('P1D')")
    nanoseconds = 0
    for whole, fraction, unit in _DURATION_PART.findall(found.group(2)):
        nanoseconds += int(whole or "0") * _NANOSECONDS[unit]
        nanoseconds += int(fraction or "0") * _NANOSECONDS[unit] // 10 ** len(fraction)
    if nanoseconds // 1_000 > _LONGEST // timedelta(microseconds=1):
        raise EvaluationError(f"{printable(text, 40)!r} is longer than 10,000 years")
    span = timedelta(microseconds=nanoseconds // 1_000)
    return -span if found.group(1) == "-" else span


def timestamp(value: Any) -> datetime:
    """
    ``timestamp(value)`` of an RFC 3339 text, of seconds since 1970, or of a timestamp.

    Raises:
        EvaluationError: *value* is none of these.

    >>> timestamp(0).isoformat()
    '1970-01-01T00:00:00+00:00'
    """
    if value.__class__ is datetime:
        return value
    if value.__class__ is str:
        return parse_timestamp(value)
    if value.__class__ is not int:
        raise no_overload("timestamp", value)
    try:
        return _EPOCH + timedelta(seconds=value)
    except OverflowError:
        raise EvaluationError("the time is outside the years 1 to 9999") from None


def duration(value: Any) -> timedelta:
    """
    ``duration(value)`` of a text such as ``1h30m`` or of a duration.

    Raises:
        EvaluationError: *value* is neither.

    >>> duration("90s")
    datetime.timedelta(seconds=90)
    """
    if value.__class__ is timedelta:
        return value
    if value.__class__ is str:
        return parse_duration(value)
    raise no_overload("duration", value)


def period(value: Any) -> Period:
    """
    ``period(value)`` of an ISO 8601 duration such as ``P1M`` or of a period.

    Raises:
        EvaluationError: *value* is neither.

    >>> str(period("P1M"))
    'P1M'
    """
    if value.__class__ is Period:
        return value
    if value.__class__ is not str:
        raise no_overload("period", value)
    try:
        return Period.parse(value)
    except ValueError as error:
        raise EvaluationError(printable(str(error))) from None


def integer(value: Any) -> int:
    """
    ``int(value)``: a double is cut towards zero, a text read, a timestamp counted in seconds since 1970.

    Raises:
        EvaluationError: *value* is none of these, or does not fit 64 bits.

    >>> integer(-1.9), integer("12")
    (-1, 12)
    """
    if value.__class__ is int:
        return value
    if value.__class__ is float:
        if not -_DOUBLE_LIMIT < value < _DOUBLE_LIMIT:
            raise EvaluationError("the double does not fit the 64-bit integers")
        return int(value)
    if value.__class__ is str:
        if _INTEGER.fullmatch(value) is None:
            raise EvaluationError(f"{printable(value, 40)!r} is no integer")
        return int64(int(value))
    if value.__class__ is datetime:
        return (value - _EPOCH) // timedelta(seconds=1)
    if value.__class__ is bool:
        # Google's evaluator allows it where its checker cannot know the type; so do we.
        return 1 if value else 0
    raise no_overload("int", value)


def double(value: Any) -> float:
    """
    ``double(value)`` of a number or a text.

    Raises:
        EvaluationError: *value* is neither.

    >>> double("1e3")
    1000.0
    """
    if value.__class__ is float:
        return value
    if value.__class__ is int:
        return float(value)
    if value.__class__ is not str:
        raise no_overload("double", value)
    if len(value) > _LONGEST_NUMBER or _DOUBLE.fullmatch(value) is None:
        raise EvaluationError(f"{printable(value, 40)!r} is no double")
    return float(value)


def string(value: Any) -> str:
    """
    ``string(value)`` of a scalar.

    Raises:
        EvaluationError: *value* is null, a list or a map.

    >>> string(1.0), string(True), string(timedelta(seconds=1.5))
    ('1', 'true', '1.500s')
    """
    kind = value.__class__
    if value.__class__ is str:
        return value
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is Period:
        return str(value)
    if kind is float:
        return _double_text(value)
    if kind is datetime:
        whole = format_instant(to_utc(value).replace(microsecond=0))
        return whole[:-1] + _fraction(value.microsecond) + "Z"
    if kind is timedelta:
        seconds, rest = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
        return f"{'-' if value < timedelta() else ''}{seconds}{_fraction(rest)}s"
    raise no_overload("string", value)


def _fraction(microseconds: int) -> str:
    if microseconds % 1_000:
        return f".{microseconds:06d}"
    return f".{microseconds // 1_000:03d}" if microseconds else ""


def _double_text(value: float) -> str:
    """The shortest digits that read back the same; from a million on with an exponent, as Google does."""
    shortest = Decimal(repr(value))
    if not shortest.is_finite() or -5 < shortest.adjusted() < 6:
        return "nan" if value != value else repr(value).removesuffix(".0")
    sign, digits, _ = shortest.normalize().as_tuple()
    mantissa = str(digits[0]) + ("." if len(digits) > 1 else "") + "".join(map(str, digits[1:]))
    return f"{'-' if sign else ''}{mantissa}e{shortest.adjusted():+03d}"


def boolean(value: Any) -> bool:
    """
    ``bool(value)`` of a bool or of a text such as ``true``.

    Raises:
        EvaluationError: *value* is neither.

    >>> boolean("true")
    True
    """
    if value.__class__ is bool:
        return value
    if value.__class__ is not str:
        raise no_overload("bool", value)
    if value not in _BOOLS:
        raise EvaluationError(f"{printable(value, 40)!r} is neither true nor false")
    return _BOOLS[value]


@lru_cache(maxsize=256)
def zone_or_offset(name: str) -> tzinfo:
    """
    The zone that ``getHours`` and its like are given: a name of the IANA database or an offset.

    Raises:
        EvaluationError: *name* is neither.

    >>> zone_or_offset("+08:00")
    datetime.timezone(datetime.timedelta(seconds=28800))
    """
    found = _OFFSET.fullmatch(name)
    try:
        if found is not None:
            offset = timedelta(hours=int(found.group(2)), minutes=int(found.group(3)))
            return timezone(-offset if found.group(1) == "-" else offset)
        # "localtime" would read the machine's own setting: an answer must not depend on where it is asked.
        if name and name != "localtime":
            return zone_named(name)
    except ValueError:
        pass
    if not name:
        return UTC
    raise EvaluationError(f"{printable(name, 60)!r} is neither a zone of the IANA database nor an offset")
