"""``oversight prune``: forget what old events of a record said."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime

from oversight.cli.arguments import Usage
from oversight.cli.packs import load_all, sound_site
from oversight.cli.stores import opened, told, url_of
from oversight.cli.terminal import say
from oversight.ground.time import Period, format_instant, shift
from oversight.model.pack import Pack
from oversight.runner.keeper import Settings
from oversight.runner.opening import open_record
from oversight.runner.record import Record


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Raises:
        Usage: there is no such record, nothing says what is to be kept, or the record cannot be written.
    """
    packs = load_all(arguments.rules)
    keep = None if arguments.keep is None else Period.parse(arguments.keep)
    if arguments.site is not None:
        adapted = sound_site(arguments.site, packs)
        packs, site = list(adapted.packs or ()), adapted.retention
        keep = keep or (site if arguments.before is None else None)
    if keep is None and arguments.before is None:
        raise Usage("nothing says what to forget: give --before T, --keep PERIOD, or a site file with retention:")
    if len(packs) != 1:
        raise Usage("--rules takes the one pack under which the record was begun")
    with opened(arguments.store) as store:
        settings = Settings.of(store)
    with (
        told(),
        open_record(
            url_of(arguments.store), packs[0], revise=settings.revise, clock=settings.clock,
            withheld=settings.withheld, key=arguments.key,
        ) as record,
    ):  # fmt: skip
        before = _before(record, packs[0], keep, arguments.before)
        count = 0 if before is None else record.prune(before)
    if before is None:
        say("no event was recorded yet: nothing to forget")
        return 0
    print(
        f"{count} {'event' if count == 1 else 'events'} before {format_instant(before)} forgotten; the log still holds"
    )
    if settings.revise is None:
        say("the record was begun without --revise: every event may still be corrected, and none is forgotten")
    return 0


def _before(record: Record, pack: Pack, keep: Period | None, given: datetime | None) -> datetime | None:
    """The instant before which events are to be forgotten."""
    if keep is None:
        return given
    try:
        return None if record.now is None else shift(record.now, keep, pack.zone, -1)
    except OverflowError:
        raise Usage("the period to keep reaches back behind the first year: let it be at most P990Y") from None
