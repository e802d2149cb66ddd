"""
The page that says which obligation each rule of ``hong_kong`` covers, and what events cannot decide.

It is made of ``coverage.yaml`` and of the rules: ``python -m docs.coverage`` writes ``coverage.md`` anew and ends
with 1 where the two do not fit together.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import oversight
from oversight.model.pack import Pack, Rule

HERE = Path(__file__).parent
PAGE = HERE / "coverage.md"
PACK = "hong-kong"
# What the pack tells of its own beside the obligations: proportion in numbers, and approvals that are dated back.
EXTRA = re.compile(r"HK-PRP-\d\d|HK-PIA-09")
_REQUIRED = {"asks", "basis", "severity", "check", "claims"}
_KNOWN = _REQUIRED | {"no_rule", "differs", "undecided"}


def data() -> dict[str, Any]:
    """What ``coverage.yaml`` says."""
    read: dict[str, Any] = yaml.safe_load((HERE / "coverage.yaml").read_text(encoding="utf-8"))
    return read


def rules_of(pack: Pack) -> dict[str, list[Rule]]:
    """The rules of a pack by id, the parts of one together."""
    found: dict[str, list[Rule]] = {}
    for rule in pack.rules:
        found.setdefault(rule.id, []).append(rule)
    return dict(sorted(found.items()))


def problems(written: dict[str, Any], pack: Pack) -> list[str]:
    """
    Everything in which the data and the rules do not fit together.

    Args:
        written: as :func:`data` gives it.
        pack: the rules.
    """
    obligations, rules = written["obligations"], rules_of(pack)
    strange = [name for name in rules if name not in obligations and not EXTRA.fullmatch(name)]
    found = [f"{name}: is no obligation of coverage.yaml" for name in strange]
    for name, one in obligations.items():
        found += [f"{name}: {said}" for said in _wrong(one, rules.get(name, []), written["claims"])]
    traced = {claim for one in obligations.values() for claim in one["claims"]}
    return found + [f"{claim}: no obligation traces to it" for claim in written["claims"] if claim not in traced]


def _wrong(one: dict[str, Any], rules: list[Rule], claims: dict[str, str]) -> Iterator[str]:
    for key in sorted(_REQUIRED - one.keys()):
        yield f"has no {key}"
    for key in sorted(one.keys() - _KNOWN):
        yield f"what is {key}?"
    for claim in one.get("claims", ()):
        if claim not in claims:
            yield f"there is no claim {claim}"
    if not rules and "no_rule" not in one:
        yield "has neither a rule nor a reason (no_rule) why there is none"
    if rules and "no_rule" in one:
        yield "has a rule and a reason why there is none"
    reasons = one.get("differs", {})
    for key in ("basis", "severity"):
        others = sorted({getattr(rule, key) for rule in rules} - {one.get(key)})
        if others and key not in reasons:
            yield f"its {key} is {one.get(key)}, that of the rule {', '.join(others)}, and no reason is given (differs)"
        if key in reasons and rules and not others:
            yield f"its {key} does not differ, and a reason is given (differs)"
    for key in sorted(reasons.keys() - {"basis", "severity"}):
        yield f"what is {key} in differs?"


def page(written: dict[str, Any], pack: Pack) -> str:
    """The page as Markdown."""
    obligations, rules = written["obligations"], rules_of(pack)
    cases = Counter(name for case in pack.cases for name in set(case.rules))
    covered = [name for name in obligations if name in rules]
    lines = [
        "# What the pack hong_kong covers",
        "",
        "This page is made by `make coverage-page` from [coverage.yaml](coverage.yaml) and the rules.",
        "",
        f"{len(obligations)} obligations, {len(covered)} with a rule, {sum(cases[name] for name in covered):,} cases. "
        "Claims are the statements of the report by which the programme is measured; they stand at the end.",
        "",
        "| obligation | asks for | basis | check | rule | cases | claims |",
        "|---|---|---|---|---|---|---|",
        *(_row(name, one, rules.get(name, []), cases[name]) for name, one in obligations.items()),
        "",
        *_extra(rules, cases),
        *_open(obligations),
        "## Claims",
        "",
        "| claim | in few words | obligations |",
        "|---|---|---|",
        *_claims(written),
    ]
    return "\n".join(lines) + "\n"


def _row(name: str, one: dict[str, Any], rules: list[Rule], cases: int) -> str:
    claims = ", ".join(one["claims"]) or "–"
    return f"| {name} | {one['asks']} | {one['basis']} | {one['check']} | {_files(rules)} | {cases or '–'} | {claims} |"


def _files(rules: list[Rule]) -> str:
    """Links to where rules are written, with their parts."""
    names: dict[str, list[str]] = {}
    for rule in rules:
        names.setdefault("rules/" + rule.place.file.rpartition("/rules/")[2], []).append(rule.part)
    told = []
    for file, parts in names.items():
        several = f" ({', '.join(parts)})" if any(parts) else ""
        told.append(f"[{file.rpartition('/')[2]}](../{file}){several}")
    return ", ".join(told) or "none, see below"


def _extra(rules: dict[str, list[Rule]], cases: Counter[str]) -> Iterator[str]:
    more = [name for name in rules if EXTRA.fullmatch(name)]
    if more:
        yield from ("## Beside the obligations", "", "| rule | says | written in | cases |", "|---|---|---|---|")
        yield from (f"| {name} | {rules[name][0].title} | {_files(rules[name])} | {cases[name]} |" for name in more)
        yield ""


def _open(obligations: dict[str, Any]) -> Iterator[str]:
    sections = (
        ("Without a rule", "why", lambda one: [one["no_rule"]] if "no_rule" in one else []),
        ("What events cannot decide", "what, and why", lambda one: one.get("undecided", [])),
        (
            "Where a rule differs from its obligation",
            "in what, and why",
            lambda one: [f"{key}: {why}" for key, why in one.get("differs", {}).items()],
        ),
    )
    for title, head, of in sections:
        rows = [f"| {name} | {' '.join(text.split())} |" for name, one in obligations.items() for text in of(one)]
        if rows:
            yield from (f"## {title}", "", f"| obligation | {head} |", "|---|---|", *rows, "")


def _claims(written: dict[str, Any]) -> Iterator[str]:
    for claim, text in written["claims"].items():
        ids = [name for name, one in written["obligations"].items() if claim in one["claims"]]
        yield f"| {claim} | {text} | {', '.join(ids)} |"


def main() -> int:
    """Write the page; 1 where something does not fit."""
    written, pack = data(), oversight.load(PACK)
    found = problems(written, pack)
    for line in found:
        print(line, file=sys.stderr)
    PAGE.write_text(page(written, pack), encoding="utf-8")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
