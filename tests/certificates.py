"""Certificates for tests of TLS, made anew for each run: an authority, and a receiver of its on this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificate of an authority, and one that it signed, with its key: ``localhost.pem``."""
    pytest.importorskip("cryptography", reason="cryptography is not installed: pip install 'oversight[seal]'")
    folder = tmp_path_factory.mktemp("tls")
    write(folder)
    return folder


def write(folder: Path) -> None:
    """Write both files into *folder*."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def called(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def begun(name: str) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(called(name)).issuer_name(called("test authority"))
        return made.serial_number(x509.random_serial_number()).not_valid_before(FROM).not_valid_after(UNTIL)

    signing, own = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    identity = x509.SubjectKeyIdentifier.from_public_key(signing.public_key())
    authority = (
        begun("test authority").public_key(signing.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, **usage), critical=True)
        .add_extension(identity, critical=False)
        .sign(signing, SHA256())
    )  # fmt: skip
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    receiver = (
        begun("localhost").public_key(own.public_key())
        .add_extension(names, critical=False)
        .add_extension(both, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identity), critical=False)
        .sign(signing, SHA256())
    )  # fmt: skip
    key = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "authority.pem").write_bytes(authority.public_bytes(Encoding.PEM))
    (folder / "localhost.pem").write_bytes(key + receiver.public_bytes(Encoding.PEM))
