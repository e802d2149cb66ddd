"""
Tables: the rows of CSV files as events, by a map that says which they are.

Each event of a row becomes a line of JSON that has the row's number, so that from there on nobody knows that there was
a table. A row that cannot be read costs that row, and nothing else.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from oversight.ground.errors import EventError
from oversight.ground.instants import fixed
from oversight.ground.text import printable, said
from oversight.ground.time import Period, format_instant, parse_instant
from oversight.ground.values import EvaluationError, operations
from oversight.language.tables import TableMapFile
from oversight.meaning.evaluate import Scope, evaluate
from oversight.model.alerts import to_json
from oversight.model.forms import Form
from oversight.model.pack import Kind, Template
from oversight.model.tables import LINE, ROW, Cell, RowEvent, Settings, TableMap
from oversight.model.types import BOOL, DATE, DOUBLE, INT, STRING, TIMESTAMP, ListType, MapType, RecordType, Type
from oversight.runner.intake import TOO_LONG, Block, Refusal, SourceError, Stretch, blocks, lines_of

_YES, _NO = ("true", "yes", "y", "1"), ("false", "no", "n", "0")
_WHOLE = re.compile(r"[+-]?\d{1,19}(\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_ENVELOPE = {"time": TIMESTAMP, "recordedtime": TIMESTAMP}


class Rows(NamedTuple):
    """Lines made of the rows of a table, each with the number of the row's line, or why one is none."""

    lines: Sequence[tuple[int, bytes | EventError]]
    failure: tuple[int, str] | None = None

    def numbered(self, source: str, refused: Callable[[Refusal], object]) -> Iterator[tuple[int, bytes]]:
        """As of a :class:`Block`."""
        for number, line in self.lines:
            if isinstance(line, EventError):
                refused(Refusal.of(source, number, line))
            else:
                yield number, line
        if self.failure is not None:
            refused(Refusal(source, self.failure[0], "unreadable", self.failure[1]))


class MapRefused(ValueError):
    """A map does not check; ``file`` has every problem."""

    def __init__(self, file: TableMapFile) -> None:
        super().__init__("the map does not check")
        self.file = file


class Tables:
    """
    How files are read where some are tables.

    Args:
        path: of the map.
        kinds: of the events that there may be, by name.
        zone: by whose clocks a time without offset is meant, where the map names no other.

    Raises:
        OSError: the map cannot be opened.
    """

    def __init__(self, path: str, kinds: Mapping[str, Kind], zone: ZoneInfo) -> None:
        self._path, self._kinds, self._zone = Path(path), kinds, zone
        self._maps: dict[str, TableMap] = {}

    def check(self, source: str) -> None:
        """
        Read the map against the headings of the table *source*.

        Raises:
            MapRefused: it does not check.
            SourceError: the table cannot be read, or has no headings.
            OSError: the map cannot be opened.
        """
        file = TableMapFile(self._path, self._kinds, self._zone)
        settings = file.settings("\t" if ".tsv" in Path(source).suffixes else ",")
        try:
            found = file.read(_headings(source, settings), settings)
        except SourceError:
            if not file.diagnostics:  # else the table may be written in another way than was understood
                raise
            found = None
        if found is None:
            raise MapRefused(file)
        self._maps[source] = found

    def __call__(self, source: str, progress: Callable[[int], None] | None = None) -> Iterator[Stretch]:
        """What *source* holds, in blocks: as :func:`blocks`, and of a table the events of its rows."""
        if source not in self._maps:
            yield from blocks(source, progress)
            return
        written = self._maps[source]
        rows = _rows(lines_of(source, progress, _recoded(written.settings.encoding)), written.settings)
        reader = _Reader(written)
        next(rows, None)  # the headings
        while some := list(islice(rows, 1000)):
            failed = some[-1].failure
            made = [line for row in some if not row.failure for line in reader.lines(row)]
            yield Rows(made, (some[-1].number, failed) if failed else None)


class _Row(NamedTuple):
    """A row as it stands: its first line, and its cells, or why there are none; or why there are no more rows."""

    number: int
    cells: Sequence[str] | EventError
    failure: str = ""


def _recoded(encoding: str) -> Callable[[bytes], bytes] | None:
    """What makes UTF-8 of bytes that are written otherwise; what cannot be read stays unreadable."""
    if codecs.lookup(encoding).name == "utf-8":
        return None
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    return lambda chunk: decoder.decode(chunk, final=not chunk).encode("utf-8", "surrogateescape")


def _rows(coming: Iterator[Block], settings: Settings) -> Iterator[_Row]:
    """
    The rows of a table, the headings first, without those in which every cell is empty.

    A row that cannot be read costs its first line: where a quotation mark is never closed, the lines after it are read
    as if it were not there.
    """
    lines = _Lines(coming)
    while (first := lines.begin()) is not None:
        number, reason = first
        if reason:
            yield _Row(number, EventError(reason), "")
            continue
        try:
            cells = next(csv.reader(lines, delimiter=settings.delimiter, strict=True), [])
        except (csv.Error, UnicodeDecodeError) as error:
            lines.back_to_second()
            yield _Row(number, EventError(_unreadable(error)))
            continue
        cells = [cell.strip() for cell in cells]
        if any(cells):
            yield _Row(number, cells)
    if lines.failure:
        yield _Row(lines.number, (), lines.failure)


def _unreadable(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "the row is not written in the encoding of the table: say table: {encoding: ...} in the map"
    if "unexpected end of data" in str(error) or "field limit" in str(error):
        return "a quotation mark is never closed"
    return f"the row is not well written: {error}"


class _Lines:
    """The lines of a table, one after the other as text, of which some can be read once more."""

    def __init__(self, coming: Iterator[Block]) -> None:
        self.number, self.failure = 0, ""
        self._coming = self._numbered(coming)
        self._waiting: list[tuple[int, bytes | None]] = []
        self._taken: list[tuple[int, bytes | None]] = []

    def _numbered(self, coming: Iterator[Block]) -> Iterator[tuple[int, bytes | None]]:
        for block in coming:
            yield from enumerate(block.lines, block.first)
            self.number, self.failure = block.first + len(block.lines), block.failure

    def begin(self) -> tuple[int, str] | None:
        """The line at which the next row begins, and why that is none; ``None`` where there is no more."""
        self._taken = []
        line = self._next()
        if line is None:
            return None
        if line[1] is None:
            return line[0], TOO_LONG
        self._waiting.append(line)
        return line[0], ""

    def _next(self) -> tuple[int, bytes | None] | None:
        return self._waiting.pop() if self._waiting else next(self._coming, None)

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._next()
        if line is None or line[1] is None:
            self._waiting += [line] if line is not None else []
            raise StopIteration
        try:
            text = line[1].decode("utf-8") + "\n"
        except UnicodeDecodeError:
            if not self._taken:
                self._taken.append(line)
                raise
            self._waiting.append(line)  # it is no part of the row that began before it
            raise StopIteration from None
        self._taken.append(line)
        return text

    def back_to_second(self) -> None:
        """Read all but the first of the lines of this row once more, each as the beginning of a row."""
        self._waiting += reversed(self._taken[1:])


def _headings(source: str, settings: Settings) -> list[str]:
    """
    The cells of the first row of *source*.

    Raises:
        SourceError: there is none, or two are the same.
    """
    rows = _rows(lines_of(source, None, _recoded(settings.encoding)), settings)
    first = next(rows, None)
    shown = printable(source)
    if first is None or first.failure:
        why = first.failure if first else "the table is empty; its first row has the headings"
        raise SourceError(f"{shown}: {why}")
    if isinstance(first.cells, EventError):
        raise SourceError(f"{shown}:{first.number}: {first.cells.reason}")
    twice = [each for n, each in enumerate(first.cells) if each and each in first.cells[:n]]
    if twice:
        raise SourceError(f"{shown}: two columns are called '{printable(twice[0], 80)}': give each its own heading")
    return list(first.cells)


class _Reader:
    """Makes the events of rows."""

    def __init__(self, written: TableMap) -> None:
        self._map = written
        self._forms = {one.kind.name: Form(one.kind) for one in written.events}
        self._types = {one.kind.name: {a.name: a.type for a in one.kind.attributes.values()} for one in written.events}
        self._texts = _Texts(written.settings)
        self._operations = operations(written.settings.zone)

    def lines(self, row: _Row) -> Iterator[tuple[int, bytes | EventError]]:
        """The events of a row as lines of JSON, or why one cannot be made."""
        cells, columns = row.cells, self._map.columns
        if isinstance(cells, EventError):
            yield row.number, cells
            return
        if len(cells) != len(columns):
            said_so = f"the row has {len(cells)} cells, and the table {len(columns)} headings"
            yield row.number, EventError(said_so)
            return
        named = {name: cell for name, cell in zip(columns, cells, strict=True) if name}
        scope = Scope({ROW: named, LINE: row.number}, _no_parameter, self._operations)
        for one in self._map.events:
            try:
                made = self._made(one, scope)
            except EventError as error:
                yield row.number, self._forms[one.kind.name].discreet(error, "$.data")
            else:
                if made is not None:
                    yield row.number, to_json(made).encode()

    def _made(self, one: RowEvent, scope: Scope) -> Mapping[str, Any] | None:
        """The event in the flat form; ``None`` where the row is none."""
        for condition in one.conditions:
            if _evaluated(condition.node, scope, "$.if") is not True:
                return None
        types = self._types[one.kind.name]
        made: dict[str, Any] = {"kind": one.kind.name}
        for name, cell in one.envelope.items():
            value = self._value(cell, _ENVELOPE.get(name, STRING), scope, f"$.{name}")
            made |= {} if value == "" else {name: value}
        made["data"] = self._parts(one.data, lambda name: types.get(name, STRING), scope, "$.data")
        return made

    def _parts(
        self, cells: Mapping[str, Cell], type_of: Callable[[str], Type], scope: Scope, path: str
    ) -> dict[str, Any]:
        """What the cells hold; what is empty is left out."""
        made = {name: self._value(cell, type_of(name), scope, f"{path}.{name}") for name, cell in cells.items()}
        return {name: value for name, value in made.items() if value != ""}

    def _value(self, cell: Cell, declared: Type, scope: Scope, path: str) -> Any:
        """The value of an attribute; an empty text where there is none."""
        if isinstance(cell, Template):
            pieces = [p if isinstance(p, str) else _evaluated(p.node, scope, path) for p in cell.pieces]
            value = pieces[0] if len(pieces) == 1 and declared.name != STRING.name else "".join(map(said, pieces))
            return self._texts.read(value.strip(), declared, path) if isinstance(value, str) else _plain(value)
        if isinstance(cell, Mapping):
            attributes = declared.attributes if isinstance(declared, RecordType) else {}
            other = declared.value if isinstance(declared, MapType) else STRING
            made = self._parts(cell, lambda name: attributes[name].type if name in attributes else other, scope, path)
            return made if made or not cell else ""
        if isinstance(cell, tuple):
            item = declared.item if isinstance(declared, ListType) else STRING
            items = [self._value(one, item, scope, f"{path}[{n}]") for n, one in enumerate(cell)]
            found = [one for one in items if one != ""]
            return found if found or not cell else ""
        return cell


def _no_parameter(name: str) -> Any:
    raise LookupError(name)


def _evaluated(node: Any, scope: Scope, path: str) -> Any:
    try:
        return evaluate(node, scope)
    except EvaluationError as error:
        raise EventError(printable(str(error)), path) from None


def _plain(value: Any) -> Any:
    """What an expression gives, as JSON has it."""
    if isinstance(value, datetime):
        return format_instant(value)
    return str(value) if isinstance(value, Period) else value


class _Texts:
    """Reads the texts of cells as what the attributes are that they stand for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ways: dict[Type, Callable[[str], Any]] = {
            BOOL: _bool, INT: _int, DOUBLE: _double, TIMESTAMP: self._instant, DATE: self._date,
        }  # fmt: skip

    def read(self, text: str, declared: Type, path: str) -> Any:
        """
        The value that *text* stands for; an empty text stands for none.

        Raises:
            EventError: it stands for none of this type.
        """
        if not text:
            return ""
        if isinstance(declared, ListType):
            sign = self._settings.separator
            items = [part.strip() for part in text.split(sign)] if sign else [text]
            return [self.read(item, declared.item, f"{path}[{n}]") for n, item in enumerate(items) if item]
        try:
            return self._ways[declared](text) if declared in self._ways else text
        except ValueError as error:
            raise EventError(printable(f"{text[:40]!r} {error}"), path) from None

    def _instant(self, text: str) -> str:
        found = self._clock(text, self._settings.times)
        local = found if found.tzinfo is not None else found.replace(tzinfo=self._settings.zone)
        return format_instant(fixed(local))

    def _clock(self, text: str, forms: Sequence[str]) -> datetime:
        """What *text* says, by one of *forms* or as RFC 3339 has it; without forms also in parts of it."""
        for form in forms:
            try:
                return datetime.strptime(text, form)
            except ValueError:
                continue
        try:
            return parse_instant(text)
        except ValueError:
            if forms:
                raise ValueError(f"is not written as {' or as '.join(forms)}") from None
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("is no time as 2026-01-31 09:00: say table: {times: ...} in the map") from None

    def _date(self, text: str) -> str:
        forms = self._settings.dates or self._settings.times
        found = self._clock(text, forms)
        if not forms and (found.tzinfo is not None or found.timetz() != time()):
            raise ValueError("is a time and no day")
        return date.isoformat(found.date())


def _bool(text: str) -> bool:
    if text.lower() in _YES + _NO:
        return text.lower() in _YES
    raise ValueError(f"is neither {' nor '.join([_YES[1], _NO[1]])}")


def _int(text: str) -> int:
    if _WHOLE.fullmatch(text):
        return int(text.split(".")[0])
    raise ValueError("is no whole number")


def _double(text: str) -> float:
    if _NUMBER.fullmatch(text):
        return float(text)
    raise ValueError("is no number")
