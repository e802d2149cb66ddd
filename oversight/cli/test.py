"""``oversight test``: the cases beside the rules, on the engine and on the definition."""

from __future__ import annotations

from argparse import Namespace

from oversight.cases.trial import Result, run_cases
from oversight.cli.packs import adapt, load
from oversight.cli.terminal import shown
from oversight.ground.text import printable
from oversight.runner.summary import counted

PASSED, FAILED = 0, 1


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0 where every case passes, 1 where one fails.

    Raises:
        Usage: there is no such pack, or it or the site file does not check.
    """
    packs = adapt([load(name) for name in dict.fromkeys(arguments.packs)], arguments.site)
    failed = 0
    for pack in packs:
        tried = 0
        wrong = 0
        for result in run_cases(pack):
            tried += 1
            wrong += not result.passed
            if arguments.verbose or not result.passed:
                print(_told(result))
        print(
            f"{printable(pack.name)}: {counted(tried, 'case')} on the engine and on the definition, "
            f"{wrong or 'none'} failed"
        )
        failed += wrong
    return FAILED if failed else PASSED


def _told(result: Result) -> str:
    case = result.case
    rules = ", ".join(map(printable, case.rules))
    if result.passed:
        return f"passed  {rules}: {printable(case.name)}"
    head = f"FAILED  {rules}: {printable(case.name)}\n        {shown(str(case.place))}"
    lines = [line for failure in result.failures for line in failure.splitlines()]
    return "\n".join([head, *(f"        {line}" for line in lines), ""])
