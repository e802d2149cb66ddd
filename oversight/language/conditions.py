"""
Conditions, quantifiers and values as written: from YAML to the table's shapes, expressions still untyped.

What is read here is a draft: its expressions are :class:`~oversight.language.drafts.Draft`, a query without
alias has an empty name, and a call of a condition that ``define:`` names is still a call.
"""

from __future__ import annotations

from oversight.ground.text import nearest
from oversight.language import shape
from oversight.language.drafts import DraftEach, DraftQuery, draft, expression
from oversight.language.findings import Findings
from oversight.language.misplaced import belongs
from oversight.language.shape import Table, Text
from oversight.language.source import Mapping, Node, Scalar, Sequence
from oversight.model.pack import (
    Condition, Exists, Expression, Group, Latest, Limit, Measure, Test, Value,
)  # fmt: skip

LIMITS = ("at_most", "at_least", "more_than", "fewer_than")
GROUPS = {"all_of": "all", "any_of": "any", "not": "not"}
_QUERY = ("where", "before", "of")
KNOWN = {
    "some": ("some", *_QUERY),
    "none": ("none", *_QUERY),
    "count": ("count", *_QUERY, "distinct", *LIMITS),
    "sum": ("sum", *_QUERY, *LIMITS),
    "latest": ("latest", *_QUERY, "value", "else"),
    "all_of": ("all_of",),
    "any_of": ("any_of",),
    "not": ("not",),
}
CONDITIONS = tuple(head for head in KNOWN if head != "latest")


def conditions(node: Node | None, what: str, findings: Findings) -> tuple[Condition, ...]:
    """
    One condition or a list of them, as ``where:``, ``if:`` and ``unless:`` take.

    A broken one is an error and left out.
    """
    if node is None:
        return ()
    found = (condition(item, what, findings) for item in shape.filled(node, what, findings))
    return tuple(one for one in found if one is not None)


def condition(node: Node, what: str, findings: Findings) -> Condition | None:
    """One condition: an expression, or a mapping with one of the quantifiers or groups."""
    if isinstance(node, Sequence):
        hint = "give each a line of its own, or group them under all_of: or any_of:"
        findings.wrong("wrong-shape", f"{what} has a list inside its list", node, hint)
        return None
    if not isinstance(node, Mapping):
        read = expression(node, what, findings)
        return None if read is None else Test(read)
    opened = _head(node, what, findings, CONDITIONS)
    if opened is None:
        return None
    head, body = opened
    if head in GROUPS:
        inner = conditions(body.get(head), head, findings)
        together = _one(inner) if head == "not" else inner
        return Group(GROUPS[head], together, place=body.place) if inner else None
    if head in ("count", "sum"):
        measure = _measure(head, body, findings)
        if measure is not None and not any(limit in body.entries for limit in LIMITS):
            findings.wrong(
                "no-limit",
                f"{head}: as a condition is compared with nothing",
                body.key(head),
                f"add one of {', '.join(LIMITS)}",
            )
        return measure
    query = _query(head, body, findings)
    return None if query is None else Exists(query, negated=head == "none", place=body.place)


def _one(inner: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return inner if len(inner) == 1 else (Group("all", inner),)


def value(node: Node, what: str, findings: Findings) -> Value | None:
    """What ``with:`` names: an expression, ``latest:``, ``count:``, ``sum:`` or a condition."""
    if not isinstance(node, Mapping):
        return expression(node, what, findings, periods=True)
    opened = _head(node, what, findings, tuple(KNOWN))
    if opened is None:
        return None
    head, body = opened
    if head in ("count", "sum"):
        return _measure(head, body, findings)
    return _latest(body, findings) if head == "latest" else condition(node, what, findings)


def each(node: Node | None, findings: Findings) -> DraftEach | None:
    """``each:`` a list (``e.items as item``) or a quantifier (``{some: FACT as x, where: ...}``)."""
    if node is None:
        return None
    if isinstance(node, Mapping):
        opened = _head(node, "each", findings, ("some",))
        query = None if opened is None else _query("some", opened[1], findings)
        return None if query is None else DraftEach(query.name, query, alias=query.alias)
    single = shape.scalar(node, "each", findings)
    if single is None:
        return None
    what, name = shape.alias(Text.of(single), findings)
    source = draft(what, "each", findings)
    return None if source is None else DraftEach(name.text if name else "", source, alias=name)


def _head(node: Mapping, what: str, findings: Findings, heads: tuple[str, ...]) -> tuple[str, Table] | None:
    """Which quantifier or group a mapping is, and the mapping with its keys checked."""
    written = [key for key, _ in node.entries if key.text in heads]
    if len(written) == 1:
        head = written[0].text
        body = shape.table(node, f"{head}:", findings, KNOWN[head])
        return None if body is None or body.get(head) is None else (head, body)
    if written:
        findings.wrong(
            "two-quantifiers",
            f"{written[0].text}: and {written[1].text}: stand in one condition",
            written[1],
            "make them two conditions of a list",
        )
        return None
    near = next((key for key, _ in node.entries if nearest(key.text, heads)), None)
    hint = f"did you mean {nearest(near.text, heads)!r}?" if near else _elsewhere(node)
    findings.wrong(
        "unknown-quantifier",
        f"{what} is an expression or one quantifier",
        near or node,
        hint,
        (f"quantifiers: {', '.join(heads)}",),
    )
    return None


def _elsewhere(node: Mapping) -> str:
    """Where the keys of a mapping belong that is no condition."""
    places = (belongs(key.text) for key, _ in node.entries)
    return next(filter(None, places), "quote this, if it is one expression")


def _query(head: str, body: Table, findings: Findings) -> DraftQuery | None:
    """The facts a quantifier looks at; for ``sum:`` they stand under ``of:``."""
    key = "of" if head == "sum" else head
    single = shape.scalar(body.get(key), f"{key}:", findings)
    if single is None:
        if key not in body.entries:
            findings.wrong("missing-key", f"{head}: needs 'of'", body.key(head), "of: FACT as name")
        return None
    fact, name = shape.alias(Text.of(single), findings)
    where = conditions(body.get("where"), "where", findings)
    of = () if head == "sum" else shape.strings(body.get("of"), "of:", findings)
    before = shape.boolean(body.get("before"), "before:", findings)
    return DraftQuery(
        fact.text,
        name.text if name else "",
        where,
        before,
        tuple(one.text for one in of),
        _written(head, body),
        fact.place,
        written=fact,
        alias=name,
        rules=of,
    )


def _measure(head: str, body: Table, findings: Findings) -> Measure | None:
    query = _query(head, body, findings)
    distinct = expression(body.get("distinct"), "distinct", findings)
    total = expression(body.get("sum"), "sum", findings)
    limits = []
    for name in LIMITS:
        bound = expression(body.get(name), name, findings, periods=True)
        if bound is not None:
            limits.append(Limit(name, bound))
    if query is None or (head == "sum" and total is None):
        return None
    return Measure(query, distinct, total, tuple(limits), place=body.place)


def _latest(body: Table, findings: Findings) -> Latest | None:
    query = _query("latest", body, findings)
    if "value" not in body.entries:
        findings.wrong("missing-key", "latest: needs 'value'", body.key("latest"), "value: an expression over the fact")
    chosen = expression(body.get("value"), "value", findings)
    otherwise = expression(body.get("else"), "else", findings, periods=True)
    return None if query is None or chosen is None else Latest(query, chosen, otherwise)


def _written(head: str, body: Table) -> str:
    """A quantifier on one line, for the alert that says what was not on record."""
    return ", ".join(f"{key.text}: {_flat(node)}" for key, node in body.node.entries if key.text in KNOWN[head])


def _flat(node: Node) -> str:
    if isinstance(node, Scalar):
        return " ".join(node.text.split())
    if isinstance(node, Mapping):
        return "{" + ", ".join(f"{key.text}: {_flat(inner)}" for key, inner in node.entries) + "}"
    return "[" + ", ".join(map(_flat, node.items)) + "]"


def expressions(node: Node | None, what: str, findings: Findings) -> tuple[Expression, ...]:
    """One expression or a list of them, as ``about:`` takes."""
    if node is None:
        return ()
    found = (expression(item, what, findings) for item in shape.filled(node, what, findings))
    return tuple(one for one in found if one is not None)
