"""Expressions and templates as written: parsed, not yet typed, and still knowing the scalar they stand in."""

from __future__ import annotations

import re

from attrs import field, frozen

from oversight.ground.time import Period
from oversight.language.findings import Findings
from oversight.language.parser import parse
from oversight.language.shape import Text
from oversight.language.source import Node, Scalar
from oversight.language.tokens import ExpressionError
from oversight.model.expressions import Literal
from oversight.model.expressions import Node as Tree
from oversight.model.pack import Each, Expression, Query, Template
from oversight.model.places import Place

MAX_TEMPLATE = 2_000
# What can only be meant as a duration, well written or not.
_PERIOD = re.compile(r"-?P[0-9T][0-9TYMWDHS.]*", re.ASCII)
_IN_WORDS = re.compile(r"(?P<count>\d{1,6}) ?(?P<unit>y|mo|w|d|h|min)[a-z]*", re.ASCII | re.IGNORECASE)
_UNITS = {"y": "P%sY", "mo": "P%sM", "w": "P%sW", "d": "P%sD", "h": "PT%sH", "min": "PT%sM"}


@frozen
class Draft(Expression):
    """An expression that has been parsed and not yet typed."""

    written: Text = field(kw_only=True, eq=False)

    def at(self, span: tuple[int, int]) -> tuple[Place, int]:
        """Place and width of a part of its text."""
        return self.written.at(span)

    @property
    def width(self) -> int:
        """How many characters of its first line it takes."""
        return self.written.width


@frozen
class DraftQuery(Query):
    """A query of which nothing has been looked up yet; without alias its name is empty."""

    written: Text = field(kw_only=True, eq=False)
    alias: Text | None = field(default=None, kw_only=True, eq=False)
    rules: tuple[Scalar, ...] = field(default=(), kw_only=True, eq=False)


@frozen
class DraftEach(Each):
    """An ``each:`` of which nothing has been looked up yet; without alias its name is empty."""

    alias: Text | None = field(default=None, kw_only=True, eq=False)


def expression(node: Node | None, what: str, findings: Findings, *, periods: bool = False) -> Draft | None:
    """
    Parse a single value as an expression.

    Args:
        node: the value.
        what: what it is called in a diagnostic.
        findings: takes what is wrong with it.
        periods: whether a bare ISO 8601 duration such as ``P30D`` is meant as one.

    Returns:
        The parsed expression, or ``None`` where it is missing or wrong.
    """
    if node is None:
        return None
    if not isinstance(node, Scalar):
        hint = "quote this expression" if node.flow else ""
        findings.wrong("wrong-shape", f"{what} is an expression", node, hint)
        return None
    return draft(Text.of(node), what, findings, periods=periods)


def draft(text: Text, what: str, findings: Findings, *, periods: bool = False) -> Draft | None:
    """Parse a stretch of a scalar; as :func:`expression`."""
    if not text.text:
        findings.wrong("no-value", f"{what} is empty", text)
        return None
    try:
        return Draft(_tree(text, periods), text.text, text.place, written=text)
    except ExpressionError as error:
        place, width = text.at(error.span)
        hint = _advice(text) or (_length(text.text) if periods else "") or error.hint
        findings.error("syntax", error.message, place, width, hint)
    return None


def _tree(text: Text, periods: bool) -> Tree:
    if periods and _PERIOD.fullmatch(text.text):
        span = (0, len(text.text))
        try:
            return Literal(Period.parse(text.text), span=span)
        except ValueError as error:
            hint = "a duration has no sign" if text.text.startswith("-") else ""
            raise ExpressionError(str(error), span, hint) from None
    return parse(text.text)


def _length(text: str) -> str:
    """How a duration is written that stands there in words, as ``31 days``."""
    found = _IN_WORDS.fullmatch(text)
    return f"write {_UNITS[found['unit'].lower()] % found['count']}" if found else ""


def _advice(text: Text) -> str:
    """YAML ends a plain scalar inside brackets at the first comma, in the middle of a call."""
    cut = text.text.count("(") != text.text.count(")") or text.text.count("[") != text.text.count("]")
    inside = text.scalar.flow and not text.scalar.style
    return "quote this expression: YAML divides it at the comma" if cut and inside else ""


def template(node: Node | None, what: str, findings: Findings) -> Template | None:
    """
    Parse text with expressions in braces; ``{{`` and ``}}`` are braces.

    Returns:
        The parsed template, or ``None`` where it is missing or wrong.
    """
    if node is None:
        return None
    if not isinstance(node, Scalar):
        findings.wrong("wrong-shape", f"{what} is a text", node, "quote this text")
        return None
    text = Text.of(node)
    if not text.text or len(text.text) > MAX_TEMPLATE:
        findings.wrong("bad-template", f"{what} has between 1 and {MAX_TEMPLATE:,} characters", text)
        return None
    pieces = _pieces(text, what, findings)
    return None if pieces is None else Template(pieces, text.text)


def _pieces(text: Text, what: str, findings: Findings) -> tuple[str | Expression, ...] | None:
    pieces: list[str | Expression] = []
    plain, position, written, whole = "", 0, text.text, True
    while position < len(written):
        sign = written[position]
        if sign in "{}" and written[position + 1 : position + 2] == sign:
            plain, position = plain + sign, position + 2
        elif sign == "{":
            end = _closing(written, position + 1)
            if end < 0:
                findings.error(
                    "bad-template",
                    "this brace is never closed",
                    *text.at((position, position + 1)),
                    "write {{ for a brace",
                )
                return None
            inner = draft(text.part(position + 1, end), f"an expression in {what}", findings)
            whole = whole and inner is not None
            pieces.extend(piece for piece in (plain, inner) if piece)
            plain, position = "", end + 1
        elif sign == "}":
            findings.error(
                "bad-template",
                "this brace closes nothing",
                *text.at((position, position + 1)),
                "write }} for a brace",
            )
            return None
        else:
            plain, position = plain + sign, position + 1
    return (*pieces, plain) if whole and plain else tuple(pieces) if whole else None


def _closing(text: str, position: int) -> int:
    """The brace that ends the expression beginning at *position*, past strings and inner braces."""
    depth, quote = 0, ""
    while position < len(text):
        sign = text[position]
        if quote:
            if sign == "\\":
                position += 1
            elif sign == quote:
                quote = ""
        elif sign in "'\"":
            quote = sign
        elif sign == "{":
            depth += 1
        elif sign == "}":
            if depth == 0:
                return position
            depth -= 1
        position += 1
    return -1
