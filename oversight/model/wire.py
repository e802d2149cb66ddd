"""Plain values as bytes and back, with a digest that shows damage."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec


def to_bytes(value: Any) -> bytes:
    """
    JSON bytes of plain values (None, bool, int, float, str, lists, and dicts with text keys), after their SHA-256.

    >>> from_bytes(to_bytes({"a": [1]}))
    {'a': [1]}
    """
    body = msgspec.json.encode(value)
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def from_bytes(data: bytes) -> Any:
    """
    What :func:`to_bytes` wrote.

    Raises:
        ValueError: the bytes are damaged.
    """
    digest, _, body = bytes(data).partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise ValueError("the bytes are not what was written: their digest differs")
    return msgspec.json.decode(body)


def canonical(value: Any) -> bytes:
    """
    Plain values as JSON bytes of one form: keys in order, no space.

    >>> canonical({"b": 1, "a": [True]})
    b'{"a":[true],"b":1}'
    """
    return msgspec.json.encode(value, order="sorted")


class _Named(msgspec.Struct):
    id: str
    source: str | None = None


def identity_in(body: bytes) -> tuple[str, str]:
    """
    Source and id of the event in JSON bytes, whatever else stands there that nobody reads.

    Raises:
        ValueError: they are not there.

    >>> identity_in(b'{"id":"e-1","weight":1e999}')
    ('', 'e-1')
    """
    found = msgspec.json.decode(body, type=_Named)
    return found.source or "", found.id


class _Timed(msgspec.Struct):
    time: datetime


def time_of(body: bytes) -> datetime:
    """
    When the event in JSON bytes happened, as its envelope is read for every kind, known or not.

    Raises:
        ValueError: it does not say.

    >>> time_of(b'{"kind":"of.none","time":"2026-03-10 09:00:00z"}').isoformat()
    '2026-03-10T09:00:00+00:00'
    """
    return msgspec.json.decode(body, type=_Timed).time


def plain(body: bytes) -> Any:
    """
    The plain values of JSON bytes.

    Raises:
        ValueError: they are none.

    >>> plain(b'{"a":[true]}')
    {'a': [True]}
    """
    return msgspec.json.decode(body)
