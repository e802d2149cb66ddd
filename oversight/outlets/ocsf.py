"""
Compliance Findings (class 2003) of the Open Cybersecurity Schema Framework, valid from version 1.5.0 on.

What the attributes are made of stands in ``docs/alerts.md``; what they have no place for is kept in ``unmapped``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from oversight.ground.time import parse_instant
from oversight.model.alerts import CLEARED, RAISED, UPDATED, WITHDRAWN, to_json
from oversight.outlets.stream import EventDict, Outlet, Processor, Sink
from oversight.outlets.text import said

VERSION = "1.5.0"
CATEGORY, CLASS = 2, 2003
ACTIVITIES = {RAISED: (1, "Create"), UPDATED: (2, "Update"), CLEARED: (3, "Close"), WITHDRAWN: (3, "Close")}
SEVERITIES = {
    "info": (1, "Informational"), "low": (2, "Low"), "medium": (3, "Medium"), "high": (4, "High"),
    "critical": (5, "Critical"),
}  # fmt: skip
STATUSES = {
    RAISED: (1, "New"), UPDATED: (2, "In Progress"), CLEARED: (4, "Resolved"), WITHDRAWN: (99, "Withdrawn"),
}  # fmt: skip
SUPPRESSED = (3, "Suppressed")
VERDICTS = {RAISED: (3, "Fail"), UPDATED: (3, "Fail"), CLEARED: (1, "Pass"), WITHDRAWN: (1, "Pass")}
UNMAPPED = (
    "change", "part", "pack_digest", "basis", "authority", "open", "subject_count", "evidence", "missing", "assumed",
    "cause", "waived",
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Renderer:
    """
    Renders changes as Compliance Findings.

    Args:
        version: of the library, which is told as the product that found it.
    """

    def __init__(self, version: str) -> None:
        self._product = {"name": "oversight", "vendor_name": "oversight", "version": version}

    def __call__(self, _logger: Any, _method: str, alert: EventDict) -> str:
        """The finding of one change, as one line of JSON."""
        return to_json(self.finding(alert))

    def finding(self, alert: Mapping[str, Any]) -> dict[str, Any]:
        """The finding of one change, as plain values."""
        activity, activity_name = ACTIVITIES[alert["change"]]
        severity, severity_name = SEVERITIES[alert["severity"]]
        open_still = alert["change"] in (RAISED, UPDATED)
        status, status_name = SUPPRESSED if alert["waived"] and open_still else STATUSES[alert["change"]]
        finding = {
            "activity_id": activity,
            "activity_name": activity_name,
            "category_uid": CATEGORY,
            "category_name": "Findings",
            "class_uid": CLASS,
            "class_name": "Compliance Finding",
            "type_uid": CLASS * 100 + activity,
            "type_name": f"Compliance Finding: {activity_name}",
            "severity_id": severity,
            "severity": severity_name,
            "status_id": status,
            "status": status_name,
            "time": _milliseconds(alert["at"]),
            "start_time": _milliseconds(alert["since"]),
            "message": said(alert),
            "metadata": {"version": VERSION, "product": self._product, "log_name": "oversight"},
            "finding_info": self._finding_info(alert),
            "compliance": _compliance(alert),
            "remediation": {"desc": alert["remedy"]},
            "resources": [{"uid": subject} for subject in alert["subjects"]],
            "unmapped": {name: alert[name] for name in UNMAPPED},
        }
        if alert["reason"]:
            finding["status_detail"] = alert["reason"]
        return finding

    def _finding_info(self, alert: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "uid": alert["alert"],
            "title": alert["title"],
            "desc": alert["message"],
            "product": self._product,
            "types": ["Compliance"],
            "created_time": _milliseconds(alert["since"]),
            "related_events_count": len(alert["evidence"]),
            "analytic": {
                "name": alert["rule"], "uid": f"{alert['pack']}/{alert['rule']}", "type_id": 1, "type": "Rule",
                "version": alert["pack_digest"],
            },
        }  # fmt: skip


def _compliance(alert: Mapping[str, Any]) -> dict[str, Any]:
    verdict, name = VERDICTS[alert["change"]]
    return {
        "control": f"{alert['rule']}/{alert['part']}" if alert["part"] else alert["rule"],
        "desc": alert["title"],
        "standards": list(dict.fromkeys(each["instrument"] for each in alert["authority"])),
        "requirements": [f"{each['instrument']}, {each['provision']}" for each in alert["authority"]],
        "status_id": verdict,
        "status": name,
    }


def _milliseconds(instant: str) -> int:
    """Since 1970, as OCSF counts; floored, so that an instant before keeps its order."""
    since = parse_instant(instant) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def ocsf(sink: Sink, version: str, processors: Sequence[Processor] = ()) -> Outlet:
    """
    An outlet that gives *sink* each change as an OCSF Compliance Finding, one line of JSON.

    Args:
        sink: takes a line, without its end.
        version: of the library.
        processors: what to do with each change first.

    >>> ocsf(print, "1").tell([])
    """
    return Outlet(sink, [*processors, Renderer(version)])
