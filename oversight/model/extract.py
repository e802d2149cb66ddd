"""The part of a pack that can matter to some of its rules: what takes part in a case, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from oversight.model.clauses import parts_of
from oversight.model.pack import RETRACTION, Entry, Expression, Fact, Head, Pack, Query, Rule


def extract(pack: Pack, rules: Iterable[str], kinds: Iterable[str]) -> Pack:
    """
    *pack* with only *rules*, the rules they watch, the facts all these read, and the kinds of these facts.

    What the rules left mean is the same as in the whole pack: nothing is seen by what does not name it.

    Args:
        pack: checked.
        rules: ids.
        kinds: further kinds to keep, for example those of a case's events.
    """
    wanted_rules, wanted_facts, wanted_kinds = set(rules), set[str](), {RETRACTION, *kinds}
    seen = -1
    while seen != len(wanted_rules) + len(wanted_facts):
        seen = len(wanted_rules) + len(wanted_facts)
        parts: list[Any] = [rule for rule in pack.rules if rule.id in wanted_rules]
        parts += [pack.facts[name] for name in wanted_facts]
        for found in named(parts):
            if isinstance(found, Entry):
                wanted_kinds.update(found.kinds)
                continue
            wanted_rules.update(found.of)
            wanted_facts.update({found.fact} & pack.facts.keys())
            if isinstance(found, Head):
                wanted_kinds.update(found.kinds)
    return attrs.evolve(
        pack,
        rules=tuple(rule for rule in pack.rules if rule.id in wanted_rules),
        facts={name: fact for name, fact in pack.facts.items() if name in wanted_facts},
        kinds={name: kind for name, kind in pack.kinds.items() if name in wanted_kinds},
    )


def divided(pack: Pack, number: int) -> tuple[Pack, ...]:
    """
    The rules of *pack* in so many parts that can be judged apart, each with the facts that its rules read.

    What all parts tell together is what the pack tells: rules that watch alerts are with those whose alerts they are.
    Each has about as much to do.

    Args:
        pack: checked.
        number: how many parts at most, from 1; there are no more than rules that can be apart.
    """
    work = {name: _work(fact) for name, fact in pack.facts.items()}
    own: Counter[str] = Counter()
    for rule in pack.rules:
        own[rule.id] += _work(rule)
    read = {group: set(extract(pack, group, ()).facts) for group in _bound(pack)}

    def load(rules: Iterable[str], facts: Iterable[str]) -> int:
        return sum(own[name] for name in rules) + sum(work[name] for name in facts)

    parts: list[tuple[set[str], set[str]]] = [(set(), set()) for _ in range(number)]
    # The greatest come first: what comes after fills up what is left uneven.
    for group in sorted(read, key=lambda group: (-load(group, read[group]), min(group))):
        rules, facts = min(parts, key=lambda part: load(part[0] | group, part[1] | read[group]))
        rules |= group
        facts |= read[group]
    return tuple([extract(pack, rules, pack.kinds) for rules, _ in parts if rules]) or (pack,)


def _work(of: Rule | Fact) -> int:
    """A measure of what it takes: how many kinds and facts it is about or asks for, one by one."""
    return sum(1 for _ in named(of))


def _bound(pack: Pack) -> list[frozenset[str]]:
    """The ids of the rules that must be judged together."""
    groups: list[set[str]] = []
    for rule in pack.rules:
        group = {rule.id}.union(*(found.of for found in named(rule) if not isinstance(found, Entry)))
        apart = [known for known in groups if not known & group]
        groups = [*apart, group.union(*(known for known in groups if known & group))]
    return [frozenset(group) for group in groups]


def facts_read(rule: Rule) -> tuple[str, ...]:
    """The names of the facts that the conditions and values of *rule* ask for, its head not among them."""
    return tuple(dict.fromkeys(found.fact for found in named(rule) if isinstance(found, Query)))


def named(value: Any) -> Iterator[Head | Query | Entry]:
    """Everything inside *value* that names facts, rules or kinds."""
    if isinstance(value, Head | Query | Entry):
        yield value
    # An expression names none of them, and is most of what there is.
    if isinstance(value, Expression):
        return
    if (parts := parts_of(value.__class__)) is not None:
        for name in parts:
            yield from named(getattr(value, name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from named(item)
