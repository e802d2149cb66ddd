"""``oversight why-not``: why a rule has no alert open about a subject."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime

from oversight.cli.arguments import Usage
from oversight.cli.packs import load_all
from oversight.cli.reasons import reasons
from oversight.cli.run import check_sources
from oversight.cli.tables import reader
from oversight.cli.terminal import refuse
from oversight.ground.errors import UnknownRule
from oversight.ground.text import nearest, printable
from oversight.ground.time import format_instant
from oversight.meaning.semantics import reached
from oversight.meaning.whynot import rules_called, why_not
from oversight.model.alerts import to_json
from oversight.model.answers import OPEN
from oversight.model.events import vocabulary_of
from oversight.model.pack import Pack
from oversight.runner.history import History
from oversight.runner.intake import STANDARD_INPUT
from oversight.runner.summary import ALERTS, NO_ALERT, REFUSED


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0 where no alert of the rule is open about the subject, 3 where one is, 1 where lines were refused.

    Raises:
        Usage: there is no such rule, or a file or pack cannot be read.
    """
    sources: list[str] = arguments.events
    _check_clocks(arguments.at, arguments.as_known_at)
    if sources.count(STANDARD_INPUT) > 1:
        raise Usage("standard input can be read once")
    check_sources(sources, arguments.map)
    packs = load_all(arguments.rules, arguments.site)
    pack = _pack_with(arguments.rule, packs)
    read = reader(arguments, packs)
    history = History(vocabulary_of(pack), refuse, arguments.as_known_at)
    for source in sources:
        history.take(source, read)
    at = arguments.at or arguments.as_known_at or reached(history.events, None)
    if at is None:
        raise Usage("no event counts: say with --at of which instant you ask")
    answer = why_not(pack, history.events, arguments.rule, arguments.subject, at)
    if arguments.format == "json":
        print(to_json(answer.as_dict()))
    else:
        for line in reasons(answer, pack, history.places):
            print(line)
    return REFUSED if history.refused else ALERTS if answer.status == OPEN else NO_ALERT


def _check_clocks(at: datetime | None, known_at: datetime | None) -> None:
    if at is not None and known_at is not None and at > known_at:
        raise Usage(
            f"--at {format_instant(at)} is later than --as-known-at {format_instant(known_at)}: what happens after an "
            "instant cannot be known at it; leave --at out, or let it be no later"
        )


def _pack_with(rule: str, packs: list[Pack]) -> Pack:
    """The first of *packs* that has the rule."""
    for pack in packs:
        try:
            rules_called(pack, rule)
        except UnknownRule as error:
            unknown = error
        else:
            return pack
    if len(packs) == 1:
        raise Usage(f"{unknown}; see oversight rules")
    near = nearest(rule.upper(), {each for pack in packs for own in pack.rules for each in (own.id, own.name)})
    hint = f"did you mean {near!r}?" if near else "see oversight rules"
    raise Usage(f"no pack has a rule '{printable(rule, 80)}'; {hint}")
