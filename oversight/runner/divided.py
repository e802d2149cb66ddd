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
from contextlib import ExitStack, contextmanager
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
    """
    A run that keeps what is told until it is asked, also that it was nothing.

    Args:
        packs: with a part of their rules.
        options: further ones of a run.
    """

    def __init__(self, packs: Sequence[Pack], options: Mapping[str, Any]) -> None:
        super().__init__(packs, _nowhere, _nowhere, **options)
        self.kept: list[Sequence[Change]] = []

    def _told(self, changes: Sequence[Change]) -> None:
        self.kept.append(changes)

    def judged(self) -> Judged:
        """What was told since this was asked last."""
        told, self.kept = self.kept, []
        return Judged(told, self.summary.undecided)


class DividedRun(Run):
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
        self._kept: list[Sequence[Change]] = []
        self._waiting: deque[tuple[list[Sequence[Change]], Sequence[Future[Judged]]]] = deque()
        self._pools: list[ProcessPoolExecutor] = []
        self._open = ExitStack()

    def __enter__(self) -> DividedRun:
        # A fork would copy locks that other threads of the caller may hold.
        context = get_context("spawn")
        for packs in self._others:
            pool = ProcessPoolExecutor(1, context, _begin, (self._prepare, packs, self._options))
            self._pools.append(self._open.enter_context(pool))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)
        self._open.close()

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

    def _told(self, changes: Sequence[Change]) -> None:
        self._kept.append(changes)

    def _wait_for(self, coming: Sequence[Future[Judged]], ahead: int) -> None:
        """Tell what all processes have to tell, in order, but for the last *ahead* times that they were asked."""
        self._waiting.append((self._kept, coming))
        self._kept = []
        while len(self._waiting) > ahead:
            mine, others = self._waiting.popleft()
            judged = [one.result() for one in others]
            for part in judged:
                self.summary.undecided.update(part.undecided)
            for changes in zip(mine, *[part.told for part in judged], strict=True):
                super()._told(in_order(change for told in changes for change in told))


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
    _part[:] = [Part(packs, options)]


def _lines(source: str, lines: Sequence[tuple[int, bytes]]) -> Judged:
    [part] = _part
    part.lines(source, lines)
    return part.judged()


def _finish() -> Judged:
    [part] = _part
    part.finish()
    return part.judged()
