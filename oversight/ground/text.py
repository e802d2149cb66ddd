"""Text for people and terminals: nothing that a terminal would obey gets through."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

# C0 and C1 controls, DEL, and the characters that hide or turn the direction of text (Unicode Cf and Zl/Zp).
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
    "|[\U000e0000-\U000e0fff]"
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
    found = get_close_matches(word[:80], list(names), n=1, cutoff=0.6)
    return found[0] if found else ""
