"""
Whether another process could decode ahead: ``python -m benchmarks.ahead``.

What the other process would hand over has to be taken in, and that is measured beside decoding the lines here, by
processor time. Events cross from process to process as plain values, since their classes are made for the pack.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import time
from collections.abc import Callable
from typing import Any

import oversight
from benchmarks.stream import lines
from msgspec import UNSET
from oversight.model.forms import Event

CHUNK = 1000
PARTS = ("id", "source", "time", "subject", "sequence", "recordedtime")


def plain(event: Event) -> tuple[Any, ...]:
    """An event as it can cross: its kind, what of its envelope and what of its attributes is there."""
    envelope = {name: value for name in PARTS if (value := getattr(event, name)) is not UNSET}
    names = event.data.__struct_fields__
    return event.kind, envelope, {name: value for name in names if (value := getattr(event.data, name)) is not UNSET}


def quickest(rounds: int, run: Callable[[], None], count: int) -> float:
    """Microseconds an event in the quickest of so many rounds."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        run()
        taken.append(time.process_time() - began)
    return min(taken) / count * 1e6


def main() -> None:
    """Print both, and what is to be judged of each event besides."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ahead", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    pack = oversight.load("hong-kong")
    engine = oversight.Engine(pack, revise="PT1H")
    read, forms = engine.decode, engine.vocabulary.forms
    written = lines(given.events, 6_000, 1)
    events = [read(line) for line in written]
    chunks = [
        pickle.dumps([plain(event) for event in events[first : first + CHUNK]], 5)
        for first in range(0, len(events), CHUNK)
    ]

    def decode() -> None:
        for line in written:
            read(line)

    def receive() -> None:
        for chunk in chunks:
            for kind, envelope, attributes in pickle.loads(chunk):
                form = forms[kind]
                form.event(data=form.data(**attributes), **envelope)

    began = time.process_time()
    for first in range(0, len(events), CHUNK):
        for event in events[first : first + CHUNK]:
            engine.accept(event)
        engine.close()
    judged = (time.process_time() - began) / len(events) * 1e6
    sys.stdout.write(
        f"decoded here           {quickest(given.rounds, decode, len(events)):6.2f} microseconds an event\n"
        f"taken from another     {quickest(given.rounds, receive, len(events)):6.2f}, without the pipe\n"
        f"judged by all rules    {judged:6.2f}\n"
    )


if __name__ == "__main__":
    main()
