"""What people see on a terminal beside the results: messages, and a progress bar."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def say(text: str) -> None:
    """Write a message to standard error; *text* must be safe for a terminal already."""
    print(text, file=sys.stderr, flush=True)


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
def progress(sources: Sequence[str], results_here: bool) -> Iterator[Callable[[int], None] | None]:
    """
    A progress bar on standard error while the files *sources* are read.

    Args:
        sources: paths.
        results_here: whether results go to standard output.

    Returns:
        What takes the number of bytes read, or ``None`` where no bar is shown: where standard error is no
        terminal, where results would be written across it, or where the library for it is not installed.
    """
    sizes = [Path(source).stat().st_size for source in sources if os.path.isfile(source)]
    crossed = results_here and sys.stdout.isatty()
    if not sys.stderr.isatty() or crossed or len(sizes) < len(sources):
        yield None
        return
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        yield None
        return
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("reading", total=sum(sizes))
        yield lambda count: bar.advance(task, count)
