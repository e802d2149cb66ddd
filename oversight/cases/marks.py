"""Marks: comments in a pack's files that say at the line why something there cannot be tested."""

from __future__ import annotations

import re
from collections.abc import Sequence

from oversight.ground.marks import marked


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
    return {(line, mark["about"]): (at, mark["reason"].strip()) for mark, at, line in marked(lines, pattern)}
