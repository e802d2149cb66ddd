"""Conditions as written: their text, their conjuncts, and the equality test by which candidates are told apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import attrs

from oversight.model.expressions import Call, Name, Node, conjuncts, path_of, walk
from oversight.model.pack import Condition, Exists, Expression, Fact, Group, Measure, Query, Test
from oversight.model.types import DATE, DYN, STRING, EnumType, ListType, MapType, RecordType, Type


def flatten(conditions: Iterable[Condition]) -> list[Condition]:
    """The conjuncts of a list of conditions: ``all_of`` and ``&&`` taken apart; each term has the text of the whole."""
    found: list[Condition] = []
    for condition in conditions:
        if isinstance(condition, Group) and condition.mode == "all":
            found += flatten(condition.conditions)
        elif isinstance(condition, Test) and len(terms := [*conjuncts(condition.expression.node)]) > 1:
            found += [Test(attrs.evolve(condition.expression, node=term)) for term in terms]
        else:
            found.append(condition)
    return found


def written(condition: Condition) -> str:
    """A condition as people wrote it: the call of a definition, the expression, or the quantifier in one line."""
    if isinstance(condition, Test):
        return condition.expression.text
    if condition.written:
        return condition.written
    if isinstance(condition, Exists):
        return f"{'none' if condition.negated else 'some'}: {_asked(condition.query)}"
    if isinstance(condition, Measure):
        what = "count" if condition.total is None else f"sum: {condition.total.text}, of"
        limits = ", ".join(f"{limit.comparison}: {limit.value.text}" for limit in condition.limits)
        return f"{what}: {_asked(condition.query)}, {limits}"
    words = {"all": "all_of", "any": "any_of", "not": "not"}
    return f"{words[condition.mode]}: [" + "; ".join(written(part) for part in condition.conditions) + "]"


def _asked(query: Query) -> str:
    where = "; ".join(written(part) for part in query.where)
    return f"{query.fact} where {where}" if where else query.fact


def names_in(node: Node) -> set[str]:
    """The variables that an expression mentions."""
    return {n.name for n in walk(node) if isinstance(n, Name) and not n.parameter}


def names_inside(conditions: Iterable[Condition]) -> set[str]:
    """The names that quantifiers inside *conditions* bind."""
    names: set[str] = set()
    for condition in conditions:
        if isinstance(condition, Exists | Measure):
            names |= {condition.query.name} | names_inside(condition.query.where)
        elif isinstance(condition, Group):
            names |= names_inside(condition.conditions)
    return names


def comparable(own: Type, other: Type) -> bool:
    """Whether two values of these types can be looked up by equality."""
    return not any(isinstance(t, ListType | MapType | RecordType) or t is DATE for t in (own, other))


def equality(condition: Condition, name: str, inner: set[str]) -> tuple[Node, Node] | None:
    """
    The two sides of a test that compares an attribute of the quantified fact with something outside the query.

    Args:
        condition: one conjunct of a ``where:``.
        name: what the fact is called.
        inner: that name and all that is bound inside the query.

    Returns:
        The attribute and what it is compared with, or ``None`` where *condition* is no such test.
    """
    if not isinstance(condition, Test):
        return None
    node = condition.expression.node
    if not isinstance(node, Call) or node.function != "==":
        return None
    left, right = node.arguments
    for own, other in ((left, right), (right, left)):
        path = path_of(own)
        if path and path[0] == name and len(path) > 1 and not names_in(other) & inner:
            return (own, other) if comparable(own.type, other.type) else None
    return None


def first_equality(query: Query) -> int | None:
    """
    Which of the flattened conjuncts of *query* is its first equality test; ``None`` where it has none.

    The facts that meet it are those among which an alert looks for the nearest.
    """
    inner = names_inside(query.where) | {query.name}
    return next((n for n, part in enumerate(flatten(query.where)) if equality(part, query.name, inner)), None)


def parameters_in(part: Any) -> Iterator[str]:
    """The parameters read anywhere in *part* of a pack."""
    for expression in expressions_in(part):
        yield from expression.parameters


def expressions_in(part: Any) -> Iterator[Expression]:
    """Every expression written in *part*."""
    return (inner for inner in within(part, nodes=False) if isinstance(inner, Expression))


def within(part: Any, *, nodes: bool = True) -> Iterator[Any]:
    """*part* and all that is written in it; without *nodes* what expressions are made of is left out."""
    waiting = [part]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting.extend(part)
        elif (inner := parts_of(part.__class__)) is not None:
            yield part
            if nodes or not isinstance(part, Expression):
                waiting.extend([getattr(part, name) for name in inner])


@cache
def parts_of(kind: type) -> tuple[str, ...] | None:
    """
    The names of the parts of what is of this class, or ``None`` where it is no part of a pack.

    >>> parts_of(Test), parts_of(str)
    (('expression',), None)
    """
    if not attrs.has(kind):
        return None
    return tuple([each.name for each in attrs.fields(kind) if each.name not in ("type", "place")])


def expressions(value: Any) -> Iterator[Expression]:
    """Every expression in a part of a pack."""
    if isinstance(value, Expression):
        yield value
    elif (inner := parts_of(value.__class__)) is not None:
        for name in inner:
            yield from expressions(getattr(value, name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from expressions(item)


def mixes(fact: Fact, number: int) -> bool:
    """
    Whether values of a part of a fact's key may be of different types, in whatever begins, changes or ends it.

    Args:
        fact: whose key.
        number: of the part.
    """
    found = {entry.key[number].node.type for entry in (*fact.starts, *fact.changes, *fact.ends) if entry.key}
    types = {STRING if isinstance(one, EnumType) else one for one in found}
    return DYN in types or len(types) > 1
