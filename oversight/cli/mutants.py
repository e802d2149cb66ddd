"""``oversight test --mutate``: which changes of a rule the cases beside it do not notice."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from attrs import asdict

from oversight.cases.condition_mutants import Step
from oversight.cases.mutation import Plan, Report, Survivor, drawn, noticed, plan, report
from oversight.cli.arguments import Usage
from oversight.cli.terminal import progress, shown
from oversight.ground.text import nearest, printable
from oversight.model.alerts import to_json
from oversight.model.pack import Pack
from oversight.model.places import Place


def planned(packs: Sequence[Pack], arguments: Namespace) -> list[Plan]:
    """
    What is to be tried of each of *packs*.

    Raises:
        Usage: nothing there has the name that ``--only`` gives.
    """
    own = {name for pack in packs for name in pack.own}
    only = arguments.only or ()
    plans = [plan(pack, own, only) for pack in packs]
    refused = set().union(*(one.refused for one in plans))
    for one in plans:
        one.leave_out(refused)
    owners = {step.owner for one in plans for step in one.every}
    for name in only:
        if not any(fnmatchcase(owner, name) for owner in owners):
            near = nearest(name, owners)
            hint = f", did you mean {printable(near)!r}?" if near else ""
            raise Usage(f"oversight test: there is nothing to change in '{printable(name, 80)}'{hint}")
    if arguments.sample is not None:
        chosen = drawn({step for one in plans for step in one.steps}, arguments.sample, arguments.seed)
        for one in plans:
            one.draw(chosen)
    return plans


def tried(plans: Sequence[Plan], jobs: int, lines: Mapping[str, Sequence[str]]) -> Report:
    """Try all that is planned; *lines* is the text of the files, with the marks."""
    steps: set[Step] = set()
    found: set[Step] = set()
    total = sum(len(task.steps) for one in plans for task in one.tasks)
    with progress("changing one word at a time", total, results_here=False) as bar:
        for one in plans:
            steps |= one.steps
            for task, own in noticed(one, jobs):
                found |= own
                if bar is not None:
                    bar(len(task.steps))
    return report(steps, found, set().union(*(one.every for one in plans)), lines)


def told(found: Report) -> Iterator[str]:
    """The report as text."""
    yield ""
    for score in found.scores:
        reasoned = len(score.survivors) - len(score.unexplained)
        seen = score.tried - len(score.survivors)
        more = f", {reasoned} reasoned" if reasoned else ""
        yield f"{printable(score.owner)}: {seen} of {score.tried} changes noticed{more}"
        for one in score.unexplained:
            place = one.step.place
            where = f"{shown(place.file)}:{place.line}:{place.column}"
            yield f"    {where}  {one.step.word}: {printable(one.step.what, 200)}"
    for place in found.stale:
        where = f"{shown(place.file)}:{place.line}"
        yield f"{where}: this mark is not needed: a case notices it, or it is at no such change"
    noticed_ones = found.tried - found.reasoned - found.unexplained
    verb = "was" if found.left_out == 1 else "were"
    left = f"; {found.left_out} more {verb} not tried" if found.left_out else ""
    yield (
        f"mutation: {noticed_ones} of {found.tried} changes noticed, {found.reasoned} reasoned, "
        f"{found.unexplained} not noticed ({_share(found)}){left}"
    )


def _share(found: Report) -> str:
    """What is noticed of all that can be, in tenths of hundredths rounded down, so that only all of it is 100."""
    whole = found.tried - found.reasoned
    return f"{1000 * (whole - found.unexplained) // whole / 10:g} %" if whole else "100 %"


def plain(found: Report) -> Iterator[str]:
    """The report as JSON Lines."""
    for score in found.scores:
        survivors = [_plain(one) for one in score.survivors]
        unexplained = len(score.unexplained)
        yield to_json(
            {"owner": score.owner, "changes": score.tried, "not_noticed": unexplained, "survivors": survivors}
        )
    yield to_json(
        {
            "mutation": {
                "changes": found.tried, "reasoned": found.reasoned, "not_noticed": found.unexplained,
                "stale": [_place(place) for place in found.stale], "not_tried": found.left_out,
            }
        }
    )  # fmt: skip


def _plain(one: Survivor) -> dict[str, Any]:
    step = one.step
    return {"place": _place(step.place), "change": step.word, "what": step.what, "reason": one.reason}


def _place(place: Place) -> dict[str, Any]:
    return {**asdict(place), "file": shown(place.file)}
