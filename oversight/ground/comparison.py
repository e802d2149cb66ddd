"""Values of expressions, how they compare, and how lists and maps are read; the meaning is in `values`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from oversight.ground.text import printable
from oversight.ground.time import Period

ABSENT = object()
_PLAIN = frozenset({str, int, bool, timedelta, date})
_ORDERED = frozenset({int, float, str, bool, datetime, timedelta, Period})
_TYPE_NAMES: dict[type, str] = {
    type(None): "null", bool: "bool", int: "int", float: "double", str: "string", list: "list", dict: "map",
    datetime: "timestamp", timedelta: "duration", Period: "period", date: "date",
}  # fmt: skip


class EvaluationError(Exception):
    """
    An expression has no value here: CEL's error, with its reason as text.

    >>> str(EvaluationError("division by zero"))
    'division by zero'
    """


def type_name(value: Any) -> str:
    """
    CEL's name of the type of *value*.

    >>> type_name(timedelta(hours=1))
    'duration'
    """
    return _TYPE_NAMES.get(type(value), type(value).__name__)


def no_overload(operator: str, *values: Any) -> EvaluationError:
    """
    The error of an operator or function given types it is not defined for.

    >>> str(no_overload("<", 1, "a"))
    '< is not defined for int and string'
    """
    return EvaluationError(f"{operator} is not defined for {' and '.join(map(type_name, values))}")


def equals(left: Any, right: Any) -> bool:
    """
    ``==``, which is defined for all values: of different types false, but for int and double.

    >>> equals(1, 1.0), equals(True, 1), equals([1, "a"], [1.0, "a"])
    (True, False, True)
    """
    kind = left.__class__
    if kind is right.__class__:
        if kind is str:
            same: bool = left == right
            return same
        if kind is list:
            return len(left) == len(right) and all(map(equals, left, right))
        if kind is dict:
            return len(left) == len(right) and all(
                (other := _find(right, key)) is not ABSENT and equals(value, other) for key, value in left.items()
            )
        return bool(left == right)
    if (kind is int and right.__class__ is float) or (kind is float and right.__class__ is int):
        return float(left) == float(right)
    return False


def same(left: Any, right: Any) -> bool:
    """
    Whether every expression has the same value or error of the one as of the other: more than ``==``.

    It may say no where that is so, never yes where it is not.

    >>> same(["a"], ["a"]), same(1, 1.0), same(0.0, -0.0)
    (True, False, False)
    """
    if left is right:
        return True
    kind = left.__class__
    if kind is not right.__class__:
        return False
    if kind is list:
        return len(left) == len(right) and all(map(same, left, right))
    if kind is dict:
        return same([*left], [*right]) and same([*left.values()], [*right.values()])
    if kind is float:
        return bool(left == right != 0)
    if kind is datetime:
        return bool(left == right and left.utcoffset() == right.utcoffset())
    return kind in _PLAIN and bool(left == right)


def differs(left: Any, right: Any) -> bool:
    """
    ``!=``.

    >>> differs("a", 1)
    True
    """
    return not equals(left, right)


def _ordered(operator: str, left: Any, right: Any) -> tuple[Any, Any]:
    kind = left.__class__
    if (kind is int and right.__class__ is float) or (kind is float and right.__class__ is int):
        return float(left), float(right)
    if kind is not right.__class__ or kind not in _ORDERED:
        raise no_overload(operator, left, right)
    return left, right


def less(left: Any, right: Any) -> bool:
    """
    ``<``, of two numbers, strings (by code point), bools, timestamps, durations or periods.

    Raises:
        EvaluationError: of anything else.

    >>> less("a", "b"), less(1, 1.5)
    (True, True)
    """
    if left.__class__ is right.__class__ and left.__class__ in _ORDERED:
        plainly: bool = left < right
        return plainly
    left, right = _ordered("<", left, right)
    return bool(left < right)


def at_most(left: Any, right: Any) -> bool:
    """
    ``<=``; see `less`.

    >>> at_most(2, 2)
    True
    """
    if left.__class__ is right.__class__ and left.__class__ in _ORDERED:
        plainly: bool = left <= right
        return plainly
    left, right = _ordered("<=", left, right)
    return bool(left <= right)


def more(left: Any, right: Any) -> bool:
    """
    ``>``; see `less`.

    >>> more(2, 2)
    False
    """
    if left.__class__ is right.__class__ and left.__class__ in _ORDERED:
        plainly: bool = left > right
        return plainly
    left, right = _ordered(">", left, right)
    return bool(left > right)


def at_least(left: Any, right: Any) -> bool:
    """
    ``>=``; see `less`.

    >>> at_least(3, 2)
    True
    """
    if left.__class__ is right.__class__ and left.__class__ in _ORDERED:
        plainly: bool = left >= right
        return plainly
    left, right = _ordered(">=", left, right)
    return bool(left >= right)


def _find(container: dict[Any, Any], key: Any) -> Any:
    """The value under *key*, or ``ABSENT``; to Python, ``True`` and ``1`` are one key, to CEL two."""
    kind = key.__class__
    if kind is str:
        return container.get(key, ABSENT)
    if kind is float:
        if not key.is_integer():
            return ABSENT
        key, kind = int(key), int
    if kind is not int and kind is not bool:
        raise EvaluationError(f"a map has no keys of type {type_name(key)}")
    for known, value in container.items():
        if known.__class__ is kind and known == key:
            return value
    return ABSENT


def contained(item: Any, container: Any) -> bool:
    """
    ``in``: among the items of a list or the keys of a map.

    Raises:
        EvaluationError: *container* is neither, or *item* can be no key.

    >>> contained("a", ["a", 1]), contained("b", {"a": 1})
    (True, False)
    """
    if container.__class__ is list:
        if item.__class__ is str:
            return item in container
        return any(equals(item, other) for other in container)
    if container.__class__ is dict:
        return _find(container, item) is not ABSENT
    raise no_overload("in", item, container)


def index(container: Any, key: Any) -> Any:
    """
    ``container[key]``.

    Raises:
        EvaluationError: there is no such item or key.

    >>> index(["a", "b"], 1)
    'b'
    """
    if container.__class__ is dict:
        value = _find(container, key)
        if value is ABSENT:
            raise EvaluationError(f"there is no key {printable(str(key), 60)!r}")
        return value
    if container.__class__ is not list:
        raise no_overload("[]", container)
    if key.__class__ is float and key.is_integer():
        key = int(key)
    if key.__class__ is not int:
        raise EvaluationError(f"a list has no index of type {type_name(key)}")
    if not 0 <= key < len(container):
        raise EvaluationError(f"the list has no item {key}: it has {len(container)}")
    return container[key]


def select(value: Any, name: str) -> Any:
    """
    ``value.name`` of a map.

    Raises:
        EvaluationError: it has no such key, or is no map.

    >>> select({"a": 1}, "a")
    1
    """
    if value.__class__ is not dict:
        raise EvaluationError(f"a {type_name(value)} has no attributes")
    found = value.get(name, ABSENT)
    if found is ABSENT:
        raise EvaluationError(f"there is no {name!r}")
    return found


def has(value: Any, name: str) -> bool:
    """
    ``has(value.name)`` of a map.

    Raises:
        EvaluationError: *value* is no map.

    >>> has({"a": 1}, "b")
    False
    """
    if value.__class__ is not dict:
        raise EvaluationError(f"a {type_name(value)} has no attributes")
    return name in value


def items_of(value: Any) -> list[Any]:
    """
    What a macro ranges over: the items of a list or the keys of a map.

    Raises:
        EvaluationError: *value* is neither.

    >>> items_of({"a": 1})
    ['a']
    """
    if value.__class__ is list:
        return value
    if value.__class__ is dict:
        return list(value)
    raise EvaluationError(f"a {type_name(value)} is no list or map")


def map_of(*parts: Any) -> dict[Any, Any]:
    """
    A map from alternating keys and values.

    Raises:
        EvaluationError: a key is no string, int or bool, comes twice, or bools and ints are mixed.

    >>> map_of("a", 1, "b", 2)
    {'a': 1, 'b': 2}
    """
    made: dict[Any, Any] = {}
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        if key.__class__ not in (str, int, bool):
            raise EvaluationError(f"a {type_name(key)} is no key of a map")
        if key in made:
            raise EvaluationError(f"the key {printable(str(key), 60)!r} comes twice")
        made[key] = value
    return made
