"""A pack compiled: for each kind what it does to facts and which rules it can touch, with the indexes they need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from attrs import define, field

from oversight.engine.conditions import Compiled, CompiledEach, Compiler, Write, all_hold, attempt, write_all
from oversight.engine.expressions import Env, Evaluator, Frame, Layout, compile_expression, is_text, text_of
from oversight.engine.handlers import Handlers
from oversight.engine.planner import Planner
from oversight.engine.queries import Holds, Plan
from oversight.engine.relevance import relevance
from oversight.engine.source import Source
from oversight.engine.store import Index, Matcher, Relevance, Table, Values
from oversight.ground.time import Period, end_of, first_instant, shift
from oversight.ground.values import EvaluationError, operations
from oversight.model.assumptions import Use
from oversight.model.clauses import parameters_in
from oversight.model.forms import ABSENT, Event, coerce
from oversight.model.pack import Entry, Expression, Fact, Pack, Query, Rule, Template
from oversight.model.types import DYN


@define(eq=False)
class CompiledEntry:
    """One way in which a fact starts, changes or ends, compiled."""

    frame: Frame
    place: int
    """Which of the entries of its fact it is."""
    this_slot: int
    acts: Callable[[Event], Sequence[tuple[Any, Env, int]]]
    """The key, the slots and the number of every act of an event by this entry."""
    write: WriteAct | None
    """Writes out the one act of an event, where there is but one."""
    key: bool
    """Whether it names the key of what it acts on."""
    where: Holds | None
    found: Plan | None
    """Finds the facts that hold of which ``where`` may be true."""
    begins: Evaluator | None
    until: Evaluator | None
    settings: Callable[[Env], dict[str, Any]]
    extras: Callable[[Env], dict[str, Any]] | None
    """The attributes that ``each:`` and ``with:`` give a fact."""
    write_extras: Callable[[Source], str]
    """The same as source."""


WriteAct = Callable[[Source, str], None]
"""
Writes out the act of ``event``: its slots as ``env``, what must hold, and the key as ``key``.

The second argument is what is done where it is none.
"""
Work = tuple[int, tuple[CompiledEntry, ...], tuple[CompiledEntry, ...], tuple[CompiledEntry, ...]]
"""What a kind of event does to one fact: its position, and the entries by which it starts, ends and changes it."""


@define(eq=False)
class CompiledFact:
    """A fact, compiled; its entries by kind of event."""

    fact: Fact
    table: Table
    lasts: Callable[[datetime], Any] | None
    """Its fixed life, as of the instant at which it begins."""
    starts: dict[str, list[CompiledEntry]] = field(factory=dict)
    ends: dict[str, list[CompiledEntry]] = field(factory=dict)
    changes: dict[str, list[CompiledEntry]] = field(factory=dict)
    watchers: list[int] = field(factory=list)
    """Numbers of the ``while`` rules that watch this fact."""


@define(eq=False)
class CompiledRule:
    """A rule, compiled."""

    rule: Rule
    number: int
    frame: Frame
    head_slot: int
    each: CompiledEach | None
    breached: Holds
    """Whether a binding is in breach, which is undecided where its conditions are."""
    parts: tuple[Compiled, ...]
    """The compiled ``if:``, for evidence and for what is undecided."""
    excused: tuple[Compiled, ...]
    deadline: Evaluator | None
    about: tuple[Evaluator, ...]
    message: tuple[str | Evaluator, ...]
    remedy: tuple[str | Evaluator, ...]
    table: Table | None
    """Of the fact it watches."""
    reads: bool
    """Whether its judgement reads any fact but the one it watches."""
    asks: frozenset[str]
    """Names of the facts that it asks for."""
    of: tuple[str, ...]
    """Where it watches alerts: of which rules."""
    always: bool
    """Whether it is in force at every instant."""
    parameters: tuple[str, ...]
    """Names of the parameters that its judgement reads at each instant."""

    def in_force(self, instant: datetime) -> bool:
        """Whether the rule is in force at *instant*."""
        start, end = self.rule.in_force
        return (start is None or start <= instant) and (end is None or instant < end)


class Program:
    """
    A pack ready to run.

    Args:
        pack: checked.
        index: makes an index of the matcher that is to find facts.

    Attributes:
        facts: compiled, ordered so that each reads only those before it.
        by_kind: what a kind of event does: to which fact, by which of its entries that start, end and change it.
        on: compiled ``on`` rules by layer and kind of event.
        standing: compiled ``while`` rules by number.
        handlers: what a lone event of each kind does.
        layers: how many layers of rules there are.
        assumed: by id and part of a rule the assumed values that it reads, once it has told an alert.
        altered: whether a function in it was put in the place of a compiled one, so that no other engine may have it.
    """

    def __init__(self, pack: Pack, index: Callable[[Values], Matcher] = Index) -> None:
        self.pack = pack
        self.altered = False
        self.operations = operations(pack.zone)
        self.tables = {name: Table(number, name) for number, name in enumerate([*pack.facts, "alert"])}
        layouts = {name: Layout.of(fact) for name, fact in pack.facts.items()}
        layouts["alert"] = Layout(frozenset(), None, alert=True)
        self.layouts = layouts
        keys = {name: fact.key for name, fact in pack.facts.items()} | {"alert": ()}
        self.tables["alert"].indexes.append(index(lambda held: ((held.values or {})["rule"],)))
        self.planner = Planner(self.tables, keys, index)
        self.facts = [self._fact(fact) for fact in pack.facts.values()]
        self.by_name = {compiled.fact.name: compiled for compiled in self.facts}
        self.by_kind: dict[str, list[Work]] = {}
        for position, compiled in enumerate(self.facts):
            for kind in {**compiled.starts, **compiled.ends, **compiled.changes}:
                starts, ends = compiled.starts.get(kind, ()), compiled.ends.get(kind, ())
                work = (position, tuple(starts), tuple(ends), tuple(compiled.changes.get(kind, ())))
                self.by_kind.setdefault(kind, []).append(work)
        live = [rule for rule in pack.rules if rule.status != "retired"]
        self.rules = [self._rule(rule, number) for number, rule in enumerate(live)]
        self.layers = max((rule.layer for rule in live), default=0) + 1
        self.on: list[dict[str, list[CompiledRule]]] = [{} for _ in range(self.layers)]
        self.alert_watchers: list[int] = []
        for compiled_rule in self.rules:
            head = compiled_rule.rule.head
            for kind in head.kinds:
                self.on[compiled_rule.rule.layer].setdefault(kind, []).append(compiled_rule)
            if head.fact == "alert":
                self.alert_watchers.append(compiled_rule.number)
            elif head.fact:
                self.by_name[head.fact].watchers.append(compiled_rule.number)
        self.watched_rules = self._watched_rules()
        self.handlers = Handlers(self)
        self.assumed: dict[tuple[str, str], tuple[Use, ...]] = {}

    def empty(self) -> None:
        """Be as it was made, and hold on to no pack, until it is given one again."""
        for table in self.tables.values():
            table.empty()
        del self.pack

    def _watched_rules(self) -> frozenset[str]:
        """Ids of the rules whose alerts another rule asks for."""
        found: set[str] = set()
        for rule in self.rules:
            found.update(rule.rule.head.of)
            for asked in rule.frame.queries:
                found.update(asked.query.of)
        return frozenset(found)

    def frame(self) -> Frame:
        """A fresh frame."""
        return Frame(self.pack.parameters, self.operations, self.layouts)

    def _fact(self, fact: Fact) -> CompiledFact:
        frame = self.frame()
        span = None if fact.lasts is None else compile_expression(fact.lasts.node, frame)
        lasts = None if span is None else (lambda instant: attempt(span, frame.env(instant)))
        made = CompiledFact(fact, self.tables[fact.name], lasts)
        for entries, by_kind in (
            (fact.starts, made.starts),
            (fact.ends, made.ends),
            (fact.changes, made.changes),
        ):
            for number, entry in enumerate(entries):
                compiled = self._entry(fact, entry, number)
                for kind in entry.kinds:
                    by_kind.setdefault(kind, []).append(compiled)
        return made

    def _entry(self, fact: Fact, entry: Entry, place: int) -> CompiledEntry:
        frame = self.frame()
        compiler = Compiler(self.planner, frame)
        frame.bind(entry.name)
        this_slot = frame.bind("this", fact.name)
        each = compiler.each(entry.each)
        values = compiler.values(entry.values)
        conditions, excuses = compiler.all(entry.conditions), compiler.all(entry.excuses)
        listed = entry.each is not None and isinstance(entry.each.source, Expression)
        names = ([entry.each.name] if entry.each is not None and listed else []) + [name for name, _ in entry.values]
        plan, parts, _ = compiler.query(Query(fact.name, "this", entry.where)) if entry.where else (None, (), ())
        begins = None if entry.begins is None else compile_expression(entry.begins.node, frame)
        until = None if entry.until is None else compile_expression(entry.until.node, frame)
        write = writes_act(frame, entry, place, values, conditions, excuses)
        extras = partial(extras_code, frame, names)
        return CompiledEntry(
            frame, place, this_slot, all_acts(frame, each, write), None if each else one_act(frame, write),
            bool(entry.key), all_hold(parts) if parts else None, plan, begins, until,
            self._settings(fact, entry, frame), all_extras(extras) if names else None, extras,
        )  # fmt: skip

    def _settings(self, fact: Fact, entry: Entry, frame: Frame) -> Callable[[Env], dict[str, Any]]:
        """What a change sets: values of the declared types, but never the key; what cannot be read is missing."""
        declared = {name: attribute.type for name, attribute in fact.type.attributes.items()}
        if isinstance(entry.sets, tuple):
            setters = [(name, compile_expression(e.node, frame)) for name, e in entry.sets]

            def given(env: Env) -> dict[str, Any]:
                return {name: attempt(setter, env) for name, setter in setters}
        else:
            whole = compile_expression(entry.sets.node, frame)

            def given(env: Env) -> dict[str, Any]:
                value = attempt(whole, env)
                return value if isinstance(value, dict) else {}

        def settings(env: Env) -> dict[str, Any]:
            made = {}
            for name, value in given(env).items():
                if name in fact.key:
                    continue
                try:
                    failed = isinstance(value, EvaluationError)
                    made[name] = ABSENT if failed else coerce(value, declared.get(name, DYN))
                except ValueError:
                    made[name] = ABSENT
            return made

        return settings

    def _rule(self, rule: Rule, number: int) -> CompiledRule:
        frame = self.frame()
        watched = self.pack.facts.get(rule.head.fact)
        if watched is not None and len(watched.key) == 1:
            frame.head = (rule.head.name, watched.key[0])
        compiler = Compiler(self.planner, frame)
        head_slot = frame.bind(rule.head.name, rule.head.fact)
        each = compiler.each(rule.each)
        values = compiler.values(rule.values)
        parts = compiler.all(rule.conditions)
        excused = Compiler(self.planner, frame, explained=True).all(rule.excuses)
        for name, index in set(frame.inverse):
            self.tables[name].inverse.append((index, number, self.tables[rule.head.fact].rows))
        if rule.head.fact and rule.head.fact != "alert":
            for name, relevant in relevance(frame, rule.head.name).items():
                self.tables[name].relevant[number] = Relevance(self.tables[rule.head.fact].rows, relevant)
        return CompiledRule(
            rule, number, frame, head_slot, each, write_breached(values, parts, excused), parts, excused,
            None if rule.deadline is None else compile_expression(rule.deadline.node, frame),
            tuple([compile_expression(e.node, frame) for e in rule.about]),
            self._template(rule.message, frame), self._template(rule.remedy, frame),
            self.tables[rule.head.fact] if rule.head.fact else None,
            any(not asked.plan.inverse for asked in frame.queries),
            frozenset([asked.query.fact for asked in frame.queries]), rule.head.of, rule.in_force == (None, None),
            tuple(dict.fromkeys(parameters_in((rule.conditions, rule.excuses, rule.values, rule.each)))),
        )  # fmt: skip

    def _template(self, template: Template, frame: Frame) -> tuple[str | Evaluator, ...]:
        return tuple(
            [piece if isinstance(piece, str) else compile_expression(piece.node, frame) for piece in template.pieces]
        )

    def instant_of(self, value: Any, end: bool) -> datetime | None:
        """An instant; for a date its first instant or, at the *end* of a term, that of the next day."""
        if isinstance(value, datetime):
            return value
        if isinstance(value, EvaluationError) or not hasattr(value, "year"):
            return None
        return end_of(value, self.pack.zone) if end else first_instant(value, self.pack.zone)

    def later(self, instant: datetime, span: Any) -> datetime | None:
        """*instant* plus a period or duration; ``None`` where *span* is neither."""
        if isinstance(span, Period):
            return shift(instant, span, self.pack.zone)
        return instant + span if isinstance(span, timedelta) else None


def write_breached(values: Sequence[Write], parts: Sequence[Compiled], excused: Sequence[Compiled]) -> Holds:
    """A function that judges one binding of a rule: true only if all hold that must and nothing excuses it."""
    source = Source("env", "reads")
    for write in values:
        write(source)
    if write_all(parts, source, "return False"):
        source.inside("if undecided:", "return None")
    for part in excused:
        code, decided = part.write(source)
        source.inside(f"if {code}:" if decided else f"if {code} is True:", "return False")
    source.add("return True")
    return source.function()


def writes_act(
    frame: Frame, entry: Entry, place: int, values: Sequence[Write], conditions: Sequence[Compiled],
    excuses: Sequence[Compiled],
) -> Callable[[str, Source, str], None]:  # fmt: skip
    """What writes out an act by *entry* once its slots are there; first it is told the code of its number."""

    def write(number: str, source: Source, leave: str) -> None:
        for value in values:
            value(source)
        if write_all(conditions, source, leave):
            source.inside("if undecided:", leave)
        for part in excuses:
            code, decided = part.write(source)
            source.inside(f"if {code}:" if decided else f"if {code} is True:", leave)
        _write_key(frame, entry, source, leave, f"(event.source, event.id, {place}, {number})")

    return write


def all_acts(
    frame: Frame, each: CompiledEach | None, write: Callable[[str, Source, str], None]
) -> Callable[[Event], Sequence[tuple[Any, Env, int]]]:
    """A function that gives the acts of an event: each with its key, its slots and its number."""
    source = Source("event")
    source.reads = None
    if each is None:
        write("0", source, "return ()")
        source.add("return ((key, env, 0),)")
    else:
        source.add("found = []", "first = env")
        with source.block(f"for number, item in enumerate({source.bind(each.source)}(env, None)):"):
            source.add("env = first.copy()", f"env[{each.slot}] = item[1]")
            write("number", source, "continue")
            source.add("found.append((key, env, number))")
        source.add("return found")
    source.first(_slots(frame))
    return source.function()


def one_act(frame: Frame, write: Callable[[str, Source, str], None]) -> WriteAct:
    """What writes out the one act of an event, once every name has a slot."""

    def written(source: Source, leave: str) -> None:
        source.add(_slots(frame))
        write("0", source, leave)

    return written


def _slots(frame: Frame) -> str:
    """The slots of an entry as source, once every name in it has one."""
    return f"env = [event.time, event{', None' * (frame.size - 2)}]"


def _write_key(frame: Frame, entry: Entry, source: Source, leave: str, otherwise: str) -> None:
    """Write out the key of the fact that is acted on; a list or map is none."""
    texts = [text_of(part.node, frame, source) for part in entry.key]
    if not texts:
        source.add(f"key = {otherwise}")
        return
    code = texts[0].code if len(texts) == 1 else f"({', '.join([text.code for text in texts])})"
    if all(text.sure for text in texts):
        source.add(f"key = {code}")
    else:
        source.inside("try:", f"key = {code}")
        source.inside("except EvaluationError:", leave)
    loose = [number for number, part in enumerate(entry.key) if not is_text(part.node.type)]
    if len(texts) == 1 and loose:
        source.inside("if key is None or isinstance(key, (list, dict)):", leave)
    elif loose:
        source.inside(f"if {' or '.join([f'isinstance(key[{number}], (list, dict))' for number in loose])}:", leave)


def extras_code(frame: Frame, names: Sequence[str], source: Source) -> str:
    """The attributes of a fact beside those of its event, as source; an error is a missing one."""
    values = []
    for name in names:
        slot = f"env[{frame.slots[name]}]"
        value = f"(ABSENT if {slot}.__class__ is EvaluationError else {slot})" if name in frame.fallible else slot
        values.append(f"{source.bind(name)}: {value}")
    return f"{{{', '.join(values)}}}" if names else "None"


def all_extras(code: Callable[[Source], str]) -> Callable[[Env], dict[str, Any]]:
    """A function that gives them."""
    source = Source("env")
    source.add(f"return {code(source)}")
    return source.function()
