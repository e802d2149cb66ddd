"""Processors that any outlet can use before it renders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from oversight.ground.text import printable
from oversight.outlets.stream import EventDict, Processor

_PROSE = ("title", "message", "remedy")
_MOST = 2_000


def sanitise(_logger: Any, _method: str, alert: EventDict) -> EventDict:
    """
    Make every text of *alert* safe for a terminal; a line break in prose becomes a space.

    >>> sanitise(None, "tell", {"message": "two\\nlines", "rule": "a\\x1b[2J"})
    {'message': 'two lines', 'rule': 'a\\\\u001b[2J'}
    """
    safe: EventDict = _safe(alert)
    for name in _PROSE:
        if isinstance(alert.get(name), str):
            safe[name] = printable(re.sub(r"[ \t\r\n]+", " ", alert[name]).strip(), _MOST)
    return safe


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value, _MOST)
    if isinstance(value, Mapping):
        return {printable(str(key)): _safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(item) for item in value]
    return value


def withhold(*names: str) -> Processor:
    """
    A processor that keeps the values of *names* back, for a stream that others may read.

    The keys stay, as the contract has it: text becomes ``[withheld]``, a list becomes empty.

    >>> withhold("message", "subjects")(None, "tell", {"message": "m", "subjects": ["a"], "open": 1})
    {'message': '[withheld]', 'subjects': [], 'open': 1}
    """

    def processor(_logger: Any, _method: str, alert: EventDict) -> EventDict:
        for name in names:
            if name in alert:
                alert[name] = [] if isinstance(alert[name], list | tuple) else "[withheld]"
        return alert

    return processor
