"""By oversight, by hand, and what reading the events alone takes."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from benchmarks.peers.work import KEPT, PACK, Alert

CHUNK = 250
REVISED = timedelta(hours=1)
Run = Callable[[], list[Alert]]
"""What the clock measures; what makes one may read rules and packs before."""


def decoding(lines: list[bytes]) -> Run:
    """No rule: each line is read as a plain dictionary."""
    decode = msgspec.json.Decoder().decode

    def run() -> list[Alert]:
        for line in lines:
            decode(line)
        return []

    return run


def storing(lines: list[bytes]) -> Run:
    """No rule: each line is read and stored under its id."""
    decode, stored = msgspec.json.Decoder().decode, {}

    def run() -> list[Alert]:
        for line in lines:
            event = decode(line)
            stored[event["id"]] = event
        return []

    return run


def keeping(lines: list[bytes]) -> Run:
    """No rule: each line is read, looked for among those before it, and kept for an hour of its own time."""
    decode, parsed = msgspec.json.Decoder().decode, datetime.fromisoformat

    def run() -> list[Alert]:
        known, kept, instants = {}, [], []
        for line in lines:
            event = decode(line)
            identity = event["source"], event["id"]
            if identity in known:
                continue
            known[identity] = event
            kept.append(event)
            instants.append(parsed(event["time"]))
            if len(kept) % CHUNK == 0:
                final = bisect_left(instants, instants[-1] - REVISED)
                for old in kept[:final]:
                    del known[old["source"], old["id"]]
                del kept[:final], instants[:final]
        return []

    return run


def from_lines(lines: list[bytes], pack: Path = PACK) -> Run:
    """oversight from JSON Lines to alerts with their evidence; what is late within an hour would be revised."""
    import oversight

    engine = oversight.Engine(oversight.load(pack), revise="PT1H")
    engine.decode(lines[0])  # what is made for the first event is not of each
    return lambda: _told(engine, lines, engine.vocabulary.decode)


def from_events(lines: list[bytes]) -> Run:
    """The same, of events that were read before."""
    import oversight

    engine = oversight.Engine(oversight.load(PACK), revise="PT1H")
    events = [engine.decode(line) for line in lines]
    return lambda: _told(engine, events, lambda event: event)


def _told(engine, lines, read) -> list[Alert]:
    told = []
    for first in range(0, len(lines), CHUNK):
        for line in lines[first : first + CHUNK]:
            engine.accept(read(line))
        told += engine.close()
    told += engine.settle()
    return [(c.rule, subject, c.at.isoformat()) for c in told if c.change == "raised" for subject in c.subjects]


def by_hand(lines: list[bytes]) -> Run:
    """The floor: one function for these five rules and no others, without evidence, late events or repeats."""
    return lambda: _by_hand(lines)


def _by_hand(lines: list[bytes]) -> list[Alert]:
    decode, parsed = msgspec.json.Decoder().decode, datetime.fromisoformat
    alerts: list[Alert] = []
    assessed: dict[tuple[str, str], int] = {}
    noticed: dict[str, int] = {}
    warranted: dict[str, int] = {}
    paper: dict[str, object] = {}
    footage: dict[str, datetime] = {}
    waiting: deque[tuple[datetime, str]] = deque()

    def passed(now: datetime, itself: bool) -> None:
        while waiting and (waiting[0][0] < now or (itself and waiting[0][0] == now)):
            due, name = waiting.popleft()
            if name in footage:
                alerts.append(("P5", name, due.isoformat()))

    now = None
    for line in lines:
        event = decode(line)
        kind, data, time = event["kind"], event["data"], event["time"]
        now = parsed(time)
        passed(now, False)
        if kind == "footage.recorded":
            footage[data["footage"]] = now
            waiting.append((now + KEPT, data["footage"]))
        elif kind == "footage.deleted":
            footage.pop(data["footage"], None)
        elif kind == "function.enabled":
            if data["biometric"] and not assessed.get((data["district"], data["function"])):
                alerts.append(("P1", data["camera"], time))
            if not noticed.get(data["zone"]):
                alerts.append(("P2", data["camera"], time))
        elif kind == "retention.set":
            if data["days"] > 31:
                alerts.append(("P3", data["camera"], time))
        elif kind == "tracking.started":
            if not warranted.get(data["suspect"]):
                alerts.append(("P4", data["tracking"], time))
        elif kind == "assessment.approved":
            key = paper[data["assessment"]] = (data["district"], data["function"])
            assessed[key] = assessed.get(key, 0) + 1
        elif kind == "assessment.revoked":
            assessed[paper.pop(data["assessment"])] -= 1
        elif kind == "notice.posted":
            zone = paper[data["notice"]] = data["zone"]
            noticed[zone] = noticed.get(zone, 0) + 1
        elif kind == "notice.removed":
            noticed[paper.pop(data["notice"])] -= 1
        elif kind == "warrant.issued":
            suspect = paper[data["warrant"]] = data["suspect"]
            warranted[suspect] = warranted.get(suspect, 0) + 1
        elif kind == "warrant.ended":
            warranted[paper.pop(data["warrant"])] -= 1
    if now is not None:
        passed(now, True)
    return alerts
