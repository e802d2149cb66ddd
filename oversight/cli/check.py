"""``oversight check``: everything that is wrong with a pack, at once."""

from __future__ import annotations

from argparse import Namespace

from attrs import asdict

from oversight.cli.packs import read, rendered
from oversight.cli.terminal import say, shown
from oversight.ground.text import printable
from oversight.language.reader import Result
from oversight.model.alerts import to_json
from oversight.runner.summary import counted

SOUND, UNSOUND = 0, 1


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0 where every pack checks (warnings allow it), 1 where one has an error.

    Raises:
        Usage: there is no such pack.
    """
    results = [(name, read(name)) for name in dict.fromkeys(arguments.packs)]
    for name, result in results:
        if result.diagnostics:
            print(_json(result) if arguments.format == "json" else rendered(list(result.diagnostics), result) + "\n")
        say(f"{printable(name)}: {_verdict(result)}")
    return UNSOUND if any(result.pack is None for _, result in results) else SOUND


def _json(result: Result) -> str:
    lines = []
    for found in result.diagnostics:
        plain = asdict(found)
        plain["place"]["file"] = shown(found.place.file)
        lines.append(to_json(plain))
    return "\n".join(lines)


def _verdict(result: Result) -> str:
    severities = [found.severity for found in result.diagnostics]
    counts = [(severities.count(name), name) for name in ("error", "warning")]
    told = ", ".join(counted(count, name) for count, name in counts if count)
    if result.pack is None:
        return told
    rules, cases = len({rule.id for rule in result.pack.rules}), len(result.pack.cases)
    return f"checks, {counted(rules, 'rule')}, {counted(cases, 'case')}" + (f", {told}" if told else "")
