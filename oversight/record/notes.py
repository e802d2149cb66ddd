"""
Signed notes, the form of C2SP in which a log signs what it says: a text, an empty line, and signatures.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from oversight.ground.errors import NoteRefused
from oversight.ground.text import printable
from oversight.record.keys import SigningKey, VerifyingKey

_DASH = "— "
_LONGEST = 1_000_000
_MOST_SIGNATURES = 100


def sign(text: str, key: SigningKey) -> bytes:
    """
    *text* as a note signed by *key*.

    Args:
        text: ends in a new line.
        key: the private one.

    Raises:
        NoteRefused: the text cannot be a note's.

    >>> note = sign("a\\n", SigningKey("example.org/a", bytes(32)))
    >>> open_note(note, [SigningKey("example.org/a", bytes(32)).public])
    'a\\n'
    """
    _check_text(text)
    signature = base64.b64encode(key.public.id + key.sign(text.encode())).decode()
    return f"{text}\n{_DASH}{key.name} {signature}\n".encode()


def open_note(note: bytes, keys: Iterable[VerifyingKey]) -> str:
    """
    The text of *note*, once a signature of one of *keys* is verified.

    Signatures of other keys are left alone.

    Raises:
        NoteRefused: it is no signed note, none of the keys signed it, or a signature of one of them is wrong.
    """
    text, signatures = _parts(note)
    known = {(key.name, key.id): key for key in keys}
    verified = False
    for name, signature in signatures:
        key = known.get((name, signature[:4]))
        if key is None:
            continue
        if not key.accepts(text.encode(), signature[4:]):
            raise NoteRefused(f"the signature of {printable(name, 80)} is wrong")
        verified = True
    if not verified:
        names = ", ".join(sorted({printable(f"{name}+{found[:4].hex()}", 80) for name, found in signatures}))
        wanted = ", ".join(printable(f"{name}+{number.hex()}", 80) for name, number in known)
        raise NoteRefused(f"not signed by {wanted or 'any known key'}, but by {names}")
    return text


def text_of(note: bytes) -> str:
    """
    The text of *note*, on nobody's word: no signature is looked at.

    Raises:
        NoteRefused: it is no signed note.
    """
    return _parts(note)[0]


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteRefused("the text of a note ends in a new line")
    if any(each < " " and each != "\n" for each in text):
        raise NoteRefused("the text of a note has no control characters but new lines")


def _parts(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """The text, and the name and bytes of each signature."""
    if len(note) > _LONGEST:
        raise NoteRefused(f"a note of {len(note)} bytes; there are none above {_LONGEST}")
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise NoteRefused("this is not a signed note: not UTF-8") from None
    _check_text(whole)
    text, gap, signed = whole.rpartition("\n\n")
    lines = signed.split("\n")[:-1]
    if not gap or not lines or len(lines) > _MOST_SIGNATURES:
        raise NoteRefused("this is not a signed note: after its text come an empty line and signatures")
    return text + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    name, gap, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        signature = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    exact = base64.b64encode(signature).decode() == encoded
    if not (line.startswith(_DASH) and name and gap and exact and len(signature) > 4):
        raise NoteRefused(f"this is not the line of a signature: {printable(line, 120)}")
    return name, signature
