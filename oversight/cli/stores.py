"""Stores as the commands take them: by URL, or by the path of an SQLite file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from oversight.cli.arguments import Usage
from oversight.ground.errors import OversightError
from oversight.ground.text import printable
from oversight.record.store import Store, is_store, open_store


def url_of(given: str) -> str:
    """
    The URL of the store that was given.

    Raises:
        Usage: it is neither one nor a file.

    >>> url_of("sqlite:///case.db")
    'sqlite:///case.db'
    """
    if is_store(given):
        return given
    if not Path(given).is_file():
        raise Usage(
            f"there is no record '{printable(given, 200)}': give sqlite:///FILE, a URL of PostgreSQL, or a file"
        )
    return f"sqlite:///{quote(os.fsencode(Path(given).absolute()))}"


@contextmanager
def opened(given: str) -> Iterator[Store]:
    """
    The store that was given, to read it.

    Raises:
        Usage: there is none, or it cannot be read.
    """
    with told():
        store = open_store(url_of(given), read_only=True)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def told() -> Iterator[None]:
    """What of our errors is raised inside, as what a command says."""
    try:
        yield
    except OversightError as error:
        raise Usage(f"oversight: {printable(str(error), 600)}") from error


def content(path: str, option: str) -> bytes:
    """
    What stands in the file that an option names.

    Raises:
        Usage: it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Usage(f"{option} {printable(path, 200)}: {(error.strerror or 'cannot be read').lower()}") from None
