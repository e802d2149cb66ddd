"""Marks: comments in a pack's files that say at the line why something there cannot be tested."""

from __future__ import annotations

import re
from collections.abc import Sequence

_COMMENT = re.compile(r"\s*#")


def marks(lines: Sequence[str], word: str, about: Sequence[str]) -> dict[tuple[int, str], tuple[int, str]]:
    """
    The marks in a text: by the line that each is about, and what it names there, its own line and reason.

    One behind a clause is about its line, one in the comment above about the line that follows.

    Args:
        lines: the text.
        word: with which the marks begin.
        about: what a mark can name.

    >>> marks(["# never false: all are large", "- s.large"], "never", ["true", "false"])
    {(2, 'false'): (1, 'all are large')}
    """
    pattern = re.compile(rf"(?:^|\s)#\s*{word} (?P<about>{'|'.join(about)}): *(?P<reason>\S.*)")
    found: dict[tuple[int, str], tuple[int, str]] = {}
    above: list[tuple[str, int, str]] = []
    for number, line in enumerate(lines, 1):
        mark = pattern.search(line)
        if mark is not None:
            above.append((mark["about"], number, mark["reason"].strip()))
        if not _COMMENT.match(line):
            found.update({(number, named): (at, reason) for named, at, reason in above})
            above = []
    return found
