"""
Which changes of a fact an instance of a rule need not be judged again for.

What an instance read it read as a bucket of facts. Of a change in the bucket it need only know if the fact matched one
of its queries before or does so now: the number of matches, and which they are, cannot change otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from oversight.engine.conditions import Compiled, meets
from oversight.engine.expressions import Env, Frame
from oversight.engine.queries import Reads
from oversight.engine.store import Held, Matches
from oversight.model.clauses import names_in, names_inside
from oversight.model.expressions import Macro, Node, walk
from oversight.model.pack import Condition, Exists, Group, Measure, Query, Test

Queries = list[tuple[int, Sequence[Compiled]]]
"""The slot of the fact that is asked for, and the conditions."""


def relevance(frame: Frame, head: str) -> dict[str, Callable[[], Matches]]:
    """
    For each fact that a rule asks for: what makes the function that tells whether such a fact matches.

    A fact is left out where that hangs on more than it and what the rule watches: on another fact of an outer query, or
    on ``with:``. What was so before the instant is gone afterwards, so a query that looks there is left out too.

    Args:
        frame: of the rule, once it is compiled.
        head: the name of what the rule watches.
    """
    by_fact: dict[str, Queries] = {}
    left_out = {"alert"}
    for asked in frame.queries:
        query = asked.query
        if _alone(query, head):
            by_fact.setdefault(query.fact, []).append((frame.slots[query.name], asked.parts))
        else:
            left_out.add(query.fact)
    return {
        fact: partial(_relevant, frame.slots[head], frame, tests)
        for fact, tests in by_fact.items()
        if fact not in left_out
    }


def _relevant(head: int, frame: Frame, queries: Queries) -> Matches:
    tests, size = [(slot, meets(parts)) for slot, parts in queries], frame.size

    def relevant(watched: Held, fact: Held, instant: datetime, reads: Reads) -> bool:
        env: Env = [None] * size
        env[0] = instant
        env[head] = watched
        for slot, met in tests:
            env[slot] = fact
            if met(env, reads):
                return True
        return False

    return relevant


def _alone(query: Query, head: str) -> bool:
    """Whether a query has conditions, and they hang on nothing but its fact and what the rule watches."""
    names = {query.name, head} | names_inside(query.where)
    return bool(query.where) and not query.of and not query.before and _speak_of(query.where, names)


def _speak_of(conditions: Iterable[Condition], names: set[str]) -> bool:
    for condition in conditions:
        spoken: list[Node]
        inner: tuple[Condition, ...] = ()
        if isinstance(condition, Test):
            spoken = [condition.expression.node]
        elif isinstance(condition, Group):
            spoken, inner = [], condition.conditions
        else:
            spoken, inner = _nodes(condition), condition.query.where
            if condition.query.before:
                return False
        if not all(_names(node) <= names for node in spoken) or not _speak_of(inner, names):
            return False
    return True


def _nodes(condition: Exists | Measure) -> list[Node]:
    """The expressions of a quantifier outside its ``where:``."""
    if isinstance(condition, Exists):
        return []
    values = [condition.total, condition.distinct, *[limit.value for limit in condition.limits]]
    return [value.node for value in values if value is not None]


def _names(node: Node) -> set[str]:
    return names_in(node) - {inner.variable for inner in walk(node) if isinstance(inner, Macro)}
