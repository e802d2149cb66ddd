"""Cases: examples that test rules, from YAML, their events checked against the kinds."""

from __future__ import annotations

from collections.abc import Callable, Collection
from collections.abc import Mapping as Map
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from oversight.ground.text import nearest
from oversight.ground.time import Period, parse_instant
from oversight.language import shape
from oversight.language.findings import Findings
from oversight.language.kinds import unknown_kind
from oversight.language.operators import named
from oversight.language.parameters import parameter
from oversight.language.shape import Table
from oversight.language.source import Mapping, Node, Scalar, Sequence
from oversight.language.world import World
from oversight.model.pack import Case, Parameter
from oversight.model.types import (
    BOOL, DATE, DOUBLE, DYN, INT, PERIOD, STRING, TIMESTAMP, Attribute, EnumType, ListType, MapType,
    RecordType, Type,
)  # fmt: skip

ENVELOPE = ("kind", "time", "id", "source", "subject", "sequence", "recordedtime", "data")
KNOWN = ("name", "parameters", "events", "until", "alerts", "rules")
ALERT = ("at", "cleared", "about", "part", "rule")
_EXAMPLES = {
    INT: "a whole number", DOUBLE: "a number", BOOL: "true or false", STRING: "a text",
    PERIOD: "a duration as P30D", TIMESTAMP: "a time as 2026-01-31T09:00:00+08:00",
    DATE: "a day as 2026-01-31",
}  # fmt: skip


def case(node: Node, rule: str, world: World, zone: ZoneInfo, findings: Findings) -> Case | None:
    """
    Read one case.

    Args:
        node: the case.
        rule: the id of the rule it stands beside; empty where it stands by itself.
        world: the kinds, the types of the parameters and the ids of rules.
        zone: where the days begin from which the case's own parameters are in force.
        findings: takes what is wrong.
    """
    required = ("name", "events", "alerts") if rule else ("name", "events", "alerts", "rules")
    body = shape.table(node, "a case", findings, KNOWN, required)
    if body is None:
        return None
    name = shape.string(body.get("name"), "name", findings)
    inside = findings.within(f"in the case {name!r}")
    events = (_event(item, world, inside) for item in _list(body.get("events"), "events", inside))
    named = shape.strings(body.get("rules"), "rules", inside)
    for one in named:
        _known_rule(one, world, inside)
    about = tuple(one.text for one in named) or ((rule,) if rule else ())
    _only(name, about, body, world, findings)
    alerts = (_alert(item, about, world, inside) for item in _list(body.get("alerts"), "alerts", inside))
    return Case(
        name,
        tuple(one for one in events if one is not None),
        instant(body.get("until"), inside),
        tuple(one for one in alerts if one is not None),
        about,
        body.place,
        _parameters(body.get("parameters"), world, zone, inside),
    )


def _only(name: str, rules: tuple[str, ...], body: Table, world: World, findings: Findings) -> None:
    """Refuse a second case of one name about the same rules: which of them failed could not be told."""
    written = body.get("name")
    if not name or not rules or not isinstance(written, Scalar) or world.doubled & set(rules):
        return
    first = world.cases.setdefault((rules, name), written)
    if first is not written:
        message = f"there are two cases {name!r} of {', '.join(rules)}"
        note = (f"the first is at {first.place}",)
        findings.wrong("duplicate-name", message, written, "give one of them another name", note)


def _parameters(node: Node | None, world: World, zone: ZoneInfo, findings: Findings) -> tuple[Parameter, ...]:
    body = None if node is None else shape.mapping(node, "parameters:", findings)
    found = []
    for key, value in () if body is None else body.entries:
        if key.text in world.parameters:
            found.append(parameter(key, value, zone, findings, world.parameters[key.text]))
            continue
        near = nearest(key.text, sorted(world.parameters))
        hint = f"did you mean {near!r}?" if near else ""
        findings.wrong("unknown-parameter", f"there is no parameter {key.text!r}", key, hint)
    return tuple(found)


def _list(node: Node | None, what: str, findings: Findings) -> tuple[Node, ...]:
    if node is None or isinstance(node, Sequence):
        return () if node is None else node.items
    findings.wrong("wrong-shape", f"{what}: is a list", node)
    return ()


def _known_rule(written: Scalar, world: World, findings: Findings) -> None:
    if written.text not in world.rules:
        near = nearest(written.text, world.rules)
        hint = f"did you mean {near!r}?" if near else ""
        findings.wrong("unknown-rule", f"there is no rule {written.text!r}", written, hint)


def instant(node: Node | None, findings: Findings) -> datetime | None:
    """A written RFC 3339 time with its offset, or ``None``."""
    found = shape.scalar(node, "a time", findings)
    if found is None:
        return None
    try:
        return parse_instant(found.text)
    except ValueError as error:
        findings.wrong("bad-time", str(error), found)
        return None


def _alert(node: Node, rules: tuple[str, ...], world: World, findings: Findings) -> Map[str, Any] | None:
    body = shape.table(node, "an alert of a case", findings, ALERT, ("at",))
    if body is None:
        return None
    made: dict[str, Any] = {}
    for key in ("at", "cleared"):
        if key in body.entries:
            made[key] = instant(body.get(key), findings)
    if "about" in body.entries:
        made["about"] = tuple(one.text for one in shape.strings(body.get("about"), "about", findings))
    for key in ("part", "rule"):
        if key in body.entries:
            made[key] = shape.string(body.get(key), key, findings)
    one = body.get("rule")
    if isinstance(one, Scalar):
        _known_rule(one, world, findings)
        rules = (one.text,)
    _known_part(body.get("part"), rules, world, findings)
    return made


def _known_part(node: Node | None, rules: tuple[str, ...], world: World, findings: Findings) -> None:
    if not isinstance(node, Scalar) or not all(rule in world.rules for rule in rules):
        return
    parts = [part for rule in rules for part in world.rules[rule] if part]
    if parts:
        shape.choice(node, f"part of {' or '.join(rules)}", parts, findings)
    else:
        findings.wrong("unknown-value", f"{' and '.join(rules)} has no parts", node, "leave part: out")


def _event(node: Node, world: World, findings: Findings) -> Map[str, Any] | None:
    body = shape.mapping(node, "an event of a case", findings)
    if body is None:
        return None
    written = {key.text: (key, value) for key, value in body.entries}
    missing = [key for key in ("kind", "time") if key not in written]
    if missing:
        findings.wrong("missing-key", f"an event of a case needs {', '.join(map(repr, missing))}", body)
    if "time" in written:
        instant(written["time"][1], findings)
    kind = shape.scalar(written["kind"][1], "kind", findings) if "kind" in written else None
    if kind is not None and kind.text not in world.kinds:
        unknown_kind(kind.text, kind, world.kinds, findings, world.starts)
    elif kind is not None:
        data = {name: pair for name, pair in written.items() if name not in ENVELOPE}
        inner = shape.mapping(written["data"][1], "data", findings) if "data" in written else None
        data |= {key.text: (key, value) for key, value in inner.entries} if inner is not None else {}
        known = dict(world.kinds[kind.text].attributes)
        known.setdefault("corrects", Attribute("corrects", STRING))
        _attributes(data, known, kind.text, kind, findings)
    return {name: json_of(value) for name, (_, value) in written.items()}


def json_of(node: Node) -> Any:
    """A YAML value as the JSON value it stands for."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [json_of(item) for item in node.items]
    return {key.text: json_of(value) for key, value in node.entries}


def _attributes(
    data: Map[str, tuple[Scalar, Node]],
    known: Map[str, Attribute],
    what: str,
    at: Scalar | Mapping,
    findings: Findings,
) -> None:
    for name, (key, value) in data.items():
        if name in known:
            _value(value, known[name], findings)
            continue
        unknown_part(what, "attribute", key, known, findings)
    missing_attributes(what, known, data, at, findings)


def missing_attributes(
    what: str, known: Map[str, Attribute], written: Collection[str], at: Scalar | Mapping, findings: Findings
) -> None:
    """Say which required attributes of the *known* ones are not among those written."""
    missing = [name for name, attribute in known.items() if attribute.required and name not in written]
    if missing:
        findings.wrong("missing-attribute", f"{what} needs {', '.join(map(repr, missing))}", at)


def unknown_part(what: str, part: str, key: Scalar, known: Collection[str], findings: Findings) -> None:
    """Say that *what* has no attribute or key of this name."""
    near = nearest(key.text, known)
    findings.wrong(
        "unknown-attribute",
        f"{what} has no {part} {key.text!r}",
        key,
        f"did you mean {near!r}?" if near else "",
        (f"{part}s: {', '.join(known)}",),
    )


def _value(node: Node, attribute: Attribute, findings: Findings) -> None:
    """Refuse a value that is not of the attribute's type."""
    kind = attribute.type
    if isinstance(kind, RecordType) and isinstance(node, Mapping):
        data = {key.text: (key, value) for key, value in node.entries}
        _attributes(data, kind.attributes, attribute.name, node, findings)
    elif isinstance(kind, ListType) and isinstance(node, Sequence):
        for item in node.items:
            _value(item, Attribute(attribute.name, kind.item), findings)
    elif isinstance(kind, MapType) and isinstance(node, Mapping):
        for key, value in node.entries:
            if attribute.keys and key.text not in attribute.keys:
                unknown_part(f"the map {attribute.name!r}", "key", key, attribute.keys, findings)
            _value(value, Attribute(attribute.name, kind.value), findings)
    elif isinstance(kind, EnumType) and isinstance(node, Scalar):
        shape.choice(node, f"value of {attribute.name}", kind.values, findings)
    elif not (isinstance(node, Scalar) and _fits(node, kind)) and kind is not DYN:
        wanted = _EXAMPLES.get(kind, named(kind))
        hint = "quote it" if isinstance(node, Scalar) and kind == STRING else ""
        findings.wrong("wrong-value", f"{attribute.name} is {wanted}", node, hint)


def _fits(node: Scalar, kind: Type) -> bool:
    value = node.value
    if kind in (INT, DOUBLE):
        return isinstance(value, int if kind == INT else int | float) and not isinstance(value, bool)
    if kind == BOOL:
        return isinstance(value, bool)
    if not isinstance(value, str) or isinstance(kind, ListType | MapType | RecordType):
        return False
    readers: dict[Type, Callable[[str], object]] = {
        TIMESTAMP: parse_instant,
        DATE: date.fromisoformat,
        PERIOD: Period.parse,
    }
    try:
        readers.get(kind, str)(value)
    except ValueError:
        return False
    return True
