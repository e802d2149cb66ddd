"""
Events that are being made up, and what the names of a rule stand for while they are.

A draft holds typed values, so that the expressions of a pack can be evaluated over it before it is an event. A place is
one value in a draft that may yet be set: a condition that does not hold is made to hold by setting it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from attrs import define, field, frozen

from oversight.ground.time import Period, format_instant
from oversight.ground.values import EvaluationError
from oversight.model.forms import ABSENT
from oversight.model.pack import Entry, Fact, Kind, Value
from oversight.model.types import DYN, TIMESTAMP, Attribute, ListType, MapType, RecordType, Type

Names = dict[str, Any]
"""What each name stands for: a `Binding`, a `Given`, or a `Place`."""


@define(eq=False)
class Draft:
    """An event that is being made up."""

    kind: Kind
    time: datetime
    data: dict[str, Any] = field(factory=dict)

    def written(self) -> dict[str, Any]:
        """The event without its id, as it is fed."""
        return {"kind": self.kind.name, "time": format_instant(self.time), "data": plain(self.data)}


@frozen(eq=False)
class Binding:
    """An event, or the fact that it starts in the way of *entry*; *names* are those inside the entry."""

    draft: Draft
    fact: Fact | None = None
    entry: Entry | None = None
    names: Names = field(factory=dict)


@define(eq=False)
class Given:
    """A value of ``with:``, and what was made up for it: the names inside its query, one for each fact."""

    value: Value
    names: Names
    found: list[Names] = field(factory=list)


@frozen
class Place:
    """Where a value stands in a draft; an empty path with ``time`` is its instant."""

    draft: Draft = field(eq=False)
    path: tuple[str | int, ...]
    time: bool = False

    def below(self, name: str | int) -> Place:
        """A value inside this one."""
        return Place(self.draft, (*self.path, name))

    @property
    def number(self) -> tuple[int, tuple[str | int, ...], bool]:
        """What tells this place from others."""
        return (id(self.draft), self.path, self.time)

    @property
    def attribute(self) -> Attribute | None:
        """The declaration of the attribute that stands here; ``None`` where nothing declares it."""
        known: Mapping[str, Attribute] = self.draft.kind.attributes
        found: Attribute | None = None
        for step in self.path:
            if isinstance(step, int):
                inner = found.type.item if found is not None and isinstance(found.type, ListType) else DYN
                found = Attribute(found.name if found else "item", inner, required=True)
            elif found is not None and isinstance(found.type, MapType):
                found = Attribute(step, found.type.value)
            else:
                found = known.get(step)
            known = found.type.attributes if found is not None and isinstance(found.type, RecordType) else {}
        return found

    @property
    def type(self) -> Type:
        """The type of the value that may stand here."""
        found = self.attribute
        return TIMESTAMP if self.time else DYN if found is None else found.type

    @property
    def name(self) -> str:
        """The name of the attribute, or of the list it is in."""
        return next((step for step in reversed(self.path) if isinstance(step, str)), "")

    def read(self) -> Any:
        """The value, or ``ABSENT``."""
        if self.time:
            return self.draft.time
        value: Any = self.draft.data
        for step in self.path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return ABSENT
        return value

    def write(self, value: Any) -> bool:
        """Set the value, with the maps it is in; false where something else is in the way."""
        if self.time:
            self.draft.time = value
            return True
        above: Any = self.draft.data
        for step, following in zip(self.path, self.path[1:], strict=False):
            if isinstance(above, dict) and step not in above:
                above[step] = [] if isinstance(following, int) else {}
            try:
                above = above[step]
            except (KeyError, IndexError, TypeError):
                return False
        last = self.path[-1]
        if isinstance(above, list) and last == len(above):
            above.append(value)
        elif isinstance(above, dict) or (isinstance(above, list) and isinstance(last, int) and last < len(above)):
            above[last] = value  # type: ignore[index]
        else:
            return False
        return True

    def remove(self) -> bool:
        """Take an optional value away; false where there must be one."""
        found = self.attribute
        if self.time or (found is not None and found.required):
            return False
        above = Place(self.draft, self.path[:-1]).read() if len(self.path) > 1 else self.draft.data
        if isinstance(above, dict):
            above.pop(str(self.path[-1]), None)
        return isinstance(above, dict)


class Saved:
    """The state of some drafts, to return to."""

    def __init__(self, drafts: list[Draft]) -> None:
        self._drafts = drafts
        self._held = [(draft, draft.time, copy.deepcopy(draft.data)) for draft in drafts]

    def restore(self) -> None:
        """Undo all that was written since."""
        self._drafts[:] = [draft for draft, _, _ in self._held]
        for draft, time, data in self._held:
            draft.time, draft.data = time, data


def places(draft: Draft, *, leaves: bool = True) -> Iterator[Place]:
    """Every place of a draft that holds a value, in order; only those without others inside, if *leaves*."""

    def within(place: Place, value: Any) -> Iterator[Place]:
        steps = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
        if place.path and (not steps or not leaves):
            yield place
        for step in steps:
            yield from within(place.below(step), value[step])

    yield from within(Place(draft, ()), draft.data)


def plain(value: Any) -> Any:
    """A typed value as the JSON an event has."""
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Period):
        return str(value)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def failed(value: Any) -> bool:
    """Whether there is no value."""
    return isinstance(value, EvaluationError) or value is ABSENT
