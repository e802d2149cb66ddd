"""The commands: ``oversight run``, ``check``, ``test``, ``explain``, ``rules`` and ``kinds``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from oversight.cli.arguments import Usage, parse
from oversight.cli.terminal import say

USAGE, INTERRUPTED, CLOSED = 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run one command.

    Args:
        arguments: without the name of the program; those of the process where left out.

    Returns:
        The exit status: 2 for a usage error or a pack that does not check, 130 where somebody stopped it, 141
        where whoever read the output went away; else as the command says.

    >>> main(["kinds", "camera-programme", "event.retracted"])  # doctest: +ELLIPSIS
    event.retracted — ...
    0
    """
    try:
        chosen = parse(sys.argv[1:] if arguments is None else arguments)
        command = import_module(f"oversight.cli.{chosen.module}")
        status: int = command.execute(chosen)
        sys.stdout.flush()
        return status
    except Usage as error:
        say(str(error))
        return USAGE
    except SystemExit as asked:
        return int(asked.code or 0)
    except BrokenPipeError:
        # What is left in the buffer has nowhere to go; Python would complain of it while ending.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED
    except KeyboardInterrupt:
        say("stopped")
        return INTERRUPTED
