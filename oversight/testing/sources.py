"""What a pack mentions: the words, numbers, spans and instants at which its rules decide, and ids that are to meet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen

from oversight.ground.time import Period
from oversight.model.clauses import expressions
from oversight.model.expressions import Call, Literal, Name, Node, Select, walk
from oversight.model.pack import RETRACTION, Kind, Pack
from oversight.model.types import PERIOD

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in", "startsWith", "contains", "endsWith")


@frozen(eq=False)
class Sources:
    """
    What is drawn from for a pack.

    Args:
        words: by the name of an attribute, the texts and numbers it is compared with.
        families: by the name of an attribute, the name under which ids are drawn for it; attributes that are compared
            with one another have one.
        spans: periods after which something begins, ends or is due.
        instants: those from which a parameter or a rule is in force, or no longer.
        keys: by the name of a map, the keys that are looked up in it.
        identities: kinds with those of their attributes that are the key of a fact they start.
    """

    words: dict[str, tuple[Any, ...]]
    families: dict[str, str]
    spans: tuple[Period, ...]
    instants: tuple[datetime, ...]
    keys: dict[str, tuple[str, ...]] = field(factory=dict)
    identities: frozenset[tuple[str, str]] = frozenset()

    def ids(self, name: str) -> tuple[str, ...]:
        """Ids for an attribute, few enough that two events have the same."""
        family = self.families.get(name, name)
        return (f"{family}-1", f"{family}-2")


def kinds_read(pack: Pack) -> tuple[Kind, ...]:
    """The kinds of event that a fact or a rule of *pack* reads, by name."""
    names = {k for f in pack.facts.values() for e in (*f.starts, *f.changes, *f.ends) for k in e.kinds}
    names |= {k for rule in pack.rules for k in rule.head.kinds}
    return tuple(pack.kinds[name] for name in sorted(names - {RETRACTION}))


def sources(pack: Pack) -> Sources:
    """What *pack* mentions."""
    words: dict[str, list[Any]] = {}
    keys: dict[str, list[str]] = {}
    families: dict[str, str] = {}
    spans: list[Period] = []
    nodes = [n for e in expressions([*pack.facts.values(), *pack.rules]) for n in walk(e.node)]
    for node in nodes:
        if isinstance(node, Literal) and isinstance(node.value, Period):
            spans.append(node.value)
        if isinstance(node, Select) and isinstance(node.operand, Select) and node.operand.type.name in ("map", "dyn"):
            keys.setdefault(node.operand.attribute, []).append(node.attribute)
        if not isinstance(node, Call) or node.function not in _COMPARISONS:
            continue
        names = [_attribute(argument) for argument in node.arguments]
        if node.function in ("==", "in") and all(names):
            _unite(families, *[str(name) for name in names])
        for name, other in zip(names, reversed(node.arguments), strict=False):
            if name is not None:
                words.setdefault(name, []).extend(constants(other, pack))
    for parameter in pack.parameters.values():
        if parameter.type is PERIOD:
            spans += [value for _, value in parameter.entries]
    instants = {start for parameter in pack.parameters.values() for start, _ in parameter.entries[1:]}
    instants |= {bound for rule in pack.rules for bound in rule.in_force if bound is not None}
    return Sources(
        {name: tuple(dict.fromkeys(found)) for name, found in words.items()},
        {name: _root(families, name) for name in families},
        tuple(dict.fromkeys(spans)),
        tuple(sorted(instants)),
        {name: tuple(dict.fromkeys(found)) for name, found in keys.items()},
        frozenset(
            (kind, str(_attribute(part.node)))
            for fact in pack.facts.values()
            for start in fact.starts
            for part in start.key
            for kind in start.kinds
        ),
    )


def _attribute(node: Node) -> str | None:
    return node.attribute if isinstance(node, Select) else None


def constants(node: Node, pack: Pack) -> list[Any]:
    """The plain values that an expression names, numbers with those on either side."""
    found: list[Any] = []
    for each in walk(node):
        if isinstance(each, Literal):
            found.append(each.value)
        elif isinstance(each, Name) and each.parameter:
            for _, value in pack.parameters[each.name].entries:
                found += value if isinstance(value, list) else [value]
    made: list[Any] = []
    for value in found:
        if isinstance(value, int | float) and not isinstance(value, bool):
            made += [value - 1, value, value + 1]
        elif isinstance(value, str):
            made.append(value)
    return made


def _root(families: dict[str, str], name: str) -> str:
    while families.get(name, name) != name:
        name = families[name]
    return name


def _unite(families: dict[str, str], one: str, other: str) -> None:
    first, second = sorted((_root(families, one), _root(families, other)))
    families.setdefault(one, first)
    families.setdefault(other, first)
    families[second] = families[first] = first


def longest(spans: tuple[Period, ...]) -> timedelta:
    """More than the longest of *spans*."""
    return max([timedelta(days=span.months * 31 + span.days + 2) for span in spans], default=timedelta(days=2))
