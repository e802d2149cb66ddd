"""``oversight run --follow``: the clock of the machine, and the signals by which a run is told to stop."""

from __future__ import annotations

import os
import select
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

from oversight.cli.arguments import Usage
from oversight.cli.terminal import reading, say
from oversight.runner.intake import STANDARD_INPUT, Read, SourceError, blocks
from oversight.runner.run import Run
from oversight.runner.sinks import Out
from oversight.runner.summary import Summary

if TYPE_CHECKING:
    from oversight.runner.feeds import GrowingFile, Piped
    from oversight.runner.live import LiveRun
    from oversight.runner.recorded import RecordedRun

# How often files are looked at: nothing says that one has grown.
_LOOK = 0.25
_BY_CLOCK = "time goes by the clock, until somebody stops it"
_WHY_NOT = {"until": _BY_CLOCK, "as_known_at": _BY_CLOCK, "plan": _BY_CLOCK, "map": "a table is read to its end"}


def check_follow(arguments: Namespace) -> None:
    """
    Make sure that what was given goes together with ``--follow``, or with its absence.

    Raises:
        Usage: it does not.
    """
    if not arguments.follow:
        if arguments.ahead is not None:
            raise Usage("--ahead is for --follow: without it time does not go by the clock")
        return
    for option in _WHY_NOT:
        if getattr(arguments, option) is not None:
            name = option.replace("_", "-")
            raise Usage(f"--{name} and --follow do not go together: {_WHY_NOT[option]}")


class Stop(NamedTuple):
    """By what a run that goes on is told to stop: whether it was, and what becomes readable when it is."""

    asked: Callable[[], bool]
    woken: int


def taken_in(run: Run | RecordedRun, arguments: Namespace, out: Out, stop: Stop | None, read: Read = blocks) -> Summary:
    """
    Take in what the command reads: as far as it goes or, with ``--follow``, as it comes.

    Args:
        run: to which the events go.
        arguments: with ``events`` and ``ahead``.
        out: where results go.
        stop: as of :func:`stopping`.
        read: how files are read, unless they are followed.

    Raises:
        Usage: a file cannot be followed.
        TimeWentBackwards: as ``finish`` of *run*.
        RecordError: it cannot be recorded.
    """
    if stop is not None:
        from oversight.runner.live import AHEAD, LiveRun  # who reads to an end does not wait for it

        ahead = AHEAD if arguments.ahead is None else arguments.ahead
        return _follow_all(LiveRun(run, say, lambda: datetime.now(UTC), ahead=ahead), arguments.events, out, stop)
    with reading(arguments.events, out is sys.stdout) as bar:
        for source in arguments.events:
            run.take(source, bar, read)
    return run.finish()


def _follow_all(run: LiveRun, sources: Sequence[str], out: Out, stop: Stop) -> Summary:
    from oversight.runner.feeds import Piped
    from oversight.runner.live import follow

    with ExitStack() as stack:
        try:
            feeds = [_feed(source, stack) for source in sources]
        except SourceError as error:
            raise Usage(str(error)) from None
        waited = [stop.woken, *([sys.stdin.fileno()] if STANDARD_INPUT in sources else [])]

        def pause() -> None:
            # A pipe that has ended would be ready for ever.
            piped = not all(feed.ended for feed in feeds if isinstance(feed, Piped))
            ready = [one for one in waited if one == stop.woken or piped]
            select.select(ready, [], [], _LOOK)

        return follow(run, feeds, out.flush, pause, stop.asked)


def _feed(source: str, stack: ExitStack) -> GrowingFile | Piped:
    from oversight.runner.feeds import GrowingFile, Piped

    feed = Piped(sys.stdin.fileno()) if source == STANDARD_INPUT else GrowingFile(source, say)
    stack.callback(feed.close)
    return feed


@contextmanager
def stopping(arguments: Namespace) -> Iterator[Stop | None]:
    """
    With ``--follow``, what says whether a signal to stop has come; a second one ends the process as it always would.

    It is to be begun before a record is opened, so that a signal which comes meanwhile stops it as cleanly as later.
    """
    if not arguments.follow:
        yield None
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def stop(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        for each, handler in before.items():
            signal.signal(each, handler)

    wakened = signal.set_wakeup_fd(writing)
    for number in before:
        signal.signal(number, stop)
    try:
        yield Stop(lambda: bool(came), reading)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakened)
        os.close(reading)
        os.close(writing)
