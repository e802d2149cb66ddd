"""
What engines of one pack share: the classes of its events, and the pack compiled.

A compiled pack serves one engine at a time, for its functions have the tables of that engine built in. When the engine
is gone they are emptied, and the next engine of the same pack, such as a fork, is spared the compiling.
"""

from __future__ import annotations

import weakref
from typing import Any

from attrs import define, field

from oversight.engine.matchers import matcher_called
from oversight.engine.program import Program
from oversight.model.events import Vocabulary
from oversight.model.pack import Pack

IDLE = 2
"""How many compiled packs wait for an engine: a preview has one for the plan, one for what comes by itself."""


@define(eq=False)
class Shared:
    """
    What the engines of one pack share.

    Args:
        vocabulary: the kinds of the pack as event classes.
    """

    vocabulary: Vocabulary
    _idle: dict[str, list[Program]] = field(factory=dict)

    def program(self, pack: Pack, matcher: str, engine: Any) -> Program:
        """
        The pack compiled, with empty tables, for as long as *engine* lives.

        Raises:
            ValueError: there is no such matcher.
            MatcherMissing: it is not installed.
        """
        idle = self._idle.setdefault(matcher, [])
        program = idle.pop() if idle else Program(pack, matcher_called(matcher))
        program.pack = pack
        weakref.finalize(engine, _take_back, program, idle).atexit = False
        return program


def _take_back(program: Program, idle: list[Program]) -> None:
    if len(idle) < IDLE:
        program.empty()
        idle.append(program)


_SHARED: dict[int, Shared] = {}
"""By the address of the pack, for as long as that lives."""


def shared_by(pack: Pack) -> Shared:
    """What the engines of *pack* share, this very object: packs that are equal are not looked for."""
    found = _SHARED.get(id(pack))
    if found is None:
        found = _SHARED[id(pack)] = Shared(Vocabulary(pack.kinds))
        weakref.finalize(pack, _SHARED.pop, id(pack), None).atexit = False
    return found
