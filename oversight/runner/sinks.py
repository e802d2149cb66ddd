"""Where results are written: a file that may be rotated away at any time, in whole lines."""

from __future__ import annotations

import os
from typing import Protocol

from oversight.ground.text import printable

_MOST = 1 << 20


class SinkError(OSError):
    """Results cannot be written or sent; the text says where, why and what to do."""


class Out(Protocol):
    """What takes results: standard output, a file or, message by message, a connection."""

    def write(self, text: str, /) -> object:
        """Take some text, whole lines."""

    def flush(self) -> None:
        """Pass on what was taken."""


class RotatingFile:
    """
    A file whose name another program may move, or whose content it may cut off, while it is written.

    Text is appended a batch of whole lines at a time. Before each batch the name is looked at again: where it is gone,
    or that of another file, a new one is opened, so that what was moved away holds whole lines and nothing is lost.

    Args:
        path: of the file; what it held is dropped.

    Raises:
        SinkError: it cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._waiting: list[bytes] = []
        self._size = 0
        self._file = self._opened(os.O_TRUNC)

    def write(self, text: str) -> None:
        """Take *text*; it is written with the next :meth:`flush`, or when much is waiting."""
        data = text.encode("utf-8", "backslashreplace")
        self._waiting.append(data)
        self._size += len(data)
        if self._size > _MOST:
            self.flush()

    def flush(self) -> None:
        """
        Write what is waiting.

        Raises:
            SinkError: it cannot be written; what is left waits for another try.
        """
        if not self._waiting:
            return
        if not self._is_ours():
            os.close(self._file)
            self._file = self._opened(0)
        data = b"".join(self._waiting)
        while data:
            try:
                data = data[os.write(self._file, data) :]
            except OSError as error:
                self._waiting, self._size = [data], len(data)
                raise self._failed(error, f"{data.count(bytes([10])):,} lines were not written") from None
        self._waiting, self._size = [], 0

    def close(self) -> None:
        """Write what is waiting, and close the file."""
        try:
            self.flush()
        finally:
            os.close(self._file)

    def _opened(self, how: int) -> int:
        try:
            return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | how, 0o666)
        except OSError as error:
            raise self._failed(error, "") from None

    def _is_ours(self) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._file))
        except FileNotFoundError:
            return False

    def _failed(self, error: OSError, lost: str) -> SinkError:
        said = (error.strerror or "cannot be written").lower()
        return SinkError(f"--out {printable(self._path)}: {said}" + (f"; {lost}" if lost else ""))
