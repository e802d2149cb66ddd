"""A map: which events the rows of a table are, and how the table is written."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from oversight.ground.text import nearest
from oversight.ground.time import zone_named
from oversight.language import shape, source
from oversight.language.cases import json_of, missing_attributes, unknown_part
from oversight.language.drafts import expression, template
from oversight.language.findings import Findings
from oversight.language.kinds import unknown_kind
from oversight.language.parser import RESERVED
from oversight.language.records import CORRECTS
from oversight.language.scope import Scope
from oversight.language.shape import Table
from oversight.language.source import Mapping as Map
from oversight.language.source import Node, Scalar
from oversight.language.world import World
from oversight.model.diagnostics import Diagnostic
from oversight.model.expressions import Name, Select, walk
from oversight.model.pack import Expression, Kind, Template
from oversight.model.tables import LINE, ROW, Cell, RowEvent, Settings, TableMap
from oversight.model.types import (
    BOOL, DYN, INT, STRING, Attribute, ListType, MapType, RecordType, Type, list_of, map_of,
)  # fmt: skip

SECTIONS = ("table", "columns", "events")
SETTINGS = ("delimiter", "encoding", "separator", "times", "dates", "timezone")
ENVELOPE = ("id", "time", "source", "subject", "sequence", "recordedtime")
_SAMPLE = datetime(2001, 2, 3, 14, 5, 6)
_NAMED = {"tab": "\t", "comma": ",", "semicolon": ";"}


class TableMapFile:
    """
    A map as it is written; for each table that it is used for, :meth:`read` checks it against the headings.

    Whatever the file says, this gives diagnostics and raises nothing else.

    Args:
        file: its path.
        kinds: of the events that there may be, by name.
        zone: by whose clocks a time without offset is meant, where the map names no other.

    Attributes:
        sources: the lines of the file, by the name that diagnostics use.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, file: Path, kinds: Mapping[str, Kind], zone: ZoneInfo) -> None:
        self._findings = Findings()
        self._kinds = kinds
        read, tree = source.read(file.as_posix(), file.read_bytes(), self._findings)
        self.sources: Mapping[str, list[str]] = {read.name: read.lines}
        required = ("events",)
        self._body = None if tree is None else shape.table(tree, "a map", self._findings, SECTIONS, required)
        if tree is None and not self._findings.refused:
            self._findings.error("no-value", "the map is empty", read.place(0), hint="say which events a row is")
        self._zone = zone

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Every problem found so far, in order of place."""
        return self._findings.found

    def settings(self, delimiter: str = ",") -> Settings:
        """How the tables are written; *delimiter* stands between two cells where the map names none."""
        node = None if self._body is None else self._body.get("table")
        body = None if node is None else shape.table(node, "table:", self._findings, SETTINGS)
        return _Settings(body, self._findings).read(delimiter, self._zone)

    def read(self, headings: Sequence[str], settings: Settings) -> TableMap | None:
        """The map for a table with these headings; ``None`` where it does not check."""
        columns = self._columns(headings)
        cells = {name: Attribute(name, STRING, required=True) for name in columns if name}
        row = RecordType("row of the table", cells)
        node = None if self._body is None else self._body.get("events")
        if node is not None and not isinstance(node, source.Sequence):
            self._findings.wrong("wrong-shape", "events: is a list", node, "- {kind: …, id: …, time: …, data: {…}}")
        made: list[RowEvent] = []
        for item in () if node is None else shape.filled(node, "events:", self._findings):
            one = _Event(self._kinds, row, self._findings).read(item)
            if one is not None:
                self._apart(one, made, item)
                made.append(one)
        return None if self._findings.refused else TableMap(columns, settings, tuple(made))

    def _apart(self, one: RowEvent, others: Sequence[RowEvent], written: Node) -> None:
        """Refuse a second event of a row that has the identity of another."""
        identity = one.envelope.get("source"), one.envelope.get("id")
        if any((other.envelope.get("source"), other.envelope.get("id")) == identity for other in others):
            hint = 'let the ids differ, as "{row.key} removed"'
            self._findings.wrong("duplicate-name", "two events of a row have the same id", written, hint)

    def _columns(self, headings: Sequence[str]) -> tuple[str, ...]:
        """The name of each column: as the map calls it, else its heading, where that can be one."""
        node = None if self._body is None else self._body.get("columns")
        body = None if node is None else shape.mapping(node, "columns:", self._findings)
        called: dict[str, str] = {}
        for key, value in () if body is None else body.entries:
            heading = shape.string(value, f"the heading of {key.text}", self._findings)
            if not shape.is_name(key, "a column", self._findings) or not heading:
                continue
            if heading not in headings:
                near = nearest(heading, headings)
                hint = f"did you mean {near!r}?" if near else ""
                note = (f"headings: {', '.join(headings)}",)
                self._findings.wrong("unknown-value", f"the table has no heading {heading!r}", value, hint, note)
            called[heading] = key.text
        names = (called.get(each, each) for each in headings)
        return tuple(name if shape.NAME.fullmatch(name) and name not in RESERVED else "" for name in names)


class _Settings:
    """What ``table:`` says."""

    def __init__(self, body: Table | None, findings: Findings) -> None:
        self._body = body
        self._findings = findings

    def read(self, delimiter: str, zone: ZoneInfo) -> Settings:
        """The settings, with *delimiter* and *zone* where they say none."""
        return Settings(
            self._sign("delimiter") or delimiter,
            self._encoding(),
            self._sign("separator"),
            self._formats("times"),
            self._formats("dates"),
            self._named_zone() or zone,
        )

    def _scalar(self, key: str) -> Scalar | None:
        return None if self._body is None else shape.scalar(self._body.get(key), key, self._findings)

    def _sign(self, key: str) -> str:
        """One character, or its name; empty where nothing is said."""
        written = self._scalar(key)
        if written is None:
            return ""
        sign = _NAMED.get(written.text, written.text)
        if len(sign) == 1 and sign not in '"\r\n':
            return sign
        self._findings.wrong("unknown-value", f"{key} is one character", written, f"or {', '.join(_NAMED)}")
        return ""

    def _encoding(self) -> str:
        written = self._scalar("encoding")
        if written is None:
            return "utf-8"
        try:
            return _text_encoding(written.text)
        except (LookupError, UnicodeError):
            hint = "utf-8, utf-16, cp1252, big5, ..."
            self._findings.wrong("unknown-value", f"there is no encoding {written.text!r}", written, hint)
            return "utf-8"

    def _formats(self, key: str) -> tuple[str, ...]:
        node = None if self._body is None else self._body.get(key)
        written = shape.strings(node, key, self._findings)
        for one in written:
            if not _tells_the_day(one.text):
                hint = 'as "%d/%m/%Y %H:%M": %Y year, %m month, %d day, %H hour, %M minute, %S second'
                self._findings.wrong("malformed-literal", f"{one.text!r} does not say which day it is", one, hint)
        return tuple(one.text for one in written)

    def _named_zone(self) -> ZoneInfo | None:
        written = self._scalar("timezone")
        try:
            return None if written is None else zone_named(written.text)
        except ValueError as error:
            assert written is not None
            self._findings.wrong("unknown-zone", str(error), written, "write it as Asia/Hong_Kong")
            return None


class _Event:
    """One entry of ``events:``."""

    def __init__(self, kinds: Mapping[str, Kind], row: RecordType, findings: Findings) -> None:
        self._kinds = kinds
        self._row = row
        self._findings = findings

    def read(self, node: Node) -> RowEvent | None:
        """The event; ``None`` where its kind is not known."""
        known = ("kind", "if", *ENVELOPE, "data")
        body = shape.table(node, "an event of a map", self._findings, known, ("kind", "id", "time"))
        written = None if body is None else shape.scalar(body.get("kind"), "kind", self._findings)
        if body is None or written is None:
            return None
        kind = self._kinds.get(written.text)
        if kind is None:
            unknown_kind(written.text, written, self._kinds, self._findings, {})
            return None
        self._findings = self._findings.within(f"in the event {kind.name}")
        conditions = tuple(self._conditions(body.get("if")))
        envelope = {key: self._cell(body.entries[key][1], key) for key in ENVELOPE if key in body.entries}
        if "id" in envelope and not _hangs_on_row(envelope["id"]):
            hint = 'name a column, as "{row.key}", or the line, as "{line}"'
            self._findings.wrong("wrong-value", "every row would have the same id", body.key("id"), hint)
        known_attributes = {**kind.attributes}
        known_attributes.setdefault(CORRECTS.name, CORRECTS)
        data = self._data(body.get("data"), known_attributes, kind.name, written)
        return RowEvent(kind, conditions, envelope, data)

    def _conditions(self, node: Node | None) -> Iterator[Expression]:
        for item in () if node is None else shape.filled(node, "if", self._findings):
            written = expression(item, "if", self._findings)
            if written is not None:
                yield self._scope().expression(written, BOOL)

    def _scope(self) -> Scope:
        scope = Scope(World({}, {}), self._findings)
        scope.bind(ROW, self._row, None, exact=True)
        scope.bind(LINE, INT, None, exact=True)
        return scope

    def _data(self, node: Node | None, known: Mapping[str, Attribute], what: str, at: Scalar | Map) -> dict[str, Cell]:
        """The cells of some attributes, all of which must be *known*."""
        body = None if node is None else shape.mapping(node, "data", self._findings)
        cells: dict[str, Cell] = {}
        for key, value in () if body is None else body.entries:
            if key.text in known:
                cells[key.text] = self._value(value, known[key.text], key.text)
            else:
                unknown_part(what, "attribute", key, known, self._findings)
        if node is None or body is not None:
            missing_attributes(what, known, cells, at, self._findings)
        return cells

    def _value(self, node: Node, attribute: Attribute, what: str) -> Cell:
        """How the value of an attribute comes about."""
        declared = attribute.type
        if isinstance(node, Map) and isinstance(declared, RecordType):
            return self._data(node, declared.attributes, what, node)
        if isinstance(node, Map) and declared == DYN:
            declared = map_of()
        elif isinstance(node, source.Sequence) and declared == DYN:
            declared = list_of(DYN)
        if isinstance(node, Map) and isinstance(declared, MapType):
            for key, _ in node.entries:
                if attribute.keys and key.text not in attribute.keys:
                    unknown_part(f"the map {attribute.name!r}", "key", key, attribute.keys, self._findings)
            inner = Attribute(what, declared.value)
            return {key.text: self._value(value, inner, f"{what}.{key.text}") for key, value in node.entries}
        if isinstance(node, source.Sequence) and isinstance(declared, ListType):
            inner = Attribute(what, declared.item)
            return tuple(self._value(item, inner, what) for item in node.items)
        if isinstance(node, Scalar) and isinstance(declared, MapType | RecordType):
            hint = "write its parts as a mapping, each with its own cell"
            self._findings.wrong("wrong-shape", f"{what} is an object, which no cell can be", node, hint)
        elif not isinstance(node, Scalar):
            wanted = _wanted(declared)
            self._findings.wrong("wrong-shape", f"{what} is {wanted}", node)
        return self._cell(node, what)

    def _cell(self, node: Node, what: str) -> Cell:
        """A single value, or a text in which expressions stand."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
            value: Cell = json_of(node)
            return value
        written = template(node, what, self._findings)
        return "" if written is None else self._scope().template(written)


def _wanted(declared: Type) -> str:
    return "a single value" if not isinstance(declared, ListType) else "a list, or one cell with its items"


def _hangs_on_row(cell: Cell) -> bool:
    """Whether a text is another for each row."""
    pieces = cell.pieces if isinstance(cell, Template) else ()
    return any(
        isinstance(node, Name | Select)
        for piece in pieces
        if isinstance(piece, Expression)
        for node in walk(piece.node)
    )


def _tells_the_day(written: str) -> bool:
    """Whether what is written in this form can be read, and says year, month and day."""
    try:
        return datetime.strptime(_SAMPLE.strftime(written), written).date() == _SAMPLE.date()
    except Exception:  # strptime makes a pattern of what it is given, and raises what that raises
        return False


def _text_encoding(name: str) -> str:
    """
    The name of an encoding of texts.

    Raises:
        LookupError: there is none.
        UnicodeError: it is one that never holds any text.
    """
    found = codecs.lookup(name)
    "".encode(name)
    return found.name
