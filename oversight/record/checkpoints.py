"""
Checkpoints: how many entries a log has, and the one hash that stands for all of them.

Whoever keeps an older one can see whether the log still begins with what it said then.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from attrs import frozen

from oversight.ground.errors import NoteRefused
from oversight.ground.text import printable
from oversight.record.keys import SigningKey, VerifyingKey
from oversight.record.notes import open_note, sign, text_of

_FORM = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>[0-9]{1,19})\n(?P<root>[A-Za-z0-9+/]{43}=)\n")


@frozen
class Checkpoint:
    """
    What a log says of itself.

    Args:
        origin: the name of the log.
        size: how many entries it has.
        root: the hash of its tree.

    >>> print(Checkpoint("example.org/cameras", 0, bytes(32)).text, end="")
    example.org/cameras
    0
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
    """

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Its three lines: the name of the log, how many entries it has, and the hash of its tree."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, key: SigningKey) -> bytes:
        """The checkpoint as a signed note."""
        return sign(self.text, key)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """
        The checkpoint whose three lines *text* is; further ones are refused, since nobody can audit them.

        Raises:
            NoteRefused: it is none.
        """
        found = _FORM.fullmatch(text)
        made = found and cls(found["origin"], int(found["size"]), base64.b64decode(found["root"]))
        if made is None or made.text != text:
            raise NoteRefused(
                f"this is not a checkpoint, which has three lines (name of the log, number of entries, hash): "
                f"{printable(text, 120)}"
            )
        return made

    @classmethod
    def opened(cls, note: bytes, keys: Sequence[VerifyingKey]) -> Checkpoint:
        """
        The checkpoint in a signed note.

        Args:
            note: its bytes.
            keys: one of which must have signed it; with none, no signature is looked at.

        Raises:
            NoteRefused: it is no signed checkpoint, or not of these keys.
        """
        return cls.parse(open_note(note, keys) if keys else text_of(note))


def read_kept(content: bytes, keys: Sequence[VerifyingKey]) -> tuple[Checkpoint, bool]:
    """
    A checkpoint that somebody kept: a signed note, or its three lines alone as they came through an e-mail.

    Args:
        content: its bytes.
        keys: one of which must have signed the note; with none, no signature is looked at.

    Returns:
        The checkpoint, and whether a signature was verified.

    Raises:
        NoteRefused: it is neither, or the signature is not of these keys.

    >>> kept, verified = read_kept(b"> example.org/cameras\\r\\n> 0\\r\\n> " + b"A" * 43 + b"=\\r\\n", [])
    >>> kept.size, verified
    (0, False)
    """
    if "\n\n— ".encode() in content:
        return Checkpoint.opened(content, keys), bool(keys)
    lines = [line.strip("> \t\r") for line in content.decode(errors="replace").split("\n")]
    return Checkpoint.parse("".join(f"{line}\n" for line in lines if line)), False
