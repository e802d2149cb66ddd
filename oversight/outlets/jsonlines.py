"""JSON Lines: one change a line, the object of the alert contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oversight.model.alerts import to_json
from oversight.outlets.stream import EventDict, Outlet, Processor, Sink


def render(_logger: Any, _method: str, alert: EventDict) -> str:
    """
    The change as one line of JSON in which nothing unprintable stands.

    >>> render(None, "tell", {"rule": "HK-1", "message": "a\\u202eb"})
    '{"rule":"HK-1","message":"a\\\\u202eb"}'
    """
    return to_json(alert)


def json_lines(sink: Sink, processors: Sequence[Processor] = ()) -> Outlet:
    """
    An outlet that gives *sink* each change as a line of JSON.

    Args:
        sink: takes a line, without its end.
        processors: what to do with each change first.

    >>> json_lines(print).tell([])
    """
    return Outlet(sink, [*processors, render])
