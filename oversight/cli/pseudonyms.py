"""``oversight pseudonyms``: keys by which the ids of persons get pseudonyms."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from oversight.cli.arguments import Usage
from oversight.cli.terminal import say, shown
from oversight.ground.errors import KeyRefused
from oversight.ground.text import printable
from oversight.model.pack import Pack
from oversight.model.persons import named_persons
from oversight.runner.pseudonyms import Keys, add_key, read_keys


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
    except KeyRefused as error:
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
    except KeyRefused as error:
        raise Usage(f"--pseudonyms {error}") from None


def check_pseudonyms(keys: Keys | None, packs: Sequence[Pack]) -> None:
    """
    Make sure that with pseudonyms the rules of *packs* judge as they would without.

    Raises:
        Usage: one compares an id of a person with a name that is written in it.
    """
    found = [] if keys is None else [each for pack in packs for each in named_persons(pack)]
    if found:
        said = "".join(f"\n  {shown(place)}: {printable(text)}" for place, text in found)
        raise Usage(
            "--pseudonyms: a rule or fact compares an id of a person with what is written in it, which no pseudonym is "
            f"like; leave personal: off that attribute if it names nobody, or let an event say it:{said}"
        )
