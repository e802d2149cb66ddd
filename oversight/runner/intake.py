"""
Event files, line by line: plain, gzip or Zstandard, or standard input; and the events of a record.

A line that never ends costs that line, a damaged archive what is left of it, and nothing else; memory stays
bounded by the longest line allowed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol, cast

from attrs import frozen

from oversight.ground.errors import EventError, EventRefused, RecordError
from oversight.ground.text import printable
from oversight.model.forms import MAX_LINE
from oversight.record.entries import EVENT
from oversight.record.store import Store, is_store, open_store, without_password

STANDARD_INPUT = "-"
CHUNK = 1 << 20
_STRETCH = 1000
_MARK = b"\xef\xbb\xbf"
ARCHIVES = (".gz", ".zst")
TABLES = (".csv", ".tsv")
TOO_LONG = "the line is longer than 16 MiB"
_OTHERWISE = {
    b"\x1f\x8b": "is compressed with gzip; give it a name that ends in .gz",
    b"\x28\xb5\x2f\xfd": "is compressed with Zstandard; give it a name that ends in .zst",
    b"SQLite format 3\x00": "is a database; a record is given as sqlite:///FILE",
}
"""How files begin that are not lines, and what to do with them."""


@frozen
class Refusal:
    """
    A line that was not taken in.

    Args:
        source: the file, ``-`` for standard input.
        line: its number, counted from one.
        code: ``bad-event``, ``too-long``, ``unreadable``, ``no-key``, or the engine's: ``other-content``, ``too-late``.
        reason: what is wrong.
        path: the attribute's path in the event, or an empty string.
    """

    source: str
    line: int
    code: str
    reason: str
    path: str = ""

    @classmethod
    def of(cls, source: str, line: int, error: EventError | EventRefused) -> Refusal:
        """
        Why what stands in a line was not taken in.

        >>> print(Refusal.of("a.jsonl", 7, EventError("this is no camera", "$.data.camera")))
        a.jsonl:7: bad-event: this is no camera (at $.data.camera)
        """
        if isinstance(error, EventRefused):
            return cls(source, line, error.code, str(error))
        return cls(source, line, "bad-event", error.reason, error.path)

    def __str__(self) -> str:
        at = f" (at {printable(self.path)})" if self.path not in ("", "$") else ""
        return f"{printable(named(self.source))}:{self.line}: {self.code}: {printable(self.reason, 400)}{at}"


def named(source: str) -> str:
    """
    *source* as it may be told: the URL of a record without its password.

    >>> named("postgresql://ann:secret@db/cases"), named("a.jsonl")
    ('postgresql://ann@db/cases', 'a.jsonl')
    """
    return without_password(source) if is_store(source) else source


class Block(NamedTuple):
    """
    Some lines of a file; ``None`` stands for one that is too long.

    ``first`` is the number of the first of them. ``failure`` says why nothing more can be read, and is empty
    where all is well.
    """

    first: int
    lines: Sequence[bytes | None]
    failure: str = ""

    def numbered(self, source: str, refused: Callable[[Refusal], object]) -> Iterator[tuple[int, bytes]]:
        """
        The lines that are not blank, with their numbers.

        Args:
            source: of the block.
            refused: is given what is too long and, in the end, why nothing more can be read.

        >>> list(Block(1, [b"one", b" ", None, b"four"]).numbered("-", print))
        -:3: too-long: the line is longer than 16 MiB
        [(1, b'one'), (4, b'four')]
        """
        for number, line in enumerate(self.lines, self.first):
            if line is None:
                refused(Refusal(source, number, "too-long", TOO_LONG))
            elif line and not line.isspace():
                yield number, line
        if self.failure:
            refused(Refusal(source, self.first + len(self.lines), "unreadable", self.failure))


class Stretch(Protocol):
    """Some of what a source holds, as lines with their numbers."""

    def numbered(self, source: str, refused: Callable[[Refusal], object]) -> Iterator[tuple[int, bytes]]:
        """As of a :class:`Block`."""


Read = Callable[[str, Callable[[int], None] | None], Iterator[Stretch]]
"""How sources are read: as :func:`blocks`, or where some are tables as by a map."""


class SourceError(ValueError):
    """A file of events cannot be opened, or is of a form that is not read."""


def is_table(source: str) -> bool:
    """
    Whether *source* is a table by its name.

    >>> is_table("cameras.csv.gz"), is_table("events.jsonl")
    (True, False)
    """
    name = source.lower()
    return not is_store(source) and name.endswith(tuple(end + archive for end in TABLES for archive in ("", *ARCHIVES)))


def check_source(source: str, *, mapped: bool = False) -> None:
    """
    Make sure that *source* can be opened, before anything is read.

    Args:
        source: a path, ``-``, or the URL of a record.
        mapped: whether a map says which events the rows of tables are.

    Raises:
        SourceError: it cannot; says why and what to do.

    >>> check_source("-")
    """
    if source == STANDARD_INPUT:
        return
    if is_store(source):
        with _recorded(source):
            return
    shown = printable(source)
    if is_table(source) and not mapped:
        raise SourceError(f"{shown}: this is a table; say which events its rows are with --map FILE")
    try:
        with open(source, "rb") as file:
            begins = file.read(16) if Path(source).is_file() else b""  # of a pipe nothing may be taken away
    except OSError as error:
        raise SourceError(f"{shown}: {(error.strerror or 'cannot be opened').lower()}") from None
    if source.endswith(".zst"):
        _zstandard(source)
    for magic, said in _OTHERWISE.items():
        if begins.startswith(magic) and not source.endswith(ARCHIVES):
            raise SourceError(f"{shown}: {said}")


def blocks(source: str, progress: Callable[[int], None] | None = None, longest: int = MAX_LINE) -> Iterator[Block]:
    """
    The lines of *source*, in blocks of about a megabyte, each line without its end.

    Args:
        source: a path, ``-``, or the URL of a record, whose events are read; the lines are numbered as its entries.
        progress: told the number of bytes of the file (as stored) each time some were read.
        longest: a line of more bytes is left out.

    Raises:
        SourceError: it cannot be opened.
    """
    if is_store(source):
        yield from _bodies(source)
        return
    check_source(source)
    yield from lines_of(source, progress, longest=longest)


def lines_of(
    source: str,
    progress: Callable[[int], None] | None = None,
    recode: Callable[[bytes], bytes] | None = None,
    longest: int = MAX_LINE,
) -> Iterator[Block]:
    """
    The lines of a file or of standard input, whatever they hold: as :func:`blocks`.

    Args:
        source, progress, longest: as there.
        recode: makes UTF-8 of each chunk of bytes, and of none at the end; ``None`` leaves them.
    """
    with _opened(source) as (raw, stream):
        chunks = _chunks(raw, stream, progress)
        yield from _split(chunks if recode is None else _recoded(chunks, recode), longest)


def _recoded(chunks: Iterator[tuple[bytes, str]], recode: Callable[[bytes], bytes]) -> Iterator[tuple[bytes, str]]:
    failure = ""
    try:
        for chunk, failure in chunks:
            yield recode(chunk), failure
        yield recode(b""), failure
    except UnicodeError as error:
        yield b"", f"the rest cannot be read: {printable(str(error))}"


@contextmanager
def _recorded(url: str) -> Iterator[Store]:
    """The store at *url*, to be read."""
    try:
        store = open_store(url, read_only=True)
    except RecordError as error:
        raise SourceError(str(error)) from None
    try:
        yield store
    finally:
        store.close()


def _bodies(url: str) -> Iterator[Block]:
    """
    The events of a record, a line at each position; what is no event, or was forgotten, is an empty line.

    That events were forgotten is a failure: what is judged without them may accuse somebody whose paper was there.
    """
    with _recorded(url) as store:
        lines: list[bytes | None] = []
        first, forgotten, damaged = 0, list[int](), ""
        try:
            for entry in store.entries(types=(EVENT,)):
                if entry.position - first >= _STRETCH:
                    yield Block(first, lines)
                    first, lines = entry.position, []
                lines += [b""] * (entry.position - first - len(lines))
                lines.append(entry.body if isinstance(entry.body, bytes) else b"")
                forgotten += [entry.position] if entry.body is None else []
        except RecordError as error:
            damaged = f"the rest cannot be read: {error}"
        yield Block(first, lines, damaged or _forgotten(forgotten))


def _forgotten(positions: Sequence[int]) -> str:
    """What is to be said of the events at *positions*, which were forgotten; nothing of none."""
    if not positions:
        return ""
    events = "what 1 event" if len(positions) == 1 else f"what {len(positions):,} events"
    return (
        f"{events} said was forgotten, the first at {positions[0]}: what is judged without that may be told, or be "
        "missing, in error"
    )


def _chunks(raw: IO[bytes], stream: IO[bytes], progress: Callable[[int], None] | None) -> Iterator[tuple[bytes, str]]:
    """The bytes of *stream*; in the end an empty one with what went wrong, if something did."""
    told = 0
    while True:
        try:
            chunk = stream.read(CHUNK)
        except Exception as error:  # the libraries for archives raise errors of their own, zlib's among them
            yield b"", f"the rest cannot be read: {printable(str(error))}"
            return
        if not chunk:
            return
        yield chunk, ""
        if progress is not None and raw.seekable():
            told, before = raw.tell(), told
            progress(told - before)


class Lines:
    """
    Chunks of bytes as lines, whatever their size; what is held meanwhile is no longer than a line may be.

    Args:
        longest: a line of more bytes is left out.

    >>> lines = Lines()
    >>> lines.feed(b"one\\ntw").lines, lines.feed(b"o\\n").lines, lines.end()
    ([b'one'], [b'two'], None)
    """

    def __init__(self, longest: int = MAX_LINE) -> None:
        self._longest = longest
        self._number = 1
        self._pending: list[bytes] = []
        self._held = 0
        self._skipping = False

    @property
    def unfinished(self) -> bool:
        """Whether there is a line that has not ended yet."""
        return self._held > 0

    def feed(self, chunk: bytes) -> Block:
        """The lines that *chunk* ends, none where it ends none."""
        pieces = chunk.split(b"\n")
        if len(pieces) == 1:
            self._held += len(chunk)
            self._skipping = self._skipping or self._held > self._longest
            if self._skipping:
                self._pending.clear()
            else:
                self._pending.append(chunk)
            return Block(self._number, [])
        lines: list[bytes | None] = [*pieces[:-1]]
        first = None if self._skipping or self._held + len(pieces[0]) > self._longest else pieces[0]
        lines[0] = None if first is None else b"".join([*self._pending, first])
        if self._longest < len(chunk):
            lines = [None if line is None or len(line) > self._longest else line for line in lines]
        self._pending, self._held = [pieces[-1]], len(pieces[-1])
        self._skipping = self._held > self._longest
        return self._block(lines)

    def end(self, failure: str = "") -> Block | None:
        """The last line, where it has no end, or why there is no more; ``None`` where there is neither."""
        last: list[bytes | None] = [None if self._skipping else b"".join(self._pending)] if self._held else []
        self._pending, self._held, self._skipping = [], 0, False
        return self._block(last, failure) if last or failure else None

    def _block(self, lines: list[bytes | None], failure: str = "") -> Block:
        number = self._number
        self._number += len(lines)
        return Block(number, _without_mark(lines) if number == 1 else lines, failure)


def _split(chunks: Iterator[tuple[bytes, str]], longest: int) -> Iterator[Block]:
    lines, failed = Lines(longest), ""
    for chunk, failure in chunks:
        failed = failure
        block = lines.feed(chunk)
        if block.lines:
            yield block
    if (last := lines.end(failed)) is not None:
        yield last


def _without_mark(lines: list[bytes | None]) -> list[bytes | None]:
    """*lines* without the byte order mark that some editors put before the first."""
    return [lines[0].removeprefix(_MARK), *lines[1:]] if lines and lines[0] else lines


@contextmanager
def _opened(source: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The file as stored, and the stream of what it holds."""
    if source == STANDARD_INPUT:
        yield sys.stdin.buffer, sys.stdin.buffer
        return
    with open(source, "rb") as raw:
        if source.endswith(".gz"):
            import gzip

            with gzip.open(raw) as unpacked:
                yield raw, cast(IO[bytes], unpacked)
        elif source.endswith(".zst"):
            with _zstandard(source).open(raw) as unpacked:
                yield raw, unpacked
        else:
            yield raw, raw


def _zstandard(source: str) -> Any:
    """The module of Python 3.14, or the one that brings it to earlier ones."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    raise SourceError(f"{printable(source)}: reading .zst needs a library: pip install 'oversight[cli]'")
