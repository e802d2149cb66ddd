"""``oversight schema``: the JSON Schema of a pack, for editors."""

from __future__ import annotations

import json
from argparse import Namespace

from oversight.cli.packs import load_all
from oversight.language.schema import pack_schema


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0.

    Raises:
        Usage: a pack does not check.
    """
    packs = [] if arguments.rules is None else load_all(arguments.rules)
    print(json.dumps(pack_schema(packs), indent=1))
    return 0
