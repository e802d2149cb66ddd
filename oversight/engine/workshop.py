"""
A pack compiled for one engine after the other.

A compiled pack serves one engine at a time, for its functions have the tables of that engine built in. When the engine
is gone they are emptied, and the next engine of the same pack, such as a fork, is spared the compiling.
"""

from __future__ import annotations

import weakref
from oversight.engine.matchers import matcher_called
from oversight.engine.program import Program
from oversight.model.pack import Pack

IDLE = 4
"""How many compiled packs wait for an engine: a preview has two, and what calls it may have forked as well."""


_IDLE: dict[int, dict[str, list[Program]]] = {}
"""By the address of a pack, for as long as that lives, and by matcher."""


def program_for(engine: object, pack: Pack, matcher: str) -> Program:
    """
    *pack* compiled, with empty tables, for as long as *engine* lives.

    Args:
        engine: that runs it.
        pack: this very object: packs that are equal are not looked for.
        matcher: by name.

    Raises:
        ValueError: there is no such matcher.
        MatcherMissing: it is not installed.
    """
    kept = _IDLE.get(id(pack))
    if kept is None:
        kept = _IDLE[id(pack)] = {}
        weakref.finalize(pack, _IDLE.pop, id(pack), None).atexit = False
    idle = kept.setdefault(matcher, [])
    try:
        program = idle.pop()
    except IndexError:  # asked for, not looked at first: engines may be made in several threads
        program = Program(pack, matcher_called(matcher))
    program.pack = pack
    weakref.finalize(engine, _take_back, program, idle).atexit = False
    return program


def _take_back(program: Program, idle: list[Program]) -> None:
    if len(idle) < IDLE and not program.altered:
        program.empty()
        idle.append(program)
