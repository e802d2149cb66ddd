"""The types of operators, functions and selections, and what is reported where they do not go together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from attrs import evolve

from oversight.ground.text import nearest, printable
from oversight.ground.time import Period
from oversight.ground.values import EvaluationError, compile_pattern, parse_duration, parse_timestamp
from oversight.language.parser import FUNCTIONS, NAMED
from oversight.language.problems import Scope
from oversight.language.signatures import (
    OVERLOADS,
    advice,
    attributes_of,
    comparable,
    fits,
    joined,
    kind_of,
    orderable,
    result_of,
)
from oversight.language.substitution import Span
from oversight.model.expressions import Call, ListOf, Literal, Node, Select, path_of
from oversight.model.types import (
    BOOL,
    DATE,
    DYN,
    TIMESTAMP,
    EnumType,
    ListType,
    MapType,
    RecordType,
    Type,
)

_EQUALITIES = frozenset({"==", "!="})
_ORDERINGS = frozenset({"<", "<=", ">", ">="})
_OF_INSTANTS = frozenset(name for name, ways in OVERLOADS.items() if any("timestamp" in given for given, _ in ways))
_TAKES_INSTANTS = _OF_INSTANTS | _EQUALITIES | _ORDERINGS | {"?:"}
_READERS: Mapping[str, Callable[[str], object]] = {
    "timestamp": parse_timestamp,
    "duration": parse_duration,
    "matches": compile_pattern,
}
_CLOCKS = frozenset({"now", "today"})
_QUANTIFIERS = frozenset({"some", "none", "count", "sum", "latest"})
_CONNECTIVES = frozenset({"&&", "||", "!"})


def value_of(node: Node) -> Node:
    """
    *node* where its value is used: a date stands for its first instant.

    >>> value_of(Literal(1)).value
    1
    """
    if node.type != DATE:
        return node
    return Call("@instant", (node,), span=node.span, type=TIMESTAMP)


def values_of(function: str, arguments: Sequence[Node]) -> tuple[Node, ...]:
    """
    The arguments of an operator or function, dates as their first instants.

    What a fact reads of itself before all of it is typed, and what is a date in one kind and an instant in another, may
    be a date when it comes to be compared: it is turned into its first instant then.

    >>> from oversight.model.expressions import Name
    >>> due = Select(Name("f", type=RecordType("f")), "due", type=DYN)
    >>> [part.function for part in values_of("<", (due, Literal(1))) if isinstance(part, Call)]
    ['@instant']
    """
    found = tuple(map(value_of, arguments))
    loose = [isinstance(n, Select) and n.type == DYN and isinstance(n.operand.type, RecordType) for n in found]
    if function in _EQUALITIES and TIMESTAMP not in [node.type for node in found]:
        return found  # an index finds what is equal
    if function not in _TAKES_INSTANTS:
        return found
    return tuple(
        Call("@instant", (node,), span=node.span, type=DYN) if may else node
        for node, may in zip(found, loose, strict=True)
    )


def named(type_: Type) -> str:
    """
    A type with its article.

    >>> named(BOOL)
    'a bool'
    """
    article = "an" if type_.name[:1] in "aeiou" else "a"
    return f"{article} {type_.name}"


def meant(word: str, names: Collection[str]) -> str:
    """
    The hint that names the nearest of *names*, or an empty string.

    >>> meant("camara", {"camera", "zone"})
    "did you mean 'camera'?"
    """
    near = nearest(word, sorted(names))
    return f"did you mean {near!r}?" if near else ""


def meant_name(word: str, names: Collection[str]) -> str:
    """
    The hint for a name or function that means nothing in an expression, or an empty string.

    >>> meant_name("now", ()), meant_name("P14D", ())
    ('there is no now in an expression: a deadline is for: or by:', 'write period("P14D")')
    """
    if word in _CLOCKS:
        return f"there is no {word} in an expression: a deadline is for: or by:"
    if word in _QUANTIFIERS:
        return f"{word}: is a condition of its own: {word}: FACT as x, with where:"
    if word.lower() in NAMED:
        return NAMED[word.lower()]
    try:
        Period.parse(word.upper())
    except ValueError:
        return meant(word, names)
    return f'write {"" if word.isupper() else word.upper() + ", or in a condition "}period("{word.upper()}")'


def not_a_condition(node: Node, scope: Scope) -> None:
    """
    Report that *node* stands where a condition should.

    >>> not_a_condition(Literal(1), scope := Scope([]))
    >>> scope.problems[0].code
    'not-a-condition'
    """
    message = f"a condition is asked for, and this is {named(node.type)}"
    scope.report("not-a-condition", message, node.span, "compare it with something, such as == or >")


def attribute_type(type_: Type, name: str, span: Span, scope: Scope) -> Type:
    """
    The type of the attribute *name* of a value of *type_*; reported at *span* where there is none.

    >>> attribute_type(BOOL, "kind", (2, 6), scope := Scope([])).name
    'dyn'
    >>> scope.problems[0].code
    'unknown-attribute'
    """
    if isinstance(type_, MapType):
        return type_.value
    if not isinstance(type_, RecordType):
        if type_ != DYN:
            message = f"{named(type_)} has no attributes, so no {printable(name)!r}"
            scope.report("unknown-attribute", message, span)
        return DYN
    known = attributes_of(type_)
    if name in known:
        return known[name].type
    scope.report(
        "unknown-attribute",
        f"{type_.name} has no attribute {printable(name)!r}",
        span,
        meant(name, known),
        (f"attributes: {', '.join(sorted(known))}",),
    )
    return DYN


def operation(node: Call, scope: Scope, definitions: Collection[str]) -> Node:
    """
    The typed call of an operator or function whose arguments are typed.

    Args:
        node: any call but ``in`` and ``[]``.
        scope: takes what is reported.
        definitions: names that may have been meant where there is no such function.

    >>> operation(Call("!", (Literal(True, type=BOOL),)), Scope([]), ()).type.name
    'bool'
    """
    types = [argument.type for argument in node.arguments]
    if node.function in _CONNECTIVES:
        for argument in node.arguments:
            if not fits(argument.type, BOOL):
                not_a_condition(argument, scope)
        return evolve(node, type=BOOL)
    if node.function == "?:":
        return _choice(node, scope)
    if node.function in _EQUALITIES:
        left, right = node.arguments
        if not comparable(*types):
            message = f"{named(types[0])} is never equal to {named(types[1])}"
            scope.report("type-mismatch", message, node.span, _apart(node) or advice(*types))
        _outside_values(left, right, scope)
        _outside_values(right, left, scope)
        return evolve(node, type=BOOL)
    if node.function in _ORDERINGS:
        if not orderable(*types):
            message = f"{named(types[0])} is not ordered beside {named(types[1])}"
            scope.report("type-mismatch", message, node.span, _apart(node) or advice(*types))
        return evolve(node, type=BOOL)
    if node.function == "@instant":
        return evolve(node, type=TIMESTAMP)
    return _function(node, types, scope, definitions)


def _apart(node: Call) -> str:
    """What to write for a comparison of three values in a row, or an empty string."""
    first = node.arguments[0]
    if not isinstance(first, Call) or first.function not in _EQUALITIES | _ORDERINGS:
        return ""
    return f"write a {first.function} b && b {node.function} c for a {first.function} b {node.function} c"


def _function(node: Call, types: list[Type], scope: Scope, definitions: Collection[str]) -> Node:
    name = node.function
    if name not in OVERLOADS:
        start = node.span[0]
        hint = meant_name(name, {*FUNCTIONS, "has", *definitions})
        span = (start, start + len(name))
        scope.report("unknown-function", f"there is no function {printable(name)!r}", span, hint)
        return node
    result = result_of(name, types)
    if result is not None:
        _try_literal(node, scope)
        return evolve(node, type=result)
    lengths = sorted({len(wanted) for wanted, _ in OVERLOADS[name]})
    if len(types) not in lengths:
        counted = " or ".join(map(str, lengths))
        message = f"{name} is given {len(types)} instead of {counted}, with what stands before the dot"
        scope.report("wrong-arguments", message, node.span)
    else:
        given = " and ".join(named(type_) for type_ in types)
        hint = advice(*types) if len(types) == 2 else ""
        scope.report("type-mismatch", f"{name} is not defined for {given}", node.span, hint)
    return node


def _try_literal(node: Call, scope: Scope) -> None:
    """A literal pattern, time or duration is read once, while the place of its mistake is known."""
    read, argument = _READERS.get(node.function), node.arguments[-1]
    if read is None or not isinstance(argument, Literal) or not isinstance(argument.value, str):
        return
    try:
        read(argument.value)
    except EvaluationError as error:
        scope.report("malformed-literal", str(error), argument.span)


def _choice(node: Call, scope: Scope) -> Node:
    asked, chosen, other = node.arguments
    if not fits(asked.type, BOOL):
        not_a_condition(asked, scope)
    if not comparable(chosen.type, other.type):
        message = f"? and : give {named(chosen.type)} or {named(other.type)}"
        scope.report("type-mismatch", message, node.span, "both sides must be of one type")
    return evolve(node, type=joined([chosen.type, other.type]))


def membership(node: Call, arguments: list[Node], scope: Scope) -> Node:
    """
    The typed ``in`` of typed *arguments*.

    >>> from oversight.model.types import list_of
    >>> membership(Call("in", ()), [Literal(1), ListOf((), type=list_of(DYN))], Scope([])).type.name
    'bool'
    """
    item, container = arguments
    within = container.type
    dates = isinstance(within, ListType) and within.item == DATE
    item = item if dates else value_of(item)
    if isinstance(within, ListType):
        if not comparable(item.type, within.item):
            message = f"{named(item.type)} is never among {named(within)}"
            scope.report("type-mismatch", message, node.span, advice(item.type, within.item))
        for other in container.items if isinstance(container, ListOf) else ():
            _outside_values(item, other, scope)
        _outside_values(evolve(container, type=within.item), item, scope)
    elif kind_of(within) == "map":
        _key(item, within, scope)
    elif within != DYN:
        message = f"in asks for a list or a map, and this is {named(within)}"
        scope.report("type-mismatch", message, container.span)
    return evolve(node, arguments=(item, container), type=BOOL)


def _key(key: Node, container: Type, scope: Scope) -> Type:
    if kind_of(key.type) not in ("string", "dyn"):
        scope.report("type-mismatch", f"the keys are strings, and this is {named(key.type)}", key.span)
    elif isinstance(key, Literal) and isinstance(key.value, str):
        return attribute_type(container, key.value, key.span, scope)
    return container.value if isinstance(container, MapType) else DYN


def index(node: Call, arguments: list[Node], scope: Scope) -> Node:
    """
    The typed ``[]`` of typed *arguments*.

    >>> from oversight.model.types import list_of
    >>> index(Call("[]", ()), [ListOf((), type=list_of(BOOL)), Literal(0)], Scope([])).type.name
    'bool'
    """
    container, key = arguments[0], value_of(arguments[1])
    type_: Type = DYN
    if isinstance(container.type, ListType):
        type_ = container.type.item
        if kind_of(key.type) not in ("int", "dyn"):
            message = f"the items of a list are numbered, and this is {named(key.type)}"
            scope.report("type-mismatch", message, key.span)
    elif kind_of(container.type) == "map":
        type_ = _key(key, container.type, scope)
    elif container.type != DYN:
        message = f"{named(container.type)} has no items"
        scope.report("type-mismatch", message, node.span)
    return evolve(node, arguments=(container, key), type=type_)


def _outside_values(asked: Node, given: Node, scope: Scope) -> None:
    """A string of few values, compared with one that is none of them."""
    if not isinstance(asked.type, EnumType) or not isinstance(given, Literal):
        return
    if not isinstance(given.value, str) or given.value in asked.type.values:
        return
    name = ".".join(path_of(asked) or ("this",)).partition("@")[0]
    scope.report(
        "never-holds",
        f"{printable(given.value, 60)!r} is none of the values of {name}",
        given.span,
        meant(given.value, asked.type.values),
        (f"values: {', '.join(asked.type.values)}",),
    )
