"""
Pseudonyms for the ids of persons, put in where events are taken in: HMAC-SHA-256 under keys that rotate.

Under one key the same id has the same pseudonym, in every attribute and every run, so that rules which compare ids
judge as before. Which key counts is decided by the time of the event, so that a replay gives the same pseudonyms.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from base64 import b32encode, b64decode, b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import attrs

from oversight.ground.errors import EventRefused, KeyRefused
from oversight.ground.secret import read_secret
from oversight.ground.text import printable
from oversight.ground.time import EARLIEST, format_instant, parse_instant
from oversight.model.events import replaced
from oversight.model.forms import ABSENT, Event, Stranger
from oversight.model.pack import Kind
from oversight.model.types import Attribute, ListType, MapType, RecordType, Type

MARK = "pn-"
_PSEUDONYM = re.compile(f"{MARK}[a-z2-7]{{26}}")
BYTES = 32
MOST = 1 << 20
"""Bytes of a file of keys that are read."""
ALWAYS = "always"
_HEAD = "# Keys for pseudonyms: from when each counts, and the key. Whoever has them can tell whose pseudonym one is.\n"

Replace = Callable[[Any], Any]


@attrs.frozen
class Keys:
    """
    The keys by which pseudonyms are made.

    Args:
        starts: the instants from which they count, in order; the first counts always.
        secrets: the keys, beside ``starts``; they are in no text that is made of this object.
        gone: from when each key counted that was let go, and its mark; where there are such, the first of ``starts`` is
            later than always.
        made: URLs of records whose persons have their pseudonyms by these keys already.
    """

    starts: tuple[datetime, ...]
    secrets: tuple[bytes, ...] = attrs.field(repr=False)
    gone: tuple[tuple[datetime, str], ...] = ()
    made: frozenset[str] = frozenset()

    def period(self, time: datetime) -> int:
        """The number of the key that counts at *time*; -1 where it was let go."""
        return bisect_right(self.starts, time) - 1

    def mark(self, period: int) -> str:
        """
        What tells the key of a period apart: no pseudonym is made of this text, and none follows from the mark.

        >>> Keys((EARLIEST,), (bytes(32),)).mark(0)
        '6e986efd1de572e2dd41cd78d0341670'
        """
        return hmac.digest(self.secrets[period], b"mark of a key\0", "sha256")[:16].hex()

    def pseudonym(self, value: str, period: int) -> str:
        """
        The pseudonym of an id in a period; a blank one names nobody and stays.

        >>> keys = Keys((EARLIEST,), (bytes(32),))
        >>> keys.pseudonym("u-7", 0), keys.pseudonym(" ", 0)
        ('pn-gjw7lmipnd45wkgkucghnlxyhy', ' ')
        """
        if not value.strip():
            return value
        digest = hmac.digest(self.secrets[period], b"person\0" + value.encode("utf-8", "surrogatepass"), "sha256")
        return MARK + b32encode(digest[:16]).decode().rstrip("=").lower()


def read_keys(path: str) -> Keys:
    """
    Read a file of keys.

    Raises:
        KeyRefused: it cannot be read, is not its owner's alone, or a line of it is none.
    """
    shown = printable(path)
    try:
        lines = read_secret(path, MOST).decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise KeyRefused(f"{shown}: this is no file of keys; make one with oversight pseudonyms") from None
    return _parsed(lines, shown)


def _parsed(lines: list[str], shown: str) -> Keys:
    starts, keys = list[datetime](), list[bytes]()
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        wrong = f"{shown}:{number}: this is no line of a file of keys; make one with oversight pseudonyms"
        if len(words) != 2:
            raise KeyRefused(wrong)
        try:
            start = EARLIEST if words[0] == ALWAYS else parse_instant(words[0])
            key = b64decode(words[1], validate=True)
        except ValueError:
            raise KeyRefused(wrong) from None
        if len(key) != BYTES:
            raise KeyRefused(f"{shown}:{number}: a key has {BYTES} bytes, this one {len(key)}")
        if (start == EARLIEST) != (not starts) or (starts and start <= starts[-1]):
            raise KeyRefused(f"{shown}:{number}: the first key counts {ALWAYS}, each other from later on")
        starts.append(start)
        keys.append(key)
    if not starts:
        raise KeyRefused(f"{shown}: there is no key in it; make one with oversight pseudonyms")
    return Keys(tuple(starts), tuple(keys))


def add_key(path: str, start: datetime | None = None, key: bytes | None = None) -> str:
    """
    Make a file with a new key, or add one to it.

    Args:
        path: of the file, which is made where it is not, for its owner alone.
        start: from when the key counts; ``None`` for the first.
        key: drawn at random where left out.

    Returns:
        What was done, for people.

    Raises:
        KeyRefused: the file cannot be used or made, or *start* is not after every key in it.
    """
    shown, key = printable(path), secrets.token_bytes(BYTES) if key is None else key
    exists, cut = os.path.lexists(path), ""
    if exists and start is None:
        raise KeyRefused(f"{shown}: there is such a file; to have another key count from an instant on, give --from")
    if not exists and start is not None:
        raise KeyRefused(f"{shown}: there is no such file; the first key counts {ALWAYS}, so leave --from out")
    if exists:
        known = read_keys(path)
        cut = "" if read_secret(path, MOST).endswith(b"\n") else "\n"
        if start is not None and start <= known.starts[-1]:
            raise KeyRefused(f"{shown}: there is a key that counts from {format_instant(known.starts[-1])} on")
    when = ALWAYS if start is None else format_instant(start)
    line = f"{when} {b64encode(key).decode()}\n"
    how = os.O_WRONLY | (os.O_APPEND if exists else os.O_CREAT | os.O_EXCL)
    try:
        descriptor = os.open(path, how, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(cut + line if exists else _HEAD + line)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        raise KeyRefused(f"{shown}: {(error.strerror or 'cannot be written').lower()}") from None
    return f"{shown}: a new key counts " + (ALWAYS if start is None else f"from {when} on")


class Pseudonymiser:
    """
    Puts pseudonyms in the place of the ids of persons.

    Args:
        kinds: of the pack.
        keys: by which.

    Attributes:
        periods: the numbers of the keys that were used.
    """

    def __init__(self, kinds: Mapping[str, Kind], keys: Keys) -> None:
        self._keys = keys
        self._made = False
        self._kinds = {name: found for name, kind in kinds.items() if (found := _of_kind(kind))}
        self.periods: set[int] = set()

    def turn_to(self, source: str) -> None:
        """The events that come now are of *source*, whose persons may have their pseudonyms already."""
        self._made = source in self._keys.made

    def __call__(self, event: Event | Stranger) -> Event | Stranger:
        """
        *event* with pseudonyms; also for its ``subject``, where that is one of the ids.

        Raises:
            EventRefused: it names persons, and there is no key for its time.
        """
        if isinstance(event, Stranger) or event.kind not in self._kinds:
            return event
        period, made = self._keys.period(event.time), dict[str, str]()

        def pseudonym(value: Any) -> Any:
            if not isinstance(value, str):
                return value
            if self._made and _PSEUDONYM.fullmatch(value):
                made[value] = value
            elif period < 0 and value.strip():
                raise self._without_key(event)
            else:
                made[value] = self._keys.pseudonym(value, period)
            return made[value]

        values = self._values(event, pseudonym)
        self.periods.update([period] if made else [])
        subject = event.subject
        return replaced(event, values, made.get(subject, subject) if isinstance(subject, str) else subject)

    def _without_key(self, event: Event) -> EventRefused:
        since = format_instant(self._keys.starts[0])
        return EventRefused(
            "no-key",
            f"event {printable(event.id, 80)!r} of {format_instant(event.time)} names persons, and the file of "
            f"--pseudonyms has no key any more for times before {since}; give one that has",
        )

    def names(self, event: Event) -> bool:
        """Whether *event* holds an id of a person, for which there is a pseudonym."""
        met = list[Any]()
        self._values(event, met.append)
        return any(isinstance(value, str) and value.strip() for value in met)

    def _values(self, event: Event, new: Replace) -> dict[str, Any]:
        """Those attributes of *event* in which persons may stand, with *new* in the place of each id."""
        paths, values = self._kinds.get(event.kind, {}), {}
        for name, path in paths.items():
            value = getattr(event.data, name)
            if value is not ABSENT:
                values[name] = path(value, new)
        return values

    def before(self, time: datetime) -> None:
        """Persons got pseudonyms before, in an event of *time*, which are compared with those that come."""
        self.periods.add(self._keys.period(time))

    def told(self) -> Iterator[str]:
        """What a person should know of the keys that were used."""
        if len(self.periods) > 1:
            starts = [format_instant(self._keys.starts[number]) for number in sorted(self.periods)[1:]]
            yield (
                f"persons have other pseudonyms from {', '.join(starts)} on: where a rule compares persons across that "
                "instant, it takes one person for two, so look at its alerts with this in mind"
            )


Path = Callable[[Any, Replace], Any]


def _of_kind(kind: Kind) -> dict[str, Path]:
    return {name: path for name, one in kind.attributes.items() if (path := _path(one)) is not None}


def _path(attribute: Attribute) -> Path | None:
    """How to reach the ids of persons in a value of *attribute*; ``None`` where there are none."""
    if attribute.personal:
        return _every if attribute.identifier else None
    if attribute.personal_keys:
        keys = attribute.personal_keys
        return lambda value, new: {k: _every(v, new) if k in keys else v for k, v in value.items()}
    return _inside(attribute.type)


def _inside(declared: Type) -> Path | None:
    if isinstance(declared, RecordType):
        fields = {name: path for name, one in declared.attributes.items() if (path := _path(one)) is not None}
        return _record(fields) if fields else None
    if isinstance(declared, ListType | MapType):
        inner = _inside(declared.item if isinstance(declared, ListType) else declared.value)
        return None if inner is None else _each(inner)
    return None


def _record(fields: Mapping[str, Path]) -> Path:
    return lambda value, new: {name: fields[name](v, new) if name in fields else v for name, v in value.items()}


def _each(inner: Path) -> Path:
    def each(value: Any, new: Replace) -> Any:
        if isinstance(value, dict):
            return {key: inner(item, new) for key, item in value.items()}
        return [inner(item, new) for item in value]

    return each


def _every(value: Any, new: Replace) -> Any:
    """Every text in *value*, which is an id or holds ids."""
    if isinstance(value, dict):
        return {key: _every(item, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_every(item, new) for item in value]
    return new(value)
