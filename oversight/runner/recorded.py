"""A run whose events go into a record: what was taken in before is known again, and only what is new is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from oversight.ground.errors import EventError, EventRefused, RecordDamaged
from oversight.model.alerts import Change
from oversight.model.forms import Event, Stranger
from oversight.record.store import open_store
from oversight.runner.arrivals import Outcome, Repeat, Taken
from oversight.runner.intake import Read, Refusal, Stretch, blocks, named
from oversight.runner.keeper import Settings
from oversight.runner.keynotes import KeyNotes
from oversight.runner.record import Record
from oversight.runner.run import LeftOut
from oversight.runner.summary import Summary
from oversight.runner.telling import Tells
from oversight.runner.unknown import UnknownAttributes


class Counted:
    """
    An outlet whose changes are counted.

    Args:
        outlet: that tells them.
        summary: that counts them.
    """

    def __init__(self, outlet: Tells, summary: Summary) -> None:
        self._outlet = outlet
        self._summary = summary

    def tell(self, changes: Iterable[Change]) -> None:
        """Tell *changes*, and count them."""
        told = list(changes)
        self._outlet.tell(told)
        self._summary.told(told)


class RecordedRun:
    """
    One run of events into a record.

    Args:
        record: open.
        summary: of what is met, and told.
        refuse: is given each line that is not taken in.
        until: the instant to which time is advanced at the end; later events are left out.
        notes: of the keys by which persons get pseudonyms before anything is recorded, with which *record* was opened;
            ``None`` for none.

    Attributes:
        repeats: how many events were on record already.
        left_out: says of each event whether it stays outside; ``None`` where none does.
    """

    def __init__(
        self,
        record: Record,
        summary: Summary,
        refuse: Callable[[Refusal], object],
        *,
        until: datetime | None = None,
        notes: KeyNotes | None = None,
    ) -> None:
        self.record = record
        self.summary = summary
        self.repeats = 0
        self._refuse = refuse
        self._until = until
        self.left_out: LeftOut | None = None if until is None else self._beyond
        self._unknown = UnknownAttributes([record.engine.vocabulary])
        self._notes = notes
        self._veil = None if notes is None else notes.veil
        if self._veil is not None and (first := record.first_event()) is not None:
            self._veil.before(first.time)

    def take(self, source: str, progress: Callable[[int], None] | None = None, read: Read = blocks) -> None:
        """
        Take in every line of *source*, a block of about a megabyte in a commit.

        Args:
            source: a path, ``-``, or the URL of another record.
            progress: told how many bytes were read each time.
            read: how it is read.

        Raises:
            SourceError: it cannot be opened.
            RecordError: it cannot be recorded.
            Exception: what an outlet raises.
        """
        for block in read(source, progress):
            self.block(source, block)

    def block(self, source: str, block: Stretch) -> None:
        """Take in a block of lines of *source* in one commit, and tell what that changes before its last instant."""
        self.lines(source, block.numbered(source, self.refused))

    def lines(self, source: str, lines: Iterable[tuple[int, bytes]]) -> None:
        """Take in numbered *lines* of *source*, likewise."""
        if self._veil is not None:
            self._veil.turn_to(source)
        some = list(lines)
        outcomes = self._sifted([line for _, line in some])
        taken, events, numbers = list[Outcome](), list[Event](), list[int]()
        for (number, line), outcome in zip(some, outcomes, strict=True):
            if isinstance(outcome, Exception):
                self.refused(Refusal.of(source, number, outcome))
            elif isinstance(outcome.event, Stranger):
                self.summary.strangers[outcome.event.kind] += 1
                taken.append(outcome)
            elif self.left_out is None or not self.left_out(outcome.event, line, source, number):
                taken.append(outcome)
                self.repeats += not isinstance(outcome, Taken)
                events.append(outcome.event)
                numbers.append(number)
                self._unknown.look(outcome.event.kind, line, source, number)
        self.record.take(taken, settle=False)
        self.summary.saw(source, events, numbers)

    def _sifted(self, lines: list[bytes]) -> list[Outcome]:
        """What each line is to the record, with pseudonyms where they are asked for."""
        if self._veil is None:
            return self.record.sift(lines)
        decode, veil = self.record.engine.decode, self._veil
        read: list[Event | Stranger | EventError | EventRefused] = []
        for line in lines:
            try:
                read.append(veil(decode(line)))
            except (EventError, EventRefused) as error:
                read.append(error)
        outcomes = iter(self.record.sift([one for one in read if isinstance(one, Event)]))
        # Nothing says where a person stands in an event of an unknown kind, so that it is left out.
        unknown = [Repeat(one) if isinstance(one, Stranger) else one for one in read]
        return [next(outcomes) if isinstance(one, Event) else one for one in unknown]

    def _beyond(self, event: Event, _line: bytes, source: str, number: int) -> bool:
        """Whether *event* happened later than what counts in this run."""
        assert self._until is not None
        if event.time <= self._until:
            return False
        self.summary.waits(f"{named(source)}:{number}")
        return True

    def refused(self, refusal: Refusal) -> None:
        """A line was not taken in."""
        self.summary.refused += 1
        self._refuse(refusal)

    def advance(self, to: datetime) -> None:
        """
        Let time pass until *to*, where that is later than the instant reached, and have it on record what was told.

        Raises:
            RecordError: it cannot be recorded.
            Exception: what an outlet raises.
        """
        reached = self.record.now
        if reached is None or reached < to:
            self.record.advance(to)
        self.record.note()

    def finish(self) -> Summary:
        """
        Judge the last instant, let time pass until ``until``, and sum up.

        Raises:
            TimeWentBackwards: the record has reached a later instant than ``until``.
            RecordError: it cannot be recorded.
            Exception: what an outlet raises.
        """
        self.record.take((), settle=True)
        if self._until is not None:
            self.record.advance(self._until)
        return self.stop()

    def stop(self) -> Summary:
        """Sum up; the last instant stays open, since whoever goes on with the record may have more that is of it."""
        self.summary.undecided.update(self.record.engine.undecided)
        self.summary.unmatched.update(self.record.engine.unmatched)
        return self.summary

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the pack."""
        return self.record.pack.zone

    def told(self) -> Iterator[str]:
        """The summary for people, line by line, safe for a terminal."""
        yield from self.summary.lines(self.record.pack.kinds, self.record.now)
        yield from self._unknown.told()
        if self._notes is not None:
            yield from self._notes.told()
        if self.repeats:
            yield f"{self.repeats:,} of these events {'was' if self.repeats == 1 else 'were'} on record already"


def begun(url: str) -> Settings | None:
    """
    How the record at *url* was begun; ``None`` where there is none yet.

    Raises:
        RecordError: it cannot be reached or read.
    """
    try:
        store = open_store(url, read_only=True)
    except RecordDamaged:  # whoever opens it to write says what is there instead
        return None
    try:
        return Settings.of(store) if store.size else None
    finally:
        store.close()
