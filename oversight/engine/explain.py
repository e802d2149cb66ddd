"""Why an alert was raised: its text, the events that made it, and what would have excused it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from oversight.engine.conditions import Compiled, attempt
from oversight.engine.order import began_last, key_order
from oversight.engine.expressions import Env, Evaluator
from oversight.engine.program import Program
from oversight.engine.rules import CompiledRule
from oversight.engine.queries import Plan, stood_before
from oversight.engine.store import Held
from oversight.ground.text import said, text_of
from oversight.ground.values import EvaluationError
from oversight.model.alerts import Missing
from oversight.model.clauses import first_equality, written
from oversight.model.forms import Event, order_of
from oversight.model.pack import Condition, Exists, Group, Measure, Query

Explanation = tuple[str, str, tuple[Event, ...], tuple[Missing, ...]]


class Explainer:
    """
    Explains breaches of the rules of a program, at the instant at which they are raised.

    Args:
        program: compiled.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._texts: dict[int, tuple[Condition, str]] = {}
        self._firsts: dict[int, tuple[Query, int | None]] = {}

    def explain(self, rule: CompiledRule, envs: list[Env]) -> Explanation:
        """The message, the remedy, the events in order, and what was missing, for the bindings *envs*."""
        events: dict[tuple[str, str], Event] = {}
        for env in envs:
            for event in self._evidence(rule, env):
                events[event.identity] = event
        ordered = sorted(events.values(), key=lambda e: (e.time, order_of(e)))
        first = envs[0]
        missing = tuple([self._missing(clause, first) for clause in rule.excused])
        return (
            self._text(rule.message, first),
            self._text(rule.remedy, first),
            tuple(ordered),
            missing,
        )

    def _text(self, template: tuple[str | Evaluator, ...], env: Env) -> str:
        pieces = []
        for piece in template:
            if isinstance(piece, str):
                pieces.append(piece)
            else:
                value = attempt(piece, env)
                pieces.append("(not on record)" if isinstance(value, EvaluationError) else said(value))
        return "".join(pieces)

    def _evidence(self, rule: CompiledRule, env: Env) -> Iterable[Event]:
        yield from _events_of(env[rule.head_slot])
        if rule.each is not None:
            yield from _events_of(env[rule.each.slot])
        for part in rule.parts:
            yield from self._witnesses(part, env)

    def _witnesses(self, part: Compiled, env: Env) -> Iterable[Event]:
        """The events of the facts by which *part* holds."""
        condition = part.condition
        if isinstance(condition, Exists) and not condition.negated:
            assert part.plan is not None
            found = _first(part.plan, env)
            if found is not None:
                env[part.plan.slot] = found
                yield from _events_of(found)
                for inner in part.parts:
                    yield from self._witnesses(inner, env)
        elif isinstance(condition, Measure):
            assert part.plan is not None
            for held in list(part.plan.matches(env, None)):
                yield from _events_of(held)
        elif isinstance(condition, Group) and condition.mode != "not":
            for inner in part.parts:
                if inner.holds(env, None) is True:
                    yield from self._witnesses(inner, env)
                    if condition.mode == "any":
                        return

    def _missing(self, clause: Compiled, env: Env) -> Missing:
        condition, text = clause.condition, self.text(clause.condition)
        if isinstance(condition, Exists):
            return self._nearest(clause, env, text, condition.negated)
        if isinstance(condition, Group) and condition.mode != "not":
            failing = [part for part in clause.parts if part.holds(env, None) is not True]
            inner = self._missing(failing[0], env)
            return Missing(text, inner.nearest, inner.failed, inner.reason, inner.fact)
        truth = clause.holds(env, None)
        return Missing(text, None, text, "undecided" if truth is None else "false")

    def _nearest(self, clause: Compiled, env: Env, text: str, negated: bool) -> Missing:
        """For ``some:`` the fact that came nearest; for ``none:`` the fact that stood in the way."""
        plan = clause.plan
        assert plan is not None
        best: tuple[int, Held, Compiled, bool | None] | None = None
        if negated:
            stood = _first(plan, env)
            assert stood is not None
            return Missing(text, self._named(plan, stood), text, "present", plan.table.name)
        first = self._first_equality(clause.condition.query)  # type: ignore[union-attr]
        for held in self._candidates(clause, plan, env):
            env[plan.slot] = held
            if first is not None and clause.parts[first].holds(env, None) is not True:
                continue
            met = 0
            truth: bool | None = True
            for part in clause.parts:
                truth = part.holds(env, None)
                if truth is not True:
                    break
                met += 1
            if truth is not True and (best is None or met > best[0] or (met == best[0] and _later(held, best[1]))):
                best = (met, held, clause.parts[met], truth)
        if best is None:
            return Missing(text, fact=plan.table.name)
        _, held, part, truth = best
        return Missing(
            text, self._named(plan, held), self.text(part.condition), "undecided" if truth is None else "false",
            plan.table.name,
        )  # fmt: skip

    def _candidates(self, clause: Compiled, plan: Plan, env: Env) -> Iterable[Held]:
        """
        Facts among which the nearest is: those that meet the first equality test of the clause, or all if it has none.

        Where an index tells which of them meet the leading conditions, the others cannot be nearest; and of those that
        then fail the next condition alike, only the latest can.
        """
        if plan.wider is not None and plan.prefix:
            leading = plan.finder(plan.wider)(env, None)
            if leading:
                if not plan.narrowed:
                    return list(leading)
                latest = max(held.since for held in leading)
                return [*plan.candidates(env, None), *[held for held in leading if held.since == latest]]
        if plan.before:
            return stood_before(plan.table, plan.of)(env, None)
        if clause.near is None:
            return list(plan.table.rows.values() if plan.branches else plan.candidates(env, None))
        found = list(clause.near.candidates(env, None))
        if plan.wider is not None and plan.prefix == 2 and found:
            # None meets both leading tests, and all of these meet the first: the second is what each fails.
            latest = max(held.since for held in found)
            return [held for held in found if held.since == latest]
        return found

    def _named(self, plan: Plan, held: Held) -> dict[str, Any]:
        key = [text_of(part) for part in (held.key if isinstance(held.key, tuple) else (held.key,))]
        event = None if held.event is None else held.event.id
        return {"fact": plan.table.name, "key": key, "event": event}

    def _first_equality(self, query: Query) -> int | None:
        known = self._firsts.get(id(query))
        if known is None:
            known = self._firsts[id(query)] = (query, first_equality(query))
        return known[1]

    def text(self, condition: Condition) -> str:
        """A condition as people wrote it."""
        known = self._texts.get(id(condition))
        if known is None:
            known = self._texts[id(condition)] = (condition, written(condition))
        return known[1]


def _later(held: Held, other: Held) -> bool:
    """Whether ``latest:`` would choose *held* of the two."""
    return held.since > other.since or (held.since == other.since and began_last(held) > began_last(other))


def _first(plan: Plan, env: Env) -> Held | None:
    """Of the facts that match, the one with the first key, so that what is said does not depend on arrival."""
    return min(list(plan.matches(env, None)), key=lambda held: key_order(held.key), default=None)


def _events_of(value: Any) -> tuple[Event, ...]:
    if isinstance(value, Held):
        return value.events or ((value.event,) if value.event is not None else ())
    return (value,) if isinstance(value, Event) else ()
