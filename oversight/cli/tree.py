"""A tree of lines, for answers that go from what was asked down to the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from textwrap import wrap
from zoneinfo import ZoneInfo

from attrs import frozen

from oversight.ground.instants import in_zone
from oversight.ground.text import printable
from oversight.outlets.text import clock

_MOST, _WIDTH = 2_000, 110


@frozen
class Branch:
    """A line of the tree, with the lines below it."""

    text: str
    below: tuple[Branch, ...] = ()


def draw(head: str, branches: Sequence[Branch]) -> Iterator[str]:
    """
    The lines of a tree, safe for a terminal.

    Args:
        head: its first line.
        branches: what stands below that.

    >>> list(draw("a", [Branch("b", (Branch("c"),)), Branch("d")]))
    ['a', '├─ b', '│  └─ c', '└─ d']
    """
    yield from _wrapped(head, "", "│  " if branches else "")
    for number, branch in enumerate(branches, 1):
        yield from _branch(branch, "", number == len(branches))


def _branch(branch: Branch, before: str, last: bool) -> Iterator[str]:
    inner = before + ("   " if last else "│  ")
    under = inner + ("│  " if branch.below else "   ")
    yield from _wrapped(branch.text, f"{before}{'└─' if last else '├─'} ", under)
    for number, each in enumerate(branch.below, 1):
        yield from _branch(each, inner, number == len(branch.below))


def _wrapped(text: str, first: str, under: str) -> Iterator[str]:
    lines = wrap(printable(text, _MOST), max(40, _WIDTH - len(under)), break_long_words=False, break_on_hyphens=False)
    yield first + (lines[0] if lines else "")
    for line in lines[1:]:
        yield under + line


def local(instant: datetime, zone: ZoneInfo) -> str:
    """
    Day and hour of an instant in a zone; seconds where there are some.

    >>> from datetime import UTC
    >>> local(datetime(2026, 3, 9, 1, tzinfo=UTC), ZoneInfo("Asia/Hong_Kong"))
    '2026-03-09 09:00'
    """
    return clock(in_zone(instant, zone))
