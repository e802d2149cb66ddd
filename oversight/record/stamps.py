"""
Time stamps of RFC 3161: an authority of somebody else's signs that a checkpoint was there at an instant.

Nothing is sent from here. A request is a file for the authority; its reply is a file to keep beside the checkpoint.
"""

from __future__ import annotations

from datetime import datetime

from oversight.ground.errors import NoteRefused, SealMissing
from oversight.ground.text import printable
from oversight.record.checkpoints import Checkpoint

try:
    from cryptography.x509 import load_pem_x509_certificates
    from rfc3161_client import (
        HashAlgorithm, TimestampRequestBuilder, VerificationError, VerifierBuilder, decode_timestamp_response,
    )  # fmt: skip
except ImportError:
    raise SealMissing("time stamps need the library rfc3161-client: pip install 'oversight[seal]'") from None


def request(checkpoint: Checkpoint) -> bytes:
    """
    What to send to an authority, as ``application/timestamp-query``, to have the three lines of *checkpoint* stamped.

    >>> len(request(Checkpoint("example.org/cameras", 0, bytes(32)))) > 50
    True
    """
    builder = TimestampRequestBuilder().data(checkpoint.text.encode()).hash_algorithm(HashAlgorithm.SHA256)
    return builder.nonce(nonce=False).cert_request(cert_request=True).build().as_bytes()


def stamped_at(checkpoint: Checkpoint, reply: bytes, authorities: bytes) -> datetime:
    """
    When an authority saw *checkpoint*, by its reply.

    Args:
        checkpoint: the stamped one.
        reply: of the authority, as ``application/timestamp-reply``.
        authorities: certificates that are trusted, and those between, in PEM.

    Raises:
        NoteRefused: the reply is none, is of another checkpoint, or is not signed by one that is trusted.
    """
    try:
        certificates = load_pem_x509_certificates(authorities)
    except ValueError:
        raise NoteRefused("the certificates of the authority cannot be read; give them as PEM") from None
    roots = [each for each in certificates if each.issuer == each.subject]
    between = [each for each in certificates if each.issuer != each.subject]
    if not roots:
        raise NoteRefused("none of the certificates signs itself; give that of the root, too")
    try:
        response = decode_timestamp_response(reply)
        VerifierBuilder(roots=roots, intermediates=between).build().verify_message(response, checkpoint.text.encode())
        return response.tst_info.gen_time
    except (ValueError, VerificationError) as error:
        raise NoteRefused(f"this is no time stamp of this checkpoint: {printable(str(error), 200)}") from None
