"""The page on performance: each benchmark writes a section of its own, between two marks, and leaves the others."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs/performance.md"
TITLE = "# Performance\n"


def put(name: str, text: str, page: Path = PAGE) -> None:
    """
    Write *text* as the section that ``python -m benchmarks.NAME --write`` writes; a new one comes last.

    Args:
        name: of the benchmark.
        text: Markdown.
        page: the file.
    """
    begins, ends = f"<!-- Written by python -m benchmarks.{name} --write; do not edit. -->", f"<!-- {name} ends. -->"
    section = f"{begins}\n\n{text.strip()}\n\n{ends}\n"
    known = page.read_text() if page.exists() else TITLE
    there = re.compile(f"{re.escape(begins)}.*?{re.escape(ends)}\n", re.DOTALL)
    if there.search(known):
        page.write_text(there.sub(lambda _: section, known))
    else:
        page.write_text(f"{known.rstrip()}\n\n{section}")
