"""The types of values in events, facts, parameters and expressions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, SupportsIndex

from attrs import field, frozen

from oversight.ground.time import Period


@frozen(slots=False)
class Type:
    """
    The type of a value; ``name`` is what a policy author reads in a diagnostic.

    The scalar types are the module's constants. A ``date`` is only ever the value of an attribute: in
    an expression it stands for its first instant in the zone of the pack.
    """

    name: str

    def __str__(self) -> str:
        return self.name

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        # What compares types by identity does so in another process, too.
        return (scalar, (self.name,)) if self.__class__ is Type else super().__reduce_ex__(protocol)


def scalar(name: str) -> Type:
    """
    The scalar type of that name.

    >>> scalar("bool") is BOOL
    True
    """
    return SCALARS[name]


BOOL = Type("bool")
INT = Type("int")
DOUBLE = Type("double")
STRING = Type("string")
TIMESTAMP = Type("timestamp")
DURATION = Type("duration")
PERIOD = Type("period")
DATE = Type("date")
NULL = Type("null")
DYN = Type("dyn")
SCALARS = {each.name: each for each in (BOOL, INT, DOUBLE, STRING, TIMESTAMP, DURATION, PERIOD, DATE, NULL, DYN)}


@frozen(slots=False)
class EnumType(Type):
    """A string that is one of a few; a comparison with any other string can never hold."""

    values: tuple[str, ...] = ()


@frozen(slots=False)
class ListType(Type):
    """A list of items of one type."""

    item: Type = DYN


@frozen(slots=False)
class MapType(Type):
    """A map from strings to values of one type; any key may be missing."""

    value: Type = DYN


@frozen(slots=False)
class Attribute:
    """
    One attribute of a kind, a fact or a record.

    Args:
        name: as events write it.
        type: of its value.
        required: whether it is always there; reading an optional one that is missing is an error.
        description: for people.
        unit: of a number, for example ``deg`` or an ISO 4217 code.
        personal: whether it may hold personal data.
        identifier: whether it holds ids, and not text that says something.
        personal_keys: of a map, the keys under which ids of persons stand.
        keys: of a map, all that mean something; empty where any may.
    """

    name: str
    type: Type
    required: bool = False
    description: str = ""
    unit: str = ""
    personal: bool = False
    identifier: bool = False
    personal_keys: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@frozen(slots=False)
class RecordType(Type):
    """
    A map whose keys are known: a nested object, an event, or a fact.

    ``role`` is ``"record"`` (the value is a dict), ``"event"`` or ``"fact"``.
    """

    attributes: Mapping[str, Attribute] = field(factory=dict, hash=False)
    role: str = "record"


def nothing_of(declared: Type) -> Any:
    """
    What no value at all of a type that can be added up adds up to.

    >>> nothing_of(DURATION), nothing_of(INT)
    (datetime.timedelta(0), 0)
    """
    nothing: dict[Type, Any] = {DOUBLE: 0.0, DURATION: timedelta(), PERIOD: Period()}
    return nothing.get(declared, 0)


def list_of(item: Type) -> ListType:
    """The type of a list of *item*."""
    return ListType(f"list[{item}]", item)


def map_of(value: Type = DYN) -> MapType:
    """The type of a map from strings to *value*."""
    return MapType("map" if value is DYN else f"map[string, {value}]", value)


def enum_of(values: tuple[str, ...]) -> EnumType:
    """The type of a string that is one of *values*."""
    return EnumType("string", values)
