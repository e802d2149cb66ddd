"""From a rule to events that raise it: what starts its head, what its conditions ask for, nothing that excuses it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from oversight.ground.text import text_of
from oversight.model.clauses import flatten
from oversight.model.expressions import Node
from oversight.model.pack import (
    Condition, Each, Entry, Exists, Expression, Fact, Group, Latest, Limit, Measure, Pack, Query, Rule, Test,
)  # fmt: skip
from oversight.model.types import DATE, DYN, STRING, ListType
from oversight.testing.drafts import Binding, Draft, Given, Names, Place, Saved, failed
from oversight.testing.making import Pick
from oversight.testing.sources import Sources
from oversight.testing.wishes import Wishes

FIRST = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""The instant about which histories lie, unless what they are for is in force later."""
_MOST = 12
_DEPTH = 7
_EARLIER = (timedelta(hours=1), timedelta(hours=1), timedelta(days=1), timedelta(days=20))


class Plan(Wishes):
    """
    Events that are to raise an alert of a rule.

    Args:
        pack: checked; of it, only what can matter need be there.
        found: what the pack mentions.
        pick: makes every choice.

    Attributes:
        bindings: the facts that were made up, in order.
    """

    def __init__(self, pack: Pack, found: Sources, pick: Pick) -> None:
        super().__init__(pack, found, pick)
        self.bindings: list[Binding] = []
        self._level = 0
        self._changes: dict[tuple[int, str], tuple[Draft, Any]] = {}

    @property
    def latest(self) -> datetime:
        """The instant of the last event."""
        return max([draft.time for draft in self.drafts], default=FIRST)

    def aim(self, rule: Rule) -> Names:
        """Make up what raises *rule*, and what its names then stand for."""
        at = base(self.pack, rule)
        names: Names = {}
        head = rule.head
        if head.kinds:
            names[head.name] = Binding(self.draft(head.kinds[self.pick(len(head.kinds))], at))
        elif head.of:
            names[head.name] = self._alert(head.of, at)
        else:
            query = Query(head.fact, head.name)
            names.update(self.support(query, names, at + timedelta(hours=1), fresh=True) or {})
        if rule.each is not None:
            self.bind(rule.each, names, at)
        for name, value in rule.values:
            names[name] = Given(value, names)
        for _ in range(2):
            self.all_of(rule.conditions, names, at)
            for excuse in rule.excuses:
                self.hold(excuse, False, names, at)
        return names

    def _alert(self, of: Sequence[str], at: datetime) -> dict[str, Any]:
        rules = [rule for rule in self.pack.rules if rule.id in of]
        rule = rules[self.pick(len(rules))]
        names = self.aim(rule)
        subjects: list[str] = []
        for expression in rule.about:
            value = self.evaluate(expression.node, names)
            if not failed(value):
                subjects += [text_of(item) for item in (value if isinstance(value, list) else [value])]
        told = {"rule": rule.id, "part": rule.part, "severity": rule.severity, "subjects": subjects}
        return {**told, "since": at, "at": at}

    def draft(self, kind: str, at: datetime) -> Draft:
        """A new event with what its kind requires."""
        draft = Draft(self.pack.kinds[kind], at)
        number = 1 + sum(other.kind is draft.kind for other in self.drafts)
        for attribute in draft.kind.attributes.values():
            if attribute.required:
                own = (kind, attribute.name) in self.sources.identities and attribute.type is STRING
                value = f"{attribute.name}-{number}" if own else self.default(attribute.type, attribute.name, draft)
                draft.data[attribute.name] = value
        self.drafts.append(draft)
        return draft

    # Conditions

    def all_of(self, conditions: Iterable[Condition], names: Names, at: datetime) -> bool:
        """Make every condition hold; whether they do. Each is tried, whatever became of those before it."""
        held = [self.hold(condition, True, names, at) for condition in conditions]
        return all(held)

    def hold(self, condition: Condition, want: bool, names: Names, at: datetime) -> bool:
        """Make a condition hold, or not hold; whether it could be done. What asks for no fact is left to chance."""
        if isinstance(condition, Test):
            return self.make(condition.expression.node, want, names)
        if isinstance(condition, Group):
            parts = condition.conditions
            if condition.mode == "not":
                return self.hold(parts[0], not want, names, at)
            if (condition.mode == "all") is want:
                held = [self.hold(part, want, names, at) for part in parts]
                return all(held)
            first = self.pick(len(parts))
            return any(self.hold(part, want, names, at) for part in (*parts[first:], *parts[:first]))
        if isinstance(condition, Exists):
            if want is not condition.negated:
                return self.support(condition.query, names, at) is not None
            held = [self.avoid(condition.query, names, binding) for binding in list(self.bindings)]
            return all(held)
        return self._measured(condition, want, names, at)

    def _measured(self, measure: Measure, want: bool, names: Names, at: datetime) -> bool:
        found: list[Names] = []
        for limit in measure.limits:
            wanted = _at_least(limit, self.evaluate(limit.value.node, names), want)
            if wanted is not None and not self.gather(measure, wanted, names, at, found):
                return False
        return True

    def gather(self, measure: Measure, wanted: float, names: Names, at: datetime, found: list[Names]) -> bool:
        """Make up facts until a count or sum over them is *wanted*; whether that could be done."""
        if measure.total is not None:
            inner = self.support(measure.query, names, at, fresh=True)
            found += [inner] if inner is not None else []
            return inner is not None and self.assign(measure.total.node, wanted, inner)
        while len(found) < min(wanted, _MOST):
            fresh = bool(found) or self.pick(3) == 0
            inner = self.support(measure.query, names, at, fresh=fresh, apart=bool(found))
            inner = inner or self.support(measure.query, names, at, fresh=fresh)
            if inner is None:
                return False
            if measure.distinct is not None:
                place = self.locate(measure.distinct.node, inner)
                _ = place is not None and self.set(place, f"{place.name}-{len(found) + 1}")
            found.append(inner)
        return len(found) >= wanted

    def fulfil(self, given: Given, value: Any) -> bool:
        """Give a value of ``with:`` a value, making up the facts it is found from."""
        if self._level >= _DEPTH:
            return False
        self._level += 1
        try:
            return self._fulfilled(given, value)
        finally:
            self._level -= 1

    def _fulfilled(self, given: Given, value: Any) -> bool:
        asked, at = given.value, self.latest
        if isinstance(asked, Latest):
            if not given.found:
                inner = self.support(asked.query, given.names, at)
                given.found += [inner] if inner is not None else []
            return bool(given.found) and self.assign(asked.value.node, value, given.found[-1])
        if isinstance(asked, Measure):
            return isinstance(value, int | float) and self.gather(asked, value, given.names, at, given.found)
        if isinstance(asked, Expression):
            return super().fulfil(given, value)
        if self.hold(asked, bool(value), given.names, at):
            given.found[:] = [{}] if value else []
            return True
        return False

    # Facts

    def support(
        self, query: Query, names: Names, at: datetime, *, fresh: bool = False, apart: bool = False
    ) -> Names | None:
        """
        A fact that *query* finds, of an event that is there already or, always if *fresh*, of a new one before *at*.

        Args:
            query: which.
            names: what it may compare with.
            at: the instant at which it is asked for.
            fresh: whether the event must be a new one.
            apart: whether the key of the fact must be one of its own.

        Returns:
            *names* and the name of the query; ``None`` where none could be made up.
        """
        if query.fact == "alert":
            return {**names, query.name: self._alert(query.of, at)}
        if self._level >= _DEPTH:
            return None
        self._level += 1
        fact = self.pack.facts[query.fact]
        first = self.pick(len(fact.starts))
        ways = (*fact.starts[first:], *fact.starts[:first])
        reused: list[tuple[Entry, Draft | None]] = []
        if not fresh:
            reused = [
                (w, d)
                for w in ways
                for d in self.drafts
                if d.kind.name in w.kinds and (d.time < at or (d.time == at and not query.before))
            ]
        found = None
        for way, draft in (*reused, *[(way, None) for way in ways]):
            saved, locked, bound = Saved(self.drafts), set(self.locked), list(self.bindings)
            found = self._supported(query, names, (fact, way), (draft, apart), at)
            if found is not None:
                break
            saved.restore()
            self.locked, self.bindings = locked, bound
        self._level -= 1
        return found

    def _supported(
        self, query: Query, names: Names, how: tuple[Fact, Entry], of: tuple[Draft | None, bool], at: datetime
    ) -> Names | None:
        (fact, way), (draft, apart) = how, of
        if draft is None:
            draft = self.draft(way.kinds[self.pick(len(way.kinds))], at - _EARLIER[self.pick(len(_EARLIER))])
            if apart:
                own = [name for kind, name in self.sources.identities if kind == draft.kind.name]
                self.locked |= {Place(draft, (name,)).number for name in own}
        binding = self._start(fact, way, draft)
        if binding is None:
            return None
        inner = {**names, query.name: binding}
        if not self.all_of(query.where, inner, draft.time):
            return None
        self._apart(binding)
        self.bindings.append(binding)
        return inner

    def avoid(self, query: Query, names: Names, binding: Binding) -> bool:
        """See that *query* does not find a fact that was made up for something else; whether that could be done."""
        if binding.fact is None or binding.fact.name != query.fact:
            return True
        inner = {**names, query.name: binding}
        tests = [part.expression.node for part in flatten(query.where) if isinstance(part, Test)]
        if not all(self.evaluate(test, inner) is True for test in tests):
            return True
        return any(self.make(test, False, inner) for test in tests) or self.finish(binding)

    def finish(self, binding: Binding) -> bool:
        """End a fact that was made up; whether that could be done."""
        fact, entry = binding.fact, binding.entry
        assert fact is not None
        assert entry is not None
        place = None if entry.until is None else self.locate(entry.until.node, binding.names)
        if place is not None and place.write(self._of_type(place, self.latest + timedelta(hours=1))):
            return True
        for way in fact.ends:
            draft = self.draft(way.kinds[self.pick(len(way.kinds))], self.latest + timedelta(hours=1))
            if self.act(way, binding, draft):
                return True
            self.drafts.remove(draft)
        return False

    def _of_type(self, place: Place, instant: datetime) -> Any:
        return instant.astimezone(self.pack.zone).date() if place.type is DATE else instant

    def act(self, way: Entry, binding: Binding, draft: Draft) -> Names | None:
        """Let *draft* end or change a fact in one *way*; ``None`` where its conditions cannot be met."""
        assert binding.fact is not None
        names: Names = {way.name: Binding(draft), "this": binding}
        for part, attribute in zip(way.key, binding.fact.key, strict=False):
            self.assign(part.node, self.seen(self.attribute(binding, attribute)), names)
        if way.each is not None and not self.bind(way.each, names, draft.time):
            return None
        names.update({value: Given(what, names) for value, what in way.values})
        for part, attribute in zip(way.key, binding.fact.key, strict=False):
            self.assign(part.node, self.seen(self.attribute(binding, attribute)), names)
        return names if self.all_of((*way.conditions, *way.where), names, draft.time) else None

    def changed(self, owner: Binding, name: str, make: bool) -> Any:
        """What an attribute stands for that only a change of the fact gives it; the change is made up if *make*."""
        known = self._changes.get((id(owner), name))
        if known is not None and known[0] in self.drafts:
            return known[1]
        assert owner.fact is not None
        for way in owner.fact.changes if make else ():
            sets = way.sets if isinstance(way.sets, tuple) else ()
            given = next((value for attribute, value in sets if attribute == name), None)
            if given is None and not isinstance(way.sets, Expression):
                continue
            draft = self.draft(way.kinds[0], owner.draft.time + timedelta(minutes=30))
            names = self.act(way, owner, draft)
            if names is not None:
                found = Given(given, names) if given is not None else self._inside(way.sets, name, names)
                self._changes[(id(owner), name)] = (draft, found)
                return found
        return None

    def _inside(self, written: Any, name: str, names: Names) -> Place | None:
        place = self.locate(written.node, names)
        return None if place is None else place.below(name)

    def _start(self, fact: Fact, way: Entry, draft: Draft) -> Binding | None:
        names: Names = {way.name: Binding(draft)}
        if way.each is not None and not self.bind(way.each, names, draft.time):
            return None
        for name, value in way.values:
            names[name] = Given(value, names)
        held = self.all_of(way.conditions, names, draft.time)
        excused = [self.hold(excuse, False, names, draft.time) for excuse in way.excuses]
        held = held and all(excused)
        if way.begins is not None:
            self.assign(way.begins.node, draft.time, names)
        if way.until is not None and failed(self.evaluate(way.until.node, names)):
            self.fill_all(way.until.node, names)
        if way.until is not None:
            self.assign(way.until.node, draft.time + timedelta(days=400), names)
        return Binding(draft, fact, way, names) if held else None

    def fill_all(self, node: Node, names: Names) -> None:
        """Put plain values where *node* reads."""
        place = self.locate(node, names)
        if place is not None:
            self.fill(place)
        for child in node.children():
            self.fill_all(child, names)

    def _apart(self, binding: Binding) -> None:
        """Give a fact a key of its own where another has the same and nothing ties it."""
        fact, entry = binding.fact, binding.entry
        if fact is None or entry is None:
            return
        others = [other for other in self.bindings if other.fact is fact]
        keys = [self._key(other) for other in others if other.draft is not binding.draft]
        for number, expression in enumerate(entry.key):
            place = self.locate(expression.node, binding.names)
            if place is None or self._key(binding) not in keys:
                continue
            if isinstance(place.read(), str):
                self.set(place, f"{place.name}-{len(others) + number + 1}")

    def _key(self, binding: Binding) -> tuple[str, ...]:
        assert binding.entry is not None
        return tuple([str(self.evaluate(part.node, binding.names)) for part in binding.entry.key])

    def bind(self, each: Each, names: Names, at: datetime) -> bool:
        """Let the name of ``each:`` stand for an item, or for a fact that is made up; whether there is one."""
        if isinstance(each.source, Query):
            inner = self.support(each.source, names, at)
            names.update(inner or {})
            return inner is not None
        node = each.source.node
        items = self.evaluate(node, names)
        if not isinstance(items, list) or not items:
            item = node.type.item if isinstance(node.type, ListType) else DYN
            self.join(node, self.default(item, each.name, self.drafts[-1]), names)
            items = self.evaluate(node, names)
        if not isinstance(items, list) or not items:
            return False
        place = self.locate(node, names)
        names[each.name] = items[0] if place is None else place.below(0)
        return True


def base(pack: Pack, rule: Rule) -> datetime:
    """An instant at which *rule* and the parameters are in force."""
    starts = [parameter.entries[0][0] for parameter in pack.parameters.values()]
    begin, end = rule.in_force
    starts += [begin] if begin is not None else []
    at = max([FIRST, *[start + timedelta(days=30) for start in starts if start > FIRST - timedelta(days=30)]])
    return at if end is None or at < end else end - timedelta(days=1)


def _at_least(limit: Limit, value: Any, want: bool) -> float | None:
    """How many there have to be for *limit* to hold, or not to hold; ``None`` where none is enough."""
    if not isinstance(value, int | float):
        return None
    beyond = {("at_least", True): 0, ("more_than", True): 1, ("at_most", False): 1, ("fewer_than", False): 0}
    more = beyond.get((limit.comparison, want))
    return None if more is None else value + more
