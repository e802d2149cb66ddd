"""What it costs to have a fact begin, be found and end beside many others: ``python speed.py [FACTS...]``."""

import sys
import time
from datetime import UTC, datetime

from oversight.engine.rete import ReteIndex
from oversight.engine.store import Held, Index
from oversight.model.forms import Event

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENT = Event(id="e", source="s", time=NOW, data=None)
TRIES = 2000


def cost(made, count):
    """Microseconds for a fact to begin, to be found twice and to end, beside *count* others, four to a value."""
    index = made(lambda held: (held.key // 4,))
    for number in range(count):
        index.move(number, None, Held(number, NOW, EVENT))
    began = time.perf_counter()
    for number in range(count, count + TRIES):
        held = Held(number, NOW, EVENT)
        index.move(number, None, held)
        assert held in index.found(number // 4)
        assert held in index.found(number // 4)
        index.move(number, held, None)
    return (time.perf_counter() - began) / TRIES * 1e6


for count in map(int, sys.argv[1:] or (1000, 10_000, 30_000, 60_000)):
    plain, rete = cost(Index, count), cost(ReteIndex, count)
    print(f"beside {count:,} facts: default {plain:.1f} us, durable-rules {rete:.0f} us")
