"""Where results are written: a file that may be rotated away at any time, in whole lines."""

from __future__ import annotations

import os
import stat
from typing import IO, Protocol

from oversight.ground.text import printable, were

SCHEMES = ("tcp", "tls")
"""Of the addresses of receivers."""
_MOST = 1 << 20


class SinkError(OSError):
    """Results cannot be written or sent; the text says where, why and what to do."""


class Out(Protocol):
    """What takes results: standard output, a file or, message by message, a connection."""

    def write(self, text: str, /) -> object:
        """Take some text, whole lines."""

    def flush(self) -> None:
        """Pass on what was taken."""


def is_address(out: str | None) -> bool:
    """
    Whether results go to a receiver and not to a file.

    >>> is_address("tcp://localhost:601"), is_address("alerts.jsonl")
    (True, False)
    """
    return out is not None and out.partition("://")[0] in SCHEMES and "://" in out


class WholeFile:
    """
    A file that is written whole or not at all: until everything was written what stood there stays.

    Args:
        path: of the file; what is none, as a pipe or a terminal, is written in the end as it is.

    Raises:
        SinkError: it cannot be written.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        # Where a link leads is replaced, and not the link.
        self._target = os.path.realpath(path)
        try:
            if os.path.exists(path) and not os.path.isfile(path):
                self._file: IO[bytes] = open(path, "wb")  # noqa: SIM115
                self._beside = ""
                return
            from tempfile import mkstemp  # who writes no whole file does not wait for it

            folder, name = os.path.split(self._target)
            number, self._beside = mkstemp(dir=folder, prefix=f".{name[:100]}.", suffix=".part")
            self._file = os.fdopen(number, "wb")
        except OSError as error:
            raise _failed(path, error, "") from None

    def keep(self, data: bytes) -> None:
        """
        Write *data*, which is everything, and have it stand at the path.

        Raises:
            SinkError: it cannot be written; what stood there stays.
        """
        try:
            with self._file as file:
                file.write(data)
                file.flush()
                if self._beside:
                    os.fchmod(file.fileno(), self._mode())
                    os.fsync(file.fileno())
                    os.replace(self._beside, self._target)
                    self._beside = ""
        except OSError as error:
            raise _failed(self._path, error, "") from None

    def drop(self) -> None:
        """Leave nothing behind of what was not kept."""
        self._file.close()
        if self._beside:
            os.unlink(self._beside)

    def _mode(self) -> int:
        try:
            return stat.S_IMODE(os.stat(self._target).st_mode)
        except FileNotFoundError:
            return 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _failed(path: str, error: OSError, lost: str) -> SinkError:
    said = (error.strerror or "cannot be written").lower()
    return SinkError(f"--out {printable(path)}: {said}" + (f"; {lost}" if lost else ""))


class RotatingFile:
    """
    A file whose name another program may move, or whose content it may cut off, while it is written.

    Text is appended a batch of whole lines at a time. Before each batch the name is looked at again: where it is gone,
    or that of another file, a new one is opened, so that what was moved away holds whole lines and nothing is lost.

    Args:
        path: of the file.
        lasting: whether what it held stays, but for a line that a crash cut off, and what is flushed outlasts a loss
            of power; else what it held is dropped.

    Raises:
        SinkError: it cannot be opened.
    """

    def __init__(self, path: str, *, lasting: bool = False) -> None:
        self._path = path
        self._lasting = lasting
        self._waiting: list[bytes] = []
        self._size = 0
        self._file = self._opened(os.O_RDWR if lasting else os.O_WRONLY | os.O_TRUNC)
        if lasting:
            self._mend()

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
            self._file = self._opened(os.O_WRONLY)
        data = b"".join(self._waiting)
        while data:
            try:
                data = data[os.write(self._file, data) :]
            except OSError as error:
                self._waiting, self._size = [data], len(data)
                raise _failed(self._path, error, f"{were(data.count(bytes([10])), 'line')} not written") from None
        self._waiting, self._size = [], 0
        if self._lasting:
            self._keep()

    def close(self) -> None:
        """Write what is waiting, and close the file."""
        try:
            self.flush()
        finally:
            os.close(self._file)

    def _opened(self, how: int) -> int:
        try:
            return os.open(self._path, os.O_CREAT | os.O_APPEND | how, 0o666)
        except OSError as error:
            raise _failed(self._path, error, "") from None

    def _mend(self) -> None:
        """Take away a last line without an end."""
        try:
            size = whole = os.fstat(self._file).st_size
            while whole > 0 and os.pread(self._file, 1, whole - 1) != b"\n":
                whole -= 1
            if whole < size:
                os.ftruncate(self._file, whole)
        except OSError as error:
            os.close(self._file)
            raise _failed(self._path, error, "") from None

    def _keep(self) -> None:
        """Have what was written outlast a loss of power, where the file is one of a disk."""
        try:
            if stat.S_ISREG(os.fstat(self._file).st_mode):
                os.fsync(self._file)
        except OSError as error:
            raise _failed(self._path, error, "") from None

    def _is_ours(self) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._file))
        except FileNotFoundError:
            return False
