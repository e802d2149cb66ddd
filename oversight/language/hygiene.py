"""What a checked pack says that can make no difference: rules that cannot fire, names that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from oversight.language.findings import Findings
from oversight.language.lengths import outlives
from oversight.language.likeness import form, terms
from oversight.model.diagnostics import Diagnostic
from oversight.model.expressions import Literal
from oversight.model.extract import named
from oversight.model.pack import (
    RETRACTION, Condition, Entry, Exists, Fact, Group, Head, Measure, Pack, Query, Rule, Test,
)  # fmt: skip
from oversight.model.places import Place

_LEAST, _MOST = ("at_least", "more_than"), ("at_most", "fewer_than")


def tell(pack: Pack, findings: Findings) -> None:
    """
    Say what the rules and facts of *pack* itself, not of those it uses, say in vain.

    Args:
        pack: checked, without an error.
        findings: takes what is found.
    """
    for rule in (rule for rule in pack.rules if rule.place.file in pack.own):
        law = "".join(f" ({one.instrument}, {one.provision})" for one in rule.authority[:1])
        inside = findings.within(f"in rule {rule.id}{law}")
        _conditions("rule", rule.conditions, rule.excuses, inside)
        _measures(rule, inside)
        _deadline(rule, pack, inside)
    for fact in (fact for fact in pack.facts.values() if fact.place.file in pack.own):
        inside = findings.within(f"in the fact {fact.name}")
        for entry in (*fact.starts, *fact.changes, *fact.ends):
            _conditions("entry", entry.conditions, entry.excuses, inside)
        _measures(fact, inside)
    if pack.rules:
        for one in unread_facts([pack]):
            findings.warning(one.code, one.message, one.place, one.width, one.hint)


def unread(packs: Sequence[Pack]) -> tuple[Diagnostic, ...]:
    """
    The facts and kinds that *packs* declare and none of them reads, in order of place.

    A fact is read where a rule or a fact that is read asks for it, a kind where a rule or any fact does.

    >>> unread([])
    ()
    """
    found = [*unread_facts(packs), *_unread_kinds(packs)]
    return tuple(sorted(found, key=lambda one: (one.place.file, one.place.line)))


def unread_facts(packs: Sequence[Pack]) -> Iterator[Diagnostic]:
    """
    The facts that *packs* declare and to which no rule of them leads.

    >>> list(unread_facts([]))
    []
    """
    facts = {fact.name: fact for pack in packs for fact in pack.facts.values()}
    waiting, read = [name for pack in packs for name in _asked(pack.rules)], set[str]()
    while waiting:
        name = waiting.pop()
        if name in facts and name not in read:
            read.add(name)
            waiting += _asked(facts[name])
    for fact in (fact for name, fact in facts.items() if name not in read and _is_own(fact, packs)):
        message = f"no rule reads the fact {fact.name!r}, nor does a fact that one reads"
        yield Diagnostic("unused-fact", message, fact.place, len(fact.name), "remove it", severity="warning")


def _asked(value: Any) -> list[str]:
    return [one.fact for one in named(value) if isinstance(one, Head | Query)]


def _unread_kinds(packs: Sequence[Pack]) -> Iterator[Diagnostic]:
    parts = [part for pack in packs for part in (*pack.rules, *pack.facts.values())]
    read = {kind for one in named(parts) if isinstance(one, Head | Entry) for kind in one.kinds} | {RETRACTION}
    kinds = {kind.name: kind for pack in packs for kind in pack.kinds.values()}
    for kind in (kind for name, kind in kinds.items() if name not in read and _is_own(kind, packs)):
        message = f"no rule and no fact reads the kind {kind.name!r}"
        yield Diagnostic("unused-kind", message, kind.place, len(kind.name), "remove it", severity="warning")


def _is_own(declared: Any, packs: Sequence[Pack]) -> bool:
    return any(declared.place.file in pack.own for pack in packs)


def _conditions(
    what: str, held: tuple[Condition, ...], excuses: tuple[Condition, ...], findings: Findings
) -> None:  # fmt: skip
    """Conditions of which one is the opposite of another, and excuses that hold wherever the conditions do."""
    known = terms(held)
    seen: dict[Any, Condition] = {}
    for shape, one in known:
        if _opposite(one) is not None and any(_opposite(one) == other for other in seen):
            place, width = _where(one)
            message = "this can never hold together with an earlier condition, which is its opposite"
            findings.error("never-holds", message, place, width, "take one of the two out")
        seen.setdefault(shape, one)
    for excuse in excuses:
        asked = {shape for shape, _ in terms([excuse])}
        if asked and asked <= {shape for shape, _ in known}:
            place, width = _where(excuse)
            message = (
                f"this excuse holds wherever if: does, so the {what} never {'fires' if what == 'rule' else 'acts'}"
            )
            findings.warning("excuse-repeats-condition", message, place, width, "take it out of if: or of unless:")


def _opposite(condition: Condition) -> Any:
    """The form of what must not hold where *condition* does, if it is one that can be told."""
    if isinstance(condition, Exists):
        return form(attrs.evolve(condition, negated=not condition.negated), {})
    if isinstance(condition, Group) and condition.mode == "not" and len(condition.conditions) == 1:
        inner = terms(condition.conditions)
        return inner[0][0] if len(inner) == 1 else None
    return None


def _where(condition: Condition) -> tuple[Place, int]:
    if isinstance(condition, Test):
        text = condition.expression.text
        return condition.expression.place, 1 if "\n" in text else max(1, len(text))
    return condition.place, max(1, len(condition.written))


def _measures(root: Rule | Fact, findings: Findings) -> None:
    """Counts whose limits any number keeps, or none."""
    for measure in _every(root, Measure):
        limits = [(one.comparison, one.value.node.value) for one in measure.limits if _is_whole(one.value.node)]
        low = max([value + (name == "more_than") for name, value in limits if name in _LEAST], default=None)
        high = min([value - (name == "fewer_than") for name, value in limits if name in _MOST], default=None)
        counts = measure.total is None
        place, width = measure.limits[0].value.place if measure.limits else measure.place, 1
        if counts and high is not None and high < 0:
            findings.error("never-holds", "no count is less than nothing", place, width)
        elif counts and low is not None and high is not None and low > high:
            findings.error("never-holds", "no count keeps all of these limits", place, width)
        elif counts and len(measure.limits) == 1 and low is not None and low <= 0:
            findings.warning("always-holds", "every count is at least nothing", place, width, "at_least: 1")


def _is_whole(node: Any) -> bool:
    return isinstance(node, Literal) and isinstance(node.value, int) and not isinstance(node.value, bool)


def _every(value: Any, wanted: type) -> Iterator[Any]:
    """Everything of a class inside *value*."""
    if isinstance(value, wanted):
        yield value
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            if field.name not in ("node", "type", "place"):
                yield from _every(getattr(value, field.name), wanted)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _every(item, wanted)


def _deadline(rule: Rule, pack: Pack, findings: Findings) -> None:
    if rule.deadline is not None and outlives(rule, pack) is not None:
        place, width = rule.deadline.place, max(1, len(rule.deadline.text.splitlines()[0]))
        message = f"a fact {rule.head.fact} is always over before this, so the rule never fires"
        hint = f"see how long {rule.head.fact} lasts"
        findings.warning("deadline-never-comes", message, place, width, hint)
