"""Rules judged: which bindings are in breach, since when, and when that becomes an alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from oversight.engine.conditions import attempt
from oversight.engine.explain import Explainer
from oversight.engine.expressions import Env
from oversight.engine.facts import Facts
from oversight.engine.journal import Journal
from oversight.engine.program import Program
from oversight.engine.rules import Breach, CompiledRule, Standing
from oversight.engine.queries import Reads
from oversight.engine.store import Held, Instance, Plain, Readers, Table
from oversight.engine.timers import DUE
from oversight.engine.verdicts import Member, Verdict, Verdicts
from oversight.ground.conversions import to_utc
from oversight.ground.text import text_of
from oversight.ground.values import EvaluationError
from oversight.model.alerts import identity
from oversight.model.forms import Event


_NONE: dict[Any, Env] = {}


class Judge:
    """
    Judges the rules of a program and keeps the verdicts.

    Args:
        program: compiled.
        journal: through which every write goes.
        readers: who read what.
    """

    def __init__(self, program: Program, journal: Journal, readers: Readers) -> None:
        self.program = program
        self.journal = journal
        self.readers = readers
        self.standing = [Plain() for _ in program.rules]
        watched = program.watched_rules
        self.verdicts = Verdicts({r.number for r in program.rules if r.table is None and r.rule.id not in watched})
        self.explainer = Explainer(program)
        self.dirty: list[dict[Instance, str | None]] = [{} for _ in range(program.layers)]
        self.facts = Facts(program, journal, readers, self.dirty)
        self.undecided = Plain()

    def happened(self, instant: datetime, events: Sequence[Event]) -> None:
        """Judge what happened at *instant*: its events by the ``on`` rules, and every touched instance."""
        for layer, on in enumerate(self.program.on):
            if on:
                for event in events:
                    for rule in on.get(event.kind, ()):
                        self.judge_event(rule, event)
            if self.dirty[layer]:
                self.judge_dirty(layer, instant, 0)

    def ran_out(self, instant: datetime) -> None:
        """Judge what ran out at *instant*."""
        for layer, dirty in enumerate(self.dirty):
            if dirty:
                self.judge_dirty(layer, instant, 1)

    def judge_dirty(self, layer: int, instant: datetime, half: int) -> None:
        """Judge the touched instances of a layer of rules, in one half of *instant*."""
        dirty, rules = self.dirty[layer], self.program.rules
        self.dirty[layer] = {}
        for (number, key), cause in dirty.items():
            rule = rules[number]
            assert rule.table is not None
            held: Held | None = rule.table.rows.get(key)
            if held is None or not rule.of or held.values["rule"] in rule.of:  # type: ignore[index]
                if rule.each is None:
                    rule.judge_whole(self, key, held, instant, half, cause)
                else:
                    self.judge_parts(rule, key, held, instant, half, cause)

    def _bindings(self, rule: CompiledRule, head: Any, instant: datetime, reads: Reads, whom: str) -> dict[Any, Env]:
        """The bindings of ``each:`` that are in breach."""
        env = rule.frame.env(instant)
        env[rule.head_slot] = head
        found: dict[Any, Env] = {}
        assert rule.each is not None
        if rule.outset is not None and rule.outset(env, reads) is False:
            return found
        for member, item in rule.each.source(env, reads):
            own = env.copy()
            own[rule.each.slot] = item
            truth = rule.breached(own, reads)
            if truth:
                found.setdefault(member, own)
            elif truth is None:
                self.note_undecided(rule, own, whom)
        return found

    def note_undecided(self, rule: CompiledRule, env: Env, whom: str) -> None:
        """Count that a condition of a rule could not be decided."""
        for part in rule.parts:
            if part.holds(env, None) is None:
                known = (rule.rule.name, self.explainer.text(part.condition))
                count, first = self.undecided.rows.get(known, (0, whom))
                self.journal.write(self.undecided, known, (count + 1, first))
                return

    def judge_event(self, rule: CompiledRule, event: Event) -> None:
        """Judge an event by an ``on`` rule."""
        if rule.each is None:
            rule.judge_event(self, event)
            return
        instant = event.time
        if not rule.always and not rule.in_force(instant):
            return
        found = self._bindings(rule, event, instant, None, event.id)
        if found:
            members: dict[Any, Member] = {m: (self._subjects(rule, e, event.id), None, None) for m, e in found.items()}
            self._raise(rule, event.identity, instant, instant, members, found, event.id)

    def raise_whole(
        self, rule: CompiledRule, key: Any, since: datetime, at: datetime, env: Env, cause: str | None
    ) -> None:
        """Raise an alert of a rule without ``each:``."""
        otherwise = cause if rule.table is None else key
        self._raise(rule, key, since, at, {(): (self._subjects(rule, env, otherwise), None, None)}, {(): env}, cause)

    def end_whole(self, rule: CompiledRule, key: Any, old: Breach, instant: datetime, cause: str | None) -> None:
        """End the alert of an instance of a rule without ``each:``."""
        self._end(rule, key, [((), old.since)], instant, cause)

    def judge_parts(
        self, rule: CompiledRule, key: Any, held: Held | None, instant: datetime, half: int, cause: str | None
    ) -> None:
        """Judge an instance of a rule with ``each:``, part by part."""
        old: Standing | None = self.standing[rule.number].rows.get(key)
        found = _NONE
        reads: Reads = [] if rule.reads else None
        if held is not None and (rule.always or rule.in_force(instant)):
            whom = held.event.id if held.event else str(key)
            found = self._bindings(rule, held, instant, reads, whom)
        if rule.reads:
            self.readers.note((rule.number, key), tuple(reads or ()), self.journal)
        if old is None and not found:
            return
        kept: dict[Any, tuple[datetime, bool, datetime | None]] = {}
        if old is not None:
            same = held is not None and old.episode == held.since
            kept = {state[0]: state[1:] for state in old.members if same and state[0] in found}
            ended = [(m, since) for m, since, raised, _ in old.members if raised and m not in kept]
            self._end(rule, key, ended, instant, cause)
        if held is None or not found:
            self.journal.write(self.standing[rule.number], key, None)
            return
        self._go_on(rule, key, held, found, kept, instant, half, cause)

    def _go_on(
        self, rule: CompiledRule, key: Any, held: Held, found: dict[Any, Env],
        kept: dict[Any, tuple[datetime, bool, datetime | None]], instant: datetime, half: int, cause: str | None,
    ) -> None:  # fmt: skip
        """Note which parts are in breach; raise those whose time has come."""
        members: list[tuple[Any, datetime, bool, datetime | None]] = []
        risen: dict[datetime, list[Any]] = {}
        for member, env in found.items():
            since, raised, waited = kept.get(member, (instant, False, None))
            if not raised:
                due, at_once = rule.due(self, env, since), half == 1 or rule.rule.deadline is None
                if due is not None and due <= instant and (at_once or due < instant):
                    raised = True
                    risen.setdefault(since, []).append(member)
                elif due is not None and due != waited:
                    self.facts.timers.push(due, 1, DUE, rule.number, key)
                waited = due
            members.append((member, since, raised, waited))
        old = self.standing[rule.number].rows.get(key)
        if old is None or old.members != tuple(members) or old.episode != held.since:
            self.journal.write(self.standing[rule.number], key, Standing(held.since, tuple(members)))
        for since, names in risen.items():
            envs = {m: found[m] for m in names}
            subjects: dict[Any, Member] = {m: (self._subjects(rule, e, key), None, None) for m, e in envs.items()}
            late = rule.rule.deadline is not None and since != instant
            self._raise(rule, key, since, instant, subjects, envs, None if late else self.because(rule, key, cause))

    def because(self, rule: CompiledRule, key: Any, touched: str | None) -> str | None:
        """
        The event because of which an instance is as it is now.

        Where more than one thing happens at an instant, that is the first event that wrote what the rule is about or a
        fact that matches one of its queries, then or now. What *touched* the instance first may be another: it hangs on
        which of several witnesses the last judgement met, and so on the order in which they arrived.
        """
        moves = self.facts.moves
        if moves is None:
            return touched
        first: str | None = None
        for table, own, old, new, cause in moves:
            mine = table is rule.table and own == key
            if cause is None or not (mine or _concerns(rule, table, (old, new))):
                continue
            if mine or self._matches(rule, key, table, (old, new)):
                return cause
            first = first or cause
        return first

    def _matches(self, rule: CompiledRule, key: Any, table: Table, facts: tuple[Held | None, ...]) -> bool:
        """Whether any of *facts* matches a query of the rule about its instance, as far as that can be told."""
        if table.name not in rule.asks:
            return False
        relevant = table.relevant.get(rule.number)
        watched = None if relevant is None else relevant.watched.get(key)
        if relevant is None or watched is None:
            return True
        return any(fact is not None and relevant.matches(watched, fact, self.facts.instant, []) for fact in facts)

    def _subjects(self, rule: CompiledRule, env: Env, key: Any) -> tuple[str, ...]:
        ids: list[str] = []
        for expression in rule.about:
            value = attempt(expression, env)
            if not isinstance(value, EvaluationError):
                ids += [text_of(item) for item in (value if isinstance(value, list) else [value])]
        if not ids:
            ids = [text_of(part) for part in (key if isinstance(key, tuple) else (key,))]
        return tuple(dict.fromkeys(ids))

    def _raise(
        self, rule: CompiledRule, key: Any, since: datetime, at: datetime, members: dict[Any, Member],
        envs: dict[Any, Env], cause: str | None,
    ) -> None:  # fmt: skip
        name = identity(rule.rule.id, rule.rule.part, key, since)
        known: Verdict | None = self.verdicts.rows.get(name)
        message, remedy, events, missing = self.explainer.explain(rule, list(envs.values()))
        evidence = tuple([event.id for event in events])
        if known is not None:
            joined = _with_members(known, {**known.members, **members}, evidence)
            self._say(rule, joined, cause, events)
            return
        verdict = Verdict(name, rule.number, key, since, at, members, message, remedy, evidence, missing, cause)
        self._say(rule, verdict, cause, events)

    def _end(
        self,
        rule: CompiledRule,
        key: Any,
        ended: list[tuple[Any, datetime]],
        instant: datetime,
        cause: str | None,
    ) -> None:
        by_since: dict[datetime, list[Any]] = {}
        for member, since in ended:
            by_since.setdefault(since, []).append(member)
        cause = self.because(rule, key, cause) if ended else cause
        for since, names in by_since.items():
            name = identity(rule.rule.id, rule.rule.part, key, since)
            known: Verdict = self.verdicts.rows[name]
            members = dict(known.members)
            for member in names:
                members[member] = (members[member][0], instant, cause)
            self._say(rule, _with_members(known, members), cause)

    def _say(self, rule: CompiledRule, verdict: Verdict, cause: str | None, events: tuple[Event, ...] = ()) -> None:
        self.journal.write(self.verdicts, verdict.identity, verdict)
        if rule.rule.id not in self.program.watched_rules:
            return
        table = self.program.tables["alert"]
        stood: Held | None = table.rows.get(verdict.identity)
        held = None
        if verdict.is_open:
            values = {
                "rule": rule.rule.id, "part": rule.rule.part, "severity": rule.rule.severity,
                "subjects": [subject for subject, (end, _) in verdict.ends().items() if end is None],
                "since": to_utc(verdict.since), "at": to_utc(verdict.at),
            }  # fmt: skip
            known = () if stood is None else stood.events
            made_by = known + tuple([event for event in events if event not in known])
            held = Held(verdict.identity, verdict.at, None, values, events=made_by)  # type: ignore[arg-type]
        self.facts.write(table, verdict.identity, held, self.program.alert_watchers, cause)


def _concerns(rule: CompiledRule, table: Table, facts: tuple[Held | None, ...]) -> bool:
    """Whether a rule is about facts of a table or asks for them, of alerts those of the rules that it names."""
    if table.name == "alert":
        return any(fact is not None and fact.values["rule"] in rule.heeds for fact in facts)  # type: ignore[index]
    return table is rule.table or table.name in rule.asks


def _with_members(verdict: Verdict, members: dict[Any, Member], evidence: tuple[str, ...] = ()) -> Verdict:
    further = tuple([name for name in evidence if name not in verdict.evidence])
    return Verdict(
        verdict.identity, verdict.rule, verdict.key, verdict.since, verdict.at, members, verdict.message,
        verdict.remedy, verdict.evidence + further, verdict.missing, verdict.cause,
    )  # fmt: skip
