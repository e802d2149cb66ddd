"""
Syslog messages after RFC 5424: the fields of a change as structured data, its title and message as text.

One change is one message without a line break. In a file each stands on a line; over a connection they are framed by
octet counting (RFC 6587, and RFC 5425 for TLS), which :func:`framed` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from oversight.ground.time import parse_instant
from oversight.model.alerts import CLEARED, WITHDRAWN
from oversight.outlets.processors import sanitise
from oversight.outlets.stream import EventDict, Outlet, Processor, Sink
from oversight.outlets.text import rule_text, said

FACILITY = 13  # log audit
SEVERITIES = {"critical": 2, "high": 3, "medium": 4, "low": 5, "info": 6}
NOTICE = 5
# Of the example enterprise that RFC 5612 keeps free, until the project has a number of its own.
SD_ID = "oversight@32473"
MOST = 8192
_MOST_NAMES, _MOST_VALUE = 12, 400
_FIELDS = ("alert", "pack", "pack_digest", "severity", "basis", "since", "open", "subject_count", "cause", "reason")
_ESCAPED = re.compile(r'(["\\\]])')
_MARK = "\ufeff"


class Renderer:
    """
    Renders changes as syslog messages.

    Args:
        host: the name of this machine as the message tells it; ``-`` keeps it back.
    """

    def __init__(self, host: str = "-") -> None:
        self._host = re.sub(r"[^\x21-\x7e]", "?", host)[:255] or "-"

    def __call__(self, _logger: Any, _method: str, alert: EventDict) -> str:
        """The message of one change."""
        priority = FACILITY * 8 + _severity(alert)
        at = parse_instant(alert["at"]).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
        head = f"<{priority}>1 {at}Z {self._host} oversight - {alert['change']} [{SD_ID}{_parameters(alert)}] "
        ended = alert["change"] in (CLEARED, WITHDRAWN)
        text = said(alert) if ended else f"{alert['title']}: {alert['message']}"
        return _cut(head + _MARK + text, MOST)


def _severity(alert: Mapping[str, Any]) -> int:
    """What is over, or never was, wakes nobody up."""
    severity = SEVERITIES[alert["severity"]]
    return max(NOTICE, severity) if alert["change"] in (CLEARED, WITHDRAWN) or alert["waived"] else severity


def _parameters(alert: Mapping[str, Any]) -> str:
    authority = "; ".join(f"{each['instrument']}, {each['provision']}" for each in alert["authority"])
    values = {
        "rule": rule_text(alert),
        **{name: alert[name] for name in _FIELDS},
        "authority": authority,
        "subjects": _names(alert["subjects"]),
        "evidence": _names(alert["evidence"]),
        "waived": ", ".join(f"{name} {value}" for name, value in (alert["waived"] or {}).items()),
    }
    told = ((name, _cut(str(value), _MOST_VALUE)) for name, value in values.items() if value not in (None, ""))
    return "".join(f' {name}="{_ESCAPED.sub(_backslash, value)}"' for name, value in told)


def _backslash(found: re.Match[str]) -> str:
    return "\\" + found.group()


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _cut(text: str, most: int) -> str:
    """*text*, cut to *most* octets of UTF-8 where it is longer."""
    data = text.encode()
    return text if len(data) <= most else data[: most - 3].decode(errors="ignore") + "…"


def framed(message: str) -> bytes:
    """
    *message* as a frame that says its own length, as TCP and TLS carry it.

    >>> framed("<13>1 - - - - - -")
    b'17 <13>1 - - - - - -'
    """
    data = message.encode()
    return b"%d %s" % (len(data), data)


def syslog(sink: Sink, host: str = "-", processors: Sequence[Processor] = ()) -> Outlet:
    """
    An outlet that gives *sink* each change as a syslog message.

    Args:
        sink: takes a message, without a line end.
        host: the name of this machine as the message tells it.
        processors: what to do with each change first.

    >>> syslog(print).tell([])
    """
    return Outlet(sink, [*processors, sanitise, Renderer(host)])
