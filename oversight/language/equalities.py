"""Whether the conditions of a quantifier hold a test by which its facts can be looked up."""

from __future__ import annotations

from collections.abc import Iterable

from oversight.model.expressions import Call, Name, walk
from oversight.model.pack import Condition, Group, Test


def finds(conditions: Iterable[Condition], name: str) -> bool:
    """
    Whether an index on the fact called *name* can answer *conditions*.

    Args:
        conditions: all of which must hold.
        name: what the fact is called in them.
    """
    return any(_compares(one, name) for one in _terms(conditions))


def _terms(conditions: Iterable[Condition]) -> Iterable[Condition]:
    for one in conditions:
        if isinstance(one, Group) and one.mode == "all":
            yield from _terms(one.conditions)
        else:
            yield one


def _compares(condition: Condition, name: str) -> bool:
    """Whether a condition is an equality or a membership that an index on the fact called *name* can answer."""
    if not isinstance(condition, Test):
        return False
    waiting = [condition.expression.node]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Call):
            continue
        if node.function == "&&":
            waiting.extend(node.arguments)
        elif node.function in ("==", "in"):
            sides = [any(isinstance(n, Name) and n.name == name for n in walk(side)) for side in node.arguments]
            if sides[0] != sides[1]:
                return True
    return False
