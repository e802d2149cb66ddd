"""Where the changes of a run go, and in which form."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from oversight.cli.arguments import Usage
from oversight.cli.terminal import say
from oversight.ground.text import printable
from oversight.model.alerts import Change
from oversight.model.pack import Pack
from oversight.outlets.cloudevents import cloud_events
from oversight.outlets.jsonlines import json_lines
from oversight.outlets.ocsf import ocsf
from oversight.outlets.stream import Outlet, Processor, Sink
from oversight.outlets.syslog import syslog
from oversight.outlets.text import text
from oversight.runner.run import Tell
from oversight.runner.sinks import Out, RotatingFile, SinkError, is_address

if TYPE_CHECKING:
    from oversight.runner.remote import Remote

_SQLITE = b"SQLite format 3\x00"


class Messages:
    """A receiver of syslog messages as an output like any other: each text that is written is one message."""

    def __init__(self, remote: Remote, *, lasting: bool) -> None:
        self._remote = remote
        self.flush = remote.drain if lasting else remote.flush

    def write(self, text: str) -> None:
        """Send *text*, without its line end, as one message."""
        self._remote.send(text.removesuffix("\n"))


@contextmanager
def output(arguments: Namespace, sources: Sequence[str], *, lasting: bool = False) -> Iterator[Out]:
    """
    What takes the results: standard output, or what ``--out`` names.

    Args:
        arguments: with ``out``, ``format``, ``plan``, ``tls_ca`` and ``tls_cert``.
        sources: the files that are read.
        lasting: whether what was told before stays, and what is flushed is told for good.

    Raises:
        Usage: it cannot be written, now or later.
    """
    _check_receiver(arguments)
    path: str | None = arguments.out
    if path is None:
        yield sys.stdout
        return
    check_out(path, sources, arguments, "into" if lasting else "over")
    try:
        if is_address(path):
            remote = _receiver(arguments)
            yield Messages(remote, lasting=lasting)
            remote.close()
            return
        file = RotatingFile(path, lasting=lasting)
        yield file
        file.close()
    except SinkError as error:
        raise Usage(str(error)) from None


def check_out(path: str, sources: Sequence[str], arguments: Namespace, how: str = "over") -> None:
    """
    Make sure that results written to *path* spoil nothing that is read, or that must be kept.

    Args:
        path: of ``--out``.
        sources: the files that are read.
        arguments: with what else names files: ``store``, ``key``, ``pseudonyms`` and ``site``, where there are such.
        how: results are written, ``over`` or ``into`` a file.

    Raises:
        Usage: they would.
    """
    _check_file(path, sources, how)
    _check_kept(path, arguments)


def _check_file(path: str, sources: Sequence[str], how: str) -> None:
    if any(os.path.exists(path) and os.path.exists(each) and os.path.samefile(path, each) for each in sources):
        raise Usage(f"--out {printable(path)} would write {how} the events it reads")
    if is_database(path):
        raise Usage(f"--out {printable(path)} is a record: give another file for what is told")


def _check_kept(path: str, arguments: Namespace) -> None:
    """Make sure that results spoil neither the record, which may not be there yet, nor a key."""
    store = getattr(arguments, "store", None)
    if store is not None and store.startswith("sqlite:"):
        from oversight.record.sqlite import BESIDE, path_of  # who keeps no record does not wait for it

        record = os.path.realpath(path_of(store))
        if os.path.realpath(path) in [record + end for end in BESIDE]:
            raise Usage(f"--out {printable(path)} is a file of the record: give another for what is told")
    for option in ("key", "pseudonyms", "site"):
        given = getattr(arguments, option, None)
        if given is not None and os.path.realpath(path) == os.path.realpath(given):
            raise Usage(f"--out {printable(path)} is the file of --{option}: give another for what is told")


def is_database(path: str) -> bool:
    """Whether *path* is a file of SQLite, as records are."""
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def _check_receiver(arguments: Namespace) -> None:
    out = arguments.out
    if is_address(out) and arguments.plan is not None:
        raise Usage("--plan is told in a file or on standard output, not to a receiver of syslog")
    if is_address(out) and arguments.format != "syslog":
        raise Usage(f"--out {printable(out)} takes syslog messages: add --format syslog")
    if (arguments.tls_ca or arguments.tls_cert) and not (is_address(out) and out.startswith("tls:")):
        raise Usage("--tls-ca and --tls-cert are for --out tls://HOST:PORT")


def _receiver(arguments: Namespace) -> Remote:
    from oversight.runner.remote import Address, Remote, trusting  # who writes a file does not wait for it

    address = Address.parse(arguments.out)
    context = trusting(arguments.tls_ca, arguments.tls_cert) if address.scheme == "tls" else None
    return Remote(address, say, context)


def teller(form: str | None, out: Out, pack: Pack, processors: Sequence[Processor] = ()) -> Tell:
    """
    What writes changes to *out*.

    Args:
        form: ``text``, ``jsonl``, ``cloudevents``, ``ocsf`` or ``syslog``; ``None`` is ``jsonl``.
        out: where to.
        pack: whose zone the text shows.
        processors: what to do with each change first.
    """

    def sink(told: str) -> None:
        out.write(told + "\n")

    outlet = _outlet(form or "jsonl", sink, pack, processors)

    def tell(changes: Iterable[Change]) -> None:
        outlet.tell(changes)
        out.flush()

    return tell


def _outlet(form: str, sink: Sink, pack: Pack, processors: Sequence[Processor]) -> Outlet:
    if form == "text":
        return text(sink, pack.zone, processors=processors)
    if form == "cloudevents":
        return cloud_events(sink, processors)
    if form == "ocsf":
        import oversight

        return ocsf(sink, oversight.__version__, processors)
    if form == "syslog":
        import socket

        return syslog(sink, socket.gethostname(), processors)
    return json_lines(sink, processors)
