"""
The keys of a log: Ed25519, written as signed notes have it.

The private key is one line in a file that only its owner may read; it is in no message, log or representation.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path

from attrs import field, frozen

from oversight.ground.errors import KeyRefused, SealMissing
from oversight.ground.secret import read_secret
from oversight.ground.text import printable

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
except ImportError:
    raise SealMissing("keys need the library cryptography: pip install 'oversight[seal]'") from None

_ED25519 = b"\x01"
_PRIVATE = "PRIVATE+KEY+"
_OWNER_ALONE = 0o600


@frozen
class VerifyingKey:
    """
    The public half: sees whether a signature is its owner's.

    Args:
        name: of the log, as ``example.org/cameras``.
        public: 32 bytes.

    >>> str(VerifyingKey("example.org/cameras", bytes(32)))
    'example.org/cameras+ff17c95b+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    """

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell keys of one name apart; they prove nothing."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_encoded(self.public)}"

    def accepts(self, text: bytes, signature: bytes) -> bool:
        """Whether *signature* is this key's for *text*."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True

    @classmethod
    def parse(cls, text: str) -> VerifyingKey:
        """
        The key that *text* is.

        Raises:
            KeyRefused: it is none.
        """
        given = text.strip()
        if given.startswith(_PRIVATE):
            raise KeyRefused("this is a private key; give the public one, which is in the file beside it (.pub)")
        name, public = _parsed(given, "a public key")
        key = cls(name, public)
        if str(key) != given:
            raise KeyRefused(f"{printable(given, 200)} is not a public key: its parts do not fit together")
        return key


@frozen
class SigningKey:
    """
    The private half: signs for a log. What it holds is in no representation of it.

    Args:
        name: of the log.
        seed: 32 bytes.

    >>> SigningKey("example.org/cameras", bytes(32))
    SigningKey(name='example.org/cameras')
    """

    name: str
    _seed: bytes = field(repr=False)
    _private: Ed25519PrivateKey = field(init=False, repr=False, eq=False)

    @_private.default
    def _made(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._seed)

    @property
    def public(self) -> VerifyingKey:
        """The public half."""
        return VerifyingKey(self.name, self._private.public_key().public_bytes_raw())

    def sign(self, text: bytes) -> bytes:
        """The signature of *text*, 64 bytes."""
        return self._private.sign(text)

    @classmethod
    def generate(cls, name: str) -> SigningKey:
        """
        A new key.

        Args:
            name: of the log: what tells it from every other, for example an address without its scheme.

        Raises:
            KeyRefused: the name cannot stand in a note.
        """
        return cls(_name(name), os.urandom(32))

    def write(self, path: Path) -> Path:
        """
        Write the key to *path*, for the owner alone, and the public half to a file beside it.

        Returns:
            The path of the public half: *path* with ``.pub`` after it.

        Raises:
            FileExistsError: one of the files is there already; a key is not overwritten.
        """
        beside = path.with_name(f"{path.name}.pub")
        if beside.exists():
            raise FileExistsError(f"{beside} is there already; a key is not overwritten")
        line = f"{_PRIVATE}{self.name}+{self.public.id.hex()}+{_encoded(self._seed)}\n"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ALONE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(line)
        beside.write_text(f"{self.public}\n", encoding="utf-8")
        return beside


def read_signing_key(path: Path) -> SigningKey:
    """
    The key in a file.

    Raises:
        KeyRefused: it cannot be read, is not its owner's alone, or holds no private key.
    """
    given = read_secret(str(path), 4096).decode("utf-8", "replace").strip()
    if not given.startswith(_PRIVATE):
        raise KeyRefused(f"{printable(str(path), 200)} holds no private key; oversight key makes one")
    # What the file says is shown nowhere, even where it is wrong.
    name, seed = _parsed(given.removeprefix(_PRIVATE), "a private key", secret=True)
    key = SigningKey(name, seed)
    if given != f"{_PRIVATE}{name}+{key.public.id.hex()}+{_encoded(seed)}":
        raise KeyRefused(f"the private key in {printable(str(path), 200)} is damaged: its parts do not fit together")
    return key


def read_verifying_key(given: str) -> VerifyingKey:
    """
    The public key that *given* is, or that the file of this name holds.

    Raises:
        KeyRefused: it is no public key, and there is no such file.
        OSError: the file cannot be read.
    """
    if os.path.isfile(given):
        return VerifyingKey.parse(Path(given).read_text(encoding="utf-8", errors="replace"))
    return VerifyingKey.parse(given)


def _encoded(secret: bytes) -> str:
    return base64.b64encode(_ED25519 + secret).decode()


def _parsed(given: str, what: str, *, secret: bool = False) -> tuple[str, bytes]:
    """The name and the 32 bytes of a key."""
    shown = "this" if secret else printable(given, 200)
    name, *rest = given.split("+", 2)
    try:
        content = base64.b64decode(rest[1], validate=True)
    except (IndexError, binascii.Error, ValueError):
        raise KeyRefused(f"{shown} is not {what}, which is NAME+ID+KEY, or a file that holds it") from None
    if content[:1] != _ED25519 or len(content) != 33:
        raise KeyRefused(f"{shown} is not {what} for Ed25519")
    return _name(name), content[1:]


def _name(name: str) -> str:
    if not name or "+" in name or any(each.isspace() or not each.isprintable() for each in name):
        raise KeyRefused(
            f"{printable(name, 80)!r} cannot name a log: no spaces and no +, for example example.org/cameras"
        )
    return name
