"""
Which changes of a fact an instance of a rule need not be judged again for.

What an instance read it read as a bucket of facts. Of a change in the bucket it need only know if the fact matched one
of its queries before or does so now: the number of matches, and which they are, cannot change otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property, partial

from oversight.engine.conditions import Compiled, meets
from oversight.engine.expressions import Env, Frame, fetched, is_text
from oversight.engine.queries import Reads
from oversight.engine.source import Source
from oversight.engine.store import Alike, Held, Matches
from oversight.ground.comparison import same
from oversight.model.clauses import names_in, names_inside, within
from oversight.model.expressions import Call, Has, Macro, Name, Node, Select, walk
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


class RuleReads:
    """
    What a rule reads of the facts that it asks for; worked out when it is first asked, of most rules never.

    Args:
        frame: of the rule, once it is compiled.
        rule: as checked.
        keys: names of the key attributes of each fact.
    """

    def __init__(self, frame: Frame, rule: Rule, keys: dict[str, tuple[str, ...]]) -> None:
        self._frame, self._rule, self._keys = frame, rule, keys
        self._asked = {query.query.name: query.query for query in frame.queries}
        self.facts = {query.fact for query in self._asked.values()} - {"alert", rule.head.fact}

    def alike(self, fact: str) -> Alike | None:
        """
        What tells whether two of these facts under one key say the same in all that the rule reads of them.

        Its answers stay as they are where the one is put in the place of the other. ``None`` where it asks for more
        than whether there are any, or how many.
        """
        selected = self._selected.get(fact)
        return None if selected is None else _alike(fact, selected, self._frame)

    @cached_property
    def _selected(self) -> dict[str, Sequence[Select | Has]]:
        """For each of these facts the attributes that are read."""
        rule, asked = self._rule, self._asked
        left_out = {query.fact for query in asked.values() if query.before or query.of}
        if rule.each is not None and isinstance(rule.each.source, Query):
            left_out.add(rule.each.source.fact)
        compared, attributes = set[int](), list[Select | Has]()
        named, read = Counter[str](), Counter[str]()
        for part in within((
            rule.each, rule.values, rule.conditions, rule.excuses, rule.deadline, rule.about, rule.message, rule.remedy
        )):  # fmt: skip
            kind = part.__class__
            if kind is Name:
                named[part.name] += 1
            elif kind is Select or kind is Has:
                attributes.append(part)
            elif kind is Call and part.function == "==":
                compared.update(map(id, part.arguments))
            elif kind is Latest:
                left_out.add(part.query.fact)
        selected: dict[str, dict[str, Select | Has]] = {}
        for attribute in attributes:
            if isinstance(attribute.operand, Name) and (query := asked.get(attribute.operand.name)) is not None:
                read[query.name] += 1
                if attribute.attribute == "event":
                    left_out.add(query.fact)
                elif attribute.attribute not in self._keys[query.fact] or not _is_alike(attribute, compared):
                    selected.setdefault(query.fact, {})[attribute.attribute] = attribute
        left_out |= {query.fact for name, query in asked.items() if read[name] != named[name]}
        return {fact: [*selected.get(fact, {}).values()] for fact in self.facts - left_out}


def _is_alike(node: Select | Has, compared: set[int]) -> bool:
    """Whether a part of a key says the same of keys that are equal: other than texts may be so and look different."""
    return is_text(node.type) or (node.type is not DYN and id(node) in compared)


def _alike(fact: str, selected: Sequence[Select | Has], frame: Frame) -> Alike:
    """A function that tells whether two facts have the same in each of the attributes that are *selected*."""
    source = Source("old", "new")
    local = Frame(frame.parameters, frame.operations, frame.layouts)
    for node in selected:
        assert isinstance(node.operand, Name)
        local.bind(node.operand.name, fact)
        sides = []
        for local.spelled[node.operand.name] in source.arguments:
            sides.append(source.fresh())
            source.add(f"{sides[-1]} = {fetched(node, local, source).code}")
        source.inside(f"if not ({' is '.join(sides)} or {source.bind(same)}({', '.join(sides)})):", "return False")
    source.add("return True")
    return source.function()


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
