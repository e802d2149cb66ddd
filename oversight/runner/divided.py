"""
A run in several processes, each with a part of the rules.

Every process reads all events and keeps the facts that its rules ask for. What they tell of one stretch of lines is put
in order before anything of it is told on, so that it makes no difference how many there are.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from types import TracebackType
from typing import Any, NamedTuple

from oversight.ground.errors import ProcessLost
from oversight.model.alerts import Change, in_order
from oversight.model.extract import divided, extract
from oversight.model.pack import Pack
from oversight.runner.intake import Refusal
from oversight.runner.run import Run, Tell
from oversight.runner.summary import Summary

AHEAD = 4
"""How many blocks a process may be ahead of another: of one block one part has much to do, of the next another."""

Undecided = Mapping[tuple[str, str], tuple[int, str]]


class Judged(NamedTuple):
    """What a part of the rules told, one list for each time it was judged, and what it could not decide."""

    told: list[Sequence[Change]]
    undecided: Undecided


class Part(Run):
    """A run, with the arguments of one, that keeps what it would tell until it is asked, also that it was nothing."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._kept: list[Sequence[Change]] = []

    def _told(self, changes: Sequence[Change]) -> None:
        self._kept.append(changes)

    def judged(self) -> Judged:
        """What came since this was asked last."""
        told, self._kept = self._kept, []
        return Judged(told, self.summary.undecided)


class DividedRun(Part):
    """
    A run the rules of which are judged in several processes; to be used in a ``with``.

    Args:
        packs: an engine each, in every process.
        tell, refuse: as of a run.
        jobs: how many processes take part at most, this one among them. No more do than there are rules that can be
            judged apart.
        prepare: called in each of the others first; a function of a module.
        options: further ones of a run.

    Raises:
        ValueError: as of a run.
    """

    def __init__(
        self,
        packs: Sequence[Pack],
        tell: Tell,
        refuse: Callable[[Refusal], object],
        *,
        jobs: int,
        prepare: Callable[[], object] = bool,
        **options: Any,
    ) -> None:
        parts = [divided(pack, jobs) for pack in packs]
        mine, *others = [
            [own[n] if n < len(own) else extract(pack, (), pack.kinds) for pack, own in zip(packs, parts, strict=True)]
            for n in range(max(map(len, parts)))
        ]
        super().__init__(mine, tell, refuse, **options)
        self._others = others
        self._options, self._prepare = options, prepare
        self._waiting: deque[tuple[Judged, Sequence[Future[Judged]]]] = deque()
        self._pools: list[ProcessPoolExecutor] = []

    def __enter__(self) -> DividedRun:
        # A fork would copy locks that other threads of the caller may hold.
        context = get_context("spawn")
        for packs in self._others:
            self._pools.append(ProcessPoolExecutor(1, context, _begin, (self._prepare, packs, self._options)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in self._pools:
            pool.shutdown(cancel_futures=True)

    def lines(self, source: str, lines: Iterable[tuple[int, bytes]]) -> None:
        """
        Take in numbered *lines* of *source* in every process, and tell what that changes once all have judged them.

        Raises:
            ProcessLost: another process has ended; it may be noticed some blocks later, or in the end.
        """
        some = list(lines)
        with _all_there():
            coming = [pool.submit(_lines, source, some) for pool in self._pools]
            super().lines(source, some)
            self._wait_for(coming, AHEAD)

    def finish(self) -> Summary:
        """
        Judge the last instant in every process, tell what that changes, and sum up.

        Raises:
            ProcessLost: as of :meth:`lines`.
        """
        with _all_there():
            coming = [pool.submit(_finish) for pool in self._pools]
            summary = super().finish()
            self._wait_for(coming, 0)
        return summary

    def _wait_for(self, coming: Sequence[Future[Judged]], ahead: int) -> None:
        """Tell what all processes have to tell, in order, but for the last *ahead* times that they were asked."""
        self._waiting.append((self.judged(), coming))
        while len(self._waiting) > ahead:
            mine, others = self._waiting.popleft()
            judged = [mine, *[one.result() for one in others]]
            for part in judged:
                self.summary.undecided.update(part.undecided)
            for changes in zip(*[part.told for part in judged], strict=True):
                Run._told(self, in_order(change for told in changes for change in told))


@contextmanager
def _all_there() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise ProcessLost("a process that judges a part of the rules has ended, and what it found is lost") from None


def _nowhere(_: object) -> None:
    """The process that asked tells it."""


_part: list[Part] = []


def _begin(prepare: Callable[[], object], packs: Sequence[Pack], options: Mapping[str, Any]) -> None:
    prepare()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who is interrupted ends the others
    _part[:] = [Part(packs, _nowhere, _nowhere, **options)]
    _part[0].unknown = None


def _lines(source: str, lines: Sequence[tuple[int, bytes]]) -> Judged:
    [part] = _part
    part.lines(source, lines)
    return part.judged()


def _finish() -> Judged:
    [part] = _part
    part.finish()
    return part.judged()
