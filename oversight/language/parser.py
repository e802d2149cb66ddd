"""
From the text of an expression to its tree.

A precedence-climbing parser of the CEL grammar (cel-spec, doc/langdef.md, section Syntax) in the
subset that rules need. What it leaves out it names: bytes, unsigned numbers, messages, optional syntax.
"""

from __future__ import annotations

from attrs import evolve

from oversight.ground.text import nearest, printable
from oversight.ground.time import Period
from oversight.language.tokens import ExpressionError, Token, tokens
from oversight.model.expressions import Call, Has, ListOf, Literal, Macro, MapOf, Name, Node, Select, walk

MAX_DEPTH = 40
MAX_NODES = 1_000
MAX_MACROS = 3

FUNCTIONS = frozenset({"size", "matches", "timestamp", "duration", "period", "int", "double", "string", "bool"})
METHODS = frozenset(
    {
        "size", "startsWith", "endsWith", "contains", "matches",
        "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear",
        "getHours", "getMinutes", "getSeconds", "getMilliseconds",
    }
)  # fmt: skip
MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})
KEYWORDS = frozenset({"true", "false", "null", "in"})
RESERVED = KEYWORDS | {
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
    "namespace", "return", "var", "void", "while",
}  # fmt: skip

_STRENGTH = {
    "||": 2, "&&": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4, "in": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6,
}  # fmt: skip
NAMED = {"not": "write ! for 'not'", "and": "write && for 'and'", "or": "write || for 'or'"}
# What stands between two values in other languages.
_BETWEEN = {
    "and": NAMED["and"], "or": NAMED["or"], "not": "write !(a in b) for 'a not in b'",
    "in": "", "is": "write == to compare", "between": "write low <= x && x <= high",
}  # fmt: skip
_ELSEWHERE = {"length": "size", "len": "size", "count": "size", "any": "exists", "some": "exists"}
_LIMIT = 2**63


def parse(text: str) -> Node:
    """
    Read one expression.

    ``period("P1M")`` becomes a literal.

    Args:
        text: the whole expression.

    Returns:
        The tree, untyped; calls of definitions are still calls.

    Raises:
        ExpressionError: *text* is no expression of the language, or is larger than allowed.

    >>> parse("e.count > 1").function
    '>'
    """
    parser = _Parser(text)
    node = parser.expression()
    if parser.token.kind != "end":
        raise parser.unexpected("the end, or an operator such as && or ==")
    _bound(node)
    return node


def _bound(root: Node) -> None:
    """Left-leaning chains nest without recursion in the parser, so depth is measured on the tree as well."""
    level, depth = [(root, 0)], 0
    while level:
        depth += 1
        for node, macros in level:
            if depth > MAX_DEPTH:
                raise _too_deep(node.span)
            if isinstance(node, Macro) and macros >= MAX_MACROS:
                raise ExpressionError(
                    f"more than {MAX_MACROS} of {', '.join(sorted(MACROS))} stand one inside the other",
                    node.span,
                    "use a quantifier (some:, none:, count:) instead",
                )
        level = [
            (child, macros + (isinstance(node, Macro) and child is not node.operand))
            for node, macros in level
            for child in node.children()
        ]
    if sum(1 for _ in walk(root)) > MAX_NODES:
        raise _too_many(root.span)


def _too_deep(span: tuple[int, int]) -> ExpressionError:
    return ExpressionError(
        f"the expression nests more than {MAX_DEPTH} deep", span, "split it, or name its parts in define:"
    )


def _too_many(span: tuple[int, int]) -> ExpressionError:
    return ExpressionError(
        f"the expression has more than {MAX_NODES:,} parts", span, "split it, or name its parts in define:"
    )


class _Parser:
    def __init__(self, text: str) -> None:
        self._words = tokens(text)
        self.token = Token("end", "", (0, 0))
        self._last = (0, 0)
        self._depth = 0
        self.take()

    def take(self) -> Token:
        taken, self.token = self.token, next(self._words, self.token)
        self._last = taken.span
        return taken

    def at(self, sign: str) -> bool:
        return self.token.kind == "sign" and self.token.text == sign

    def accept(self, sign: str) -> bool:
        if self.at(sign):
            self.take()
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            raise self.unexpected(f"{sign!r}")

    def unexpected(self, wanted: str) -> ExpressionError:
        token = self.token
        if token.kind == "end":
            return ExpressionError(f"the expression ends where {wanted} should stand", token.span)
        found = "a string" if token.kind == "string" else repr(token.text)
        hint = _BETWEEN.get(token.text.lower(), "") if token.kind == "name" else ""
        if self.at("{"):
            hint = "message construction such as Name{...} is not supported"
        return ExpressionError(f"{found} stands where {wanted} should", token.span, hint)

    def expression(self) -> Node:
        """``a ? b : c``, the weakest operator and the only one that groups to the right."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _too_deep(self.token.span)
        node = self._binary(2)
        if self.accept("?"):
            chosen = self._binary(2)
            self.expect(":")
            other = self.expression()
            node = Call("?:", (node, chosen, other), span=(node.span[0], other.span[1]))
        self._depth -= 1
        return node

    def _binary(self, weakest: int) -> Node:
        left = self._unary()
        while True:
            operator = self.token.text
            strength = _STRENGTH.get(operator, 0) if self.token.kind in ("sign", "name") else 0
            if strength < weakest:
                return left
            if operator in ("&&", "||"):
                left = self._chain(left, operator, strength)
                continue
            self.take()
            right = self._binary(strength + 1)
            left = Call(operator, (left, right), span=(left.span[0], right.span[1]))

    def _chain(self, first: Node, operator: str, strength: int) -> Node:
        """``a && b && c`` as a balanced tree: its value is the same, and a long list is not deep."""
        terms = [first]
        while self.accept(operator):
            terms.append(self._binary(strength + 1))
        while len(terms) > 1:
            pairs = zip(terms[::2], terms[1::2], strict=False)
            odd = terms[-1:] if len(terms) % 2 else []
            terms = [Call(operator, (a, b), span=(a.span[0], b.span[1])) for a, b in pairs] + odd
        return terms[0]

    def _unary(self) -> Node:
        start, sign = self.token.span[0], self.token.text
        if not (self.at("!") or self.at("-")):
            return self._member()
        count = 0
        while self.at(sign):
            self.take()
            count += 1
        negative = self.accept("-") if sign == "!" else count == 1
        if negative and self.token.kind in ("int", "double"):
            number = self._number(self.take(), "-")
            operand = self._postfix(evolve(number, span=(start, number.span[1])))
            count -= sign == "-"
        elif negative and sign == "!":
            raise self.unexpected("a value")
        else:
            operand = self._member()
        # Google's parsers drop pairs of the same sign, whatever stands behind them.
        return Call(sign, (operand,), span=(start, operand.span[1])) if count % 2 else operand

    def _member(self) -> Node:
        return self._postfix(self._primary())

    def _postfix(self, node: Node) -> Node:
        while True:
            start = node.span[0]
            if self.accept("["):
                index = self.expression()
                self.expect("]")
                node = Call("[]", (node, index), span=(start, self._last[1]))
            elif self.accept("."):
                node = self._selection(node)
            else:
                return node

    def _selection(self, operand: Node) -> Node:
        word = self.token
        if word.kind != "name" or word.text in KEYWORDS:
            raise self.unexpected("the name of an attribute")
        _refuse_hidden(word)
        self.take()
        if not self.accept("("):
            return Select(operand, word.text, span=(operand.span[0], word.span[1]))
        arguments = self._items(")")
        span = (operand.span[0], self._last[1])
        if word.text in MACROS:
            return _macro(word, operand, arguments, span)
        if word.text in METHODS:
            return Call(word.text, (operand, *arguments), span=span)
        if word.text in FUNCTIONS:
            hint = f"write {word.text}(…)"
        else:
            near = _ELSEWHERE.get(word.text) or nearest(word.text, sorted(METHODS | MACROS))
            hint = f"did you mean {near!r}?" if near else "a definition is called as name(…)"
        raise ExpressionError(f"there is no method {word.text!r}", word.span, hint)

    def _primary(self) -> Node:
        token = self.token
        if token.kind == "string":
            self.take()
            return Literal(token.text, span=token.span)
        if token.kind in ("int", "double"):
            return self._number(self.take(), "")
        if token.kind == "name":
            return self._name()
        if self.accept("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if self.accept("["):
            items = tuple(self._items("]"))
            return ListOf(items, span=(token.span[0], self._last[1]))
        if self.accept("{"):
            return self._map(token.span[0])
        raise self.unexpected("a value")

    def _name(self) -> Node:
        word = self.token
        if word.text in ("true", "false", "null"):
            self.take()
            return Literal({"true": True, "false": False, "null": None}[word.text], span=word.span)
        if word.text in RESERVED or word.text in NAMED:
            hint = NAMED.get(word.text, "this word is reserved")
            raise ExpressionError(f"{word.text!r} stands where a value should", word.span, hint)
        _refuse_hidden(word)
        self.take()
        if not self.accept("("):
            if word.text.lower() == "not" and self._at_value():
                raise ExpressionError(f"{word.text!r} stands where a value should", word.span, NAMED["not"])
            return Name(word.text, span=word.span)
        arguments = self._items(")")
        span = (word.span[0], self._last[1])
        if word.text == "has":
            return _has(arguments, span)
        if word.text in MACROS or (word.text in METHODS and word.text not in FUNCTIONS):
            raise ExpressionError(f"{word.text!r} is a method", word.span, f"write value.{word.text}(…)")
        return _folded(Call(word.text, tuple(arguments), span=span))

    def _at_value(self) -> bool:
        kind, text = self.token.kind, self.token.text
        return self.at("!") or kind in ("int", "double", "string") or (kind == "name" and text.lower() not in _BETWEEN)

    def _items(self, closing: str) -> list[Node]:
        items: list[Node] = []
        while not self.at(closing):
            items.append(self.expression())
            if not self.accept(","):
                break
            if closing == ")" and self.at(closing):
                raise self.unexpected("another argument")
        self.expect(closing)
        return items

    def _map(self, start: int) -> Node:
        entries: list[tuple[Node, Node]] = []
        while not self.at("}"):
            key = self.expression()
            self.expect(":")
            entries.append((key, self.expression()))
            if not self.accept(","):
                break
        self.expect("}")
        return MapOf(tuple(entries), span=(start, self._last[1]))

    def _number(self, word: Token, sign: str) -> Literal:
        if word.kind == "double":
            value = float(sign + word.text)
            if value in (float("inf"), float("-inf")):
                raise ExpressionError("this number is too large for a double", word.span)
            return Literal(value, span=word.span)
        digits = word.text.lower()
        base = 16 if digits.startswith("0x") else 10
        if len(digits) > 40 or not -_LIMIT <= (whole := int(sign + digits, base)) < _LIMIT:
            raise ExpressionError("this number is outside the 64-bit integers", word.span, "write 1e20 for a double")
        return Literal(whole, span=word.span)


def _refuse_hidden(word: Token) -> None:
    if word.text.startswith("__"):
        raise ExpressionError(
            f"the name {word.text!r} begins with two underscores", word.span, "no attribute is named so"
        )


def _has(arguments: list[Node], span: tuple[int, int]) -> Node:
    if len(arguments) == 1 and isinstance(arguments[0], Select):
        asked = arguments[0]
        return Has(asked.operand, asked.attribute, span=asked.span)
    raise ExpressionError("has(…) takes one selection, such as has(e.camera)", span)


def _macro(word: Token, operand: Node, arguments: list[Node], span: tuple[int, int]) -> Node:
    most = 3 if word.text == "map" else 2
    if not 2 <= len(arguments) <= most or not isinstance(arguments[0], Name):
        raise ExpressionError(
            f"{word.text}(…) takes a name and a condition, such as {word.text}(x, x > 1)"
            if word.text != "map"
            else "map(…) takes a name and a value, such as map(x, x + 1)",
            span,
        )
    condition = arguments[1] if len(arguments) == 3 else None
    return Macro(word.text, operand, arguments[0].name, arguments[-1], condition, span=span)


def _folded(call: Call) -> Node:
    """A period is a literal in all but its writing."""
    argument = call.arguments[0] if len(call.arguments) == 1 else None
    if call.function != "period" or not isinstance(argument, Literal) or not isinstance(argument.value, str):
        return call
    try:
        return Literal(Period.parse(argument.value), span=call.span)
    except ValueError as error:
        raise ExpressionError(printable(str(error)), argument.span) from None
