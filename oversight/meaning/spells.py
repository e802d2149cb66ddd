"""
When facts hold: the spells of section "Meaning" of the design, derived from the acts of a history.

Source of the model: fluents of an event calculus (Kowalski and Sergot, 1986), with the choices that the
documentation names.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from attrs import define, field, frozen

from oversight.model.forms import Event

Point = tuple[datetime, int]
"""An instant and its half: 0 what happened, 1 what ran out."""
Moment = tuple[datetime, int]
"""An instant and the step of its first half at which an event takes effect."""


@define(eq=False)
class Spell:
    """
    What one starting event makes: a time for which a fact with this key may hold.

    ``ended`` is the first moment at which an ending event ended it, ``changes`` what later events set.
    """

    key: Any
    event: Event
    moment: Moment
    order: tuple[Any, ...]
    attributes: Mapping[str, Any]
    begins: datetime
    until: datetime | None
    lasts: datetime | None
    ended: Moment | None = None
    changes: list[tuple[Moment, Event, Mapping[str, Any]]] = field(factory=list)

    def own_end(self) -> Point | None:
        """The first of ``until``, the end of its fixed life and an ending event."""
        ends = [(self.until, 0)] if self.until is not None else []
        ends += [(self.lasts, 1)] if self.lasts is not None else []
        ends += [(self.ended[0], 0)] if self.ended is not None else []
        return min(ends, default=None)


@frozen(eq=False)
class Holding:
    """
    A fact that holds: its key, since when, its attributes, the event it has them from, the first spell of its
    episode, every event that made it what it is, and the spell it is in.
    """

    key: Any
    since: datetime
    attributes: Mapping[str, Any]
    event: Event
    episode: Spell
    events: tuple[Event, ...]
    spell: Spell


def holdings(spells: list[Spell], restarts: bool, point: Point) -> dict[Any, Holding]:
    """The facts that hold at *point*, by key."""
    by_key: dict[Any, list[Spell]] = {}
    for spell in spells:
        by_key.setdefault(spell.key, []).append(spell)
    found = (holding_of(own, restarts, point) for own in by_key.values())
    return {holding.key: holding for holding in found if holding is not None}


def holding_of(spells: list[Spell], restarts: bool, point: Point) -> Holding | None:
    """The fact that *spells*, all of one key, make at *point*."""
    begun = [s for s in spells if (s.begins, 0) <= point and not _empty(s)]
    begun.sort(key=lambda s: (s.begins, s.order))
    if not begun:
        return None
    current = begun[-1]
    end = current.own_end()
    if end is not None and end <= point:
        return None
    first = current
    for earlier, later in reversed(list(pairwise(begun))):
        if restarts or not _touch(earlier, later):
            break
        first = earlier
    attributes = dict(current.attributes)
    events = [current.event]
    for moment, event, values in current.changes:
        if (moment[0], 0) <= point:
            attributes.update(values)
            events.append(event)
    return Holding(current.key, first.begins, attributes, current.event, first, tuple(events), current)


def _empty(spell: Spell) -> bool:
    """An end that is not after the beginning."""
    end = spell.own_end()
    return end is not None and end <= (spell.begins, 0)


def _touch(earlier: Spell, later: Spell) -> bool:
    """Whether *later* goes on where *earlier* ends; not so where an ending event stands between them."""
    end = earlier.own_end()
    return end is None or end > (later.begins, 0) or (end == (later.begins, 0) and not _acted_on(earlier, later))


def _acted_on(earlier: Spell, later: Spell) -> bool:
    return earlier.ended is not None and earlier.ended[0] <= later.begins


def applies(spell: Spell, moment: Moment) -> bool:
    """Whether *spell* is begun and not over when a change takes effect at *moment*."""
    end = spell.own_end()
    return (spell.begins, 0) <= (moment[0], 0) and spell.moment <= moment and (end is None or end > (moment[0], 0))
