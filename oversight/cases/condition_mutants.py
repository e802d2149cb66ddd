"""A condition, a query or a value changed in one step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import evolve, field, frozen

from oversight.cases.expression_mutants import changed, without
from oversight.cases.wording import worded
from oversight.model.clauses import written
from oversight.model.expressions import Has, Select
from oversight.model.pack import (
    Condition, Each, Exists, Expression, Group, Latest, Measure, Query, Test, Value,
)  # fmt: skip
from oversight.model.places import Place

_LIMITS = {"at_most": "fewer_than", "fewer_than": "at_most", "at_least": "more_than", "more_than": "at_least"}
_GROUPS = {"all": "all_of", "any": "any_of"}


@frozen
class Step:
    """
    One change of what is written once: the same step wherever a definition that has it is used.

    Args:
        owner: the rule's id, ``fact NAME``, ``definition NAME`` or ``parameter NAME``.
        place: where it is written.
        word: the kind of change, one of ``WORDS``.
        path: tells it from others of the same kind at that place.
        what: the change, as a policy author reads it.
    """

    owner: str
    place: Place
    word: str
    path: tuple[Any, ...]
    what: str = field(eq=False)


Mutant = tuple[Step, Any]
"""A step and the thing itself, changed by it."""


def of_expression(owner: str, one: Expression | None, condition: bool = False) -> Iterator[Mutant]:
    """The steps from an expression; of a *condition* not its negation, which is a step of the condition."""
    if one is not None:
        for found in changed(one.node, condition):
            whose, place = owner, one.place
            if found.origin is not None:
                whose, place = f"definition {found.origin.definition}", found.origin.place
            yield Step(whose, place, found.word, found.path, found.what), evolve(one, node=found.node)


def of_list(owner: str, conditions: tuple[Condition, ...]) -> Iterator[tuple[Step, tuple[Condition, ...]]]:
    """The steps from a list of conditions: each left out, and each changed."""
    for number, one in enumerate(conditions):
        if not _guards(one, conditions[number + 1 :]):
            yield Step(owner, place_of(one), "dropped", ("list",), f"without {told(one)}"), without(conditions, number)
        for step, new in of_condition(owner, one):
            yield step, (*conditions[:number], new, *conditions[number + 1 :])


def _guards(one: Condition, others: tuple[Condition, ...]) -> bool:
    """Whether *one* asks that something is there which an other reads; without it the pack does not check."""
    if not isinstance(one, Test) or not isinstance(one.expression.node, Has):
        return False
    node = one.expression.node
    return any(worded(Select(node.operand, node.attribute)) in written(other) for other in others)


def of_condition(owner: str, one: Condition) -> Iterator[Mutant]:
    """The steps from a condition."""
    place = place_of(one)
    if isinstance(one, Test):
        yield Step(owner, place, "negated", ("test",), f"not {told(one)}"), Group("not", (one,))
        for step, new in of_expression(owner, one.expression, condition=True):
            yield step, Test(new)
    elif isinstance(one, Exists):
        words = ("none", "some") if one.negated else ("some", "none")
        what = f"not {one.written}" if one.written else f"{words[1]} for {words[0]}: {one.query.text}"
        yield Step(owner, place, "negated", ("exists",), what), evolve(one, negated=not one.negated)
        yield from _with_query(_inner(owner, one), one)
    elif isinstance(one, Measure):
        yield from _of_measure(owner, one)
    elif one.mode == "not":
        yield Step(owner, place, "negated", ("group",), f"without the not of {told(one)}"), one.conditions[0]
        for step, new in of_condition(_inner(owner, one), one.conditions[0]):
            yield step, evolve(one, conditions=(new,))
    else:
        if one.written:
            yield Step(owner, place, "negated", ("call",), f"not {one.written}"), Group("not", (one,))
        yield from _of_group(_inner(owner, one), one)


def _of_group(owner: str, one: Group) -> Iterator[Mutant]:
    other = "any" if one.mode == "all" else "all"
    if len(one.conditions) > 1:
        place = place_of(one.conditions[0]) if one.written or not one.place.line else one.place
        what = f"{_GROUPS[other]} for {_GROUPS[one.mode]}, from {told(one.conditions[0])} on"
        yield Step(owner, place, "swapped", ("group", one.mode), what), evolve(one, mode=other)
    for step, new in of_list(owner, one.conditions):
        yield step, evolve(one, conditions=new)


def _of_measure(owner: str, one: Measure) -> Iterator[Mutant]:
    place, inner = place_of(one), _inner(owner, one)
    if one.limits:
        yield Step(owner, place, "negated", ("measure",), f"not {told(one)}"), Group("not", (one,))
    for number, limit in enumerate(one.limits):
        around = (one.limits[:number], one.limits[number + 1 :])
        other = _LIMITS[limit.comparison]
        what = f"{limit.comparison} read as {other}: {limit.value.text}"
        mutants: list[Mutant] = [
            (Step(inner, limit.value.place, "boundary", (number,), what), evolve(limit, comparison=other))
        ]
        mutants += [(step, evolve(limit, value=new)) for step, new in of_expression(inner, limit.value)]
        for step, new in mutants:
            yield step, evolve(one, limits=(*around[0], new, *around[1]))
    if one.distinct is not None:
        what = f"counted without distinct: {one.distinct.text}"
        yield Step(inner, one.distinct.place, "dropped", ("distinct",), what), evolve(one, distinct=None)
    for step, new in of_expression(inner, one.total):
        yield step, evolve(one, total=new)
    yield from _with_query(inner, one)


def _with_query(owner: str, one: Exists | Measure | Latest) -> Iterator[Mutant]:
    for step, new in of_query(owner, one.query):
        yield step, evolve(one, query=new)


def of_query(owner: str, one: Query) -> Iterator[tuple[Step, Query]]:
    """The steps from a query."""
    for step, conditions in of_list(owner, one.where):
        yield step, evolve(one, where=conditions)
    if one.fact != "alert":
        what = f"as it stood {'at' if one.before else 'before'} the instant: {one.text}"
        yield Step(owner, one.place, "before", ("query",), what), evolve(one, before=not one.before)
    for number, rule in enumerate(one.of if len(one.of) > 1 else ()):
        what = f"alerts without those of {rule}"
        yield Step(owner, one.place, "dropped", ("of", number), what), evolve(one, of=without(one.of, number))


def of_value(owner: str, one: Value) -> Iterator[Mutant]:
    """The steps from a value of ``with:``."""
    if isinstance(one, Expression):
        yield from of_expression(owner, one)
    elif isinstance(one, Latest):
        yield from _with_query(owner, one)
        for step, new in of_expression(owner, one.value):
            yield step, evolve(one, value=new)
        for step, new in of_expression(owner, one.otherwise):
            yield step, evolve(one, otherwise=new)
    else:
        yield from of_condition(owner, one)


def of_each(owner: str, one: Each | None) -> Iterator[tuple[Step, Each]]:
    """The steps from an ``each:``."""
    if one is not None:
        source = one.source
        for step, new in of_query(owner, source) if isinstance(source, Query) else of_expression(owner, source):
            yield step, evolve(one, source=new)


def _inner(owner: str, one: Exists | Measure | Group) -> str:
    """Whose the inside of a condition is."""
    return f"definition {one.written.partition('(')[0].strip()}" if one.written else owner


def told(one: Condition) -> str:
    """A condition in one line."""
    if isinstance(one, Exists | Measure) and not one.written:
        return one.query.text
    return written(one)


def place_of(one: Condition) -> Place:
    """Where a condition, or the call of a definition that it comes from, is written."""
    if isinstance(one, Test):
        return one.expression.place
    if one.place.line:
        return one.place
    return place_of(one.conditions[0]) if isinstance(one, Group) else one.query.place


def of_parts(owner: str, one: Any) -> Iterator[Mutant]:
    """The steps from what a rule and an entry of a fact have in common: each, with, if and unless."""
    for step, each in of_each(owner, one.each):
        yield step, evolve(one, each=each)
    for number, (name, value) in enumerate(one.values):
        for step, new in of_value(owner, value):
            yield step, evolve(one, values=(*one.values[:number], (name, new), *one.values[number + 1 :]))
    for step, conditions in of_list(owner, one.conditions):
        yield step, evolve(one, conditions=conditions)
    for step, excuses in of_list(owner, one.excuses):
        yield step, evolve(one, excuses=excuses)


def of_expressions(owner: str, some: Iterable[Expression]) -> Iterator[tuple[Step, tuple[Expression, ...]]]:
    """The steps from a row of expressions, each changed."""
    row = tuple(some)
    for number, one in enumerate(row):
        for step, new in of_expression(owner, one):
            yield step, (*row[:number], new, *row[number + 1 :])
