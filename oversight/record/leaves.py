"""
What the log holds of an entry: its type, and a commitment to its body.

The commitment takes in random bytes that are kept beside the body and forgotten with it. Without them nobody can
try whether a guess is what the forgotten body said; with them the body can be held to the log.
"""

from __future__ import annotations

import hashlib
import re

NONCE_SIZE = 16
_FORM = re.compile(rb'\{"commitment":"([0-9a-f]{64})","type":"([a-z]{1,40})"\}')


def leaf(what: str, nonce: bytes, body: bytes) -> bytes:
    """
    The log's entry for *body*: canonical JSON, always of the same form.

    Args:
        what: the type of the entry, as ``event`` or ``change``; small letters.
        nonce: random bytes, drawn for this entry alone.
        body: what was taken in or told.

    >>> leaf("event", bytes(16), b"{}")
    b'{"commitment":"333b13ff02f57ae18049b82ca66f37592c5a3d8fd54e44e23ae5c7085c24fd2a","type":"event"}'
    """
    commitment = hashlib.sha256(nonce + body).hexdigest()
    return f'{{"commitment":"{commitment}","type":"{what}"}}'.encode()


def type_of(leaf: bytes) -> str | None:
    """
    The type that a log's entry names; ``None`` where it is of another form.

    >>> type_of(leaf("event", bytes(16), b"{}")), type_of(b"{}")
    ('event', None)
    """
    found = _FORM.fullmatch(leaf)
    return found[2].decode() if found else None
