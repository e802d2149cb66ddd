"""Changes of a history that is to raise an alert: to its edges, to what would excuse it, and to what nearly matches."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date, datetime, timedelta

from oversight.ground.text import printable
from oversight.ground.time import Period, format_instant, shift
from oversight.model.forms import ABSENT
from oversight.model.pack import Rule
from oversight.testing.drafts import Draft, Names, Place, Saved, places, plain
from oversight.testing.plans import Plan
from oversight.testing.sources import kinds_read
from oversight.testing.values import fits
from oversight.testing.wishes import TICK

Twist = Callable[[Plan, Rule, Names], str]
"""Changes the plan, and says what it changed; an empty text where there was nothing to change."""


def one_of(plan: Plan, things: list[Draft]) -> Draft | None:
    """One of *things*, as the plan picks."""
    return things[plan.pick(len(things))] if things else None


def edges(plan: Plan, besides: Draft | None = None) -> list[datetime]:
    """
    The instants at which something may change: those of the events and of their attributes, and a span of the pack
    before and after; those at which a parameter or a rule comes into force.
    """
    zone = plan.pack.zone
    found = [draft.time for draft in plan.drafts if draft is not besides]
    for draft in plan.drafts:
        values = [place.read() for place in places(draft)]
        found += [value for value in values if isinstance(value, datetime)]
        days = [value for value in values if isinstance(value, date) and not isinstance(value, datetime)]
        found += [
            datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=n) for day in days for n in (0, 1)
        ]
    spans = [span for span in plan.sources.spans if span.length > 0][:12]
    spans += [place.read() for draft in plan.drafts for place in places(draft) if isinstance(place.read(), Period)]
    found += [shift(instant, span, zone, sign) for instant in found[:8] for span in spans for sign in (1, -1)]
    near = [instant for instant in plan.sources.instants if abs(instant - plan.latest) < timedelta(days=1000)]
    return list(dict.fromkeys(found + near))


def at_an_edge(plan: Plan, draft: Draft) -> datetime:
    """A tick before, at or after an edge."""
    choices = edges(plan, draft) or [draft.time]
    instant = choices[plan.pick(len(choices))] + (timedelta(), -TICK, TICK)[plan.pick(3)]
    return instant.astimezone(plan.drafts[0].time.tzinfo)


def moved(plan: Plan, rule: Rule, names: Names) -> str:
    """Another instant for an event."""
    draft = one_of(plan, plan.drafts)
    if draft is None:
        return ""
    before, draft.time = draft.time, at_an_edge(plan, draft)
    return f"{draft.kind.name} at {format_instant(draft.time)} instead of {format_instant(before)}"


def excused(plan: Plan, rule: Rule, names: Names) -> str:
    """What would excuse the alert, on time or a little late."""
    if not rule.excuses:
        return ""
    count, plan.locked = len(plan.drafts), set()
    excuse = rule.excuses[plan.pick(len(rule.excuses))]
    plan.hold(excuse, True, names, plan.latest)
    for draft in plan.drafts[count:]:
        draft.time = at_an_edge(plan, draft) if plan.pick(2) else draft.time
    added = ", ".join(f"{draft.kind.name} at {format_instant(draft.time)}" for draft in plan.drafts[count:])
    return f"with {added}" if added else "with what excuses it"


def ended(plan: Plan, rule: Rule, names: Names) -> str:
    """An end or a change of a fact."""
    if not plan.bindings:
        return ""
    binding = plan.bindings[plan.pick(len(plan.bindings))]
    assert binding.fact is not None
    ways = (*binding.fact.ends, *binding.fact.changes)
    if not ways:
        return ""
    way = ways[plan.pick(len(ways))]
    draft = plan.draft(way.kinds[plan.pick(len(way.kinds))], plan.latest + timedelta(hours=1))
    plan.act(way, binding, draft)
    if plan.pick(2):
        draft.time = at_an_edge(plan, draft)
    return f"with {draft.kind.name} at {format_instant(draft.time)}"


def altered(plan: Plan, rule: Rule, names: Names) -> str:
    """Another value of an attribute: one that nearly matches, or that the pack mentions."""
    draft = one_of(plan, plan.drafts)
    choices = [] if draft is None else list(places(draft))
    if not choices:
        return ""
    place = choices[plan.pick(len(choices))]
    values = [value for value in plan.candidates(place) if fits(value, place.type)]
    if not values:
        return ""
    before, value = place.read(), values[plan.pick(len(values))]
    place.write(value)
    return f"{_named(place)} is {_shown(value)} instead of {_shown(before)}"


def dropped(plan: Plan, rule: Rule, names: Names) -> str:
    """An attribute, or a key of a scope, that is not there."""
    draft = one_of(plan, plan.drafts)
    choices = [] if draft is None else [p for p in places(draft, leaves=False) if isinstance(p.path[-1], str)]
    choices = [p for p in choices if not (p.attribute is not None and p.attribute.required)]
    if not choices:
        return ""
    place = choices[plan.pick(len(choices))]
    return f"without {_named(place)}" if place.remove() else ""


def given(plan: Plan, rule: Rule, names: Names) -> str:
    """An optional attribute that was not there."""
    draft = one_of(plan, plan.drafts)
    known = [] if draft is None else list(draft.kind.attributes)
    choices = [Place(draft, (name,)) for name in known if draft is not None and name not in draft.data]
    if not choices:
        return ""
    place = choices[plan.pick(len(choices))]
    plan.fill(place)
    return f"with {_named(place)} {_shown(place.read())}"


def copied(plan: Plan, rule: Rule, names: Names) -> str:
    """A second event like another, at an edge."""
    draft = one_of(plan, plan.drafts)
    if draft is None:
        return ""
    second = Draft(draft.kind, draft.time, copy.deepcopy(draft.data))
    plan.drafts.append(second)
    second.time = at_an_edge(plan, draft)
    return f"with a second {draft.kind.name} at {format_instant(second.time)}"


def noise(plan: Plan, rule: Rule, names: Names) -> str:
    """An event of any kind that the rules read, which may have nothing to do with the others."""
    kinds = kinds_read(plan.pack)
    if not kinds:
        return ""
    draft = plan.draft(kinds[plan.pick(len(kinds))].name, plan.latest)
    scatter(plan, draft)
    return f"with {draft.kind.name} at {format_instant(draft.time)}"


def scatter(plan: Plan, draft: Draft) -> None:
    """Give a new event any instant and any values, optional ones now and then."""
    draft.time = at_an_edge(plan, draft)
    for attribute in draft.kind.attributes.values():
        place = Place(draft, (attribute.name,))
        if place.read() is ABSENT and (attribute.name == "corrects" or plan.pick(3) != 1):
            continue
        plan.fill(place)
        for leaf in list(places(draft)):
            values = [v for v in plan.candidates(leaf) if fits(v, leaf.type)] if leaf.path[0] == attribute.name else []
            if values and plan.pick(3):
                leaf.write(values[plan.pick(len(values))])


def lacking(plan: Plan, rule: Rule, names: Names) -> str:
    """One event fewer."""
    draft = one_of(plan, plan.drafts)
    if draft is None or len(plan.drafts) < 2:
        return ""
    plan.drafts.remove(draft)
    return f"without {draft.kind.name} at {format_instant(draft.time)}"


ALL: tuple[Twist, ...] = (moved, excused, ended, altered, dropped, moved, excused, ended, given, copied, noise)
"""In which a history is changed; those that find most come twice."""
ONE: tuple[Twist, ...] = (excused, altered, ended, dropped, moved, given, lacking)
"""Those that change one thing."""


def undone(plan: Plan, saved: Saved) -> Saved:
    """Undo a twist, and note the state anew."""
    saved.restore()
    return Saved(plan.drafts)


def _named(place: Place) -> str:
    return f"{place.draft.kind.name}.{'.'.join(str(step) for step in place.path)}"


def _shown(value: object) -> str:
    return printable(str(plain(value)), 80)
