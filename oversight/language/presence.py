"""Which reads of what may be missing a condition protects by asking ``has(…)`` first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oversight.language.signatures import attributes_of
from oversight.model.expressions import Call, Has, Literal, Macro, Name, Node, Select
from oversight.model.types import DYN, MapType, RecordType, Type

Path = tuple[str, ...]


def _path(node: Node) -> Path | None:
    """The path of a selection; of ``m["a"]`` that of ``m.a``, of ``m[k.x]`` one that names the key."""
    if isinstance(node, Name):
        return (node.name,)
    if isinstance(node, Select):
        above = _path(node.operand)
        return None if above is None else (*above, node.attribute)
    if isinstance(node, Call) and node.function == "[]":
        return _entry(*node.arguments)
    return None


def _entry(container: Node, key: Node) -> Path | None:
    above, named = _path(container), _path(key)
    if above is None:
        return None
    if isinstance(key, Literal):
        return (*above, key.value if isinstance(key.value, str) else f"[{key.value}]")
    return None if named is None else (*above, f"[{'.'.join(named)}]")


def _terms(node: Node, operator: str) -> list[Node]:
    if isinstance(node, Call) and node.function == operator:
        return [part for argument in node.arguments for part in _terms(argument, operator)]
    return [node]


def guards_of(node: Node) -> frozenset[Path]:
    """
    The paths that are certainly there where the condition *node* is true, because it asked.

    >>> from oversight.language.parser import parse
    >>> sorted(guards_of(parse('has(a.b) && "k" in a.m')))
    [('a', 'b'), ('a', 'm', 'k')]
    """
    if isinstance(node, Has):
        above = _path(node.operand)
        # Not the paths above it: has(a.b.c) is itself an error, and no guard, where a.b is missing.
        return frozenset() if above is None else frozenset({(*above, node.attribute)})
    if isinstance(node, Macro) and node.macro in ("exists", "exists_one"):
        return frozenset(path for path in guards_of(node.body) if path[0] != node.variable)
    if not isinstance(node, Call):
        return frozenset()
    if node.function == "in":
        entry = _entry(node.arguments[1], node.arguments[0])
        return frozenset() if entry is None else frozenset({entry})
    if node.function == "!":
        return _guards_of_false(node.arguments[0])
    if node.function == "&&":
        return _union(guards_of(argument) for argument in node.arguments)
    if node.function == "||":
        return _shared(guards_of(argument) for argument in node.arguments)
    if node.function == "?:":
        asked, chosen, other = node.arguments
        return _shared([guards_of(asked) | guards_of(chosen), _guards_of_false(asked) | guards_of(other)])
    return frozenset()


def _guards_of_false(node: Node) -> frozenset[Path]:
    if not isinstance(node, Call):
        return frozenset()
    if node.function == "!":
        return guards_of(node.arguments[0])
    if node.function == "||":
        return _union(_guards_of_false(argument) for argument in node.arguments)
    if node.function == "&&":
        return _shared(_guards_of_false(argument) for argument in node.arguments)
    return frozenset()


def _union(sets: Iterable[frozenset[Path]]) -> frozenset[Path]:
    return frozenset().union(*sets)


def _shared(sets: Iterable[frozenset[Path]]) -> frozenset[Path]:
    first, *others = sets
    return first.intersection(*others)


def unguarded(node: Node, guards: Iterable[Path] = frozenset()) -> tuple[tuple[Path, tuple[int, int]], ...]:
    """
    The reads of optional attributes and map keys in a typed tree that no ``has(…)`` or ``in`` protects.

    Protected is a read of which another term of the same conjunction, in either order, or the
    condition of the ternary asks whether it is there.

    Args:
        node: a tree that the checker has typed.
        guards: paths known to be there, such as `guards_of` the conditions beside this one.

    Returns:
        The path and the span of each read, in written order; the path of what is no plain selection
        begins with ``…``.

    >>> from oversight.language.parser import parse
    >>> unguarded(parse("has(a.b) && a.b > 1"))
    ()
    """
    return tuple(_reads(node, frozenset(guards)))


def _reads(node: Node, guards: frozenset[Path]) -> Iterator[tuple[Path, tuple[int, int]]]:
    if isinstance(node, Macro):
        yield from _reads(node.operand, guards)
        if node.condition is not None:
            yield from _reads(node.condition, guards)
            guards |= guards_of(node.condition)
        yield from _reads(node.body, guards)
        return
    if isinstance(node, Call) and node.function == "?:":
        asked, chosen, other = node.arguments
        yield from _reads(asked, guards)
        yield from _reads(chosen, guards | guards_of(asked))
        yield from _reads(other, guards | _guards_of_false(asked))
        return
    if isinstance(node, Call) and node.function in ("&&", "||"):
        terms = _terms(node, node.function)
        given = [guards_of(term) if node.function == "&&" else _guards_of_false(term) for term in terms]
        for position, term in enumerate(terms):
            beside = _union(given[:position] + given[position + 1 :])
            yield from _reads(term, guards | beside)
        return
    for child in node.children():
        yield from _reads(child, guards)
    if _may_be_missing(node):
        path = _path(node)
        if path is None:
            yield ("…", node.attribute if isinstance(node, Select) else "[]"), node.span
        elif path not in guards:
            yield path, node.span


def _may_be_missing(node: Node) -> bool:
    if isinstance(node, Select):
        return not _surely_has(node.operand.type, node.attribute)
    if isinstance(node, Call) and node.function == "[]":
        container, key = node.arguments
        if isinstance(key, Literal) and isinstance(key.value, str):
            return not _surely_has(container.type, key.value)
        return isinstance(container.type, MapType | RecordType)
    return False


def _surely_has(type_: Type, name: str) -> bool:
    if isinstance(type_, RecordType):
        attribute = attributes_of(type_).get(name)
        # An attribute that does not exist has been reported already.
        return attribute is None or attribute.required
    return not isinstance(type_, MapType) and type_ != DYN
