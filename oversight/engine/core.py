"""The engine as others use it: events in, changes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import evolve

from oversight.engine.matchers import INDEX
from oversight.engine.preview import preview
from oversight.engine.revision import Late, Revision, Stretch
from oversight.engine.snapshots import VERSION, Reached, Reader, Writer, opened, read_state, write_state
from oversight.engine.store import Held
from oversight.engine.timeline import Timeline
from oversight.engine.verdicts import Telling, Verdict
from oversight.engine.workshop import program_for
from oversight.ground.errors import EventRefused, SnapshotRefused, TimeWentBackwards, UnknownAlert
from oversight.ground.instants import fixed, in_zone, refuse_unaware
from oversight.ground.text import printable
from oversight.ground.time import Period, format_instant, moved, shift_alike
from oversight.model.alerts import RAISED, Change
from oversight.model.events import vocabulary_of
from oversight.model.forms import ABSENT, Event, Stranger
from oversight.model.pack import Pack
from oversight.model.wire import to_bytes


class Engine:
    """
    Watches a stream of events by the rules of a pack.

    Args:
        pack: checked, as :func:`oversight.load` gives it.
        revise: how late an event may be, an ISO 8601 duration; what is later is refused. ``None`` remembers
            everything, and memory grows with the number of events.
        clock: ``"events"`` lets the latest event move time; with ``"caller"`` only :meth:`advance` does, and
            later events wait.
        matcher: what finds facts by their values: ``"index"``, or ``"rete"`` for durable-rules (the extra ``rete``),
            which tells the same and takes longer.

    Attributes:
        strangers: how many events of each unknown kind were kept apart.
        vocabulary: the kinds of the pack as event classes.

    Raises:
        ValueError: *revise* is no duration, or *clock* or *matcher* is neither word.
        MatcherMissing: the matcher is not installed.
    """

    def __init__(self, pack: Pack, *, revise: str | None = None, clock: str = "events", matcher: str = INDEX) -> None:
        if clock not in ("events", "caller"):
            raise ValueError(f'clock is "events" or "caller", not {clock!r}')
        self.pack = pack
        self.vocabulary = vocabulary_of(pack)
        self.strangers: Counter[str] = Counter()
        self._revise = None if revise is None else Period.parse(revise)
        self._caller = clock == "caller"
        self._matcher = matcher
        self._program = program_for(self, pack, matcher)
        self._timeline = Timeline(self._program)
        self._telling = Telling(self._program)
        self._known: dict[tuple[str, str], Event] = {}
        self._gone: set[tuple[str, str]] = set()
        self._final: set[tuple[str, str]] = set()  # what corrections name that was final when they came
        self._advanced: datetime | None = None
        self._latest: datetime | None = None
        self._revision = Revision(self._timeline)
        self._retracted = False
        self._front: datetime | None = None  # nothing that was taken in is later, and nothing later was judged
        self._floor: datetime | None = None
        self._passed: datetime | None = None

    @property
    def now(self) -> datetime | None:
        """
        The instant reached: the later of the last ``advance`` and the latest event that counts.

        A correction may take it back, but never to before what is final under ``revise``.
        """
        reached = [self._advanced, self._floor, None if self._caller else self._latest]
        return max([instant for instant in reached if instant is not None], default=None)

    @property
    def closed(self) -> datetime | None:
        """The last instant that was judged; ``None`` before the first."""
        return self._timeline.closed

    def decode(self, source: Any) -> Event | Stranger:
        """
        Read one event without taking it in.

        Args:
            source: bytes, str, a mapping, or an object of a public event class.

        Raises:
            EventError: it is no event the kinds allow; names the path of the attribute.
        """
        return self.vocabulary.decode(source)

    def feed(self, event: Any, *, settle: bool = True) -> tuple[Change, ...]:
        """
        Take in one event, or a list of them, and return what that changes.

        Args:
            event: bytes, str, a mapping or an event object, or a list of such. A list is taken whole or not at all.
            settle: whether the instant it ends with is judged now; ``False`` leaves it open for more events of the
                same instant, until a later event or :meth:`advance`.

        Raises:
            EventError: an event is not what the kinds allow.
            EventRefused: other content under a known identity, or later than ``revise`` allows.
        """
        sources = event if isinstance(event, list | tuple) else [event]
        decoded = [self.vocabulary.decode(source) for source in sources]
        batch: dict[tuple[str, str], Event] = {}
        for one in decoded:
            if isinstance(one, Event):
                self._check(one, self._known.get(one.identity) or batch.get(one.identity))
                batch[one.identity] = one
        for one in decoded:
            self.accept(one)
        return self.settle() if settle else self.close()

    def accept(self, event: Event | Stranger) -> None:
        """
        Take in one decoded event without judging anything yet; :meth:`close` or :meth:`settle` does.

        Raises:
            EventRefused: as :meth:`feed`.
        """
        if type(event) is Stranger:
            self.strangers[event.kind] += 1
            return
        identity, time, known, front = (event.source, event.id), event.time, self._known, self._front
        if (
            front is not None and time > front and event.data.corrects is ABSENT
            and not (self._gone and identity in self._gone) and known.setdefault(identity, event) is event
        ):  # fmt: skip
            # It is later than everything before it, so it can be neither late nor the same object once more.
            self._front = self._latest = time
            self._timeline.queue.append(event)
            return
        if self._floor is not None and time < self._floor:
            self._check(event, None)
        count = len(known)
        first = known.setdefault(identity, event)
        if len(known) == count:
            self._check(event, first)
            return
        if front is None or time > front:
            self._front = time
        named = event.data.corrects
        if named is not ABSENT and named != event.id:
            self._retract((event.source, named), event)
        if self._gone and identity in self._gone:
            return
        if self._latest is None or time > self._latest:
            self._latest = time
        self._timeline.take(event)
        if self._was_judged(time):
            self._revision.late.append(Late(event, time))

    def _check(self, event: Event, known: Event | None) -> None:
        """Refuse what is too late, or says something else than *known*, which came before under its identity."""
        if self._floor is not None and event.time < self._floor:
            floor = format_instant(in_zone(self._floor, event.time.tzinfo or self.pack.zone))
            said = f"event {printable(event.id, 80)!r} of {format_instant(event.time)} is later than the period"
            raise EventRefused("too-late", f"{said} for revision allows (before {floor}); allow more with revise")
        if known is not None and not known.says(event):
            where = f"{printable(event.id, 80)!r} of source {printable(event.source, 80)!r}"
            raise EventRefused("other-content", f"event {where} came before with other content; the first stands")

    def _retract(self, identity: tuple[str, str], cause: Event) -> None:
        if identity in self._gone:
            return
        known = self._known.get(identity)
        if known is not None and self._floor is not None and known.time < self._floor:
            self._final.add(identity)
            return
        self._gone.add(identity)
        if known is None:
            return
        self._retracted = True
        late, queued = self._revision.late, cause.identity not in self._gone
        if self._was_judged(known.time):
            late.append(Late(cause, known.time, known, queued))
        if self._latest is not None and known.time >= self._latest:
            self._latest = max((e.time for i, e in self._known.items() if i not in self._gone), default=None)
            now = self.now
            if now is not None and self._was_judged(now):
                late.append(Late(cause, now, known, queued))

    @property
    def _told(self) -> Stretch | None:
        """What was judged last: all before an instant, and that too where it was not left open."""
        return None if self._passed is None else (self._passed, self._timeline.closed == self._passed)

    def _was_judged(self, instant: datetime) -> bool:
        """Whether what comes for *instant* is late. It hangs on what came before alone, not on what falls due."""
        told = self._told
        return told is not None and (instant, True) <= told

    @property
    def behind(self) -> bool:
        """Whether closing takes time back, for what came late or corrects: who has more to come may wait with it."""
        return bool(self._revision.late)

    def close(self) -> tuple[Change, ...]:
        """Judge every instant before the one reached, and return what changed."""
        return self._judged(inclusive=False)

    def settle(self) -> tuple[Change, ...]:
        """Judge every instant up to and including the one reached, and return what changed."""
        return self._judged(inclusive=True)

    def advance(self, to: datetime) -> tuple[Change, ...]:
        """
        Let time pass until *to*, an aware datetime, and return what that alone changes.

        Deadlines fire as events and this move time, and nowhere else, so a replay at any speed gives the same changes.

        Raises:
            TimeWentBackwards: *to* is earlier than the instant reached.
            TypeError, ValueError: *to* is no datetime, or has no offset.
        """
        refuse_unaware(to, "advance")
        to, now = fixed(to), self.now
        if now is not None and to < now:
            raise TimeWentBackwards(f"{format_instant(to)} is before {format_instant(now)}, which has been reached")
        self._advanced = to
        return self._judged(inclusive=True)

    def _judged(self, inclusive: bool) -> tuple[Change, ...]:
        timeline, now, told, back = self._timeline, self.now, self._told, self._revision.back_to
        if now is not None and told is not None and told >= (now, True):
            inclusive = True  # it has been judged, or time was taken back to it from later, so it is not left open
        self._passed, told_upto = now, timeline.closed
        if back is not None:
            timeline.rewind(back)
        if self._retracted:
            timeline.drop(self._gone)
            self._retracted = False
        if now is not None:
            timeline.close(now, inclusive)
        closed = timeline.closed
        if closed is not None and (self._front is None or closed > self._front):
            self._front = closed
        changes = self._telling.differences(timeline.judge.verdicts, told_upto, timeline.closed)
        if back is not None and told is not None:
            changes = self._revised(changes, told, None if now is None else (now, inclusive))
        self._prune()
        return tuple(changes)

    def _revised(self, changes: list[Change], told: Stretch, reached: Stretch | None) -> list[Change]:
        """The changes, those of what had been told with the late or correcting event that made them."""
        revision, self._revision = self._revision, Revision(self._timeline)
        altered = {change.alert for change in changes if (change.at, True) <= told}
        sole, causes = revision.sole(), dict[str, Late]()
        if altered and sole is None and reached is not None:
            causes = revision.causes(altered, min(told, reached), self._gone)
            self._timeline.close(*reached)
            self._timeline.judge.verdicts.touched.clear()
        made = []
        for change in changes:
            if (change.at, True) <= told:
                late = sole or causes.get(change.alert, revision.late[-1])
                reason = late.reason(change.change, self.pack.zone)
                change = evolve(change, cause=late.event.id, reason=reason)
            made.append(change)
        return made

    def let_go(self) -> None:
        """Let go at once of what is final, which is else done in large slices; the answers stay the same."""
        self._prune(whole=True)

    def _prune(self, *, whole: bool = False) -> None:
        """Let go of what no late event may reach any more: for good, even where time is taken back."""
        floor, passed = self._floor, self._passed
        if self._revise is not None and passed is not None:
            final = moved(passed, self._revise, self.pack.zone, -1, shift_alike)
            floor = self._floor = final if floor is None else max(final, floor)
        if floor is None:
            return
        forgotten = self._timeline.journal.forget(floor, whole=whole)
        known = self._known
        for event in forgotten:
            known.pop((event.source, event.id), None)
        if forgotten:
            for identity in [i for i in self._gone if i in self._known and self._known[i].time < floor]:
                self._gone.remove(identity)
                del self._known[identity]
            self._timeline.judge.verdicts.forget(floor, self._telling.waivers.awaits)

    def open_alerts(self) -> tuple[Change, ...]:
        """
        The alerts of ``while`` rules that are in breach, as they would be told now, oldest first.

        Those that an exception of a site waives are among them, with what waives them now in ``waived``.
        """
        rules, verdicts = self._program.rules, self._timeline.judge.verdicts.rows.values()
        found = [self._as_raised(v) for v in verdicts if v.is_open and rules[v.rule].table is not None]
        return tuple(sorted(found, key=lambda change: (change.at, change.rule, change.part, change.alert)))

    def _as_raised(self, verdict: Verdict) -> Change:
        subjects = tuple([subject for subject, (end, _) in verdict.ends().items() if end is None])
        return self._at_present(verdict, subjects, len(subjects))

    def _at_present(self, verdict: Verdict, subjects: tuple[str, ...], left: int) -> Change:
        """An alert as it was raised, but for what is waived now."""
        change = self._telling.change(RAISED, verdict, subjects, verdict.at, left, verdict.cause)
        return evolve(change, waived=self._telling.waivers.at_present(verdict, self.closed))

    def explain(self, alert: str | Change) -> Change:
        """
        An alert, given as it was told or by its whole identity, as it was raised: its evidence and what was missing.

        Raises:
            UnknownAlert: there is none.
        """
        name = alert.alert if isinstance(alert, Change) else alert
        verdict: Verdict | None = self._timeline.judge.verdicts.rows.get(name)
        if verdict is None:
            raise UnknownAlert(f"no alert has the identity {printable(name, 80)!r}")
        return self._at_present(verdict, tuple(verdict.ends()), 0)

    def preview(self, events: Any, *, until: datetime | None = None) -> tuple[Change, ...]:
        """
        What planned events would change if they happened now, without recording anything: this engine stays as it is.

        What ``missing`` and ``remedy`` of an alert that would be raised say is what would prevent it. Where planned
        events or *until* let time pass, what that alone would bring is left out. It takes as long as restoring a
        snapshot does.

        Args:
            events: as :meth:`feed` takes them. One without ``time`` happens at the instant reached; one without ``id``
                is called ``plan-1`` and so on, by its place.
            until: an instant until which time is then let pass, for the deadlines that they would begin.

        Raises:
            EventError: as :meth:`feed`, and where a kind is unknown.
            EventRefused: as :meth:`feed`.
            TimeWentBackwards: *until* is earlier than the instant then reached.
            SnapshotRefused: a late event or a correction was accepted and waits to be judged.
        """
        return preview(self, events, until)

    def fork(self) -> Engine:
        """
        Another engine in the state of this one; what is fed to it does not reach this one.

        Raises:
            SnapshotRefused: a late event or a correction was accepted and waits to be judged.
        """
        return Engine.restore(self.pack, self.snapshot(), matcher=self._matcher)

    @property
    def unmatched(self) -> tuple[tuple[str, str], ...]:
        """Source and id of what corrections name and no event on record has (yet, or within ``revise``)."""
        return tuple(sorted((self._gone - set(self._known)) | self._final))

    @property
    def undecided(self) -> Mapping[tuple[str, str], tuple[int, str]]:
        """For each rule and ``if:`` that could not be decided: how often, and of what first."""
        return self._timeline.judge.undecided.rows

    def snapshot(self) -> bytes:
        """
        Everything the engine knows, as bytes for :meth:`restore`.

        What can still be revised is kept as events, so a restored engine revises as this one would.

        Raises:
            SnapshotRefused: a late event or a correction was accepted and waits to be judged.
        """
        if self._revision.late or self._retracted:
            raise SnapshotRefused("an accepted event waits to be judged; close or settle before the snapshot")
        writer = Writer(self.vocabulary.write)
        state = write_state(self._timeline, writer)
        known = [writer.event(event) for event in self._known.values()]
        return to_bytes(
            {
                "version": VERSION, "pack": self.pack.digest, "clock": "caller" if self._caller else "events",
                "revise": None if self._revise is None else str(self._revise), "state": state, "known": known,
                "gone": sorted(self._gone), "final": sorted(self._final), "strangers": dict(self.strangers),
                "reached": [writer.plain(at) for at in (self.closed, *self.reached)],
                "events": writer.events,
            }
        )  # fmt: skip

    @property
    def reached(self) -> Reached:
        """The instants by which what is open, late and final is told apart."""
        return Reached(self._advanced, self._latest, self._floor, self._passed)

    def revise(self, period: str | None) -> None:
        """Let events be as late as *period*, an ISO 8601 duration, from now on; what is final stays so."""
        self._revise = None if period is None else Period.parse(period)
        self._prune()

    @classmethod
    def restore(cls, pack: Pack, data: bytes, *, matcher: str = INDEX) -> Engine:
        """
        The engine that :meth:`snapshot` wrote.

        Args:
            pack: the same pack, to the letter.
            data: the bytes.
            matcher: as of an engine; it may be another than that of the one that wrote.

        Raises:
            SnapshotRefused: the bytes are damaged, of another version, or of another pack.
        """
        found = opened(pack, data)
        engine = cls(pack, revise=found["revise"], clock=found["clock"], matcher=matcher)
        engine._read(found)
        return engine

    def _read(self, found: dict[str, Any]) -> None:
        events = [event for event in map(self.vocabulary.decode, found["events"]) if isinstance(event, Event)]
        reader = Reader(events)
        read_state(self._timeline, found["state"], reader)
        self._gone = {(source, name) for source, name in found["gone"]}
        self._final = {(source, name) for source, name in found["final"]}
        self.strangers.update(found["strangers"])
        closed, *rest = [reader.value(at) for at in found["reached"]]
        self._advanced, self._latest, self._floor, self._passed = rest
        for number in found["known"]:
            event = events[number]
            self._known[event.identity] = event
            if event.identity not in self._gone:
                self._timeline.take(event)
        if closed is not None:
            self._timeline.close(closed, inclusive=True)
        times = [event.time for event in self._known.values()]
        self._front = max([at for at in (*times, self.closed, *self.reached) if at is not None], default=None)
        self._timeline.judge.verdicts.touched.clear()

    def facts(self, name: str) -> tuple[Held, ...]:
        """
        The facts called *name* that hold.

        Raises:
            KeyError: the pack has no such fact; names the nearest.
        """
        return tuple(self._program.table(name).rows.values())
