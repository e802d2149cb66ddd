"""
CloudEvents 1.0 (public specification of the CNCF): each change as one event in the JSON format, structured mode.

What the attributes are made of stands in ``docs/alerts.md``.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from oversight.ground.text import printable
from oversight.model.alerts import to_json
from oversight.outlets.stream import EventDict, Outlet, Processor, Sink

TYPE = "oversight.alert."
SCHEMA = "urn:oversight:schema:alert:1"
EXTENSIONS = {"severity": "severity", "rule": "rule", "pack": "pack"}


class Renderer:
    """Renders changes as CloudEvents, in the order in which they come."""

    def __init__(self) -> None:
        self._told: Counter[str] = Counter()

    def __call__(self, _logger: Any, _method: str, alert: EventDict) -> str:
        """The event of one change, as one line of JSON."""
        data = dict(alert)
        self._told[data["alert"]] += 1
        number = data.get("position", self._told[data["alert"]])
        event = {
            "specversion": "1.0",
            "id": f"{data['alert']}.{number}.{_digest(data)}",
            "source": source(data["pack"]),
            "type": TYPE + data["change"],
            "subject": data["alert"],
            "time": data["at"],
            "datacontenttype": "application/json",
            "dataschema": SCHEMA,
            **{name: printable(str(data[key])) for name, key in EXTENSIONS.items()},
            "data": data,
        }
        return to_json(event)


def source(pack: str) -> str:
    """
    Which pack speaks, as the reference that CloudEvents ask for.

    >>> source("hong_kong")
    '/oversight/packs/hong_kong'
    """
    return f"/oversight/packs/{quote(pack, safe='')}"


def _digest(data: EventDict) -> str:
    """Of the content: two changes that a restart numbers alike are not taken for one."""
    return hashlib.sha256(to_json(data).encode()).hexdigest()[:16]


def cloud_events(sink: Sink, processors: Sequence[Processor] = ()) -> Outlet:
    """
    An outlet that gives *sink* each change as a CloudEvent, one line of JSON.

    ``source`` and ``id`` of the event are its identity: a change told again by the same run made anew has the same, and
    so has one that a record tells again, whose position is in it.

    Args:
        sink: takes a line, without its end.
        processors: what to do with each change first.

    >>> cloud_events(print).tell([])
    """
    return Outlet(sink, [*processors, Renderer()])
