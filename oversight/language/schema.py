"""
The JSON Schema of a file of a pack, from which editors complete and explain (draft 7, which they all read).

It says which keys there are and what they hold. What expressions say is for ``oversight check`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from oversight.language import cases, conditions, entries, facts, kinds, library, parameters, rules
from oversight.language.keys import KEYS
from oversight.model.pack import BASES, SEVERITIES, STATUSES, Fact, Kind, Pack
from oversight.model.types import (
    BOOL, DOUBLE, INT, STRING, Attribute, EnumType, ListType, MapType, RecordType, Type,
)  # fmt: skip

DRAFT = "http://json-schema.org/draft-07/schema#"
Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_PLAIN = {BOOL: "boolean", INT: "integer", DOUBLE: "number", STRING: "string"}
_NAME = r"[A-Za-z_]\w*"


def pack_schema(packs: Sequence[Pack]) -> Schema:
    """
    The schema of a file of a pack that may use *packs*.

    Args:
        packs: checked; their kinds, facts, attributes and parameters are offered by name.

    >>> sorted(pack_schema([])["properties"])[:3]
    ['cases', 'define', 'facts']
    """
    known = {name: kind for pack in packs for name, kind in pack.kinds.items()}
    held = {name: fact for pack in packs for name, fact in pack.facts.items()}
    numbers = {name: one.description for pack in packs for name, one in pack.parameters.items()}
    sections = {
        "pack": _header([pack.name for pack in packs]),
        "types": _named(_ref("attribute")),
        "kinds": _named(_ref("kind")),
        "parameters": _named(_ref("parameter")),
        "facts": _named(_ref("fact")),
        "define": _named(_filled(_ref("condition"))),
        "instruments": _list(_TEXT),
        "rules": _list(_ref("rule")),
        "cases": _list(_ref("case")),
    }
    whole = _object("file", library.SECTIONS, sections)
    title = "A file of a pack of the rule language of oversight"
    return {"$schema": DRAFT, "title": title, **whole, "definitions": _definitions(known, held, numbers)}


def _definitions(known: Mapping[str, Kind], held: Mapping[str, Fact], numbers: Mapping[str, str]) -> Schema:
    attributes = sorted({name for kind in known.values() for name in kind.attributes})
    return {
        "expression": {"type": ["string", "number", "boolean"]},
        "span": {"anyOf": [*_offered(numbers), _ref("expression")]},
        "watched": _watched({name: kind.description for name, kind in known.items()}),
        "held": _watched({**{name: fact.description for name, fact in held.items()}, "alert": "Alerts of rules."}),
        "condition": {"anyOf": [_ref("expression"), *map(_quantifier, conditions.CONDITIONS)]},
        "value": {"anyOf": [_ref("expression"), *map(_quantifier, conditions.KNOWN)]},
        "each": {"anyOf": [_ref("expression"), _quantifier("some")]},
        "attribute": _attribute(),
        "kind": _object("kind", kinds.KNOWN, {"attributes": _named(_ref("attribute"))}, ("description", "emitter")),
        "parameter": _parameter(),
        "key": {"anyOf": [{"enum": attributes}, _TEXT] if attributes else [_TEXT]},
        "fact": _fact(),
        "rule": _rule(),
        "part": _rule(part=True),
        "case": _case(),
        "event": _event(known),
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _several(item: Schema) -> Schema:
    """One, or a list of them."""
    return {"anyOf": [item, _list(item)]}


def _filled(item: Schema) -> Schema:
    """One, or a list of at least one."""
    return {"anyOf": [item, {**_list(item), "minItems": 1}]}


def _named(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value}


def _object(
    texts: str, keys: Iterable[str], shapes: Mapping[str, Schema] | None = None, required: Iterable[str] = ()
) -> Schema:
    """A mapping of known keys, each a text where nothing else is said, and each explained."""
    made = {}
    for key in keys:
        shape = (shapes or {}).get(key, _TEXT)
        # Beside a reference nothing else is read in this draft.
        inner = {"allOf": [shape]} if "$ref" in shape else shape
        made[key] = {**inner, "description": KEYS[texts][key]}
    return {"type": "object", "properties": made, "required": list(required), "additionalProperties": False}


def _offered(names: Mapping[str, str]) -> list[Schema]:
    return [{"const": name, **({"description": text} if text else {})} for name, text in sorted(names.items())]


def _watched(names: Mapping[str, str]) -> Schema:
    """``NAME as x``, with ``or`` between kinds: those there are, each explained where it stands, or any other."""
    known = []
    for name, text in sorted(names.items()):
        pattern = rf"^(.*\sor\s+)?{re.escape(name)}(\s+or\s.*|\s+as\s+{_NAME})?$"
        snippet = {"label": name, "body": name, **({"description": text} if text else {})}
        known.append({"type": "string", "pattern": pattern, "defaultSnippets": [snippet]})
        known[-1] |= {"description": text} if text else {}
    return {"anyOf": [*known, _TEXT]}


def _quantifier(head: str) -> Schema:
    some = _filled(_ref("condition"))
    shapes: dict[str, Schema] = dict.fromkeys(("some", "none", "count", "latest"), _ref("held"))
    shapes |= dict.fromkeys(("all_of", "any_of", "not", "where"), some)
    shapes |= dict.fromkeys(("sum", "distinct", "value"), _ref("expression"))
    shapes |= dict.fromkeys(("else", *conditions.LIMITS), _ref("span"))
    shapes |= {"before": _FLAG, "of": _ref("held") if head == "sum" else _several(_TEXT)}
    return _object("condition", conditions.KNOWN[head], shapes, (head,))


def _header(names: list[str]) -> Schema:
    uses = _several({"anyOf": [{"enum": sorted(set(names))}, _TEXT]} if names else _TEXT)
    shapes = {"language": {"const": library.LANGUAGE}, "uses": uses, "version": {"type": ["string", "number"]}}
    return _object("header", library.HEADER, shapes, ("name", "version", "language"))


def _attribute() -> Schema:
    kind = {"anyOf": [{"enum": [*kinds.SCALARS, *kinds.COMPOUND]}, _TEXT]}
    shapes = {
        "type": kind,
        "values": _list({"type": ["string", "number", "boolean"]}),
        "fields": _named(_ref("attribute")),
        "items": _ref("attribute"),
        "required": _FLAG,
        "personal": {"anyOf": [_FLAG, _list(_TEXT)]},
        "keys": _list(_TEXT),
    }
    return _object("attribute", kinds.SPEC, shapes, ("type",))


def _parameter() -> Schema:
    dated = _object("dated", parameters.ENTRY, {"value": {}, "assumed": _FLAG}, ("from", "value"))
    values = _list(dated)
    return {
        "anyOf": [values, _object("parameter", parameters.KNOWN, {"values": values, "assumed": _FLAG}, ("values",))]
    }


def _fact() -> Schema:
    shapes: dict[str, Schema] = {role: _filled(_entry(role)) for role in entries.KNOWN}
    shapes |= {"key": _several(_ref("key")), "lasts": _ref("span"), "restarts": _FLAG, "keep": {"const": "forever"}}
    return _object("fact", facts.KNOWN, shapes, ("starts",))


def _entry(role: str) -> Schema:
    some = _filled(_ref("condition"))
    shapes = {
        **{"on": _ref("watched"), "each": _ref("each"), "with": _named(_ref("value"))},
        **{"if": some, "unless": some, "where": some},
        **{"from": _ref("expression"), "until": _ref("expression")},
        "set": {"anyOf": [_TEXT, _named(_ref("expression"))]},
    }
    return _object("entry", entries.KNOWN[role], shapes, ("on", "set") if role == "changes" else ("on",))


def _rule(*, part: bool = False) -> Schema:
    some = _filled(_ref("condition"))
    authority = _object("authority", ("instrument", "provision"), None, ("instrument", "provision"))
    shapes = {
        **{"authority": _filled(authority), "of": _several(_TEXT), "about": _filled(_ref("expression"))},
        **{"basis": {"enum": list(BASES)}, "severity": {"enum": list(SEVERITIES)}, "status": {"enum": list(STATUSES)}},
        **{"on": _ref("watched"), "while": _ref("held"), "for": _ref("span"), "by": _ref("expression")},
        **{"if": some, "unless": some, "with": _named(_ref("value")), "each": _ref("each")},
        "in_force": _object("term", ("from", "until")),
        **{"cases": {**_list(_ref("case")), "minItems": 1}, "parts": {**_list(_ref("part")), "minItems": 1}},
    }
    return _object("rule", ("part", *rules.OWN) if part else rules.KNOWN, shapes, ("part",) if part else ("rule",))


def _case() -> Schema:
    alert = _object("alert", cases.ALERT, {"about": _several({"type": ["string", "number"]})}, ("at",))
    shapes = {"events": _list(_ref("event")), "alerts": _list(alert), "rules": _several(_TEXT)}
    shapes |= {"parameters": _named(_ref("parameter"))}
    return _object("case", cases.KNOWN, shapes, ("name", "events", "alerts"))


def _event(known: Mapping[str, Kind]) -> Schema:
    """An event of a case: its envelope, and the attributes of the kind that it names."""
    texts = {name: kind.description for name, kind in known.items()}
    shapes: dict[str, Schema] = {"kind": {"anyOf": [*_offered(texts), _TEXT]}, "data": {"type": "object"}}
    shapes |= {"sequence": {"type": ["string", "integer"]}}
    made = _object("envelope", cases.ENVELOPE, shapes, ("kind", "time"))
    made["additionalProperties"] = True
    made["allOf"] = [_of_kind(kind) for _, kind in sorted(known.items())]
    return made if made["allOf"] else {key: value for key, value in made.items() if key != "allOf"}


def _of_kind(kind: Kind) -> Schema:
    values = {name: _of_attribute(one) for name, one in kind.attributes.items()}
    beside = {name: value for name, value in values.items() if name not in cases.ENVELOPE}
    then = {"properties": {**beside, "data": {"type": "object", "properties": values}}}
    return {"if": {"properties": {"kind": {"const": kind.name}}, "required": ["kind"]}, "then": then}


def _of_attribute(attribute: Attribute) -> Schema:
    notes = [attribute.description, f"Unit: {attribute.unit}." if attribute.unit else ""]
    notes += ["Personal data." if attribute.personal else "", "" if attribute.required else "Optional."]
    shape = _of_type(attribute.type)
    if attribute.keys:
        shape["properties"] = dict.fromkeys(attribute.keys, shape["additionalProperties"])
    return {**shape, "description": " ".join(note for note in notes if note)}


def _of_type(kind: Type) -> Schema:
    if isinstance(kind, EnumType):
        return {"enum": list(kind.values)}
    if isinstance(kind, ListType):
        return _list(_of_type(kind.item))
    if isinstance(kind, MapType):
        return _named(_of_type(kind.value))
    if isinstance(kind, RecordType):
        inner = {name: _of_attribute(one) for name, one in kind.attributes.items()}
        return {"type": "object", "properties": inner}
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    return _TEXT if kind.name in ("timestamp", "date", "period", "duration") else {}
