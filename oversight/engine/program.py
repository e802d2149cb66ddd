"""A pack compiled: for each kind what it does to facts and which rules it can touch, with the indexes they need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from attrs import define, field

from oversight.engine.conditions import attempt
from oversight.engine.entries import CompiledEntry, compile_entry
from oversight.engine.expressions import Frame, Layout, compile_expression
from oversight.engine.handlers import Act, Handlers, Keys, write_act, write_keys
from oversight.engine.planner import Planner
from oversight.engine.rules import CompiledRule, compile_rule
from oversight.engine.store import Index, Matcher, Table, Values
from oversight.ground.text import nearest, printable
from oversight.ground.time import Period, begin_of, end_of, moved, shift_alike
from oversight.ground.values import EvaluationError, operations
from oversight.model.assumptions import Use
from oversight.model.forms import Event
from oversight.model.pack import Fact, Pack


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
class Work:
    """
    What a kind of event does to one fact.

    Args:
        position: of the fact.
        compiled: the fact.
        starts, ends, changes: the entries by which it does so.
    """

    position: int
    compiled: CompiledFact
    starts: tuple[CompiledEntry, ...]
    ends: tuple[CompiledEntry, ...]
    changes: tuple[CompiledEntry, ...]

    @cached_property
    def only(self) -> str:
        """What it does, if that is but one thing; else an empty text."""
        does = {"starts": self.starts, "ends": self.ends, "changes": self.changes}
        found = [name for name, entries in does.items() if entries]
        return found[0] if len(found) == 1 else ""

    @cached_property
    def act(self) -> Act:
        """Does it, where nothing else at that instant matters to it; who watches the fact is touched."""
        return write_act(self)

    @cached_property
    def keys(self) -> Callable[[Event], Keys] | None:
        """Gives the keys that an event names of what it may start and end; ``None`` where it does not name them all."""
        return write_keys(self)


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
                does = [tuple(by.get(kind, ())) for by in (compiled.starts, compiled.ends, compiled.changes)]
                self.by_kind.setdefault(kind, []).append(Work(position, compiled, *does))
        live = [rule for rule in pack.rules if rule.status != "retired"]
        self.rules = [compile_rule(self.planner, self.frame(), rule, number) for number, rule in enumerate(live)]
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

    def table(self, name: str) -> Table:
        """
        The table of the fact called *name*.

        Raises:
            KeyError: there is none; names the nearest.
        """
        if name not in self.tables:
            near = nearest(name, self.tables)
            hint = f", did you mean {near!r}?" if near else ""
            raise KeyError(f"the pack {self.pack.name} has no fact '{printable(name, 80)}'{hint}")
        return self.tables[name]

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
                compiled = compile_entry(self.planner, self.frame(), fact, entry, number)
                for kind in entry.kinds:
                    by_kind.setdefault(kind, []).append(compiled)
        given = [entry.given for entries in made.starts.values() for entry in entries]
        self.layouts[fact.name] = self.layouts[fact.name].with_sure(given)
        return made

    def instant_of(self, value: Any, end: bool) -> datetime | None:
        """An instant; for a date its first instant or, at the *end* of a term, that of the next day."""
        if isinstance(value, datetime):
            return value
        if isinstance(value, EvaluationError) or not hasattr(value, "year"):
            return None
        return end_of(value, self.pack.zone) if end else begin_of(value, self.pack.zone)

    def later(self, instant: datetime, span: Any) -> datetime | None:
        """*instant* plus a period or duration; ``None`` where *span* is neither."""
        if span.__class__ is Period or isinstance(span, timedelta):
            return moved(instant, span, self.pack.zone, 1, shift_alike)
        return None
