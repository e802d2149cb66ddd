"""The dated numbers of the law, from YAML."""

from __future__ import annotations

from datetime import date, datetime
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from oversight.ground.time import Period, begin_of, end_of
from oversight.language import shape
from oversight.language.findings import Findings
from oversight.language.operators import named
from oversight.language.records import merged
from oversight.language.shape import Table
from oversight.language.source import Mapping, Node, Scalar, Sequence
from oversight.model.pack import Parameter
from oversight.model.types import BOOL, DOUBLE, DYN, INT, PERIOD, STRING, Type, list_of, map_of

KNOWN = ("description", "assumed", "values")
ENTRY = ("from", "value", "source", "assumed")


def parameter(key: Scalar, node: Node, zone: ZoneInfo, findings: Findings, wanted: Type = DYN) -> Parameter:
    """
    Read one parameter.

    Args:
        key: its name.
        node: a list of dated values, or a mapping that has it under ``values``.
        zone: where the days begin from which values are in force.
        findings: takes what is wrong.
        wanted: the type its values must have.
    """
    inside = findings.within(f"in the parameter {key.text}")
    shape.is_name(key, "a parameter", inside)
    description, assumed, written = "", False, node
    if isinstance(node, Mapping):
        body = shape.table(node, f"the parameter {key.text}", inside, KNOWN, ("values",))
        if body is not None:
            description = shape.string(body.get("description"), "description", inside)
            assumed = shape.boolean(body.get("assumed"), "assumed", inside)
            written = body.get("values") or Sequence((), node.place)
    if not isinstance(written, Sequence) or (not written.items and written is node):
        inside.wrong("wrong-shape", "a parameter is a list of dated values", written, "- {from: 2026-01-01, value: …}")
        return Parameter(key.text, (), DYN, place=key.place)
    entries: list[tuple[datetime, Any, Type]] = []
    sources: list[str] = []
    assumptions: list[bool] = []
    for item in written.items:
        body = shape.table(item, "a dated value", inside, ENTRY, ("from", "value"))
        start = None if body is None else day(body.get("from"), zone, inside)
        if body is None or start is None or body.get("value") is None:
            continue
        if entries and start <= entries[-1][0]:
            inside.wrong("not-in-order", "dated values stand in order of their dates", body.key("from"))
        value, kind = plain(body.get("value"), inside)  # type: ignore[arg-type]
        if entries and _unlike(entries[-1][2], kind):
            message = f"this value is {named(kind)} and the one before it {named(entries[-1][2])}"
            inside.wrong("type-mismatch", message, body.get("value") or body)
        elif not _fits(value, kind, wanted):
            message = f"{key.text} is {named(wanted)}, and this value is {named(kind)}"
            inside.wrong("type-mismatch", message, body.get("value") or body)
        entries.append((start, value, kind))
        sources.append(shape.string(body.get("source"), "source", inside))
        assumptions.append(shape.boolean(body.get("assumed"), "assumed", inside) or assumed)
    kinds = [entry[2] for entry in entries]
    kind = wanted if wanted == DOUBLE else reduce(_together, kinds) if kinds else DYN
    dated = tuple((start, float(value) if kind is DOUBLE else value) for start, value, _ in entries)
    return Parameter(key.text, dated, kind, tuple(sources), tuple(assumptions), description, key.place)


def _fits(value: Any, kind: Type, wanted: Type) -> bool:
    """Whether a value can stand where expressions were checked with the type *wanted*."""
    if wanted == DYN or (kind, wanted) == (INT, DOUBLE) or (value in ([], {}) and type(kind) is type(wanted)):
        return True
    return merged(wanted, kind) == wanted


def _together(one: Type, other: Type) -> Type:
    return DOUBLE if {one, other} == {INT, DOUBLE} else merged(one, other)


def _unlike(one: Type, other: Type) -> bool:
    return type(one) is not type(other) or (type(one) is Type and _together(one, other) is DYN)


def day(node: Node | None, zone: ZoneInfo, findings: Findings, *, ends: bool = False) -> datetime | None:
    """The first instant of a written day, or of the day after it where the day *ends* something."""
    found = shape.scalar(node, "a day", findings)
    if found is None:
        return None
    try:
        written = date.fromisoformat(found.text)
        if len(found.text) != 10:
            raise ValueError
        return end_of(written, zone) if ends else begin_of(written, zone)
    except ValueError:
        findings.wrong("bad-date", f"{found.text!r} is not a day", found, "write it as 2026-01-31")
        return None


def term(body: Table | None, zone: ZoneInfo, findings: Findings) -> tuple[datetime | None, datetime | None]:
    """What ``from:`` and ``until:`` say: the instants at which something begins and is over, each if it is written."""
    if body is None:
        return None, None
    start, end = day(body.get("from"), zone, findings), day(body.get("until"), zone, findings, ends=True)
    if start is not None and end is not None and start >= end:
        findings.wrong("ends-first", "this ends before it begins", body.get("until") or body, "until: is its last day")
    return start, end


def plain(node: Node, findings: Findings) -> tuple[Any, Type]:
    """
    A value written out in YAML, and its type; a text that is an ISO 8601 duration is a period.

    Returns:
        The value and its type.
    """
    if isinstance(node, Sequence):
        values = [plain(item, findings) for item in node.items]
        return [value for value, _ in values], list_of(_of_all([kind for _, kind in values]))
    if isinstance(node, Mapping):
        named = {key.text: plain(value, findings) for key, value in node.entries}
        return {name: value for name, (value, _) in named.items()}, map_of(_of_all([k for _, k in named.values()]))
    if node.value is None:
        findings.wrong("no-value", "a value is missing", node)
        return None, DYN
    if isinstance(node.value, str):
        if node.value.startswith("P"):
            try:
                return Period.parse(node.value), PERIOD
            except ValueError:
                pass
        return node.value, STRING
    if isinstance(node.value, int) and not isinstance(node.value, bool) and not -(2**63) <= node.value < 2**63:
        findings.wrong("number-range", "this number is outside the 64-bit integers", node)
        return 0, INT
    return node.value, {bool: BOOL, int: INT, float: DOUBLE}[type(node.value)]


def _of_all(kinds: list[Type]) -> Type:
    return reduce(merged, kinds) if kinds else DYN
