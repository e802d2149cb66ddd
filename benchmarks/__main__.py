"""
Speed and memory on one core: ``python -m benchmarks`` (or ``make bench``).

The same lines go, a thousand at a time and in turn, through msgspec into plain dictionaries (the yardstick) and through
oversight, from JSON Lines to the JSON Lines of the alerts with all rules of the pack. The machine's speed may drift;
the two drift together, so the ratio holds. The yardstick has a process of its own that holds nothing but the lines: in
a heap with the pack or the engine's state the garbage collector would go through them for its dictionaries, and flatter
the ratio. Both are measured by the processor time that they take. Nothing in the tests depends on these figures.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from io import StringIO

from benchmarks.stream import lines, options
from benchmarks.yardstick import decode_chunks

import oversight
from oversight.cli import collect_seldom
from oversight.model.extract import extract
from oversight.outlets.jsonlines import json_lines

CHUNK = 1000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[1])
    options(parser)
    parser.add_argument("--only", help="ids of rules, with commas: these alone, with the facts that they need")
    parser.add_argument("--revise", default="PT1H", help="how late an event may be; bounds the memory of the past")
    parser.add_argument("--matcher", default="index", help="what finds facts by their values: index or rete")
    given = parser.parse_args()
    written = lines(given.events, given.cameras, given.seed)
    pack = oversight.load(given.rules)
    if given.only:
        pack = extract(pack, given.only.split(","), pack.kinds)
    print(f"{len(written):,} events over {given.cameras:,} cameras; {len(pack.rules)} rules and parts of {pack.name}")
    print(f"Python {sys.version.split()[0]}, seed {given.seed}, revise {given.revise}, matcher {given.matcher}\n")
    measure(written, pack, given.revise, given.matcher)


def measure(written: list[bytes], pack: oversight.Pack, revise: str, matcher: str) -> None:
    fresh = multiprocessing.get_context("spawn")
    near, far = fresh.Pipe()
    plain = fresh.Process(target=decode_chunks, args=(written, far))
    plain.start()
    collect_seldom()  # as the command does
    engine = oversight.Engine(pack, revise=revise, matcher=matcher)
    told = StringIO()
    outlet = json_lines(told.write)
    spent = {"msgspec to dictionaries": 0.0, "oversight, lines to alerts": 0.0}
    alerts = 0
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("events      live facts   MB grown   bytes a live fact   ratio so far")
    for first in range(0, len(written), CHUNK):
        near.send((first, first + CHUNK))
        spent["msgspec to dictionaries"] += near.recv()
        began = time.process_time()
        chunk = written[first : first + CHUNK]
        for line in chunk:
            engine.accept(engine.decode(line))
        changes = engine.close()
        outlet.tell(changes)
        spent["oversight, lines to alerts"] += time.process_time() - began
        alerts += len(changes)
        told.seek(0)
        told.truncate()
        done = first + len(chunk)
        if done * 8 // len(written) > first * 8 // len(written):
            report(engine, done, start, spent)
    near.send(None)
    plain.join()
    decoding, own = spent.values()
    print()
    for name, seconds in spent.items():
        print(f"{name:28} {seconds:8.3f} s {len(written) / seconds:12,.0f} events a second")
    print(f"{'ratio':28} {decoding / own:8.3f}   ({alerts:,} changes told)")


def report(engine: oversight.Engine, done: int, start: int, spent: dict[str, float]) -> None:
    facts = sum(len(engine.facts(name)) for name in engine.pack.facts)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start
    decoding, own = spent.values()
    each = grown * 1024 / facts if facts else 0
    print(f"{done:9,} {facts:12,} {grown / 1024:10.0f} {each:19,.0f} {decoding / own:14.3f}")


if __name__ == "__main__":
    main()
