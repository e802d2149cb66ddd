"""Examples to read: what happens when, and the alerts that are expected of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from attrs import evolve

from oversight.cases.matching import Expected, Got, nearest_of, told, told_expected, unmatched
from oversight.engine.core import Engine
from oversight.ground.text import nearest, printable
from oversight.ground.time import parse_instant
from oversight.model.folding import fold
from oversight.model.pack import Pack
from oversight.testing.drafts import Draft, plain
from oversight.testing.histories import shown
from oversight.testing.plans import Plan
from oversight.testing.sources import Sources


class Scenario:
    """
    Events and the alerts expected of them, written down in one chain; every step returns the scenario.

    Args:
        pack: checked.

    Attributes:
        events: those so far, as they are fed; what their kinds require and nobody gave has a plain value.
    """

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._at: datetime | None = None
        self._expected: list[Expected] = []
        self.events: list[dict[str, Any]] = []

    def at(self, instant: str | datetime) -> Scenario:
        """
        It is now *instant*: what comes next happens, or is expected, then.

        Raises:
            ValueError: *instant* has no offset, or is no instant.
        """
        self._at = parse_instant(instant) if isinstance(instant, str) else instant
        if self._at.tzinfo is None:
            raise ValueError("an instant needs an offset, as in 2026-03-10T09:00:00+08:00")
        return self

    def event(self, kind: str, identity: str = "", /, **attributes: Any) -> Scenario:
        """
        Something happens.

        Args:
            kind: the kind of event.
            identity: the id of the event; numbered in order without one.
            attributes: those that matter; others that are required have a plain value.

        Raises:
            ValueError: the pack has no such kind, or the kind no such attribute; names the nearest.
            EventError: a value is not what the kind allows.
        """
        now = self._now("event")
        if kind not in self._pack.kinds:
            raise ValueError(_unknown("kind", kind, self._pack.kinds))
        known = self._pack.kinds[kind].attributes
        for name in attributes:
            if name not in known and name != "corrects":
                raise ValueError(f"{kind}: {_unknown('attribute', name, known)}")
        plan = Plan(self._pack, Sources({}, {}, (), ()), lambda number: 0)
        draft: Draft = plan.draft(kind, now)
        made = {"id": identity or f"e{len(self.events) + 1}", **draft.written()}
        made["data"] = {**made["data"], **plain(attributes)}
        Engine(_only(self._pack, kind)).decode(made)
        self.events.append(made)
        return self

    def expect(
        self,
        rule: str,
        *,
        about: str | Iterable[str] | None = None,
        part: str | None = None,
        cleared: str | datetime | None = None,
    ) -> Scenario:
        """
        Now an alert of *rule* is raised.

        Args:
            rule: its id.
            about: exactly the ids it is about; ``None`` for any.
            part: the part of the rule; ``None`` for any.
            cleared: when the breach ends; without, it is open at the end.

        Raises:
            ValueError: the pack has no such rule; names the nearest.
        """
        if rule not in {each.id for each in self._pack.rules}:
            raise ValueError(_unknown("rule", rule, {each.id for each in self._pack.rules}))
        names = None if about is None else frozenset([about] if isinstance(about, str) else about)
        end = parse_instant(cleared) if isinstance(cleared, str) else cleared
        self._expected.append(Expected((rule,), self._now("expect"), end, names, part))
        return self

    def check(self, *, rules: Iterable[str] | None = None) -> Scenario:
        """
        Feed the events, let time pass until the instant reached, and compare.

        Args:
            rules: ids of the rules whose alerts are compared; ``None`` for those expected, and all where none is.

        Raises:
            AssertionError: an alert expected did not come, or one came that was not; says which, with the events.
        """
        now = self._now("check")
        wanted = set(rules) if rules is not None else {rule for each in self._expected for rule in each.rules}
        engine = Engine(self._pack)
        changes = list(engine.feed(self.events))
        if engine.now is None or now >= engine.now:
            changes += engine.advance(now)
        got = [
            Got(each.rule, each.part, each.at, each.cleared, frozenset(each.subjects))
            for each in fold(changes).values()
            if not wanted or each.rule in wanted
        ]
        lost, surplus = unmatched(self._expected, got)
        if lost or surplus:
            raise AssertionError("\n".join(["", *_lines(lost, surplus), "the events:", shown(self.events)]))
        return self

    def _now(self, step: str) -> datetime:
        if self._at is None:
            raise ValueError(f"{step}: say when first, with .at(instant)")
        return self._at


def scenario(pack: Pack) -> Scenario:
    """
    An example of a pack, to be written down step by step.

    Args:
        pack: checked, as :func:`oversight.load` gives it.

    >>> import oversight
    >>> made = scenario(oversight.load("hong-kong")).at("2026-09-01T09:00:00+08:00")
    >>> made = made.event("consultation.closed", consultation="con-2", outcome="no_comment")
    >>> made.expect("HK-CON-02", about="con-2").check().events[0]["id"]
    'e1'
    """
    return Scenario(pack)


def _lines(lost: list[Expected], surplus: list[Got]) -> Iterable[str]:
    for wanted in lost:
        yield f"expected, and did not come: {told_expected(wanted)}"
        near = nearest_of(wanted, surplus)
        if near is not None:
            yield f"  nearest that came: {told(near[0], wanted.at)}; but {' and '.join(near[1])}"
    for each in surplus:
        yield f"came, and was not expected: {told(each)}"


def _only(pack: Pack, kind: str) -> Pack:
    return evolve(pack, rules=(), facts={}, cases=(), kinds={kind: pack.kinds[kind]})


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f"no {what} is called {printable(name, 80)!r}" + (f"; did you mean {near!r}?" if near else "")
