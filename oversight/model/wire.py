"""Plain values as bytes and back, with a digest that shows damage."""

from __future__ import annotations

import hashlib
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


def plain(body: bytes) -> Any:
    """
    The plain values of JSON bytes.

    Raises:
        ValueError: they are none.

    >>> plain(b'{"a":[true]}')
    {'a': [True]}
    """
    return msgspec.json.decode(body)
