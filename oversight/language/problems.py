"""What is wrong with an expression, and where: the place is where its author can mend it."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from oversight.language.substitution import Measure, Span
from oversight.model.expressions import Name, Node

NAMELESS = "give what is watched a name (KIND as e, FACT as f) and ask it: e.attribute"


@frozen
class Definition:
    """
    An expression with a name and arguments, as ``define:`` writes it.

    >>> from oversight.language.parser import parse
    >>> Definition(("a", "b"), parse("a.camera == b.camera")).parameters
    ('a', 'b')
    """

    parameters: tuple[str, ...]
    node: Node


@frozen
class Problem:
    """
    One mistake in an expression.

    Args:
        code: stable short name, for example ``unknown-attribute``.
        message: what is wrong, one line.
        span: where in the text, as offsets in characters.
        hint: the nearest right name or what to do; may be empty.
        notes: further lines.

    >>> Problem("unknown-name", "there is no 'f'", (0, 1)).hint
    ''
    """

    code: str
    message: str
    span: Span
    hint: str = ""
    notes: tuple[str, ...] = ()


@frozen
class Scope:
    """
    What names mean at one node of an expression, and where its problems go.

    In the body of a definition only the arguments mean something, and a problem is shown at the call
    that leads there.

    Args:
        problems: takes what is reported.
        names: by name, a bound variable, or the argument of a definition with its size.
        definitions: the names of those being expanded, outermost first.
        call: the place of the outermost call of a definition.
        depth: how many nodes stand above.
        macros: how many macros stand above.

    >>> scope = Scope([])
    >>> scope.report("unknown-name", "there is no 'f' here", (0, 1))
    >>> scope.problems[0].code
    'unknown-name'
    """

    problems: list[Problem]
    names: Mapping[str, Name | tuple[Node, Measure]] = field(factory=dict)
    definitions: tuple[str, ...] = ()
    call: Span | None = None
    depth: int = 0
    macros: int = 0

    def report(self, code: str, message: str, span: Span, hint: str = "", notes: tuple[str, ...] = ()) -> None:
        """
        Note a problem.

        >>> scope = Scope([], definitions=("covers",), call=(4, 10))
        >>> scope.report("unknown-name", "there is no 'f' here", (0, 1))
        >>> scope.problems[0].span, scope.problems[0].notes
        ((4, 10), ('in the definition of covers',))
        """
        inside = tuple(f"in the definition of {name}" for name in self.definitions)
        self.problems.append(Problem(code, message, self.call or span, hint, notes + inside))
