"""A site file: what one place sets for itself in shipped packs, without forking them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from attrs import evolve, frozen

from oversight.ground.text import nearest
from oversight.ground.time import Period
from oversight.language import library, shape, source
from oversight.language.drafts import expression
from oversight.language.findings import Findings
from oversight.language.parameters import parameter, term
from oversight.language.records import ALERT as ALERT_TYPE
from oversight.language.rules import OWN
from oversight.language.scope import Scope
from oversight.language.shape import Table
from oversight.language.source import Mapping as Map
from oversight.language.source import Node, Scalar
from oversight.language.world import ALERT, World
from oversight.model.diagnostics import Diagnostic
from oversight.model.pack import SEVERITIES, Expression, Pack, Parameter, Rule, Waiver
from oversight.model.types import BOOL

SECTIONS = ("parameters", "severities", "in_force", "exceptions", "retention")
_EXCEPTION = ("rule", "where", "reason", "owner", "from", "until")
_REQUIRED = ("rule", "reason", "owner", "from", "until")
_HINT = "write a pack of your own that uses this one"


@frozen
class Adapted:
    """
    What reading a site file gave.

    Args:
        packs: as the site has them, in the given order; ``None`` where there is an error.
        retention: how long a record keeps what events say, where the file tells.
        diagnostics: every problem of the file, in order of place.
        sources: its lines, by the name that diagnostics use.
    """

    packs: tuple[Pack, ...] | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, list[str]]
    retention: Period | None = None


def read_site(file: Path, packs: Sequence[Pack]) -> Adapted:
    """
    Read a site file and set what it says in *packs*.

    Whatever the file says, this gives diagnostics and raises nothing. Its text is part of the digest of each pack.

    Args:
        file: its path.
        packs: checked; what it names must be in one of them.

    Raises:
        OSError: the file cannot be opened.
    """
    findings = Findings()
    content = file.read_bytes()
    read, tree = source.read(file.as_posix(), content, findings)
    body = None if tree is None else _sections(tree, findings)
    if body is not None:
        _Names(packs, findings).look_up(body)
    digest = hashlib.sha256(content).hexdigest()
    retention = _retention(None if body is None else body.get("retention"), findings)
    made = [_Site(pack, body, findings).pack(digest, read.name) for pack in packs]
    return Adapted(None if findings.refused else tuple(made), findings.found, {read.name: read.lines}, retention)


def _sections(tree: Node, findings: Findings) -> Table | None:
    """The sections of the file, without those that only a pack can have."""
    whole = shape.mapping(tree, "a site file", findings)
    if whole is None:
        return None
    kept = _adaptable(whole, {*library.SECTIONS} - {*SECTIONS}, findings)
    return shape.table(kept, "a site file", findings, SECTIONS)


def _adaptable(written: Map, foreign: set[str], findings: Findings) -> Map:
    """*written* without the keys in *foreign*, which only a pack can say, each of them an error."""
    for key, _ in written.entries:
        if key.text in foreign:
            notes = (f"a site file sets {', '.join(SECTIONS)}",)
            findings.wrong("not-adaptable", f"a site file cannot set {key.text!r}", key, _HINT, notes)
    return evolve(written, entries=tuple((key, node) for key, node in written.entries if key.text not in foreign))


def _retention(node: Node | None, findings: Findings) -> Period | None:
    """How long what events say is kept."""
    if node is None:
        return None
    try:
        return Period.parse(shape.string(node, "retention", findings) or "P1D")
    except ValueError:
        findings.wrong("malformed-literal", "this is no period", node, "write one as P3Y, P18M or P90D")
        return None


def _named(body: Table | None, section: str) -> Iterator[tuple[Scalar, Node]]:
    """The entries of a section of names."""
    node = None if body is None else body.get(section)
    if isinstance(node, Map):
        yield from node.entries


def _exceptions(body: Table | None) -> Iterator[Node]:
    node = None if body is None else body.get("exceptions")
    if node is not None:
        yield from shape.items(node)


class _Names:
    """Says which names of the file are in none of the packs."""

    def __init__(self, packs: Sequence[Pack], findings: Findings) -> None:
        self._findings = findings
        self._parameters = {name for pack in packs for name in pack.parameters}
        self._rules = {name for pack in packs for rule in pack.rules for name in (rule.id, rule.name)}

    def look_up(self, body: Table) -> None:
        """Refuse what has another shape, and every name that is unknown."""
        for section in SECTIONS[:3]:
            node = body.get(section)
            if node is not None:
                shape.mapping(node, f"{section}:", self._findings)
        node = body.get("exceptions")
        if node is not None and not isinstance(node, source.Sequence):
            self._findings.wrong("wrong-shape", "exceptions: is a list", node, "- {rule: …, reason: …, owner: …}")
        for key, _ in _named(body, "parameters"):
            self._known(key, self._parameters, "unknown-parameter", "parameter")
        for section in ("severities", "in_force"):
            for key, _ in _named(body, section):
                self._known(key, self._rules, "unknown-rule", "rule")
        for node in _exceptions(body):
            for key, value in node.entries if isinstance(node, Map) else ():
                if key.text == "rule" and isinstance(value, Scalar) and value.value is not None:
                    self._known(value, self._rules, "unknown-rule", "rule")

    def _known(self, written: Scalar, names: set[str], code: str, what: str) -> None:
        if written.text not in names:
            near = nearest(written.text, sorted(names))
            hint = f"did you mean {near!r}?" if near else ""
            self._findings.wrong(code, f"there is no {what} {written.text!r}", written, hint)


class _Site:
    """One pack on its way to being as the site has it."""

    def __init__(self, pack: Pack, body: Table | None, findings: Findings) -> None:
        self._pack = pack
        self._body = body
        self._findings = findings

    def pack(self, digest: str, name: str) -> Pack:
        """The pack with what the file, of this digest and name, says."""
        parameters = dict(self._pack.parameters)
        for key, node in _named(self._body, "parameters"):
            if key.text in parameters:
                parameters[key.text] = self._parameter(key, node, parameters[key.text])
        severities = dict(self._severities())
        terms = dict(self._terms())
        rules = [self._rule(rule, severities, terms) for rule in self._pack.rules]
        return evolve(
            self._pack,
            parameters=parameters,
            rules=tuple(rules),
            waivers=tuple(waiver for node in _exceptions(self._body) if (waiver := self._waiver(node)) is not None),
            digest=hashlib.sha256(f"{self._pack.digest}\n{digest}".encode()).hexdigest(),
            files=(*self._pack.files, name),
        )

    def _parameter(self, key: Scalar, node: Node, known: Parameter) -> Parameter:
        """The pack's values until the first day of the site's, and from then on the site's alone."""
        own = parameter(key, node, self._pack.zone, self._findings, known.type)
        first = own.entries[0][0] if own.entries else None
        kept = sum(1 for start, _ in known.entries if first is None or start < first)
        return evolve(
            known,
            entries=known.entries[:kept] + own.entries,
            sources=known.sources[:kept] + own.sources,
            assumed=known.assumed[:kept] + own.assumed,
        )

    def _severities(self) -> Iterator[tuple[str, str]]:
        for key, node in _named(self._body, "severities"):
            severity = shape.choice(node, "severity", SEVERITIES, self._findings.within(f"for the rule {key.text}"))
            if severity:
                yield key.text, severity

    def _terms(self) -> Iterator[tuple[str, tuple[datetime | None, datetime | None]]]:
        for key, node in _named(self._body, "in_force"):
            inside = self._findings.within(f"for the rule {key.text}")
            written = shape.mapping(node, "in_force", inside)
            if written is not None:
                body = shape.table(_adaptable(written, {*OWN}, inside), "in_force", inside, ("from", "until"))
                yield key.text, term(body, self._pack.zone, inside)

    def _rule(
        self, rule: Rule, severities: Mapping[str, str], terms: Mapping[str, tuple[datetime | None, datetime | None]]
    ) -> Rule:
        """*rule* with what is set for its part or, where nothing is, for the whole."""
        nothing = (None, None)
        start, end = terms.get(rule.name, terms.get(rule.id, nothing))
        in_force = (start or rule.in_force[0], end or rule.in_force[1])
        severity = severities.get(rule.name, severities.get(rule.id, rule.severity))
        return evolve(rule, severity=severity, in_force=in_force)

    def _waiver(self, node: Node) -> Waiver | None:
        """One exception; ``None`` where it is about no rule of this pack, or wrong."""
        body = shape.table(node, "an exception", self._findings, _EXCEPTION, _REQUIRED)
        if body is None:
            return None
        rule = shape.string(body.get("rule"), "rule", self._findings)
        inside = self._findings.within(*([f"in an exception for the rule {rule}"] if rule else []))
        reason, owner = shape.said(body, "reason", inside), shape.said(body, "owner", inside)
        start, end = term(body, self._pack.zone, inside)
        where = self._where(body.get("where"), inside)
        if start is None or end is None or not any(rule in (one.id, one.name) for one in self._pack.rules):
            return None
        return Waiver(rule, where, start, end, reason, owner, body.place)

    def _where(self, node: Node | None, findings: Findings) -> Expression | None:
        written = expression(node, "where", findings)
        if written is None:
            return None
        scope = Scope(World({}, {}), findings)
        scope.bind(ALERT, ALERT_TYPE, None, exact=True)
        return scope.expression(written, BOOL)
