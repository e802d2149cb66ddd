"""``oversight key``: a pair of keys for a log."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from oversight.cli.stores import told
from oversight.cli.terminal import say
from oversight.ground.text import printable


def execute(arguments: Namespace) -> int:
    """
    Carry out the command: the public key goes to standard output, the private one into a file and nowhere else.

    Raises:
        Usage: the name cannot be a log's, or the library for keys is not installed.
        OSError: a file is there already or cannot be written.
    """
    with told():
        from oversight.record.keys import SigningKey

        key = SigningKey.generate(arguments.name)
        beside = key.write(Path(arguments.out))
    print(key.public)
    say(
        f"{printable(arguments.out)} seals a record and is for nobody else's eyes: keep a copy in a safe place; "
        f"{printable(str(beside))} is for everybody"
    )
    return 0
