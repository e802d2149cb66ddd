"""What is found wrong while a pack is read: gathered, never raised, so that one run tells everything."""

from __future__ import annotations

import re
from typing import Protocol

from oversight.model.diagnostics import Diagnostic
from oversight.model.places import Place

# Names bound by quantifiers and macros are made distinct with a number; people know them without.
_NUMBERED = re.compile(r"(?<=\w)@\w+")


class Written(Protocol):
    """Anything with a place in a file."""

    @property
    def place(self) -> Place:
        """Where it begins."""

    @property
    def width(self) -> int:
        """How many characters to underline."""


class Findings:
    """
    A growing list of diagnostics.

    What :meth:`within` returns adds to the same list and puts its own notes under each diagnostic, so that a
    problem says which rule or fact it stands in. One problem at one place is told once.

    >>> findings = Findings()
    >>> findings.within("in rule R").error("yaml", "this is wrong", Place("a.yaml", 1, 1))
    >>> findings.found[0].notes
    ('in rule R',)
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, Place], Diagnostic] = {}
        self._notes: tuple[str, ...] = ()

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        """The diagnostics in order of place."""
        return tuple(sorted(self._found.values(), key=lambda one: (one.place.file, one.place.line, one.place.column)))

    @property
    def refused(self) -> bool:
        """Whether there is an error among them."""
        return any(one.severity == "error" for one in self._found.values())

    def within(self, *notes: str) -> Findings:
        """The same list, with *notes* under what is added."""
        inner = Findings()
        inner._found = self._found
        inner._notes = (*notes, *self._notes)
        return inner

    def error(
        self,
        code: str,
        message: str,
        place: Place,
        width: int = 1,
        hint: str = "",
        notes: tuple[str, ...] = (),
    ) -> None:
        """Add an error; arguments as in :class:`Diagnostic`."""
        self._add(code, message, place, width, hint, notes, "error")

    def warning(
        self,
        code: str,
        message: str,
        place: Place,
        width: int = 1,
        hint: str = "",
        notes: tuple[str, ...] = (),
    ) -> None:
        """Add a warning, with which a pack still loads."""
        self._add(code, message, place, width, hint, notes, "warning")

    def wrong(self, code: str, message: str, written: Written, hint: str = "", notes: tuple[str, ...] = ()) -> None:
        """Add an error about a key or value."""
        self._add(code, message, written.place, written.width, hint, notes, "error")

    def _add(
        self,
        code: str,
        message: str,
        place: Place,
        width: int,
        hint: str,
        notes: tuple[str, ...],
        severity: str,
    ) -> None:
        said = _NUMBERED.sub("", message)
        if (code, said, place) not in self._found:
            every = (*notes, *self._notes)
            self._found[code, said, place] = Diagnostic(code, said, place, width, hint, every, severity)
