"""Starts whose spells have not begun yet, or are about to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from oversight.engine.queries import Plan
from oversight.engine.store import BY_KEY, Held, Table
from oversight.model.forms import Compact, Event


class Waiting(Compact):
    """A start whose spell has not begun yet, or is about to."""

    key: Any
    event: Event
    order: tuple[Any, ...]
    begins: datetime
    until: datetime | None
    values: dict[str, Any] | None


class Begun:
    """
    The spells about to begin in one step, by key and by what an index will have them under.

    Args:
        table: of the fact.
        spells: in the order in which they begin.
    """

    def __init__(self, table: Table, spells: list[Waiting]) -> None:
        self._table = table
        self._spells = spells
        self._indexed: dict[int, dict[Any, list[Any]]] = {}
        self.by_key: dict[Any, list[Waiting]] = {}
        for spell in spells:
            self.by_key.setdefault(spell.key, []).append(spell)

    def left(self) -> list[Waiting]:
        """Those that no act has ended."""
        left = {id(spell) for spells in self.by_key.values() for spell in spells}
        return [spell for spell in self._spells if id(spell) in left]

    def keys(self, plan: Plan, env: list[Any]) -> Iterable[Any]:
        """Keys of those that may match."""
        reach = plan.reach(env)
        if reach is None:
            return self.by_key
        number, values = reach
        if number not in self._indexed and number != BY_KEY:
            known: dict[Any, list[Any]] = {}
            for spell in self._spells:
                for value in self._table.indexes[number].values(alone(spell)):
                    known.setdefault(value, []).append(spell.key)
            self._indexed[number] = known
        try:
            if number == BY_KEY:
                return [value for value in values if value in self.by_key]
            return [key for value in values for key in self._indexed[number].get(value, ())]
        except TypeError:
            return ()  # a list or a map equals no attribute that is indexed


def alone(spell: Waiting) -> Held:
    """The fact that a spell not yet begun would make by itself."""
    return Held(spell.key, spell.begins, spell.event, spell.values)
