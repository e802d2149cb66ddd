"""What the scopes of one rule or fact entry share: the names taken, and the bounds on what is written out."""

from __future__ import annotations

from attrs import define, field

from oversight.language.drafts import Draft
from oversight.language.world import World
from oversight.model.pack import Expression
from oversight.model.types import Type

MAX_CONDITIONS = 1_000
MAX_DEFINITIONS = 20
# More than the depth of a file, so that only definitions can reach it.
MAX_NESTED = 80
LIMITS = f"at most {MAX_DEFINITIONS} one inside the other, {MAX_NESTED} levels and {MAX_CONDITIONS:,} conditions"


class TooMany(Exception):
    """Definitions call each other so often that writing them out has no end in sight."""


@define
class Shared:
    """
    What all scopes inside one rule or entry have in common.

    Args:
        world: everything else that has a name.
        standing: whether it is a ``while`` rule.
        entry: whether it is an entry of a fact.
        taken: the names bound anywhere in it.
        origins: by ``id`` of a checked expression, the expression and its draft.
        faulty: the ``id`` of checked expressions with which something was wrong.
        lost: names bound to an event or fact of which nothing is known.
        told: whether a definition, given arguments of some types, was found wrong at its own place.
        nameless: whether something that is watched has no name.
        unnamed: what was said of names that nothing has, where that may be why.
        names: how many names were made up.
        conditions: how many conditions definitions were written out to.
        nested: how many conditions stand around the one being checked.
    """

    world: World
    standing: bool
    entry: bool
    taken: set[str] = field(factory=set)
    origins: dict[int, tuple[Expression, Draft]] = field(factory=dict)
    faulty: set[int] = field(factory=set)
    lost: set[str] = field(factory=set)
    told: dict[tuple[str, tuple[Type, ...]], bool] = field(factory=dict)
    nameless: bool = False
    unnamed: set[str] = field(factory=set)
    names: int = 0
    conditions: int = 0
    nested: int = 0

    def fresh(self, stem: str) -> str:
        """A name nobody can have written."""
        self.names += 1
        return f"{stem}@q{self.names}"

    def enter(self, *, written_out: bool) -> None:
        """
        Begin a condition; whoever does lowers ``nested`` again at its end.

        Args:
            written_out: whether it comes from a definition.

        Raises:
            TooMany: there are too many of them.
        """
        self.conditions += written_out
        if self.conditions > MAX_CONDITIONS or self.nested > MAX_NESTED:
            raise TooMany
        self.nested += 1
