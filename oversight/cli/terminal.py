"""What people see on a terminal beside the results: messages, and a progress bar."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from oversight.runner.intake import Refusal


def say(text: str) -> None:
    """Write a message to standard error; *text* must be safe for a terminal already."""
    print(text, file=sys.stderr, flush=True)


def refuse(refusal: Refusal) -> None:
    """Say why a line was not taken in."""
    say(str(refusal))


def shown(path: str) -> str:
    """
    *path* as seen from here, where it lies below.

    >>> shown(os.path.abspath("setup.cfg"))
    'setup.cfg'
    """
    try:
        near = os.path.relpath(path)
    except ValueError:
        return path
    return path if near.startswith("..") else near


@contextmanager
def reading(sources: Sequence[str], results_here: bool) -> Iterator[Callable[[int], None] | None]:
    """
    A progress bar while the files *sources* are read; as :func:`progress`, in bytes.

    Args:
        sources: paths; no bar is shown where one is no file.
        results_here: whether results go to standard output.
    """
    sizes = [Path(source).stat().st_size for source in sources if os.path.isfile(source)]
    with progress("reading", sum(sizes) if len(sizes) == len(sources) else 0, results_here) as bar:
        yield bar


@contextmanager
def progress(what: str, total: int, results_here: bool) -> Iterator[Callable[[int], None] | None]:
    """
    A progress bar on standard error.

    Args:
        what: is being done.
        total: how much there is to do; no bar is shown for nothing.
        results_here: whether results go to standard output meanwhile.

    Returns:
        What takes how much was done, or ``None`` where no bar is shown: where standard error is no terminal,
        where results would be written across it, or where the library for it is not installed.
    """
    crossed = results_here and sys.stdout.isatty()
    if not sys.stderr.isatty() or crossed or not total:
        yield None
        return
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        yield None
        return
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)
