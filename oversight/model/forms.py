"""
The shape of events: for each kind a msgspec Struct for the rooms and a frozen slotted attrs class for users.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from keyword import iskeyword
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, NotRequired, Required, TypedDict, cast, final

import attrs
import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from oversight.ground.errors import EventError
from oversight.ground.text import nearest, printable
from oversight.ground.time import Period
from oversight.model.pack import Kind
from oversight.model.personal import mark_of
from oversight.model.types import (
    BOOL, DATE, DOUBLE, INT, PERIOD, STRING, TIMESTAMP, Attribute, EnumType, ListType, MapType, RecordType, Type,
)  # fmt: skip

MAX_LINE = 16 * 1024 * 1024
MAX_TEXT = 65_536
MAX_DEPTH = 64
INT64 = 2**63
ENVELOPE = frozenset((
    "specversion", "id", "source", "type", "kind", "subject", "time", "sequence", "recordedtime", "data",
    "datacontenttype", "dataschema",
))  # fmt: skip

FIRST_YEAR, LAST_YEAR = 1000, 8999
"""Of the time of an event; beyond them stands what systems write where they have no date."""

ABSENT = UNSET
"""The value of an optional attribute that is not there."""

Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Identifier = Annotated[str, Meta(min_length=1, max_length=1024)]
Instant = Annotated[datetime, Meta(tz=True)]
Integer = Annotated[int, Meta(ge=-INT64, le=INT64 - 1)]


class Compact(Struct, gc=False):
    """A base for small records that are kept by the hundred thousand: the garbage collector does not track them."""


class Event(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=False):
    """
    An event inside the rooms; each kind has a subclass whose ``data`` is a Struct of its attributes.

    ``source`` and ``id`` are its identity. An optional attribute that is absent is ``msgspec.UNSET``. ``personal``
    names the attributes that may hold personal data.
    """

    kind: ClassVar[str] = ""
    personal: ClassVar[frozenset[str]] = frozenset()
    id: Identifier
    source: Annotated[str, Meta(max_length=1024)]
    time: Instant
    data: Any
    subject: Annotated[str, Meta(max_length=1024)] | UnsetType = UNSET
    sequence: str | Integer | UnsetType = UNSET
    recordedtime: Instant | UnsetType = UNSET

    @property
    def identity(self) -> tuple[str, str]:
        """``(source, id)``."""
        return (self.source, self.id)

    def __eq__(self, other: object) -> bool:
        """Whether the other is the same event, in whatever form each was read."""
        if not isinstance(other, Event):
            return NotImplemented
        return self.kind == other.kind and all(
            getattr(self, name) == getattr(other, name) for name in Event.__struct_fields__
        )

    def __hash__(self) -> int:
        return hash(self.identity)

    def envelope(self) -> dict[str, Any]:
        """What ``e.event`` is in an expression; what is not there is left out, and a sequence is text."""
        sequence = self.sequence if self.sequence is UNSET else str(self.sequence)
        known = {
            "id": self.id, "source": self.source, "kind": self.kind, "time": self.time,
            "subject": self.subject, "recorded": self.recordedtime, "sequence": sequence,
        }  # fmt: skip
        return {name: value for name, value in known.items() if value is not UNSET}

    def says(self, other: Event) -> bool:
        """Whether the other, of the same identity, says the same."""
        return self.kind == other.kind and self.time == other.time and bool(self.data == other.data)


@final
class Stranger(Struct, frozen=True, gc=False):
    """An event whose envelope is right and whose kind the pack does not know: counted, kept apart."""

    kind: str
    id: str
    source: str


@attrs.frozen
class Envelope:
    """What CloudEvents says of any event; ``extensions`` keeps the attributes beyond the known ones."""

    id: str
    time: datetime
    source: str = ""
    subject: str | None = None
    sequence: str | int | None = None
    recorded: datetime | None = None
    extensions: Mapping[str, Any] = attrs.field(factory=dict)


_NO_SEQUENCE = (0, 0, "")


def order_of(event: Event) -> tuple[tuple[int, int, str], str, str]:
    """The order of the events of one instant: by ``sequence`` (those without come first), source and id."""
    return (sequence_key(event.sequence), event.source, event.id)


def sequence_key(sequence: str | int | UnsetType) -> tuple[int, int, str]:
    """
    A key that sorts ``sequence`` values: absent, then numbers by value, then other text.

    >>> sequence_key(UNSET) < sequence_key("9") < sequence_key(10) < sequence_key("a")
    True
    """
    if sequence is UNSET:
        return _NO_SEQUENCE
    text = str(sequence)
    return (1, int(text), "") if text.isdecimal() and text.isascii() and len(text) < 20 else (2, 0, text)


def read_hook(wanted: type, value: Any) -> Any:
    """Give msgspec the one type of ours that it does not know."""
    if wanted is Period and isinstance(value, str):
        return Period.parse(value)
    raise TypeError(f"Expected `duration`, got `{type(value).__name__}`")


def write_hook(value: Any) -> Any:
    """Write a period as it was read."""
    if isinstance(value, Period):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written")


def python_type(declared: Type) -> Any:
    """The type by which msgspec checks a value of the *declared* type."""
    plain = {BOOL: bool, INT: Integer, DOUBLE: float, STRING: Text, TIMESTAMP: Instant, DATE: date, PERIOD: Period}
    if isinstance(declared, EnumType):
        return Literal[declared.values]
    if isinstance(declared, ListType):
        return list[python_type(declared.item)]  # type: ignore[misc]
    if isinstance(declared, MapType):
        return dict[str, python_type(declared.value)]  # type: ignore[misc]
    if isinstance(declared, RecordType):
        fields = {
            a.name: (Required if a.required else NotRequired)[python_type(a.type)] for a in declared.attributes.values()
        }
        return TypedDict("Record", fields)  # type: ignore[operator]
    return plain.get(declared, Any)


def convert(value: Any, wanted: Any, where: str) -> Any:
    """
    A plain JSON *value*, which stands at *where*, as one of the type *wanted*.

    Raises:
        EventError: it is none; names the path.

    >>> convert("30", int, "$.data.days")
    Traceback (most recent call last):
    oversight.ground.errors.EventError: Expected `int`, got `str` (at $.data.days)
    """
    try:
        return msgspec.convert(value, wanted, dec_hook=read_hook)
    except RecursionError:
        raise EventError("nested too deeply", where) from None
    except msgspec.ValidationError as error:
        text = str(error)
        path = found.group(1) if (found := re.search(r" - at `(.+)`$", text)) else "$"
        missing = re.search(r"missing required field `([^`]+)`", text)
        path = where + path[1:] + (f".{missing.group(1)}" if missing else "")
        raise EventError(reason_of(error), path) from None


# What msgspec says in words of programs.
_SAID = {
    "Invalid RFC3339 encoded datetime": "not an RFC 3339 time with an offset, such as 2026-03-10T09:00:00+08:00",
    "Input data was truncated": "the line ends too early; each event is one line",
}


def reason_of(error: Exception) -> str:
    """What msgspec says is wrong, without the place, safe for a terminal."""
    said = re.sub(r" - at `.+`$", "", str(error))
    return printable(_SAID.get(said, said), 200)


def lacking(name: str, source: Mapping[str, Any]) -> EventError:
    """That what *source* says lacks *name*, a part of the envelope, and what may be meant for it."""
    near = nearest(name, [other for other in source if isinstance(other, str) and other not in ENVELOPE])
    meant = f"; is {printable(near, 80)!r} meant for it?" if near else ""
    return EventError(f"missing required field `{name}`{meant}", f"$.{name}")


def coerce(value: Any, declared: Type) -> Any:
    """
    A plain JSON *value* as one of the *declared* type.

    Raises:
        ValueError: it is none.

    >>> coerce("P30D", PERIOD).days
    30
    """
    if isinstance(value, datetime | date | Period):
        return value
    if declared is STRING and isinstance(value, str):
        return value
    try:
        return msgspec.convert(value, python_type(declared), dec_hook=read_hook)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def _holds_any(declared: Type) -> bool:
    """Whether values of this type carry JSON that no type bounds."""
    if isinstance(declared, ListType):
        return _holds_any(declared.item)
    if isinstance(declared, MapType):
        return _holds_any(declared.value)
    if isinstance(declared, RecordType):
        return any(_holds_any(a.type) for a in declared.attributes.values())
    return python_type(declared) is Any


def _is_named(declared: Type) -> bool:
    """Whether values of this type have attributes of their own."""
    if isinstance(declared, ListType):
        return _is_named(declared.item)
    return _is_named(declared.value) if isinstance(declared, MapType) else isinstance(declared, RecordType)


def _unknown(value: Any, declared: Type, path: str, keys: Collection[str] = ()) -> Iterator[Unknown]:
    """What the records in *value*, which is of the *declared* type, or a map of *keys*, hold and do not know."""
    if isinstance(declared, ListType):
        for item in value if isinstance(value, list) else ():
            yield from _unknown(item, declared.item, path)
    elif not isinstance(value, dict):
        return
    elif isinstance(declared, MapType):
        for name, item in value.items():
            if keys and name not in keys:
                yield Unknown(f"{path}.{name}", name, keys)
            yield from _unknown(item, declared.value, path)
    elif isinstance(declared, RecordType):
        for name, item in value.items():
            known = declared.attributes.get(name)
            if known is None:
                yield Unknown(f"{path}.{name}", name, declared.attributes)
            else:
                yield from _unknown(item, known.type, f"{path}.{name}", known.keys)


def refuse_beyond(time: datetime) -> None:
    """Refuse a time that stands for none: it would let all others be late, and every deadline pass."""
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        said = f"the year is none from {FIRST_YEAR} to {LAST_YEAR}: give the day on which it happened"
        raise EventError(said, "$.time")


def refuse_unbounded(value: Any, path: str, depth: int = 0) -> None:
    """Refuse what no expression could hold: numbers beyond 64 bits and very deep nesting."""
    if depth > MAX_DEPTH:
        raise EventError(f"nested deeper than {MAX_DEPTH} levels", path)
    if isinstance(value, dict):
        for key, item in value.items():
            refuse_unbounded(item, f"{path}.{printable(key, 40)}", depth + 1)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            refuse_unbounded(item, f"{path}[{number}]", depth + 1)
    elif isinstance(value, int) and not -INT64 <= value < INT64:
        raise EventError("a whole number outside 64 bits", path)
    elif isinstance(value, str) and len(value) > MAX_TEXT:
        raise EventError(f"text longer than {MAX_TEXT} characters", path)


class Unknown(NamedTuple):
    """
    An attribute that the kind of its event does not know, so that nothing reads it.

    Args:
        path: where it stands: its own name, after those of the attributes that it is in.
        name: its own.
        known: the names that may stand in its place.

    >>> Unknown("scope.camras", "camras", ("cameras", "zones")).nearest
    'cameras'
    """

    path: str
    name: str
    known: Collection[str]

    @property
    def nearest(self) -> str:
        """The name that is known and most like its own, or an empty string."""
        return nearest(self.name, self.known)


class Form:
    """How events of one kind look: their Structs, their public class, and what must be looked at again."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.name = kind.name
        attributes = dict(kind.attributes)
        if "corrects" not in attributes:
            attributes["corrects"] = Attribute("corrects", STRING)
        self.personal = frozenset(name for name, one in attributes.items() if mark_of(one).most)
        self._attributes = attributes
        self.beside = ENVELOPE.isdisjoint(attributes)
        self.unbounded = tuple(a.name for a in kind.attributes.values() if _holds_any(a.type))
        self.names = frozenset(attributes)
        self._required = tuple(a.name for a in kind.attributes.values() if a.required)
        self._named = tuple(a for a in kind.attributes.values() if a.keys or _is_named(a.type))
        self.members = {member_name(name): name for name in attributes}

    def require(self, attributes: Mapping[str, Any], where: str) -> None:
        """
        Refuse *attributes*, which stand at *where*, if some that are required are not among them.

        Raises:
            EventError: names all of them, and what may be meant for the first, whose path it has.
        """
        missing = [name for name in self._required if name not in attributes]
        if missing:
            near = nearest(missing[0], [name for name in attributes if name not in self.names])
            meant = f"; is {printable(near, 80)!r} meant for it?" if near else ""
            if where == "$" and missing[0] in ENVELOPE:
                meant, where = ": an attribute called like a part of the envelope stands in `data`", "$.data"
            named = ", ".join(f"`{name}`" for name in missing)
            raise EventError(
                f"missing required field{'s' if len(missing) > 1 else ''} {named}{meant}", f"{where}.{missing[0]}"
            )

    def discreet(self, error: EventError, where: str) -> EventError:
        """*error* about attributes that stand at *where*; it quotes nothing of one that may hold personal data."""
        name = re.split(r"[.\[]", error.path.removeprefix(where + "."), maxsplit=1)[0]
        if name not in self.personal:
            return error
        plain = error.reason.startswith(("Expected `", "missing required", "Object missing"))
        return EventError(error.reason if plain else "not a value that its kind allows [withheld]", f"{where}.{name}")

    def unknown(self, attributes: Mapping[str, Any]) -> list[Unknown]:
        """What stands among *attributes*, or in one of them, and this kind keeps and does not know."""
        found = list[Unknown]()
        if not self.names.issuperset(attributes):
            found += [Unknown(name, name, self.names) for name in attributes if name not in self.names]
        for one in self._named:
            if one.name in attributes:
                found += _unknown(attributes[one.name], one.type, one.name, one.keys)
        return found

    @cached_property
    def data(self) -> type[Struct]:
        """The attributes."""
        fields: list[Any] = []
        for a in sorted(self._attributes.values(), key=lambda a: not a.required):
            wanted = Identifier if a.name == "corrects" else python_type(a.type)
            fields.append((a.name, wanted) if a.required else (a.name, wanted | UnsetType, UNSET))
        return msgspec.defstruct(f"{class_name(self.name)}Data", fields, frozen=True, gc=False, kw_only=True)

    @cached_property
    def event(self) -> type[Event]:
        """The event in the rooms, read from CloudEvents."""
        body: list[Any] = [("data", self.data), ("specversion", Literal["1.0"], "1.0")]
        made: type[Event] = msgspec.defstruct(  # type: ignore[assignment]
            class_name(self.name), body, bases=(Event,), namespace={"kind": self.name, "personal": self.personal},
            tag_field="type", tag=self.name, frozen=True, gc=False, kw_only=True,
        )  # fmt: skip
        return made

    @cached_property
    def enclosed(self) -> type[Event]:
        """The same as ``event``, read from the flat form with all attributes in ``data`` and nothing else beside it."""
        body: list[Any] = [("data", self.data), ("source", Annotated[str, Meta(max_length=1024)], "")]
        made: type[Event] = msgspec.defstruct(  # type: ignore[assignment]
            class_name(self.name), body, bases=(Event,), namespace={"kind": self.name, "personal": self.personal},
            tag_field="kind", tag=self.name, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True,
        )  # fmt: skip
        return made

    @cached_property
    def public(self) -> type:
        """The public class, made when first asked for: most engines never are."""
        return _public_class(class_name(self.name), self.kind)


def class_name(kind: str) -> str:
    """
    The name of the public class of *kind*.

    >>> class_name("capability.enabled")
    'CapabilityEnabled'
    """
    return "".join(word.capitalize() for word in re.split(r"[._]", kind))


def member_name(attribute: str) -> str:
    """
    What the public class calls *attribute*: the same, with ``_`` behind a word that Python or the class needs.

    >>> member_name("camera"), member_name("from")
    ('camera', 'from_')
    """
    taken = iskeyword(attribute) or attribute in ("event", "event_kind", "extra", "time")
    return f"{attribute}_" if taken else attribute


def _public_class(title: str, kind: Kind) -> type:
    fields: dict[str, Any] = {"event": attrs.field(type=Envelope)}
    for a in kind.attributes.values():
        fields[member_name(a.name)] = attrs.field() if a.required else attrs.field(default=None)
    fields["corrects"] = fields.get("corrects", attrs.field(default=None))
    fields["extra"] = attrs.field(factory=dict)
    made: Any = attrs.make_class(title, fields, frozen=True, slots=True, kw_only=True)
    made.event_kind = kind.name
    made.__doc__ = f"{kind.description or kind.name} (``{kind.name}``)."
    made.time = property(lambda self: self.event.time)
    return cast(type, made)
