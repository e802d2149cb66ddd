"""
From a parsed expression to a typed one: names resolved, definitions expanded, mistakes found.

The checker is stricter than CEL, whose ``dyn`` forgives: what can never hold is a mistake here.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from oversight.ground.text import printable
from oversight.ground.time import Period
from oversight.language.constants import Varies, constant
from oversight.language.contradictions import contradiction
from oversight.language.operators import (
    attribute_type,
    index,
    meant_name,
    membership,
    named,
    not_a_condition,
    operation,
    value_of,
    values_of,
)
from oversight.language.presence import guards_of, unguarded
from oversight.language.problems import NAMELESS, Definition, Problem, Scope
from oversight.language.signatures import OVERLOADS, advice, fits, joined, kind_of
from oversight.language.substitution import Measure, substitute
from oversight.model.expressions import Call, Has, ListOf, Literal, Macro, MapOf, Name, Node, Select, conjuncts, walk
from oversight.model.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    NULL,
    PERIOD,
    STRING,
    ListType,
    MapType,
    RecordType,
    Type,
    list_of,
    map_of,
)

__all__ = [
    "Definition",
    "Problem",
    "check",
    "contradiction",
    "fits",
    "guards_of",
    "substitute",
    "unguarded",
]

MAX_NODES = 5_000
MAX_DEPTH = 100
MAX_MACROS = 5
_LITERAL_TYPES: Mapping[type, Type] = {
    type(None): NULL, bool: BOOL, int: INT, float: DOUBLE, str: STRING, Period: PERIOD,
}  # fmt: skip


def check(
    node: Node,
    variables: Mapping[str, Type],
    parameters: Mapping[str, Type],
    definitions: Mapping[str, Definition],
    *,
    expected: Type | None = None,
) -> tuple[Node, tuple[Problem, ...]]:
    """
    Type *node*, expand the definitions it calls, and find every mistake in it.

    Args:
        node: what the parser made.
        variables: the names bound around the expression; they hide parameters of the same name.
        parameters: the dated parameters of the pack.
        definitions: what ``define:`` names, by name.
        expected: the type asked for; `BOOL` where the expression is a condition.

    Returns:
        The typed tree, in which every macro variable has a name of its own, and the problems. Where there
        are problems, the tree is typed as far as it could be.

    >>> from oversight.language.parser import parse
    >>> tree, problems = check(parse("e.count > 1"), {"e": DYN}, {}, {})
    >>> str(tree.type), problems
    ('bool', ())
    """
    checker = _Checker(parameters, definitions)
    top = Scope([], {name: Name(name, type=type_) for name, type_ in variables.items()})
    try:
        typed = checker.visit(node, top)
    except _TooLarge:
        message = (
            f"with its definitions expanded, the expression has more than {MAX_NODES:,} parts"
            f" or nests more than {MAX_DEPTH} deep"
        )
        return node, (Problem("too-large", message, node.span, "simplify the definitions"),)
    if expected is not None:
        _expect(typed, expected, top)
    if expected == BOOL and not top.problems:
        _find_constants(typed, top)
    return typed, tuple(dict.fromkeys(top.problems))


def _expect(node: Node, expected: Type, scope: Scope) -> None:
    if fits(node.type, expected):
        return
    if expected == BOOL:
        not_a_condition(node, scope)
    else:
        message = f"{named(expected)} is asked for, and this is {named(node.type)}"
        scope.report("type-mismatch", message, node.span, advice(expected, node.type))


def _find_constants(node: Node, scope: Scope) -> None:
    """Report the terms of a condition that hold always or never."""
    for term in conjuncts(node):
        try:
            holds = constant(term)
        except Varies:
            continue
        code, how = ("always-holds", "always") if holds else ("never-holds", "never")
        scope.report(code, f"this condition {how} holds, whatever happens", term.span)
    for part in walk(node):
        clash = contradiction([part]) if isinstance(part, Call) and part.function == "&&" else None
        if clash is not None:
            message = "this can never hold together with an earlier comparison of the same attribute"
            scope.report("never-holds", message, clash.span, "take one of the two out, or write in [...]")


class _TooLarge(Exception):
    pass


class _Checker:
    """One pass over one expression; each method returns its kind of node typed."""

    def __init__(self, parameters: Mapping[str, Type], definitions: Mapping[str, Definition]) -> None:
        self._parameters = parameters
        self._definitions = definitions
        self._parts = 0
        self._bound = 0

    def visit(self, node: Node, scope: Scope) -> Node:
        """The typed tree of *node*, with definitions expanded."""
        inner = evolve(scope, depth=scope.depth + 1)
        self._grow(1, inner.depth)
        if scope.call is not None:
            node = evolve(node, span=scope.call)
        if isinstance(node, Literal):
            return evolve(node, type=_LITERAL_TYPES[type(node.value)])
        if isinstance(node, Name):
            return self._name(node, scope)
        if isinstance(node, Select | Has):
            return self._selection(node, inner)
        if isinstance(node, ListOf):
            items = tuple(value_of(self.visit(item, inner)) for item in node.items)
            return evolve(node, items=items, type=list_of(joined([item.type for item in items])))
        if isinstance(node, MapOf):
            return self._map(node, inner)
        if isinstance(node, Macro):
            return self._macro(node, inner)
        assert isinstance(node, Call)
        return self._call(node, inner)

    def _grow(self, parts: int, depth: int) -> None:
        self._parts += parts
        if self._parts > MAX_NODES or depth > MAX_DEPTH:
            raise _TooLarge

    def _name(self, node: Name, scope: Scope) -> Node:
        known = scope.names.get(node.name)
        if isinstance(known, Name):
            return evolve(known, span=node.span)
        if known is not None:
            argument, measure = known
            self._grow(measure.parts, scope.depth + measure.depth)
            if scope.macros + measure.macros > MAX_MACROS:
                raise _TooLarge
            return argument
        if node.name in self._parameters:
            return evolve(node, parameter=True, type=self._parameters[node.name])
        definition = self._definitions.get(node.name)
        if definition is not None and not definition.parameters:
            return self._expanded(Call(node.name, (), span=node.span), definition, scope)
        if definition is not None:
            hint = f"write {node.name}({', '.join(definition.parameters)})"
        else:
            hint = meant_name(node.name, {*scope.names, *self._parameters, *self._definitions})
            if not (hint or scope.names or scope.definitions):
                hint = NAMELESS
        scope.report("unknown-name", f"there is no {printable(node.name)!r} here", node.span, hint)
        return node

    def _selection(self, node: Select | Has, scope: Scope) -> Node:
        operand = self.visit(node.operand, scope)
        end = node.span[1]
        found = attribute_type(operand.type, node.attribute, (end - len(node.attribute), end), scope)
        return evolve(node, operand=operand, type=BOOL if isinstance(node, Has) else found)

    def _map(self, node: MapOf, scope: Scope) -> Node:
        entries: list[tuple[Node, Node]] = []
        for key, value in node.entries:
            entries.append((value_of(self.visit(key, scope)), value_of(self.visit(value, scope))))
            if kind_of(entries[-1][0].type) not in ("string", "int", "bool", "dyn"):
                message = f"{named(entries[-1][0].type)} cannot be the key of a map"
                scope.report("type-mismatch", message, key.span)
        written = [key.value for key, _ in entries if isinstance(key, Literal)]
        if len(set(map(repr, written))) < len(written):
            scope.report("wrong-arguments", "a key of this map comes twice", node.span)
        by_text = all(kind_of(key.type) == "string" for key, _ in entries)
        type_ = map_of(joined([value.type for _, value in entries])) if by_text else DYN
        return evolve(node, entries=tuple(entries), type=type_)

    def _macro(self, node: Macro, scope: Scope) -> Node:
        operand = self.visit(node.operand, scope)
        item = self._item(node, operand, scope)
        if scope.macros >= MAX_MACROS:
            raise _TooLarge
        self._bound += 1
        variable = f"{node.variable.partition('@')[0]}@{self._bound}"
        names = {**scope.names, node.variable: Name(variable, type=item)}
        inner = evolve(scope, names=names, macros=scope.macros + 1)
        condition = None if node.condition is None else self.visit(node.condition, inner)
        body = self.visit(node.body, inner)
        asked = condition if node.macro == "map" else body
        if asked is not None and not fits(asked.type, BOOL):
            not_a_condition(asked, scope)
        type_: Type = BOOL
        if node.macro == "filter":
            type_ = list_of(item)
        elif node.macro == "map":
            body = value_of(body)
            type_ = list_of(body.type)
        return evolve(node, operand=operand, variable=variable, body=body, condition=condition, type=type_)

    def _item(self, node: Macro, operand: Node, scope: Scope) -> Type:
        type_ = operand.type
        if isinstance(type_, ListType):
            return type_.item
        if isinstance(type_, MapType) or (isinstance(type_, RecordType) and type_.role == "record"):
            return STRING
        if type_ != DYN:
            message = f"{node.macro}(…) ranges over a list or a map, and this is {named(type_)}"
            scope.report("type-mismatch", message, operand.span)
        return DYN

    def _call(self, node: Call, scope: Scope) -> Node:
        definition = self._definitions.get(node.function)
        if definition is not None and node.function not in OVERLOADS:
            return self._expanded(node, definition, scope)
        arguments = [self.visit(argument, scope) for argument in node.arguments]
        if node.function == "in":
            return membership(node, arguments, scope)
        if node.function == "[]":
            return index(node, arguments, scope)
        return operation(evolve(node, arguments=values_of(node.function, arguments)), scope, self._definitions)

    def _expanded(self, node: Call, definition: Definition, scope: Scope) -> Node:
        name = node.function
        arguments = [self.visit(argument, scope) for argument in node.arguments]
        if name in scope.definitions:
            scope.report("recursive-definition", f"the definition of {name} calls itself", node.span)
            return node
        if len(arguments) != len(definition.parameters):
            signature = f"{name}({', '.join(definition.parameters)})"
            message = f"{signature} is given {len(arguments)} instead of {len(definition.parameters)}"
            scope.report("wrong-arguments", message, node.span)
            return node
        pairs = zip(definition.parameters, arguments, strict=True)
        inner = evolve(
            scope,
            names={parameter: (argument, Measure.of(argument)) for parameter, argument in pairs},
            definitions=(*scope.definitions, name),
            call=scope.call or node.span,
        )
        return self.visit(definition.node, inner)
