"""Marks in comments of YAML files: by which line they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_COMMENT = re.compile(r"\s*#")


def marked(lines: Sequence[str], pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], int, int]]:
    """
    Each mark in a text, with its own line and the line that it is about, both from one.

    One behind something is about its line, one in the comment above about the line that follows.

    Args:
        lines: the text.
        pattern: finds a mark in a line.

    >>> [(at, about) for _, at, about in marked(["# why: a", "- b", "- c  # why: d"], re.compile("# why"))]
    [(1, 2), (3, 3)]
    """
    above: list[tuple[re.Match[str], int]] = []
    for number, line in enumerate(lines, 1):
        mark = pattern.search(line)
        if mark is not None:
            above.append((mark, number))
        if not _COMMENT.match(line):
            yield from ((mark, at, number) for mark, at in above)
            above = []
