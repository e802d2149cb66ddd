"""
A run: files of events in, changes out as they come, one engine for each pack.

An instant is judged when a later event or the end comes, so that records of one day may stand in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from oversight.engine.core import Engine
from oversight.ground.errors import EventError, EventRefused
from oversight.model.alerts import Change
from oversight.model.forms import Event, Stranger
from oversight.model.known import recorded_at
from oversight.model.pack import Pack
from oversight.runner.intake import Read, Refusal, Stretch, blocks, named
from oversight.runner.pseudonyms import Keys, Pseudonymiser
from oversight.runner.summary import Summary
from oversight.runner.unknown import UnknownAttributes

STRETCH = 250
Tell = Callable[[Iterable[Change]], object]
LeftOut = Callable[[Event, bytes, str, int], bool]
"""Whether an event stays outside; it is given with its line, the line's source and its number."""


class Run:
    """
    One run of events through packs.

    Args:
        packs: an engine each.
        tell: is given the changes as they come, for example ``Outlet.tell``.
        refuse: is given each line that is not taken in.
        until: the instant to which time is advanced at the end; later events wait outside. ``None`` stops at
            the last event.
        revise: how late an event may be, an ISO 8601 duration; ``None`` takes any.
        known_at: count only what was recorded by then, and let time pass no further; ``None`` counts everything.
        keys: by which the ids of persons are replaced as events are taken in; ``None`` leaves them.

    Attributes:
        engines: in the order of the packs.
        summary: what was met so far.
        left_out: says of each event whether it stays outside; ``None`` where none does.
        veils: what puts pseudonyms for ids of persons, one for each engine, or none.
        unknown: looks for attributes that no pack knows; ``None`` where another process does.

    Raises:
        ValueError: *revise* is no duration, or *until* is later than *known_at*.

    >>> from oversight.runner.packs import load
    >>> Run([load("camera-programme")], print, print).finish().status
    0
    """

    def __init__(
        self,
        packs: Sequence[Pack],
        tell: Tell,
        refuse: Callable[[Refusal], object],
        *,
        until: datetime | None = None,
        revise: str | None = None,
        known_at: datetime | None = None,
        keys: Keys | None = None,
    ) -> None:
        if known_at is not None and until is not None and until > known_at:
            raise ValueError("what happens after an instant cannot be known at it: until is later than known_at")
        self.engines = [Engine(pack, revise=revise) for pack in packs]
        self.summary = Summary()
        self.veils = [] if keys is None else [Pseudonymiser(engine.pack.kinds, keys) for engine in self.engines]
        self._decoders = [_decoder(engine, self.veils[n : n + 1]) for n, engine in enumerate(self.engines)]
        self._decode, self._take = self._decoders[0], self.engines[0].accept
        self.unknown: UnknownAttributes | None = UnknownAttributes([engine.vocabulary for engine in self.engines])
        self._tell = tell
        self._refuse = refuse
        self._until = known_at if until is None else until
        self._known_at = known_at
        self.left_out: LeftOut | None = None if self._until is None else self._beyond
        if until is None and known_at is not None:
            self.summary.limit = "--as-known-at"

    def take(self, source: str, progress: Callable[[int], None] | None = None, read: Read = blocks) -> None:
        """
        Take in every line of *source*, telling changes as they come.

        Args:
            source: a path, or ``-`` for standard input.
            progress: told how many bytes were read each time.
            read: how it is read.

        Raises:
            SourceError: it cannot be opened.
            Exception: what ``tell`` raises.
        """
        for block in read(source, progress):
            self.block(source, block)

    def block(self, source: str, block: Stretch) -> None:
        """Take in a block of lines of *source*, and tell what that changes before its last instant."""
        self.lines(source, block.numbered(source, self.refused))

    def lines(self, source: str, lines: Iterable[tuple[int, bytes]]) -> None:
        """
        Take in numbered *lines* of *source*, likewise.

        A few are judged at a time, while what was read of them is still at hand for the processor; what is late waits
        for the last, so that time is taken back for all of it at once.
        """
        for veil in self.veils:
            veil.turn_to(source)
        coming = iter(lines)
        while some := list(islice(coming, STRETCH)):
            self._accept_lines(source, some)
            for engine in self.engines:
                if not engine.behind:
                    self._told(engine.close())
        for engine in self.engines:
            if engine.behind:
                self._told(engine.close())

    def _accept_lines(self, source: str, lines: Sequence[tuple[int, bytes]]) -> None:
        accept = self._accept if len(self.engines) == 1 else self._accept_by_all
        taken, numbers, unknown = list[Event](), list[int](), self.unknown
        for number, line in lines:
            try:
                event = accept(line, source, number)
            except (EventError, EventRefused) as error:
                self.refused(Refusal.of(source, number, error))
            else:
                if event is not None:
                    taken.append(event)
                    numbers.append(number)
                    if unknown is not None:
                        unknown.look(event.kind, line, source, number)
        self.summary.saw(source, taken, numbers)

    def _accept(self, line: bytes, source: str, number: int) -> Event | None:
        """Take in a line by the one engine there is; ``None`` where it waits or its kind is unknown."""
        event = self._decode(line)
        if type(event) is Stranger:
            self.summary.strangers[event.kind] += 1
            self._take(event)
            return None
        if self.left_out is not None and self.left_out(event, line, source, number):
            return None
        self._take(event)
        return event

    def _accept_by_all(self, line: bytes, source: str, number: int) -> Event | None:
        """Take in a line by every engine, or by none where one of them cannot read it."""
        decoded = [decode(line) for decode in self._decoders]
        known = next((event for event in decoded if isinstance(event, Event)), None)
        if known is None:
            self.summary.strangers[decoded[0].kind] += 1
        elif self.left_out is not None and self.left_out(known, line, source, number):
            return None
        for engine, event in zip(self.engines, decoded, strict=True):
            engine.accept(event)
        return known

    def _beyond(self, event: Event, _line: bytes, source: str, number: int) -> bool:
        """Whether *event* was recorded, or else happened, later than what counts in this run."""
        assert self._until is not None
        if self._known_at is not None and recorded_at(event) > self._known_at:
            self.summary.unrecorded += 1
            self.summary.first_unrecorded = self.summary.first_unrecorded or f"{named(source)}:{number}"
            return True
        if event.time <= self._until:
            return False
        self.summary.waits(f"{named(source)}:{number}")
        return True

    def refused(self, refusal: Refusal) -> None:
        """A line was not taken in."""
        self.summary.refused += 1
        self._refuse(refusal)

    def _told(self, changes: Sequence[Change]) -> None:
        if changes:
            self.summary.told(changes)
            self._tell(changes)

    def advance(self, to: datetime) -> None:
        """Let time pass until *to*, where that is later than the instant reached, and tell what that changes."""
        for engine in self.engines:
            if engine.now is None or engine.now < to:
                self._told(engine.advance(to))

    def finish(self) -> Summary:
        """
        Judge the last instant, let time pass until ``until``, tell what that changes, and sum up.
        """
        for engine in self.engines:
            self._told(engine.settle())
            if self._until is not None:
                self._told(engine.advance(self._until))
        return self._summed_up()

    def stop(self) -> Summary:
        """End it before the events do: nobody goes on where it was, so it is finished."""
        return self.finish()

    def _summed_up(self) -> Summary:
        for engine in self.engines:
            self.summary.undecided.update(engine.undecided)
            self.summary.unmatched.update(engine.unmatched)
        return self.summary

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the first pack."""
        return self.engines[0].pack.zone

    @property
    def now(self) -> datetime | None:
        """The instant reached."""
        return max((engine.now for engine in self.engines if engine.now is not None), default=None)

    def told(self) -> Iterator[str]:
        """The summary for people, line by line, safe for a terminal."""
        yield from self.summary.lines(self._kinds, self.now)
        yield from self._seen()

    def notes(self) -> Iterator[str]:
        """As :meth:`told`, without what was counted and refused: what a person should look at."""
        yield from self.summary.notes(self._kinds, self.now)
        yield from self._seen()

    @property
    def _kinds(self) -> set[str]:
        return {kind for engine in self.engines for kind in engine.pack.kinds}

    def _seen(self) -> Iterator[str]:
        if self.unknown is not None:
            yield from self.unknown.told()
        for veil in self.veils[:1]:
            yield from veil.told()


def _decoder(engine: Engine, veils: Sequence[Pseudonymiser]) -> Callable[[bytes], Event | Stranger]:
    """How a line is read: with pseudonyms, where they are asked for."""
    if not veils:
        return engine.vocabulary.decode
    [veil] = veils
    return lambda line: veil(engine.decode(line))
