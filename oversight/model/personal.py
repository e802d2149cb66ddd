"""
Where what is personal can be told: which texts, subjects and keys of a pack read attributes marked ``personal``.

It is found in what is written, once for a pack, and errs on the side of silence: what may carry a personal value
counts as carrying one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from attrs import evolve, field, frozen

from oversight.model.expressions import Call, ListOf, Literal, Macro, MapOf, Name, Node, Select
from oversight.model.pack import Each, Entry, Expression, Fact, Kind, Latest, Measure, Pack, Query, Rule, Template
from oversight.model.types import Attribute, ListType, MapType, RecordType

CLEAR, PERSON, PRIVATE = range(3)
"""Nothing personal; an id that a pseudonym can stand for; what only silence can hide."""

ALERT = "alert"
WITHHELD = "[withheld]"
_SAYS_NO_VALUE = frozenset(
    {"&&", "||", "!", "==", "!=", "<", "<=", ">", ">=", "in", "size", "startsWith", "endsWith", "contains", "matches"}
)
_JUDGES = frozenset({"all", "exists", "exists_one"})


@frozen
class Mark:
    """
    How personal a value is, and of one with known parts how personal each of these is.

    Args:
        level: of the whole, or of every part that is not named.
        parts: by the name of the attribute or key.
    """

    level: int = CLEAR
    parts: Mapping[str, Mark] = field(factory=dict)

    @property
    def most(self) -> int:
        """How personal it is to tell all of it."""
        return max((self.level, *(part.most for part in self.parts.values())))

    def part(self, name: str) -> Mark:
        """The mark of one part."""
        return self.parts.get(name) or (Mark(self.level) if self.level else _NOTHING)

    def __or__(self, other: Mark) -> Mark:
        if not (other.level or other.parts):
            return self
        if not (self.level or self.parts):
            return other
        names = dict.fromkeys((*self.parts, *other.parts))
        return Mark(max(self.level, other.level), {name: self.part(name) | other.part(name) for name in names})


Marks = dict[str, Mark]
_NOTHING = Mark()


def mark_of(attribute: Attribute) -> Mark:
    """
    How personal the value of an attribute is.

    >>> from oversight.model.types import STRING
    >>> mark_of(Attribute("actor", STRING, personal=True, identifier=True)).most == PERSON
    True
    """
    if attribute.personal:
        return Mark(PERSON if attribute.identifier else PRIVATE)
    inner = attribute.type
    while isinstance(inner, ListType | MapType):
        inner = inner.item if isinstance(inner, ListType) else inner.value
    parts = {key: Mark(PERSON) for key in attribute.personal_keys}
    if isinstance(inner, RecordType):
        parts |= {name: mark_of(one) for name, one in inner.attributes.items()}
    return Mark(CLEAR, {name: mark for name, mark in parts.items() if mark.most})


def event_mark(kinds: Iterable[Kind]) -> Mark:
    """How personal the attributes of an event of one of *kinds* are; its ``subject`` may repeat any of them."""
    return _either(_of_kind(kind) for kind in kinds)


def _of_kind(kind: Kind) -> Mark:
    parts = {name: mark for name, one in kind.attributes.items() if (mark := mark_of(one)).most}
    return Mark(CLEAR, {**parts, "event": Mark(CLEAR, {"subject": Mark(PRIVATE)})}) if parts else _NOTHING


def _either(marks: Iterable[Mark]) -> Mark:
    return reduce(Mark.__or__, marks, _NOTHING)


@frozen
class Told:
    """
    How personal what an alert says is, as levels.

    Args:
        message, remedy: of each piece of the text.
        subjects: of the ids it is about.
    """

    message: tuple[int, ...]
    remedy: tuple[int, ...]
    subjects: int


class Personal:
    """
    What of a pack can tell something personal.

    Args:
        pack: checked.

    Attributes:
        facts: for each fact, how personal its attributes are.
        rules: for each rule, by id and part, what its alerts tell.
    """

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self.facts: Marks = dict.fromkeys(pack.facts, _NOTHING)
        before = None
        while before != self.facts:  # a fact may read another as it stood before
            before = dict(self.facts)
            for fact in pack.facts.values():
                self.facts[fact.name] = self.facts[fact.name] | self._fact(fact)
        self.rules: dict[tuple[str, str], Told] = {}
        for rule in pack.rules:
            self.rules[rule.id, rule.part] = self._rule(rule)

    def key(self, fact: str) -> tuple[int, ...]:
        """How personal each part of the key of *fact* is; nothing for a fact that the pack does not declare."""
        if fact not in self._pack.facts:
            return ()
        return tuple(self.facts[fact].part(name).most for name in self._pack.facts[fact].key)

    def _fact(self, fact: Fact) -> Mark:
        found = _either(self._start(entry) for entry in fact.starts)
        for entry in fact.changes:
            names = self._bound(entry)
            if isinstance(entry.sets, Expression):
                set_to = self._mark(entry.sets.node, names)
                found = found | set_to
            else:
                found = found | Mark(CLEAR, {name: self._mark(one.node, names) for name, one in entry.sets})
        return found

    def _start(self, entry: Entry) -> Mark:
        names = self._bound(entry)
        own = {name: names[name] for name, _ in entry.values}
        if entry.each is not None and isinstance(entry.each.source, Expression):
            own[entry.each.name] = names[entry.each.name]
        event = names[entry.name]
        parts = {name: mark for name, mark in event.parts.items() if name != "event"}
        return Mark(event.level, {**parts, **own})

    def _bound(self, entry: Entry) -> Marks:
        kinds = [self._pack.kinds[name] for name in entry.kinds]
        return self._named({entry.name: event_mark(kinds)}, entry.each, entry.values)

    def _named(self, names: Marks, each: Each | None, values: Iterable[tuple[str, object]]) -> Marks:
        """*names* and those of ``each:`` and ``with:``."""
        if each is not None:
            source = each.source
            names[each.name] = self._queried(source) if isinstance(source, Query) else self._mark(source.node, names)
        for name, value in values:
            names[name] = self._value(value, names)
        return names

    def _queried(self, query: Query) -> Mark:
        return self._watched(query.of) if query.fact == ALERT else self.facts[query.fact]

    def _watched(self, of: tuple[str, ...]) -> Mark:
        """An alert of these rules, or of any, as the built-in fact."""
        levels = [told.subjects for (rule, _), told in self.rules.items() if not of or rule in of]
        return Mark(CLEAR, {"subjects": Mark(max(levels, default=CLEAR))})

    def _value(self, value: object, names: Marks) -> Mark:
        if isinstance(value, Expression):
            return self._mark(value.node, names)
        if isinstance(value, Latest):
            inner = {**names, value.query.name: self._queried(value.query)}
            found = self._mark(value.value.node, inner)
            return found if value.otherwise is None else found | self._mark(value.otherwise.node, names)
        if isinstance(value, Measure) and value.total is not None:
            return self._mark(value.total.node, {**names, value.query.name: self._queried(value.query)})
        return _NOTHING

    def _rule(self, rule: Rule) -> Told:
        head = rule.head
        if head.kinds:
            names, key = {head.name: event_mark(self._pack.kinds[name] for name in head.kinds)}, CLEAR
        elif head.fact == ALERT:
            names, key = {head.name: self._watched(head.of)}, CLEAR
        else:
            names, key = {head.name: self.facts[head.fact]}, max(self.key(head.fact), default=CLEAR)
        self._named(names, rule.each, rule.values)
        about = _either(self._mark(one.node, names) for one in rule.about).most
        if not any(map(_is_sure, rule.about)):  # else what stands for the subjects is the key
            about = max(about, key, self._parts_key(rule, names))
        return Told(self._template(rule.message, names), self._template(rule.remedy, names), about)

    def _parts_key(self, rule: Rule, names: Marks) -> int:
        if rule.each is None:
            return CLEAR
        source = rule.each.source
        if isinstance(source, Query):
            return max(self.key(source.fact), default=CLEAR)
        return names[rule.each.name].most

    def _template(self, template: Template, names: Marks) -> tuple[int, ...]:
        pieces = template.pieces
        return tuple(self._mark(each.node, names).most if isinstance(each, Expression) else CLEAR for each in pieces)

    def _mark(self, node: Node, names: Marks) -> Mark:
        if isinstance(node, Name):
            return names.get(node.name, _NOTHING)
        if isinstance(node, Select):
            return self._mark(node.operand, names).part(node.attribute)
        if isinstance(node, Macro):
            if node.macro in _JUDGES:
                return _NOTHING
            operand = self._mark(node.operand, names)
            return operand if node.macro == "filter" else self._mark(node.body, {**names, node.variable: operand})
        if isinstance(node, Call):
            return self._call(node, names)
        if isinstance(node, ListOf | MapOf):
            return _either(self._mark(child, names) for child in node.children())
        return _NOTHING

    def _call(self, node: Call, names: Marks) -> Mark:
        if node.function in _SAYS_NO_VALUE:
            return _NOTHING
        marks = [self._mark(argument, names) for argument in node.arguments]
        if node.function == "?:":
            return _either(marks[1:])
        if node.function == "[]":
            index = node.arguments[1]
            named = isinstance(index, Literal) and isinstance(index.value, str)
            return marks[0].part(str(index.value)) if named and isinstance(index, Literal) else marks[0]
        return _either(marks)


def without_personal(pack: Pack, least: int) -> Pack:
    """
    *pack* with texts that say ``[withheld]`` where they would tell something personal; it judges as before.

    Args:
        pack: checked.
        least: from which level on values are withheld.
    """
    rules, told = [], Personal(pack).rules
    for rule in pack.rules:
        levels = told[rule.id, rule.part]
        message, remedy = _veiled(rule.message, levels.message, least), _veiled(rule.remedy, levels.remedy, least)
        rules.append(evolve(rule, message=message, remedy=remedy))
    return evolve(pack, rules=tuple(rules))


def _veiled(template: Template, levels: tuple[int, ...], least: int) -> Template:
    pairs = zip(template.pieces, levels, strict=True)
    return evolve(template, pieces=tuple(WITHHELD if level >= least else piece for piece, level in pairs))


def _is_sure(about: Expression) -> bool:
    """Whether an expression always gives a subject: a required attribute that is no list."""
    node = about.node
    if not isinstance(node, Select) or not isinstance(node.operand, Name):
        return False
    record = node.operand.type
    attribute = record.attributes.get(node.attribute) if isinstance(record, RecordType) else None
    return attribute is not None and attribute.required and not isinstance(attribute.type, ListType | MapType)
