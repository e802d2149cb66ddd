"""Rules: from YAML to checked rules, in layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from attrs import evolve, frozen

from oversight.ground.text import nearest
from oversight.language import shape
from oversight.language.acts import event_of, with_values
from oversight.language.conditions import conditions, each, expressions
from oversight.language.drafts import DraftQuery, expression, template
from oversight.language.entries import kinds_of, values
from oversight.language.findings import Findings
from oversight.language.guards import guaranteed, require, require_in
from oversight.language.operators import named
from oversight.language.order import in_order
from oversight.language.parameters import term
from oversight.language.scope import Scope
from oversight.language.shape import Table, Text
from oversight.language.source import Mapping, Node, Scalar
from oversight.language.world import ALERT, World, parts
from oversight.model.expressions import Name, walk
from oversight.model.pack import (
    BASES, SEVERITIES, STATUSES, Authority, Each, Expression, Head, Query, Rule, Template, Value,
)  # fmt: skip
from oversight.model.types import DATE, DURATION, DYN, INT, PERIOD, STRING, TIMESTAMP, ListType, Type

OWN = (
    "title", "authority", "basis", "severity", "on", "while", "of", "for", "by", "if", "unless", "with",
    "each", "about", "alert", "remedy", "in_force", "status",
)  # fmt: skip
KNOWN = ("rule", *OWN, "cases", "parts")
_REQUIRED = ("title", "authority", "basis", "severity", "alert", "remedy")
_HEAD = ("on", "while", "of")
_DEADLINE = ("for", "by")


@frozen
class RuleDraft:
    """One rule, or one part of a rule, with the keys it has and those it takes over."""

    id: str
    part: str
    written: Scalar
    body: Table
    findings: Findings


def rule(node: Node, findings: Findings) -> tuple[tuple[RuleDraft, ...], tuple[Node, ...]]:
    """
    Read one rule.

    Returns:
        The rule or its parts, and its cases.
    """
    inside = findings.within(*_named(node))
    body = shape.table(node, "a rule", inside, KNOWN, ("rule",))
    written = None if body is None else shape.scalar(body.get("rule"), "rule:", inside)
    if body is None or written is None:
        return (), ()
    if "cases" not in body.entries or not shape.items(body.entries["cases"][1]):
        hint = "add at least one under cases: a history and the alerts it should bring"
        inside.wrong("no-cases", f"the rule {written.text} has no case", written, hint)
    cases = shape.items(body.entries["cases"][1]) if "cases" in body.entries else ()
    own = Table(body.node, {key: body.entries[key] for key in body.entries if key in OWN})
    several = body.get("parts")
    if several is None:
        return (RuleDraft(written.text, "", written, own, inside),), cases
    if not shape.items(several):
        inside.wrong(
            "no-parts", f"the rule {written.text} has no part", body.key("parts"), "leave parts: out, or add one"
        )
    made = (_part(item, own, written, inside) for item in shape.items(several))
    return tuple(one for one in made if one is not None), cases


def _named(node: Node) -> tuple[str, ...]:
    """The rule and the law it stands on, for the last line of a diagnostic."""
    silent = Findings()
    body = shape.table(node, "a rule", silent, KNOWN) if isinstance(node, Mapping) else None
    name = "" if body is None else shape.string(body.get("rule"), "rule:", silent)
    if body is None or not name:
        return ()
    first = _authority(body.get("authority"), silent)[:1]
    return (f"in rule {name}" + "".join(f" ({one.instrument}, {one.provision})" for one in first),)


def _part(node: Node, whole: Table, written: Scalar, findings: Findings) -> RuleDraft | None:
    body = shape.table(node, "a part", findings, ("part", *OWN), ("part",))
    name = None if body is None else shape.scalar(body.get("part"), "part:", findings)
    if body is None or name is None:
        return None
    own = {key: value for key, value in body.entries.items() if key != "part"}
    taken = dict(whole.entries)
    for group in (_HEAD[:2], _DEADLINE):
        if any(key in own for key in group):
            taken = {key: value for key, value in taken.items() if key not in group}
    if any(key in own for key in _HEAD[:2]):
        taken.pop("of", None)
    return RuleDraft(written.text, name.text, name, Table(body.node, {**taken, **own}), findings)


def rules(drafts: Sequence[RuleDraft], world: World, zone: ZoneInfo) -> tuple[Rule, ...]:
    """
    Check all rules.

    Args:
        drafts: in written order.
        world: what can be named; knows the ids of all rules.
        zone: where the days of ``in_force`` begin.

    Returns:
        The rules in order of layer, then of id and part.
    """
    seen: dict[tuple[str, str], Scalar] = {}
    made = []
    for draft in drafts:
        first = seen.setdefault((draft.id, draft.part), draft.written)
        if first is not draft.written:
            draft.findings.wrong(
                "duplicate-name",
                f"there are two rules {'/'.join(filter(None, (draft.id, draft.part)))}",
                draft.written,
                "give one of them another name",
                (f"the first is at {first.place}",),
            )
        made.append(_Checker(draft, world).rule(zone))
    return _layered(made, drafts)


def _layered(made: list[Rule], drafts: Sequence[RuleDraft]) -> tuple[Rule, ...]:
    needs: dict[str, set[str]] = {one.id: set() for one in made}
    for one in made:
        needs[one.id] |= _watched(one)
    ordered, circles = in_order({name: sorted(of) for name, of in needs.items()})
    for circle in circles:
        draft = next(draft for draft in drafts if draft.id == circle[-1])
        way = " watches ".join((*circle[::-1], circle[-1]))
        draft.findings.wrong(
            "rule-cycle",
            f"the rule {circle[-1]} watches its own alerts",
            draft.written,
            "rules form layers: let it watch others only",
            (way,),
        )
    layers: dict[str, int] = {}
    for name in ordered:
        layers[name] = 1 + max((layers.get(of, -1) for of in needs[name]), default=-1)
    layered = (evolve(one, layer=layers[one.id]) for one in made)
    return tuple(sorted(layered, key=lambda one: (one.layer, one.id, one.part)))


def _watched(one: Rule) -> set[str]:
    every = [*one.conditions, *one.excuses, *(value for _, value in one.values), one.each]
    asked = (part.of for root in every for part in parts(root) if isinstance(part, Query))
    return set(one.head.of).union(*asked)


class _Checker:
    """One rule or part on its way to being checked."""

    def __init__(self, draft: RuleDraft, world: World) -> None:
        self._draft = draft
        self._body = draft.body
        self._world = world
        self._findings = draft.findings
        self._scope = Scope(world, draft.findings, standing="while" in draft.body.entries)

    def rule(self, zone: ZoneInfo) -> Rule:
        body, findings, draft, scope = self._body, self._findings, self._draft, self._scope
        missing = [key for key in _REQUIRED if not any(key == k.text for k in self._keys())]
        if missing:
            findings.wrong("missing-key", f"the rule {draft.id} needs {', '.join(map(repr, missing))}", draft.written)
        head = self._head()
        named = values(body.get("with"), findings)
        scope.reserve(key.text for key, _ in named)
        made_each = scope.each(each(body.get("each"), findings))
        made_values = tuple((name, value) for name, value, _, _ in with_values(named, scope))
        held = scope.conditions(conditions(body.get("if"), "if", findings))
        excuses = scope.excuses(conditions(body.get("unless"), "unless", findings))
        require(held, scope, set())
        deadline = self._deadline(made_each, made_values, guaranteed(held))
        message, remedy = self._text("alert"), self._text("remedy")
        return Rule(
            draft.id,
            draft.part,
            shape.said(body, "title", findings),
            _authority(body.get("authority"), findings, self._world.instruments),
            shape.choice(body.get("basis"), "basis", BASES, findings),
            shape.choice(body.get("severity"), "severity", SEVERITIES, findings),
            head,
            message,
            remedy,
            made_each,
            made_values,
            held,
            excuses,
            deadline,
            "by" in body.entries,
            self._about(),
            self._in_force(zone),
            shape.choice(body.get("status"), "status", STATUSES, findings) or "stable",
            place=draft.written.place,
        )

    def _keys(self) -> Iterable[Scalar]:
        """The keys it has, those whose value is wrong included."""
        return [
            *(key for key, _ in self._body.node.entries),
            *(key for key, _ in self._body.entries.values()),
        ]

    def _head(self) -> Head:
        body, findings = self._body, self._findings
        if "on" in body.entries and "while" in body.entries:
            findings.wrong(
                "two-heads",
                "a rule watches events (on:) or a fact (while:), not both",
                body.key("while"),
                "write parts:",
            )
        if "on" not in body.entries and "while" not in body.entries:
            findings.wrong(
                "no-head",
                f"the rule {self._draft.id} watches nothing",
                self._draft.written,
                "add on: KIND as e, or while: FACT as f",
            )
        if "while" in body.entries:
            return self._standing()
        for key in (*_DEADLINE, "of"):
            if key in body.entries:
                findings.wrong(
                    "needs-while",
                    f"{key}: belongs to while:",
                    body.key(key),
                    "an event has no duration" if key != "of" else "",
                )
        on = kinds_of(body.get("on"), findings)
        if on is None:
            return Head(self._scope.bind("", DYN, None, "event"))
        kind = event_of(on, self._world, findings)
        name = self._scope.bind(on.alias.text if on.alias else "", kind, on.alias, "event")
        return Head(name, tuple(text.text for text in on.names))

    def _standing(self) -> Head:
        body, findings = self._body, self._findings
        single = shape.scalar(body.get("while"), "while:", findings)
        if single is None:
            return Head(self._scope.bind("", DYN, None, "fact"))
        fact, alias = shape.alias(Text.of(single), findings)
        of = shape.strings(body.get("of"), "of:", findings)
        watched = DraftQuery(
            fact.text,
            alias.text if alias else "",
            of=tuple(one.text for one in of),
            place=fact.place,
            written=fact,
            alias=alias,
            rules=of,
        )
        kind = self._scope.head(watched)
        name = self._scope.bind(watched.name, kind, alias, fact.text)
        return Head(name, fact=fact.text, of=watched.of if fact.text == ALERT else ())

    def _deadline(
        self,
        made: Each | None,
        values: tuple[tuple[str, Value], ...],
        guards: set[tuple[str, ...]],
    ) -> Expression | None:
        body, findings = self._body, self._findings
        if "for" in body.entries and "by" in body.entries:
            findings.wrong("two-deadlines", "a rule has for: or by:, not both", body.key("by"), "write parts:")
        key = "by" if "by" in body.entries else "for"
        written = expression(body.get(key), key, findings, periods=key == "for")
        if written is None:
            return None
        several = {made.name} if made is not None else set()
        for name, value in values:
            if several & _names(value):
                several.add(name)
        used = several & _names(written)
        if used:
            name = sorted(used)[0]
            findings.wrong(
                "deadline-of-part",
                f"{key}: depends on {name!r}, which is another for each part",
                written,
                "one alert has one deadline; give each its own fact",
            )
            return None
        checked = self._scope.expression(written)
        wanted = (TIMESTAMP, DATE) if key == "by" else (PERIOD, DURATION)
        self._scope.require(checked, wanted, f"{key}:")
        require_in(checked, self._scope, guards)
        return checked

    def _about(self) -> tuple[Expression, ...]:
        made = tuple(self._scope.expression(e) for e in expressions(self._body.get("about"), "about", self._findings))
        for one in made:
            kind: Type = one.type.item if isinstance(one.type, ListType) else one.type
            if kind.name != STRING.name and kind not in (INT, DYN):
                message = f"about: takes ids or lists of ids, not {named(one.type)}"
                self._findings.wrong("type-mismatch", message, self._scope.origin(one))
        return made

    def _text(self, key: str) -> Template:
        made = template(self._body.get(key), key, self._findings)
        return Template((), "") if made is None else self._scope.template(made)

    def _in_force(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        node = self._body.get("in_force")
        body = None if node is None else shape.table(node, "in_force", self._findings, ("from", "until"))
        return term(body, zone, self._findings)


def _names(root: Value) -> set[str]:
    every = (part for part in parts(root) if isinstance(part, Expression))
    return {node.name for part in every for node in walk(part.node) if isinstance(node, Name)}


def _authority(node: Node | None, findings: Findings, known: frozenset[str] = frozenset()) -> tuple[Authority, ...]:
    if node is None:
        return ()
    made = []
    for item in shape.items(node):
        body = shape.table(item, "an authority", findings, ("instrument", "provision"), ("instrument", "provision"))
        if body is not None:
            instrument = shape.said(body, "instrument", findings)
            _listed(body.get("instrument"), known, findings)
            made.append(Authority(instrument, shape.said(body, "provision", findings)))
    if not made and not shape.items(node):
        findings.wrong(
            "no-authority", "a rule rests on at least one instrument", node, "- {instrument: …, provision: …}"
        )
    return tuple(made)


def _listed(node: Node | None, known: frozenset[str], findings: Findings) -> None:
    """Say where an instrument is not among those that the pack lists, if it lists any."""
    if known and isinstance(node, Scalar) and node.text.strip() and node.text.strip() not in known:
        near = nearest(node.text, sorted(known))
        hint = f"did you mean {near!r}?" if near else "add it to instruments:"
        message = f"{node.text.strip()!r} is not among the instruments of the pack"
        findings.warning("unknown-instrument", message, node.place, node.width, hint)
