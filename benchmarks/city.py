"""
A city's programme over months or years, with breaches whose alerts are known: ``python -m benchmarks.city``.

Every planted breach must be found and nothing else alleged; any difference ends with 1. Numbers about the programme
(the rules HK-PRP) are told of a lawful one too; they are counted and not compared.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
from attrs import define, field, frozen
from benchmarks.breaches import Breaches, Expected
from benchmarks.town import Town

import oversight
from oversight.cli import collect_seldom
from oversight.model.alerts import RAISED, Change

NUMBERS = "HK-PRP-"
REVISE = "P3D"

Seen = tuple[str, frozenset[str], datetime, datetime | None, bool]
"""An alert as it is compared: rule with part, subjects, instant, end, and whether it was taken back."""


@define
class Outcome:
    """
    What a run brought.

    Args:
        events: how many were taken in.
        numbers: how many alerts only tell a number.
        told: the changes of all other alerts, in the order in which they were told.
        facts: how many facts held at the end.
        spent: seconds of the processor, from lines to what was told; making the events is not in them.
    """

    events: int = 0
    numbers: int = 0
    facts: int = 0
    spent: float = 0.0
    told: list[Change] = field(factory=list)

    def take(self, changes: Iterable[Change]) -> None:
        """Note what was told."""
        for change in changes:
            if change.rule.startswith(NUMBERS):
                self.numbers += change.change == RAISED
            else:
                self.told.append(change)

    def seen(self) -> Counter[Seen]:
        """Every alert that was ever raised, as it is compared."""
        standing = oversight.fold(self.told)
        found: Counter[Seen] = Counter()
        for change in {one.alert: one for one in self.told if one.change == RAISED}.values():
            name = f"{change.rule}/{change.part}" if change.part else change.rule
            alert = standing.get(change.alert)
            if alert is None:
                found[name, frozenset(change.subjects), change.at, None, True] += 1
            else:
                found[name, frozenset(alert.subjects), alert.at, alert.cleared, False] += 1
        return found


@frozen
class Difference:
    """What was expected and did not come, and what came unexpected; with how many were expected."""

    expected: int
    lost: tuple[Expected, ...]
    surplus: tuple[Seen, ...]


def run(town: Town, pack: oversight.Pack, outcome: Outcome) -> Iterator[int]:
    """Run the events of a town through the rules, a day at a time; gives the number of events so far, once a day."""
    engine = oversight.Engine(pack, revise=REVISE)
    for _, day in groupby(town.events(), key=lambda event: event["time"][:10]):
        lines = [msgspec.json.encode(event) for event in day]
        began = time.process_time()
        for line in lines:
            engine.accept(engine.decode(line))
        changes = engine.close()
        outcome.spent += time.process_time() - began
        outcome.events += len(lines)
        outcome.take(changes)
        yield outcome.events
    outcome.take(engine.advance(town.end))
    outcome.facts = sum(len(engine.facts(name)) for name in engine.pack.facts)


def compare(expected: Iterable[Expected], outcome: Outcome, pack: oversight.Pack) -> Difference:
    """What of *expected* the rules of *pack* did not find, and what they found besides."""
    rules = {rule.name for rule in pack.rules}
    wanted = [one for one in expected if one.rule in rules]
    left = outcome.seen()
    lost = []
    for one in wanted:
        as_seen = (one.rule, one.about, one.at, one.cleared, one.withdrawn)
        if left[as_seen]:
            left[as_seen] -= 1
        else:
            lost.append(one)
    return Difference(len(wanted), tuple(lost), tuple(sorted(left.elements(), key=lambda seen: (seen[2], seen[0]))))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.city", description=__doc__.strip().split("\n")[0])
    parser.add_argument("--cameras", type=int, default=60_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--footage", type=int, help="recordings told a day; one for twenty cameras if left out")
    parser.add_argument("--rounds", type=int, help="how often each breach is planted; once in sixty days if left out")
    parser.add_argument("--rules", default="hong-kong")
    given = parser.parse_args(arguments)
    pack = oversight.load(given.rules)
    footage = max(5, given.cameras // 20) if given.footage is None else given.footage
    town = Town(given.cameras, given.days, given.seed, footage)
    rounds = max(1, given.days // 60) if given.rounds is None else given.rounds
    breaches = Breaches(town, rounds)
    print(f"{given.cameras:,} cameras, {given.days} days, seed {given.seed}; {len(pack.rules)} rules and parts")
    collect_seldom()  # as the command does
    outcome, told = Outcome(), 0
    for done in run(town, pack, outcome):
        if done >= told + 250_000:
            told = done
            print(f"  {done:,} events, {_peak():,.0f} MB", flush=True)
    found = compare(breaches.expected, outcome, pack)
    for line in report(outcome, breaches, found):
        print(line)
    return 1 if found.lost or found.surplus else 0


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(outcome: Outcome, breaches: Breaches, found: Difference) -> Iterator[str]:
    """The figures of a run, and every difference."""
    yield f"{outcome.events:,} events in {outcome.spent:,.1f} s, {outcome.events / outcome.spent:,.0f} a second"
    yield f"{outcome.facts:,} facts hold at the end; the process took {_peak():,.0f} MB at most"
    by_rule: Counter[str] = Counter()
    for seen, times in outcome.seen().items():
        by_rule[seen[0]] += times
    for rule, number in sorted(by_rule.items()):
        yield f"  {rule:24} {number:6,}"
    yield f"{outcome.numbers:,} alerts only tell a number of the programme"
    yield (
        f"{sum(breaches.planted.values())} breaches of {len(breaches.planted)} kinds planted; they take longer than "
        f"the run: {', '.join(breaches.skipped) or 'none'}"
    )
    yield f"{found.expected} alerts expected, {found.expected - len(found.lost)} found, {len(found.surplus)} unexpected"
    for one in found.lost[:40]:
        yield f"LOST        {one.breach}: {_told((one.rule, one.about, one.at, one.cleared, one.withdrawn))}"
    for seen in found.surplus[:40]:
        yield f"UNEXPECTED  {_told(seen)}"


def _told(seen: Seen) -> str:
    rule, about, at, cleared, withdrawn = seen
    names: list[Any] = sorted(about)
    several = f"{names[0]} and {len(names) - 1} more" if len(names) > 3 else " ".join(names)
    ends = "withdrawn" if withdrawn else f"cleared {cleared.isoformat()}" if cleared else "not cleared"
    return f"{rule} about {several} at {at.isoformat()}, {ends}"


if __name__ == "__main__":
    sys.exit(main())
