"""``oversight schema``: JSON Schemas of the files of a pack, for editors, and of what is told, for receivers."""

from __future__ import annotations

import json
from argparse import Namespace

from oversight.cli.arguments import Usage
from oversight.cli.packs import load_all
from oversight.language.schema import pack_schema
from oversight.outlets.schemas import alert_schema, cloudevent_schema


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0.

    Raises:
        Usage: a pack does not check, or is named where none matters.
    """
    if arguments.what != "pack":
        if arguments.rules is not None:
            raise Usage(f"--rules is for schema pack: every {arguments.what} has one form")
        made = alert_schema() if arguments.what == "alert" else cloudevent_schema()
    else:
        made = pack_schema([] if arguments.rules is None else load_all(arguments.rules))
    print(json.dumps(made, indent=1))
    return 0
