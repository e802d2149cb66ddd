"""The events of a city's programme in order of time, as JSON Lines, for measurements."""

from __future__ import annotations

from argparse import ArgumentParser
from operator import itemgetter

import msgspec
from benchmarks.breaches import Breaches
from benchmarks.town import Town

DAYS = 60
LIVE = 0.4
"""Of the cameras put up, the share that begins to record within the run."""


def options(parser: ArgumentParser, *, events: int = 200_000, cameras: int = 60_000) -> None:
    """Have *parser* ask for the stream, so many events and cameras if left out, and for the rules it goes through."""
    parser.add_argument("--events", type=int, default=events)
    parser.add_argument("--cameras", type=int, default=cameras)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rules", default="hong-kong")


def lines(count: int, cameras: int, seed: int) -> list[bytes]:
    """
    *count* events over *cameras* cameras, fewer only where the cameras are few.

    First the paper of the programme and its zones. Then sixty days in which every camera is put up, four in ten begin
    to record, and recordings are made and deleted, as many as make up the number; searches, matches, tracking and
    complaints as in the simulated city, and one breach of each kind for every 20,000 events.
    """
    # A camera is one event, a live one three; two recordings in three are deleted before the run is over.
    footage = max(1, int((count - cameras * (1 + 2 * LIVE)) / (DAYS * 1.5)))
    town = Town(cameras, DAYS, seed, footage, LIVE)
    Breaches(town, max(1, count // 20_000))
    return [msgspec.json.encode(event) for event in sorted(town.events(), key=itemgetter("time"))[:count]]
