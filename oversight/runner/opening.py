"""How a durable engine is opened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from oversight.engine.matchers import INDEX
from oversight.model.events import vocabulary_of
from oversight.model.pack import Pack
from oversight.model.personal import CLEAR
from oversight.record.store import Sealing
from oversight.runner.record import Noting, Options, Record
from oversight.runner.telling import Tells

if TYPE_CHECKING:
    from oversight.record.keys import SigningKey


def open_record(
    url: str,
    pack: Pack,
    *,
    revise: str | None = None,
    clock: str = "events",
    matcher: str = INDEX,
    outlets: Mapping[str, Tells] | None = None,
    key: SigningKey | str | Path | None = None,
    read_only: bool = False,
    withheld: int = CLEAR,
    noting: Noting | None = None,
) -> Record:
    """
    A durable engine: what it takes in, its state and what it says are committed together, and outlast a crash.

    The record belongs to one pack and keeps the settings with which it was begun. The outlets are told all changes once
    they are recorded, in order of their positions, and at least once.

    Args:
        url: ``sqlite:///case.db`` or ``postgresql://user@host/database``; it is made where there is none.
        pack: checked, as :func:`oversight.load` gives it.
        revise: how late an event may be without a look at the record, an ISO 8601 duration; it bounds the memory.
        clock, matcher: as of :class:`oversight.Engine`; the matcher may be another each time.
        outlets: each under a name by which it is known again.
        key: or the path of its file, which seals each commit. A record is sealed from its beginning, or not at all.
        read_only: to ask questions beside a writer.
        withheld: from which level on the texts of alerts keep silent, as of ``oversight.model.personal``.
        noting: is asked what else the record is to say, each time that it is opened to write; it may refuse.

    Raises:
        RecordRefused: the record was begun under another pack, or with other settings, or its key is not given.
        RecordInUse: another writer has it open.
        KeyRefused: the file is no key, or others can read it.
        SealBroken: the record cannot be gone on with under this key.
        RecordError: another of those errors, as where no store is called so; or what an outlet raises.

    >>> import oversight, tempfile
    >>> pack = oversight.load("camera-programme")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with oversight.open(f"sqlite:///{folder}/case.db", pack) as record:
    ...         record.feed({"kind": "event.retracted", "id": "2", "time": "2026-03-10T09:00:00Z", "corrects": "1"})
    ...         record.size
    ()
    3
    """
    vocabulary_of(pack)  # refuses what is no pack before anything is made
    return _told(Options(
        url=url, pack=pack, revise=revise, clock=clock, matcher=matcher, outlets=outlets or {}, read_only=read_only,
        sealing=None if key is None or read_only else _sealing(key), withheld=withheld, noting=noting))  # fmt: skip


def _told(options: Options) -> Record:
    """The record, once the outlets were told what stands in it and was not told to them."""
    record = Record(options)
    if not options.read_only:
        try:
            record.tell()
        except BaseException:
            record.end(quietly=True)
            raise
    return record


def _sealing(key: SigningKey | str | Path) -> Sealing:
    """What seals with *key*; its library is an extra, so that whoever seals nothing needs none."""
    from oversight.record.keys import read_signing_key
    from oversight.record.sealing import sealed_by

    return sealed_by(read_signing_key(Path(key)) if isinstance(key, str | Path) else key)
