"""A log as programs read it that nobody here wrote: Go's checksum database, a Merkle library, a stamping authority."""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pymerkle
import pytest

from oversight.errors import NoteRefused
from oversight.record import stamps, tiles
from oversight.record.checkpoints import Checkpoint
from oversight.record.keys import SigningKey
from oversight.record.sealing import seal
from oversight.record.tiles import TileTree

KEY = SigningKey("example.org/cameras", bytes(range(32)))
PACKAGES = Path("/usr/share/gocode")
SUMDB = PACKAGES / "src/golang.org/x/mod/sumdb/note"
OPENSSL = shutil.which("openssl")
ENTRIES = [b"entry %d" % number for number in range(70_000)]
SIZES = (1, 2, 255, 256, 257, 300, 513, 1_000, 66_000)

needs_go = pytest.mark.skipif(
    shutil.which("go") is None or not SUMDB.is_dir(),
    reason="needs Go and its package golang.org/x/mod: apt-get install golang-go golang-golang-x-mod-dev",
)
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="needs openssl as a time stamp authority")


@pytest.fixture(scope="session")
def readlog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("go")
    made = folder / "readlog"
    # Go with modules switched off finds what Debian installs; nothing is fetched.
    settings = {"GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOCACHE": str(folder / "cache"), "CGO_ENABLED": "0"}
    command = ["go", "build", "-o", str(made), str(Path(__file__).parent / "foreign" / "readlog.go")]
    subprocess.run(command, check=True, env=os.environ | settings, timeout=300)
    return made


def publish(folder: Path, size: int) -> Path:
    """A log of *size* entries as static files."""
    sealed = seal(TileTree(), ENTRIES[:size], KEY)
    files = tiles.published(size, tiles.reader(sealed.tiles), lambda start, stop: ENTRIES[start : min(stop, size)])
    for path, content in (*files, ("checkpoint", sealed.checkpoint)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def read(program: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False)


@needs_go
@pytest.mark.parametrize("size", SIZES)
def test_go_proves_the_entries(readlog: Path, tmp_path: Path, size: int) -> None:
    """Go verifies the signature, works out the root from the tiles and proves the entries of the bundles."""
    answer = read(readlog, publish(tmp_path, size), KEY.public)
    assert ("", f"{size}\n", 0) == (answer.stderr, answer.stdout, answer.returncode)


@needs_go
def test_go_proves_that_a_log_grew(readlog: Path, tmp_path: Path) -> None:
    """Go proves that a log grew out of each older one, and finds that it did not grow out of another."""
    new = publish(tmp_path / "new", 1_000)
    for size in (1, 2, 128, 256, 300, 999, 1_000):
        old = tmp_path / str(size)
        old.write_bytes(seal(TileTree(), ENTRIES[:size], KEY).checkpoint)
        assert "1000\n" == read(readlog, new, KEY.public, old).stdout
        old.write_bytes(seal(TileTree(), ENTRIES[1 : size + 1], KEY).checkpoint)
        answer = read(readlog, new, KEY.public, old)
        assert 1 == answer.returncode
        assert "older checkpoint" in answer.stderr


@needs_go
def test_go_refuses_what_was_altered(readlog: Path, tmp_path: Path) -> None:
    """Go finds a changed byte of a tile, a bundle and a checkpoint, and a key that is another's."""
    folder = publish(tmp_path, 300)
    for path, says in (
        ("tile/0/000", "entry 1:"),
        ("tile/1/000.p/1", "tiles:"),
        ("tile/entries/001.p/44", "entry 256:"),
        ("checkpoint", "signature:"),
    ):
        content = (folder / path).read_bytes()
        (folder / path).write_bytes(content[:5] + bytes([content[5] ^ 1]) + content[6:])
        answer = read(readlog, folder, KEY.public)
        assert 1 == answer.returncode
        assert says in answer.stderr
        (folder / path).write_bytes(content)
    assert "300\n" == read(readlog, folder, KEY.public).stdout
    assert "signature" in read(readlog, folder, SigningKey(KEY.name, bytes(32)).public).stderr


@pytest.mark.parametrize("size", SIZES)
def test_root_of_a_foreign_tree(size: int) -> None:
    """A Merkle library of others gives the root that the checkpoint says."""
    foreign = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in ENTRIES[:size]:
        foreign.append_entry(entry)
    checkpoint = Checkpoint.opened(seal(TileTree(), ENTRIES[:size], KEY).checkpoint, [KEY.public])
    assert (size, foreign.get_root()) == (checkpoint.size, checkpoint.root)


AUTHORITY = """
[req]
distinguished_name = name
prompt = no
[name]
CN = Stamps of a test
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[stamps]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.1
digests = sha256
ess_cert_id_alg = sha256
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate authority and a time stamp authority under it."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "settings").write_text(AUTHORITY.format(folder=folder))
    (folder / "serial").write_text("01\n")
    new = ["req", "-config", "settings", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    root = [*new, "-x509", "-days", "3650", "-extensions", "ca"]
    for arguments in (
        [*root, "-subj", "/CN=Root", "-keyout", "ca.key", "-out", "ca.pem"],
        [*new, "-subj", "/CN=Stamps", "-keyout", "tsa.key", "-out", "tsa.csr"],
        ["x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650",
         "-extfile", "settings", "-extensions", "tsa", "-out", "tsa.pem"],
        [*root, "-subj", "/CN=Other", "-keyout", "o.key", "-out", "o.pem"],
    ):  # fmt: skip
        subprocess.run([str(OPENSSL), *arguments], check=True, cwd=folder, capture_output=True, timeout=60)
    return folder


@needs_openssl
def test_time_stamp(authority: Path, tmp_path: Path) -> None:
    """A checkpoint is stamped by openssl, and the stamp holds for it, for no other, and under no other authority."""
    checkpoint = Checkpoint("example.org/cameras", 300, bytes(32))
    (tmp_path / "request").write_bytes(stamps.request(checkpoint))
    reply = ["ts", "-reply", "-config", str(authority / "settings"), "-section", "stamps", "-queryfile", "request"]
    command = [str(OPENSSL), *reply, "-out", "reply"]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True, timeout=60)
    answer, root = (tmp_path / "reply").read_bytes(), (authority / "ca.pem").read_bytes()
    at = stamps.stamped_at(checkpoint, answer, root)
    assert UTC == at.tzinfo
    assert at >= datetime(2024, 1, 1, tzinfo=UTC)
    with pytest.raises(NoteRefused, match="no time stamp of this checkpoint: Mismatch"):
        stamps.stamped_at(Checkpoint("example.org/cameras", 301, bytes(32)), answer, root)
    with pytest.raises(NoteRefused, match="no time stamp of this checkpoint"):
        stamps.stamped_at(checkpoint, answer, (authority / "o.pem").read_bytes())
    with pytest.raises(NoteRefused, match="no time stamp of this checkpoint"):
        stamps.stamped_at(checkpoint, answer[:-20] + bytes(20), root)
    with pytest.raises(NoteRefused, match="no time stamp of this checkpoint"):
        stamps.stamped_at(checkpoint, b"", root)
    with pytest.raises(NoteRefused, match="none of the certificates signs itself"):
        stamps.stamped_at(checkpoint, answer, (authority / "tsa.pem").read_bytes())
    with pytest.raises(NoteRefused, match="give them as PEM"):
        stamps.stamped_at(checkpoint, answer, b"")
