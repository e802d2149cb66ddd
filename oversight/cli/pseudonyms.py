"""``oversight pseudonyms``: keys by which the ids of persons get pseudonyms."""

from __future__ import annotations

from argparse import Namespace

from oversight.cli.arguments import Usage
from oversight.cli.terminal import say
from oversight.runner.pseudonyms import KeyFileError, Keys, add_key, read_keys


def execute(arguments: Namespace) -> int:
    """
    Carry out the command; nothing of a key is shown.

    Returns:
        0.

    Raises:
        Usage: the file cannot be made or added to.
    """
    try:
        say(add_key(arguments.file, arguments.start))
    except KeyFileError as error:
        raise Usage(str(error)) from None
    return 0


def chosen_keys(path: str | None) -> Keys | None:
    """
    The keys in the file *path* of ``--pseudonyms``; ``None`` where it was not given.

    Raises:
        Usage: it cannot be used.
    """
    try:
        return None if path is None else read_keys(path)
    except KeyFileError as error:
        raise Usage(f"--pseudonyms {error}") from None
