"""Outlets of a record: each is told every change that is recorded, in order and at least once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol

from oversight.ground.errors import RecordDamaged
from oversight.model.alerts import Change
from oversight.record.entries import CHANGE, Batch
from oversight.record.store import Store

SOME = 1000
"""How many changes are told before it is noted that they were, where many are to be told."""


class Tells(Protocol):
    """What an outlet does."""

    def tell(self, changes: Iterable[Change]) -> object:
        """Tell changes, in order."""


class Telling:
    """
    Tells outlets what stands in a store.

    It is noted with the next commit up to where each was told, so that telling costs none of its own; after a crash
    what was told since the last commit is told again, with the same positions.

    Args:
        store: with the changes.
        outlets: by the names under which it is noted what they were told.
    """

    def __init__(self, store: Store, outlets: Mapping[str, Tells]) -> None:
        self._store = store
        self._outlets = outlets
        self._noted = dict(store.told())
        self._upto = {name: self._noted.get(name, 0) for name in outlets}

    def unnoted(self) -> dict[str, int]:
        """Up to where outlets were told, where the store does not know."""
        return {name: upto for name, upto in self._upto.items() if self._noted.get(name, 0) != upto}

    def noted(self) -> None:
        """The store knows now."""
        self._noted.update(self._upto)

    def note(self) -> None:
        """Have the store know."""
        if unnoted := self.unnoted():
            self._store.commit(Batch(told=unnoted))
            self.noted()

    def tell(self, fresh: Sequence[Change], start: int, size: int) -> None:
        """
        Tell each outlet all it was not told.

        Args:
            fresh: the changes among the entries from *start* on.
            start: the position of the first entry of the last commit.
            size: how many entries there are.

        Raises:
            Exception: what an outlet raised, once the others were told.
        """
        failed: list[Exception] = []
        for name, outlet in self._outlets.items():
            try:
                if self._upto[name] < start:
                    self._catch_up(name, outlet, start)
                if fresh:
                    outlet.tell(fresh)
                self._upto[name] = size
            except Exception as error:  # an outlet is somebody else's, and the others are to be told
                failed.append(error)
        if failed:
            raise failed[0]

    def _catch_up(self, name: str, outlet: Tells, stop: int) -> None:
        coming = changes(self._store, self._upto[name], stop)
        while some := list(islice(coming, SOME)):
            outlet.tell(some)
            last = some[-1].position
            assert last is not None
            self._upto[name] = last + 1
            if len(some) == SOME:
                self.note()
        self._upto[name] = stop


def changes(store: Store, start: int = 0, stop: int | None = None) -> Iterator[Change]:
    """
    The changes that *store* has from *start* until before *stop*, with their positions, but for forgotten ones.

    Raises:
        RecordDamaged: what stands there is none.
    """
    for entry in store.entries(start, stop, types=(CHANGE,)):
        if entry.body is not None:
            try:
                change = Change.read(entry.body, entry.position)
            except (ValueError, KeyError, TypeError):
                said = f"what stands at position {entry.position} of the record is no change"
                raise RecordDamaged(f"{said}; oversight verify says more") from None
            yield change
