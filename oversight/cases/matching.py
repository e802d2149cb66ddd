"""What a case expects beside what came: the pairs that fit, and whatever is left over on either side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from oversight.ground.text import printable
from oversight.ground.time import format_instant


@frozen
class Expected:
    """
    An alert that a case expects.

    Args:
        rules: ids of the rules of which one must raise it.
        at: the instant of the breach.
        cleared: the instant at which it is over, or ``None``: then it must be open at the end.
        about: exactly the ids it must be about, or ``None`` for any.
        part: the part of the rule, or ``None`` for any.
    """

    rules: tuple[str, ...]
    at: datetime
    cleared: datetime | None = None
    about: frozenset[str] | None = None
    part: str | None = None


@frozen
class Got:
    """An alert that came: what a case can say of it."""

    rule: str
    part: str
    at: datetime
    cleared: datetime | None
    about: frozenset[str]


def expected_of(written: Mapping[str, Any], rules: tuple[str, ...]) -> Expected:
    """
    An expected alert as it is written in a case.

    Args:
        written: ``at`` and, optionally, ``cleared``, ``about``, ``part``, ``rule``.
        rules: those the case is about.
    """
    about = written.get("about")
    return Expected(
        (written["rule"],) if "rule" in written else rules,
        written["at"],
        written.get("cleared"),
        None if about is None else frozenset([about] if isinstance(about, str) else about),
        written.get("part"),
    )


def differences(expected: Expected, got: Got) -> tuple[str, ...]:
    """
    In what *got* is not what was *expected*, nothing where it fits.

    >>> from datetime import UTC
    >>> day = datetime(2026, 3, 1, tzinfo=UTC)
    >>> differences(Expected(("R-1",), day), Got("R-1", "", day, day, frozenset({"k1"})))
    ('it was cleared at 2026-03-01T00:00:00Z',)
    """
    found = []
    if got.rule not in expected.rules:
        found.append(f"its rule is {got.rule}")
    if expected.part is not None and got.part != expected.part:
        found.append(f"its part is {got.part!r}" if got.part else "it has no part")
    if expected.at != got.at:
        found.append(f"it came at {_when(got.at, expected.at)}")
    if expected.about is not None and expected.about != got.about:
        found.append(f"it is about {_names(got.about)}")
    if expected.cleared != got.cleared:
        near = expected.cleared or got.at
        found.append("it was not cleared" if got.cleared is None else f"it was cleared at {_when(got.cleared, near)}")
    return tuple(found)


def unmatched(expected: Sequence[Expected], got: Sequence[Got]) -> tuple[list[Expected], list[Got]]:
    """
    What is left when as many as possible of *expected* are paired with one of *got* that fits.

    Returns:
        Those expected that did not come, and those that came unexpected.

    >>> unmatched([], [])
    ([], [])
    """
    fits = [[n for n, each in enumerate(got) if not differences(wanted, each)] for wanted in expected]
    owner: dict[int, int] = {}

    def place(number: int, tried: set[int]) -> bool:
        for candidate in fits[number]:
            if candidate not in tried:
                tried.add(candidate)
                if candidate not in owner or place(owner[candidate], tried):
                    owner[candidate] = number
                    return True
        return False

    lost = [wanted for number, wanted in enumerate(expected) if not place(number, set())]
    return lost, [each for number, each in enumerate(got) if number not in owner]


def nearest_of(expected: Expected, got: Sequence[Got]) -> tuple[Got, tuple[str, ...]] | None:
    """The one of *got* that differs least from *expected*, with the differences; ``None`` without any."""
    rated = [(differences(expected, each), each) for each in got]
    if not rated:
        return None
    found, each = min(rated, key=lambda pair: (len(pair[0]), abs(pair[1].at - expected.at)))
    return each, found


def told_expected(expected: Expected) -> str:
    """An expected alert in words."""
    rule = "/".join([" or ".join(expected.rules), *([expected.part] if expected.part else [])])
    about = "" if expected.about is None else f" about {_names(expected.about)}"
    until = f", cleared at {format_instant(expected.cleared)}" if expected.cleared else ""
    return f"{rule} at {format_instant(expected.at)}{about}{until}"


def told(got: Got, like: datetime | None = None) -> str:
    """An alert that came, in words; its instants in the offset of *like*."""
    near = like or got.at
    rule = f"{got.rule}/{got.part}" if got.part else got.rule
    until = f", cleared at {_when(got.cleared, near)}" if got.cleared else ", open at the end"
    return f"{rule} at {_when(got.at, near)} about {_names(got.about)}{until}"


def _when(instant: datetime, like: datetime) -> str:
    """*instant* in the offset in which the author wrote, so that the two can be compared by eye."""
    return format_instant(instant.astimezone(like.tzinfo))


def _names(ids: frozenset[str]) -> str:
    return ", ".join(printable(each, 80) for each in sorted(ids)) or "nothing"
