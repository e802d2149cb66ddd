"""``oversight checkpoint``: what stands for all of a record, and its log as static files."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from oversight.cli.arguments import Usage
from oversight.cli.stores import opened
from oversight.cli.terminal import say
from oversight.ground.text import printable
from oversight.record.store import Store


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Raises:
        Usage: there is no such record, it is not sealed, or its log is not whole.
        OSError: a file cannot be written.
    """
    with opened(arguments.store) as store, store.steady():
        from oversight.record.checkpoints import Checkpoint

        note = store.checkpoint()
        if note is None:
            raise Usage("the record is not sealed, so that it has no checkpoint; begin one with --key")
        checkpoint = Checkpoint.opened(note, [])
        if arguments.stamp_request is not None:
            from oversight.record import stamps

            Path(arguments.stamp_request).write_bytes(stamps.request(checkpoint))
        if arguments.tiles is not None:
            try:
                count = _publish(store, checkpoint.size, note, Path(arguments.tiles))
            except ValueError as error:
                raise Usage(f"the log of the record is not whole: {error}; oversight verify says more") from None
            say(f"{printable(arguments.tiles)}: {count} files of a log of {checkpoint.size} entries")
        print(note.decode() if arguments.signed else checkpoint.text, end="")
    return 0


def _publish(store: Store, size: int, note: bytes, folder: Path) -> int:
    """
    Write the log as files; the checkpoint last, so that at no time it speaks of what is not there.

    Returns:
        How many there are.
    """
    from oversight.record.sealing import read_tile
    from oversight.record.tiles import published

    count = 0
    for path, content in published(size, read_tile(store), lambda start, stop: _leaves(store, start, min(stop, size))):
        count += 1
        target = folder / path
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            _put(target, content)
        elif target.read_bytes() != content:
            raise Usage(f"{printable(str(target))} is of another log; give another folder, or verify the record")
    _put(folder / "checkpoint", note)
    return count + 1


def _put(target: Path, content: bytes) -> None:
    """Write a file whole or not at all: what a crash cut off would be taken for one of another log."""
    fresh = target.with_name(f"{target.name}.new")
    with open(fresh, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(target)


def _leaves(store: Store, start: int, stop: int) -> list[bytes]:
    """What the log has of the entries from one position until before another."""
    return [entry.leaf for entry in store.entries(start, stop)]
