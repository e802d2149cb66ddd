"""``oversight check``: everything that is wrong with a pack, at once, and how long what it knows stays in memory."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence

from attrs import asdict, evolve

import oversight
from oversight.cli.arguments import Usage
from oversight.cli.catalogue import table
from oversight.cli.packs import read, read_adapted, rendered
from oversight.cli.terminal import say, shown
from oversight.ground.text import printable
from oversight.language.allowances import allowed
from oversight.language.codes import CODES
from oversight.language.hygiene import unread
from oversight.model.alerts import to_json
from oversight.model.diagnostics import Diagnostic, Result
from oversight.model.lifetimes import EVENT, NEVER, TIME, lifetimes
from oversight.model.pack import Pack
from oversight.outlets.sarif import sarif
from oversight.runner.summary import counted

SOUND, UNSOUND = 0, 1
_BOUNDS = {NEVER: "nothing", EVENT: "an event", TIME: "time"}


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0 where every pack and the site file check (warnings allow it), 1 where one has an error.

    Raises:
        Usage: there is no such pack, or no such site file, or the form has no place for what is asked.
    """
    if arguments.memory and arguments.format == "sarif":
        raise Usage("--memory is told as text or json: SARIF has no place for it")
    teller = _Teller(arguments.format)
    results = [(name, read(name)) for name in dict.fromkeys(arguments.packs)]
    for name, result in results:
        teller.show(result.diagnostics, result.sources)
        if arguments.memory and result.pack is not None:
            _memory(result.pack, arguments.format == "json")
        say(f"{printable(name)}: {_verdict(result)}")
    packs = [result.pack for _, result in results if result.pack is not None]
    if arguments.unused:
        _unused(results, packs, teller)
    sound = len(packs) == len(results)
    if sound and arguments.site is not None:
        sound = _check_site(arguments.site, packs, teller)
    teller.end()
    return SOUND if sound else UNSOUND


class _Teller:
    """Prints diagnostics in the form that is asked for: as they come, or as one SARIF log in the end."""

    def __init__(self, form: str) -> None:
        self._form = form
        self._found: dict[Diagnostic, None] = {}

    def show(self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, Sequence[str]]) -> None:
        """Take some, with the lines of their files."""
        if self._form == "sarif":
            # Two packs that use a third tell of it twice.
            self._found |= dict.fromkeys(
                evolve(one, place=evolve(one.place, file=shown(one.place.file))) for one in diagnostics
            )
        elif diagnostics:
            print(_json(diagnostics) if self._form == "json" else rendered(diagnostics, sources) + "\n")

    def end(self) -> None:
        """Print what waits for the end."""
        if self._form == "sarif":
            print(to_json(sarif(list(self._found), CODES, oversight.__version__)))


def _unused(results: Sequence[tuple[str, Result]], packs: Sequence[Pack], teller: _Teller) -> None:
    """What the packs declare and none of them reads, but for what was told of each alone."""
    sources = {name: lines for _, result in results for name, lines in result.sources.items()}
    told = {(one.code, one.place) for _, result in results for one in result.diagnostics}
    found = [one for one in allowed(unread(packs), sources) if (one.code, one.place) not in told]
    teller.show(found, sources)
    say(f"together: {_counts(found) or 'every kind and fact is read'}")


def _check_site(site: str, packs: Sequence[Pack], teller: _Teller) -> bool:
    adapted = read_adapted(site, packs)
    teller.show(adapted.diagnostics, adapted.sources)
    told = _counts(adapted.diagnostics)
    if adapted.packs is None:
        say(f"{printable(site)}: {told}")
        return False
    waivers = {waiver.place for pack in adapted.packs for waiver in pack.waivers}
    say(f"{printable(site)}: checks, {counted(len(waivers), 'exception')}" + (f", {told}" if told else ""))
    return True


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
