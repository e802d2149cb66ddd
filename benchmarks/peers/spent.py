"""What this process and all that it started have taken; where there is no /proc, without those that still run."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def seconds() -> float:
    """Processor time, that of children that have ended included."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    running = sum(sum(map(int, fields[11:15])) for _, fields in _running()) / _TICKS
    return time.process_time() + ended.ru_utime + ended.ru_stime + running


def megabytes() -> float:
    """The most memory that each has taken, added up."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (own + sum(_most(number) for number, _ in _running())) / 1024


def _running() -> Iterator[tuple[int, list[str]]]:
    """The number of each process below this one, and what its ``stat`` says after its name."""
    known: dict[int, list[str]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            known[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
    below = {os.getpid()}
    while found := {number for number, fields in known.items() if int(fields[1]) in below} - below:
        below |= found
    return ((number, known[number]) for number in below - {os.getpid()})


def _most(number: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{number}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0
