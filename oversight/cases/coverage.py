"""
Which clauses of a pack its cases have seen, from both sides.

A clause is what is written once: a condition however deep it stands, an ``each:``, a ``latest:`` with ``else:``, a
deadline. One that several parts share, or that stands in a definition, is one clause wherever it is used; the
call of the definition is another at each place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from oversight.cases.marks import marks
from oversight.model.pack import (
    Condition, Each, Exists, Expression, Fact, Group, Latest, Measure, Pack, Query, Rule, Test, Value,
)  # fmt: skip
from oversight.model.places import Place

SIDES = {
    "condition": ("true", "false"),
    "query": ("found", "empty"),
    "list": ("found",),
    "deadline": ("passed", "met"),
}
"""What must be seen of a clause of each role: what it is when it is true, and when it is false."""

_GROUPS = {"all": "all_of", "any": "any_of", "not": "not"}
_WORDS = tuple(dict.fromkeys(side for sides in SIDES.values() for side in sides))


@frozen
class Clause:
    """
    Something of which the cases must have seen every side.

    Args:
        owner: the rule's id, ``fact NAME`` or ``definition NAME``.
        place: where it is written.
        text: as it is written.
        role: which sides it has, a key of ``SIDES``.
    """

    owner: str
    place: Place
    text: str
    role: str


Sighting = tuple[Clause, bool]


@frozen
class Gap:
    """
    A side of a clause that no case has seen.

    Args:
        clause: which.
        side: what it never was.
        reason: why that is as it must be, as its mark says; empty where nothing does.
    """

    clause: Clause
    side: str
    reason: str


@frozen
class Tally:
    """How many sides the clauses of one owner have, and those that were not seen."""

    owner: str
    sides: int
    gaps: tuple[Gap, ...]

    @property
    def missing(self) -> tuple[Gap, ...]:
        """The sides not seen for which no reason is given."""
        return tuple(gap for gap in self.gaps if not gap.reason)


@frozen
class Report:
    """
    What the cases of some packs have seen.

    Args:
        tallies: of each owner: rules, then facts, then definitions.
        unneeded: where a mark stands that excuses nothing.
    """

    tallies: tuple[Tally, ...]
    unneeded: tuple[Place, ...]

    @property
    def sides(self) -> int:
        """How many there are."""
        return sum(tally.sides for tally in self.tallies)

    @property
    def reasoned(self) -> int:
        """How many were not seen, with a reason."""
        return sum(len(tally.gaps) - len(tally.missing) for tally in self.tallies)

    @property
    def missing(self) -> int:
        """How many were not seen, without one."""
        return sum(len(tally.missing) for tally in self.tallies)

    @property
    def complete(self) -> bool:
        """Whether every side was seen or has its reason, and every reason is needed."""
        return not self.missing and not self.unneeded


class Watch:
    """
    Notes what the definition looks at in a pack: give it as ``seen`` to ``outcome``.

    Args:
        pack: the very pack that is judged, or one of which it is a part.
    """

    def __init__(self, pack: Pack) -> None:
        self._pack = pack  # keeps what the numbers below stand for
        self._clauses = {id(part): clause for part, clause in _parts(pack)}
        self.seen: set[Sighting] = set()

    def __call__(self, what: object, found: bool | None) -> None:
        """Note what was found, where it is a clause and was decided."""
        clause = self._clauses.get(id(what))
        if clause is not None and found is not None:
            self.seen.add((clause, found))


def clauses(pack: Pack, files: Iterable[str]) -> set[Clause]:
    """
    The clauses of the rules, facts and definitions of *pack* that are written in one of *files*.

    Args:
        pack: checked; clauses of retired rules are none.
        files: names of files as in ``pack.files``.

    >>> from oversight.runner.packs import load
    >>> pack = load("hong-kong")
    >>> min(clause.owner for clause in clauses(pack, pack.own) if clause.role == "deadline")
    'HK-AI-04'
    """
    wanted = set(files)
    return {clause for _, clause in _parts(pack) if clause.place.file in wanted}


def report(wanted: Iterable[Clause], seen: set[Sighting], lines: Mapping[str, Sequence[str]]) -> Report:
    """
    What was seen of *wanted*, beside the marks that say why something cannot be.

    Args:
        wanted: the clauses.
        seen: what a :class:`Watch` noted.
        lines: the text of their files.
    """
    found = {name: marks(text, "never", _WORDS) for name, text in lines.items()}
    used: set[tuple[str, int]] = set()
    owners: dict[str, list[Clause]] = {}
    for clause in wanted:
        owners.setdefault(clause.owner, []).append(clause)
    tallies = []
    for owner in sorted(owners, key=lambda name: (name.startswith("definition "), name.startswith("fact "), name)):
        own = sorted(owners[owner], key=lambda clause: (clause.place.file, clause.place.line, clause.place.column))
        gaps = []
        for clause, side in ((c, s) for c in own for s in SIDES[c.role]):
            if (clause, side == SIDES[clause.role][0]) not in seen:
                line, reason = found.get(clause.place.file, {}).get((clause.place.line, side), (0, ""))
                used.add((clause.place.file, line))
                gaps.append(Gap(clause, side, reason))
        tallies.append(Tally(owner, sum(len(SIDES[clause.role]) for clause in own), tuple(gaps)))
    written = {(name, line) for name, own_marks in found.items() for line, _ in own_marks.values()}
    return Report(tuple(tallies), tuple(Place(name, line, 1) for name, line in sorted(written - used)))


def _parts(pack: Pack) -> Iterator[tuple[object, Clause]]:
    for rule in pack.rules:
        if rule.status != "retired":
            yield from _of_rule(rule)
    for fact in pack.facts.values():
        yield from _of_fact(fact)


def _of_rule(rule: Rule) -> Iterator[tuple[object, Clause]]:
    for part in (rule.each, *(value for _, value in rule.values), *rule.conditions, *rule.excuses):
        yield from _below(part, rule.id)
    if rule.deadline is not None:
        yield rule.deadline, _clause(rule.deadline, rule.id, "deadline")


def _of_fact(fact: Fact) -> Iterator[tuple[object, Clause]]:
    for entry in (*fact.starts, *fact.changes, *fact.ends):
        values = (value for _, value in entry.values)
        for part in (entry.each, *values, *entry.conditions, *entry.excuses, *entry.where):
            yield from _below(part, f"fact {fact.name}")


def _below(part: Condition | Value | Each | None, owner: str) -> Iterator[tuple[object, Clause]]:
    """The clauses of a condition, a value or an ``each:``, itself included."""
    if isinstance(part, Test):
        yield part, _clause(part.expression, owner, "condition")
    elif isinstance(part, Exists | Measure | Group):
        yield from _of_condition(part, owner)
    elif isinstance(part, Latest):
        if part.otherwise is not None:
            yield part, _clause(part.query, owner, "query")
        yield from _inside(part.query.where, owner)
    elif isinstance(part, Each):
        yield part, _clause(part.source, owner, "query" if isinstance(part.source, Query) else "list")
        if isinstance(part.source, Query):
            yield from _inside(part.source.where, owner)


def _of_condition(part: Exists | Measure | Group, owner: str) -> Iterator[tuple[object, Clause]]:
    name = _GROUPS[part.mode] + ": …" if isinstance(part, Group) else part.query.text
    # A number without limit is no condition; a list that nobody grouped is no clause of its own.
    if part.place.line and (not isinstance(part, Measure) or part.limits):
        yield part, Clause(owner, part.place, part.written or name, "condition")
    inner = f"definition {part.written.partition('(')[0].strip()}" if part.written else owner
    yield from _inside(part.conditions if isinstance(part, Group) else part.query.where, inner)


def _inside(conditions: tuple[Condition, ...], owner: str) -> Iterator[tuple[object, Clause]]:
    for condition in conditions:
        yield from _below(condition, owner)


def _clause(written: Expression | Query, owner: str, role: str) -> Clause:
    return Clause(owner, written.place, written.text, role)
