"""What an engine holds, and on which rules it spends its time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from oversight.engine.core import Engine


class Measure:
    """
    Measures an engine from now on.

    The time of a rule is that of judging by it: it says which rule asks much. Measuring takes time itself.

    Args:
        engine: which then measures its rules for good.

    Attributes:
        judged: by name of a rule: how many seconds it took, and how often it was judged.

    >>> import oversight
    >>> measure = Measure(oversight.Engine(oversight.load("camera-programme")))
    >>> measure.judged, measure.facts()
    ({}, {})
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.judged: dict[str, tuple[float, int]] = {}
        program = engine._program
        program.altered = True
        program.handlers.clear()  # what was made before calls what is not measured
        for rule in program.rules:
            name = "breached" if rule.each is not None else "judge_event" if rule.table is None else "judge_whole"
            setattr(rule, name, self._timed(rule.rule.name, getattr(rule, name)))

    def _timed(self, rule: str, judge: Callable[..., Any]) -> Callable[..., Any]:
        judged, clock = self.judged, time.perf_counter

        def timed(*arguments: Any) -> Any:
            began = clock()
            answer = judge(*arguments)
            seconds, times = judged.get(rule, (0.0, 0))
            judged[rule] = (seconds + clock() - began, times + 1)
            return answer

        return timed

    def facts(self) -> dict[str, int]:
        """How many facts of each name hold, the most first."""
        held = {name: len(self._engine.facts(name)) for name in self._engine.pack.facts}
        return dict(sorted([one for one in held.items() if one[1]], key=lambda one: (-one[1], one[0])))
