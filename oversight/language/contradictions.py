"""Comparisons that cannot hold beside each other, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import define, field

from oversight.language.constants import equal
from oversight.model.expressions import Call, ListOf, Literal, Node, conjuncts, path_of
from oversight.model.types import BOOL

_TURNED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
Comparison = tuple[tuple[str, ...], str, Any]
"""The path that is compared, the operator, and the literal; for ``in`` a list of them."""


def contradiction(conditions: Sequence[Node]) -> Node | None:
    """
    The first comparison that cannot hold beside earlier ones, such as ``a == "x"`` beside ``a == "y"``.

    Args:
        conditions: trees that must all hold.

    >>> from oversight.language.parser import parse
    >>> found = contradiction([parse('e.kind == "a" && e.kind == "b"')])
    >>> found.span
    (17, 30)
    >>> contradiction([parse("e.size > 5 && e.size <= 5")]).span
    (14, 25)
    """
    known: dict[tuple[str, ...], _Known] = {}
    for term in (term for condition in conditions for term in conjuncts(condition)):
        for path, operator, value in _comparisons(term):
            if not known.setdefault(path, _Known()).admits(operator, value):
                return term
    return None


def _comparisons(term: Node) -> Iterator[Comparison]:
    """A comparison of a path with a literal; a path alone is compared with true, one that is denied with false."""
    if (path := _truth(term)) is not None:
        yield path, "==", True
    if not isinstance(term, Call):
        return
    if term.function == "!" and (path := _truth(term.arguments[0])) is not None:
        yield path, "==", False
    if term.function in _TURNED:
        left, right = term.arguments
        for asked, given, operator in ((left, right, term.function), (right, left, _TURNED[term.function])):
            path = path_of(asked)
            if path is not None and isinstance(given, Literal):
                yield path, operator, given.value
    if term.function == "in":
        path, among = path_of(term.arguments[0]), term.arguments[1]
        if path is not None and isinstance(among, ListOf) and all(isinstance(one, Literal) for one in among.items):
            yield path, "in", [one.value for one in among.items if isinstance(one, Literal)]


def _truth(node: Node) -> tuple[str, ...] | None:
    return path_of(node) if node.type == BOOL else None


@define
class _Known:
    """What earlier comparisons leave of the values of one path."""

    among: list[Any] | None = None
    refused: list[Any] = field(factory=list)
    lows: list[tuple[Any, bool]] = field(factory=list)
    highs: list[tuple[Any, bool]] = field(factory=list)

    def admits(self, operator: str, value: Any) -> bool:
        """Add a comparison; false where no value is left."""
        if operator in ("==", "in"):
            given = value if operator == "in" else [value]
            self.among = [one for one in given if self.among is None or any(equal(one, other) for other in self.among)]
        elif operator == "!=":
            self.refused.append(value)
        elif not _is_number(value):
            return True
        elif operator in (">", ">="):
            self.lows.append((value, operator == ">="))
        else:
            self.highs.append((value, operator == "<="))
        if self.among is None:
            return all(
                low < high or (low == high and both)
                for low, lowest in self.lows
                for high, highest in self.highs
                for both in (lowest and highest,)
            )
        return any(self._fits(one) for one in self.among)

    def _fits(self, value: Any) -> bool:
        if any(equal(value, other) for other in self.refused):
            return False
        if not _is_number(value):
            return True
        above = all(value > low or (value == low and itself) for low, itself in self.lows)
        return above and all(value < high or (value == high and itself) for high, itself in self.highs)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
