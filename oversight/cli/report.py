"""``oversight report``: the alerts of events, or of a record, as one page of HTML for people."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from oversight.cli.arguments import Usage
from oversight.cli.output import check_out, is_database
from oversight.cli.packs import load_all
from oversight.cli.pseudonyms import chosen
from oversight.cli.recorded import opened, pack_of
from oversight.cli.run import check_clocks, check_sources
from oversight.cli.stores import opened as opened_store
from oversight.cli.stores import url_of
from oversight.cli.tables import reader
from oversight.cli.terminal import reading, refuse, say
from oversight.ground.errors import RecordError
from oversight.ground.instants import in_zone
from oversight.ground.text import printable
from oversight.model.alerts import Change
from oversight.model.events import vocabulary_of
from oversight.model.forms import Event
from oversight.model.pack import Pack
from oversight.model.personal import PERSON, without_personal
from oversight.outlets.personal import discreet
from oversight.outlets.report import MOST_REFUSED, Ran, report
from oversight.outlets.text import clock
from oversight.record.entries import EVENT
from oversight.record.store import Store, is_store
from oversight.runner.intake import STANDARD_INPUT, Refusal, named
from oversight.runner.keeper import Settings
from oversight.runner.run import Run
from oversight.runner.sinks import SinkError, WholeFile
from oversight.runner.summary import Summary, counted

Rows = list[tuple[str, list[str]]]


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0 no alert that counts, 3 alerts raised, 1 lines were refused.

    Raises:
        Usage: a file or the record cannot be read, the page cannot be written, or a pack does not check.
    """
    if any(is_store(source) or is_database(source) for source in arguments.events):
        return _of_record(arguments)
    return _of_events(arguments)


def _of_events(arguments: Namespace) -> int:
    """Report what events raise."""
    sources: list[str] = arguments.events
    if arguments.rules is None:
        raise Usage("oversight report: give a pack with --rules; only a record knows its own")
    if sources.count(STANDARD_INPUT) > 1:
        raise Usage("standard input can be read once")
    check_clocks(arguments)
    check_sources(sources, arguments.map)
    loaded = load_all(arguments.rules, arguments.site)
    keys, least = chosen(arguments.pseudonyms, loaded, sources)
    packs = [without_personal(pack, least) for pack in loaded]
    read = reader(arguments, packs)
    changes: list[Change] = []
    refused: list[str] = []

    def note(refusal: Refusal) -> None:
        refuse(refusal)
        if len(refused) < MOST_REFUSED:
            refused.append(str(refusal))

    with _page(arguments, sources) as page:
        until, known_at = arguments.until, arguments.as_known_at
        run = Run(packs, changes.extend, note, until=until, known_at=known_at, keys=keys)
        with reading(sources, False) as bar:
            for source in sources:
                run.take(source, bar, read)
        summary = run.finish()
        rows: Rows = [
            ("Files", ["standard input" if each == STANDARD_INPUT else printable(each) for each in sources]),
            ("Events", [_events(summary.events, summary.span, packs[0].zone)]),
            *_asked(arguments, packs[0].zone),
        ]
        ran = Ran(
            packs=packs, reached=run.now, rows=rows, refused=refused, refusals=summary.refused, notes=list(run.notes())
        )
        page += [report(changes, ran, most=arguments.limit, processors=[discreet(packs, least=least)])]
    for line in run.told():
        say(line)
    return summary.status


def _asked(arguments: Namespace, zone: ZoneInfo) -> Iterator[tuple[str, list[str]]]:
    """What was asked for beside events and rules."""
    for label, instant in (("Until", arguments.until), ("As known at", arguments.as_known_at)):
        if instant is not None:
            yield label, [f"{clock(in_zone(instant, zone))} ({zone})"]
    if arguments.site is not None:
        yield "Site file", [f"{printable(arguments.site)}, which is part of the digest of the rules"]
    if arguments.pseudonyms is not None:
        yield "Persons", ["ids of persons are replaced by pseudonyms"]


def _events(count: int, span: tuple[datetime, datetime] | None, zone: ZoneInfo) -> str:
    if span is None:
        return counted(count, "event")
    first, last = (clock(in_zone(instant, zone)) for instant in span)
    return f"{counted(count, 'event')}, from {first} to {last} ({zone})"


@contextmanager
def _page(arguments: Namespace, sources: list[str]) -> Iterator[list[str]]:
    """
    Takes the page, and writes it in the end.

    Raises:
        Usage: it cannot be written, which is found out at once where it can be.
    """
    path: str | None = arguments.out
    page: list[str] = []
    if path is None or path == STANDARD_INPUT:
        yield page
        # The page says that it is UTF-8, whatever the terminal is.
        sys.stdout.flush()
        getattr(sys.stdout, "buffer", _Encoded()).write("".join(page).encode())
        return
    check_out(path, sources, arguments)
    try:
        file = WholeFile(path)
        try:
            yield page
            file.keep("".join(page).encode())
        finally:
            file.drop()
    except SinkError as error:
        raise Usage(str(error)) from None


class _Encoded:
    """Standard output where it takes text alone."""

    def write(self, data: bytes) -> None:
        sys.stdout.write(data.decode())


# Of a record


def _of_record(arguments: Namespace) -> int:
    """Report what a record has told."""
    if len(arguments.events) > 1:
        raise Usage("a record is reported alone: give it without other events, or give files")
    for option in ("until", "as_known_at", "pseudonyms", "map"):
        if getattr(arguments, option) is not None:
            name = option.replace("_", "-")
            raise Usage(f"--{name} is for files of events: a record has reached its own instant, under its own keys")
    if arguments.site is not None and arguments.rules is None:
        raise Usage("--site sets what its place says in a pack: give that with --rules")
    arguments.store = url = url_of(arguments.events[0])
    with _page(arguments, []) as page:
        try:
            with opened_store(url) as store:
                withheld, pack = Settings.of(store).withheld, _pack_of(store, arguments)
                events = _on_record(store, pack)
            with opened(arguments, pack, {}, read_only=True) as record:
                changes = list(record.changes(0, record.size))
                reached, pack = record.now, record.pack
        except RecordError as error:
            raise Usage(str(error)) from None
        least = withheld or PERSON
        rows: Rows = [("Record", [printable(named(url))]), ("Events", [events])]
        ran = Ran(packs=[pack], reached=reached, rows=rows)
        page += [report(changes, ran, most=arguments.limit, processors=[discreet([pack], least=least)])]
    summary = Summary()
    summary.told(changes)
    say(f"{events}, {counted(len(summary.standing), 'alert')}")
    return summary.status


def _pack_of(store: Store, arguments: Namespace) -> Pack:
    settings = Settings.of(store)
    pack = pack_of(settings, arguments)
    if pack is None:
        name = f"{printable(settings.name, 80)} of digest {settings.pack[:12]}"
        raise Usage(f"the record was begun under {name}: give that pack with --rules, and its --site")
    return pack


def _on_record(store: Store, pack: Pack) -> str:
    """How many events a record has, and of which time."""
    decode = vocabulary_of(pack).decode
    span: tuple[datetime, datetime] | None = None
    count = forgotten = 0
    for entry in store.entries(types=(EVENT,)):
        count += 1
        if entry.body is None:
            forgotten += 1
        elif isinstance(event := decode(entry.body), Event):
            first, last = span or (event.time, event.time)
            span = min(first, event.time), max(last, event.time)
    told = _events(count, span, pack.zone)
    return f"{told}, of which {forgotten:,} forgotten" if forgotten else told
