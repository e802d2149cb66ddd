"""Files that grow and standard input, read as far as they go without waiting for more."""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Callable

from oversight.ground.text import printable
from oversight.record.store import is_store, without_password
from oversight.runner.intake import ARCHIVES, CHUNK, STANDARD_INPUT, Block, Lines, SourceError


class GrowingFile:
    """
    A file that another program goes on writing, also where that is moved away and begun anew, or cut off.

    A new file of the name is read from its beginning once the old one has been read to its end twice, since whoever
    writes may finish a line in the old one. A line without its end waits for the end.

    Args:
        path: of the file.
        say: told when the file is another, or was cut off.

    Raises:
        SourceError: it cannot be opened, is an archive or a record, or no file at all.
    """

    def __init__(self, path: str, say: Callable[[str], object]) -> None:
        self.source, self.ended = path, False
        self._say, self._shown = say, printable(path)
        if is_store(path):
            raise SourceError(f"{without_password(path)}: a record is read to its end; --follow reads plain files")
        if path.endswith(ARCHIVES):
            raise SourceError(f"{self._shown}: an archive does not grow; --follow reads plain files")
        try:
            self._file = _opened(path)
        except OSError as error:
            raise SourceError(f"{self._shown}: {_reason(error)}") from None
        self._lines, self._read, self._moved, self._hindered = Lines(), 0, False, ""

    def read(self) -> Block | None:
        """The lines that are there; ``None`` where there is nothing new."""
        data = os.read(self._file, CHUNK)
        if data:
            self._read, self._moved = self._read + len(data), False
            return self._lines.feed(data)
        if os.fstat(self._file).st_size < self._read:
            return self._anew("was cut off", self._file)
        if self._is_ours():
            self._moved = False
            return None
        if not self._moved:
            self._moved = True
            return None
        try:
            found = _opened(self.source)
        except OSError as error:
            self._waits(_reason(error))
            return None
        return self._anew("is another file now", found)

    def _waits(self, reason: str) -> None:
        """Say once why the new file of the name is not read, so that nobody takes silence for nothing to tell."""
        if reason != self._hindered:
            self._say(f"{self._shown} is another file now, and cannot be read: {reason}; it is tried again")
        self._hindered = reason

    def close(self) -> None:
        """Read no more; a line without its end is named."""
        if self._lines.unfinished:
            self._say(f"{self._shown}: the last line has no end yet and was not taken in")
        os.close(self._file)

    def _anew(self, what: str, file: int) -> Block:
        """Go on at the beginning of *file*; a line that was left unfinished is a line."""
        self._say(f"{self._shown} {what}: it is read from its beginning")
        last = self._lines.end()
        if file == self._file:
            os.lseek(file, 0, os.SEEK_SET)
        else:
            os.close(self._file)
        self._file, self._lines, self._read, self._moved, self._hindered = file, Lines(), 0, False, ""
        return Block(1, []) if last is None else last

    def _is_ours(self) -> bool:
        try:
            return os.path.samestat(os.stat(self.source), os.fstat(self._file))
        except FileNotFoundError:
            return True


def _opened(path: str) -> int:
    """
    A file to be read, without waiting for what is none.

    Raises:
        OSError: it cannot be opened, or is none.
    """
    found = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISREG(os.fstat(found).st_mode):
        return found
    os.close(found)
    raise OSError("this is no file that grows; --follow reads a pipe as standard input, -")


def _reason(error: OSError) -> str:
    return (error.strerror or "").lower() or printable(str(error))


class Piped:
    """
    What comes through a pipe, as standard input does.

    Args:
        descriptor: of the pipe.
    """

    def __init__(self, descriptor: int) -> None:
        self.source, self.ended = STANDARD_INPUT, False
        self._descriptor = descriptor
        self._lines = Lines()

    def read(self) -> Block | None:
        """The lines that are there; ``None`` where there is nothing new, or no more."""
        if not select.select([self._descriptor], [], [], 0)[0]:
            return None
        data = os.read(self._descriptor, CHUNK)
        if data:
            return self._lines.feed(data)
        self.ended = True
        return self._lines.end()

    def close(self) -> None:
        """Read no more."""
