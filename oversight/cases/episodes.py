"""Which facts a pack asks since when they hold: only for these it matters whether a further start begins them anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from oversight.model.clauses import equality, flatten, names_inside, within
from oversight.model.expressions import Name, Select, path_of
from oversight.model.pack import Fact, Head, Latest, Pack, Query


def dated(pack: Pack) -> frozenset[str]:
    """
    The facts of which something asks when they began.

    A standing rule does, of what it looks at; ``since`` does; and ``latest``, where it can find two.

    >>> from oversight.runner.packs import load
    >>> found = dated(load("camera-programme"))
    >>> "camera" in found, "capability" in found
    (True, False)
    """
    return frozenset(name for part in (*pack.rules, *pack.facts.values()) for name in _dated_by(pack, part))


def _dated_by(pack: Pack, part: Any) -> Iterator[str]:
    called = {"this": part.name} if isinstance(part, Fact) else {}
    asked = set()
    for inner in within(part):
        if isinstance(inner, Head) and inner.fact:
            yield inner.fact
        elif isinstance(inner, Query):
            called[inner.name] = inner.fact
        elif isinstance(inner, Latest) and not _finds_one(pack, inner.query):
            yield inner.query.fact
        elif isinstance(inner, Select) and inner.attribute == "since" and isinstance(inner.operand, Name):
            asked.add(inner.operand.name)
    yield from (called[name] for name in asked & called.keys())


def _finds_one(pack: Pack, query: Query) -> bool:
    """Whether *query* names the whole key of what it looks for."""
    inner = names_inside(query.where) | {query.name}
    pairs = [equality(one, query.name, inner) for one in flatten(query.where)]
    named = {path_of(pair[0]) for pair in pairs if pair is not None}
    fact = pack.facts.get(query.fact)
    return fact is not None and bool(fact.key) and {(query.name, name) for name in fact.key} <= named
