"""``oversight run``: events in, alerts out."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from oversight.cli import recorded
from oversight.cli.arguments import Usage
from oversight.cli.packs import load_all
from oversight.cli.terminal import reading, say
from oversight.ground.errors import TimeWentBackwards
from oversight.ground.text import printable
from oversight.ground.time import format_instant
from oversight.model.alerts import to_json
from oversight.model.pack import Pack
from oversight.outlets.checklist import checklist
from oversight.outlets.jsonlines import json_lines
from oversight.outlets.stream import Outlet
from oversight.outlets.text import text
from oversight.runner.intake import STANDARD_INPUT, Refusal, SourceError, check_source
from oversight.runner.plan import Plan
from oversight.runner.recorded import Appended
from oversight.runner.run import Run, Tell
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
    if [*sources, *plan].count(STANDARD_INPUT) > 1:
        raise Usage("standard input can be read once: give a file for the events or for the plan")
    if arguments.key is not None and arguments.store is None:
        raise Usage("--key seals a record: give one with --store")
    check_clocks(arguments)
    check_sources([*sources, *plan])
    if arguments.store is not None:
        return recorded.execute(arguments, _teller)
    packs = load_all(arguments.rules, arguments.site)
    with _written(arguments.out, [*sources, *plan]) as out:
        tell = _silent if plan else _teller(arguments.format, out, packs[0])
        clocks = {"until": arguments.until, "known_at": arguments.as_known_at}
        run = Run(packs, tell, _refuse, **clocks, revise=arguments.revise)
        stats = Stats(run.engines) if arguments.stats else None
        with reading(sources, out is sys.stdout) as bar:
            for source in sources:
                run.take(source, bar)
        summary = run.finish()
        for line in [*run.told(), *(stats.lines(summary.events) if stats else ())]:
            say(line)
        if not plan:
            return summary.status
        status = _plan(arguments, run, out)
    return summary.status if summary.refused else status


def _plan(arguments: Namespace, run: Run, out: TextIO) -> int:
    """Try the plan after the events, and write down what it would raise."""
    plan = Plan(run.engines, _refuse)
    plan.take(arguments.plan)
    try:
        acts = [act.as_dict() for act in plan.finish(arguments.plan_until)]
    except TimeWentBackwards as error:
        raise Usage(f"--plan-until: {error}") from None
    if arguments.format == "jsonl":
        out.writelines(to_json(act) + "\n" for act in acts)
    else:
        out.write(checklist(acts, run.engines[0].pack.zone))
    say(plan.told())
    return plan.summary.status


def _refuse(refusal: Refusal) -> None:
    say(str(refusal))


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


def _teller(form: str | None, out: TextIO | Appended, pack: Pack) -> Tell:
    def sink(told: str) -> None:
        out.write(told + "\n")

    outlet: Outlet = json_lines(sink) if form != "text" else text(sink, pack.zone)

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
