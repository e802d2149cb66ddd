"""``oversight diff``: which alerts a change of rules adds, takes away or alters, on the same events."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from oversight.cli.arguments import Usage
from oversight.cli.packs import adapt, sound
from oversight.cli.run import check_sources
from oversight.cli.tables import reader
from oversight.cli.terminal import say
from oversight.ground.errors import UnknownPack
from oversight.ground.instants import in_zone
from oversight.ground.text import printable
from oversight.model.alerts import to_json
from oversight.model.diagnostics import Result
from oversight.model.pack import Pack
from oversight.outlets.text import authority_text, clock, names_text
from oversight.runner.comparison import ADDED, ALTERED, REMOVED, Comparison, Difference, Standing, compare
from oversight.runner.intake import STANDARD_INPUT, Refusal
from oversight.runner.revisions import check_as_of

_SORTS = (REMOVED, ADDED, ALTERED)
_MARKS = {REMOVED: "-", ADDED: "+", ALTERED: "~"}
_IDENTITY = 12


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0 where the alerts are the same, 3 where one differs, 1 where lines were refused.

    Raises:
        Usage: a pack, its revision or a file cannot be read, or a pack does not check.
    """
    if STANDARD_INPUT in arguments.events:
        raise Usage("oversight diff reads the events once for each pack: give files, not standard input")
    check_sources(arguments.events, arguments.map)
    named = (arguments.old, arguments.new)
    read = [_pack(arguments.old, arguments.new), _pack(arguments.new, arguments.old)]
    old, new = adapt(read, arguments.site)
    refused: dict[Refusal, set[str]] = {}
    found = compare(
        old,
        new,
        arguments.events,
        until=arguments.until,
        refuse=lambda refusal, by: refused.setdefault(refusal, set()).add(by),
        read=reader(arguments, [new, old]),
    )
    for refusal, by in refused.items():
        say(f"{refusal}" + ("" if len(by) == 2 else f" (under {by.pop()} alone)"))
    if arguments.format == "json":
        print(to_json(_plain(found, arguments.limit, named, (old, new))))
    else:
        print("\n".join(_told(found, arguments.limit, new.zone)))
    return found.status


def _pack(name: str, other: str) -> Pack:
    try:
        result: Result = check_as_of(name, other)
    except UnknownPack as error:
        raise Usage(str(error)) from None
    except OSError as error:
        raise Usage(f"{printable(str(error.filename))}: {(error.strerror or 'cannot be read').lower()}") from None
    return sound(result, name)


def _counts(differences: tuple[Difference, ...], same: int) -> str:
    counts = [(sum(one.sort == sort for one in differences), sort) for sort in _SORTS] + [(same, "the same")]
    return ", ".join(f"{count:,} {sort}" for count, sort in counts if count)


def _told(found: Comparison, limit: int, zone: ZoneInfo) -> Iterator[str]:
    """The comparison for people: each rule that differs with some examples, then the whole in one line."""
    for rule, differences in found.of_rules().items():
        yield f"{printable(rule)}: {_counts(differences, found.same.get(rule, 0))}"
        for one in differences[:limit]:
            yield from _example(one, zone)
        left = len(differences) - limit
        if limit and left > 0:
            yield f"  and {left:,} more: --limit {len(differences)} shows all"
        yield ""
    whole = _counts(found.differences, sum(found.same.values()))
    yield f"alerts: {whole or 'none under either'}"


def _example(one: Difference, zone: ZoneInfo) -> Iterator[str]:
    alert = one.shown
    told, last = alert.folded, alert.last
    about = f"  about {printable(names_text(list(told.subjects)))}" if told.subjects else ""
    yield f"  {_MARKS[one.sort]} {clock(in_zone(told.at, zone))}  {last.severity.upper()}{about}"
    for label, text in _details(one.sort, alert):
        yield f"      {label.ljust(10)}{printable(text, 400)}"
    for name, (old, new) in one.changed.items():
        yield f"      {name.ljust(10)}{_short(old, name)}  ->  {_short(new, name)}"


def _details(sort: str, alert: Standing) -> Iterator[tuple[str, str]]:
    last = alert.last
    yield "says", last.message
    if last.evidence:
        yield "evidence", names_text(last.evidence)
    if sort != ALTERED and alert.folded.cleared is not None:
        yield "cleared", clock(alert.folded.cleared)
    yield "alert", last.alert[:_IDENTITY]


def _short(value: Any, name: str) -> str:
    """A value that differs, on one line."""
    if name == "subjects":
        return printable(", ".join(f"{who} until {end}" if end else who for who, end in value.items()) or "nobody", 300)
    if name == "authority":
        return printable(authority_text(value, "").removesuffix(" ()"), 300)
    if name == "evidence":
        return printable(names_text(value) or "none", 300)
    return printable(value if isinstance(value, str) else to_json({"": value})[4:-1], 300)


def _plain(found: Comparison, limit: int, named: tuple[str, str], packs: tuple[Pack, Pack]) -> dict[str, Any]:
    rules = []
    of_rules = found.of_rules()
    for rule in sorted({*of_rules, *found.same}):
        differences = of_rules.get(rule, ())
        counts: dict[str, Any] = {sort: sum(one.sort == sort for one in differences) for sort in _SORTS}
        examples = [one.as_dict() for one in differences[:limit]]
        rules.append({"rule": rule, **counts, "same": found.same.get(rule, 0), "examples": examples})
    told = [
        {"given": name, "pack": pack.name, "version": pack.version, "pack_digest": pack.digest}
        for name, pack in zip(named, packs, strict=True)
    ]
    whole = {sort: found.count(sort) for sort in _SORTS}
    return {"old": told[0], "new": told[1], **whole, "same": sum(found.same.values()), "rules": rules}
