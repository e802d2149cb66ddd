"""Checked packs kept from one start to the next: the same as read from their files, and never a stale one."""

import hashlib
import os
import pickle
from pathlib import Path
from textwrap import dedent

import pytest

from oversight import Engine, load
from oversight.model.types import SCALARS, ListType
from oversight.runner.cache import usual
from oversight.runner.packs import check

BASE = """
pack: {name: base, version: "1", language: 1, timezone: UTC}
kinds:
  camera.on: {description: d, emitter: e, attributes: {camera: {type: id, required: true}}}
facts:
  camera: {key: camera, starts: {on: camera.on}, keep: forever}
"""
MAIN = """
pack: {name: main, version: "1", language: 1, uses: [base], timezone: Asia/Hong_Kong}
rules:
  - rule: R
    title: Camera on
    authority: [{instrument: Charter, provision: section 1}]
    basis: commitment
    severity: SEVERITY
    while: camera as c
    alert: on
    remedy: Switch it off.
    cases: [{name: nothing, events: [], alerts: []}]
"""


@pytest.fixture
def store(tmp_path):
    """An empty folder for entries."""
    return tmp_path / "store"


@pytest.fixture
def main(tmp_path):
    """The folder of a pack that uses the one beside it."""
    for name, text in (("base", BASE), ("main", MAIN.replace("SEVERITY", "high"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pack.yaml").write_text(dedent(text))
    return tmp_path / "main"


def entries(store):
    """The names of what is kept."""
    return sorted(path.name for path in store.iterdir())


def test_what_is_kept_is_what_was_read(store):
    """A shipped pack is the same from its files and from an entry, with its cases, notes and the lines of its files."""
    read = check("hong-kong")
    for _ in range(2):
        kept = check("hong-kong", store)
        assert read.pack == kept.pack
        assert read.diagnostics == kept.diagnostics
        assert dict(read.sources) == dict(kept.sources)
    assert 1 == len(entries(store))
    without = check("hong-kong", store, cases=False).pack
    assert ((), read.pack.digest) == (without.cases, without.digest)


def test_an_engine_of_it_says_the_same(store, main):
    """Types are compared by identity here and there, so an entry must give back the very ones."""
    event = {"id": "e1", "time": "2026-03-01T00:00:00Z", "kind": "camera.on", "camera": "k1"}
    told = [Engine(check(main, where).pack).feed(event) for where in (None, store, store)]
    assert ["raised"] == [change.change for change in told[0]]
    assert told[0] == told[1] == told[2]
    read, kept = (check(main, where).pack.facts["camera"].type.attributes["camera"] for where in (None, store))
    assert read.type is kept.type


def test_a_change_of_any_file_counts(store, main):
    """The pack's own file and that of one it uses: what was kept before is not taken."""
    assert "high" == check(main, store).pack.rules[0].severity
    (main / "pack.yaml").write_text(dedent(MAIN.replace("SEVERITY", "low")))
    assert "low" == check(main, store).pack.rules[0].severity
    base = main.parent / "base" / "pack.yaml"
    base.write_text(base.read_text().replace("key: camera,", "key: camera, description: of the town,"))
    assert "of the town" == check(main, store).pack.facts["camera"].description
    assert "of the town" == check(main, store).pack.facts["camera"].description


def test_another_pack_of_the_name_counts(store, main, tmp_path):
    """A copy elsewhere is another pack: its places are its own."""
    check(main, store)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("main", "base"):
        (tmp_path / name).rename(elsewhere / name)
    assert str(elsewhere / "main") in check(elsewhere / "main", store).pack.rules[0].place.file


def test_what_does_not_check_is_not_kept(store, main):
    """Errors are found again each time."""
    (main / "pack.yaml").write_text(dedent(MAIN.replace("SEVERITY", "dreadful")))
    for _ in range(2):
        assert check(main, store).pack is None
    assert [] == entries(store)


class Dangerous:
    """What an entry must not make."""

    def __reduce__(self):
        return (os.mkdir, ("made",))


@pytest.mark.parametrize("damage", ["shortened", "a bit", "another program", "empty"])
def test_a_damaged_entry_is_read_anew(store, main, damage, tmp_path, monkeypatch):
    """Whatever stands there, the pack is what its files say; nothing in an entry is ever carried out."""
    monkeypatch.chdir(tmp_path)
    read = check(main, store).pack
    (entry,) = store.iterdir()
    whole = entry.read_bytes()
    content = pickle.dumps(Dangerous())
    mark = hashlib.sha256(f"{len(content)}:".encode() + content).hexdigest().encode()
    written = {
        "shortened": whole[:-9],
        "a bit": whole[:200] + bytes([whole[200] ^ 1]) + whole[201:],
        "another program": mark + len(content).to_bytes(8, "big") + content,
        "empty": b"",
    }
    entry.write_bytes(written[damage])
    assert read == check(main, store).pack
    assert not Path("made").exists()
    assert whole == entry.read_bytes()


def test_a_folder_that_others_may_write_to_is_not_used(store, main):
    """Somebody else could put an entry there."""
    store.mkdir()
    store.chmod(0o777)
    assert "high" == check(main, store).pack.rules[0].severity
    assert [] == entries(store)


def test_a_folder_that_cannot_be_is_not_used(main, tmp_path):
    """A file stands where the folder would be."""
    (tmp_path / "file").write_text("")
    assert "high" == check(main, tmp_path / "file" / "store").pack.rules[0].severity


def test_old_entries_go(store, main):
    """No more than thirty-two are kept."""
    for number in range(34):
        (main / "more.yaml").write_text(f"# {number}\n")
        check(main, store)
    assert 32 == len(entries(store))


def test_where_entries_are(monkeypatch, main, store):
    """A command uses the user's folder, or that of the environment; the library only that of the environment."""
    monkeypatch.setenv("OVERSIGHT_CACHE", str(store))
    assert store == usual()
    load(main)
    assert 1 == len(entries(store))
    monkeypatch.setenv("OVERSIGHT_CACHE", "")
    assert usual() is None
    monkeypatch.delenv("OVERSIGHT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert Path("/somewhere/oversight") == usual()


@pytest.mark.parametrize("scalar", SCALARS.values(), ids=str)
def test_a_scalar_type_is_itself_in_another_process(scalar):
    """Types are compared by identity, and packs go to the processes of `--jobs`."""
    assert scalar is pickle.loads(pickle.dumps(scalar))
    assert ListType("list", scalar) == pickle.loads(pickle.dumps(ListType("list", scalar)))
