"""``oversight rules`` and ``oversight kinds``: what there is."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from attrs import asdict

from oversight.cli.arguments import Usage
from oversight.cli.packs import load
from oversight.ground.errors import UnknownPack
from oversight.ground.text import nearest, printable
from oversight.model.alerts import to_json
from oversight.model.pack import Kind, Pack, Rule
from oversight.model.types import Attribute, EnumType, ListType, RecordType, Type
from oversight.runner.packs import find_pack, shipped

BASE = "camera-programme"


def execute(arguments: Namespace) -> int:
    """
    Carry out one of the two commands.

    Returns:
        0.

    Raises:
        Usage: there is no such pack or kind.
    """
    json = arguments.format == "json"
    if hasattr(arguments, "packs"):
        _rules([load(name) for name in arguments.packs or shipped()], json)
    else:
        pack, kind = _wanted(arguments.pack, arguments.kind)
        if kind is None:
            _kinds(pack.kinds.values(), json)
        else:
            _kind(kind, json)
    return 0


def _rules(packs: Sequence[Pack], json: bool) -> None:
    rules = {(pack.name, rule.id): rule for pack in packs for rule in reversed(pack.rules)}
    listed = [(pack, rules[pack, name]) for pack, name in sorted(rules)]
    if json:
        for pack, rule in listed:
            print(to_json({"pack": pack, **_plain(rule)}))
        return
    rows = [(rule.id, rule.severity, rule.basis, rule.status, rule.title) for _, rule in listed]
    table(("rule", "severity", "basis", "status", "title"), rows)


def _plain(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "title": rule.title,
        "basis": rule.basis,
        "severity": rule.severity,
        "status": rule.status,
        "authority": [asdict(each) for each in rule.authority],
    }


def _wanted(pack: str | None, kind: str | None) -> tuple[Pack, Kind | None]:
    """The pack and the kind meant; a kind alone is one of the base pack."""
    if pack is not None and kind is None:
        try:
            find_pack(pack)
        except UnknownPack:
            pack, kind = BASE, pack
    loaded = load(pack or BASE)
    if kind is None:
        return loaded, None
    if kind not in loaded.kinds:
        near = nearest(kind, loaded.kinds) or nearest(kind, shipped())
        hint = f", did you mean {near!r}?" if near else f"; see oversight kinds {pack}"
        raise Usage(f"the pack {loaded.name} has no kind '{printable(kind, 80)}'{hint}")
    return loaded, loaded.kinds[kind]


def _kinds(kinds: Iterable[Kind], json: bool) -> None:
    listed = sorted(kinds, key=lambda kind: kind.name)
    if json:
        for kind in listed:
            print(to_json(_schema(kind)))
    else:
        table(("kind", "emitter", "what happened"), [(k.name, k.emitter, k.description) for k in listed])


def _kind(kind: Kind, json: bool) -> None:
    if json:
        print(to_json(_schema(kind)))
        return
    print(printable(f"{kind.name} — {kind.description}", 400))
    print(printable(f"sent by: {kind.emitter}", 400))
    if kind.maps_to:
        print(printable(f"maps to: {kind.maps_to}", 400))
    print()
    table(("attribute", "type", "", "what it is"), list(_attributes(kind.attributes.values())))


def _attributes(attributes: Iterable[Attribute], before: str = "") -> Iterator[tuple[str, str, str, str]]:
    """A row for each attribute, those of a record below it."""
    for each in attributes:
        personal = each.personal or bool(each.personal_keys)
        marks = [word for word, holds in (("required", each.required), ("personal", personal)) if holds]
        inner = each.type.item if isinstance(each.type, ListType) else each.type
        unit = f" ({each.unit})" if each.unit else ""
        named = inner.values if isinstance(inner, EnumType) else each.keys
        values = f": {', '.join(named)}" if named else ""
        yield f"{before}{each.name}", _type(each.type), ", ".join(marks), each.description + unit + values
        if isinstance(inner, RecordType):
            dots = "[]." if isinstance(each.type, ListType) else "."
            yield from _attributes(inner.attributes.values(), f"{before}{each.name}{dots}")


def _type(declared: Type) -> str:
    if isinstance(declared, ListType):
        return f"list of {_type(declared.item)}"
    return "enum" if isinstance(declared, EnumType) else "record" if isinstance(declared, RecordType) else str(declared)


def _schema(kind: Kind) -> dict[str, Any]:
    return {
        "kind": kind.name,
        "description": kind.description,
        "emitter": kind.emitter,
        "maps_to": kind.maps_to or None,
        "attributes": [
            {
                "name": name,
                "type": told,
                "required": "required" in marks,
                "personal": "personal" in marks,
                "description": text,
            }
            for name, told, marks, text in _attributes(kind.attributes.values())
        ],
    }


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they must be; the last one as long as it is."""
    safe = [[printable(cell, 400) for cell in row] for row in [heads, *rows]]
    widths = [max(len(row[column]) for row in safe) for column in range(len(heads))]
    for row in safe:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join([*cells[:-1], row[-1]]).rstrip())
