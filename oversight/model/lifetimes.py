"""How long each fact of a pack can stay in memory: what bounds it, or that nothing does."""

from __future__ import annotations

from attrs import field, frozen

from oversight.model.extract import named
from oversight.model.pack import Fact, Head, Pack, Query
from oversight.model.places import Place

TIME, EVENT, NEVER = "time", "event", "never"
_ORDER = (TIME, EVENT, NEVER)


@frozen
class Lifetime:
    """
    How long one sort of fact stays.

    Args:
        fact: its name, or ``alert``.
        one_for: what there is one of it for: the names of its key, the kinds that each start one of their own, or the
            rules whose alerts they are.
        bound: what ends it at the latest: ``time``, known when it begins; ``event``, for as long as none comes; or
            ``never``, so that it grows for ever.
        text: until when, in words.
        place: where it is declared.
    """

    fact: str
    one_for: tuple[str, ...]
    bound: str
    text: str
    place: Place = field(eq=False)


def lifetimes(pack: Pack) -> tuple[Lifetime, ...]:
    """
    How long each fact of *pack* can stay in memory, those that grow for ever first, then by name.

    Of alerts only those are facts that a rule watches. What is over is let go once no late event can change it any
    more (``revise``).

    Args:
        pack: checked, as :func:`oversight.load` gives it.

    >>> import oversight
    >>> {one.fact: one.text for one in lifetimes(oversight.load("camera-programme"))}["standing"]
    'until assessment.revoked, or assessment.reviewed on conditions'
    """
    made = [_of_fact(fact) for fact in pack.facts.values()] + _of_alerts(pack)
    return tuple(sorted(made, key=lambda one: (-_ORDER.index(one.bound), one.fact, one.one_for)))


def _of_fact(fact: Fact) -> Lifetime:
    kinds = dict.fromkeys(kind for start in fact.starts for kind in start.kinds)
    bounded = fact.lasts is not None or all(start.until is not None for start in fact.starts)
    bound = TIME if bounded else EVENT if fact.ends else NEVER
    return Lifetime(fact.name, fact.key or tuple(kinds), bound, _until(fact), fact.place)


def _until(fact: Fact) -> str:
    """In words, when one is over at the latest."""
    given = [start.until.text for start in fact.starts if start.until is not None]
    mark = " where it is given" if len(given) < len(fact.starts) else ""
    ways = [text + mark for text in dict.fromkeys(given)]
    if fact.lasts is not None:
        ways.append(f"{fact.lasts.text} after it begins")
    for conditional, mark in ((False, ""), (True, " on conditions")):
        ends = [end for end in fact.ends if bool(end.conditions or end.excuses) is conditional]
        ways += dict.fromkeys(kind + mark for end in ends for kind in end.kinds)
    if not ways:
        return "for ever"
    bounded = fact.lasts is not None or fact.ends or len(given) == len(fact.starts)
    return f"until {', or '.join(ways)}" + ("" if bounded else ", else for ever")


def _of_alerts(pack: Pack) -> list[Lifetime]:
    """The alerts that are facts: those that other rules watch."""
    watched = {rule for found in named(pack.rules) if isinstance(found, Head | Query) for rule in found.of}
    rules = [rule for rule in pack.rules if rule.id in watched]
    made = []
    for acts, bound, text in (
        (False, EVENT, "until the breach is over"),
        (True, NEVER, "for ever, as an alert about an act is never over"),
    ):
        ids = tuple(dict.fromkeys(rule.id for rule in rules if bool(rule.head.kinds) is acts))
        if ids:
            made.append(Lifetime("alert", ids, bound, text, rules[0].place))
    return made
