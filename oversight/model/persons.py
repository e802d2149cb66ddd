"""Where rules know a person by name: what would judge otherwise once ids of persons are replaced by pseudonyms."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any, TypeGuard

from oversight.model.clauses import expressions
from oversight.model.expressions import Call, ListOf, Literal, Macro, Name, Node, Select, walk
from oversight.model.pack import Entry, Expression, Fact, Pack, Rule
from oversight.model.types import RecordType

_COMPARES = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "startsWith", "endsWith", "contains"})
_BLANK = frozenset({r"^[\s\pZ]*$", r"^\s*$", r"\S", r"^\S"})


def named_persons(pack: Pack) -> Iterator[tuple[str, str]]:
    """
    Comparisons of an id of a person with what is written in the pack, and tests of the letters of one.

    Whether an id is blank may be asked: a blank one has no pseudonym.

    Args:
        pack: checked.

    Yields:
        Where it is written, as ``file:line:column``, and the expression.
    """
    seen = set[str]()
    for part in (*pack.facts.values(), *pack.rules):
        people = set(_named(part))
        for expression in expressions(part):
            place = str(expression.place)
            inside = people | {node.variable for node in walk(expression.node) if _ranges_over_people(node)}
            if place not in seen and any(_knows(node, inside) for node in walk(expression.node)):
                seen.add(place)
                yield place, expression.text


def _named(value: Any) -> Iterator[str]:
    """The names under ``with:`` and ``each:`` that stand for ids of persons."""
    if isinstance(value, Fact):
        for entry in (*value.starts, *value.changes, *value.ends):
            yield from _named(entry)
    elif isinstance(value, Entry | Rule):
        given = [*value.values, *([(value.each.name, value.each.source)] if value.each else [])]
        yield from (name for name, one in given if isinstance(one, Expression) and _is_person(one.node))


def _ranges_over_people(node: Node) -> TypeGuard[Macro]:
    return isinstance(node, Macro) and _is_person(node.operand)


def _knows(node: Node, people: Set[str]) -> bool:
    if not isinstance(node, Call):
        return False
    others = [each for each in node.arguments if not _is_person(each, people)]
    if len(others) == len(node.arguments):
        return False
    if node.function == "matches":
        return not all(isinstance(other, Literal) and other.value in _BLANK for other in others)
    return node.function in _COMPARES and any(map(_is_written, others))


def _is_person(node: Node, people: Set[str] = frozenset()) -> bool:
    """Whether a node is one of the names *people*, or selects ids of persons from an event, a fact or a record."""
    if isinstance(node, Name):
        return node.name in people
    if not isinstance(node, Select) or not isinstance(node.operand.type, RecordType):
        return False
    attribute = node.operand.type.attributes.get(node.attribute)
    return attribute is not None and attribute.personal and attribute.identifier


def _is_written(node: Node) -> bool:
    """Whether a value stands in the pack, and is not blank."""
    if isinstance(node, Literal):
        return not isinstance(node.value, str) or bool(node.value.strip())
    if isinstance(node, ListOf):
        return any(map(_is_written, node.items))
    return isinstance(node, Name) and node.parameter
