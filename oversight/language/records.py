"""The types of events and facts, put together from the kinds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from oversight.model.pack import SEVERITIES, Kind
from oversight.model.types import (
    DYN, STRING, TIMESTAMP, Attribute, EnumType, ListType, MapType, RecordType, Type, enum_of, list_of,
    map_of,
)  # fmt: skip

CORRECTS = Attribute("corrects", STRING, description="The event of the same source that this one corrects.")
ALERT = RecordType(
    "alert",
    {
        attribute.name: attribute
        for attribute in (
            Attribute("rule", STRING, required=True),
            Attribute("part", STRING, required=True),
            Attribute("severity", enum_of(SEVERITIES), required=True),
            Attribute("subjects", list_of(STRING), required=True),
            Attribute("since", TIMESTAMP, required=True),
            Attribute("at", TIMESTAMP, required=True),
        )
    },
)


def merged(one: Type, other: Type) -> Type:
    """
    The type of a value that has either type; ``dyn`` where they do not agree.

    >>> merged(enum_of(("a",)), enum_of(("b",))).values
    ('a', 'b')
    """
    if one == other:
        return one
    if isinstance(one, EnumType) and isinstance(other, EnumType):
        return enum_of(tuple(dict.fromkeys((*one.values, *other.values))))
    if isinstance(one, ListType) and isinstance(other, ListType):
        return list_of(merged(one.item, other.item))
    if isinstance(one, MapType) and isinstance(other, MapType):
        return map_of(merged(one.value, other.value))
    if isinstance(one, RecordType) and isinstance(other, RecordType) and one.role == other.role:
        return RecordType(one.name, either((one.attributes, other.attributes)), one.role)
    texts = {type(kind) for kind in (one, other)} <= {EnumType, Type} and one.name == other.name
    return STRING if texts and one.name == STRING.name else DYN


def either(shapes: Iterable[Mapping[str, Attribute]]) -> dict[str, Attribute]:
    """All attributes of a value that has one of several shapes; required is what every shape requires."""
    several = list(shapes)
    names = dict.fromkeys(name for shape in several for name in shape)
    found = {}
    for name in names:
        having = [shape[name] for shape in several if name in shape]
        required = len(having) == len(several) and all(attribute.required for attribute in having)
        kind = reduce(merged, (attribute.type for attribute in having))
        first = having[0]
        personal, identifier = any(a.personal for a in having), all(a.identifier for a in having)
        found[name] = Attribute(name, kind, required, first.description, first.unit, personal, identifier)
    return found


def event_type(kinds: Iterable[Kind]) -> Type:
    """The type of an event of one of *kinds*; ``dyn`` where there is none."""
    several = list(kinds)
    if not several:
        return DYN
    attributes = either(kind.attributes for kind in several)
    attributes.setdefault(CORRECTS.name, CORRECTS)
    return RecordType(" or ".join(kind.name for kind in several), attributes, "event")
