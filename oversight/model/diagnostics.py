"""What is wrong with a pack or an input, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from oversight.model.pack import Pack
from oversight.model.places import Place


@frozen
class Diagnostic:
    """
    One finding.

    Args:
        code: stable short name, for example ``unknown-attribute``.
        message: what is wrong, one line.
        place: where.
        width: how many characters the caret underlines.
        hint: the nearest right name or what to do, beside the caret; may be empty.
        notes: further lines, for example the attributes there are and the rule it stands in.
        severity: ``error`` (the pack does not load) or ``warning``.
    """

    code: str
    message: str
    place: Place
    width: int = 1
    hint: str = ""
    notes: tuple[str, ...] = ()
    severity: str = field(default="error")


@frozen
class Result:
    """
    What reading a pack gave.

    Args:
        pack: the checked pack; ``None`` where there is an error.
        diagnostics: every problem of every file, in order of place.
        sources: the lines of each file, by the name that diagnostics use.
    """

    pack: Pack | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, list[str]]
