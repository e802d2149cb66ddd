"""``oversight explain``: why an alert was raised, as a tree."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from attrs import asdict

from oversight.cli.arguments import Usage
from oversight.cli.pseudonyms import chosen
from oversight.cli.packs import load_all
from oversight.cli.recorded import only_pack, opened
from oversight.cli.run import check_clocks, check_sources
from oversight.cli.tables import reader
from oversight.cli.terminal import say
from oversight.cli.tree import Branch, draw, local
from oversight.ground.errors import RecordError
from oversight.ground.text import nearest, printable
from oversight.ground.time import format_instant
from oversight.model.alerts import WITHDRAWN, Change, to_json
from oversight.outlets.text import assumption_text, missing_text
from oversight.runner.intake import STANDARD_INPUT, Refusal, SourceError
from oversight.runner.run import Run
from oversight.runner.summary import counted
from oversight.runner.search import Found, find_events


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0.

    Raises:
        Usage: no alert or several have that identity, or a file or pack cannot be read.
    """
    if arguments.store is not None:
        return _recorded(arguments)
    sources: list[str] = arguments.events
    if STANDARD_INPUT in sources:
        raise Usage("oversight explain reads the events twice: give a file, not standard input")
    check_clocks(arguments)
    check_sources(sources, arguments.map)
    packs = load_all(arguments.rules, arguments.site)
    keys, _ = chosen(arguments.pseudonyms, packs, sources)
    read = reader(arguments, packs)
    told: dict[str, list[Change]] = {}
    refused: list[Refusal] = []

    def tell(changes: Any) -> None:
        for change in changes:
            told.setdefault(change.alert, []).append(change)

    run = Run(packs, tell, refused.append, until=arguments.until, known_at=arguments.as_known_at, keys=keys)
    for source in sources:
        run.take(source, None, read)
    run.finish()
    if refused:
        say(f"{counted(len(refused), 'line')} refused, the first: {refused[0]}")
    history = told[_chosen(arguments.alert, told)]
    last = history[-1]
    engine = next(engine for engine in run.engines if engine.pack.digest == last.pack_digest)
    alert = last if last.change == WITHDRAWN else engine.explain(last.alert)
    events = find_events(sources, alert.evidence, engine.vocabulary, read)
    _answer(arguments, alert, history, events, engine.pack.zone)
    return 0


def _recorded(arguments: Namespace) -> int:
    """Explain an alert that a record has."""
    if arguments.map is not None:
        raise Usage("--map is for tables among --events: a record holds the events already")
    if arguments.until is not None or arguments.as_known_at is not None:
        raise Usage("--until and --as-known-at are for --events: a record has reached its own instant")
    pack, url = only_pack(arguments), arguments.store
    try:
        with opened(arguments, pack, {}, read_only=True) as record:
            told: dict[str, list[Change]] = {}
            for change in record.changes():
                told.setdefault(change.alert, []).append(change)
            history = told[_chosen(arguments.alert, told)]
            last = history[-1]
            alert = last if last.change == WITHDRAWN else record.explain(last.alert)
            events = find_events([url], alert.evidence, record.engine.vocabulary)
    except (RecordError, SourceError) as error:
        raise Usage(str(error)) from None
    _answer(arguments, alert, history, events, pack.zone)
    return 0


def _answer(arguments: Namespace, alert: Change, history: list[Change], events: list[Found], zone: ZoneInfo) -> None:
    if arguments.format == "json":
        print(to_json(_plain(alert, history, events)))
    else:
        _draw(alert, history, events, zone)


def _chosen(given: str, told: dict[str, list[Change]]) -> str:
    """The identity of which *given* is the beginning."""
    found = [name for name in told if name.startswith(given.lower())] if given else []
    if len(found) == 1:
        return found[0]
    if not found:
        near = nearest(given, told)
        hint = (
            f", did you mean {near}?"
            if near
            else f"; these events raise {counted(len(told), 'alert')}, see oversight run"
        )
        raise Usage(f"no alert has an identity that begins with '{printable(given, 80)}'{hint}")
    several = [f"  {name}  {told[name][0].rule}  {format_instant(told[name][0].at)}" for name in found[:10]]
    raise Usage("\n".join([f"{len(found)} alerts begin with '{printable(given, 80)}', give more of it:", *several]))


def _draw(alert: Change, history: list[Change], events: list[Found], zone: ZoneInfo) -> None:
    rule = f"{alert.rule}/{alert.part}" if alert.part else alert.rule
    head = f"{rule}  {alert.severity.upper()}  {local(alert.at, zone)} ({zone})  alert {alert.alert}"
    for line in draw(head, list(_branches(alert, history, events, zone))):
        print(line)


def _branches(alert: Change, history: list[Change], events: list[Found], zone: ZoneInfo) -> Iterator[Branch]:
    yield Branch(f"title: {alert.title}")
    yield Branch(f"what: {alert.message}")
    yield Branch("about: " + ", ".join(alert.subjects))
    law = [f"{each.instrument}, {each.provision}" for each in alert.authority]
    yield Branch(f"law ({alert.basis})", tuple(map(Branch, law)))
    if alert.since != alert.at:
        yield Branch(f"its conditions hold since: {local(alert.since, zone)}")
    known = {found.event.id for found in events}
    lost = [Branch(f"{name}: not among these events") for name in alert.evidence if name not in known]
    yield Branch("evidence", (*(_event(found, zone) for found in events), *lost))
    if alert.missing:
        missing = [Branch(missing_text(asdict(each))) for each in alert.missing]
        yield Branch("what would have excused it", tuple(missing))
    if alert.assumed:
        yield Branch("assumes", tuple(Branch(assumption_text(asdict(each))) for each in alert.assumed))
    if alert.waived:
        waived = [Branch(f"{name}: {value}") for name, value in alert.waived.items()]
        yield Branch("waived", tuple(waived))
    pairs = zip(history, (None, *history), strict=False)
    yield Branch("what was told", tuple(_told(change, before, zone) for change, before in pairs))
    yield Branch(f"remedy: {alert.remedy}")


def _event(found: Found, zone: ZoneInfo) -> Branch:
    event = found.event
    subject = f" subject {event.subject}" if isinstance(event.subject, str) else ""
    source = f" source {event.source}" if event.source else ""
    named = f"{event.kind}  {event.id}{subject}{source}"
    head = f"{local(event.time, zone)}  {named}  ({found.source}:{found.line})"
    return Branch(head, (Branch(to_json(found.data)),))


def _told(change: Change, before: Change | None, zone: ZoneInfo) -> Branch:
    because = f" because of {change.cause}" if change.cause else " by the passing of time"
    subjects = ", ".join(change.subjects[:6]) + (" …" if len(change.subjects) > 6 else "")
    told = f"{local(change.at, zone)}  {change.change}{because}" + (f": {subjects}" if subjects else "")
    if change.waived != (before.waived if before is not None else None):
        told += f", waived: {change.waived['reason']}" if change.waived else ", no longer waived"
    return Branch(told)


def _plain(alert: Change, history: list[Change], events: list[Found]) -> dict[str, Any]:
    return {
        **alert.as_dict(),
        "change": history[-1].change,
        "events": [{"place": f"{found.source}:{found.line}", **found.written} for found in events],
        "changes": [
            {
                "change": c.change,
                "at": format_instant(c.at),
                "subjects": c.subjects,
                "open": c.open,
                "cause": c.cause,
            }
            for c in history
        ],
    }
