"""What an outlet has to keep to, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from attrs import asdict, evolve

from oversight.model.alerts import CLEARED, RAISED, UPDATED, WITHDRAWN, Change, Missing
from oversight.model.pack import Authority

_AT = datetime(2026, 3, 1, tzinfo=UTC)
_HOSTILE = (
    "\x1b[2J\x1b]0;title\x07", "line\nline\r\nline", "\u202eevil", "\x00", "{rule} %s {0}", "[bold]x[/bold]",
    "x" * 70_000,
    "\u2028\u2029", "'\"`$(id)<script>", "e\u0301\U0001f468\u200d\U0001f469",
)  # fmt: skip
_HIDING = ("\x1b", "\x00", "\x07", "\u202e")


class Tells(Protocol):
    """What an outlet does."""

    def tell(self, changes: Iterable[Change]) -> None:
        """Tell changes, in order."""


def check_outlet(make: Callable[[Callable[[str], object]], Tells]) -> None:
    """
    Hold an outlet to what its users rely on.

    Every change is told, once and in the order of the call; a call tells no less and no more than the same changes one
    by one. No text in an alert breaks it, or reaches the reader as a control or direction character. The changes stay
    as they are. What the sink raises comes through, and what was told before stays told.

    Args:
        make: gives an outlet for a sink, a function that takes the text of one change.

    Raises:
        AssertionError: names what it does not keep to.

    >>> from oversight.outlets.jsonlines import json_lines
    >>> check_outlet(json_lines)
    """
    changes = [_change(number, "plain") for number in range(8)]
    before = [asdict(change) for change in changes]
    texts = _told(make, changes)
    assert before == [asdict(change) for change in changes], "an outlet changed what it was to tell"
    assert len(changes) == len(texts), f"{len(changes)} changes are told in {len(texts)} texts; each is to be told once"
    for number, text in enumerate(texts):
        assert f"R-{number}-" in text, (
            f"text {number + 1} does not name the rule of change {number + 1}: the order is lost"
        )
    apart: list[str] = []
    outlet = make(apart.append)
    for change in changes:
        outlet.tell([change])
    assert texts == apart, "several changes in one call are told otherwise than one by one"
    assert _told(make, []) == [], "an outlet tells something where there is nothing to tell"
    for hostile in _HOSTILE:
        _survives(make, hostile)
    _lets_through(make, changes)


def _survives(make: Callable[[Callable[[str], object]], Tells], hostile: str) -> None:
    try:
        texts = _told(make, [_change(1, hostile), _change(2, "plain")])
    except Exception as error:
        raise AssertionError(f"an outlet fails on the text {hostile[:40]!r}: {error!r}") from error
    assert len(texts) == 2, f"the text {hostile[:40]!r} makes {len(texts)} texts of two changes"
    found = [mark for mark in _HIDING if mark in "".join(texts)]
    assert found == [], f"{found} reach the reader from the text {hostile[:40]!r}"


def _lets_through(make: Callable[[Callable[[str], object]], Tells], changes: list[Change]) -> None:
    told: list[str] = []

    def sink(text: str) -> None:
        if len(told) == 2:
            raise BrokenPipeError("the reader has gone")
        told.append(text)

    try:
        make(sink).tell(changes)
    except BrokenPipeError:
        assert len(told) == 2, "after the sink failed, an outlet went on"
        return
    raise AssertionError("an outlet hides that its sink failed")


def _told(make: Callable[[Callable[[str], object]], Tells], changes: list[Change]) -> list[str]:
    texts: list[str] = []
    make(texts.append).tell(changes)
    return texts


def _change(number: int, text: str) -> Change:
    known: dict[str, Any] = {"fact": "f", "key": [text], "event": text}
    kinds = (RAISED, UPDATED, CLEARED, WITHDRAWN)
    change = Change(
        change=RAISED, alert=f"{number:032x}", rule=f"R-{number}-", part="", title=text, pack="p", pack_digest="0" * 64,
        severity="high", basis="law", authority=(Authority(text, text),), at=_AT + timedelta(hours=number), since=_AT,
        subjects=(text, "s"), open=1, message=text, remedy=text, evidence=("e1", text),
        missing=(Missing(text, known, text, "false", "f"),), cause=text,
    )  # fmt: skip
    return evolve(change, change=kinds[number % 4])
