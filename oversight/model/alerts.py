"""The alert as it is told: one change of one alert, and its JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from attrs import asdict, field, frozen

from oversight.ground.text import printable_json, text_of
from oversight.ground.time import format_instant
from oversight.model.pack import Authority

RAISED, UPDATED, CLEARED, WITHDRAWN = "raised", "updated", "cleared", "withdrawn"


@frozen
class Missing:
    """
    What would have excused a breach: one for each ``unless`` clause.

    Args:
        clause: the clause as written.
        nearest: the nearest fact, ``{"fact", "key", "event"}``; ``None`` where none was on record (or the clause
            asks for no fact).
        failed: the first condition that did not hold for it, as written; empty where none was on record.
        reason: ``not on record``, ``false``, ``undecided``, or ``present`` where the nearest fact must not be there.
        fact: the name of the fact the clause asks for, or an empty string.
    """

    clause: str
    nearest: Mapping[str, Any] | None = None
    failed: str = ""
    reason: str = "not on record"
    fact: str = ""


@frozen
class Assumption:
    """
    A value on which an alert rests and which no instrument gives.

    Args:
        parameter: its name.
        value: as text.
        source: what the pack, or the site, says of where it comes from; may be empty.
    """

    parameter: str
    value: str
    source: str = ""


@frozen(kw_only=True)
class Change:
    """
    What the engine says anew: an alert ``raised``, ``updated``, ``cleared`` or ``withdrawn``.

    The attributes are the keys of the alert contract, in its order; instants are aware datetimes.
    ``subject_count`` is how many subjects there are, whether or not an outlet cuts the list. With a record,
    ``position`` is where the change stands in it.
    """

    change: str
    alert: str
    rule: str
    part: str
    title: str
    pack: str
    pack_digest: str
    severity: str
    basis: str
    authority: tuple[Authority, ...]
    at: datetime
    since: datetime
    subjects: tuple[str, ...]
    open: int
    message: str
    remedy: str
    evidence: tuple[str, ...]
    missing: tuple[Missing, ...]
    assumed: tuple[Assumption, ...] = field(default=())
    cause: str | None
    reason: str | None = field(default=None)
    waived: Mapping[str, str] | None = field(default=None)
    position: int | None = field(default=None)

    @property
    def subject_count(self) -> int:
        """How many ids this change is about."""
        return len(self.subjects)

    def as_dict(self) -> dict[str, Any]:
        """The change as the JSON object of the contract: plain values, instants as RFC 3339."""
        plain = asdict(self)
        plain["part"] = self.part or None
        plain["at"] = format_instant(self.at)
        plain["since"] = format_instant(self.since)
        plain["subject_count"] = self.subject_count
        if self.position is None:
            del plain["position"]
        return plain

    @classmethod
    def read(cls, body: bytes, position: int | None = None) -> Change:
        """
        The change that was written as JSON; its instants have fixed offsets.

        Args:
            body: the object of the contract.
            position: where it stands in a record.

        Raises:
            ValueError: the bytes are no change.
        """
        plain = msgspec.json.decode(body)
        return msgspec.convert({**plain, "part": plain["part"] or "", "position": position}, cls)


def in_order(changes: Iterable[Change]) -> list[Change]:
    """*changes* as they are told: by instant, then by rule, part, beginning and identity of the alert."""
    return sorted(changes, key=lambda change: (change.at, change.rule, change.part, change.since, change.alert))


def identity(rule: str, part: str, key: Any, since: datetime) -> str:
    """
    The identity of an alert: 32 hex digits of SHA-256 over the rule, the key of its head and when the breach began.

    Args:
        rule: its id.
        part: its part, or an empty string.
        key: the key of the head: one value or a tuple of them; for an event its source and id.
        since: when the breach began.

    >>> from datetime import UTC
    >>> len(identity("R", "", "cap-1", datetime(2026, 1, 1, tzinfo=UTC)))
    32
    """
    parts = key if isinstance(key, tuple) else (key,)
    told = [rule, part, [_as_told(value) for value in parts], since.astimezone(UTC).isoformat()]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:32]


def _as_told(value: Any) -> Any:
    """A part of a key: a whole number is another thing than the text of it. What is equal has one form in a key."""
    return value if value.__class__ is int else text_of(value)


def to_json(value: Mapping[str, Any]) -> str:
    """
    One line of JSON that is safe to print: control and direction characters are escaped.

    >>> to_json({"a": "x\\u202ey"})
    '{"a":"x\\\\u202ey"}'
    """
    return printable_json(msgspec.json.encode(value).decode())
