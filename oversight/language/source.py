"""
YAML files as trees in which every key and value knows its place.

Source: YAML 1.2, of which a pack may use mappings, sequences and scalars. Tags, anchors, aliases and further
documents are refused, and a plain scalar is only ever true, false, null, a number or text: ``on`` and ``no``
stay words, ``12:30`` and ``2026-01-01`` stay text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import yaml
from attrs import define, field, frozen

from oversight.ground.files import text_of
from oversight.language.findings import Findings
from oversight.model.places import Place

MAX_BYTES = 2_000_000
MAX_DEPTH = 50
MAX_LINE = 2_000

# A character that a reader cannot see could make a file say something else than it shows.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]"
    "|[\U000e0000-\U000e0fff]"
)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,400})", re.ASCII)
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]{0,400})(?:\.[0-9]{1,400})?(?:[eE][-+]?[0-9]{1,4})?", re.ASCII)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
# Where an expression stands, what begins so or holds ": " is not read by YAML as the text it looks like.
_KEYS = (
    "if|unless|where|for|by|about|each|from|until|set|value|else|distinct|sum|alert|remedy|title|lasts|"
    "at_most|at_least|more_than|fewer_than"
)
_CUT = r"'[^']*'\s*[^\s,}\]#'].*|\"[^\"]*\"\s*[^\s,}\]#].*"
_UNQUOTED = re.compile(
    rf"(?:^|[\s{{,])(?:{_KEYS}):\s+(?P<value>[!&*%@`\[{{].*|{_CUT}|[^'\"\s#].*?:\s.*)$"
    rf"|^\s*(?:-\s+)+(?P<item>[!&*%@`\[].*|{_CUT}|(?![\w.]+:\s)[^'\"\s#{{].*?:\s.*)$"
)
# Of these an event of a case has one of its own, beside which an attribute of that name cannot stand.
_OF_AN_EVENT = frozenset(("kind", "time", "id", "subject"))
_TOO_DEEP, _FLATTER = f"the file nests more than {MAX_DEPTH} deep", "make it flatter"
# What an editor shows as spaces, and YAML does not take for an indentation.
_NO_SPACE = re.compile("[ ]*(?P<sign>[\t\xa0\u2000-\u200a\u202f\u205f\u3000])[^\\S\n]*[^\\s#]")
_INDENT = "indent with plain spaces"
_ESCAPES = {"x": 2, "u": 4, "U": 8}


@frozen
class Source:
    """One file: the name shown in diagnostics and its text."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    @property
    def lines(self) -> list[str]:
        """The text in lines, without their ends."""
        return self.text.split("\n")

    def start_of(self, line: int) -> int:
        """Where a line begins, counted from one, as an index into the text."""
        return self._starts[line - 1]

    def place(self, index: int) -> Place:
        """The line and column of a character of the text, both from one."""
        line = bisect_right(self._starts, index)
        return Place(self.name, line, index - self._starts[line - 1] + 1)


@define(eq=False)
class Scalar:
    """
    A key or a single value.

    Args:
        value: what it stands for.
        text: the text it stands for, whatever it looks like.
        style: the YAML style: empty for plain, else ``'``, ``"``, ``|`` or ``>``.
        flow: whether it is written inside ``[...]`` or ``{...}``.
        start: where it is written, as an index into the file's text.
        refused: whether it was said to be wrong already; nothing more is to be said of it.
    """

    value: bool | int | float | str | None
    text: str
    style: str
    flow: bool
    source: Source = field(repr=False)
    start: int
    refused: bool = False
    _indexes: list[int] | None = field(default=None, repr=False, init=False)

    @property
    def place(self) -> Place:
        """Where it begins, inside its quotes or behind its block sign."""
        return self.source.place(self.index(0)) if self.text else self.source.place(self.start)

    @property
    def width(self) -> int:
        """How many characters of its first line it takes."""
        return self.extent(0, len(self.text))

    def index(self, offset: int) -> int:
        """Where the character of ``text`` at *offset* is written, as an index into the file's text."""
        if self._indexes is None:
            self._indexes = _align(self.text, self.source.text, self.start, self.style)
        return self._indexes[min(max(offset, 0), len(self.text))]

    def extent(self, start: int, end: int) -> int:
        """How many characters the text from *start* to *end* takes in the file, on its first line."""
        first = self.index(start)
        last = self.index(end - 1) + 1 if end > start else first + 1
        stop = self.source.text.find("\n", first, last)
        return max(1, (last if stop < 0 else stop) - first)


@define(eq=False)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    place: Place
    flow: bool = False
    width: int = 1


@define(eq=False)
class Mapping:
    """Pairs of key and value in written order; no key stands twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place
    flow: bool = False

    @property
    def width(self) -> int:
        """How many characters its first key takes, where it begins with one."""
        return self.entries[0][0].width if self.entries and self.entries[0][0].place == self.place else 1


Node = Scalar | Sequence | Mapping


def read(name: str, content: bytes, findings: Findings) -> tuple[Source, Node | None]:
    """
    Read one file.

    Args:
        name: as shown in diagnostics.
        content: its bytes.
        findings: takes what is wrong with it.

    Returns:
        The source, and the tree, or ``None`` where the file is empty or cannot be read.

    >>> from oversight.language.findings import Findings
    >>> read("a.yaml", b"on: 12:30", Findings())[1].entries[0][1].value
    '12:30'
    """
    if len(content) > MAX_BYTES:
        findings.error("file-too-large", f"the file has more than {MAX_BYTES:,} bytes", Place(name, 1, 1))
        return Source(name, ""), None
    try:
        text = text_of(content)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        message = f"byte 0x{content[error.start]:02x} is not UTF-8"
        findings.error("not-utf-8", message, Place(name, line, column), hint="save the file as UTF-8")
        return Source(name, content.decode("utf-8", "replace")), None
    source = Source(name, text)
    hidden = _HIDDEN.search(text)
    if hidden:
        findings.error(
            "hidden-character",
            f"the character U+{ord(hidden.group()):04X} cannot be seen",
            source.place(hidden.start()),
            hint='remove it, or write it as an escape in a "quoted" text',
        )
        return source, None
    return source, _Builder(source, findings).build()


class _Stop(Exception):
    """The rest of this file cannot be read; what is wrong has been said."""


@define
class _Open:
    """A collection whose end has not come yet."""

    mapping: bool
    flow: bool
    start: int
    items: list[Node]


class _Builder:
    def __init__(self, source: Source, findings: Findings) -> None:
        self._source = source
        self._findings = findings

    def build(self) -> Node | None:
        stack = [_Open(False, False, 0, [])]
        documents = 0
        try:
            for event in self._events():
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        self._refuse(
                            "second-document",
                            "a second document begins here",
                            event,
                            "one file, one document",
                        )
                        raise _Stop
                else:
                    self._take(event, stack)
        except _Stop:
            return None
        return stack[0].items[0] if stack[0].items else None

    def _events(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self._source.text, Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._broken(error.problem or error.context or "this is not YAML", mark.index if mark else 0)
            raise _Stop from None
        except yaml.YAMLError as error:
            self._broken(str(error).partition("\n")[0], 0)
            raise _Stop from None

    def _broken(self, problem: str, index: int) -> None:
        """YAML stumbles behind the cause: the line and the one before are searched for an unquoted value."""
        end = min(index, len(self._source.text))
        if "nesting depth" in problem:  # some readers of YAML have a bound of their own and meet it first
            self._findings.error("yaml-depth", _TOO_DEEP, self._source.place(end), hint=_FLATTER)
            return
        indented = self._indented(end)
        if indented is not None:
            place, sign = self._source.place(indented.start("sign")), indented["sign"]
            what = "a tab" if sign == "\t" else f"the character U+{ord(sign):04X}"
            self._findings.error("yaml", f"YAML cannot read this: {what} in an indentation", place, 1, _INDENT)
            return
        ends = self._source.text.find("\n", end)
        line_start = self._source.text.rfind("\n", 0, end) + 1
        earlier = self._source.text.rfind("\n", 0, max(line_start - 1, 0)) + 1
        for start, stop in (
            (line_start, ends if ends >= 0 else len(self._source.text)),
            (earlier, line_start),
        ):
            found = _UNQUOTED.search(self._source.text[start : min(stop, start + MAX_LINE)].rstrip("\n"))
            if found:
                group = "value" if found["value"] else "item"
                place = self._source.place(start + found.start(group))
                width = len(found[group].rstrip())
                self._findings.error("yaml", f"YAML cannot read this: {problem}", place, width, "quote this expression")
                return
        self._findings.error("yaml", f"YAML cannot read this: {problem}", self._source.place(end))

    def _indented(self, index: int) -> re.Match[str] | None:
        """What looks like a space and is none, before the first word of the line at *index* or of the two above."""
        start = self._source.place(index).line
        for line in range(start, max(0, start - 3), -1):
            found = _NO_SPACE.match(self._source.text, self._source.start_of(line))
            if found:
                return found
        return None

    def _take(self, event: yaml.Event, stack: list[_Open]) -> None:
        if isinstance(event, yaml.CollectionEndEvent):
            self._close(stack)
        elif isinstance(event, yaml.AliasEvent):
            self._refuse(
                "yaml-alias",
                f"*{event.anchor} is a YAML alias",
                event,
                "quote this expression, or write it out",
            )
            start = _index(event.start_mark)
            stack[-1].items.append(Scalar("", "", '"', False, self._source, start, refused=True))
        elif isinstance(event, yaml.NodeEvent):
            self._signs(event)
            if isinstance(event, yaml.ScalarEvent):
                stack[-1].items.append(self._scalar(event, stack[-1].flow))
                return
            if len(stack) > MAX_DEPTH:
                self._refuse("yaml-depth", _TOO_DEEP, event, _FLATTER)
                raise _Stop
            if isinstance(event, yaml.CollectionStartEvent):
                mapping = isinstance(event, yaml.MappingStartEvent)
                stack.append(_Open(mapping, bool(event.flow_style), _index(event.start_mark), []))

    def _signs(self, event: yaml.NodeEvent) -> None:
        if event.anchor is not None:
            self._refuse(
                "yaml-anchor",
                f"&{event.anchor} is a YAML anchor",
                event,
                "quote this expression, or write it out",
            )
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._refuse("yaml-tag", f"{tag} is a YAML tag", event, "quote this expression")

    def _refuse(self, code: str, message: str, event: yaml.Event, hint: str) -> None:
        start = _index(event.start_mark)
        stop = self._source.text.find("\n", start)
        written = self._source.text[start : stop if stop >= 0 else None]
        width = len(re.split(r"[,\s]", written, maxsplit=1)[0])
        self._findings.error(code, message, self._source.place(start), min(max(1, width), 40), hint)

    def _scalar(self, event: yaml.ScalarEvent, flow: bool) -> Scalar:
        style = event.style or ""
        value = event.value if style else self._resolve(event)
        start = _index(event.start_mark)
        return Scalar(value, event.value, style, flow, self._source, start, refused=event.tag is not None)

    def _resolve(self, event: yaml.ScalarEvent) -> bool | int | float | str | None:
        text = event.value
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if not _FLOAT.fullmatch(text):
            return str(text)
        number = float(text)
        if number in (float("inf"), float("-inf")):
            self._refuse("number-range", "this number is too large", event, "a double reaches to about 1.8e308")
            return 0.0
        return number

    def _close(self, stack: list[_Open]) -> None:
        closed = stack.pop()
        place = self._source.place(closed.start)
        if not closed.mapping:
            stack[-1].items.append(Sequence(tuple(closed.items), place, closed.flow))
            return
        entries: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(closed.items[::2], closed.items[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._findings.error("yaml-key", "a key is a single word, not a collection", key.place)
            elif key.text in entries:
                first = entries[key.text][0].place
                in_data = "; an attribute of an event called so stands in data:" if key.text in _OF_AN_EVENT else ""
                self._findings.error(
                    "duplicate-key",
                    f"the key {key.text!r} stands twice here",
                    key.place,
                    key.width,
                    "keep one of them" + in_data,
                    (f"first at line {first.line}",),
                )
            else:
                entries[key.text] = (key, value)
        stack[-1].items.append(Mapping(tuple(entries.values()), place, closed.flow))


def _index(mark: Any) -> int:
    return int(mark.index) if mark is not None else 0


def _align(value: str, raw: str, start: int, style: str) -> list[int]:
    """
    The index in *raw* of each character of *value*, and of its end.

    YAML only ever drops white space, doubles quotes and writes escapes, so one walk over both texts finds
    each visible character again; white space that was folded stands at the break it came from.
    """
    position = start
    if style in ("|", ">"):
        position = raw.find("\n", start) + 1
    elif style:
        position += 1
    found = []
    for character in value:
        if style == '"':
            position, after = _escape(raw, position)
            if raw[position : position + 1] == "\\":
                found.append(position)
                position = after
                continue
        if character not in " \n\t":
            while position < len(raw) and raw[position] in " \n\t":
                position += 1
            if style == '"' and raw[position : position + 1] == "\\":
                position, after = _escape(raw, position)
                found.append(position)
                position = after
                continue
        found.append(min(position, len(raw) - 1))
        if raw[position : position + 1] == character or character not in " \n\t":
            position += 2 if style == "'" and character == "'" else 1
    return [*found, min(position, max(len(raw) - 1, 0))]


def _escape(raw: str, position: int) -> tuple[int, int]:
    """Where the escape at *position* ends, having stepped over escaped line breaks."""
    while raw[position : position + 2] == "\\\n":
        position += 2
        while raw[position : position + 1] in (" ", "\t", "\n"):
            position += 1
    if raw[position : position + 1] != "\\":
        return position, position
    return position, position + 2 + _ESCAPES.get(raw[position + 1 : position + 2], 0)
