"""
The engine's state: tables written through an undo journal, with indexes and the list of who read what.

Every write is recorded as ``(target, key, what stood there)``, so that any stretch of time can be taken back by
giving each target its old value, newest first. Nothing else in the engine holds state that time changes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Hashable, Iterable
from datetime import datetime
from typing import Any

from oversight.model.forms import Compact, Event

Read = tuple[int, int, Any]
"""What a judgement asked for: a table, one of its indexes (``BY_KEY``, ``ALL``, or a number) and the value."""
BY_KEY, ALL = -1, -2
Instance = tuple[int, Any]
"""A rule, by number, and the key of the fact it is about."""


class Held(Compact):
    """
    A fact that holds.

    Args:
        key: its key.
        since: when its episode began.
        event: the event it has its attributes from; ``None`` for an alert.
        values: attributes beside those of the event.
        until, lasts: when its present spell runs out.
        events: ids of the events that made it what it is, where there are more than one.
    """

    key: Any
    since: datetime
    event: Event
    values: dict[str, Any] | None = None
    until: datetime | None = None
    lasts: datetime | None = None
    events: tuple[Event, ...] = ()


class Plain:
    """A table without indexes."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: dict[Any, Any] = {}

    def restore(self, key: Any, old: Any) -> None:
        """Put *old* under *key*; ``None`` takes it out."""
        if old is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = old


class Index:
    """
    Facts by the values of some of their attributes; a lone fact stands without a dict around it.

    ``values`` gives the values under which a fact is found: one where the attributes are compared, one for each
    element where a list is looked into, none where an attribute is missing (such a fact meets no test).
    """

    __slots__ = ("buckets", "values")

    def __init__(self, values: Callable[[Held], tuple[Hashable, ...]]) -> None:
        self.values = values
        self.buckets: dict[Any, Held | dict[Any, Held]] = {}

    def found(self, value: Any) -> Collection[Held]:
        """The facts that stand under *value*."""
        bucket = self.buckets.get(value)
        if bucket is None:
            return ()
        return bucket.values() if bucket.__class__ is dict else (bucket,)  # type: ignore[return-value]

    def move(self, key: Any, old: Held | None, new: Held | None) -> tuple[Any, ...]:
        """Take *old* out and put *new* in; the values under which either stands."""
        before = () if old is None else self.values(old)
        after = () if new is None else self.values(new)
        for value in before:
            if value not in after:
                self._remove(value, key)
        if new is not None:
            for value in after:
                bucket = self.buckets.get(value)
                if bucket is None:
                    self.buckets[value] = new
                elif isinstance(bucket, dict):
                    bucket[key] = new
                else:
                    self.buckets[value] = new if bucket.key == key else {bucket.key: bucket, key: new}
        if not before or before == after:
            return after
        return (*before, *[value for value in after if value not in before])

    def _remove(self, value: Any, key: Any) -> None:
        bucket = self.buckets[value]
        if not isinstance(bucket, dict):
            del self.buckets[value]
            return
        del bucket[key]
        if not bucket:
            del self.buckets[value]


class Table(Plain):
    """
    The facts of one name that hold, by key, with indexes.

    Args:
        number: of the table.
        name: of the fact.
    """

    __slots__ = ("indexes", "inverse", "name", "number", "remember", "stood", "watched")

    def __init__(self, number: int, name: str) -> None:
        super().__init__()
        self.number = number
        self.name = name
        self.indexes: list[Index] = []
        self.watched = False
        self.inverse: list[tuple[int, int, dict[Any, Held]]] = []
        """Indexes whose values are keys of what a rule watches: its number and those facts by key."""
        self.remember = False
        self.stood: dict[Any, Held | None] = {}

    def restore(self, key: Any, old: Held | None) -> None:
        """Put *old* under *key* here and in every index."""
        rows = self.rows
        if self.indexes:
            current = rows.get(key)
            for index in self.indexes:
                index.move(key, current, old)
        if old is None:
            rows.pop(key, None)
        else:
            rows[key] = old

    def place(self, key: Any, new: Held | None) -> None:
        """Put *new* under *key*, where nobody asks what is now to be read anew."""
        if self.remember and key not in self.stood:
            self.stood[key] = self.rows.get(key)
        self.restore(key, new)

    def replace(self, key: Any, new: Held | None) -> list[Read]:
        """Put *new* under *key*; what is now to be read anew."""
        old = self.rows.get(key)
        touched: list[Read] = [(self.number, BY_KEY, key), (self.number, ALL, None)]
        for number, index in enumerate(self.indexes):
            for value in index.move(key, old, new):
                touched.append((self.number, number, value))
        if self.remember and key not in self.stood:
            self.stood[key] = old
        super().restore(key, new)
        return touched

    def before(self) -> Iterable[Held]:
        """The facts as they stood before the instant."""
        for key, held in self.rows.items():
            if key not in self.stood:
                yield held
        yield from (held for held in self.stood.values() if held is not None)


class Readers:
    """Which instances of rules asked for what, both ways round; a lone reader stands without a set around it."""

    def __init__(self) -> None:
        self.of: dict[Read, Instance | set[Instance]] = {}
        self.rows: dict[Instance, tuple[Read, ...]] = {}

    def readers(self, read: Read) -> Iterable[Instance]:
        """The instances that asked for *read*."""
        found = self.of.get(read)
        if found is None:
            return ()
        return (found,) if isinstance(found, tuple) else tuple(found)

    def restore(self, key: Instance, old: tuple[Read, ...] | None) -> None:
        """Make *old* what the instance *key* reads."""
        current = self.rows.get(key, ())
        wanted = old or ()
        if not current:
            for read in wanted:
                self._add(read, key)
        else:
            before, after = set(current), set(wanted)
            for read in before - after:
                self._remove(read, key)
            for read in after - before:
                self._add(read, key)
        if wanted:
            self.rows[key] = wanted
        else:
            self.rows.pop(key, None)

    def _add(self, read: Read, key: Instance) -> None:
        known = self.of.get(read)
        if known is None:
            self.of[read] = key
        elif isinstance(known, set):
            known.add(key)
        elif known != key:
            self.of[read] = {known, key}

    def _remove(self, read: Read, key: Instance) -> None:
        known = self.of.get(read)
        if isinstance(known, set):
            known.discard(key)
            if not known:
                del self.of[read]
        elif known == key:
            del self.of[read]


class Journal:
    """
    What was done at each instant, and how to take it back.

    The undo log is three lists side by side (target, key, what stood there) rather than one of triples: a journal of
    millions of writes then holds nothing that the garbage collector must go through.
    """

    slice = 1000
    """The least number of instants worth letting go of at once."""

    def __init__(self) -> None:
        self.instants: list[datetime] = []
        self.events: list[tuple[Event, ...]] = []
        self.positions: list[int] = []
        self.targets: list[Any] = []
        self.keys: list[Any] = []
        self.olds: list[Any] = []
        self.dropped = 0

    def begin(self, instant: datetime, events: list[Event]) -> None:
        """Note that what follows happens at *instant*, where *events* came."""
        self.instants.append(instant)
        self.events.append(tuple(events))
        self.positions.append(self.dropped + len(self.targets))

    def note(self, target: Any, key: Any, old: Any) -> None:
        """Remember that *old* stood under *key* of *target*."""
        self.targets.append(target)
        self.keys.append(key)
        self.olds.append(old)

    def write(self, target: Any, key: Any, new: Any) -> None:
        """Put *new* under *key* of *target*, ``None`` taking it out, and remember what stood there."""
        self.note(target, key, target.rows.get(key))
        target.restore(key, new)

    def rewind(self, instant: datetime) -> list[Event]:
        """Take back everything from *instant* on; the events that came then, in order of time."""
        first = bisect_left(self.instants, instant)
        if first == len(self.instants):
            return []
        taken = [event for events in self.events[first:] for event in events]
        targets, keys, olds = self.targets, self.keys, self.olds
        for _ in range(len(targets) - (self.positions[first] - self.dropped)):
            targets.pop().restore(keys.pop(), olds.pop())
        del self.instants[first:], self.events[first:], self.positions[first:]
        return taken

    def forget(self, before: datetime) -> list[Event]:
        """Make all that happened before an instant final, in large slices; the events that are let go."""
        count = bisect_left(self.instants, before)
        if count < max(self.slice, len(self.instants) // 4):
            return []
        taken = [event for events in self.events[:count] for event in events]
        position = self.positions[count] if count < len(self.positions) else self.dropped + len(self.targets)
        done = position - self.dropped
        del self.targets[:done], self.keys[:done], self.olds[:done]
        del self.instants[:count], self.events[:count], self.positions[:count]
        self.dropped = position
        return taken
