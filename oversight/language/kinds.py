"""Kinds of event and the types of their attributes, from YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as Map

from attrs import define, evolve, field

from oversight.ground.text import nearest
from oversight.language import shape
from oversight.language.findings import Findings
from oversight.language.order import in_order
from oversight.language.operators import named
from oversight.language.parser import KEYWORDS
from oversight.language.shape import NAME, Table
from oversight.language.source import Mapping, Node, Scalar, Sequence
from oversight.model.pack import RETRACTION, Kind
from oversight.model.types import (
    BOOL, DATE, DOUBLE, DYN, INT, PERIOD, STRING, TIMESTAMP, Attribute, MapType, RecordType, Type,
    enum_of, list_of, map_of,
)  # fmt: skip

SCALARS = {
    "id": STRING, "str": STRING, "bool": BOOL, "int": INT, "num": DOUBLE, "ts": TIMESTAMP, "date": DATE,
    "dur": PERIOD,
}  # fmt: skip
COMPOUND = ("map", "enum", "record", "list")
KNOWN = ("description", "emitter", "maps_to", "attributes")
TAKEN = ("time", "event", "since")
_KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", re.ASCII)
SPEC = ("type", "values", "fields", "items", "required", "description", "unit", "personal", "keys")
_ONLY = {"values": ("enum",), "fields": ("record",), "items": ("list", "map"), "keys": ("map",)}

_PLAIN = Attribute("", DYN)

RETRACTED = Kind(
    RETRACTION,
    {"corrects": Attribute("corrects", STRING, required=True, description="The event that never was.")},
    "An earlier event of the same source is taken back, with nothing in its place.",
    "whoever sent the event",
)


@define
class Types:
    """
    The types that attributes can have by name: those of the language and those under ``types:``.

    Args:
        findings: takes what is wrong.
        named: the pack's own.
    """

    findings: Findings
    named: dict[str, Attribute] = field(factory=dict)

    def declare(self, written: Map[str, tuple[Scalar, Node]]) -> None:
        """Read all of ``types:``, in whatever order they name each other."""
        needs = {name: _names(node) for name, (_, node) in written.items()}
        ordered, circles = in_order(needs)
        for circle in circles:
            key = written[circle[0]][0]
            self.findings.wrong("type-cycle", f"the type {circle[0]!r} contains itself", key)
            self.named.update({name: Attribute(name, DYN) for name in circle})
        for name in ordered:
            key, node = written[name]
            if name in SCALARS or name in COMPOUND:
                self.findings.wrong("name-taken", f"{name!r} is a type of the language", key, "choose another name")
            elif name not in self.named and self._is_name(key, "a type"):
                self.named[name] = self.attribute(key, node)

    def attributes(self, node: Node | None, what: str) -> dict[str, Attribute]:
        """Read a mapping of names to attributes."""
        if node is None:
            return {}
        found = shape.mapping(node, what, self.findings)
        read = {}
        for key, value in () if found is None else found.entries:
            if self._is_name(key, "an attribute"):
                read[key.text] = self.attribute(key, value)
        return read

    def _is_name(self, key: Scalar, what: str) -> bool:
        """Whether a key can be selected in an expression: behind a dot, most reserved words are free."""
        if NAME.fullmatch(key.text) and key.text not in KEYWORDS:
            return True
        hint = "letters, digits and underscores, beginning with a letter"
        self.findings.wrong("bad-name", f"{key.text!r} cannot name {what}", key, hint)
        return False

    def attribute(self, key: Scalar, node: Node) -> Attribute:
        """Read one attribute; where something is wrong, its type is ``dyn``."""
        name, what = key.text, f"the attribute {key.text!r}"
        body = shape.table(node, what, self.findings, SPEC, ("type",))
        if body is None:
            return Attribute(name, DYN)
        text = {part: shape.string(body.get(part), part, self.findings) for part in ("description", "unit")}
        kind, of = self._type(body)
        personal, persons = self._personal(body, kind)
        keys = tuple(key.text for key in shape.strings(body.get("keys"), "a key of a map", self.findings))
        return Attribute(
            name,
            kind,
            shape.boolean(body.get("required"), "required", self.findings),
            text["description"],
            text["unit"],
            personal or of.personal,
            of.identifier,
            persons or of.personal_keys,
            keys or of.keys,
        )

    def _personal(self, body: Table, kind: Type) -> tuple[bool, tuple[str, ...]]:
        """Whether all of a value is personal, or which keys of a map are."""
        written = body.get("personal")
        if not isinstance(written, Sequence):
            return shape.boolean(written, "personal", self.findings), ()
        keys = tuple(key.text for key in shape.strings(written, "a key of a map", self.findings))
        if not isinstance(kind, MapType):
            message = f"personal: lists keys of a map, and this is {named(kind)}"
            self.findings.wrong("wrong-shape", message, written, "personal: true")
            return True, ()
        return False, keys

    def _type(self, body: Table) -> tuple[Type, Attribute]:
        """The type that is written, and the attribute of which it is made: of a list, of its items."""
        written = shape.scalar(body.get("type"), "type", self.findings)
        if written is None:
            return DYN, _PLAIN
        name = written.text
        for part, of in _ONLY.items():
            if part in body.entries and name not in of:
                self.findings.wrong(
                    "unknown-key", f"{part}: belongs to {' and '.join(of)}, not to {name}", body.key(part)
                )
        if name in SCALARS:
            return SCALARS[name], evolve(_PLAIN, identifier=name == "id")
        if name == "enum":
            return self._enum(body), _PLAIN
        if name == "record":
            if "fields" not in body.entries:
                self.findings.wrong(
                    "missing-key", "a record needs 'fields'", body.key("type"), "a free mapping is type: map"
                )
            return RecordType("record", self.attributes(body.get("fields"), "fields")), _PLAIN
        if name in ("list", "map"):
            key, inner = body.entries.get("items", (None, None))
            item = _PLAIN if key is None or inner is None else self.attribute(key, inner)
            return list_of(item.type) if name == "list" else map_of(item.type), item
        if name in self.named:
            return self.named[name].type, self.named[name]
        known = (*SCALARS, *COMPOUND, *self.named)
        near = nearest(name, known)
        hint = f"did you mean {near!r}?" if near else ""
        self.findings.wrong(
            "unknown-type", f"there is no type {name!r}", written, hint, (f"types: {', '.join(known)}",)
        )
        return DYN, _PLAIN

    def _enum(self, body: Table) -> Type:
        written = body.get("values")
        if not isinstance(written, Sequence) or not written.items:
            self.findings.wrong("missing-key", "an enum needs 'values'", body.key("values"), "values: [one, two]")
            return STRING
        values = shape.strings(written, "a value of an enum", self.findings)
        for number, value in enumerate(values):
            if value.text in [earlier.text for earlier in values[:number]]:
                self.findings.wrong("duplicate-name", f"the value {value.text!r} stands twice", value)
        return enum_of(tuple(dict.fromkeys(value.text for value in values)))


def _names(node: Node) -> list[str]:
    """Every type that a declaration names, at any depth."""
    found: list[str] = []
    waiting: list[Node] = [node]
    while waiting:
        at = waiting.pop()
        for key, value in at.entries if isinstance(at, Mapping) else ():
            if key.text == "type" and isinstance(value, Scalar):
                found.append(value.text)
            waiting.append(value)
    return found


def kind(key: Scalar, node: Node, types: Types, findings: Findings) -> Kind:
    """
    Read one kind.

    Args:
        key: its name.
        node: what it is.
        types: those attributes can have.
        findings: takes what is wrong.
    """
    inside = findings.within(f"in the kind {key.text}")
    if not _KIND.fullmatch(key.text):
        hint = "lower case, dotted, past tense: camera.activated"
        inside.wrong("bad-name", f"{key.text!r} cannot name a kind", key, hint)
    body = shape.table(node, f"the kind {key.text}", inside, KNOWN, ("description", "emitter"))
    if body is None:
        return Kind(key.text, {}, "", "", place=key.place)
    attributes = Types(inside, types.named).attributes(body.get("attributes"), "attributes")
    for name in [name for name in attributes if name in TAKEN]:
        written = next(k for k, _ in body.get("attributes").entries if k.text == name)  # type: ignore[union-attr]
        inside.wrong(
            "name-taken",
            f"every event has {name!r} from its envelope",
            written,
            "name the attribute after what it is the time of" if name == "time" else "choose another name",
        )
        del attributes[name]
    description, emitter, maps_to = (
        shape.string(body.get(part), part, inside) for part in ("description", "emitter", "maps_to")
    )
    return Kind(key.text, attributes, description, emitter, maps_to, key.place)


def with_builtin(kinds: Map[str, Kind]) -> dict[str, Kind]:
    """The kinds of a pack and the built-in one."""
    return {**kinds, RETRACTION: RETRACTED}


def unknown_kind(
    name: str,
    written: shape.Text | Scalar,
    kinds: Map[str, Kind],
    findings: Findings,
    facts: Map[str, Iterable[str]],
    otherwise: str = "",
) -> None:
    """
    Say that there is no kind of this name.

    Args:
        name: that there is not.
        written: where it stands.
        kinds: that there are.
        findings: takes what is said.
        facts: by name, the kinds with which each begins; the name of one may have been taken for a kind.
        otherwise: what else may be done where it was.
    """
    near = nearest(name, kinds)
    hint = f"did you mean {near!r}?" if near else ""
    if name in facts:
        kind = next((kind for kind in facts[name] if kind in kinds), None)
        hint = "this is a fact: name a kind of event" + (f" with which it begins, {kind!r}" if kind else "") + otherwise
    findings.wrong("unknown-kind", f"there is no kind {name!r}", written, hint)
