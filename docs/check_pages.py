"""
The pages about the codes of ``oversight check``: what each means, what to avoid, what to prefer, and why.

They are made of the register of codes, of the examples that the tests hold (``tests/golden``) and of
``check_pages.yaml``: ``make check-pages`` writes ``docs/checks`` anew.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import yaml

from oversight.ground.text import printable
from oversight.language.codes import CODES

HERE = Path(__file__).parent
PAGES = HERE / "checks"
GOLDEN = HERE.parent / "tests" / "golden"
# It needs megabytes.
WITHOUT_EXAMPLE = frozenset({"file-too-large"})
_AROUND = 2
_KNOWN = {"why", "prefer", "append", "whole"}


def data() -> dict[str, dict[str, Any]]:
    """What ``check_pages.yaml`` says."""
    read: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "check_pages.yaml").read_text(encoding="utf-8"))
    return read


def problems(written: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Everything in which the data and the register do not fit together."""
    found = [f"{code}: has no entry in check_pages.yaml" for code in CODES if code not in written]
    found += [f"{code}: is no code" for code in written if code not in CODES]
    for code, one in written.items():
        found += [f"{code}: {key} means nothing" for key in set(one) - _KNOWN]
        found += [] if str(one.get("why", "")).strip() else [f"{code}: says not why"]
        if code in CODES and code not in WITHOUT_EXAMPLE:
            found += [f"{code}: {said}" for said in _unfit(example(code), one)]
    return found


def _unfit(file: Path, one: Mapping[str, Any]) -> list[str]:
    if not file.is_file():
        return ["has no example among the tests"]
    text = source(file)
    missing = [f"its example does not hold {old!r}" for old in one.get("prefer", {}) if old not in text]
    return missing or ([] if preferred(text, one) != text else ["nothing is preferred to its example"])


def example(code: str) -> Path:
    """The file of the example of a code: a pack's or, where there is none, a site's."""
    packs = sorted((GOLDEN / "check" / code).glob("*.yaml"))
    return packs[0] if packs else GOLDEN / "site" / code / "site.yaml"


def source(file: Path) -> str:
    """The text of an example, in which a byte that is not UTF-8 is shown as such."""
    return file.read_bytes().decode("utf-8", "backslashreplace")


def preferred(text: str, one: Mapping[str, Any]) -> str:
    """The example made right."""
    if "whole" in one:
        return str(one["whole"])
    for old, new in one.get("prefer", {}).items():
        text = text.replace(old, new, 1)
    return text + str(one.get("append", ""))


def page(code: str, one: Mapping[str, Any]) -> str:
    """The page of a code."""
    lines = [f"# {code}", "", f"{CODES[code][0].upper()}{CODES[code][1:]}.", ""]
    severity = "error"
    if code not in WITHOUT_EXAMPLE:
        file = example(code)
        told = (file.parent / "expected.txt").read_text(encoding="utf-8")
        severity = "warning" if f": warning[{code}]" in told else "error"
        before = source(file)
        after = preferred(before, one)
        lines += ["## Avoid", "", *_block("yaml", _excerpt(before, after)), ""]
        lines += ["## Told", "", *_block("", told.split("\n\n")[0].splitlines()), ""]
        lines += ["## Prefer", "", *_block("yaml", _excerpt(after, before)), ""]
    lines += ["## Why", "", str(one["why"]), "", "## Configuration", "", _configuration(code, severity), ""]
    return "\n".join(lines)


def _block(language: str, lines: list[str]) -> list[str]:
    return [f"```{language}", *(printable(line, 160) for line in lines), "```"]


def _excerpt(text: str, other: str) -> list[str]:
    """The lines of *text* that *other* has not, and some around them."""
    lines, others = text.splitlines(), other.splitlines()
    moves = [move for move in SequenceMatcher(None, lines, others, autojunk=False).get_opcodes() if move[0] != "equal"]
    shown = {at for _, low, high, _, _ in moves for at in range(low - _AROUND, max(high, low + 1) + _AROUND)}
    found: list[str] = []
    for at, line in enumerate(lines):
        if at in shown:
            found.append(line)
        elif (
            found and found[-1] != "# …" and at - 1 in shown and any(later in shown for later in range(at, len(lines)))
        ):
            found.append("# …")
    return found


def _configuration(code: str, severity: str) -> str:
    if severity == "error":
        return "This is an error: the pack, or the site file, does not load. It cannot be allowed."
    return (
        "This is a warning: the pack loads. Where it is meant, say why at its line, or in the comment above it:\n"
        f"`# allow {code}: REASON`."
    )


def index(written: Mapping[str, Mapping[str, Any]]) -> str:
    """The list of all pages."""
    head = "# What `oversight check` says\n\nOne page for each code. `make check-pages` makes them anew.\n"
    rows = [f"| [{code}]({code}.md) | {CODES[code]} |" for code in sorted(written)]
    return "\n".join([head, "| code | meaning |", "|---|---|", *rows, ""])


def pages(written: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """All files of the folder, by name."""
    return {f"{code}.md": page(code, one) for code, one in written.items()} | {"README.md": index(written)}


def main() -> int:
    """Write the pages; 1 where the data do not fit, with nothing written."""
    written = data()
    found = problems(written)
    for said in found:
        print(said, file=sys.stderr)
    if found:
        return 1
    PAGES.mkdir(exist_ok=True)
    for old in PAGES.glob("*.md"):
        old.unlink()
    for name, text in pages(written).items():
        (PAGES / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
