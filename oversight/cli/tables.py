"""``--map``: how commands read tables."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from oversight.cli.arguments import Usage
from oversight.cli.packs import rendered
from oversight.cli.terminal import say
from oversight.ground.text import printable
from oversight.model.pack import Pack
from oversight.runner.intake import Read, SourceError, blocks, is_table


def reader(arguments: Namespace, packs: Sequence[Pack]) -> Read:
    """
    How the events of a command are read: their tables by its map, if it has one.

    Args:
        arguments: with ``events`` and ``map``.
        packs: whose kinds of event there are; a time without offset is meant in the zone of the first.

    Raises:
        Usage: the map does not check, which was said, or a file cannot be read.
    """
    if arguments.map is None:
        return blocks
    from oversight.runner.tables import MapRefused, Tables  # who has no table does not wait for it

    shown = printable(arguments.map)
    tables = [source for source in arguments.events if is_table(source)]
    if not tables:
        raise Usage("--map is for tables: the name of none of the files ends in .csv or .tsv")
    read = Tables(arguments.map, {name: kind for pack in packs for name, kind in pack.kinds.items()}, packs[0].zone)
    for source in tables:
        try:
            read.check(source)
        except MapRefused as error:
            say(rendered(error.file.diagnostics, error.file.sources) + "\n")
            raise Usage(f"the map '{shown}' does not check for the table {printable(source)}") from None
        except SourceError as error:
            raise Usage(str(error)) from None
        except OSError as error:
            raise Usage(f"{shown}: {(error.strerror or 'cannot be read').lower()}") from None
    return read
