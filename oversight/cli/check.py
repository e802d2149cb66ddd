"""``oversight check``: everything that is wrong with a pack, at once, and how long what it knows stays in memory."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence

from attrs import asdict

from oversight.cli.catalogue import table
from oversight.cli.packs import read, read_adapted, rendered
from oversight.cli.terminal import say, shown
from oversight.ground.text import printable
from oversight.language.allowances import allowed
from oversight.language.hygiene import unread
from oversight.language.reader import Result
from oversight.model.alerts import to_json
from oversight.model.diagnostics import Diagnostic
from oversight.model.lifetimes import EVENT, NEVER, TIME, lifetimes
from oversight.model.pack import Pack
from oversight.runner.summary import counted

SOUND, UNSOUND = 0, 1
_BOUNDS = {NEVER: "nothing", EVENT: "an event", TIME: "time"}


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0 where every pack and the site file check (warnings allow it), 1 where one has an error.

    Raises:
        Usage: there is no such pack, or no such site file.
    """
    json = arguments.format == "json"
    results = [(name, read(name)) for name in dict.fromkeys(arguments.packs)]
    for name, result in results:
        _show(result.diagnostics, result.sources, json)
        if arguments.memory and result.pack is not None:
            _memory(result.pack, json)
        say(f"{printable(name)}: {_verdict(result)}")
    packs = [result.pack for _, result in results if result.pack is not None]
    if arguments.unused:
        _unused(results, packs, json)
    if len(packs) < len(results):
        return UNSOUND
    return SOUND if arguments.site is None else _check_site(arguments.site, packs, json)


def _unused(results: Sequence[tuple[str, Result]], packs: Sequence[Pack], json: bool) -> None:
    """What the packs declare and none of them reads, but for what was told of each alone."""
    sources = {name: lines for _, result in results for name, lines in result.sources.items()}
    told = {(one.code, one.place) for _, result in results for one in result.diagnostics}
    found = [one for one in allowed(unread(packs), sources) if (one.code, one.place) not in told]
    _show(found, sources, json)
    say(f"together: {_counts(found) or 'every kind and fact is read'}")


def _check_site(site: str, packs: Sequence[Pack], json: bool) -> int:
    adapted = read_adapted(site, packs)
    _show(adapted.diagnostics, adapted.sources, json)
    told = _counts(adapted.diagnostics)
    if adapted.packs is None:
        say(f"{printable(site)}: {told}")
        return UNSOUND
    waivers = {waiver.place for pack in adapted.packs for waiver in pack.waivers}
    say(f"{printable(site)}: checks, {counted(len(waivers), 'exception')}" + (f", {told}" if told else ""))
    return SOUND


def _show(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Sequence[str]], json: bool) -> None:
    if diagnostics:
        print(_json(diagnostics) if json else rendered(diagnostics, sources) + "\n")


def _memory(pack: Pack, json: bool) -> None:
    """How long each fact can stay, those that grow for ever first."""
    found = lifetimes(pack)
    if json:
        for one in found:
            place = {**asdict(one.place), "file": shown(one.place.file)}
            print(to_json({"pack": pack.name, **asdict(one), "place": place}))
        return
    rows = [(one.fact, ", ".join(one.one_for), _BOUNDS[one.bound], one.text) for one in found]
    table(("fact", "one for each", "bounded by", "stays"), rows)
    print("\nWhat is over is let go once no late event can change it (--revise).\n")


def _json(diagnostics: Sequence[Diagnostic]) -> str:
    lines = []
    for found in diagnostics:
        plain = asdict(found)
        plain["place"]["file"] = shown(found.place.file)
        lines.append(to_json(plain))
    return "\n".join(lines)


def _verdict(result: Result) -> str:
    told = _counts(result.diagnostics)
    if result.pack is None:
        return told
    rules, cases = len({rule.id for rule in result.pack.rules}), len(result.pack.cases)
    return f"checks, {counted(rules, 'rule')}, {counted(cases, 'case')}" + (f", {told}" if told else "")


def _counts(diagnostics: Sequence[Diagnostic]) -> str:
    severities = [found.severity for found in diagnostics]
    counts = [(severities.count(name), name) for name in ("error", "warning")]
    return ", ".join(counted(count, name) for count, name in counts if count)
