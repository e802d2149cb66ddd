"""What a run took: time, memory and where they went, for people."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence

from oversight.engine.core import Engine
from oversight.engine.measure import Measure
from oversight.ground.text import printable
from oversight.runner.summary import counted

_MOST = 8


class Stats:
    """
    Measures a run from now on.

    Args:
        engines: of the run.
    """

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._began = time.perf_counter()
        self._peak = _peak_memory()
        self._measures = [Measure(engine) for engine in engines]

    def lines(self, events: int) -> Iterator[str]:
        """
        The figures, safe for a terminal.

        Args:
            events: how many were taken in.
        """
        seconds = time.perf_counter() - self._began
        yield f"{counted(events, 'event')} in {seconds:,.2f} s, {events / seconds:,.0f} a second"
        held: dict[str, int] = {}
        for measure in self._measures:
            for name, number in measure.facts().items():
                held[name] = held.get(name, 0) + number
        total = sum(held.values())
        first = sorted(held.items(), key=lambda one: (-one[1], one[0]))[:_MOST]
        most = ", ".join(f"{printable(name)} {number:,}" for name, number in first)
        yield f"{counted(total, 'fact')} on record{': ' + most if most else ''}"
        if self._peak is not None:
            grown = (_peak_memory() or self._peak) - self._peak
            each = f", {grown // total:,} bytes for each fact" if total else ""
            yield f"the process grew by {grown / 2**20:,.1f} MiB at most{each}, all that the engine keeps included"
        judged: dict[str, tuple[float, int]] = {}
        for measure in self._measures:
            for name, (took, times) in measure.judged.items():
                before = judged.get(name, (0.0, 0))
                judged[name] = (before[0] + took, before[1] + times)
        for name, (took, times) in sorted(judged.items(), key=lambda one: -one[1][0])[:_MOST]:
            yield f"  {printable(name)}: judged {counted(times, 'time')}, {took:,.3f} s"


def _peak_memory() -> int | None:
    """The most memory this process ever took, in bytes; ``None`` where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
