"""Warnings that an author allows, with a reason, in a comment at their line: ``# allow CODE: REASON``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from attrs import frozen

from oversight.ground.marks import marked
from oversight.ground.text import nearest
from oversight.language.codes import CODES
from oversight.model.diagnostics import Diagnostic
from oversight.model.places import Place

ASKED = frozenset({"unused-fact", "unused-kind"})
"""The codes that are told of some packs only where they are asked for."""

_MARK = re.compile(r"(?:^|\s)#\s*allow (?P<code>[a-z0-9-]+): *(?P<reason>\S.*)")


@frozen
class Allowance:
    """
    One mark.

    Args:
        code: what is allowed.
        about: the line on which it is allowed: that of the mark, or the one after the comment it stands in.
        place: of the code, in the comment.
    """

    code: str
    about: int
    place: Place


def allowed(
    found: Sequence[Diagnostic], sources: Mapping[str, Sequence[str]], own: Collection[str] = ()
) -> tuple[Diagnostic, ...]:
    """
    *found* without the warnings that are allowed where they stand, and with the marks that allow nothing.

    Args:
        found: in order of place; errors cannot be allowed.
        sources: the lines of each file.
        own: the files whose marks must be needed; none of a pack that was refused, of which not all was looked for.

    >>> allowed([], {"a.yaml": ["on: x.began  # allow yaml: because"]}, ["a.yaml"])[0].code
    'unneeded-allowance'
    """
    marks = {name: _marks(name, lines) for name, lines in sources.items() if any("allow" in line for line in lines)}
    used: set[Allowance] = set()
    kept = []
    for one in found:
        matching = {
            mark
            for mark in marks.get(one.place.file, ())
            if one.severity == "warning" and (mark.code, mark.about) == (one.code, one.place.line)
        }
        used |= matching
        kept += [] if matching else [one]
    needless = [mark for name in own for mark in marks.get(name, ()) if mark not in used and mark.code not in ASKED]
    kept += [_unneeded(mark) for mark in needless]
    return tuple(sorted(kept, key=lambda one: (one.place.file, one.place.line, one.place.column)))


def _marks(name: str, lines: Sequence[str]) -> list[Allowance]:
    found = marked(lines, _MARK)
    return [Allowance(mark["code"], line, Place(name, at, mark.start("code") + 1)) for mark, at, line in found]


def _unneeded(mark: Allowance) -> Diagnostic:
    near = "" if mark.code in CODES else nearest(mark.code, CODES) or ""
    message = f"nothing here is warned of as {mark.code}"
    hint = f"did you mean {near!r}?" if near else "remove it"
    return Diagnostic("unneeded-allowance", message, mark.place, len(mark.code), hint, severity="warning")
