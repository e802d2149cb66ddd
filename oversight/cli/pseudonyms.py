"""``oversight pseudonyms``: keys by which the ids of persons get pseudonyms."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from contextlib import closing

from oversight.cli.arguments import Usage
from oversight.cli.terminal import say, shown
from oversight.ground.errors import KeyRefused, RecordError
from oversight.ground.text import printable
from oversight.model.pack import Pack
from oversight.model.personal import PERSON, PRIVATE
from oversight.model.persons import named_persons
from oversight.record.store import is_store, open_store, without_password
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


def chosen(
    path: str | None, packs: Sequence[Pack], sources: Sequence[str], *, kept: bool = False
) -> tuple[Keys | None, int]:
    """
    How a run of *packs* deals with persons.

    Args:
        path: of the file of ``--pseudonyms``; ``None`` where it was not given.
        packs: that are run; with pseudonyms their rules must judge as they would without.
        sources: of its events. Where persons in a record have pseudonyms by these keys already, they keep them.
        kept: whether the events go into a record, to which others may come later.

    Returns:
        The keys, ``None`` for none; and from which level on the texts of alerts keep silent, as of
        ``oversight.model.personal``.

    Raises:
        Usage: the file cannot be used, a rule compares an id of a person with a name that is written in it, or the
            persons in a record have pseudonyms by other keys.
    """
    records = [source for source in sources if is_store(source)]
    if path is None:
        if records and (kept or len(sources) > 1):
            _tell_of_pseudonyms(records)
        return None, PERSON
    try:
        keys = read_keys(path)
    except KeyRefused as error:
        raise Usage(f"--pseudonyms {error}") from None
    if found := [each for pack in packs for each in named_persons(pack)]:
        said = "".join(f"\n  {shown(place)}: {printable(text)}" for place, text in found)
        raise Usage(
            "--pseudonyms: a rule or fact compares an id of a person with what is written in it, which no pseudonym is "
            f"like; leave personal: off that attribute if it names nobody, or let an event say it:{said}"
        )
    kinds = [pack.kinds for pack in packs]
    from oversight.runner.keynotes import held_to  # who has no keys does not wait for it

    try:
        for record in records:
            keys = held_to(keys, record, kinds, say)
    except RecordError as error:
        raise Usage(str(error)) from None
    return keys, PRIVATE


def _tell_of_pseudonyms(records: Sequence[str]) -> None:
    """Say of which *records* the persons have pseudonyms, where events with their ids may come beside."""
    from oversight.runner.keynotes import has_pseudonyms  # who reads no record does not wait for it

    for record in records:
        try:
            with closing(open_store(record, read_only=True)) as store:
                private = has_pseudonyms(store)
        except RecordError as error:
            raise Usage(str(error)) from None
        if private:
            say(
                f"{without_password(record)} has pseudonyms for persons, by which events with their ids name others: "
                "give the keys with --pseudonyms where such events come too, now or later"
            )
