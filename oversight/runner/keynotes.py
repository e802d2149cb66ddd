"""
By which keys the persons in a record have their pseudonyms: a record notes marks of them, and takes no others.

A run may bring other keys where the record would be the same had they been used from its beginning, as where a key is
added for the time to come. Otherwise one person would have two pseudonyms, and rules would take that person for two.
The same holds for a record from which events are taken: its persons keep the pseudonyms that they have.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime

from attrs import evolve, frozen

from oversight.ground.errors import EventError, RecordDamaged, RecordRefused
from oversight.ground.time import EARLIEST, format_instant, parse_instant
from oversight.model.events import Vocabulary
from oversight.model.forms import Event, Stranger
from oversight.model.pack import Kind
from oversight.model.personal import PRIVATE
from oversight.model.wire import canonical, plain
from oversight.record.entries import EVENT, KEYS, Entry
from oversight.record.store import Store, open_store, without_password
from oversight.runner.keeper import Settings
from oversight.runner.pseudonyms import ALWAYS, Keys, Pseudonymiser

Decode = Callable[[Entry], Event | Stranger | None]


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
        """The marks of *keys*, and of those that were let go."""
        return cls((*keys.gone, *((start, keys.mark(number)) for number, start in enumerate(keys.starts))))

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
        keys = _without_those_let_go(self._keys, noted)
        if keys != self._keys:
            self.veil, self._keys = Pseudonymiser(self._kinds, keys), keys
        if noted == Marks.of(keys):
            return []
        persons = _with_persons(store, decode, self.veil)
        if noted is None:
            # Nothing tells what made them: whoever keeps the record is believed, and told so.
            self._trusted = next(persons, None) is not None
        elif others := _others(noted, keys, persons):
            raise RecordRefused(
                f"{others.said('the record')}; go on with the file with which the record was kept (a key that is added "
                f"may count from later than {format_instant(others.last)} on), or begin a new record from the events "
                "as they first came"
            )
        return [(KEYS, Marks.of(keys).body)]

    def told(self) -> Iterator[str]:
        """What a person should know of the keys."""
        if self._trusted:
            yield (
                "the record did not say by which keys its pseudonyms were made, as one of an earlier version does not: "
                "those of --pseudonyms are taken for them and noted, and no others from now on; if they are others, "
                "begin a new record from the events as they first came"
            )
        yield from self.veil.told()


def held_to(keys: Keys, url: str, packs: Sequence[Mapping[str, Kind]], tell: Callable[[str], object] = bool) -> Keys:
    """
    *keys*, as they go for what is taken from the record at *url*, whose persons may have pseudonyms by them already.

    Args:
        keys: of a run.
        url: of a record, from which it takes events.
        packs: the kinds of each of its packs.
        tell: is given what a person should know.

    Raises:
        RecordRefused: its persons have pseudonyms by other keys.
        RecordError: it cannot be read.
    """
    with closing(open_store(url, read_only=True)) as store:
        if not has_pseudonyms(store):
            return keys
        shown, noted = without_password(url), _noted(store)
        if noted is None:
            tell(
                f"{shown} does not say by which keys its pseudonyms were made, as one of an earlier version does not: "
                "those of --pseudonyms are taken for them; if they are others, give the events as they first came"
            )
        else:
            keys = _without_those_let_go(keys, noted)
            for kinds in packs if noted != Marks.of(keys) else ():
                persons = _with_persons(store, _decoder(kinds), Pseudonymiser(kinds, keys))
                if others := _others(noted, keys, persons):
                    raise RecordRefused(
                        f"{others.said(shown)}; give the file with which that record was kept (a key that is added may "
                        f"count from later than {format_instant(others.last)} on), or the events as they first came"
                    )
    return evolve(keys, made=keys.made | {url})


def has_pseudonyms(store: Store) -> bool:
    """
    Whether the persons in a record have pseudonyms.

    Raises:
        RecordDamaged: it does not say.
    """
    return store.size > 0 and Settings.of(store).withheld == PRIVATE


def _decoder(kinds: Mapping[str, Kind]) -> Decode:
    vocabulary = Vocabulary(kinds)

    def decode(entry: Entry) -> Event | Stranger | None:
        try:
            return vocabulary.decode(entry.body or b"")
        except EventError:
            return None  # it is refused with its line when it is taken in

    return decode


def _without_those_let_go(keys: Keys, noted: Marks | None) -> Keys:
    """Where a file begins with a key that counts later on record, those before it were let go, not replaced."""
    marks = [] if noted is None else [mark for _, mark in noted.keys]
    first, later = keys.mark(0), keys.starts[1:]
    if noted is None or keys.gone or first not in marks[1:] or first == marks[0]:
        return keys
    number = marks.index(first)
    since = noted.keys[number][0]
    return keys if later and later[0] <= since else evolve(keys, starts=(since, *later), gone=noted.keys[:number])


def _with_persons(store: Store, decode: Decode, veil: Pseudonymiser) -> Iterator[tuple[int, Event]]:
    """The events that hold ids of persons, with their positions; on what was forgotten nothing rests any more."""
    for entry in store.entries(types=(EVENT,)):
        event = None if entry.body is None else decode(entry)
        if isinstance(event, Event) and veil.names(event):
            yield entry.position, event


@frozen
class _Others:
    """
    A key by which persons on record would get another pseudonym.

    Args:
        start: from when it counts.
        position: of the first event that names one.
        time: of that.
        last: the time of the last such event.
    """

    start: datetime
    position: int
    time: datetime
    last: datetime

    def said(self, record: str) -> str:
        """What is wrong, of a record that is called so."""
        which = ALWAYS if self.start == EARLIEST else f"from {format_instant(self.start)} on"
        return (
            f"in the file of --pseudonyms the key that counts {which} is not the one by which {record} has the persons "
            f"of the event at position {self.position}, of {format_instant(self.time)}: one person would have two "
            "pseudonyms, and rules would take that person for two"
        )


def _others(noted: Marks, keys: Keys, persons: Iterable[tuple[int, Event]]) -> _Others | None:
    """What *keys* would give other pseudonyms than those of which marks are *noted*."""
    marks, found = Marks.of(keys), None
    for position, event in persons:
        start, mark = marks.at(event.time)
        if noted.at(event.time)[1] == mark:
            continue
        first = found or _Others(start, position, event.time, event.time)
        found = evolve(first, last=max(first.last, event.time))
    return found


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
