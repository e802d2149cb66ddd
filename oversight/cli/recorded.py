"""``oversight run --store``: events into a record, and what is new out of it."""

from __future__ import annotations

import os
from argparse import Namespace
from datetime import datetime

import oversight
from oversight.cli.arguments import Usage
from oversight.cli.follow import Stop, stopping, taken_in
from oversight.cli.output import output, teller
from oversight.cli.packs import load_all, read
from oversight.cli.pseudonyms import chosen
from oversight.cli.tables import reader
from oversight.cli.terminal import refuse, say
from oversight.ground.errors import KeyRefused, RecordError, SealMissing, TimeWentBackwards
from oversight.ground.instants import in_zone
from oversight.ground.text import printable
from oversight.ground.time import format_instant
from oversight.model.pack import Pack
from oversight.model.personal import CLEAR
from oversight.outlets.personal import discreet
from oversight.runner.intake import Read
from oversight.runner.keeper import Settings
from oversight.runner.keynotes import KeyNotes
from oversight.runner.packs import shipped
from oversight.runner.record import Noting, Record
from oversight.runner.recorded import Counted, RecordedRun, begun
from oversight.runner.run import Tell
from oversight.runner.sinks import Out, is_address
from oversight.runner.stats import Stats
from oversight.runner.summary import Summary
from oversight.runner.telling import Tells


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
    pack, summary = only_pack(arguments), Summary()
    tables = reader(arguments, [pack])
    keys, least = chosen(arguments.pseudonyms, [pack], arguments.events, kept=True)
    notes = None if keys is None else KeyNotes(pack.kinds, keys)
    try:
        with stopping(arguments) as stop, output(arguments, arguments.events, lasting=True) as out:
            tell = teller(arguments.format, out, pack, [discreet([pack], least=least)])
            outlets: dict[str, Tells] = {_name(arguments.out): Counted(_Told(tell), summary)}
            with opened(arguments, pack, outlets, withheld=least, noting=notes) as record:
                run = RecordedRun(record, summary, refuse, until=arguments.until, notes=notes)
                return _run(arguments, run, out, stop, tables)
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


def pack_of(settings: Settings, arguments: Namespace) -> Pack | None:
    """
    The pack under which a record was begun: the one given, or the shipped one of that name and digest.

    Args:
        settings: of the record.
        arguments: with ``rules`` and ``site``.

    Returns:
        The pack; ``None`` where none was given and none of those shipped is it.

    Raises:
        Usage: the one given is another, or does not check.
    """
    if arguments.rules is not None:
        packs = load_all(arguments.rules, arguments.site)
        found = next((pack for pack in packs if pack.digest == settings.pack), None)
        if found is None:
            given = ", ".join(f"{pack.name} {pack.version} of digest {pack.digest[:12]}" for pack in packs)
            raise Usage(
                f"the record was begun under {printable(settings.name, 80)} of digest {settings.pack[:12]}, and given "
                f"is {given}; give that pack, with its site file"
            )
        return found
    name = settings.name.rpartition(" ")[0].replace("_", "-")
    pack = read(name, cases=False).pack if name in shipped() else None
    return pack if pack is not None and pack.digest == settings.pack else None


def opened(
    arguments: Namespace,
    pack: Pack,
    outlets: dict[str, Tells],
    *,
    read_only: bool = False,
    withheld: int | None = None,
    noting: Noting | None = None,
) -> Record:
    """
    The record of ``--store``, as it was begun.

    Raises:
        RecordError: it cannot be opened.
        KeyRefused: what ``--key`` names is no key, or others can read it.
        SealMissing: the library for keys is not installed.
    """
    before, revise, clock = begun(arguments.store), getattr(arguments, "revise", None), "events"
    if before is not None:
        revise = revise or before.revise
        clock = before.clock if read_only else clock  # a run lets time pass by the events alone
        withheld = before.withheld if withheld is None else withheld
    key = getattr(arguments, "key", None)
    return oversight.open(
        arguments.store, pack, revise=revise, clock=clock, outlets=outlets, key=key, read_only=read_only,
        withheld=withheld or CLEAR, noting=noting,
    )  # fmt: skip


def _run(arguments: Namespace, run: RecordedRun, out: Out, stop: Stop | None, tables: Read) -> int:
    _check_until(arguments.until, run.record)
    stats = Stats([run.record.engine]) if arguments.stats else None
    try:
        summary = taken_in(run, arguments, out, stop, tables)
    except TimeWentBackwards as error:
        raise Usage(f"--until: {error}") from None
    for line in [*run.told(), *(stats.lines(summary.events) if stats else ())]:
        say(line)
    return summary.status


def _check_until(until: datetime | None, record: Record) -> None:
    """Find out before anything is taken in."""
    if until is not None and record.now is not None and until < record.now:
        reached = format_instant(in_zone(record.now, record.pack.zone))
        raise Usage(f"--until is before {reached}, which the record has reached: let it be no earlier, or leave it out")


def _name(out: str | None) -> str:
    """By what the record knows again where results went."""
    if out is None or is_address(out):
        return out or "standard output"
    # A path may have bytes that are no text, which no database keeps as one.
    return os.fsencode(os.path.abspath(out)).decode("utf-8", "backslashreplace")
