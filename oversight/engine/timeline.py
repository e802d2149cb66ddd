"""
Time: instants closed in order, each in its two halves, and taken back when something late arrives.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from oversight.engine.timers import BEGINS, DUE, JUDGE, UNTIL, WAIVE
from oversight.engine.judge import Judge
from oversight.engine.program import Program
from oversight.engine.rules import CompiledRule
from oversight.engine.journal import Journal
from oversight.engine.store import Readers
from oversight.model.forms import ABSENT, Event, order_of


class Timeline:
    """
    The state of a program at the instant reached.

    Args:
        program: compiled.

    Attributes:
        closed: the last instant judged; what comes at it or before is late.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.journal = Journal()
        self.readers = Readers([*program.tables.values()])
        self.judge = Judge(program, self.journal, self.readers)
        self.facts = self.judge.facts
        self.queue: list[Event] = []
        self.in_order = True
        self.closed: datetime | None = None
        self._dated_instants()

    def _dated_instants(self) -> None:
        """Plan the instants at which the law itself changes."""
        pack, timers = self.program.pack, self.facts.timers
        for waiver in pack.waivers:
            for turn in (waiver.start, waiver.end):
                timers.push(turn, 0, WAIVE, None, None)
        for rule in self.program.rules:
            if rule.table is None:
                continue
            for name in rule.parameters:
                for start, _ in pack.parameters[name].entries:
                    timers.push(start, 0, JUDGE, rule.number, None)
            for bound in rule.rule.in_force:
                if bound is not None:
                    timers.push(bound, 0, JUDGE, rule.number, None)

    def take(self, event: Event) -> None:
        """Queue *event* for its instant."""
        queue = self.queue
        if queue and self.in_order and event.time < queue[-1].time:
            self.in_order = False
        queue.append(event)

    def drop(self, gone: set[tuple[str, str]]) -> None:
        """Take the events of these identities out of the queue."""
        self.queue = [event for event in self.queue if event.identity not in gone]

    def close(self, upto: datetime, inclusive: bool) -> None:
        """Judge every instant before *upto*, and *upto* itself where *inclusive*."""
        if not self.in_order:
            self.queue.sort(key=lambda event: event.time)
            self.in_order = True
        queue, journal, facts, judge = self.queue, self.journal, self.facts, self.judge
        timers, handlers, done, count = facts.timers, self.program.handlers, 0, len(queue)
        heap, begin = timers.heap, journal.begin
        event = queue[0] if queue else None
        time = None if event is None else event.time
        if time is not None:
            timers.clock = time.tzinfo
        while time is not None or heap:
            due = time is None or bool(heap and heap[0][0] <= time)
            instant = heap[0][6] if due or time is None else time
            if instant >= upto and (instant > upto or not inclusive):
                break
            if due and heap[0][3] == DUE and heap[0][5] not in judge.standing[heap[0][4]].rows:
                # What waited is over; whatever comes in between and waits anew has a timer of its own.
                timers.pop(journal)
                self.closed = instant
                continue
            first, came = done, event
            while event is not None and time == instant:
                done += 1
                event = queue[done] if done < count else None
                time = None if event is None else event.time
            if due:
                self._due(instant, queue[first:done])
            elif came is not None and done - first == 1:
                begin(instant, came)
                handler = handlers[came.kind]
                if handler is not None:
                    handler(came, facts, judge)
                    if heap and heap[0][0] == instant:
                        self._run_out(instant)
            else:
                self._several(instant, queue[first:done])
            self.closed = instant
        del queue[:done]
        if inclusive and (self.closed is None or self.closed < upto):
            self.closed = upto

    def _due(self, instant: datetime, events: list[Event]) -> None:
        """Judge an instant at which something is due; where only what runs out is, there is but a second half."""
        if events or not self.facts.timers.heap[0][1]:
            self._instant(instant, events)
            return
        self.journal.begin(instant, ())
        self.facts.begin_instant(instant)
        self._run_out(instant)

    def _several(self, instant: datetime, events: list[Event]) -> None:
        """Judge an instant at which several events come and nothing is due; what nobody reads does not count."""
        handlers = self.program.handlers
        read = [event for event in events if handlers[event.kind] is not None]
        if len(read) > 1:
            self._instant(instant, events)
            return
        self.journal.begin(instant, tuple(events))
        for event in read:
            if (handler := handlers[event.kind]) is not None:
                handler(event, self.facts, self.judge)
                self._run_out(instant)

    def _instant(self, instant: datetime, events: list[Event]) -> None:
        heap, journal, facts = self.facts.timers.heap, self.journal, self.facts
        if len(events) > 1:
            events.sort(key=order_of)
        facts.begin_instant(instant)
        journal.begin(instant, tuple(events))
        facts.moves = []
        beginning: dict[int, list[Any]] = {}
        while heap and heap[0][0] == instant and heap[0][1] == 0:
            _, _, _, what, whose, key, _ = facts.timers.pop(journal)
            if what == BEGINS:
                beginning.setdefault(whose, []).append(key)
            elif what == JUDGE:
                self._judge_all(self.program.rules[whose])
            elif what == UNTIL:
                facts.run_out(instant, UNTIL, whose, key)
        self._steps(instant, events, beginning)
        self.judge.happened(instant, events)
        facts.moves = None
        self._run_out(instant)

    def _steps(self, instant: datetime, events: list[Event], beginning: dict[int, list[Any]]) -> None:
        together = [event for event in events if event.sequence is ABSENT]
        if together or beginning:
            self.facts.step(instant, together, True, beginning)
        if len(together) < len(events):
            for event in events:
                if event.sequence is not ABSENT:
                    self.facts.step(instant, [event], False, {})

    def _run_out(self, instant: datetime) -> None:
        """The second half: fixed lives and deadlines."""
        heap, facts = self.facts.timers.heap, self.facts
        while heap and heap[0][0] == instant:
            while heap and heap[0][0] == instant:
                _, _, _, what, whose, key, _ = facts.timers.pop(self.journal)
                if what != DUE:
                    facts.run_out(instant, what, whose, key)
                elif key in self.judge.standing[whose].rows:
                    facts.touch(whose, key, None)
            self.judge.ran_out(instant)

    def _judge_all(self, rule: CompiledRule) -> None:
        assert rule.table is not None
        for key in rule.table.rows:
            self.facts.touch(rule.number, key, None)

    def rewind(self, instant: datetime) -> None:
        """Take back everything from *instant* on; its events wait again."""
        for event in self.journal.rewind(instant):
            self.take(event)
        if self.closed is not None and self.closed >= instant:
            self.closed = self.journal.instants[-1] if self.journal.instants else None
        self.facts.begin_instant(instant)
