"""Events that are being made up: what an expression over them is worth, and where in them its value stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from oversight.ground.values import EvaluationError, operations
from oversight.meaning.evaluate import Scope, evaluate
from oversight.model.clauses import names_in
from oversight.model.expressions import Call, Name, Node, Select, walk
from oversight.model.forms import ABSENT
from oversight.model.pack import Expression, Latest, Measure, Pack
from oversight.model.types import DATE, DOUBLE, INT, TIMESTAMP, ListType, Type
from oversight.testing.drafts import Binding, Draft, Given, Names, Place, failed
from oversight.testing.sources import Sources
from oversight.testing.values import candidates, default, fits

Pick = Callable[[int], int]
"""A choice: a number from zero, the simplest, to below the one given."""


class Making:
    """
    Events that are being made up.

    Args:
        pack: checked.
        found: what the pack mentions.
        pick: makes every choice.
    """

    def __init__(self, pack: Pack, found: Sources, pick: Pick) -> None:
        self.pack = pack
        self.sources = found
        self.pick = pick
        self.drafts: list[Draft] = []
        self.locked: set[Any] = set()
        self._operations = operations(pack.zone)

    # What an expression is worth now

    def evaluate(self, node: Node, names: Names, at: datetime | None = None) -> Any:
        """The value of *node*, or the error there is instead."""
        bound = {name: self.seen(names[name]) for name in names_in(node) if name in names}
        instant = at or max([draft.time for draft in self.drafts], default=datetime(2026, 1, 1, tzinfo=UTC))
        scope = Scope(bound, lambda name: self.pack.parameters[name].at(instant), self._operations)
        try:
            return evaluate(node, scope)
        except EvaluationError as error:
            return error
        except KeyError as error:
            return EvaluationError(f"nothing is called {error}")

    def seen(self, what: Any) -> Any:
        """What an expression sees of a name."""
        if isinstance(what, Binding):
            return _View(self, what)
        if isinstance(what, Place):
            value = what.read()
            return EvaluationError("not on record") if value is ABSENT else value
        return self.given(what) if isinstance(what, Given) else what

    def given(self, given: Given) -> Any:
        """The value of a ``with:``, by what was made up for it."""
        value = given.value
        if isinstance(value, Expression):
            return self.evaluate(value.node, given.names)
        if isinstance(value, Latest):
            if given.found:
                return self.evaluate(value.value.node, given.found[-1])
            if value.otherwise is None:
                return EvaluationError("not on record")
            return self.evaluate(value.otherwise.node, given.names)
        if isinstance(value, Measure):
            if value.total is None:
                return len(given.found)
            found = [self.evaluate(value.total.node, names) for names in given.found]
            return sum(each for each in found if isinstance(each, int | float))
        return bool(given.found)

    # Where a value stands

    def locate(self, node: Node, names: Names, make: bool = True) -> Place | None:
        """Where the value of *node* stands, if it stands anywhere; a change that gives it one is made up if *make*."""
        if isinstance(node, Name):
            return self._place(names.get(node.name), make)
        if isinstance(node, Select):
            owner = names.get(node.operand.name) if isinstance(node.operand, Name) else None
            if isinstance(owner, Binding):
                return self._place(self.attribute(owner, node.attribute, make), make)
            above = self.locate(node.operand, names, make)
            return None if above is None or above.time else above.below(node.attribute)
        if isinstance(node, Call) and node.function == "[]":
            above, step = self.locate(node.arguments[0], names, make), self.evaluate(node.arguments[1], names)
            return above.below(step) if above is not None and isinstance(step, str | int) else None
        return None

    def _place(self, what: Any, make: bool) -> Place | None:
        if isinstance(what, Given):
            if isinstance(what.value, Expression):
                return self.locate(what.value.node, what.names, make)
            if isinstance(what.value, Latest) and what.found:
                return self.locate(what.value.value.node, what.found[-1], make)
            return None
        return what if isinstance(what, Place) else None

    def attribute(self, owner: Binding, name: str, make: bool = False) -> Any:
        """What the attribute *name* of an event or fact stands for: a place, a value of ``with:``, or nothing yet."""
        entry, fact = owner.entry, owner.fact
        if entry is None or fact is None:
            return Place(owner.draft, (), time=True) if name == "time" else Place(owner.draft, (name,))
        if name in fact.key and entry.key:
            return Given(entry.key[fact.key.index(name)], owner.names)
        if name == "since":
            if entry.begins is None:
                return Place(owner.draft, (), time=True)
            return Given(evolve(entry.begins, node=_instant(entry.begins.node)), owner.names)
        bound = owner.names.get(name)
        if isinstance(bound, Given | Place):
            return bound
        if name not in owner.draft.kind.attributes and name in fact.type.attributes:
            return self.changed(owner, name, make)
        return Place(owner.draft, (name,))

    def changed(self, owner: Binding, name: str, make: bool) -> Any:
        """What an attribute stands for that only a change of the fact gives it; a plan makes one up where asked to."""
        return None

    # Values

    def default(self, declared: Type, name: str, draft: Draft) -> Any:
        """A plain value of a type."""
        return default(declared, name, draft.time, self.sources, self.pack.zone)

    def candidates(self, place: Place) -> list[Any]:
        """Values for a place that are worth a try."""
        return candidates(place, self.sources, self.pack.zone)

    def fill(self, place: Place) -> bool:
        """Put a plain value where there is none."""
        if place.read() is not ABSENT:
            return True
        declared = place.type
        value = self.default(declared, place.name, place.draft)
        if isinstance(declared, ListType) and not value:
            value = [self.default(declared.item, place.name, place.draft)]
        return place.write(value)

    def set(self, place: Place, value: Any) -> bool:
        """Set a place to a value, unless it was set to another before."""
        if place.read() == value and type(place.read()) is type(value):
            return True
        if place.number in self.locked:
            return False
        declared = place.type
        if declared is DATE and isinstance(value, datetime):
            value = value.astimezone(self.pack.zone).date()
        elif declared is DOUBLE and isinstance(value, int):
            value = float(value)
        elif declared is INT and isinstance(value, float):
            value = int(value)
        if not fits(value, declared) or not place.write(value):
            return False
        self.locked.add(place.number)
        return True

    def lock(self, node: Node, names: Names) -> None:
        """What *node* reads stays as it is."""
        for each in walk(node):
            place = self.locate(each, names, make=False) if isinstance(each, Select | Name) else None
            if place is not None and place.read() is not ABSENT:
                self.locked.add(place.number)


class _View(Mapping[str, Any]):
    """A binding as expressions see it."""

    def __init__(self, making: Making, binding: Binding) -> None:
        self._making, self._binding = making, binding

    def __getitem__(self, name: str) -> Any:
        draft = self._binding.draft
        if name == "event":
            return {"id": f"e-{id(draft)}", "source": "", "kind": draft.kind.name, "time": draft.time}
        value = self._making.seen(self._making.attribute(self._binding, name))
        if value is None or failed(value):
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._binding.draft.data)

    def __len__(self) -> int:
        return len(self._binding.draft.data)


def _instant(node: Node) -> Node:
    """What is a date as the first instant of that day."""
    return Call("@instant", (node,), type=TIMESTAMP) if node.type is DATE else node
