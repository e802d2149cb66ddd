"""Which types go together: the overloads of functions and operators, and what may be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oversight.model.types import (
    BOOL,
    DATE,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    PERIOD,
    STRING,
    TIMESTAMP,
    Attribute,
    EnumType,
    ListType,
    MapType,
    RecordType,
    Type,
    enum_of,
    list_of,
    map_of,
)

ENVELOPE = RecordType(
    "event envelope",
    {
        "id": Attribute("id", STRING, required=True),
        "source": Attribute("source", STRING, required=True),
        "kind": Attribute("kind", STRING, required=True),
        "subject": Attribute("subject", STRING),
        "time": Attribute("time", TIMESTAMP, required=True),
        "recorded": Attribute("recorded", TIMESTAMP),
        "sequence": Attribute("sequence", STRING),
    },
)
_BUILT_IN: Mapping[str, Mapping[str, Attribute]] = {
    "record": {},
    "event": {
        "time": Attribute("time", TIMESTAMP, required=True),
        "event": Attribute("event", ENVELOPE, required=True),
    },
    "fact": {
        "since": Attribute("since", TIMESTAMP, required=True),
        "event": Attribute("event", ENVELOPE, required=True),
    },
}

_OF_TEXT = ((("string", "string"), BOOL),)
_OF_TIME = ((("timestamp",), INT), (("timestamp", "string"), INT))
_OF_SPAN = (*_OF_TIME, (("duration",), INT))
_SCALARS = ("string", "bool", "int", "double", "timestamp", "duration", "period")
_NUMERIC = ((("int", "int"), INT), (("double", "double"), DOUBLE))

OVERLOADS: Mapping[str, tuple[tuple[tuple[str, ...], Type], ...]] = {
    "size": tuple(((kind,), INT) for kind in ("string", "list", "map")),
    "startsWith": _OF_TEXT, "endsWith": _OF_TEXT, "contains": _OF_TEXT, "matches": _OF_TEXT,
    "timestamp": tuple(((kind,), TIMESTAMP) for kind in ("string", "int", "timestamp")),
    "duration": tuple(((kind,), DURATION) for kind in ("string", "duration")),
    "period": tuple(((kind,), PERIOD) for kind in ("string", "period")),
    "int": tuple(((kind,), INT) for kind in ("int", "double", "string", "timestamp")),
    "double": tuple(((kind,), DOUBLE) for kind in ("int", "double", "string")),
    "string": tuple(((kind,), STRING) for kind in _SCALARS),
    "bool": tuple(((kind,), BOOL) for kind in ("bool", "string")),
    "getFullYear": _OF_TIME, "getMonth": _OF_TIME, "getDate": _OF_TIME, "getDayOfMonth": _OF_TIME,
    "getDayOfWeek": _OF_TIME, "getDayOfYear": _OF_TIME,
    "getHours": _OF_SPAN, "getMinutes": _OF_SPAN, "getSeconds": _OF_SPAN, "getMilliseconds": _OF_SPAN,
    "+": (
        *_NUMERIC, (("string", "string"), STRING),
        (("timestamp", "duration"), TIMESTAMP), (("duration", "timestamp"), TIMESTAMP),
        (("timestamp", "period"), TIMESTAMP), (("period", "timestamp"), TIMESTAMP),
        (("duration", "duration"), DURATION), (("period", "period"), PERIOD),
    ),
    "-": (
        *_NUMERIC, (("int",), INT), (("double",), DOUBLE),
        (("timestamp", "timestamp"), DURATION), (("timestamp", "duration"), TIMESTAMP),
        (("timestamp", "period"), TIMESTAMP), (("duration", "duration"), DURATION),
    ),
    "*": _NUMERIC, "/": _NUMERIC, "%": ((("int", "int"), INT),),
}  # fmt: skip

_ORDERED = frozenset({"int", "double", "string", "bool", "timestamp", "duration", "period", "dyn"})
_NUMBERS = frozenset({"int", "double"})


def kind_of(type_: Type) -> str:
    """
    What the overloads tell apart: the name of a scalar, ``list`` or ``map``.

    >>> kind_of(list_of(INT)), kind_of(STRING)
    ('list', 'string')
    """
    if isinstance(type_, EnumType):
        return "string"
    if isinstance(type_, ListType):
        return "list"
    return "map" if isinstance(type_, MapType | RecordType) else type_.name


def attributes_of(record: RecordType) -> dict[str, Attribute]:
    """
    The attributes an expression can select, those that every event or fact has included.

    >>> sorted(attributes_of(RecordType("camera", {}, role="fact")))
    ['event', 'since']
    """
    return {**_BUILT_IN[record.role], **record.attributes}


def fits(found: Type, wanted: Type) -> bool:
    """
    Whether a value of type *found* can be used where *wanted* is asked for.

    A date fits a timestamp (it is its first instant), ``dyn`` fits everything, an int fits no double.

    >>> fits(DATE, TIMESTAMP), fits(INT, DOUBLE)
    (True, False)
    """
    if found is DYN or wanted is DYN or (found == DATE and wanted == TIMESTAMP):
        return True
    if isinstance(found, ListType) and isinstance(wanted, ListType):
        return fits(found.item, wanted.item)
    return kind_of(found) == kind_of(wanted)


def comparable(left: Type, right: Type) -> bool:
    """
    Whether ``left == right`` can ever hold: the same type, or int and double.

    >>> comparable(INT, DOUBLE), comparable(INT, DURATION)
    (True, False)
    """
    if DYN in (left, right) or {kind_of(left), kind_of(right)} == _NUMBERS:
        return True
    if isinstance(left, ListType) and isinstance(right, ListType):
        return comparable(left.item, right.item)
    if isinstance(left, MapType) and isinstance(right, MapType):
        return comparable(left.value, right.value)
    return kind_of(left) == kind_of(right)


def orderable(left: Type, right: Type) -> bool:
    """
    Whether ``left < right`` is defined.

    >>> orderable(INT, DOUBLE), orderable(list_of(INT), list_of(INT))
    (True, False)
    """
    kinds = {kind_of(left), kind_of(right)}
    return kinds <= _ORDERED and (len(kinds) == 1 or "dyn" in kinds or kinds == _NUMBERS)


def result_of(function: str, arguments: Sequence[Type]) -> Type | None:
    """
    The type of a call, or ``None`` where no overload takes these types.

    >>> str(result_of("+", [TIMESTAMP, PERIOD])), result_of("+", [INT, DOUBLE])
    ('timestamp', None)
    """
    kinds = [kind_of(type_) for type_ in arguments]
    if function == "+" and len(kinds) == 2 and set(kinds) <= {"list", "dyn"} and "list" in kinds:
        return joined(arguments)
    found: list[Type] = []
    for wanted, result in OVERLOADS[function]:
        if len(wanted) == len(kinds) and all(kind in (want, "dyn") for kind, want in zip(kinds, wanted, strict=True)):
            found.append(result)
    if not found:
        return None
    return found[0] if all(result == found[0] for result in found) else DYN


def joined(types: Sequence[Type]) -> Type:
    """
    The type of a value that has one of *types*.

    >>> str(joined([INT, INT])), str(joined([INT, STRING]))
    ('int', 'dyn')
    """
    first = types[0] if types else DYN
    if all(type_ == first for type_ in types):
        return first
    if all(isinstance(type_, EnumType) for type_ in types):
        values = dict.fromkeys(v for type_ in types if isinstance(type_, EnumType) for v in type_.values)
        return enum_of(tuple(values))
    if all(kind_of(type_) == "string" for type_ in types):
        return STRING
    if all(isinstance(type_, ListType) for type_ in types):
        return list_of(joined([type_.item for type_ in types if isinstance(type_, ListType)]))
    if all(isinstance(type_, MapType) for type_ in types):
        return map_of(joined([type_.value for type_ in types if isinstance(type_, MapType)]))
    return DYN


def advice(left: Type, right: Type) -> str:
    """
    What to write where *left* and *right* do not go together; empty where there is nothing to say.

    >>> advice(INT, DOUBLE)
    'write 1.0 for 1, or double(…)'
    """
    kinds = {kind_of(left), kind_of(right)}
    if kinds == _NUMBERS:
        return "write 1.0 for 1, or double(…)"
    if kinds == {"duration", "period"}:
        return 'write period("PT1H") for duration("1h")'
    if kinds & {"duration", "period"} and kinds & {*_NUMBERS, "string"}:
        return 'write the length as duration("1h") or period("P1D")'
    if kinds & {"timestamp"} and "string" in kinds:
        return 'write timestamp("…")'
    if NULL in (left, right):
        return "has(…) asks whether it is there"
    if kinds & {"string"} and kinds & _NUMBERS:
        return "a number is written without quotation marks"
    return ""
