"""Histories drawn from a pack: what its rules ask for, changed at the edges they have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen
from hypothesis import reject
from hypothesis import strategies as st

from oversight.engine.core import Engine
from oversight.ground.text import nearest, printable
from oversight.ground.time import format_instant, parse_instant
from oversight.model.alerts import RAISED
from oversight.model.extract import extract
from oversight.model.pack import Pack, Rule
from oversight.testing import twists
from oversight.testing.dice import Dice, thrown
from oversight.testing.drafts import Draft, Saved
from oversight.testing.plans import FIRST, Plan
from oversight.testing.sources import Sources, kinds_read, longest, sources

History = list[dict[str, Any]]
"""Flat events in the order in which they arrive."""
_KEPT = 31
"""Of how many events one is left out; the simplest is to leave it out, so that what does not matter goes first."""
_TRIES = 12
_AFTER = timedelta(days=30)
_TWISTS = (0, 0, 1, 1, 2, 3)
"""How many things are changed; half of all histories are left as they are, or nearly."""


def events(pack: Pack, kind: str | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """
    One event that is valid, with ids from small pools so that events meet.

    Args:
        pack: checked.
        kind: which; ``None`` for any that the rules read.

    Raises:
        ValueError: the pack has no such kind.

    >>> import oversight
    >>> events(oversight.load("hong-kong"), "camera.activatd")
    Traceback (most recent call last):
    ValueError: hong_kong has no kind 'camera.activatd'; did you mean 'camera.activated'?
    """
    if kind is not None and kind not in pack.kinds:
        near = nearest(kind, pack.kinds)
        raise ValueError(
            f"{pack.name} has no kind {printable(kind, 80)!r}" + (f"; did you mean {near!r}?" if near else "")
        )
    kinds = [kind] if kind is not None else [each.name for each in kinds_read(pack)]
    found = sources(pack)

    def one(dice: Dice) -> dict[str, Any]:
        plan = Plan(pack, found, dice.below)
        draft = plan.draft(kinds[dice.below(len(kinds))], FIRST)
        twists.scatter(plan, draft)
        draft.time = FIRST + timedelta(days=dice.one_of(0, 1, 2, 30, 31, 365))
        return {"id": f"e{1 + dice.below(65_536)}", **draft.written()}

    return thrown(120).map(one)


def histories(pack: Pack, rules: Collection[str] | None = None, *, twisted: int = 3) -> st.SearchStrategy[History]:
    """
    Histories in which the rules of a pack have something to decide.

    Each aims at one rule: it has the events that start what the rule watches and what its conditions ask for. Then some
    things are changed: an event lies a tick before, at or after a deadline, an end or a dated value; a key nearly
    matches; what would excuse the alert comes, late or not; evidence is revoked; an event comes twice, is corrected, or
    comes late. They shrink to few events.

    Args:
        pack: checked; it need not have any examples.
        rules: ids, or names with the part, of the rules to aim at; ``None`` for all.
        twisted: how many things are changed at most.

    Raises:
        ValueError: the pack has none of these rules.

    >>> import oversight
    >>> histories(oversight.load("hong-kong"), ["HK-PIA-1"])
    Traceback (most recent call last):
    ValueError: hong_kong has no rule 'HK-PIA-1'; did you mean 'HK-PIA-01'?
    """
    return aimed(pack, rules, twisted).map(lambda pair: pair[1])


def aimed(
    pack: Pack, rules: Collection[str] | None = None, twisted: int = 3
) -> st.SearchStrategy[tuple[Rule, History]]:
    """Histories as of :func:`histories`, each with the rule it aims at."""
    found, wanted = sources(pack), chosen(pack, rules)

    parts: dict[str, Pack] = {}

    def one(dice: Dice) -> tuple[Rule, History]:
        rule = wanted[dice.below(len(wanted))]
        part = parts.setdefault(rule.id, extract(pack, [rule.id], []))
        plan = Plan(part, found, dice.part(300).below)
        names = plan.aim(rule)
        changes = [dice.part(80) for _ in range(min(twisted, dice.one_of(*_TWISTS)))]
        for change in changes:
            plan.pick = change.below
            change.one_of(*twists.ALL)(plan, rule, names)
        plan.pick = dice.part(80).below
        return rule, arriving(plan)

    return thrown(700).map(one)


@frozen
class NearMiss:
    """
    Two histories that differ in one thing, of which one raises the rule.

    Args:
        raising: raises it.
        silent: does not, until then: an excuse may run out later.
        changed: what is different in the second.
        until: an instant thirty days after the first raises it.
    """

    raising: History
    silent: History
    changed: str
    until: datetime


def near_misses(pack: Pack, rule: str) -> st.SearchStrategy[NearMiss]:
    """
    Histories that raise a rule, each with one that only just does not.

    Args:
        pack: checked.
        rule: id of the rule, or its name with the part.

    Raises:
        ValueError: the pack has no such rule.
    """
    found, wanted = sources(pack), chosen(pack, [rule])
    part, judged = extract(pack, [wanted[0].id], []), extract(pack, [wanted[0].id], pack.kinds)

    def one(dice: Dice) -> NearMiss:
        target = wanted[dice.below(len(wanted))]
        plan = Plan(part, found, dice.part(300).below)
        names = plan.aim(target)
        raising = numbered(plan.drafts)
        raised = first_raised(judged, target, raising, found)
        if raised is None:
            reject()
        until = raised + _AFTER
        first, saved, bindings = dice.below(len(twists.ONE)), Saved(plan.drafts), list(plan.bindings)
        for number in range(_TRIES):
            plan.pick, plan.bindings = dice.part(60).below, list(bindings)
            changed = twists.ONE[(first + number) % len(twists.ONE)](plan, target, names)
            silent = numbered(plan.drafts)
            at = first_raised(judged, target, silent, found) if changed else until
            if at is None or at > until:
                return NearMiss(raising, silent, changed, until)
            saved = twists.undone(plan, saved)
        reject()

    return thrown(1100).map(one)


def first_raised(pack: Pack, rule: Rule, history: History, found: Sources) -> datetime | None:
    """The instant of the first alert of *rule* on *history*; ``None`` where there is none."""
    engine = Engine(pack)
    told = [*engine.feed(history), *engine.advance(horizon(history, found))]
    return min([c.at for c in told if (c.change, c.rule, c.part) == (RAISED, rule.id, rule.part)], default=None)


def horizon(history: Sequence[dict[str, Any]], found: Sources) -> datetime:
    """An instant after *history* at which every deadline that it begins has passed."""
    last = max([parse_instant(event["time"]) for event in history], default=FIRST)
    return last + longest(found.spans) + timedelta(days=450)


def chosen(pack: Pack, rules: Collection[str] | None) -> list[Rule]:
    """The rules of *pack* that are meant, without retired ones."""
    known = [rule for rule in pack.rules if rule.status != "retired"]
    for wanted in rules or ():
        if not any(wanted in (rule.id, rule.name) for rule in known):
            near = nearest(wanted, {name for rule in known for name in (rule.id, rule.name)})
            raise ValueError(
                f"{pack.name} has no rule {printable(wanted, 80)!r}" + (f"; did you mean {near!r}?" if near else "")
            )
    found = [rule for rule in known if rules is None or rule.id in rules or rule.name in rules]
    if not found:
        raise ValueError(f"{pack.name} has no rules")
    return found


def numbered(drafts: Sequence[Draft]) -> History:
    """Drafts as events with ids, in order of time."""
    ordered = sorted(drafts, key=lambda draft: draft.time)
    return [{"id": f"e{number}", **draft.written()} for number, draft in enumerate(ordered, 1)]


def arriving(plan: Plan) -> History:
    """The events of a plan as they arrive: some left out, late, repeated or corrected."""
    pick = plan.pick
    history = [event for event in numbered(plan.drafts) if pick(_KEPT + 1)]
    if not history or pick(3) != 2:
        return history
    index = pick(len(history))
    event = history[index]
    how = pick(4)
    if how == 0:
        history.append(history.pop(index))
    elif how == 1:
        history.append(event)
    elif how == 2:
        history.append(
            {"id": "e0", "kind": "event.retracted", "time": event["time"], "data": {"corrects": event["id"]}}
        )
    else:
        history.append({**event, "id": "e0", "data": {**event["data"], "corrects": event["id"]}})
        history[-1]["time"] = format_instant(twists.at_an_edge(plan, plan.drafts[0])) if pick(2) else event["time"]
    return history


def shown(history: Sequence[dict[str, Any]]) -> str:
    """A history as lines to read: the instant, the id, the kind and the attributes of each event."""
    lines = []
    for event in history:
        said = ", ".join(f"{name} {printable(str(value), 200)}" for name, value in event.get("data", {}).items())
        lines.append(f"  {event['time']}  {event['id']}  {event['kind']}: {said}")
    return "\n".join(lines)
