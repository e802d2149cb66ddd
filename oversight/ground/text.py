"""Text for people and terminals: nothing that a terminal would obey gets through."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Any

from oversight.ground.time import Period, format_instant

# C0 and C1 controls, DEL, and the characters that hide or turn the direction of text (Unicode Cf and Zl/Zp).
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
    "|[\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"


def printable_json(text: str) -> str:
    r"""
    The same JSON with every unprintable character written as an escape.

    >>> printable_json('"a\x7fb"')
    '"a\\u007fb"'
    """
    return _UNSAFE.sub(_escape, text)


def printable(text: str, limit: int = 200) -> str:
    r"""
    *text* for a terminal: unprintable characters as escapes, cut to *limit* characters.

    >>> printable("a\x1b[31mb\ud800")
    'a\\u001b[31mb\\ud800'
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return _UNSAFE.sub(_escape, cut)


def nearest(word: str, names: Iterable[str]) -> str:
    """
    The name most like *word*, or an empty string where none is near.

    >>> nearest("camara", ["camera", "zone"])
    'camera'
    """
    return next(iter(near_names(word, names, 1)), "")


def near_names(word: str, names: Iterable[str], most: int) -> tuple[str, ...]:
    """
    The names most like *word*, the most like first; none where none is near.

    >>> near_names("cam-1", ["cam-10", "zone", "cam-2"], 2)
    ('cam-10', 'cam-2')
    """
    return tuple(get_close_matches(word[:80], list(names), n=most, cutoff=0.6))


def text_of(value: Any) -> str:
    """
    A value of an expression as text for people: lists joined by commas, instants as RFC 3339.

    >>> text_of(["a", 2, True, 0.5])
    'a, 2, true, 0.5'
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int):
        return str(value) if -(2**63) <= value < 2**64 else "a number beyond 64 bits"
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}s"
    if isinstance(value, list | tuple):
        return ", ".join(text_of(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{text_of(name)}: {text_of(item)}" for name, item in value.items())
    return str(value)


def were(number: int, what: str) -> str:
    """
    A number of things with its verb.

    >>> were(1, "line"), were(2000, "line")
    ('1 line was', '2,000 lines were')
    """
    return f"{number:,} {what} was" if number == 1 else f"{number:,} {what}s were"


def said(value: Any) -> str:
    """
    A value in the text of an alert: as :func:`text_of` has it, and a period in words.

    >>> said(Period.parse("P31D")), said([Period.parse("P1Y2M"), Period.parse("PT24H")])
    ('31 days', '1 year and 2 months, 24 hours')
    """
    if isinstance(value, Period):
        return value.in_words
    if isinstance(value, list | tuple):
        return ", ".join(said(item) for item in value)
    return text_of(value)
