"""
A checked pack: everything that was written in its files, resolved, typed and ready to be given a meaning.

In a checked pack every name that is bound inside one rule or fact entry is bound once, definitions are
expanded, the key of every fact entry is an expression, facts are ordered so that each reads only those
before it, and rules are ordered in layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from attrs import Factory, field, frozen

from oversight.ground.instants import in_zone
from oversight.ground.time import format_instant
from oversight.model.expressions import Node, parameters_of, variables_of
from oversight.model.places import Place
from oversight.model.types import Attribute, RecordType, Type

SEVERITIES = ("info", "low", "medium", "high", "critical")
BASES = (
    "law", "statute", "treaty", "case-law", "regulator-guidance", "official-commitment", "commitment",
    "model-law", "good-practice", "article-claim", "expectation",
)  # fmt: skip
STATUSES = ("stable", "experimental", "retired")
RETRACTION = "event.retracted"
_VARIABLES: Any = Factory(lambda expression: variables_of(expression.node), takes_self=True)
_PARAMETERS: Any = Factory(lambda expression: parameters_of(expression.node), takes_self=True)


@frozen(slots=False)
class Kind:
    """
    A kind of event.

    Args:
        name: dotted, past tense, for example ``camera.activated``.
        attributes: by name, those every event of the kind may carry.
        description: what happened, for people.
        emitter: who sends it.
        maps_to: names of the same thing in other vocabularies.
    """

    name: str
    attributes: Mapping[str, Attribute]
    description: str
    emitter: str
    maps_to: str = ""
    place: Place = field(default=Place("", 0, 0), eq=False)


@frozen(slots=False)
class Expression:
    """A checked expression: its tree, its text, and where; the variables it binds and the parameters it reads."""

    node: Node
    text: str
    place: Place = field(eq=False)
    variables: tuple[str, ...] = field(init=False, eq=False, repr=False, default=_VARIABLES)
    parameters: tuple[str, ...] = field(init=False, eq=False, repr=False, default=_PARAMETERS)

    @property
    def type(self) -> Type:
        """The type of its value."""
        return self.node.type


@frozen(slots=False)
class Query:
    """
    The facts that hold of which every condition in ``where`` is true.

    Args:
        fact: the fact's name, or ``alert``.
        name: what each fact is called in ``where``.
        where: all must hold; an undecided one does not.
        before: whether to look at the facts as they stood before the instant.
        of: rule ids, where *fact* is ``alert``.
    """

    fact: str
    name: str
    where: tuple[Condition, ...] = ()
    before: bool = False
    of: tuple[str, ...] = ()
    text: str = ""
    place: Place = field(default=Place("", 0, 0), eq=False)


@frozen(slots=False)
class Test:
    """A condition that is an expression; it holds when its value is ``true``."""

    # pytest would otherwise take a class of this name for a test wherever it is imported.
    __test__ = False

    expression: Expression


@frozen(slots=False)
class Exists:
    """
    ``some:`` (or, ``negated``, ``none:``) of the facts a query finds.

    ``written`` is the call of the definition it comes from, as the author wrote it, if it comes from one; then
    ``place`` is that of the call.
    """

    query: Query
    negated: bool = False
    written: str = field(default="", eq=False)
    place: Place = field(default=Place("", 0, 0), eq=False)


@frozen(slots=False)
class Limit:
    """One of ``at_most``, ``at_least``, ``more_than``, ``fewer_than`` with the number it compares to."""

    comparison: str
    value: Expression


@frozen(slots=False)
class Measure:
    """
    ``count:`` or ``sum:`` over the facts a query finds.

    Args:
        query: which facts.
        distinct: count the different values of this expression, not the facts.
        total: the expression to add up; ``None`` counts.
        limits: what the number is compared with; without any it is a value.
        written: the call of the definition it comes from, if it comes from one.
        place: where it, or that call, is written.
    """

    query: Query
    distinct: Expression | None = None
    total: Expression | None = None
    limits: tuple[Limit, ...] = ()
    written: str = field(default="", eq=False)
    place: Place = field(default=Place("", 0, 0), eq=False)


@frozen(slots=False)
class Group:
    """
    ``all_of``, ``any_of`` (mode ``all``, ``any``) or ``not`` (mode ``not``, of one condition).

    ``written`` is the call of the definition it comes from, if it comes from one; ``place`` is where it, or that
    call, is written, and nowhere where nobody wrote it.
    """

    mode: str
    conditions: tuple[Condition, ...]
    written: str = field(default="", eq=False)
    place: Place = field(default=Place("", 0, 0), eq=False)


Condition = Test | Exists | Measure | Group


@frozen(slots=False)
class Latest:
    """
    ``latest:`` the value of an expression over the fact that began last, or what ``else:`` says.

    Facts are ordered by ``since``, then by the time, source and id of the event they have their
    attributes from.
    """

    query: Query
    value: Expression
    otherwise: Expression | None = None


Value = Expression | Latest | Condition


@frozen(slots=False)
class Each:
    """``each:`` a list under a name, or the facts a query finds under the query's name."""

    name: str
    source: Expression | Query


@frozen(slots=False)
class Entry:
    """
    One way in which a fact starts, changes or ends.

    Args:
        kinds: the kinds of event.
        name: what the event is called.
        each: one act for each of these.
        values: ``with:``, in order; each sees those before it.
        conditions: ``if:``.
        excuses: ``unless:``.
        key: the key of the fact it acts on, one expression for each name of the fact's key;
            empty for a start of a fact without key and for an act that finds its facts by ``where``.
        begins: ``from:`` of a start; an expression of type timestamp or date.
        until: ``until:`` of a start; timestamp or date (then to the end of that day).
        where: of a change or end: conditions on the fact, called ``this``.
        sets: of a change: an expression that gives a map, or an expression for each attribute.
    """

    kinds: tuple[str, ...]
    name: str
    each: Each | None = None
    values: tuple[tuple[str, Value], ...] = ()
    conditions: tuple[Condition, ...] = ()
    excuses: tuple[Condition, ...] = ()
    key: tuple[Expression, ...] = ()
    begins: Expression | None = None
    until: Expression | None = None
    where: tuple[Condition, ...] = ()
    sets: Expression | tuple[tuple[str, Expression], ...] = ()
    place: Place = field(default=Place("", 0, 0), eq=False)


@frozen(slots=False)
class Fact:
    """
    Something that holds for a time because of what happened.

    Args:
        key: names of the attributes that tell one such fact from another; empty where each start makes its own.
        type: its attributes: those of its starting events, of ``each``, ``with`` and ``set``.
        lasts: a fixed life, an expression of type period or duration (no variables).
        restarts: whether each start makes the fact anew.
        forever: whether ``keep: forever`` was written.
    """

    name: str
    key: tuple[str, ...]
    starts: tuple[Entry, ...]
    changes: tuple[Entry, ...]
    ends: tuple[Entry, ...]
    type: RecordType
    lasts: Expression | None = None
    restarts: bool = False
    forever: bool = False
    description: str = ""
    place: Place = field(default=Place("", 0, 0), eq=False)


@frozen(slots=False)
class Parameter:
    """
    A dated number of the law.

    Args:
        entries: pairs of the instant from which a value is in force and the value, in order of time.
        type: of its values.
        sources: where each value is written, beside ``entries``.
        assumed: whether each value is an assumption and of no instrument, beside ``entries``.
    """

    name: str
    entries: tuple[tuple[datetime, Any], ...]
    type: Type
    sources: tuple[str, ...] = ()
    assumed: tuple[bool, ...] = ()
    description: str = ""
    place: Place = field(default=Place("", 0, 0), eq=False)

    def at(self, instant: datetime) -> Any:
        """
        The value in force at *instant*.

        Raises:
            LookupError: none was yet in force.
        """
        found = None
        for entry in self.entries:
            if entry[0] > instant:
                break
            found = entry
        if found is None:
            raise LookupError(f"parameter {self.name} has no value yet at {instant.isoformat()}")
        return found[1]


@frozen(slots=False)
class Authority:
    """The public instrument and the provision a rule rests on."""

    instrument: str
    provision: str


@frozen(slots=False)
class Template:
    """Text with expressions in braces: pieces that are text or an expression, in order."""

    pieces: tuple[str | Expression, ...]
    text: str


@frozen(slots=False)
class Case:
    """
    An example that tests a rule: events, an instant to advance to, and the alerts expected.

    Args:
        events: flat events as mappings; ``id`` and ``source`` may be left out.
        until: the instant time is advanced to, or ``None``.
        alerts: mappings with ``at`` and, optionally, ``cleared``, ``about``, ``part``, ``rule``.
        rules: ids of the rules whose alerts are compared.
        parameters: which hold here instead of those of the pack that are called so.
    """

    name: str
    events: tuple[Mapping[str, Any], ...]
    until: datetime | None
    alerts: tuple[Mapping[str, Any], ...]
    rules: tuple[str, ...]
    place: Place = field(eq=False)
    parameters: tuple[Parameter, ...] = ()


@frozen(slots=False)
class Head:
    """
    What a rule watches: events (``on:``) or a fact (``while:``).

    Exactly one of *kinds* and *fact* is given.
    """

    name: str
    kinds: tuple[str, ...] = ()
    fact: str = ""
    of: tuple[str, ...] = ()


@frozen(slots=False)
class Rule:
    """
    One rule, or one part of a rule that has several.

    ``deadline`` is ``for:`` (a period or duration, ``by`` false) or ``by:`` (an instant, ``by`` true); it sees the
    head and those values of ``with:`` that do not depend on ``each:``. ``about`` is empty for the key of the
    head. ``in_force`` is a pair of instants, either of which may be ``None``.
    """

    id: str
    part: str
    title: str
    authority: tuple[Authority, ...]
    basis: str
    severity: str
    head: Head
    message: Template
    remedy: Template
    each: Each | None = None
    values: tuple[tuple[str, Value], ...] = ()
    conditions: tuple[Condition, ...] = ()
    excuses: tuple[Condition, ...] = ()
    deadline: Expression | None = None
    by: bool = False
    about: tuple[Expression, ...] = ()
    in_force: tuple[datetime | None, datetime | None] = (None, None)
    status: str = "stable"
    layer: int = 0
    place: Place = field(default=Place("", 0, 0), eq=False)

    @property
    def name(self) -> str:
        """The id, with the part where there is one."""
        return f"{self.id}/{self.part}" if self.part else self.id


@frozen(slots=False)
class Waiver:
    """
    An exception that a site makes: while it is in force, the alerts it is about are waived, and still told.

    Args:
        rule: id of a rule or, with its part, its name.
        where: a condition on the alert, called ``alert``; ``None`` means every alert of the rule.
        start, end: it is in force from the one until before the other.
        reason: why, for people.
        owner: who answers for it.
    """

    rule: str
    where: Expression | None
    start: datetime
    end: datetime
    reason: str
    owner: str
    place: Place = field(default=Place("", 0, 0), eq=False)

    def about(self, rule: Rule) -> bool:
        """Whether alerts of *rule* are meant."""
        return self.rule in (rule.id, rule.name)

    def shown(self, zone: ZoneInfo) -> dict[str, str]:
        """What an alert shows of it, with the instant of its end in *zone*."""
        return {"reason": self.reason, "owner": self.owner, "until": format_instant(in_zone(self.end, zone))}


@frozen(slots=False)
class Pack:
    """
    A checked pack.

    Args:
        name, version, language: of the header.
        zone: where its days begin.
        kinds: by name, those of the packs it uses included, and the built-in ``event.retracted``.
        parameters: by name.
        facts: by name, ordered so that each reads only facts before it (but for ``before: true``).
        rules: in order of layer, then of id and part; retired ones included.
        cases: all, those beside rules and those of the pack.
        digest: hex SHA-256 of the exact text of every file that takes part.
        files: their names as shown in diagnostics, in order.
        own: those of them that are the pack's own and of no pack it uses.
        waivers: the exceptions of a site, in the order in which they are written.
    """

    name: str
    version: str
    language: int
    zone: ZoneInfo
    kinds: Mapping[str, Kind]
    parameters: Mapping[str, Parameter]
    facts: Mapping[str, Fact]
    rules: tuple[Rule, ...]
    cases: tuple[Case, ...]
    digest: str
    files: tuple[str, ...] = ()
    description: str = ""
    own: frozenset[str] = frozenset()
    waivers: tuple[Waiver, ...] = ()
