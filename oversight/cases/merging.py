"""Two changes of one thing, both made."""

from __future__ import annotations

from typing import Any

from attrs import evolve, fields, has


def merged(base: Any, one: Any, other: Any) -> Any:
    """
    *base* with what was changed in *one* and what was changed in *other*, at different places.

    Both have what they did not change from *base*, as the same objects. Where both changed the same, *other* counts.

    Args:
        base: a value, a tuple, or an object of attrs, whatever is inside.
        one: the same, changed.
        other: the same, changed elsewhere.

    >>> base = (("a",), ("b",))
    >>> merged(base, (("x",), base[1]), (base[0], ("y",)))
    (('x',), ('y',))
    """
    if one is base or other is base:
        return other if one is base else one
    kind = base.__class__
    if one.__class__ is kind and other.__class__ is kind:
        if kind is tuple and len(base) == len(one) == len(other):
            return tuple(merged(*three) for three in zip(base, one, other, strict=True))
        if has(kind):
            named = [field for field in fields(kind) if field.init]
            changed = {
                field.alias: merged(*(getattr(each, field.name) for each in (base, one, other)))
                for field in named
                if getattr(one, field.name) is not getattr(base, field.name)
            }
            return evolve(other, **changed)
    return other
