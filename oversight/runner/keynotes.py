"""
By which keys the persons in a record have their pseudonyms: a record notes marks of them, and takes no others.

A run may bring other keys where the record would be the same had they been used from its beginning, as where a key is
added for the time to come. Otherwise one person would have two pseudonyms, and rules would take that person for two.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from attrs import frozen

from oversight.ground.errors import RecordDamaged, RecordRefused
from oversight.ground.time import EARLIEST, format_instant, parse_instant
from oversight.model.forms import Event, Stranger
from oversight.model.pack import Kind
from oversight.model.wire import canonical, plain
from oversight.record.entries import EVENT, KEYS, Entry
from oversight.record.store import Store
from oversight.runner.pseudonyms import ALWAYS, Keys, Pseudonymiser

Decode = Callable[[Entry], Event | Stranger]


@frozen
class Marks:
    """
    What tells keys apart and gives nothing of them away.

    Args:
        keys: of each, from when it counts, and its mark.
    """

    keys: tuple[tuple[datetime, str], ...]

    @classmethod
    def of(cls, keys: Keys) -> Marks:
        """The marks of *keys*."""
        return cls(tuple((start, keys.mark(number)) for number, start in enumerate(keys.starts)))

    def at(self, time: datetime) -> tuple[datetime, str]:
        """From when the key counts that counts at *time*, and its mark."""
        return next(one for one in reversed(self.keys) if one[0] <= time)

    @property
    def body(self) -> bytes:
        """What the entry of a record says."""
        return canonical({"keys": [{"from": _written(start), "mark": mark} for start, mark in self.keys]})

    @classmethod
    def read(cls, body: bytes) -> Marks:
        """
        The marks of which an entry with this *body* says.

        Raises:
            ValueError: it says of none.

        >>> Marks.read(b'{"keys":[{"from":"always","mark":"00"}]}').body
        b'{"keys":[{"from":"always","mark":"00"}]}'
        """
        try:
            said = [(one["from"], one["mark"]) for one in plain(body)["keys"]]
            keys = tuple((EARLIEST if start == ALWAYS else parse_instant(start), mark) for start, mark in said)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this says of no keys: {error}") from None
        if not keys or keys[0][0] != EARLIEST or not all(isinstance(mark, str) for _, mark in keys):
            raise ValueError("this says of no keys that count always")
        return cls(keys)


class KeyNotes:
    """
    Holds the keys of a run to those by which a record was kept, and notes them there.

    Args:
        kinds: of the pack.
        keys: by which persons get pseudonyms before anything is recorded.

    Attributes:
        veil: puts the pseudonyms in.
    """

    def __init__(self, kinds: Mapping[str, Kind], keys: Keys) -> None:
        self.veil = Pseudonymiser(kinds, keys)
        self._kinds = kinds
        self._keys = keys
        self._marks = Marks.of(keys)
        self._trusted = False

    def __call__(self, store: Store, decode: Decode) -> list[tuple[str, bytes]]:
        """
        Hold the keys to what is recorded, whenever the record is opened to write.

        Args:
            store: that holds the record.
            decode: gives the event of an entry.

        Returns:
            Type and body of what is to be noted.

        Raises:
            RecordRefused: an event on record has its persons by another key than would now count for it.
            RecordDamaged: an entry cannot be read.
        """
        noted = _noted(store)
        self._let_go(noted)
        if noted == self._marks:
            return []
        found, last = None, None
        for position, event in self._with_persons(store, decode):
            if noted is None:
                # Nothing tells what made them: whoever keeps the record is believed, and told so.
                self._trusted = True
                break
            if noted.at(event.time)[1] != self._marks.at(event.time)[1]:
                found = found or (position, event.time)
                last = event.time if last is None else max(last, event.time)
        if found is not None and last is not None:
            raise RecordRefused(self._refusal(*found, last))
        return [(KEYS, self._marks.body)]

    def _let_go(self, noted: Marks | None) -> None:
        """Where the file begins with a key that counts later on record, those before it were let go, not replaced."""
        marks = [] if noted is None else [mark for _, mark in noted.keys]
        first, later = self._keys.mark(0), self._keys.starts[1:]
        if noted is None or first not in marks[1:] or first == marks[0]:
            return
        number = marks.index(first)
        since = noted.keys[number][0]
        if later and later[0] <= since:
            return
        # The key that stands in for those that are gone makes no pseudonym: what is of their time is refused.
        keys = Keys((EARLIEST, since, *later), (self._keys.secrets[0], *self._keys.secrets))
        known = Marks((*noted.keys[:number], *Marks.of(keys).keys[1:]))
        if known != self._marks:
            self.veil, self._marks = Pseudonymiser(self._kinds, keys, since), known

    def _with_persons(self, store: Store, decode: Decode) -> Iterator[tuple[int, Event]]:
        """The events that hold ids of persons, with their positions; on what was forgotten nothing rests any more."""
        for entry in store.entries(types=(EVENT,)):
            event = None if entry.body is None else decode(entry)
            if isinstance(event, Event) and self.veil.names(event):
                yield entry.position, event

    def _refusal(self, position: int, time: datetime, last: datetime) -> str:
        start = self._marks.at(time)[0]
        which = ALWAYS if start == EARLIEST else f"from {format_instant(start)} on"
        return (
            f"in the file of --pseudonyms the key that counts {which} is not the one by which the record has the "
            f"persons of the event at position {position}, of {format_instant(time)}: one person would have two "
            "pseudonyms, and rules would take that person for two; go on with the file with which the record was kept "
            f"(a key that is added may count from later than {format_instant(last)} on), or begin a new record from "
            "the events as they first came"
        )

    def told(self) -> Iterator[str]:
        """What a person should know of the keys."""
        if self._trusted:
            yield (
                "the record did not say by which keys its pseudonyms were made, as one of an earlier version does not: "
                "those of --pseudonyms are taken for them and noted, and no others from now on; if they are others, "
                "begin a new record from the events as they first came"
            )
        yield from self.veil.told()


def _written(start: datetime) -> str:
    return ALWAYS if start == EARLIEST else format_instant(start)


def _noted(store: Store) -> Marks | None:
    """The marks that were noted last; ``None`` where none were."""
    last = deque(store.entries(types=(KEYS,)), maxlen=1)
    if not last:
        return None
    try:
        return Marks.read(last[0].body or b"")
    except ValueError:
        raise RecordDamaged(
            f"what stands at position {last[0].position} of the record does not say by which keys its pseudonyms were "
            "made; oversight verify says more"
        ) from None
