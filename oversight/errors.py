"""
The errors of oversight, each a subclass of the built-in one a user would expect.

>>> issubclass(PackError, ValueError), issubclass(UnknownPack, LookupError)
(True, True)
"""

from oversight.ground.errors import (
    EventError,
    EventRefused,
    KeyRefused,
    MatcherMissing,
    NoteRefused,
    OversightError,
    PackError,
    RecordDamaged,
    RecordError,
    RecordForgotten,
    RecordFull,
    RecordInUse,
    RecordReadOnly,
    RecordRefused,
    RecordTooNew,
    RecordUnreachable,
    SealBroken,
    SealMissing,
    SnapshotRefused,
    StoreMissing,
    TimeWentBackwards,
    UnknownAlert,
    UnknownPack,
    UnknownRule,
    UnknownStore,
)

__all__ = [
    "EventError",
    "EventRefused",
    "KeyRefused",
    "MatcherMissing",
    "NoteRefused",
    "OversightError",
    "PackError",
    "RecordDamaged",
    "RecordError",
    "RecordForgotten",
    "RecordFull",
    "RecordInUse",
    "RecordReadOnly",
    "RecordRefused",
    "RecordTooNew",
    "RecordUnreachable",
    "SealBroken",
    "SealMissing",
    "SnapshotRefused",
    "StoreMissing",
    "TimeWentBackwards",
    "UnknownAlert",
    "UnknownPack",
    "UnknownRule",
    "UnknownStore",
]
