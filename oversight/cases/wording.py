"""An expression in words again, from its tree: what a change of one node makes of it."""

from __future__ import annotations

import json

from oversight.model.expressions import Call, Has, ListOf, Literal, Macro, MapOf, Name, Node, Select

_TIGHTNESS = {
    "?:": 1, "||": 2, "&&": 3, "==": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4, "in": 4, "+": 5, "-": 5, "*": 6,
    "/": 6, "%": 6,
}  # fmt: skip
_WORDS = {True: "true", False: "false", None: "null"}


def worded(node: Node) -> str:
    """
    An expression as an author would write it; names that were made distinct have their own name again.

    >>> worded(Call(">=", (Select(Name("c@1"), "age"), Literal(18))))
    'c.age >= 18'
    >>> worded(Call("!", (Call("&&", (Name("a"), Name("b"))),)))
    '!(a && b)'
    """
    if isinstance(node, Literal):
        return _literal(node)
    if isinstance(node, Name):
        return node.name.partition("@")[0]
    if isinstance(node, Select):
        return f"{_inside(node.operand)}.{node.attribute}"
    if isinstance(node, Has):
        return f"has({worded(node.operand)}.{node.attribute})"
    if isinstance(node, ListOf):
        return f"[{', '.join(map(worded, node.items))}]"
    if isinstance(node, MapOf):
        return "{" + ", ".join(f"{worded(key)}: {worded(value)}" for key, value in node.entries) + "}"
    if isinstance(node, Macro):
        parts = [node.variable.partition("@")[0], *map(worded, node.children()[1:])]
        return f"{_inside(node.operand)}.{node.macro}({', '.join(parts)})"
    assert isinstance(node, Call)
    return _call(node)


def _literal(node: Literal) -> str:
    if node.value is None or isinstance(node.value, bool):
        return _WORDS[node.value]
    return json.dumps(node.value, ensure_ascii=False) if isinstance(node.value, str) else str(node.value)


def _call(node: Call) -> str:
    function, arguments = node.function, node.arguments
    if function == "@instant":
        return worded(arguments[0])
    if function == "[]":
        return f"{_inside(arguments[0])}[{worded(arguments[1])}]"
    if function in ("!", "-") and len(arguments) == 1:
        return function + _inside(arguments[0])
    if function == "?:":
        test, then, other = (_inside(each, 2) for each in arguments)
        return f"{test} ? {then} : {other}"
    if function in _TIGHTNESS:
        own = _TIGHTNESS[function]
        joined = 0 if function in ("&&", "||") else 1
        first, *rest = arguments
        return f" {function} ".join([_inside(first, own), *(_inside(each, own + joined) for each in rest)])
    return f"{function}({', '.join(map(worded, arguments))})"


def _inside(node: Node, own: int = 9) -> str:
    """*node* as a part of what binds as tightly as *own*."""
    text = worded(node)
    loose = isinstance(node, Call) and _TIGHTNESS.get(node.function, 9) < own
    return f"({text})" if loose else text
