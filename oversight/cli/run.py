"""``oversight run``: events in, alerts out."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from oversight.cli import collect_seldom
from oversight.cli.arguments import Usage
from oversight.cli.follow import check_follow, stopping, taken_in
from oversight.cli.output import output, teller
from oversight.cli.packs import load_all
from oversight.cli.pseudonyms import chosen
from oversight.cli.tables import reader
from oversight.cli.terminal import refuse, say
from oversight.ground.errors import ProcessLost, TimeWentBackwards
from oversight.ground.time import format_instant
from oversight.model.alerts import Change, to_json
from oversight.model.pack import Pack
from oversight.outlets.checklist import checklist
from oversight.outlets.personal import discreet
from oversight.outlets.stream import Processor
from oversight.model.personal import without_personal
from oversight.runner.intake import STANDARD_INPUT, SourceError, check_source, is_table
from oversight.runner.plan import Plan
from oversight.runner.run import Run
from oversight.runner.sinks import Out
from oversight.runner.stats import Stats


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0 no alert that counts, 3 alerts raised, 1 lines were refused; with a plan, as it counts its own alerts.

    Raises:
        Usage: a file cannot be read or written, or a pack does not check.
    """
    sources: list[str] = arguments.events
    plan = [] if arguments.plan is None else [arguments.plan]
    if arguments.plan_until is not None and not plan:
        raise Usage("--plan-until lets time pass after a plan: give one with --plan")
    if plan and arguments.format not in (None, "text", "jsonl"):
        raise Usage(f"--plan is told as text or jsonl, not as {arguments.format}")
    if any(map(is_table, plan)):
        raise Usage("--plan takes JSON Lines; a table can be among the events")
    if [*sources, *plan].count(STANDARD_INPUT) > 1:
        raise Usage("standard input can be read once: give a file for the events or for the plan")
    if arguments.key is not None and arguments.store is None:
        raise Usage("--key seals a record: give one with --store")
    check_clocks(arguments)
    check_follow(arguments)
    check_jobs(arguments)
    check_sources(sources, arguments.map)
    check_sources(plan)
    if arguments.store is not None:
        from oversight.cli import recorded  # who keeps no record does not wait for it

        return recorded.execute(arguments)
    loaded = load_all(arguments.rules, arguments.site)
    keys, least = chosen(arguments.pseudonyms, loaded, [*sources, *plan])
    packs = [without_personal(pack, least) for pack in loaded]
    read = reader(arguments, packs)
    with stopping(arguments) as stop, output(arguments, [*sources, *plan]) as out:
        veil = discreet(packs, least=least)
        tell = _silent if plan else teller(arguments.format, out, packs[0], [veil])
        clocks = {"until": arguments.until, "known_at": arguments.as_known_at}
        with _begun(arguments, packs, tell, {**clocks, "revise": arguments.revise, "keys": keys}) as run:
            stats = Stats(run.engines) if arguments.stats else None
            summary = taken_in(run, arguments, out, stop, read)
        for line in [*run.told(), *(stats.lines(summary.events) if stats else ())]:
            say(line)
        if not plan:
            return summary.status
        status = _plan(arguments, run, out, veil)
    return summary.status if summary.refused else status


@contextmanager
def _begun(
    arguments: Namespace, packs: Sequence[Pack], tell: Callable[[Iterable[Change]], object], options: dict[str, Any]
) -> Iterator[Run]:
    """A run in as many processes as are asked for."""
    if arguments.jobs == 1:
        yield Run(packs, tell, refuse, **options)
        return
    from oversight.runner.divided import DividedRun  # who has one process does not wait for it

    try:
        with DividedRun(packs, tell, refuse, jobs=arguments.jobs, prepare=collect_seldom, **options) as run:
            yield run
    except ProcessLost as error:
        raise Usage(f"oversight run: {error}") from None


def check_jobs(arguments: Namespace) -> None:
    """
    Make sure that what was given goes together with ``--jobs``.

    Raises:
        Usage: it does not.
    """
    if arguments.jobs == 1:
        return
    for option in ("store", "follow", "plan", "stats"):
        if getattr(arguments, option):
            raise Usage(f"--jobs and --{option} do not go together: leave out one of them")


def _plan(arguments: Namespace, run: Run, out: Out, veil: Processor) -> int:
    """Try the plan after the events, and write down what it would raise."""
    plan = Plan(run.engines, refuse, run.veils)
    plan.take(arguments.plan)
    try:
        acts = [_veiled(act.as_dict(), veil) for act in plan.finish(arguments.plan_until)]
    except TimeWentBackwards as error:
        raise Usage(f"--plan-until: {error}") from None
    if arguments.format == "jsonl":
        out.write("".join(to_json(act) + "\n" for act in acts))
    else:
        out.write(checklist(acts, run.engines[0].pack.zone))
    say(plan.told())
    return plan.summary.status


def _veiled(act: dict[str, Any], veil: Processor) -> dict[str, Any]:
    return {**act, "changes": [veil(None, "tell", change) for change in act["changes"]]}


def _silent(_changes: object) -> None:
    """The alerts of the events are not mixed into what is told of a plan."""


def check_clocks(arguments: Namespace) -> None:
    """
    Make sure that no more time is to pass than what is to be known allows.

    Raises:
        Usage: ``--until`` is later than ``--as-known-at``.
    """
    until, known_at = arguments.until, arguments.as_known_at
    if until is not None and known_at is not None and until > known_at:
        raise Usage(
            f"--until {format_instant(until)} is later than --as-known-at {format_instant(known_at)}: what happens "
            "after an instant cannot be known at it; leave --until out, or let it be no later"
        )


def check_sources(sources: list[str], table_map: str | None = None) -> None:
    """
    Make sure that every file can be opened.

    Args:
        sources: the files.
        table_map: the map of those that are tables; ``None`` where no table can be read.

    Raises:
        Usage: one cannot.
    """
    for source in sources:
        try:
            check_source(source, mapped=table_map is not None)
        except SourceError as error:
            raise Usage(str(error)) from None
