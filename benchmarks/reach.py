"""
How many rules of a pack are reached by drawn histories: ``python -m benchmarks.reach [pack] [draws]``.

The pack's own examples are taken away first. The draws are shared out over all rules as `histories` does it.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from attrs import evolve
from hypothesis import HealthCheck, Phase, given, seed, settings

from oversight import Engine, Pack, load
from oversight.model.alerts import RAISED
from oversight.model.extract import extract
from oversight.testing.histories import aimed, horizon
from oversight.testing.sources import sources


def reached(pack: Pack, draws: int, number: int = 1) -> Counter[str]:
    """How often each rule was raised by a history that aims at it, in so many draws."""
    hits: Counter[str] = Counter()
    found = sources(pack)

    @seed(number)
    @settings(
        max_examples=draws,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(aimed(pack))
    def draw(pair):
        rule, history = pair
        if not history:
            return
        engine = Engine(extract(pack, [rule.id], [event["kind"] for event in history]))
        told = [*engine.feed(history), *engine.advance(horizon(history, found))]
        hits.update({f"{c.rule}/{c.part}" if c.part else c.rule for c in told if c.change == RAISED})

    draw()
    return hits


def main() -> None:
    pack = evolve(load(sys.argv[1] if len(sys.argv) > 1 else "hong-kong"), cases=())
    draws = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    begun = time.perf_counter()
    hits = reached(pack, draws)
    rules = {rule.name for rule in pack.rules if rule.status != "retired"}
    share = 100 * len(rules & hits.keys()) / len(rules)
    print(
        f"{pack.name}: {len(rules & hits.keys())} of {len(rules)} rules reached in {draws} draws ({share:.1f} %),",
        end=" ",
    )
    print(f"{time.perf_counter() - begun:.0f} s")
    print("not reached:", ", ".join(sorted(rules - hits.keys())) or "none")


if __name__ == "__main__":
    main()
