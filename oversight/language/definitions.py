"""The names that a pack gives to expressions and conditions, from YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as Map

from attrs import evolve

from oversight.language import shape
from oversight.language.conditions import conditions
from oversight.language.findings import Findings
from oversight.language.order import in_order, reachable
from oversight.language.parser import FUNCTIONS, MACROS, METHODS
from oversight.language.shape import Text
from oversight.language.source import Node, Scalar
from oversight.language.typing import Definition
from oversight.language.world import Phrase, called, parts
from oversight.model.expressions import Node as Tree
from oversight.model.expressions import Origin, rebuilt
from oversight.model.pack import Expression
from oversight.model.places import Place

_SIGNATURE = re.compile(r"(?P<name>[^\s(]+)\s*(?:\((?P<parameters>[^()]*)\)\s*)?")


def phrase(key: Scalar, node: Node, findings: Findings, own: bool) -> tuple[str, Phrase | None]:
    """
    Read one entry of ``define:``.

    Args:
        key: ``name(arguments)``, or ``name`` alone.
        node: an expression, a condition, or a list of conditions.
        findings: takes what is wrong.
        own: whether it belongs to the pack that is checked.

    Returns:
        Its name, and the definition or ``None`` where it cannot be read.
    """
    text = Text.of(key)
    found = _SIGNATURE.fullmatch(text.text)
    if found is None:
        findings.wrong("bad-name", f"{key.text!r} cannot name a definition", key, "write name(first, second)")
        return key.text, None
    name = found["name"]
    inside = findings.within(f"in the definition of {name}")
    good = shape.is_name(text.part(*found.span("name")), "a definition", inside)
    if name in FUNCTIONS | MACROS | METHODS or name == "has":
        inside.wrong("name-taken", f"{name!r} is a function of the expression language", key, "choose another name")
        good = False
    parameters = _parameters(text, found, inside)
    read = conditions(node, "a definition", inside)
    written = len(shape.items(node))
    if not good or parameters is None or len(read) != written or not written:
        return name, None
    return name, Phrase(name, parameters, read, key, own)


def _parameters(text: Text, found: re.Match[str], findings: Findings) -> tuple[str, ...] | None:
    start, end = found.span("parameters")
    if start < 0 or not text.text[start:end].strip():
        return ()
    names, good = [], True
    for piece in re.finditer(r"[^,]+", text.text[start:end]):
        name = text.part(start + piece.start(), start + piece.end())
        good = shape.is_name(name, "an argument", findings) and good
        if name.text in names:
            findings.wrong("duplicate-name", f"the argument {name.text!r} stands twice", name)
            good = False
        names.append(name.text)
    return tuple(names) if good else None


def sound(phrases: Map[str, Phrase], findings: Findings) -> dict[str, Phrase]:
    """The definitions that do not lead back to themselves, each after those it calls; others are errors."""
    needs = {name: sorted(calls(one) & set(phrases)) for name, one in phrases.items()}
    ordered, circles = in_order(needs)
    round_about = {name for circle in circles for name in circle}
    for circle in circles:
        way = " → ".join((*circle, circle[0]))
        findings.wrong(
            "recursive-definition",
            f"the definition of {circle[0]} leads back to itself",
            phrases[circle[0]].key,
            "a definition may only call others",
            (way,),
        )
    lost = {name for name in needs if name in round_about or reachable(needs, name) & round_about}
    return {name: phrases[name] for name in ordered if name not in lost}


def calls(one: Phrase) -> set[str]:
    """The functions and definitions that a definition calls itself."""
    every = (part for condition in one.conditions for part in parts(condition) if isinstance(part, Expression))
    return set().union(*(called(part.node) for part in every))


def expressions(phrases: Iterable[Phrase]) -> dict[str, Definition]:
    """Those definitions that can stand inside an expression."""
    found = {}
    for one in phrases:
        if one.expression is not None:
            found[one.name] = Definition(one.parameters, _placed(one.expression.node, one.name, one.expression.place))
    return found


def _placed(node: Tree, name: str, place: Place) -> Tree:
    """*node* of a definition, so that it is known where it comes from when it is put in for a call."""
    inside = rebuilt(node, lambda child: _placed(child, name, place))
    return evolve(inside, origin=Origin(name, place, node.span))
