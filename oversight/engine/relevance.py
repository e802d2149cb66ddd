"""
Which changes of a fact an instance of a rule need not be judged again for.

What an instance read it read as a bucket of facts. Of a change in the bucket it need only know if the fact matched one
of its queries before or does so now: the number of matches, and which they are, cannot change otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from oversight.engine.conditions import Compiled, meets
from oversight.engine.expressions import Env, Frame, is_text
from oversight.engine.queries import Reads
from oversight.engine.store import Held, Matches
from oversight.model.clauses import names_in, names_inside, within
from oversight.model.expressions import Call, Macro, Name, Node, Select, walk
from oversight.model.pack import Condition, Exists, Group, Latest, Measure, Query, Rule, Test
from oversight.model.types import DYN

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


def by_key_alone(frame: Frame, rule: Rule, keys: dict[str, tuple[str, ...]]) -> set[str]:
    """
    The facts of which a rule reads nothing but the key, and asks only whether there are any, or how many.

    Its answers stay as they are where such a fact is put in the place of one with the same key.

    Args:
        frame: of the rule, once it is compiled.
        rule: as checked.
        keys: names of the key attributes of each fact.
    """
    asked = {query.query.name: query.query for query in frame.queries}
    parts = [*within((rule.each, rule.values, rule.conditions, rule.excuses, rule.deadline, rule.about))]
    parts += [*within((rule.message, rule.remedy))]
    left_out = {"alert", rule.head.fact}
    left_out |= {query.fact for query in asked.values() if query.before or query.of}
    left_out |= {part.query.fact for part in parts if isinstance(part, Latest)}
    if rule.each is not None and isinstance(rule.each.source, Query):
        left_out.add(rule.each.source.fact)
    named = Counter([part.name for part in parts if isinstance(part, Name)])
    compared = {
        id(side) for part in parts if isinstance(part, Call) and part.function == "==" for side in part.arguments
    }
    read = Counter([
        part.operand.name
        for part in parts
        if isinstance(part, Select) and isinstance(part.operand, Name) and part.operand.name in asked
        and part.attribute in keys[asked[part.operand.name].fact] and _is_alike(part, compared)
    ])  # fmt: skip
    left_out |= {query.fact for name, query in asked.items() if read[name] != named[name]}
    return {query.fact for query in asked.values()} - left_out


def _is_alike(node: Select, compared: set[int]) -> bool:
    """Whether a part of a key says the same of keys that are equal: other than texts may be so and look different."""
    return is_text(node.type) or (node.type is not DYN and id(node) in compared)


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
