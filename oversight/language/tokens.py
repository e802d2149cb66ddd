"""The words of an expression: names, numbers, strings and signs, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

from oversight.ground.text import printable

MAX_TEXT = 4_000
MAX_STRING = 1_000

_TOKEN = re.compile(
    r"""
    (?P<space> [\s]+ | //[^\n]* )
  | (?P<prefix> [rRbB]{0,2} (?=['"]) )
  | (?P<double> (?:\d+\.\d+|\.\d+)(?:[eE][+-]?\d+)? | \d+[eE][+-]?\d+ )
  | (?P<int> 0[xX][0-9a-fA-F]+ | \d+ )
  | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
  | (?P<sign> && | \|\| | == | != | <= | >= | [-+*/%<>!?:.,()\[\]{}] )
    """,
    re.VERBOSE | re.ASCII,
)
_SIMPLE_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "?": "?", '"': '"', "'": "'", "`": "`",
}  # fmt: skip
_CODE_ESCAPE = re.compile(r"[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})", re.ASCII)
_MEANT = {
    "&": "write && for 'and'",
    "|": "write || for 'or'",
    "=": "write == to compare",
    "'": "close the quotation",
    '"': "close the quotation",
    "`": "names are not quoted",
    ";": "an expression has no statements",
    "@": "names are letters, digits and underscores",
    "$": "names are letters, digits and underscores",
    "#": "a comment begins with //",
    "≤": "write <=",
    "≥": "write >=",
    "≠": "write !=",
    "\xa0": "use a plain space",
    "“": "use plain quotation marks",
    "”": "use plain quotation marks",
    "‘": "use plain quotation marks",
    "’": "use plain quotation marks",
}


class ExpressionError(ValueError):
    """
    A text is not an expression of the language.

    Attributes:
        message: what is wrong, one line.
        span: where in the text, as offsets in characters.
        hint: what to do, or an empty string.

    >>> ExpressionError("this is unfinished", (3, 4)).span
    (3, 4)
    """

    def __init__(self, message: str, span: tuple[int, int], hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint


@frozen
class Token:
    """
    One word of an expression.

    ``kind`` is ``name``, ``int``, ``double``, ``string``, ``sign`` or ``end``; ``text`` is what was written,
    of a string its value.
    """

    kind: str
    text: str
    span: tuple[int, int]


def tokens(text: str) -> Iterator[Token]:
    """
    The words of *text*, the last of kind ``end``.

    Raises:
        ExpressionError: something in *text* is not a word of the language, or it is longer than allowed.

    >>> [token.text for token in tokens("e.count > 1")]
    ['e', '.', 'count', '>', '1', '']
    """
    if len(text) > MAX_TEXT:
        raise ExpressionError(
            f"an expression of {len(text):,} characters is longer than {MAX_TEXT:,}",
            (MAX_TEXT, len(text)),
            "split it, or name its parts in define:",
        )
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ExpressionError(
                f"{printable(repr(text[at]))} has no meaning in an expression", (at, at + 1), _MEANT.get(text[at], "")
            )
        kind = found.lastgroup or ""
        if kind == "prefix":
            token = _string(text, at, found.group())
            at = token.span[1]
            yield token
            continue
        start, at = at, found.end()
        if found.group() == "<" and text.startswith(">", at):
            raise ExpressionError("'<>' has no meaning in an expression", (start, at + 1), "write != for 'not equal'")
        if kind != "space":
            _refuse_glued(text, kind, start, at)
            yield Token(kind, found.group(), (start, at))
    yield Token("end", "", (len(text), len(text)))


def _refuse_glued(text: str, kind: str, start: int, end: int) -> None:
    if kind not in ("int", "double") or end == len(text) or not (text[end].isalnum() or text[end] == "_"):
        return
    if kind == "int" and text[end] in "uU":
        raise ExpressionError("unsigned numbers are not supported", (start, end + 1), "leave out the u")
    raise ExpressionError("a number runs into a name", (start, end + 1), "names begin with a letter")


def _string(text: str, start: int, prefix: str) -> Token:
    if "b" in prefix.lower():
        raise ExpressionError("bytes are not supported", (start, start + len(prefix)), "leave out the b")
    if len(prefix) > 1:
        raise ExpressionError(f"{prefix!r} is not a prefix of a string", (start, start + 2), "write r once")
    body = start + len(prefix)
    quote = text[body] * 3 if text.startswith(text[body] * 3, body) else text[body]
    body += len(quote)
    pieces: list[str] = []
    at = body
    while not text.startswith(quote, at):
        if at >= len(text) or (len(quote) == 1 and text[at] in "\r\n"):
            raise ExpressionError("this string is not closed", (start, min(at, start + 20)), f"end it with {quote}")
        if text[at] == "\\" and not prefix:
            piece, at = _escape(text, at)
            pieces.append(piece)
        elif text[at] == "\\" and at + 1 < len(text) and len(quote) == 1 and text[at + 1] in "\r\n":
            at += 1
        elif text[at] == "\\":
            # In a raw string the backslash stays, and still keeps a following quote from closing it.
            pieces.append(text[at : at + 2])
            at += 2
        else:
            pieces.append(text[at])
            at += 1
    value = "".join(pieces)
    if len(value) > MAX_STRING:
        raise ExpressionError(f"a string of {len(value):,} characters is longer than {MAX_STRING:,}", (start, at))
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ExpressionError("this string holds half of a surrogate pair", (start, at), r"write \U0001F600 whole")
    return Token("string", value, (start, at + len(quote)))


def _escape(text: str, at: int) -> tuple[str, int]:
    following = text[at + 1 : at + 2]
    if following in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[following], at + 2
    found = _CODE_ESCAPE.match(text, at + 1)
    if found is not None:
        octal = found.group(4)
        code = int(octal, 8) if octal else int(found.group(1) or found.group(2) or found.group(3), 16)
        if code <= 0x10FFFF:
            return chr(code), found.end()
    raise ExpressionError(
        f"{printable(repr(text[at : at + 2]))} is not an escape of a string",
        (at, min(at + 2, len(text))),
        r"write \\ for a backslash, or a raw string r'…'",
    )
