"""
What an event does to facts, and whom a lone one has judged, written out as functions.

Most instants bring one event, and most events start, end or change one fact under a key that they name. For these the
steps that :class:`Facts` and :class:`Judge` take for any events of an instant are one function without calls between
them, one for each kind; it does what they would do. Where more than one event comes, what each does to a fact is such a
function, and those who watch it are judged afterwards. Whatever is not as plain is left to them from within.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from oversight.engine.expressions import Frame, text_of
from oversight.engine.quantifiers import sought, write_stood
from oversight.engine.queries import AMONG
from oversight.engine.source import Source
from oversight.engine.store import Held
from oversight.engine.timers import LASTS
from oversight.model.forms import Event

if TYPE_CHECKING:
    from oversight.engine.compiler import CompiledEach
    from oversight.engine.facts import Facts
    from oversight.engine.judge import Judge
    from oversight.engine.entries import CompiledEntry
    from oversight.engine.program import CompiledFact, Program, Work
    from oversight.engine.queries import Lookup, Plan

Handler = Callable[[Event, "Facts", "Judge"], None]
Act = Callable[[Event, "Facts"], None]
Keys = tuple[list[Any], list[Any]]
"""Those under which an event may start a fact, and those under which it may end one."""


class _Written(Source):
    """The lines of such a function; *lone* says that nothing else happens at the instant."""

    def __init__(self, *arguments: str, lone: bool) -> None:
        super().__init__(*arguments)
        self.reads = None
        self.lone = lone


class Handlers(dict[str, Handler | None]):
    """
    The functions by kind of event, each made when its first event comes; ``None`` for a kind that nothing reads.

    Args:
        program: compiled.
    """

    def __init__(self, program: Program) -> None:
        super().__init__()
        self._program = program

    def __missing__(self, kind: str) -> Handler | None:
        made = self[kind] = _handler(self._program, kind)
        return made


def _handler(program: Program, kind: str) -> Handler | None:
    works = program.by_kind.get(kind, ())
    if not works and not any(kind in on for on in program.on):
        return None
    source = _Written("event", "facts", "judge", lone=True)
    source.add("instant, cause = event.time, event.id", "facts.instant = instant")
    source.inside("if facts.kept or facts.expiring:", "facts.begin_instant(instant)")
    source.add("undo, dirty = facts.journal.undo, facts.dirty")
    written = [work for work in works if _write_work(source, work)]
    watchers = [(number, work.position) for work in written for number in work.compiled.watchers]
    for layer, on in enumerate(program.on):
        for rule in on.get(kind, ()):
            if rule.each is None:
                source.add(f"{source.bind(rule.judge_event)}(judge, event)")
            else:
                source.add(f"judge.judge_event({source.bind(rule)}, event)")
        _write_judging(
            source, program, layer, [pair for pair in watchers if program.rules[pair[0]].rule.layer == layer]
        )
    return source.function()


def write_act(work: Work) -> Act:
    """What an event does to one fact where other events of its instant do nothing that matters to it."""
    source = _Written("event", "facts", lone=False)
    source.add("instant, cause = event.time, event.id")
    _write_work(source, work)
    return source.function()


def write_keys(work: Work) -> Callable[[Event], Keys] | None:
    """Gives the keys that an event names of what it may start and end; ``None`` where it does not name them all."""
    entries = (*work.starts, *work.ends)
    if work.changes or not all(entry.each is None and entry.names_its_key for entry in entries):
        return None
    source = _Written("event", lone=False)
    source.add("started, ended = [], []")
    for keys, of in (("started", work.starts), ("ended", work.ends)):
        for entry in of:
            with source.block("while True:"):
                source.add(entry.frame.opening("event.time", "event"))
                entry.write_key("None", source, "break")
                source.add(f"{keys}.append(key)", "break")
    source.add("return started, ended")
    return source.function()


def _write_work(source: _Written, work: Work) -> bool:
    """Write out what is done to one fact; whether its watchers are left to be judged, under ``key`` and its number."""
    position, compiled, starts, ends, changes = work.position, work.compiled, work.starts, work.ends, work.changes
    entries = (*starts, *ends, *changes)
    plain = len(entries) == 1 and entries[0].each is None
    if starts and not ends and all(map(_is_at_once, starts)) and (len(starts) == 1 or not compiled.watchers):
        for start in starts:
            _write_start(source, work, start)
        if changes:
            _write_unless_idle(source, changes, f"facts.change({source.bind(work)}, event)")
    elif (
        len(starts) == 1 and _is_at_once(starts[0]) and not (changes or _waits(compiled)) and all(map(_is_found, ends))
    ):
        _write_start_unless_ended(source, work)
    elif plain and not starts and entries[0].key:
        if ends:
            source.add(f"key{position} = new{position} = None")
        waits = bool(ends) and _waits(compiled)
        if waits:
            source.inside(f"if facts.pending[{position}].rows:", _left(source, work))
        with source.block("else:") if waits else nullcontext():
            _write_move(source, work, entries[0])
        return bool(ends)
    else:
        _write_left(source, work)
        return False
    return True


def _write_left(source: Source, work: Work) -> None:
    """Leave it to the general way, unless there is nothing that it could start, end or change."""
    if _waits(work.compiled) and (work.ends or work.changes):
        source.add(_left(source, work))
    else:
        _write_unless_idle(source, (*work.starts, *work.ends, *work.changes), _left(source, work))


def _write_unless_idle(source: Source, entries: Sequence[CompiledEntry], action: str) -> None:
    """Write out an action, unless it can be told beforehand that the event does nothing by *entries*."""
    if not all(map(_told_before, entries)):
        source.add(action)
        return
    source.add("concerned = False")
    for entry in entries:
        with source.block("while not concerned:"):
            if entry.each is None:
                entry.write(source, "break")
                _write_look(source, entry)
            else:
                source.add(entry.frame.opening("event.time", "event"))
                _write_look_through(source, entry, entry.each)
            source.add("break")
    source.inside("if concerned:", action)


def _told_before(entry: CompiledEntry) -> bool:
    """Whether it can be told beforehand that an event starts, ends or changes nothing by an entry."""
    if entry.each is None:
        return _looked_up(entry) is not None
    return entry.each.plan is None or _asked(entry.each.plan, entry.frame) is not None


def _write_look(source: Source, entry: CompiledEntry) -> None:
    """Write out that the event concerns the fact where the one look of an entry finds something."""
    lookup = _looked_up(entry)
    assert entry.found is not None
    assert lookup is not None
    _write_looked(source, entry.found, lookup, entry.frame)


def _write_look_through(source: Source, entry: CompiledEntry, each: CompiledEach) -> None:
    """
    Write out that the event concerns the fact where an entry with ``each:`` has something to go through.

    Where that is likely, since it is a list, or what it finds must meet conditions, whether any act is left is asked.
    """
    acts = f"concerned = len({source.bind(entry.acts)}(event)) > 0"
    plan = each.plan
    lookup = None if plan is None else _asked(plan, entry.frame)
    if plan is None or lookup is None:
        source.add(acts)
        return
    _write_looked(source, plan, lookup, entry.frame)
    if entry.conditions or entry.excuses:
        source.inside("if concerned:", acts)


def _write_looked(source: Source, plan: Plan, lookup: Lookup, frame: Frame) -> None:
    """Write out that the event concerns the fact where a look finds something."""
    value, _ = sought(lookup, frame, source)
    rows = source.bind(plan.rows_of(lookup))
    if lookup.mode == AMONG:
        with source.block(f"for item in {value}:"):
            source.inside(f"if {rows}.get(item) is not None:", "concerned = True", "break")
        return
    if plan.before:
        source.inside(f"for _ in {write_stood(plan, lookup, value, source)}:", "concerned = True", "break")
    else:
        source.inside(f"if {rows}.get({value}) is not None:", "concerned = True")


def _looked_up(entry: CompiledEntry) -> Lookup | None:
    """The one look that tells whether there is anything which an end or a change could be about, if there is one."""
    return None if entry.each is not None or entry.found is None else _asked(entry.found, entry.frame)


def _asked(plan: Plan, frame: Frame) -> Lookup | None:
    """The one look, surely answered, that leads to all that a query may find, if there is one."""
    lookup = plan.earlier if plan.before else plan.sole
    if lookup is None or not all(text_of(node, frame, Source()).sure for node in lookup.nodes):
        return None
    return lookup if lookup.hashable or (lookup.listed and len(lookup.nodes) == 1) else None


def _is_at_once(start: CompiledEntry) -> bool:
    return start.each is None and start.begins is None and start.until is None


def _is_found(end: CompiledEntry) -> bool:
    """Whether one look finds all that an end may be about."""
    return (end.key and end.each is None) or _looked_up(end) is not None


def _write_start_unless_ended(source: _Written, work: Work) -> None:
    """Write out a start by an event that may end the fact, or what began it, too; where it does, all is left."""
    position, compiled, (start,), ends = work.position, work.compiled, work.starts, work.ends
    rows = source.bind(compiled.table.rows)
    source.add(f"key{position} = new{position} = None", "concerned = False")
    with source.block("while True:"):
        start.write(source, "break")
        source.add(
            f"key{position}, old{position} = key, {rows}.get(key)", f"since = {_since(compiled, f'old{position}')}"
        )
        _write_held(source, compiled, start, f"new{position}")
        source.add("break")
    for end in ends:
        with source.block("while True:"):
            end.write(source, "break")
            fresh = f"new{position} is not None"
            if end.key:
                source.inside(f"if {rows}.get(key) is not None:", "concerned = True", "break")
                fresh += f" and key{position} == key"
            else:
                _write_look(source, end)
            if end.where is not None:
                source.add(f"env[{end.this_slot}] = new{position}")
                fresh += f" and {source.bind(end.where)}(env, None) is True"
            source.inside(f"if {fresh}:", "concerned = True")
            source.add("break")
    source.inside("if concerned:", f"key{position} = None", _left(source, work))
    with source.block(f"elif new{position} is not None:"):
        source.add(f"key, old = key{position}, old{position}")
        _write_put(source, compiled, f"new{position}")
        _write_life(source, work)


def _waits(compiled: CompiledFact) -> bool:
    """Whether a spell of this fact may wait for its beginning."""
    return any(entry.begins is not None for entries in compiled.starts.values() for entry in entries)


def _left(source: Source, work: Work) -> str:
    return f"facts.act_alone({source.bind(work)}, event)"


def _write_start(source: _Written, work: Work, entry: CompiledEntry) -> None:
    """Write out a start that takes effect at once, as :meth:`Facts._begin` has it."""
    position, compiled = work.position, work.compiled
    source.add(f"key{position} = None")
    with source.block("while True:"):
        entry.write(source, "break")
        source.add(f"old = {source.bind(compiled.table.rows)}.get(key)")
        source.add(f"since = {_since(compiled, 'old')}")
        _write_held(source, compiled, entry, "new")
        _write_put(source, compiled, "new")
        _write_life(source, work)
        source.add(f"key{position}, new{position} = key, new", "break")


def _since(compiled: CompiledFact, old: str) -> str:
    """Since when a fact holds that begins where *old* stood."""
    return "instant" if compiled.fact.restarts else f"instant if {old} is None else {old}.since"


def _write_held(source: Source, compiled: CompiledFact, entry: CompiledEntry, new: str) -> None:
    """Write out that *new* is the fact under ``key`` that has held since ``since``."""
    given = f"key, since, event, {entry.write_extras(source)}"
    if compiled.lasts is not None:
        source.add(f"lasts = facts.program.later(instant, {source.bind(compiled.lasts)}(instant))")
        given += ", None, lasts"
    source.add(f"{new} = {source.bind(Held)}({given})")


def _write_life(source: Source, work: Work) -> None:
    """Write out that the fixed life of what was just put under ``key`` ends it."""
    if work.compiled.lasts is not None:
        pushed = f"facts.timers.push(lasts, 1, {source.bind(LASTS)}, {work.position}, key)"
        source.inside("if lasts is not None:", pushed)


def _write_move(source: _Written, work: Work, entry: CompiledEntry) -> None:
    """Write out an end or a change of the fact under a key."""
    compiled = work.compiled
    with source.block("while True:"):
        entry.write(source, "break")
        source.add(f"old = {source.bind(compiled.table.rows)}.get(key)")
        source.inside("if old is None:", "break")
        if work.ends:
            if entry.where is not None:
                source.add(f"env[{entry.this_slot}] = old")
                source.inside(f"if {source.bind(entry.where)}(env, None) is not True:", "break")
            _write_put(source, compiled, "None")
            source.add(f"key{work.position} = key")
        else:
            source.add(f"facts.alter({source.bind(compiled)}, {source.bind(entry)}, key, env, event)")
        source.add("break")


def _write_put(source: _Written, compiled: CompiledFact, new: str) -> None:
    """Write out that *new* stands under ``key`` in place of ``old``, as :meth:`Facts.write` has it."""
    table = compiled.table
    named, rows = source.bind(table), source.bind(table.rows)
    if table.remember or not source.lone:
        watchers = () if source.lone else tuple(compiled.watchers)
        source.add(f"facts.write({named}, key, {new}, {source.bind(watchers)}, cause)")
        return
    source.add(f"undo += ({named}, key, old)")
    source.add(f"del {rows}[key]" if new == "None" else f"{rows}[key] = {new}")
    if table.watched:
        source.add(f"facts.moved({named}, key, old, {new}, cause)")
    else:
        source.add(*[f"{source.bind(index.move)}(key, old, {new})" for index in table.indexes])


def _write_judging(source: Source, program: Program, layer: int, watchers: list[tuple[int, int]]) -> None:
    """Write out that the touched instances of a layer are judged: those that watch what moved at once, then others."""
    for number, position in watchers:
        rule = program.rules[number]
        key = f"key{position}"
        touched = f"(dirty[{layer}] and ({number}, {key}) in dirty[{layer}])"
        with source.block(f"if {key} is not None and not {touched}:"):
            judged = f"judge.judge_parts({source.bind(rule)}"
            if rule.each is None:
                judged = f"{source.bind(rule.judge_whole)}(judge"
            source.add(f"{judged}, {key}, new{position}, instant, 0, cause)")
    source.inside(f"if dirty[{layer}]:", f"judge.judge_dirty({layer}, instant, 0)")
