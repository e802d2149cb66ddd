"""JSON Schemas (draft 2020-12) of what is told: the alert, and the CloudEvent around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oversight.model.alerts import CLEARED, RAISED, UPDATED, WITHDRAWN
from oversight.model.pack import BASES, SEVERITIES
from oversight.outlets.cloudevents import SCHEMA, TYPE

DRAFT = "https://json-schema.org/draft/2020-12/schema"
CHANGES = (RAISED, UPDATED, CLEARED, WITHDRAWN)
Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_SAID: Schema = {"type": "string", "minLength": 1}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_INSTANT: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})$",
}
_PLAIN: Schema = {"type": ["string", "number", "boolean"]}


def alert_schema() -> Schema:
    """
    The schema of a line of ``--format jsonl``.

    >>> alert_schema()["properties"]["change"]["enum"]
    ['raised', 'updated', 'cleared', 'withdrawn']
    """
    return {"$schema": DRAFT, "$id": SCHEMA, "title": "A change of an alert, as oversight tells it", **_alert()}


def cloudevent_schema() -> Schema:
    """
    The schema of a line of ``--format cloudevents``.

    >>> cloudevent_schema()["properties"]["specversion"]
    {'const': '1.0'}
    """
    event = _object(
        {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "pattern": r"^[0-9a-f]{32}\.[1-9]\d*\.[0-9a-f]{16}$"},
            "source": {"type": "string", "pattern": "^/oversight/packs/.+$"},
            "type": {"enum": [TYPE + change for change in CHANGES]},
            "subject": _digest(32),
            "time": _INSTANT,
            "datacontenttype": {"const": "application/json"},
            "dataschema": {"const": SCHEMA},
            "severity": {"enum": list(SEVERITIES)},
            "rule": _SAID,
            "pack": _SAID,
            "data": _alert(),
        }
    )
    title = "A change of an alert as a CloudEvent, as oversight tells it"
    return {"$schema": DRAFT, "$id": "urn:oversight:schema:cloudevent:1", "title": title, **event}


def _alert() -> Schema:
    return _object(
        {
            "change": {"enum": list(CHANGES)},
            "alert": _digest(32),
            "rule": _SAID,
            "part": _optional(_SAID),
            "title": _SAID,
            "pack": _SAID,
            "pack_digest": _digest(64),
            "severity": {"enum": list(SEVERITIES)},
            "basis": {"enum": list(BASES)},
            "authority": _list(_object({"instrument": _SAID, "provision": _SAID}), least=1),
            "at": _INSTANT,
            "since": _INSTANT,
            "subjects": _list(_TEXT),
            "subject_count": _COUNT,
            "open": _COUNT,
            "message": _TEXT,
            "remedy": _TEXT,
            "evidence": _list(_SAID),
            "missing": _list(_missing()),
            "assumed": _list(_object({"parameter": _SAID, "value": _TEXT, "source": _TEXT})),
            "cause": _optional(_SAID),
            "reason": _optional(_SAID),
            "waived": _optional(_object({"reason": _SAID, "owner": _SAID, "until": _INSTANT})),
        }
    )


def _missing() -> Schema:
    nearest = _object({"fact": _SAID, "key": _list(_PLAIN), "event": _optional(_TEXT)})
    reasons = ["not on record", "false", "undecided", "present"]
    return _object(
        {
            "clause": _SAID,
            "nearest": _optional(nearest),
            "failed": _TEXT,
            "reason": {"enum": reasons},
            "fact": _TEXT,
        }
    )


def _digest(length: int) -> Schema:
    return {"type": "string", "pattern": f"^[0-9a-f]{{{length}}}$"}


def _optional(schema: Schema) -> Schema:
    return {"anyOf": [{"type": "null"}, schema]}


def _list(items: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": items, **({"minItems": least} if least else {})}


def _object(properties: Mapping[str, Schema]) -> Schema:
    """An object with just these keys, all of them present."""
    made = dict(properties)
    return {"type": "object", "properties": made, "required": list(made), "additionalProperties": False}
