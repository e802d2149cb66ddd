"""``oversight run --store``: events into a record, and what is new out of it."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import oversight
from oversight.cli.arguments import Usage
from oversight.cli.output import output, teller
from oversight.cli.packs import load_all
from oversight.cli.pseudonyms import check_pseudonyms, chosen_keys
from oversight.cli.terminal import reading, say
from oversight.ground.errors import KeyRefused, RecordError, SealMissing, TimeWentBackwards
from oversight.ground.text import printable
from oversight.model.pack import Pack
from oversight.model.personal import CLEAR, PERSON, PRIVATE
from oversight.outlets.personal import discreet
from oversight.runner.intake import Refusal
from oversight.runner.record import Record
from oversight.runner.remote import is_address
from oversight.runner.recorded import Appended, Counted, RecordedRun, begun
from oversight.runner.run import Tell
from oversight.runner.sinks import Out
from oversight.runner.stats import Stats
from oversight.runner.summary import Summary
from oversight.runner.telling import Tells

_SQLITE = b"SQLite format 3\x00"


class _Told:
    """What tells changes, as an outlet."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell


def execute(arguments: Namespace) -> int:
    """
    Carry out ``run`` where it has ``--store``.

    Args:
        arguments: as given.

    Returns:
        0 no alert that counts was told, 3 some were, 1 lines were refused.

    Raises:
        Usage: the record, or a file, cannot be opened, read or written.
    """
    for given, name in ((arguments.plan, "--plan"), (arguments.as_known_at, "--as-known-at")):
        if given is not None:
            raise Usage(f"{name} is not for a record, which keeps what happened: leave --store out")
    if arguments.follow:
        raise Usage("--follow keeps no record: leave --store out, or run this again as the file grows")
    pack, summary = only_pack(arguments), Summary()
    keys = chosen_keys(arguments.pseudonyms)
    check_pseudonyms(keys, [pack])
    least = PERSON if keys is None else PRIVATE
    try:
        with _out(arguments) as (name, out):
            tell = teller(arguments.format, out, pack, [discreet([pack], least=least)])
            with opened(arguments, pack, {name: Counted(_Told(tell), summary)}, withheld=least) as record:
                return _run(arguments, RecordedRun(record, summary, _refuse, until=arguments.until, keys=keys))
    except (RecordError, KeyRefused, SealMissing) as error:
        raise Usage(str(error)) from None


def only_pack(arguments: Namespace) -> Pack:
    """
    The one pack of ``--rules``.

    Raises:
        Usage: there are several, or it does not check.
    """
    packs = load_all(arguments.rules, arguments.site)
    if len(packs) != 1:
        raise Usage("a record is kept under one pack: give each a --store of its own, or a pack that uses both")
    return packs[0]


def opened(
    arguments: Namespace, pack: Pack, outlets: dict[str, Tells], *, read_only: bool = False, withheld: int | None = None
) -> Record:
    """
    The record of ``--store``, as it was begun.

    Raises:
        RecordError: it cannot be opened.
        KeyRefused: what ``--key`` names is no key, or others can read it.
        SealMissing: the library for keys is not installed.
    """
    before, revise = begun(arguments.store), getattr(arguments, "revise", None)
    if before is not None:
        revise = revise or before.revise
        withheld = before.withheld if withheld is None else withheld
    key = getattr(arguments, "key", None)
    return oversight.open(
        arguments.store, pack, revise=revise, outlets=outlets, key=key, read_only=read_only, withheld=withheld or CLEAR
    )


def _run(arguments: Namespace, run: RecordedRun) -> int:
    _check_until(arguments.until, run.record)
    stats = Stats([run.record.engine]) if arguments.stats else None
    with reading(arguments.events, arguments.out is None) as bar:
        for source in arguments.events:
            run.take(source, bar)
    try:
        summary = run.finish()
    except TimeWentBackwards as error:
        raise Usage(f"--until: {error}") from None
    for line in [*run.told(), *(stats.lines(summary.events) if stats else ())]:
        say(line)
    return summary.status


def _check_until(until: datetime | None, record: Record) -> None:
    """Find out before anything is taken in."""
    if until is not None and record.now is not None and until < record.now:
        reached = record.now.astimezone(record.pack.zone).isoformat()
        raise Usage(f"--until is before {reached}, which the record has reached: let it be no earlier, or leave it out")


@contextmanager
def _out(arguments: Namespace) -> Iterator[tuple[str, Out | Appended]]:
    """Where results go, with the name under which the record knows what was told there."""
    path: str | None = arguments.out
    if path is None:
        yield "standard output", sys.stdout
        return
    if is_address(path):
        with output(arguments, arguments.events) as receiver:
            yield path, receiver
        return
    if any(os.path.exists(path) and os.path.exists(each) and os.path.samefile(path, each) for each in arguments.events):
        raise Usage(f"--out {printable(path)} would be written into the events it reads")
    if _is_record(path):
        raise Usage(f"--out {printable(path)} is a record: give another file for what is told")
    try:
        file = Appended(path)
    except OSError as error:
        raise Usage(f"--out {printable(path)}: {(error.strerror or 'cannot be written').lower()}") from None
    try:
        yield os.path.abspath(path), file
    finally:
        file.close()


def _is_record(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def _refuse(refusal: Refusal) -> None:
    say(str(refusal))
