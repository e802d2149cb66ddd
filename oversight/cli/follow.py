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

from oversight.cli.arguments import Usage
from oversight.cli.terminal import say
from oversight.model.pack import Pack
from oversight.runner.feeds import GrowingFile, Piped
from oversight.runner.intake import STANDARD_INPUT, Refusal, SourceError
from oversight.runner.live import AHEAD, LiveRun, follow
from oversight.runner.pseudonyms import Keys
from oversight.runner.run import Tell
from oversight.runner.sinks import Out
from oversight.runner.summary import Summary

# How often files are looked at: nothing says that one has grown.
_LOOK = 0.25


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
    for option in ("until", "as_known_at", "plan"):
        if getattr(arguments, option) is not None:
            name = option.replace("_", "-")
            raise Usage(f"--{name} and --follow do not go together: time goes by the clock, until somebody stops it")


def live_run(
    arguments: Namespace,
    packs: Sequence[Pack],
    tell: Tell,
    refuse: Callable[[Refusal], object],
    keys: Keys | None,
) -> LiveRun:
    """The run that ``--follow`` asks for, by the clock of this machine."""
    ahead = AHEAD if arguments.ahead is None else arguments.ahead
    settings = {"ahead": ahead, "revise": arguments.revise, "keys": keys}
    return LiveRun(packs, tell, refuse, say, lambda: datetime.now(UTC), **settings)


def follow_all(run: LiveRun, sources: Sequence[str], out: Out) -> Summary:
    """
    Follow *sources* until they end or a signal comes; a second signal ends the process as it always would.

    Raises:
        Usage: one cannot be followed.
    """
    with ExitStack() as stack:
        try:
            feeds = [_feed(source, stack) for source in sources]
        except SourceError as error:
            raise Usage(str(error)) from None
        stopped, woken = stack.enter_context(_signals())
        waited = [woken, *([sys.stdin.fileno()] if STANDARD_INPUT in sources else [])]

        def pause() -> None:
            # A pipe that has ended would be ready for ever.
            ready = [one for one in waited if one == woken or not all(f.ended for f in feeds if isinstance(f, Piped))]
            select.select(ready, [], [], _LOOK)

        return follow(run, feeds, out.flush, pause, stopped)


def _feed(source: str, stack: ExitStack) -> GrowingFile | Piped:
    feed = Piped(sys.stdin.fileno()) if source == STANDARD_INPUT else GrowingFile(source, say)
    stack.callback(feed.close)
    return feed


@contextmanager
def _signals() -> Iterator[tuple[Callable[[], bool], int]]:
    """Whether a signal to stop has come, and what becomes readable when one does."""
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
        yield lambda: bool(came), reading
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakened)
        os.close(reading)
        os.close(writing)
