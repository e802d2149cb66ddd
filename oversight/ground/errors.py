"""The errors, below every room so that each can raise them; users know them as ``oversight.errors``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class OversightError(Exception):
    """The parent of every error that oversight raises on purpose."""


class UnknownPack(OversightError, LookupError):
    """There is no pack of this name, or no folder at this path."""


class PackError(OversightError, ValueError):
    """
    A pack does not check.

    Attributes:
        diagnostics: every problem found, each with its place.
    """

    def __init__(self, message: str, diagnostics: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)


class EventError(OversightError, ValueError):
    """
    An input is not an event the pack's kinds allow.

    Attributes:
        reason: what is wrong, without the path.
        path: the attribute's path, for example ``$.data.camera``; ``$`` for the whole.
    """

    def __init__(self, reason: str, path: str = "$") -> None:
        super().__init__(f"{reason} (at {path})")
        self.reason = reason
        self.path = path


class EventRefused(OversightError, ValueError):
    """
    An event is well formed and still cannot be taken: other content under a known identity, or too late.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TimeWentBackwards(OversightError, ValueError):
    """``advance`` was asked to go to an instant before the one already reached."""


class SnapshotRefused(OversightError, ValueError):
    """A snapshot is damaged, of another version, or was taken under another pack."""


class ProcessLost(OversightError, RuntimeError):
    """A process that judges a part of the rules has ended before its work was done."""


class UnknownRule(OversightError, LookupError):
    """The pack has no rule, or no part of one, of this name."""


class UnknownAlert(OversightError, LookupError):
    """No alert has this identity."""


class MatcherMissing(OversightError, ImportError):
    """The matcher asked for is an extra that is not installed, or that this Python cannot have."""


class SealMissing(OversightError, ImportError):
    """What signs and verifies is an extra that is not installed."""


class KeyRefused(OversightError, ValueError):
    """A text or a file is no key, or others than its owner may read it."""


class NoteRefused(OversightError, ValueError):
    """A text is no signed note or no checkpoint, or it is not signed by the key it should be."""


class RecordError(OversightError):
    """The parent of what can go wrong with a record."""


class UnknownStore(RecordError, ValueError):
    """No store is called as the URL says."""


class StoreMissing(RecordError, ImportError):
    """The store asked for is an extra that is not installed."""


class RecordFull(RecordError, OSError):
    """There is no space left for the record; what was committed before is safe."""


class RecordReadOnly(RecordError, PermissionError):
    """The record may be read and not written."""


class RecordInUse(RecordError, BlockingIOError):
    """Another writer has the record open."""


class RecordUnreachable(RecordError, ConnectionError):
    """The database or the disk that holds the record does not answer."""


class RecordTooNew(RecordError, ValueError):
    """The record was written by a newer version of oversight."""


class RecordDamaged(RecordError, ValueError):
    """What is there is no record, or not a whole one."""


class RecordRefused(RecordError, ValueError):
    """The record was begun under another pack, or with other settings, or has its pseudonyms by other keys."""


class SealBroken(RecordError, ValueError):
    """The record cannot be gone on with under this key: it is not sealed by it, or not as it was sealed."""


class RecordForgotten(RecordError, LookupError):
    """What is asked for rests on entries whose bodies were forgotten."""
