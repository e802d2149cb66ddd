"""Files of secrets: they are their owner's alone, or they are not read."""

from __future__ import annotations

import os
import stat

from oversight.ground.errors import KeyRefused
from oversight.ground.text import printable

_OWNER_ALONE = 0o600


def read_secret(path: str, most: int) -> bytes:
    """
    What stands in a file of keys.

    Args:
        path: of the file.
        most: how many bytes of it are read.

    Raises:
        KeyRefused: it cannot be read, is no file, or somebody else could have what is in it; says what to do, and
            nothing of what is in it.

    >>> read_secret("/none", 100)
    Traceback (most recent call last):
    oversight.ground.errors.KeyRefused: /none: no such file or directory
    """
    shown = printable(path, 200)
    try:
        # What is no file is not waited for.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            _check(os.fstat(descriptor), shown)
            return os.read(descriptor, most)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise KeyRefused(f"{shown}: {(error.strerror or 'cannot be read').lower()}") from None


def _check(found: os.stat_result, shown: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise KeyRefused(f"{shown}: this is no file")
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        raise KeyRefused(f"{shown}: it belongs to another user; a file of keys must be yours alone")
    mode = stat.S_IMODE(found.st_mode)
    if os.name == "posix" and mode & 0o077:
        raise KeyRefused(
            f"{shown}: its mode is {mode:04o}, so others may use what is in it; make it yours alone with "
            f"chmod 600 {shown}, and make a new key if somebody may have seen it"
        )
    if os.name == "posix" and mode & ~_OWNER_ALONE:
        raise KeyRefused(f"{shown}: its mode is {mode:04o}, and that of a file of keys is 0600: chmod 600 {shown}")
