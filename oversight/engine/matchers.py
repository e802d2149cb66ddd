"""The matchers that an engine can have, by name."""

from __future__ import annotations

import sys
from collections.abc import Callable

from oversight.engine.store import Index, Matcher, Values
from oversight.ground.errors import MatcherMissing

INDEX, RETE = "index", "rete"


def matcher_called(name: str) -> Callable[[Values], Matcher]:
    """
    What makes an index of the matcher called *name*.

    Raises:
        ValueError: there is none of this name.
        MatcherMissing: it is an extra that is not installed, or that this Python cannot have.

    >>> matcher_called("index").__name__
    'Index'
    """
    if name == INDEX:
        return Index
    if name != RETE:
        raise ValueError(f'matcher is "{INDEX}" or "{RETE}", not {name!r}')
    try:
        from oversight.engine.rete import ReteIndex
    except ImportError as error:
        raise MatcherMissing(_why(sys.version_info[:2])) from error
    return ReteIndex


def _why(python: tuple[int, int]) -> str:
    if python >= (3, 13):
        return (
            f'matcher "{RETE}" needs durable-rules, which does not import on Python 3.13 and later: '
            f'take matcher "{INDEX}", which tells the same, or Python 3.11 or 3.12'
        )
    return (
        f"matcher \"{RETE}\" needs durable-rules, which is not installed: pip install 'oversight[{RETE}]', "
        f'or take matcher "{INDEX}", which tells the same'
    )
