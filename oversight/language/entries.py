"""The entries of a fact, from YAML: how it starts, changes and ends."""

from __future__ import annotations

import re

from attrs import frozen

from oversight.language import shape
from oversight.language.conditions import conditions, each, value
from oversight.language.drafts import Draft, DraftEach, expression
from oversight.language.findings import Findings
from oversight.language.shape import Table, Text
from oversight.language.source import Mapping, Node, Scalar
from oversight.language.world import World
from oversight.model.pack import Condition, Expression, Value

_COMMON = ("on", "each", "if", "unless", "with")
KNOWN = {
    "starts": (*_COMMON, "from", "until"),
    "changes": (*_COMMON, "where", "set"),
    "ends": (*_COMMON, "where"),
}
_OR = re.compile(r"\s+or\s+")


@frozen
class Kinds:
    """``on: KIND or KIND as name``: the kinds and, where there is one, the name."""

    names: tuple[Text, ...]
    alias: Text | None


@frozen
class EntryDraft:
    """One entry as written, with its expressions untyped."""

    role: str
    body: Table
    on: Kinds
    each: DraftEach | None
    values: tuple[tuple[Scalar, Value], ...]
    conditions: tuple[Condition, ...]
    excuses: tuple[Condition, ...]
    begins: Expression | None
    until: Expression | None
    where: tuple[Condition, ...]
    sets: Expression | tuple[tuple[Scalar, Expression], ...]

    def reads(self, world: World) -> set[str]:
        """The facts it asks for, other than as they stood before."""
        every = (*self.conditions, *self.excuses, *self.where)
        return world.reads(every, self.each, *(value for _, value in self.values), self.begins, self.until)


@frozen
class FactDraft:
    """A fact as written, with its expressions untyped."""

    name: str
    written: Scalar
    key: tuple[Scalar, ...]
    starts: tuple[EntryDraft, ...]
    changes: tuple[EntryDraft, ...]
    ends: tuple[EntryDraft, ...]
    lasts: Draft | None
    restarts: bool
    forever: bool
    description: str
    whole: bool
    findings: Findings


def kinds_of(node: Node | None, findings: Findings) -> Kinds | None:
    """Read what stands under ``on:``."""
    if node is not None and not isinstance(node, Scalar):
        findings.wrong("wrong-shape", "on: is one text", node, "KIND or KIND as name")
        return None
    single = shape.scalar(node, "on:", findings)
    if single is None:
        return None
    what, alias = shape.alias(Text.of(single), findings)
    found, start = [], 0
    for gap in [*_OR.finditer(what.text), None]:
        found.append(what.part(start, gap.start() if gap else len(what.text)))
        start = gap.end() if gap else start
    return Kinds(tuple(found), alias)


def entries(role: str, node: Node | None, findings: Findings) -> tuple[tuple[EntryDraft, ...], bool]:
    """
    Read the entry or the entries under ``starts:``, ``changes:`` or ``ends:``.

    Returns:
        The entries that can be read, and whether all of them can.
    """
    if node is None:
        return (), True
    read = [entry(role, item, findings) for item in shape.filled(node, f"{role}:", findings)]
    found = tuple(one for one in read if one is not None)
    return found, len(found) == len(read)


def entry(role: str, node: Node, findings: Findings) -> EntryDraft | None:
    """Read one entry."""
    required = ("on", "set") if role == "changes" else ("on",)
    body = shape.table(node, f"an entry of {role}", findings, KNOWN[role], required)
    on = None if body is None else kinds_of(body.get("on"), findings)
    if body is None or on is None:
        return None
    return EntryDraft(
        role,
        body,
        on,
        each=each(body.get("each"), findings),
        values=values(body.get("with"), findings),
        conditions=conditions(body.get("if"), "if", findings),
        excuses=conditions(body.get("unless"), "unless", findings),
        begins=expression(body.get("from"), "from", findings),
        until=expression(body.get("until"), "until", findings),
        where=conditions(body.get("where"), "where", findings),
        sets=_sets(body.get("set"), findings),
    )


def values(node: Node | None, findings: Findings) -> tuple[tuple[Scalar, Value], ...]:
    """Read ``with:``, a mapping of names to values."""
    found = None if node is None else shape.mapping(node, "with:", findings)
    read = []
    for key, inner in () if found is None else found.entries:
        made = value(inner, f"the value {key.text}", findings)
        if shape.is_name(key, "a value", findings) and made is not None:
            read.append((key, made))
    return tuple(read)


def _sets(node: Node | None, findings: Findings) -> Expression | tuple[tuple[Scalar, Expression], ...]:
    if node is None:
        return ()
    if not isinstance(node, Mapping):
        return expression(node, "set", findings) or ()
    read = []
    for key, inner in node.entries:
        made = expression(inner, f"the attribute {key.text}", findings, periods=True)
        if shape.is_name(key, "an attribute", findings) and made is not None:
            read.append((key, made))
    return tuple(read)
