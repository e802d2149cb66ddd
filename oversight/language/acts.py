"""One entry of a fact on its way from draft to checked."""

from __future__ import annotations

from collections.abc import Mapping as Map

from oversight.language.entries import EntryDraft, FactDraft, Kinds
from oversight.language.findings import Findings
from oversight.language.guards import guaranteed, require, require_in
from oversight.language.kinds import unknown_kind
from oversight.language.operators import named
from oversight.language.records import event_type
from oversight.language.scope import Scope
from oversight.language.shape import Text
from oversight.language.source import Scalar
from oversight.language.typing import unguarded
from oversight.language.world import World
from oversight.model.expressions import Name, Node, Select
from oversight.model.pack import Condition, Entry, Expression, Query, Value
from oversight.model.types import DATE, DYN, TIMESTAMP, Attribute, ListType, MapType, RecordType, Type

_MANY = (ListType, MapType, RecordType)


def event_of(on: Kinds, world: World, findings: Findings) -> Type:
    """The type of the event that ``on:`` names; an unknown kind is an error."""
    for text in on.names:
        if text.text not in world.kinds:
            otherwise = f", or let a rule watch it with while: {text.text}"
            unknown_kind(text.text, text, world.kinds, findings, world.starts, otherwise)
    return event_type([world.kinds[text.text] for text in on.names if text.text in world.kinds])


class Act:
    """
    An entry with everything checked but what looks at the fact itself.

    Args:
        written: the draft.
        fact: of which fact.
        world: what can be named.
    """

    def __init__(self, written: EntryDraft, fact: FactDraft, world: World) -> None:
        self._written = written
        self._fact = fact
        self._findings = fact.findings
        scope = self._scope = Scope(world, fact.findings, entry=True)
        scope.reserve(key.text for key, _ in written.values)
        alias = written.on.alias
        self._event = event_of(written.on, world, fact.findings)
        self._name = scope.bind(alias.text if alias else "", self._event, alias, "event")
        self._each = scope.each(written.each)
        self.shape: dict[str, Attribute] = dict(self._event.attributes) if isinstance(self._event, RecordType) else {}
        if self._each is not None and not isinstance(self._each.source, Query):
            kind = scope.type_of(self._each.name) or DYN
            self.shape[self._each.name] = Attribute(self._each.name, kind, required=True)
        self._values = with_values(written.values, scope)
        self._conditions = scope.conditions(written.conditions)
        self._excuses = scope.excuses(written.excuses)
        self._guards = guaranteed(self._conditions)
        require(self._conditions, scope, set())
        self._add_values()
        self._instants = [
            self._instant(one, key) for one, key in ((written.begins, "from:"), (written.until, "until:"))
        ]
        self._sets = self._settings()

    def _add_values(self) -> None:
        for name, value, kind, optional in self._values:
            missing = optional
            if isinstance(value, Expression):
                missing = bool(unguarded(value.node, self._guards))
            self.shape[name] = Attribute(name, kind, required=not missing)

    def _instant(self, written: Expression | None, what: str) -> Expression | None:
        if written is None:
            return None
        checked = self._scope.expression(written)
        self._scope.require(checked, (TIMESTAMP, DATE), what)
        require_in(checked, self._scope, self._guards)
        return checked

    def _settings(self) -> Expression | tuple[tuple[str, Expression], ...]:
        sets = self._written.sets
        if isinstance(sets, Expression):
            checked = self._scope.expression(sets)
            if not isinstance(checked.type, MapType | RecordType) and checked.type is not DYN:
                origin = self._scope.origin(checked)
                self._findings.wrong("type-mismatch", f"set: takes a map, not {named(checked.type)}", origin)
            return checked
        keys = [key.text for key in self._fact.key]
        for key, _ in sets:
            if key.text in keys:
                hint = "end this fact and start another"
                self._findings.wrong("sets-key", f"{key.text!r} is the key and cannot change", key, hint)
        return tuple((key.text, self._scope.expression(one)) for key, one in sets)

    @property
    def settings(self) -> Map[str, Attribute]:
        """The attributes that a change sets, as far as they are known by name."""
        if isinstance(self._sets, tuple):
            return {name: Attribute(name, one.type) for name, one in self._sets}
        return self._sets.type.attributes if isinstance(self._sets.type, RecordType) else {}

    def knows(self, name: str) -> bool:
        """Whether the entry has a value called *name*, or may have one."""
        return name in self.shape or self._event is DYN

    def entry(self, fact: RecordType) -> Entry:
        """The checked entry, given the type of its fact."""
        where: tuple[Condition, ...] = ()
        if self._written.where:
            self._scope.bind_this(fact)
            where = self._scope.conditions(self._written.where)
        begins, until = self._instants
        return Entry(
            tuple(text.text for text in self._written.on.names),
            self._name,
            self._each,
            tuple((name, value) for name, value, _, _ in self._values),
            self._conditions,
            self._excuses,
            self._key(fact, bool(where)),
            begins,
            until,
            where,
            self._sets,
            self._written.on.names[0].place,
        )

    def _key(self, fact: RecordType, otherwise: bool) -> tuple[Expression, ...]:
        """The key of the fact it acts on; with *otherwise*, it may find the fact by ``where:`` alone."""
        names = [key.text for key in self._fact.key]
        starts = self._written.role == "starts"
        on = self._written.on.names[0]
        missing = [name for name in names if not self.knows(name)]
        if starts and any(name not in fact.attributes for name in missing):
            return ()
        if otherwise and (missing or any(self._unfit(name) for name in names)):
            return ()
        if missing and starts:
            self._findings.wrong(
                "unknown-key-attribute",
                f"this start has no {missing[0]!r}, which is in the key of {self._fact.name}",
                on,
                f"name it with each: or with: {{{missing[0]}: …}}",
            )
        elif (missing or not names) and not starts and not otherwise:
            what = f"has no {missing[0]!r}, which is in its key" if missing else "it has no key"
            self._findings.wrong(
                "tied-to-nothing",
                f"nothing says which {self._fact.name} is meant: {what}",
                on,
                f"add where: this.… == {self._written.on.alias.text if self._written.on.alias else 'e'}.…",
            )
        for name in names:
            problem = self._unfit(name)
            if problem and not missing:
                self._findings.wrong(*problem[:2], on, problem[2])
        return () if missing else tuple(Expression(self._part(name), name, on.place) for name in names)

    def _unfit(self, name: str) -> tuple[str, str, str] | None:
        """Why a value cannot be in a key: code, message and hint."""
        attribute = self.shape.get(name)
        if attribute is None:
            return None
        if isinstance(attribute.type, _MANY):
            alias = self._written.on.alias.text if self._written.on.alias else "e"
            return (
                "key-not-single",
                f"{name!r} is {named(attribute.type)} and cannot be a key",
                f"each: {alias}.{name} as {name}",
            )
        node = self._part(name)
        if isinstance(node, Select) and not attribute.required and (self._name, name) not in self._guards:
            alias = self._written.on.alias.text if self._written.on.alias else "e"
            return (
                "unguarded-optional",
                f"{name!r} is in the key and may be missing here",
                f"ask first, if: has({alias}.{name})",
            )
        return None

    def _part(self, name: str) -> Node:
        if name in [value for value, _, _, _ in self._values] or (self._each is not None and self._each.name == name):
            return Name(name, type=self.shape[name].type)
        kind = self.shape[name].type if name in self.shape else DYN
        return Select(Name(self._name, type=self._event), name, type=kind)


Checked = tuple[tuple[str, Value, Type, bool], ...]


def with_values(written: tuple[tuple[Scalar, Value], ...], scope: Scope) -> Checked:
    """Check ``with:`` and bind its names, each of which sees those before it."""
    made = []
    for key, value in written:
        checked, kind, optional = scope.value(value)
        name = Text.of(key)
        scope.bind(name.text, kind, name, exact=True)
        made.append((name.text, checked, kind, optional))
    return tuple(made)
