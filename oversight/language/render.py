"""A diagnostic as a person reads it: the line it is about, a caret, what to do, and where it stands."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from oversight.ground.text import printable
from oversight.model.diagnostics import Diagnostic

BEFORE = 100
SHOWN = 160
LONGEST = 600


def render(diagnostic: Diagnostic, source_lines: Sequence[str]) -> str:
    """
    Write a diagnostic with the line it is about.

    Args:
        diagnostic: what was found.
        source_lines: the lines of its file; may be empty where they are not known.

    Returns:
        Several lines without a line break at the end, safe to print on a terminal.

    >>> from oversight.model.places import Place
    >>> found = Diagnostic("unknown-key", "no 'iff'", Place("a.yaml", 1, 3), 3, "did you mean 'if'?")
    >>> print(render(found, ["  iff: c.biometric"]))
    a.yaml:1:3: error[unknown-key]: no 'iff'
      |
    1 |   iff: c.biometric
      |   ^^^ did you mean 'if'?
    """
    place = diagnostic.place
    said = printable(diagnostic.message, LONGEST)
    lines = [f"{printable(str(place), LONGEST)}: {diagnostic.severity}[{diagnostic.code}]: {said}"]
    number = str(place.line)
    margin = " " * len(number)
    hint = printable(diagnostic.hint, LONGEST)
    if 0 < place.line <= len(source_lines):
        shown, indent, width = _window(source_lines[place.line - 1], place.column - 1, diagnostic.width)
        lines.append(f"{margin} |")
        lines.append(f"{number} | {shown}")
        lines.append(f"{margin} | {' ' * indent}{'^' * width} {hint}".rstrip())
    elif hint:
        lines.append(f"{margin} = {hint}")
    lines.extend(f"{margin} = {printable(note, LONGEST)}" for note in diagnostic.notes)
    return "\n".join(lines)


def render_all(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Sequence[str]]) -> str:
    """
    Write several diagnostics, with an empty line between them.

    >>> render_all([], {})
    ''
    """
    return "\n\n".join(render(one, sources.get(one.place.file, ())) for one in diagnostics)


def _window(line: str, start: int, width: int) -> tuple[str, int, int]:
    """The part of a line around the caret, and the caret's column and width on a terminal."""
    line = line.replace("\t", " ")
    first = start - BEFORE if start > BEFORE + 20 else 0
    before, marked = line[first:start], line[start : start + width]
    rest = line[start + width :]
    prefix = ("…" if first else "") + printable(before, len(before) + 1)
    underlined = printable(marked, max(1, len(marked)))
    room = max(0, SHOWN - len(before) - len(marked))
    cut = printable(rest[:room], room + 1) + ("…" if len(rest) > room else "")
    if len(underlined) > SHOWN:
        underlined, cut = underlined[:SHOWN] + "…", ""
    return f"{prefix}{underlined}{cut}".rstrip(), _columns(prefix), max(1, _columns(underlined))


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters take two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
