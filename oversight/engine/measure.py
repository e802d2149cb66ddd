"""What an engine holds, and on which rules it spends its time."""

from __future__ import annotations

import time
from collections.abc import Callable

from oversight.engine.core import Engine
from oversight.engine.expressions import Env
from oversight.engine.rules import CompiledRule
from oversight.engine.queries import Reads, Truth


class Measure:
    """
    Measures an engine from now on.

    The time of a rule is that of its conditions: it says which rule asks much. Measuring takes time itself.

    Args:
        engine: which then measures its rules for good.

    Attributes:
        judged: by name of a rule: how many seconds its conditions took, and how often they were asked.

    >>> import oversight
    >>> measure = Measure(oversight.Engine(oversight.load("camera-programme")))
    >>> measure.judged, measure.facts()
    ({}, {})
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.judged: dict[str, tuple[float, int]] = {}
        engine._program.altered = True
        for rule in engine._program.rules:
            rule.breached = self._timed(rule, rule.breached)

    def _timed(self, rule: CompiledRule, breached: Callable[[Env, Reads], Truth]) -> Callable[[Env, Reads], Truth]:
        judged, name, clock = self.judged, rule.rule.name, time.perf_counter

        def timed(env: Env, reads: Reads) -> Truth:
            began = clock()
            truth = breached(env, reads)
            seconds, times = judged.get(name, (0.0, 0))
            judged[name] = (seconds + clock() - began, times + 1)
            return truth

        return timed

    def facts(self) -> dict[str, int]:
        """How many facts of each name hold, the most first."""
        held = {name: len(self._engine.facts(name)) for name in self._engine.pack.facts}
        return dict(sorted([one for one in held.items() if one[1]], key=lambda one: (-one[1], one[0])))
