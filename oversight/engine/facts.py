"""What the events of one instant do to facts: spells begin, end and change, through the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from oversight.engine.conditions import attempt
from oversight.engine.entries import CompiledEntry
from oversight.engine.journal import Journal
from oversight.engine.program import CompiledFact, Program, Work
from oversight.engine.spells import Begun, Waiting, alone
from oversight.engine.store import ALL, BY_KEY, Held, Instance, Plain, Read, Readers, Table
from oversight.engine.timers import BEGINS, LASTS, UNTIL, Timers
from oversight.model.forms import Event, order_of


Move = tuple[Table, Any, Held | None, Held | None, str | None]
"""A table, a key of it, what stood there and what stands now, and the event because of which."""


def _spares(table: Table, number: int, facts: tuple[Held | None, ...]) -> bool:
    """Whether a rule need not be judged again since *facts*, what was and what is, are all the same to it."""
    known = table.unchanged.get(number)
    old, new = facts
    if known is None or old is None or new is None:
        return False
    alike = known.alike
    return alike is not None and alike(old, new)


def _apart(works: list[tuple[Event, Work]]) -> bool:
    """
    Whether events that act on one fact do the same one after the other as together.

    They do where all start it, all end it or all change it, and where none ends it under a key under which another
    starts it.
    """
    only = works[0][1].only
    if len(works) == 1 or (only and all(work.only == only for _, work in works)):
        return True
    started: set[Any] = set()
    ended: set[Any] = set()
    for event, work in works:
        if work.keys is None:
            return False
        starts, ends = work.keys(event)
        if not (started.isdisjoint(ends) and ended.isdisjoint(starts)):
            return False
        started.update(starts)
        ended.update(ends)
    return True


class Facts:
    """
    The facts of a program, as time goes on.

    Args:
        program: compiled.
        journal: through which every write goes.
        readers: who read what.
        dirty: by layer, the instances of rules that must be judged again, each with the event because of which.
    """

    def __init__(
        self,
        program: Program,
        journal: Journal,
        readers: Readers,
        dirty: list[dict[Instance, str | None]],
    ) -> None:
        self.program = program
        self.journal = journal
        self.readers = readers
        self.dirty = dirty
        self.layers = [rule.rule.layer for rule in program.rules]
        self.timers = Timers()
        self.instant = datetime.min.replace(tzinfo=UTC)
        self.pending = [Plain() for _ in program.facts]
        self.expired: list[dict[Any, Held]] = [{} for _ in program.facts]
        self.expiring: set[int] = set()
        self.kept: list[Table] = []
        """The tables that keep what stood before the instant."""
        self.moves: list[Move] | None = None
        """What was written at an instant at which more than one thing happens, in order."""
        standing = [rule for rule in program.rules if rule.table is not None]
        for table in program.tables.values():
            table.asking = tuple([rule.number for rule in standing if table.name in rule.asks])
            table.watched = bool(table.asking)

    def begin_instant(self, instant: datetime) -> None:
        """Let a new instant begin: what was so before the last is forgotten."""
        self.instant = instant
        if self.kept:
            for table in self.kept:
                table.forget()
            self.kept.clear()
        if self.expiring:
            for position in self.expiring:
                self.expired[position].clear()
            self.expiring.clear()

    def touch(self, number: int, key: Any, cause: str | None) -> None:
        """Have an instance of a rule judged again, because of the event *cause* or, where ``None``, of time."""
        dirty, instance = self.dirty[self.layers[number]], (number, key)
        if dirty.get(instance) is None:
            dirty[instance] = cause

    def write(self, table: Table, key: Any, new: Held | None, watchers: Sequence[int], cause: str | None) -> None:
        """Put *new* under *key*, and have judged again whoever may see it, because of the event *cause*."""
        rows = table.rows
        old = rows.get(key)
        self.journal.undo += (table, key, old)
        if self.moves is not None:
            self.moves.append((table, key, old, new, cause))
        if table.remember:
            if not table.stood:
                self.kept.append(table)
            table.keep(key, old)
        if new is not None:
            rows[key] = new
        elif old is not None:
            del rows[key]
        if table.watched:
            self.moved(table, key, old, new, cause)
        else:
            for index in table.indexes:
                index.move(key, old, new)
        for number in watchers:
            self.touch(number, key, cause)

    def moved(self, table: Table, key: Any, old: Held | None, new: Held | None, cause: str | None) -> None:
        """Move a fact in the indexes of its table, and touch whoever asked for what it was or is."""
        asked, facts = table.asked, (old, new)
        if old is not None and new is not None and table.unchanging != () and table.spares_all(old, new):
            for index in table.indexes:
                index.move(key, old, new)
            return
        if asked:
            for number, value in ((BY_KEY, key), (ALL, None)):
                if number in asked and value in asked[number]:
                    self._touch_all(asked[number][value], table, facts, cause)
        for number, index in enumerate(table.indexes):
            values = index.move(key, old, new)
            if number in asked:
                of = asked[number]
                for value in values:
                    if value in of:
                        self._touch_all(of[value], table, facts, cause)
            if number in table.inverse:
                for rule, watched in table.inverse[number]:
                    for value in values:
                        self._touch_watched(rule, watched.get(value), table, facts, cause)
        for rule, watched in table.inverse.get(BY_KEY, ()):
            self._touch_watched(rule, watched.get(key), table, facts, cause)

    def _touch_watched(
        self, number: int, watched: Held | None, table: Table, facts: tuple[Held | None, ...], cause: str | None
    ) -> None:
        """Touch the instance of what a rule watches under a value that equals its key and may look different."""
        if watched is not None and not _spares(table, number, facts):
            self._touch_asker(number, watched.key, table, facts, cause)

    def _touch_all(
        self, instances: Instance | set[Instance], table: Table, facts: tuple[Held | None, ...], cause: str | None
    ) -> None:
        spared: dict[int, bool] = {}
        for number, key in (instances,) if isinstance(instances, tuple) else tuple(instances):
            if number not in spared:
                spared[number] = _spares(table, number, facts)
            if not spared[number]:
                self._touch_asker(number, key, table, facts, cause)

    def _touch_asker(
        self, number: int, key: Any, table: Table, facts: tuple[Held | None, ...], cause: str | None
    ) -> None:
        """Touch an instance that asked, unless its answers cannot have changed: *facts* is what was and what is."""
        relevant = table.relevant.get(number)
        watched = None if relevant is None else relevant.watched.get(key)
        if relevant is not None and watched is not None:
            reads: list[Read] = []
            for fact in facts:
                if fact is not None and relevant.matches(watched, fact, self.instant, reads):
                    break
            else:
                self.readers.add((number, key), reads, self.journal)
                return
        self.touch(number, key, cause)

    def _put(self, compiled: CompiledFact, key: Any, new: Held | None, cause: str | None) -> None:
        self.write(compiled.table, key, new, compiled.watchers, cause)

    def run_out(self, instant: datetime, what: str, position: int, key: Any) -> None:
        """Let ``until:`` or the fixed life of a fact end it, where that is still what stands."""
        compiled = self.program.facts[position]
        held = compiled.table.rows.get(key)
        if held is None or (held.until if what == UNTIL else held.lasts) != instant:
            return
        if what == UNTIL:
            self.expired[position][key] = held
            self.expiring.add(position)
        self._put(compiled, key, None, None)

    def step(self, instant: datetime, events: list[Event], first: bool, beginning: dict[int, list[Any]]) -> None:
        """
        Let events act that take effect together.

        Args:
            instant: when.
            events: in order.
            first: whether this is the first step, which looks at what stood before the instant.
            beginning: keys of waiting spells that begin at this instant, by position of the fact.
        """
        acting: dict[int, list[tuple[Event, Work]]] = {position: [] for position in beginning}
        for event in events:
            for work in self.program.by_kind.get(event.kind, ()):
                acting.setdefault(work.position, []).append((event, work))
        for position in sorted(acting):
            works = acting[position]
            if position in beginning or position in self.expiring or not _apart(works):
                self._act(position, instant, works, first, beginning.get(position, ()))
            else:
                for event, work in works:
                    work.act(event, self)

    def act_alone(self, work: Work, event: Event) -> None:
        """Let an event act on a fact as if by itself: no spell of it begins that has waited, or has just run out."""
        position, compiled = work.position, work.compiled
        if work.only == "changes":
            self.change(work, event)
        elif work.only == "starts":
            self._start(position, work.starts, event)
        elif work.changes or self.pending[position].rows:
            self._act(position, event.time, [(event, work)], True, ())
        elif not work.starts:
            for entry in work.ends if compiled.table.rows else ():
                self._end_standing(compiled, entry, event)
        elif not self._start_unless_ended(compiled, work, event):
            self._act(position, event.time, [(event, work)], True, ())

    def _end_standing(self, compiled: CompiledFact, entry: CompiledEntry, event: Event) -> None:
        """Let an entry end what stands of a fact; nothing waits, nor has run out at this instant."""
        for key, env, _ in entry.acts(event):
            for held in self._found(compiled, entry, key, env):
                if held is not None and self._meant(entry, env, held):
                    self._put(compiled, held.key, None, event.id)

    def _found(self, compiled: CompiledFact, entry: CompiledEntry, key: Any, env: list[Any]) -> Iterable[Held | None]:
        """What stands that an act by *entry* may be about."""
        if entry.key:
            return (compiled.table.rows.get(key),)
        assert entry.found is not None
        return tuple(entry.found.candidates(env, None))

    def _start_unless_ended(self, compiled: CompiledFact, work: Work, event: Event) -> bool:
        """Let an event start what no act of it ends; where one does, it does nothing and says so."""
        begun: list[Waiting] = []
        for entry in work.starts:
            self._starts(entry, event, begun)
        for entry in work.ends:
            for key, env, _ in entry.acts(event):
                found = [held for held in self._found(compiled, entry, key, env) if held is not None]
                fresh = [alone(spell) for spell in begun if not entry.key or spell.key == key]
                if any(self._meant(entry, env, held) for held in (*found, *fresh)):
                    return False
        for spell in begun:
            self._begin_or_wait(work.position, spell, event.time, False)
        return True

    def _act(
        self, position: int, instant: datetime, works: list[tuple[Event, Work]], first: bool, beginning: Any
    ) -> None:
        """Let events act on one fact: what starts is found, ends act, what starts begins, then changes."""
        begun: list[Waiting] = []
        for event, work in works:
            for entry in work.starts:
                self._starts(entry, event, begun)
        broken: set[Any] = set()
        stood: dict[Any, Held | None] = {}
        about = Begun(self.program.facts[position].table, begun)
        for event, work in works:
            for entry in work.ends:
                for key, env, _ in entry.acts(event):
                    self._end(position, entry, key, env, event, first, about, broken, stood)
        for key in beginning:
            self._begin_waiting(position, key, instant, broken)
        for spell in about.left():
            self._begin_or_wait(position, spell, instant, spell.key in broken)
        for event, work in works:
            self.change(work, event)

    def _start(self, position: int, entries: tuple[CompiledEntry, ...], event: Event) -> None:
        """Let an event that does nothing else to a fact start it, as :meth:`_act` does."""
        begun: list[Waiting] = []
        for entry in entries:
            if entry.begins is None and entry.until is None and not begun:
                for key, env, _ in entry.acts(event):
                    values = entry.extras(env) if entry.extras else None
                    self._begin(position, key, event, values, event.time, None, False, event.id)
            else:
                self._starts(entry, event, begun)
        for spell in begun:
            self._begin_or_wait(position, spell, event.time, False)

    def change(self, work: Work, event: Event) -> None:
        """Let an event change what it finds of a fact."""
        for entry in work.changes:
            for key, env, _ in entry.acts(event):
                self.alter(work.compiled, entry, key, env, event)

    def _begin_or_wait(self, position: int, spell: Waiting, instant: datetime, anew: bool) -> None:
        """Let a spell begin, or wait for its beginning; one that would be over by then does neither."""
        if spell.until is not None and spell.until <= spell.begins:
            return
        if spell.begins > instant:
            known = self.pending[position].rows.get(spell.key, ())
            self.journal.write(self.pending[position], spell.key, (*known, spell))
            self.timers.push(spell.begins, 0, BEGINS, position, spell.key)
        else:
            event = spell.event
            self._begin(position, spell.key, event, spell.values, spell.begins, spell.until, anew, event.id)

    def _starts(self, entry: CompiledEntry, event: Event, begun: list[Waiting]) -> None:
        program = self.program
        for key, env, act in entry.acts(event):
            begins, until = event.time, None
            if entry.begins is not None:
                begin = program.instant_of(attempt(entry.begins, env), end=False)
                if begin is None:
                    continue
                begins = max(begins, begin)
            if entry.until is not None:
                until = program.instant_of(attempt(entry.until, env), end=True)
                if until is None:
                    continue
            values = entry.extras(env) if entry.extras else None
            begun.append(Waiting(key, event, (order_of(event), entry.place, act), begins, until, values))

    def _end(
        self, position: int, entry: CompiledEntry, key: Any, env: list[Any], event: Event, first: bool,
        begun: Begun, broken: set[Any], before: dict[Any, Held | None],
    ) -> None:  # fmt: skip
        """
        Let one ending act end what it finds, of the spells about to begin too.

        *before* keeps how facts stood before the step: for an instant's first step, before all that it brings.
        """
        compiled = self.program.facts[position]
        rows, expired, pending = compiled.table.rows, self.expired[position], self.pending[position]
        if entry.key:
            keys = [key]
        else:
            assert entry.found is not None
            found, fresh = entry.found.candidates(env, None), begun.keys(entry.found, env)
            keys = list(dict.fromkeys([*[h.key for h in found], *expired, *pending.rows, *fresh]))
        for own in keys:
            held = rows.get(own)
            if own not in before:
                before[own] = held or (expired.get(own) if first else None)
            stood = before[own]
            if stood is not None and self._meant(entry, env, stood):
                broken.add(own)
                if held is not None:
                    self._put(compiled, own, None, event.id)
                expired.pop(own, None)
            waiting = pending.rows.get(own)
            if waiting is not None:
                left = tuple([s for s in waiting if not self._meant(entry, env, alone(s))])
                if len(left) != len(waiting):
                    self.journal.write(pending, own, left or None)
            spells = begun.by_key.get(own)
            if stood is None and spells:
                begun.by_key[own] = [s for s in spells if not self._meant(entry, env, alone(s))]

    def _meant(self, entry: CompiledEntry, env: list[Any], this: Held) -> bool:
        if entry.where is None:
            return True
        env[entry.this_slot] = this
        return entry.where(env, None) is True

    def _begin_waiting(self, position: int, key: Any, instant: datetime, broken: set[Any]) -> None:
        pending = self.pending[position]
        waiting = pending.rows.get(key, ())
        due = sorted([s for s in waiting if s.begins == instant], key=lambda s: (s.event.time, s.order))
        if due:
            self.journal.write(pending, key, tuple([s for s in waiting if s.begins != instant]) or None)
        for spell in due:
            anew = key in broken
            self._begin(position, key, spell.event, spell.values, spell.begins, spell.until, anew, None)

    def _begin(
        self, position: int, key: Any, event: Event, values: dict[str, Any] | None, begins: datetime,
        until: datetime | None, anew: bool, cause: str | None,
    ) -> None:  # fmt: skip
        """Make the fact hold from *begins* on; it goes on with what stood, unless that was ended or starts *anew*."""
        compiled = self.program.facts[position]
        stood = compiled.table.rows.get(key)
        if stood is None and self.expiring:
            stood = self.expired[position].pop(key, None)
        since = begins
        if stood is not None and not anew and not compiled.fact.restarts:
            since = stood.since
        lasts = None
        if compiled.lasts is not None:
            lasts = self.program.later(begins, compiled.lasts(begins))
        self._put(compiled, key, Held(key, since, event, values, until, lasts), cause)
        if until is not None:
            self.timers.push(until, 0, UNTIL, position, key)
        if lasts is not None:
            self.timers.push(lasts, 1, LASTS, position, key)

    def alter(self, compiled: CompiledFact, entry: CompiledEntry, key: Any, env: list[Any], event: Event) -> None:
        """Let an act change what it finds."""
        for held in self._found(compiled, entry, key, env):
            if held is None or not self._meant(entry, env, held):
                continue
            values = {**(held.values or {}), **entry.settings(env)}
            events = (*(held.events or (held.event,)), event)
            new = Held(held.key, held.since, held.event, values, held.until, held.lasts, events)
            self._put(compiled, held.key, new, event.id)
