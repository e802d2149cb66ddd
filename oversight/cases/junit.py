"""How cases went, in the form of JUnit XML, which other tools read."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from oversight.cases.trial import Result
from oversight.ground.text import printable


def junit(tried: Sequence[tuple[str, Sequence[Result]]]) -> bytes:
    """
    A report: a suite for each pack, a test for each case, named by its rules and its own name.

    Times are left out, so that the same cases make the same file.

    Args:
        tried: names of packs with the results of their cases.

    >>> junit([("small", [])]).decode().splitlines()[1]
    '<testsuites tests="0" failures="0">'
    """
    root = ElementTree.Element("testsuites", _counts([result for _, results in tried for result in results]))
    for pack, results in tried:
        suite = ElementTree.SubElement(root, "testsuite", {"name": printable(pack), **_counts(results)})
        for result in results:
            _add(suite, pack, result)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _counts(results: Sequence[Result]) -> dict[str, str]:
    failed = sum(not result.passed for result in results)
    return {"tests": str(len(results)), "failures": str(failed)}


def _add(suite: ElementTree.Element, pack: str, result: Result) -> None:
    case = result.case
    rules = ", ".join(case.rules)
    names = {"classname": printable(f"{pack}.{rules}"), "name": printable(case.name)}
    where = {"file": printable(case.place.file), "line": str(case.place.line)}
    test = ElementTree.SubElement(suite, "testcase", {**names, **where})
    if not result.passed:
        first = printable(result.failures[0].splitlines()[0])
        failure = ElementTree.SubElement(test, "failure", {"message": first, "type": "case"})
        failure.text = "\n".join(printable(line) for one in result.failures for line in one.splitlines())
