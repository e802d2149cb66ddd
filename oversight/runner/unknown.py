"""What events say and no rule can read, since no pack has an attribute of that name: mostly a name that is misspelt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from oversight.ground.errors import EventError
from oversight.ground.text import printable
from oversight.model.events import Vocabulary
from oversight.model.forms import Unknown
from oversight.runner.intake import named
from oversight.runner.summary import counted

_MOST = 8
_KEPT = 1000
"""Of how many names the events are counted, so that a source that makes up names costs no memory without end."""
ALL, THEN = 1000, 16
"""How many events of a kind are looked at, and of how many one after that; machines write what comes so often."""


class UnknownAttributes:
    """
    Counts the attributes of events that no pack knows.

    Such an event is taken in, and what it says there is kept. But no rule reads it, and where the name is misspelt an
    alert is missing, or accuses somebody whose paper is there. Of each kind the first thousand events are looked at and
    then one in sixteen, since reading each line once more would take as long as a rule.

    Args:
        vocabularies: of the packs, one at least.

    >>> from oversight.model.events import vocabulary_of
    >>> from oversight.runner.packs import load
    >>> found = UnknownAttributes([vocabulary_of(load("camera-programme"))])
    >>> found.look("hold.placed", b'{"kind": "hold.placed", "fotage": ["f-1"]}', "a.jsonl", 7)
    >>> print(*found.told())  # doctest: +NORMALIZE_WHITESPACE
    1 attribute that no pack knows, so no rule reads it:
    'fotage' of 'hold.placed', seen in 1 event, first at a.jsonl:7 (did you mean 'footage'?)
    """

    def __init__(self, vocabularies: Sequence[Vocabulary]) -> None:
        self._vocabularies = vocabularies
        self._came: Counter[str] = Counter()
        self._events: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], tuple[Unknown, str]] = {}

    def look(self, kind: str, line: bytes, source: str, number: int) -> None:
        """Look at a *line* that is an event of a known *kind*; *source* and *number* say where it stands."""
        self._came[kind] = came = self._came[kind] + 1
        if came > ALL and came % THEN:
            return
        try:
            found = [vocabulary.unknown(line) for vocabulary in self._vocabularies if kind in vocabulary.forms]
        except EventError:  # a number that nobody could read, where nobody reads it
            return
        if all(found):
            shared = set.intersection(*[{one.path for one in unknown} for unknown in found])
            self._count(kind, [one for one in found[0] if one.path in shared], f"{named(source)}:{number}")

    def _count(self, kind: str, unknown: Sequence[Unknown], place: str) -> None:
        for path, one in {one.path: one for one in unknown}.items():
            if (kind, path) in self._first or len(self._first) < _KEPT:
                self._events[kind, path] += 1
                self._first.setdefault((kind, path), (one, place))

    def told(self) -> Iterator[str]:
        """What was found, as a line for people that is safe for a terminal, or none."""
        if not self._events:
            return
        named = [self._named(kind, path, count) for (kind, path), count in self._events.most_common(_MOST)]
        more = len(self._events) - _MOST
        tail = f" and {counted(more, 'other')}" if more > 0 else ""
        them = "it" if len(self._events) == 1 else "them"
        what = f"{counted(len(self._events), 'attribute')} that no pack knows, so no rule reads {them}"
        yield f"{what}: {', '.join(named)}{tail}"

    def _named(self, kind: str, path: str, count: int) -> str:
        unknown, place = self._first[kind, path]
        near = f" (did you mean {unknown.nearest!r}?)" if unknown.nearest else ""
        where = f"seen in {counted(count, 'event')}, first at {printable(place)}"
        return f"'{printable(path, 80)}' of {kind!r}, {where}{near}"
