"""The Merkle log: hashes, proofs, tiles, checkpoints, notes and keys."""

import base64
import hashlib
import os
import stat
from pathlib import Path

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight.errors import KeyRefused, NoteRefused
from oversight.record import merkle, tiles
from oversight.record.checkpoints import Checkpoint, read_kept
from oversight.record.keys import SigningKey, VerifyingKey, read_signing_key, read_verifying_key
from oversight.record.entries import leaf_of
from oversight.record.notes import open_note, sign
from oversight.record.sealing import seal
from oversight.record.tiles import TileTree

KEY = SigningKey("example.org/cameras", bytes(range(32)))
OTHER = SigningKey("example.org/cameras", bytes(32))
ENTRIES = [b"entry %d" % number for number in range(70_000)]
HASHES = [merkle.leaf_hash(entry) for entry in ENTRIES]
MOST = 300


def naive(entries: list[bytes]) -> bytes:
    """The tree hash, in the words of RFC 6962, section 2.1."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return hashlib.sha256(b"\x01" + naive(entries[:split]) + naive(entries[split:])).digest()


def naive_path(index: int, entries: list[bytes]) -> list[bytes]:
    """The audit path, in the words of RFC 6962, section 2.1.1."""
    if len(entries) == 1:
        return []
    split = 1
    while split * 2 < len(entries):
        split *= 2
    if index < split:
        return [*naive_path(index, entries[:split]), naive(entries[split:])]
    return [*naive_path(index - split, entries[split:]), naive(entries[:split])]


def naive_proof(old: int, entries: list[bytes], whole: bool = True) -> list[bytes]:
    """The consistency proof, in the words of RFC 6962, section 2.1.2."""
    if old == len(entries):
        return [] if whole else [naive(entries)]
    split = 1
    while split * 2 < len(entries):
        split *= 2
    if old <= split:
        return [*naive_proof(old, entries[:split], whole), naive(entries[split:])]
    return [*naive_proof(old - split, entries[split:], False), naive(entries[:split])]


def grown(*steps: int) -> tuple[TileTree, dict[str, bytes]]:
    """A log that reached each size in turn, and its tiles."""
    tree, stored = TileTree(), {}
    for size in steps:
        tree, changed = tree.extended(HASHES[tree.size : size])
        stored |= changed
    return tree, stored


@pytest.fixture(scope="module")
def large() -> tuple[TileTree, dict[str, bytes]]:
    return grown(70_000)


def test_root_is_that_of_the_standard() -> None:
    """A tree of any size up to 300 has the root of a naive reading of the standard, and that of a foreign library."""
    tree, foreign = TileTree(), pymerkle.InmemoryTree(algorithm="sha256")
    for size in range(MOST):
        assert naive(ENTRIES[:size]) == tree.root
        if size:
            assert foreign.get_root() == tree.root
        tree, _ = tree.extended(HASHES[size : size + 1])
        foreign.append_entry(ENTRIES[size])


@pytest.mark.parametrize("size", [*range(1, 40), 64, 65, 127, 255, 256, 257, MOST])
def test_inclusion_proofs(size: int) -> None:
    """Every entry of a tree is proved as the standard says, and what is not there is not."""
    tree, stored = grown(size)
    subtree = tiles.subtrees(tiles.reader(stored))
    for index in range(0, size, 1 if size < 40 else 7):
        proof = merkle.inclusion_proof(index, size, subtree)
        assert naive_path(index, ENTRIES[:size]) == proof
        assert merkle.is_included(index, size, HASHES[index], tree.root, proof)
        assert not merkle.is_included(index, size, HASHES[index + 1], tree.root, proof)
        assert not merkle.is_included(index, size, HASHES[index], HASHES[index + 1], proof)
        assert not merkle.is_included(index, size, HASHES[index], tree.root, [*proof, HASHES[0]])
        assert not merkle.is_included(size, size, HASHES[index], tree.root, proof)
        for at in range(len(proof)):
            assert not merkle.is_included(index, size, HASHES[index], tree.root, proof[:at] + proof[at + 1 :])


def test_consistency_proofs() -> None:
    """That a tree grew out of another is proved as the standard says for any two sizes, and of no other tree."""
    trees = {size: grown(size)[0] for size in range(66)}
    subtree = tiles.subtrees(tiles.reader(grown(66)[1]))
    for new in range(1, 66):
        for old in range(1, new + 1):
            proof = merkle.consistency_proof(old, new, subtree)
            assert naive_proof(old, ENTRIES[:new]) == proof
            assert merkle.is_consistent(old, new, trees[old].root, trees[new].root, proof)
            assert not merkle.is_consistent(old, new, HASHES[0][::-1], trees[new].root, proof)
            assert not merkle.is_consistent(old, new, trees[old].root, HASHES[0][::-1], proof)
            assert not merkle.is_consistent(old, new, trees[old].root, trees[new].root, [*proof, HASHES[1]])
            if proof:
                assert not merkle.is_consistent(old, new, trees[old].root, trees[new].root, proof[1:])
    assert merkle.is_consistent(0, 5, trees[0].root, trees[5].root, [])
    assert not merkle.is_consistent(6, 5, trees[6].root, trees[5].root, [])


@given(st.data())
def test_proofs_of_large_trees(large: tuple[TileTree, dict[str, bytes]], data: st.DataObject) -> None:
    """Proofs worked out from the tiles of a large log hold for every smaller size, and not with a flipped bit."""
    tree, stored = large
    size = data.draw(st.integers(1, tree.size))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    subtree = tiles.subtrees(tiles.reader(stored))
    root, old_root = merkle.root(size, subtree), merkle.root(old, subtree)
    included = merkle.inclusion_proof(index, size, subtree)
    assert merkle.is_included(index, size, HASHES[index], root, included)
    consistent = merkle.consistency_proof(old, size, subtree)
    assert merkle.is_consistent(old, size, old_root, root, consistent)
    for proof, holds in (
        (included, lambda proof: merkle.is_included(index, size, HASHES[index], root, proof)),
        (consistent, lambda proof: merkle.is_consistent(old, size, old_root, root, proof)),
    ):
        if proof:
            at, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
            wrong = bytearray(proof[at])
            wrong[bit // 8] ^= 1 << bit % 8
            assert not holds([*proof[:at], bytes(wrong), *proof[at + 1 :]])


@given(st.lists(st.integers(0, 1_500), max_size=6))
def test_tiles_do_not_depend_on_the_steps(steps: list[int]) -> None:
    """However a log grew, its tiles, its root and the edge read back from them are the same."""
    sizes = sorted(steps)
    last = sizes[-1] if sizes else 0
    tree, stored = grown(*sizes)
    assert grown(last) == (tree, stored)
    assert TileTree.read(last, tiles.reader(stored)) == tree
    widths = {tiles.tile_name(level, index): width for level, index, width in tiles.tiles_of(last)}
    assert widths == {name: len(content) // 32 for name, content in stored.items()}


def test_tiles_of_the_example_in_the_specification(large: tuple[TileTree, dict[str, bytes]]) -> None:
    """A log of 70,000 entries has the tiles that the specification counts."""
    tree, stored = large
    files = dict(tiles.published(70_000, tiles.reader(stored), lambda start, stop: ENTRIES[start:stop]))
    assert sum(1 for path in files if path.startswith("tile/0/") and ".p/" not in path) == 273
    assert len(files["tile/0/273.p/112"]) == 112 * 32
    assert len(files["tile/1/000"]) == 8_192
    assert len(files["tile/1/001.p/17"]) == 17 * 32
    assert len(files["tile/2/000.p/1"]) == 32
    assert tiles.unbundle(files["tile/entries/273.p/112"]) == ENTRIES[273 * 256 : 70_000]
    assert len(files) == 273 + 1 + 1 + 1 + 1 + 274
    assert naive(ENTRIES) == tree.root


def test_edge_is_refused_where_a_tile_is_short() -> None:
    """A log cannot be added to from a tile that is shorter than its size asks for."""
    _, stored = grown(300)
    stored["tile/0/001"] = stored["tile/0/001"][:-32]
    with pytest.raises(ValueError, match=r"tile/0/001 should hold 44 hashes"):
        TileTree.read(300, tiles.reader(stored))


@given(st.lists(st.binary(max_size=400)))
def test_bundles_give_back_their_entries(entries: list[bytes]) -> None:
    """A bundle of any entries gives them back, and one that lacks its last byte is refused."""
    whole = tiles.bundle(entries)
    assert entries == tiles.unbundle(whole)
    if whole:
        with pytest.raises(ValueError, match=f"breaks off in its entry {len(entries) - 1}"):
            tiles.unbundle(whole[:-1])


def test_bundle_refuses_what_it_cannot_hold() -> None:
    """An entry of more than 65,535 bytes is refused, and one of just so many is not."""
    assert 65_537 == len(tiles.bundle([bytes(65_535)]))
    with pytest.raises(ValueError, match="65536 bytes"):
        tiles.bundle([bytes(65_536)])


def test_a_commitment_says_nothing_of_its_body_without_the_nonce() -> None:
    """The same body under other random bytes has another commitment, of the same form and length."""
    first, second = leaf_of("event", bytes(16), b"{}"), leaf_of("event", bytes(15) + b"\x01", b"{}")
    assert first != second
    assert len(first) == len(second)


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60).map(lambda text: f"{text}\n") | st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), min_size=1
).map(lambda lines: "".join(f"{line}\n" for line in lines))


@given(TEXTS)
def test_notes_come_back(text: str) -> None:
    """Any text that a note can hold comes back as it was signed."""
    assert text == open_note(sign(text, KEY), [OTHER.public, KEY.public])


@given(st.data())
def test_no_byte_of_a_note_can_change(data: st.DataObject) -> None:
    """A signed note with any byte changed is refused."""
    note = bytearray(sign(data.draw(TEXTS), KEY))
    at = data.draw(st.integers(0, len(note) - 1))
    note[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != note[at]))
    with pytest.raises(NoteRefused):
        open_note(bytes(note), [KEY.public])


def test_note_of_two_signatures() -> None:
    """Signatures of strangers are left alone; a wrong one by a known key spoils the note; none known is not enough."""
    text = "example.org/cameras\n0\n"
    both = sign(text, KEY) + sign(text, OTHER).removeprefix(text.encode() + b"\n")
    assert text == open_note(both, [KEY.public])
    assert text == open_note(both, [KEY.public, OTHER.public])
    spoilt = sign(text, KEY) + sign(text + "1\n", OTHER).removeprefix(text.encode() + b"1\n\n")
    assert text == open_note(spoilt, [KEY.public])
    with pytest.raises(NoteRefused, match=r"the signature of example\.org/cameras is wrong"):
        open_note(spoilt, [KEY.public, OTHER.public])
    with pytest.raises(NoteRefused, match=r"not signed by example\.org/else"):
        open_note(both, [SigningKey("example.org/else", bytes(32)).public])
    with pytest.raises(NoteRefused, match="not signed by any known key"):
        open_note(both, [])


@pytest.mark.parametrize(
    "note",
    [b"", b"a\n", b"a\n\n", b"a\n\nb\n", b"\xff\n\n", "a\r\n\n— a AAAAAAAA\n".encode(), "a\n\n— a AAAA\n".encode()],
)
def test_what_is_no_note_is_refused(note: bytes) -> None:
    """Bytes that are no signed note are refused with a reason."""
    with pytest.raises(NoteRefused):
        open_note(note, [KEY.public])


def test_example_of_the_specification() -> None:
    """The checkpoint printed in the specification is read as what it is."""
    note = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE"
        "+xeMcTOAYQ8=\n"
    )
    root = base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert Checkpoint("example.com/behind-the-sofa", 20_852_163, root) == Checkpoint.opened(note.encode(), [])


@pytest.mark.parametrize(
    "text",
    [
        "o\n1\n", "o\n01\n{root}\n", "o\n-1\n{root}\n", "\n1\n{root}\n", "o\n1\nAAAA\n", "o\n1\n{root}\nmore\n",
        "o\n1\n{root}", "o\n1\n{root}\n\n", "o\n١\n{root}\n", "o\n1\n{loose}\n", "o\n99999999999999999999\n{root}\n",
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    """Text that is not exactly the three lines of a checkpoint is refused."""
    root = base64.b64encode(bytes(32)).decode()
    with pytest.raises(NoteRefused, match="this is not a checkpoint"):
        Checkpoint.parse(text.format(root=root, loose=root.replace("A=", "B=")))


def test_checkpoint_survives_a_newspaper() -> None:
    """The three lines of a checkpoint can be read back from an e-mail, quoted and with other line ends."""
    made = Checkpoint("example.org/cameras", 300, HASHES[0])
    assert (made, False) == read_kept(made.text.encode(), [KEY.public])
    mailed = "".join(f"> {line} \r\n\r\n" for line in made.text.splitlines())
    assert (made, False) == read_kept(mailed.encode(), [KEY.public])
    assert (made, True) == read_kept(made.signed(KEY), [KEY.public])
    assert (made, False) == read_kept(made.signed(KEY), [])
    with pytest.raises(NoteRefused):
        read_kept(made.signed(OTHER), [KEY.public])


def test_sealing_changes_nothing_by_itself() -> None:
    """What a commit would add can be worked out twice, so that one that fails leaves the log where it was."""
    tree = seal(TileTree(), ENTRIES[:100], KEY).tree
    once, again = seal(tree, ENTRIES[100:300], KEY), seal(tree, ENTRIES[100:300], KEY)
    assert 100 == tree.size
    assert once == again
    assert Checkpoint(KEY.name, 300, naive(ENTRIES[:300])) == Checkpoint.opened(once.checkpoint, [KEY.public])


def test_key_files(tmp_path: Path) -> None:
    """A new key comes back from its file, which is its owner's alone, and its public half from the one beside it."""
    key = SigningKey.generate("example.org/cameras")
    beside = key.write(tmp_path / "log.key")
    assert tmp_path / "log.key.pub" == beside
    assert 0o600 == stat.S_IMODE((tmp_path / "log.key").stat().st_mode)
    assert key == read_signing_key(tmp_path / "log.key")
    assert key.public == read_verifying_key(str(beside)) == read_verifying_key(str(key.public))
    assert SigningKey.generate("example.org/cameras") != key
    with pytest.raises(FileExistsError):
        key.write(tmp_path / "log.key")
    assert key == read_signing_key(tmp_path / "log.key")


def test_private_key_is_in_no_representation(tmp_path: Path) -> None:
    """Nothing that is said of a key, or of a file that holds a damaged one, shows the private half."""
    key = SigningKey.generate("example.org/cameras")
    path = tmp_path / "log.key"
    key.write(path)
    line = path.read_text()
    secret = line.strip().split("+", 4)[4]
    assert secret not in f"{key!r} {key} {key.public!r} {key.public}"
    for damaged in (line.replace("+KEY+", "+KEY"), line[:-9], line.replace(key.public.id.hex(), "00000000")):
        path.write_text(damaged)
        with pytest.raises(KeyRefused) as refused:
            read_signing_key(path)
        assert secret[:20] not in str(refused.value)
    with pytest.raises(KeyRefused, match="private key") as refused:
        VerifyingKey.parse(line)
    assert secret[:20] not in str(refused.value)


@pytest.mark.skipif(os.name != "posix", reason="modes of files are those of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620, 0o700])
def test_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """A private key in a file that is not its owner's alone is not used, and the message says what to do."""
    path = tmp_path / "log.key"
    SigningKey.generate("example.org/cameras").write(path)
    path.chmod(mode)
    with pytest.raises(KeyRefused, match=f"mode is {mode:04o}.*chmod 600"):
        read_signing_key(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only an administrator gives files away")
def test_key_of_another_user_is_refused(tmp_path: Path) -> None:
    """A private key that another user may change is not used, by whoever may read it."""
    path = tmp_path / "log.key"
    SigningKey.generate("example.org/cameras").write(path)
    os.chown(path, 65534, -1)
    with pytest.raises(KeyRefused, match="it belongs to another user; a file of keys must be yours alone"):
        read_signing_key(path)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\u202eb"])
def test_names_that_cannot_stand_in_a_note(name: str) -> None:
    """A log has no name with a space, a plus or what cannot be printed."""
    with pytest.raises(KeyRefused, match="cannot name a log"):
        SigningKey.generate(name)


@pytest.mark.parametrize("given", ["", "example.org", "a+00000000+AQAA", "a+00000000+!", "a+zz+" + "A" * 44])
def test_what_is_no_public_key(given: str) -> None:
    """Text that is no public key is refused."""
    with pytest.raises(KeyRefused):
        read_verifying_key(given)


@given(st.binary(min_size=32, max_size=32), st.data())
def test_no_character_of_a_public_key_can_change(seed: bytes, data: st.DataObject) -> None:
    """A public key with one character changed is refused or a key of another name or number, never taken for it."""
    text = str(SigningKey("example.org/a", seed).public)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="ascii", categories=["L", "N", "P", "S"]).filter(lambda c: c != text[at]))
    with pytest.raises(KeyRefused):
        VerifyingKey.parse(text[:at] + other + text[at + 1 :])
