"""The commands: ``oversight run``, ``check``, ``test``, ``explain``, ``why-not``, ``diff``, ``report``, ``verify``,
``checkpoint``, ``key``, ``prune``, ``rules``, ``kinds``, ``pseudonyms`` and ``schema``."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

from oversight.cli.arguments import Usage, parse
from oversight.cli.terminal import say
from oversight.ground.text import printable

USAGE, INTERRUPTED, CLOSED = 2, 130, 141


def command() -> int:
    """Run the command of this process, which is its own: its garbage collector is set as suits an engine."""
    collect_seldom()
    return main()


def collect_seldom() -> None:
    """
    Have Python's garbage collector go through this process less often.

    An engine leaves no cycles behind, so that collecting finds nothing in it: at Python's own pace looking takes a
    quarter of the time. An engine of a shipped pack is there before it looks for the first time. A library must leave
    that to the process it is in.
    """
    gc.set_threshold(250_000, 20, 100)


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
    _open_closed()
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal that lacks a character gets its escape, and not a traceback.
        sys.stdout.reconfigure(errors="backslashreplace")
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
        _drop_output()
        return CLOSED
    except OSError as error:
        _drop_output()
        named = error.filename is not None and error.strerror is not None
        say(printable(f"{error.filename}: {str(error.strerror).lower()}" if named else f"oversight: {error}"))
        return USAGE
    except KeyboardInterrupt:
        say("stopped")
        return INTERRUPTED


def _open_closed() -> None:
    """
    Let there be streams where whoever started this closed them, as some supervisors do.

    What is said goes nowhere then. Events and what is told must not: that they cannot be read or written is found out
    by who asks for it.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_WRONLY), encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")


def _drop_output() -> None:
    """What is left in the buffer has nowhere to go; Python would complain of it while ending."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
