"""
Rules, compiled.

What a rule asks is made into functions when it is first judged: of a large pack most rules never are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from attrs import define, evolve

from oversight.engine.compiler import CompiledEach, Compiler
from oversight.engine.conditions import Compiled, Given, all_hold, write_bound
from oversight.engine.dated import dated
from oversight.engine.expressions import Env, Evaluator, Frame, compile_expression, text_of
from oversight.engine.planner import Planner
from oversight.engine.queries import Holds
from oversight.engine.relevance import RuleReads, relevance
from oversight.engine.source import Source
from oversight.engine.store import Held, Relevance, Table, Unchanged
from oversight.engine.timers import DUE
from oversight.ground.time import Period
from oversight.model.clauses import parameters_in, within
from oversight.model.expressions import Call, Literal, Name
from oversight.model.forms import Compact, Event
from oversight.model.pack import Expression, Latest, Rule, Template, Value

if TYPE_CHECKING:
    from oversight.engine.judge import Judge


class Breach(Compact):
    """
    How one instance of a ``while`` rule without ``each:`` stands that is in breach.

    Args:
        episode: the ``since`` of the fact it is about.
        since: when the breach began.
        raised: whether an alert was.
        waited: the deadline waited for.
    """

    episode: datetime
    since: datetime
    raised: bool
    waited: datetime | None


class Standing(Compact):
    """
    How one instance of a ``while`` rule with ``each:`` stands.

    Args:
        episode: the ``since`` of the fact it is about.
        members: for each part in breach: what tells it apart, since when, whether an alert was raised, and the deadline
            waited for. Plain tuples, of which the garbage collector lets go.
    """

    episode: datetime
    members: tuple[tuple[Any, datetime, bool, datetime | None], ...]


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
        values: of ``with:``.
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
    values: Sequence[Given]
    parts: tuple[Compiled, ...]
    excused: tuple[Compiled, ...]
    table: Table | None
    reads: bool
    asks: frozenset[str]

    @cached_property
    def of(self) -> tuple[str, ...]:
        """Where it watches alerts: of which rules."""
        return self.rule.head.of

    @cached_property
    def heeds(self) -> frozenset[str]:
        """Of which rules it asks for alerts."""
        return frozenset([rule for asked in self.frame.queries for rule in asked.query.of])

    @cached_property
    def always(self) -> bool:
        """Whether it is in force at every instant."""
        return self.rule.in_force == (None, None)

    @cached_property
    def in_force(self) -> Callable[[datetime], bool]:
        """Tells whether the rule is in force at an instant."""
        start, end = self.rule.in_force
        if start is None:
            return dated([] if end is None else [(end, False)], True)
        if end is None:
            return dated([(start, True)], False)
        return dated([(start, True), (end, False)] if start < end else [], False)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that its judgement reads at each instant."""
        rule = self.rule
        return tuple(dict.fromkeys(parameters_in((rule.conditions, rule.excuses, rule.values, rule.each))))

    @cached_property
    def outset(self) -> Holds | None:
        """
        Whether those of ``if:`` hold that are the same for all of ``each:``: where one does not, nothing is in breach.

        ``None`` where there are none. Of a ``while`` rule only what asks for no facts counts, so that it reads no more.
        """
        each = self.rule.each
        if each is None:
            return None
        own = {each.name, *[name for name, _ in self.rule.values]}
        same = [part for part in self.parts if self.table is None or not part.asks]
        same = [part for part in same if not own & {n.name for n in within(part.condition) if isinstance(n, Name)}]
        return all_hold(same) if same else None

    @cached_property
    def breached(self) -> Holds:
        """Whether a binding is in breach: all hold that must and nothing excuses it; undecided where conditions are."""
        source = Source("env", "reads")
        write_bound(self.values, self.parts, self.excused, source, "return False", "return None")
        source.add("return True")
        return source.function()

    @cached_property
    def judge_event(self) -> Callable[[Judge, Event], None]:
        """Judges an event by an ``on`` rule without ``each:``."""
        source = Source("judge", "event")
        source.reads, own = None, source.bind(self)
        source.add("instant = event.time")
        if not self.always:
            source.inside(f"if not {source.bind(self.in_force)}(instant):", "return")
        self._write_bound(source, "event", "return", f"judge.note_undecided({own}, env, event.id)")
        source.add(f"judge.raise_whole({own}, event.identity, instant, instant, env, event.id)")
        return source.function()

    @cached_property
    def judge_whole(self) -> Callable[[Judge, Any, Held | None, datetime, int, str | None], None]:
        """
        Judges an instance of a ``while`` rule without ``each:``.

        Its arguments are what judges, the key of the instance, what holds under it, the instant and which half of it,
        and the event because of which.
        """
        source = Source("judge", "key", "held", "instant", "half", "cause")
        own, instance = source.bind(self), f"({self.number}, key)"
        source.add(f"standing = judge.standing[{self.number}]", "old = standing.rows.get(key)", "broken = False")
        source.reads = "reads" if self.reads else None
        if self.reads:
            source.add("reads = []")
        with source.block("while True:"):
            forceless = "" if self.always else f" or not {source.bind(self.in_force)}(instant)"
            source.inside(f"if held is None{forceless}:", "break")
            whom = "held.event.id if held.event else str(key)"
            self._write_bound(source, "held", "break", f"judge.note_undecided({own}, env, {whom})")
            source.add("broken = True", "break")
        if self.reads:
            source.add(f"judge.readers.note({instance}, tuple(reads), judge.journal)")
        with source.block("if not broken:"):
            with source.block("if old is not None:"):
                source.inside("if old.raised:", f"judge.end_whole({own}, key, old, instant, cause)")
                source.add("judge.journal.undo += (standing, key, old)", "del standing.rows[key]")
            source.add("return")
        self._write_standing(source, own)
        return source.function()

    def _write_bound(self, source: Source, head: str, leave: str, *undecided: str) -> None:
        """Write out the slots of a binding of *head*, and that *leave* is done where it is not in breach."""
        assert self.head_slot == 1
        source.add(self.frame.opening("instant", head))
        write_bound(self.values, self.parts, self.excused, source, leave, *undecided)

    def _write_standing(self, source: Source, own: str) -> None:
        """Write out since when an instance has been in breach, when it becomes an alert, and that it does."""
        source.add("since, raised, waited, rises = instant, False, None, False")
        with source.block("if old is not None:"):
            source.inside("if old.episode == held.since:", "since, raised, waited = old.since, old.raised, old.waited")
            source.inside("elif old.raised:", f"judge.end_whole({own}, key, old, instant, cause)")
        with source.block("if not raised:"):
            if self.rule.deadline is None:
                source.add("rises, raised, waited = True, True, since")
            else:
                source.add(f"waited_for, waited = waited, {source.bind(self.due)}(judge, env, since)")
                with source.block("if waited is not None:"):
                    source.inside("if waited <= instant and (half == 1 or waited < instant):", "rises = raised = True")
                    push = f"judge.facts.timers.push(waited, 1, {source.bind(DUE)}, {self.number}, key)"
                    source.inside("elif waited != waited_for:", push)
        source.add(f"breach = {source.bind(Breach)}(held.since, since, raised, waited)")
        with source.block("if old is None or old != breach:"):
            source.add("judge.journal.undo += (standing, key, old)", "standing.rows[key] = breach")
        late = "since != instant" if self.rule.deadline is not None else "False"
        because = f"None if {late} else judge.because({own}, key, cause)"
        source.inside("if rises:", f"judge.raise_whole({own}, key, since, instant, env, {because})")

    @cached_property
    def due(self) -> Callable[[Judge, Env, datetime], datetime | None]:
        """
        Tells when a breach becomes an alert by ``for:`` or ``by:``; ``None`` where that cannot be told.

        Its arguments are what judges, the binding that is in breach, and since when.
        """
        source = Source("judge", "env", "since")
        if self.rule.deadline is None:
            source.add("return since")
            return source.function()
        node = _unseen(self.rule.deadline).node
        if isinstance(node, Literal) and isinstance(node.value, Period) and not self.rule.by:
            source.add(f"return judge.program.later(since, {source.bind(node.value)})")
            return source.function()
        source.inside("if env[0] is not since:", "env = env.copy()", "env[0] = since")
        source.inside("try:", f"value = {text_of(node, self.frame, source).code}")
        source.inside("except EvaluationError:", "return None")
        if self.rule.by:
            source.inside(f"if value.__class__ is {source.bind(datetime)}:", "return value")
            source.add("return judge.program.instant_of(value, True)")
        else:
            source.add("return judge.program.later(since, value)")
        return source.function()

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


def _unseen(value: Expression) -> Expression:
    """An expression whose value nobody sees: a sum keeps the offset of the instant that it is counted from."""
    node = value.node
    if isinstance(node, Call) and node.function == "+":
        return evolve(value, node=evolve(node, function="@later"))
    return value


def _values(rule: Rule) -> list[tuple[str, Value]]:
    """The entries of ``with:``; of one that only the deadline speaks of nobody sees the value."""
    node = None if rule.deadline is None else rule.deadline.node
    made = list(rule.values)
    others = (rule.each, rule.values, rule.conditions, rule.excuses, rule.about, rule.message, rule.remedy)
    if not isinstance(node, Name) or any(isinstance(n, Name) and n.name == node.name for n in within(others)):
        return made
    for place, (name, value) in enumerate(made):
        if name == node.name and isinstance(value, Expression):
            made[place] = (name, _unseen(value))
        elif name == node.name and isinstance(value, Latest):
            other = None if value.otherwise is None else _unseen(value.otherwise)
            made[place] = (name, evolve(value, value=_unseen(value.value), otherwise=other))
    return made


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
    values = compiler.values(_values(rule))
    parts = compiler.all(rule.conditions)
    excused = Compiler(planner, frame, explained=True).all(rule.excuses)
    watched = tables[head.fact] if head.fact else None
    if watched is not None:
        for name, index in dict.fromkeys(frame.inverse):
            tables[name].inverse.setdefault(index, []).append((number, watched.rows))
        if head.fact != "alert":
            for name, make in relevance(frame, head.name).items():
                tables[name].relevant[number] = Relevance(watched.rows, make)
        reads = RuleReads(frame, rule, planner.keys)
        for name in reads.facts:
            tables[name].unchanged[number] = Unchanged(partial(reads.alike, name))
    return CompiledRule(
        rule, number, frame, head_slot, each, values, parts, excused, watched,
        any(not asked.plan.inverse for asked in frame.queries),
        frozenset([asked.query.fact for asked in frame.queries]),
    )  # fmt: skip
