"""
The engine's state: tables written through an undo journal, with indexes and the list of who read what.

Every write is recorded as ``(target, key, what stood there)``, so that any stretch of time can be taken back by
giving each target its old value, newest first. Nothing else in the engine holds state that time changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen

from oversight.model.forms import Compact, Event

if TYPE_CHECKING:
    from oversight.engine.journal import Journal

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


Values = Callable[[Held], tuple[Hashable, ...]]
"""
The values under which a fact is found: one where the attributes are compared, one for each element where a list is
looked into, none where an attribute is missing (such a fact meets no test).
"""


class Buckets(Protocol):
    """What tells which facts stand under a value: one by itself or several by key, ``None`` where there are none."""

    def get(self, value: Any, /) -> Any:
        """The facts under *value*."""


class Matcher(Protocol):
    """
    What finds facts by the values of some of their attributes.

    Facts under one value come in the order in which their keys came to stand there.

    Attributes:
        values: the values under which a fact is found.
    """

    values: Values

    @property
    def buckets(self) -> Buckets:
        """What a function made from rules looks into; it stays the same object."""

    def found(self, value: Any) -> Collection[Held]:
        """The facts that stand under *value*."""

    def move(self, key: Any, old: Held | None, new: Held | None) -> tuple[Any, ...]:
        """Take *old* out and put *new* in; the values under which either stands."""

    def empty(self) -> None:
        """Hold no fact any more."""


class Index:
    """
    The matcher that keeps facts in dicts; a lone fact stands without one around it.

    Args:
        values: the values under which a fact is found.
    """

    __slots__ = ("buckets", "values")

    def __init__(self, values: Values) -> None:
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
        after: tuple[Hashable, ...] = ()
        before: tuple[Hashable, ...] = ()
        if new is not None:
            after, buckets = self.values(new), self.buckets
            for value in after:
                bucket = buckets.get(value)
                if bucket is None:
                    buckets[value] = new
                elif isinstance(bucket, dict):
                    bucket[key] = new
                else:
                    buckets[value] = new if bucket.key == key else {bucket.key: bucket, key: new}
        if old is not None:
            before = self.values(old)
            for value in before:
                if value not in after:
                    self._remove(value, key)
        if not before or before == after:
            return after
        return (*before, *[value for value in after if value not in before]) if after else before

    def empty(self) -> None:
        """Hold no fact any more."""
        self.buckets.clear()

    def _remove(self, value: Any, key: Any) -> None:
        bucket = self.buckets[value]
        if not isinstance(bucket, dict):
            del self.buckets[value]
            return
        del bucket[key]
        if not bucket:
            del self.buckets[value]


Matches = Callable[[Held, Held, datetime, list[Read] | None], bool]
"""
Whether a fact, the second, matches a query of a rule about what it watches, the first, at an instant.

In the last argument it names what it read to tell that it does not.
"""


@frozen(eq=False)
class Relevance:
    """
    Whether a fact of a table matters to a rule.

    Args:
        watched: what the rule watches, by key.
        make: makes the function that tells.
    """

    watched: dict[Any, Held]
    make: Callable[[], Matches]

    @cached_property
    def matches(self) -> Matches:
        """Whether a fact matches a query about one of those that are watched."""
        return self.make()


Alike = Callable[[Held, Held], bool]
"""Whether two facts under one key say the same in all that a rule reads of them."""


@frozen(eq=False)
class Unchanged:
    """
    Whether a fact of a table is all the same to a rule as the one in whose place it is put.

    Args:
        make: makes the function that tells; ``None`` where it never is.
    """

    make: Callable[[], Alike | None]

    @cached_property
    def alike(self) -> Alike | None:
        """What tells whether the one says the same as the other."""
        return self.make()


class Table(Plain):
    """
    The facts of one name that hold, by key, with indexes.

    Args:
        number: of the table.
        name: of the fact.
    """

    __slots__ = (
        "asked", "asking", "earlier", "indexes", "inverse", "name", "number", "relevant", "remember", "stood",
        "unchanged", "unchanging", "watched",
    )  # fmt: skip

    def __init__(self, number: int, name: str) -> None:
        super().__init__()
        self.number = number
        self.name = name
        self.indexes: list[Matcher] = []
        self.watched = False
        self.asking: tuple[int, ...] = ()
        """The numbers of the standing rules that ask for facts here."""
        self.asked: dict[int, dict[Any, Instance | set[Instance]]] = {}
        """Who asked for what: by index (or ``BY_KEY``, ``ALL``) and value."""
        self.inverse: dict[int, list[tuple[int, dict[Any, Held]]]] = {}
        """By index (or ``BY_KEY``) whose values are keys of what rules watch: their numbers, and those facts by key."""
        self.relevant: dict[int, Relevance] = {}
        """By number of a rule: whether a fact here matters to what it watches."""
        self.unchanged: dict[int, Unchanged] = {}
        """By number of a rule: whether another fact under a key here is all the same to it."""
        self.unchanging: tuple[Alike, ...] | None = None
        """
        The same of every rule that asks here, once it was asked for; none where there is a rule to which another is
        never all the same.
        """
        self.remember = False
        self.stood: dict[Any, Held | None] = {}
        """What stood before the instant under each key that the instant touched."""
        self.earlier: list[Index] = []
        """The same by the values of each index: what has been is the engine's own, whatever the matcher."""

    def spares_all(self, old: Held, new: Held) -> bool:
        """Whether *new*, put in the place of *old*, is all the same to every rule that asks here."""
        unchanging = self.unchanging
        if unchanging is None:
            known = [self.unchanged[number].alike if number in self.unchanged else None for number in self.asking]
            unchanging = self.unchanging = () if None in known else tuple([alike for alike in known if alike])
        for alike in unchanging:  # a generator takes longer
            if not alike(old, new):
                return False
        return bool(unchanging)

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

    def keep(self, key: Any, old: Held | None) -> None:
        """Remember that *old* stood under *key* before the instant, unless that is known."""
        if key in self.stood:
            return
        self.stood[key] = old
        if old is not None:
            if len(self.earlier) < len(self.indexes):
                self.earlier = [Index(index.values) for index in self.indexes]
            for index in self.earlier:
                index.move(key, None, old)

    def forget(self) -> None:
        """Forget what was so before the instant."""
        self.stood.clear()
        for index in self.earlier:
            index.empty()

    def empty(self) -> None:
        """Hold nothing any more; rows and indexes stay the same objects, which functions made from rules look into."""
        self.rows.clear()
        self.asked.clear()
        self.forget()
        for index in self.indexes:
            index.empty()

    def before(self) -> Iterable[Held]:
        """The facts as they stood before the instant."""
        for key, held in self.rows.items():
            if key not in self.stood:
                yield held
        yield from (held for held in self.stood.values() if held is not None)

    def found_before(self, number: int, value: Any) -> Iterable[Held]:
        """The facts that stood before the instant under *value* of an index, or of the key."""
        stood = self.stood
        if number == BY_KEY:
            held = stood[value] if value in stood else self.rows.get(value)
            return () if held is None else (held,)
        found = self.indexes[number].found(value)
        return self._before(found, number, value) if stood else found

    def _before(self, found: Collection[Held], number: int, value: Any) -> Iterator[Held]:
        """The same where the instant has touched the table; one by one, since most ask for one alone."""
        for held in found:
            if held.key not in self.stood:
                yield held
        if self.earlier:
            yield from self.earlier[number].found(value)


class Readers:
    """
    Which instances of rules asked for what, both ways round; a lone reader stands without a set around it.

    Args:
        tables: by number.
    """

    def __init__(self, tables: Sequence[Table]) -> None:
        self.tables = tables
        self.rows: dict[Instance, tuple[Read, ...]] = {}
        self.further = Further(self)

    def note(self, instance: Instance, reads: tuple[Read, ...], journal: Journal) -> None:
        """Note what a judgement of *instance* read, in place of what was noted before."""
        if self.further.of and instance in self.further.of:
            for read in tuple(self.further.of[instance]):
                journal.write(self.further, (instance, read), None)
        known = self.rows.get(instance)
        if known is None:
            if reads:
                journal.undo += (self, instance, None)
                self.rows[instance] = reads
                self.subscribe(reads, instance)
        elif known != reads:
            journal.write(self, instance, reads)

    def add(self, instance: Instance, reads: Iterable[Read], journal: Journal) -> None:
        """Note that what *instance* found at its last judgement hangs on *reads* too."""
        for read in reads:
            if not self._asked(read, instance):
                journal.write(self.further, (instance, read), True)

    def _asked(self, read: Read, key: Instance) -> bool:
        table, number, value = read
        known = self.tables[table].asked.get(number, {}).get(value)
        return key in known if isinstance(known, set) else key == known

    def restore(self, key: Instance, old: tuple[Read, ...] | None) -> None:
        """Make *old* what the instance *key* reads."""
        current = self.rows.get(key)
        if current is None:
            self.subscribe(old or (), key)
        else:
            before, after = set(current), set(old or ())
            for read in before - after:
                self.unsubscribe(read, key)
            self.subscribe(after - before, key)
        if old:
            self.rows[key] = old
        else:
            self.rows.pop(key, None)

    def subscribe(self, reads: Iterable[Read], key: Instance) -> None:
        """Have *key* told when what it read changes."""
        tables = self.tables
        for table, number, value in reads:
            asked = tables[table].asked
            of = asked.get(number)
            if of is None:
                of = asked[number] = {}
            known = of.get(value)
            if known is None:
                of[value] = key
            elif known.__class__ is set:
                known.add(key)
            elif known != key:
                of[value] = {known, key}  # type: ignore[arg-type]

    def unsubscribe(self, read: Read, key: Instance) -> None:
        """The opposite."""
        table, number, value = read
        of = self.tables[table].asked[number]
        known = of.get(value)
        if isinstance(known, set):
            known.discard(key)
            if not known:
                del of[value]
        elif known == key:
            del of[value]


class Further:
    """
    What the facts that came since hang on, of which an instance was told that they do not matter to it.

    Nothing stands here and among the reads of the judgement itself.

    Args:
        readers: the reads of the judgements.
    """

    def __init__(self, readers: Readers) -> None:
        self.readers = readers
        self.rows: dict[tuple[Instance, Read], bool] = {}
        self.of: dict[Instance, dict[Read, None]] = {}

    def restore(self, key: tuple[Instance, Read], old: bool | None) -> None:
        """Note a read of an instance, or take it out."""
        instance, read = key
        if old:
            self.rows[key] = True
            self.of.setdefault(instance, {})[read] = None
            self.readers.subscribe((read,), instance)
        elif self.rows.pop(key, None):
            del self.of[instance][read]
            if not self.of[instance]:
                del self.of[instance]
            self.readers.unsubscribe(read, instance)
