"""
The ways in which facts start, change and end, compiled.

What an entry does is made into functions when the first event comes that it is about: of a large pack most are never
needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from attrs import define

from oversight.engine.compiler import CompiledEach, Compiler
from oversight.engine.conditions import Compiled, Given, all_hold, attempt, write_bound
from oversight.engine.expressions import Env, Evaluator, Frame, compile_expression, is_text, text_of
from oversight.engine.planner import Planner
from oversight.engine.queries import Holds, Plan
from oversight.engine.source import Source
from oversight.ground.values import EvaluationError
from oversight.model.clauses import mixes, names_in
from oversight.model.forms import ABSENT, Event, coerce
from oversight.model.pack import Entry, Expression, Fact, Query
from oversight.model.types import BOOL, DATE, DURATION, DYN, INT

_OF_ONE_FORM = (INT, BOOL, DATE, DURATION)


@define(eq=False)
class CompiledEntry:
    """
    One way in which a fact starts, changes or ends, compiled.

    Args:
        fact: whose entry it is.
        entry: as checked.
        place: which of the entries of its fact it is.
        frame: of its names.
        this_slot: of the fact that is acted on.
        each: what it goes through, where it has ``each:``; else an event acts once.
        values: of ``with:``.
        conditions: that must hold.
        excuses: of which none may hold.
        found: finds the facts that hold of which ``where`` may be true.
        parts: the conditions of ``where:``.
    """

    fact: Fact
    entry: Entry
    place: int
    frame: Frame
    this_slot: int
    each: CompiledEach | None
    values: Sequence[Given]
    conditions: Sequence[Compiled]
    excuses: Sequence[Compiled]
    found: Plan | None
    parts: Sequence[Compiled]

    @cached_property
    def key(self) -> bool:
        """Whether it names the key of what it acts on."""
        return bool(self.entry.key)

    @property
    def names_its_key(self) -> bool:
        """Whether the event alone says under which key it acts."""
        named = set().union(*[names_in(part.node) for part in self.entry.key])
        return self.key and named <= {self.entry.name}

    @cached_property
    def acts(self) -> Callable[[Event], Sequence[tuple[Any, Env, int]]]:
        """Gives the key, the slots and the number of every act of an event by this entry."""
        source = Source("event")
        source.reads = None
        if self.each is None:
            self.write(source, "return ()")
            source.add("return ((key, env, 0),)")
            return source.function()
        source.add(self.frame.opening("event.time", "event"), "found = []", "first = env")
        with source.block(f"for number, item in enumerate({source.bind(self.each.source)}(env, None)):"):
            source.add("env = first.copy()", f"env[{self.each.slot}] = item[1]")
            self._write_act("number", source, "continue")
            source.add("found.append((key, env, number))")
        source.add("return found")
        return source.function()

    def write(self, source: Source, leave: str) -> None:
        """
        Write out the one act of ``event``, where there is but one: its slots as ``env``, what must hold, and ``key``.

        Args:
            source: in which.
            leave: what is done where it is none.
        """
        source.add(self.frame.opening("event.time", "event"))
        self._write_act("0", source, leave)

    def _write_act(self, number: str, source: Source, leave: str) -> None:
        """Write out an act once its slots are there; *number* is the code of its number."""
        write_bound(self.values, self.conditions, self.excuses, source, leave)
        self.write_key(f"(event.source, event.id, {self.place}, {number})", source, leave)

    def write_key(self, otherwise: str, source: Source, leave: str) -> None:
        """Write out the key of the fact that is acted on; a list or map is none, and what is equal has one form."""
        key = self.entry.key
        texts = [text_of(part.node, self.frame, source) for part in key]
        if not texts:
            source.add(f"key = {otherwise}")
            return
        codes = [text.code for text in texts]
        loose = [number for number in range(len(key)) if not self._settled(number)]
        for number in loose:
            mixed = mixes(self.fact, number)
            codes[number] = f"{source.bind(self.frame.operations['@key'])}({codes[number]}, {mixed})"
        code = codes[0] if len(codes) == 1 else f"({', '.join(codes)})"
        if all(text.sure for text in texts) and not loose:
            source.add(f"key = {code}")
        else:
            source.inside("try:", f"key = {code}")
            source.inside("except EvaluationError:", leave)
        if len(texts) == 1 and loose:
            source.inside("if key is None:", leave)

    def _settled(self, number: int) -> bool:
        """Whether values of a part of the key that are equal have one form, whatever the event."""
        own = self.entry.key[number].node.type
        return (is_text(own) or own in _OF_ONE_FORM) and not mixes(self.fact, number)

    @cached_property
    def where(self) -> Holds | None:
        """Whether it is about a fact that holds; ``None`` where it is about any."""
        return all_hold(self.parts) if self.parts else None

    @cached_property
    def begins(self) -> Evaluator | None:
        """From when."""
        return None if self.entry.begins is None else compile_expression(self.entry.begins.node, self.frame)

    @cached_property
    def until(self) -> Evaluator | None:
        """Until when."""
        return None if self.entry.until is None else compile_expression(self.entry.until.node, self.frame)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """The attributes that ``each:`` and ``with:`` give a fact."""
        each = self.entry.each
        listed = (each.name,) if each is not None and isinstance(each.source, Expression) else ()
        return listed + tuple([name for name, _ in self.entry.values])

    @property
    def given(self) -> frozenset[str]:
        """Those of them that it surely gives."""
        return frozenset(self._names) - self.frame.fallible

    def write_extras(self, source: Source) -> str:
        """The attributes of a fact beside those of its event, as source; an error is a missing one."""
        values, frame = [], self.frame
        for name in self._names:
            slot = f"env[{frame.slots[name]}]"
            value = f"(ABSENT if {slot}.__class__ is EvaluationError else {slot})" if name in frame.fallible else slot
            values.append(f"{source.bind(name)}: {value}")
        return f"{{{', '.join(values)}}}" if values else "None"

    @cached_property
    def extras(self) -> Callable[[Env], dict[str, Any]] | None:
        """Gives them; ``None`` where there are none."""
        if not self._names:
            return None
        source = Source("env")
        source.add(f"return {self.write_extras(source)}")
        return source.function()

    @cached_property
    def settings(self) -> Callable[[Env], dict[str, Any]]:
        """What a change sets: values of the declared types, but never the key; what cannot be read is missing."""
        fact, sets, frame = self.fact, self.entry.sets, self.frame
        declared = {name: attribute.type for name, attribute in fact.type.attributes.items()}
        if isinstance(sets, tuple):
            setters = [(name, compile_expression(e.node, frame)) for name, e in sets]

            def given(env: Env) -> dict[str, Any]:
                return {name: attempt(setter, env) for name, setter in setters}
        else:
            whole = compile_expression(sets.node, frame)

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


def compile_entry(planner: Planner, frame: Frame, fact: Fact, entry: Entry, place: int) -> CompiledEntry:
    """
    Give every name of an entry a slot and every query of it a plan.

    Args:
        planner: of the engine.
        frame: a fresh one.
        fact: whose entry it is.
        entry: as checked.
        place: which of the entries of *fact* it is.
    """
    compiler = Compiler(planner, frame)
    frame.bind(entry.name)
    this_slot = frame.bind("this", fact.name)
    frame.reserve(entry)
    each = compiler.each(entry.each)
    values = compiler.values(entry.values)
    conditions, excuses = compiler.all(entry.conditions), compiler.all(entry.excuses)
    found, parts, _ = compiler.query(Query(fact.name, "this", entry.where)) if entry.where else (None, (), ())
    return CompiledEntry(fact, entry, place, frame, this_slot, each, values, conditions, excuses, found, parts)
