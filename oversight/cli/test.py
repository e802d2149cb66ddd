"""``oversight test``: the cases beside the rules, on the engine and on the definition, what they see and notice."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import asdict, evolve

from oversight.cases.coverage import Gap, Report, Sighting, clauses, report
from oversight.cases.trial import Result, run_cases
from oversight.cases.junit import junit
from oversight.cli import mutants
from oversight.cli.arguments import Usage
from oversight.cli.packs import adapt, load_together
from oversight.cli.terminal import progress, shown
from oversight.ground.text import printable
from oversight.model.alerts import to_json
from oversight.model.pack import Pack
from oversight.model.places import Place
from oversight.runner.summary import counted

PASSED, FAILED, UNNOTICED = 0, 1, 3


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0 where every case passes, 1 where one fails or, if asked, where they leave a side of a clause unseen, 3 where
        they do not notice a change, if that is asked.

    Raises:
        Usage: there is no such pack, it or the site file does not check, or there is nothing to change.
    """
    if not arguments.mutate and (arguments.only or arguments.sample or arguments.seed):
        raise Usage("oversight test: --only, --sample and --seed choose what --mutate changes; give that, too")
    loaded = load_together(arguments.packs)
    packs = adapt([pack for pack, _ in loaded], arguments.site)
    own = {name for pack in packs for name in pack.own}
    lines = {name: text for _, sources in loaded for name, text in sources.items() if name in own}
    plans = mutants.planned(packs, arguments) if arguments.mutate else []
    asked = [evolve(one.pack, cases=one.cases()) for one in plans] or packs
    failed, seen = _cases(asked, arguments)
    if arguments.coverage:
        wanted = {clause for pack in packs for clause in clauses(pack, own)}
        found = report(wanted, seen, lines)
        _tell(arguments, _plain_report(found), _told_report(found))
        return PASSED if found.complete and not failed else FAILED
    if arguments.mutate and not failed:
        noticed = mutants.tried(plans, arguments.jobs, lines)
        _tell(arguments, mutants.plain(noticed), mutants.told(noticed))
        return PASSED if noticed.complete else UNNOTICED
    return FAILED if failed else PASSED


def _cases(packs: list[Pack], arguments: Namespace) -> tuple[int, set[Sighting]]:
    """Try the cases of *packs* and tell them; how many failed, and what they saw."""
    as_json = arguments.format == "json"
    seen: set[Sighting] = set()
    failed = 0
    every: list[tuple[str, list[Result]]] = []
    for pack in packs:
        results, sighted = _tried(pack, arguments.jobs, arguments.coverage)
        for result in results:
            if arguments.verbose or not result.passed:
                print(to_json(_plain(result)) if as_json else _told(result))
        failed += _concluded(pack, results, as_json)
        seen |= sighted
        every.append((pack.name, results))
    if arguments.junit is not None:
        Path(arguments.junit).write_bytes(junit(every))
    return failed, seen


def _tell(arguments: Namespace, plain: Iterator[str], told: Iterator[str]) -> None:
    for line in plain if arguments.format == "json" else told:
        print(line)


def _tried(pack: Pack, jobs: int, watched: bool) -> tuple[list[Result], set[Sighting]]:
    results: list[Result] = []
    seen: set[Sighting] = set()
    with progress(f"testing {pack.name}", len(pack.cases), results_here=False) as bar:
        for own, sighted in run_cases(pack, jobs, watched):
            results += own
            seen |= sighted
            if bar is not None:
                bar(len(own))
    return results, seen


def _concluded(pack: Pack, results: list[Result], as_json: bool) -> int:
    """Say how many cases of a pack failed."""
    failed = sum(not result.passed for result in results)
    if as_json:
        print(to_json({"pack": pack.name, "cases": len(results), "failed": failed}))
    else:
        print(
            f"{printable(pack.name)}: {counted(len(results), 'case')} on the engine and on the definition, "
            f"{failed or 'none'} failed"
        )
    return failed


def _told(result: Result) -> str:
    case = result.case
    rules = ", ".join(map(printable, case.rules))
    if result.passed:
        return f"passed  {rules}: {printable(case.name)}"
    head = f"FAILED  {rules}: {printable(case.name)}\n        {shown(str(case.place))}"
    lines = [line for failure in result.failures for line in failure.splitlines()]
    return "\n".join([head, *(f"        {line}" for line in lines), ""])


def _plain(result: Result) -> dict[str, Any]:
    case = result.case
    return {
        "case": case.name, "rules": case.rules, "place": _place(case.place), "passed": result.passed,
        "failures": result.failures,
    }  # fmt: skip


def _told_report(found: Report) -> Iterator[str]:
    yield ""
    for tally in found.tallies:
        seen = tally.sides - len(tally.gaps)
        reasoned = len(tally.gaps) - len(tally.missing)
        yield f"{printable(tally.owner)}: {seen} of {tally.sides} seen" + (f", {reasoned} reasoned" if reasoned else "")
        for gap in tally.missing:
            place = gap.clause.place
            yield f"    {shown(place.file)}:{place.line}  never {gap.side}: {printable(gap.clause.text, 100)}"
    for place in found.unneeded:
        yield f"{shown(place.file)}:{place.line}: this mark is not needed: no clause it is about was never so"
    yield (
        f"coverage: {found.sides - found.missing - found.reasoned} of {found.sides} sides of clauses seen, "
        f"{found.reasoned} reasoned, {found.missing} missing ({_share(found)})"
    )


def _share(found: Report) -> str:
    """What is seen or reasoned, in hundredths rounded down, so that only all of it is 100."""
    whole = found.sides - found.missing
    return f"{1000 * whole // found.sides / 10:g} %" if found.sides else "100 %"


def _plain_report(found: Report) -> Iterator[str]:
    for tally in found.tallies:
        gaps = [_plain_gap(gap) for gap in tally.gaps]
        yield to_json({"owner": tally.owner, "sides": tally.sides, "missing": len(tally.missing), "gaps": gaps})
    unneeded = [_place(place) for place in found.unneeded]
    counts = {"sides": found.sides, "reasoned": found.reasoned, "missing": found.missing, "unneeded": unneeded}
    yield to_json({"coverage": counts})


def _plain_gap(gap: Gap) -> dict[str, Any]:
    clause = gap.clause
    return {"place": _place(clause.place), "clause": clause.text, "never": gap.side, "reason": gap.reason}


def _place(place: Place) -> dict[str, Any]:
    return {**asdict(place), "file": shown(place.file)}
