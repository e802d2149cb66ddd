"""``oversight verify``: whether a record is what was recorded, and its alerts follow from it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field

from oversight.cli.arguments import Usage
from oversight.cli.recorded import pack_of
from oversight.cli.stores import content, opened, told
from oversight.ground.errors import OversightError
from oversight.ground.text import printable
from oversight.ground.time import format_instant
from oversight.model.alerts import to_json
from oversight.record.findings import Finding
from oversight.record.store import Store, is_store
from oversight.runner.derivation import Derivation, derive, hold_to_definition
from oversight.runner.keeper import Settings

if TYPE_CHECKING:
    from oversight.record.audit import Audit
    from oversight.record.checkpoints import Checkpoint
    from oversight.record.keys import VerifyingKey

HOLDS, DOES_NOT_HOLD = 0, 1
_SHOWN = 20


@define
class _Answer:
    """What a person or a program is told."""

    audit: Audit
    looked_at: list[str] = field(factory=list)
    not_looked_at: list[str] = field(factory=list)
    derivation: Derivation | None = None

    @property
    def found(self) -> list[Finding]:
        """What does not hold, by position."""
        more = [] if self.derivation is None else self.derivation.found
        return sorted(
            [*self.audit.found, *more], key=lambda each: (each.position is None, each.position or 0, each.what)
        )


def execute(arguments: Namespace) -> int:
    """
    Carry out the command.

    Returns:
        0 where everything that was looked at holds, else 1.

    Raises:
        Usage: there is no such record, or a key or checkpoint cannot be read.
    """
    with told():
        from oversight.record.audit import audit, audit_published

        keys = _keys(arguments.key)
        kept = [_kept(path, keys) for path in arguments.since]
        folder = not is_store(arguments.store) and Path(arguments.store).is_dir()
        if folder:
            answer = _Answer(audit_published(Path(arguments.store), keys, kept))
        else:
            with opened(arguments.store) as store:
                answer = _Answer(audit(store, keys, kept))
                _about_alerts(answer, store, arguments)
        _about_log(answer, keys, kept, published=folder)
        if arguments.stamp is not None or arguments.authority is not None:
            answer.looked_at.append(_stamped(arguments, kept))
    _say(answer, arguments.format)
    return DOES_NOT_HOLD if answer.found else HOLDS


def _keys(given: Sequence[str]) -> list[VerifyingKey]:
    from oversight.record.keys import read_verifying_key

    return [read_verifying_key(one) for one in given]


def _kept(path: str, keys: Sequence[VerifyingKey]) -> Checkpoint:
    from oversight.record.checkpoints import read_kept

    return read_kept(content(path, "--since"), keys)[0]


def _stamped(arguments: Namespace, kept: Sequence[Checkpoint]) -> str:
    from oversight.record import stamps

    if arguments.stamp is None or arguments.authority is None or len(kept) != 1:
        raise Usage("--stamp takes --authority with the certificates, and --since with the one checkpoint it is about")
    reply, trusted = content(arguments.stamp, "--stamp"), content(arguments.authority, "--authority")
    at = stamps.stamped_at(kept[0], reply, trusted)
    return f"an authority saw the checkpoint of {kept[0].size} entries at {format_instant(at)}"


def _about_log(answer: _Answer, keys: Sequence[VerifyingKey], kept: Sequence[Checkpoint], *, published: bool) -> None:
    """What of the log was looked at, and what could not be."""
    made = answer.audit
    types = ", ".join(f"{count} {name}" for name, count in sorted(made.types.items()))
    answer.looked_at[:0] = [
        f"{made.size} entries" + (f": {types}" if types else ""),
        f"{_counted(made.tiles, 'tile')}, every hash worked out anew",
        _counted(made.checkpoints, "checkpoint")
        + (f", signed by {', '.join(key.name for key in keys)}" if keys else ""),
        *(f"that it grew out of the checkpoint of {each.size} entries that was kept" for each in kept),
    ]
    if made.whole and not published:
        answer.looked_at.append("what events are known by, and the snapshot")
    if not made.whole:
        answer.not_looked_at.append("what rests on the log, since the log does not hold")
    if published:
        answer.not_looked_at.append("what entries said, which is not published")
    if made.forgotten:
        answer.not_looked_at.append(f"what {_counted(made.forgotten, 'event')} said, which was forgotten on record")
    if not keys:
        answer.not_looked_at.append("who signed: give the public key with --key")
    if not kept:
        answer.not_looked_at.append(
            "whether all of it was written anew, or its end cut off: that can be seen only with --since and a "
            "checkpoint that was kept elsewhere"
        )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _about_alerts(answer: _Answer, store: Store, arguments: Namespace) -> None:
    """Derive the alerts anew, where the log holds and the pack is at hand."""
    if not answer.audit.whole:
        return
    try:
        settings = Settings.of(store)
        pack = pack_of(settings, arguments)
        if pack is None:
            name = f"{printable(settings.name, 80)} of digest {settings.pack[:12]}"
            answer.not_looked_at.append(f"whether the alerts follow: give the pack {name} with --rules, and its --site")
            return
        with store.steady():
            answer.derivation = derive(store, pack)
            held = hold_to_definition(store, pack) if arguments.by_definition else None
    except OversightError as error:
        answer.audit.wrong(None, f"the alerts cannot be derived anew: {error}")
        return
    made = answer.derivation
    answer.looked_at.append(
        f"{_counted(made.derived, 'change')} of alerts, derived anew from the events by {pack.name}"
    )
    if held is not None:
        made.found += held.found
        answer.looked_at.append(
            f"{_counted(held.derived, 'change')} held to the definition of the language, one by one"
        )
    if made.beyond:
        answer.not_looked_at.append(
            f"whether {_counted(made.beyond, 'change')} of alerts follow: events before them were forgotten, and they "
            "are older than the newest snapshot"
        )


def _say(answer: _Answer, form: str) -> None:
    found = answer.found
    if form == "json":
        last = answer.audit.last
        print(
            to_json(
                {
                    "holds": not found,
                    "size": answer.audit.size,
                    "checkpoint": None if last is None else last.text,
                    "found": [{"position": each.position, "what": each.what} for each in found],
                    "looked_at": answer.looked_at,
                    "not_looked_at": answer.not_looked_at,
                }
            )
        )
        return
    for line in _lines(answer, found):
        print(printable(line))


def _lines(answer: _Answer, found: Sequence[Finding]) -> Iterator[str]:
    yield "Looked at:"
    yield from (f"  {each}" for each in answer.looked_at)
    if answer.not_looked_at:
        yield "Not looked at:"
    yield from (f"  {each}" for each in answer.not_looked_at)
    if not found:
        yield "Everything that was looked at holds."
        return
    yield f"DOES NOT HOLD, first of all: {found[0]}"
    yield from (f"  {each}" for each in found[1:_SHOWN])
    if len(found) > _SHOWN:
        yield f"  ... and {len(found) - _SHOWN} more; --format json has them all"
