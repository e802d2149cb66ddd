"""
Rules, compiled.

What a rule asks is made into functions when it is first judged: of a large pack most rules never are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

from attrs import define

from oversight.engine.conditions import Compiled, CompiledEach, Compiler, Write, write_all
from oversight.engine.expressions import Evaluator, Frame, compile_expression
from oversight.engine.planner import Planner
from oversight.engine.queries import Holds
from oversight.engine.relevance import relevance
from oversight.engine.source import Source
from oversight.engine.store import Relevance, Table
from oversight.model.clauses import parameters_in
from oversight.model.pack import Rule, Template


@define(eq=False)
class CompiledRule:
    """
    A rule, compiled.

    Args:
        rule: as checked.
        number: of the rule.
        frame: of its names.
        head_slot: of what it is about.
        each: what it goes through, where it has ``each:``.
        values: write out ``with:``.
        parts: the compiled ``if:``, for evidence and for what is undecided.
        excused: the compiled ``unless:``.
        table: of the fact it watches.
        reads: whether its judgement reads any fact but the one it watches.
        asks: names of the facts that it asks for.
    """

    rule: Rule
    number: int
    frame: Frame
    head_slot: int
    each: CompiledEach | None
    values: Sequence[Write]
    parts: tuple[Compiled, ...]
    excused: tuple[Compiled, ...]
    table: Table | None
    reads: bool
    asks: frozenset[str]

    @property
    def of(self) -> tuple[str, ...]:
        """Where it watches alerts: of which rules."""
        return self.rule.head.of

    @property
    def always(self) -> bool:
        """Whether it is in force at every instant."""
        return self.rule.in_force == (None, None)

    def in_force(self, instant: datetime) -> bool:
        """Whether the rule is in force at *instant*."""
        start, end = self.rule.in_force
        return (start is None or start <= instant) and (end is None or instant < end)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that its judgement reads at each instant."""
        rule = self.rule
        return tuple(dict.fromkeys(parameters_in((rule.conditions, rule.excuses, rule.values, rule.each))))

    @cached_property
    def breached(self) -> Holds:
        """Whether a binding is in breach: all hold that must and nothing excuses it; undecided where conditions are."""
        source = Source("env", "reads")
        for write in self.values:
            write(source)
        if write_all(self.parts, source, "return False"):
            source.inside("if undecided:", "return None")
        for part in self.excused:
            code, decided = part.write(source)
            source.inside(f"if {code}:" if decided else f"if {code} is True:", "return False")
        source.add("return True")
        return source.function()

    @cached_property
    def deadline(self) -> Evaluator | None:
        """``for:`` or ``by:``."""
        return None if self.rule.deadline is None else compile_expression(self.rule.deadline.node, self.frame)

    @cached_property
    def about(self) -> tuple[Evaluator, ...]:
        """Gives the subjects of its alerts."""
        return tuple([compile_expression(e.node, self.frame) for e in self.rule.about])

    @cached_property
    def message(self) -> tuple[str | Evaluator, ...]:
        """What its alerts say, in pieces."""
        return self._template(self.rule.message)

    @cached_property
    def remedy(self) -> tuple[str | Evaluator, ...]:
        """What would put it right, in pieces."""
        return self._template(self.rule.remedy)

    def _template(self, template: Template) -> tuple[str | Evaluator, ...]:
        return tuple([p if isinstance(p, str) else compile_expression(p.node, self.frame) for p in template.pieces])


def compile_rule(planner: Planner, frame: Frame, rule: Rule, number: int) -> CompiledRule:
    """
    Give every name of a rule a slot and every query of it a plan.

    Args:
        planner: of the engine.
        frame: a fresh one.
        rule: as checked.
        number: of the rule.
    """
    head, tables = rule.head, planner.tables
    key = planner.keys.get(head.fact, ())
    if len(key) == 1:
        frame.head = (head.name, key[0])
    compiler = Compiler(planner, frame)
    head_slot = frame.bind(head.name, head.fact)
    frame.reserve((rule.each, rule.values, rule.conditions, rule.excuses, rule.deadline, rule.about))
    frame.reserve((rule.message, rule.remedy))
    each = compiler.each(rule.each)
    values = compiler.values(rule.values)
    parts = compiler.all(rule.conditions)
    excused = Compiler(planner, frame, explained=True).all(rule.excuses)
    watched = tables[head.fact] if head.fact else None
    if watched is not None:
        for name, index in dict.fromkeys(frame.inverse):
            tables[name].inverse.append((index, number, watched.rows))
        if head.fact != "alert":
            for name, make in relevance(frame, head.name).items():
                tables[name].relevant[number] = Relevance(watched.rows, make)
    return CompiledRule(
        rule, number, frame, head_slot, each, values, parts, excused, watched,
        any(not asked.plan.inverse for asked in frame.queries),
        frozenset([asked.query.fact for asked in frame.queries]),
    )  # fmt: skip
