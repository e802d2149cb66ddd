"""``oversight run``: events in, alerts out."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from oversight.cli.arguments import Usage
from oversight.cli.packs import load_all
from oversight.cli.terminal import reading, say
from oversight.ground.text import printable
from oversight.model.pack import Pack
from oversight.outlets.jsonlines import json_lines
from oversight.outlets.stream import Outlet
from oversight.outlets.text import text
from oversight.runner.intake import SourceError, check_source
from oversight.runner.run import Run, Tell


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0 no alert, 3 alerts raised, 1 lines were refused.

    Raises:
        Usage: a file cannot be read or written, or a pack does not check.
    """
    sources: list[str] = arguments.events
    check_sources(sources)
    packs = load_all(arguments.rules)
    with _written(arguments.out, sources) as out:
        run = Run(
            packs,
            _teller(arguments.format, out, packs[0]),
            lambda refusal: say(str(refusal)),
            until=arguments.until,
            revise=arguments.revise,
        )
        with reading(sources, out is sys.stdout) as bar:
            for source in sources:
                run.take(source, bar)
        summary = run.finish()
    for line in run.told():
        say(line)
    return summary.status


def check_sources(sources: list[str]) -> None:
    """
    Make sure that every file can be opened.

    Raises:
        Usage: one cannot.
    """
    for source in sources:
        try:
            check_source(source)
        except SourceError as error:
            raise Usage(str(error)) from None


def _teller(form: str, out: TextIO, pack: Pack) -> Tell:
    def sink(told: str) -> None:
        out.write(told + "\n")

    outlet: Outlet = json_lines(sink) if form == "jsonl" else text(sink, pack.zone)

    def tell(changes: object) -> None:
        outlet.tell(changes)  # type: ignore[arg-type]
        out.flush()

    return tell


@contextmanager
def _written(path: str | None, sources: list[str]) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    if any(os.path.exists(path) and os.path.exists(each) and os.path.samefile(path, each) for each in sources):
        raise Usage(f"--out {printable(path)} would write over the events it reads")
    try:
        with open(path, "w", encoding="utf-8", newline="\n") as out:
            yield out
    except OSError as error:
        raise Usage(f"--out {printable(path)}: {(error.strerror or 'cannot be written').lower()}") from None
