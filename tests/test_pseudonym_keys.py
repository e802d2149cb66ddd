"""A record under pseudonyms: it knows by which keys they were made, and takes no others."""

import json
import sqlite3
from base64 import b64decode
from contextlib import closing

import pytest
from tests.stores import stores

import oversight
from oversight.cli import main
from oversight.model.personal import PRIVATE
from oversight.record.store import open_store

TELLING = "tests/packs/telling"
MARCH, MAY, JUNE, JULY = (f"2026-0{month}-01T00:00:00+08:00" for month in (3, 5, 6, 7))
OTHERS = "is not the one by which the record has the persons of the event at position"
UNKNOWN = "the record did not say by which keys its pseudonyms were made"


def note(name, time, actor="officer-jane"):
    """An event that names a person."""
    data = {"note": f"n-{name}", "actor": actor, "words": "w"}
    return {"kind": "note.made", "id": name, "time": time, "data": data}


class Case:
    """A record, and files of keys beside it."""

    def __init__(self, folder, url):
        self.folder, self.url = folder, url

    def keys(self, name, *starts, of=None):
        """The path of a new file of keys, or of a copy, to which keys were added that count from *starts* on."""
        path = self.folder / name
        if of is None:
            assert 0 == main(["pseudonyms", str(path)])
        else:
            self.written(name, (self.folder / of).read_text())
        for start in starts:
            assert 0 == main(["pseudonyms", str(path), "--from", start])
        return str(path)

    def written(self, name, text):
        """The path of a file that holds *text* and is its owner's alone."""
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return str(path)

    def run(self, keys, *events, more=()):
        """Run *events* into the record; the exit status."""
        path = self.folder / "events.jsonl"
        path.write_text("".join(json.dumps(event) + "\n" for event in events))
        persons = [] if keys is None else ["--pseudonyms", keys]
        out = ["--out", str(self.folder / "told.jsonl")]
        return main(["run", str(path), "--rules", TELLING, "--store", self.url, *persons, *out, *more])

    def entries(self, *types):
        """What the entries of the record hold."""
        with closing(open_store(self.url, read_only=True)) as store:
            return [json.loads(entry.body) for entry in store.entries(types=types)]

    def actors(self):
        """Who acts in the events of the record, in their order."""
        return [event["data"]["actor"] for event in self.entries("event")]


@pytest.fixture
def case(tmp_path):
    """A record in a file."""
    return Case(tmp_path, f"sqlite:///{tmp_path}/case.db")


@stores
def test_other_keys_are_refused(store, capsys):
    """What was recorded stays as it is, and with the keys it was made with the record goes on."""
    case = Case(store.folder, store.url)
    keys, other = case.keys("keys"), case.keys("other")
    assert 3 == case.run(keys, note("1", MARCH))
    before = case.entries()
    assert 2 == case.run(other, note("2", JUNE))
    said = capsys.readouterr().err
    assert f"in the file of --pseudonyms the key that counts always {OTHERS} 2, of {MARCH}" in said
    assert "go on with the file with which the record was kept" in said
    assert before == case.entries()
    assert 3 == case.run(keys, note("2", JUNE))
    assert 1 == len(set(case.actors()))
    assert 2 == len(case.actors())


@pytest.mark.parametrize("first", [True, False])
def test_pseudonyms_come_and_go_with_no_run(first, case, capsys):
    """A record with pseudonyms is not gone on with without, nor the other way; it is said what to do."""
    keys = case.keys("keys")
    one, other = (keys, None) if first else (None, keys)
    assert 3 == case.run(one, note("1", MARCH))
    before = case.entries()
    assert 2 == case.run(other, note("2", MAY))
    said = capsys.readouterr().err
    assert f"go on with it {'with' if first else 'without'} --pseudonyms" in said
    assert "begin a new record from the events as they first came" in said
    assert before == case.entries()


def test_keys_are_added(case, capsys):
    """A key that counts from after what is on record is taken, and once it was used no other in its place."""
    keys, ahead = case.keys("keys"), case.keys("keys2", JUNE, of="keys")
    other = case.keys("other", JUNE, of="keys")
    assert 3 == case.run(keys, note("1", MARCH))
    for each in (ahead, other, keys, ahead):  # no event of June came yet
        assert 3 == case.run(each, note(f"{len(case.actors())} more", MAY))
    assert 1 == len(set(case.actors()))
    assert 3 == case.run(ahead, note("2", JULY))
    assert 2 == len(set(case.actors()))
    for each in (other, keys):
        capsys.readouterr()
        assert 2 == case.run(each, note("3", JULY))
        assert f"of {JULY}" in capsys.readouterr().err
    assert 3 == case.run(case.keys("keys3", "2026-08-01T00:00:00+08:00", of="keys2"), note("4", JULY))
    assert 2 == len(set(case.actors()))


def test_a_key_from_before_what_is_on_record(case, capsys):
    """It would give the persons on record a second pseudonym; it is said from when on it may count."""
    keys = case.keys("keys")
    assert 3 == case.run(keys, note("1", MARCH), note("2", JUNE), note("3", JULY))
    assert 2 == case.run(case.keys("keys2", MAY, of="keys"), note("4", JULY))
    said = capsys.readouterr().err
    assert f"the key that counts from 2026-05-01T00:00:00+08:00 on {OTHERS}" in said
    assert f"of {JUNE}" in said
    assert f"a key that is added may count from later than {JULY} on" in said


def test_events_that_name_nobody_hold_no_key(case):
    """A blank id has no pseudonym, nor has an event of a kind without persons: a key may count from before these."""
    keys = case.keys("keys")
    assert 3 == case.run(keys, note("1", MARCH), note("2", JUNE, " "))
    assert 3 == case.run(case.keys("keys2", MAY, of="keys"), note("3", JULY))
    assert 3 == len(set(case.actors()))


def test_nothing_of_a_key_is_in_the_record(case):
    """What is kept tells keys apart and is no key, nor a pseudonym."""
    keys = case.keys("keys", JUNE)
    assert 3 == case.run(keys, note("1", MARCH), note("2", JULY))
    lines = [line.split()[1] for line in (case.folder / "keys").read_text().splitlines() if not line.startswith("#")]
    assert 2 == len(lines)
    held = b"".join(path.read_bytes() for path in case.folder.glob("case.db*"))
    for line in lines:
        key = b64decode(line)
        assert not [form for form in (line.encode(), key, key.hex().encode()) if form in held]
    [noted] = case.entries("keys")
    assert ["always", JUNE] == [one["from"] for one in noted["keys"]]
    assert 2 == len({one["mark"] for one in noted["keys"]})


def test_keys_that_are_noted_are_sealed(case, capsys):
    """The notes are entries of the log like all others, one for each change of the keys, and the record verifies."""
    keys, key = case.keys("keys"), str(case.folder / "key")
    assert 0 == main(["key", "example.org/notes", "--out", key])
    for number, each in enumerate((keys, keys, case.keys("keys2", JUNE, of="keys"))):
        assert 3 == case.run(each, note(str(number), MAY), more=["--key", key])
    assert [1, 2] == [len(noted["keys"]) for noted in case.entries("keys")]
    capsys.readouterr()
    assert 0 == main(["verify", case.url, "--key", f"{key}.pub", "--rules", TELLING]), capsys.readouterr().out


def test_a_record_that_does_not_say(case, capsys):
    """One of an earlier version takes the keys of its next run for its own, which is said once, and then no others."""
    with oversight.open(case.url, oversight.load(TELLING), withheld=PRIVATE) as record:
        record.feed(note("1", MARCH, "pn-gjw7lmipnd45wkgkucghnlxyhy"))
    keys, other = case.keys("keys"), case.keys("other")
    for times in (1, 0):
        capsys.readouterr()
        case.run(keys, note("2", MAY))
        assert times == capsys.readouterr().err.count(UNKNOWN)
    assert 2 == case.run(other, note("3", MAY))
    assert OTHERS in capsys.readouterr().err


def test_a_record_without_events_says_nothing(case, capsys):
    """Where nobody has a pseudonym yet, any keys are the first."""
    with oversight.open(case.url, oversight.load(TELLING), withheld=PRIVATE):
        pass
    assert 0 == case.run(case.keys("keys"))
    assert 3 == case.run(case.keys("other"), note("1", MARCH))
    assert UNKNOWN not in capsys.readouterr().err


def test_a_note_that_cannot_be_read(case, capsys):
    """Damaged, it is named by its position."""
    keys = case.keys("keys")
    assert 3 == case.run(keys, note("1", MARCH))
    for body in (b"{}", b"\xff", b'{"keys":[]}', b'{"keys":[{"from":"always","mark":1}]}'):
        with closing(sqlite3.connect(case.folder / "case.db")) as db, db:
            db.execute("UPDATE entry SET body = ? WHERE type = 'keys'", (body,))
        assert 2 == case.run(keys, note("2", MAY))
        assert "what stands at position 1 of the record does not say by which keys" in capsys.readouterr().err


def without_first(case, name, of):
    """The path of a copy of a file of keys from which the first key was taken."""
    head, _, second, *others = (case.folder / of).read_text().splitlines(keepends=True)
    return case.written(name, "".join([head, "always " + second.split(" ")[1], *others]))


def test_a_key_that_is_let_go(case, capsys):
    """The record goes on with the later keys; who is named in an event of before could only get another pseudonym."""
    keys = case.keys("keys", JUNE)
    assert 3 == case.run(keys, note("1", MARCH), note("2", JULY))
    later = without_first(case, "later", "keys")
    capsys.readouterr()
    assert 1 == case.run(later, note("3", JULY), note("4", MAY), note("5", MAY, " "))
    said = capsys.readouterr().err
    assert "events.jsonl:2: no-key: event '4' of 2026-05-01T00:00:00+08:00 names persons" in said
    assert "the file of --pseudonyms has no key any more for times before 2026-06-01T00:00:00+08:00" in said
    assert "persons have other pseudonyms from 2026-06-01T00:00:00+08:00 on" in said
    first, second, third, blank = case.actors()
    assert (second, " ") == (third, blank)
    assert 3 == case.run(keys, note("4", MAY))
    assert first == case.actors()[-1]


def test_a_key_that_was_let_go_is_remembered(case, capsys):
    """Another does not come into its place, also where keys were added since."""
    keys = case.keys("keys", JUNE)
    assert 3 == case.run(keys, note("1", MARCH), note("2", JUNE))
    without_first(case, "later", "keys")
    added = case.keys("added", JULY, of="later")
    assert 3 == case.run(added, note("3", JULY))
    assert 3 == len(set(case.actors()))
    assert [3] == [len(noted["keys"]) for noted in case.entries("keys")][1:]
    only = without_first(case, "only", "added")
    assert 1 == case.run(only, note("4", JUNE), note("5", JULY))
    assert case.actors()[-1] == case.actors()[-2]
    stranger = (case.folder / case.keys("stranger")).read_text() + (case.folder / keys).read_text().splitlines()[-1]
    for wrong in (case.keys("other"), case.written("mixed", stranger)):
        assert 2 == case.run(wrong, note("6", JULY))
        assert OTHERS in capsys.readouterr().err


class Again(Case):
    """A record, and a new one that is begun from its events."""

    def __init__(self, old, folder):
        super().__init__(folder, f"sqlite:///{folder}/new.db")
        self.old = old

    def begin(self, keys, *more):
        """Run the events of the old record into the new one; the exit status."""
        persons = [] if keys is None else ["--pseudonyms", keys]
        out = ["--out", str(self.folder / "new.jsonl")]
        return main(["run", self.old.url, "--rules", TELLING, "--store", self.url, *persons, *out, *more])


@pytest.fixture
def again(case):
    """A new record beside that of ``case``."""
    return Again(case, case.folder)


def alerts(path):
    """The identities of the alerts that were told."""
    return {json.loads(line)["alert"] for line in path.read_text().splitlines()}


def test_a_record_as_source_keeps_its_pseudonyms(case, again):
    """A person has one pseudonym in the old record, in one that is begun from it, and in what comes then."""
    keys = case.keys("keys")
    assert 3 == case.run(keys, note("1", MARCH), note("2", JUNE, "officer-mary"), note("3", JUNE, " "))
    assert 3 == again.begin(keys)
    assert case.actors() == again.actors()
    assert alerts(case.folder / "told.jsonl") == alerts(case.folder / "new.jsonl")
    assert case.entries("keys") == again.entries("keys")
    assert 3 == again.run(keys, note("4", JULY))
    assert again.actors()[0] == again.actors()[-1]


@pytest.mark.parametrize("more", [[], ["--jobs", "2"]])
def test_a_record_as_source_without_a_store(more, case, again):
    """Its alerts are those of the record, also where several processes judge, and beside events as they first came."""
    keys, new = case.keys("keys"), case.folder / "new.jsonl"
    assert 3 == case.run(keys, note("1", MARCH))
    given = ["--rules", TELLING, "--pseudonyms", keys]
    assert 3 == main(["run", case.url, str(case.folder / "events.jsonl"), *given, "--out", str(new), *more])
    assert alerts(case.folder / "told.jsonl") == alerts(new)
    for alert in alerts(new):
        assert 0 == main(["explain", alert, "--events", case.url, *given])


def test_a_record_as_source_of_other_keys(case, again, capsys):
    """It is refused before anything is recorded, and it is said what to do."""
    keys, other = case.keys("keys"), case.keys("other")
    assert 3 == case.run(keys, note("1", MARCH))
    capsys.readouterr()
    for more in ([], ["--store", again.url]):
        assert 2 == main(["run", case.url, "--rules", TELLING, "--pseudonyms", other, *more])
        said = capsys.readouterr().err
        assert f"in the file of --pseudonyms the key that counts always is not the one by which {case.url}" in said
        assert f"at position 2, of {MARCH}" in said
        assert "give the file with which that record was kept" in said
    assert not (case.folder / "new.db").exists()


def test_a_record_as_source_and_a_key_that_is_added(case, again, capsys):
    """A key may count from after what is on record; from before, it would give a person another pseudonym."""
    keys = case.keys("keys")
    assert 3 == case.run(keys, note("1", JUNE))
    assert 2 == again.begin(case.keys("early", MAY, of="keys"))
    assert f"the key that counts from {MAY} on" in capsys.readouterr().err
    assert 3 == again.begin(case.keys("late", JULY, of="keys"))
    assert case.actors() == again.actors()


def test_a_record_as_source_and_a_key_that_was_let_go(case, again, capsys):
    """Who had a pseudonym by it keeps that, and the new record remembers from when the keys count that are left."""
    assert 3 == case.run(case.keys("keys", JUNE), note("1", MARCH), note("2", JULY))
    later = without_first(case, "later", "keys")
    assert 3 == again.begin(later)
    assert case.actors() == again.actors()
    assert case.entries("keys") == again.entries("keys")
    assert 1 == again.run(later, note("3", JULY), note("4", MAY))
    assert "no-key: event '4'" in capsys.readouterr().err
    assert case.actors()[-1] == again.actors()[-1]
    assert 3 == again.run(str(case.folder / "keys"), note("4", MAY))
    assert case.actors()[0] == again.actors()[-1]


def test_a_record_as_source_that_has_ids(case, again):
    """What was recorded without pseudonyms gets them now."""
    keys = case.keys("keys")
    assert 3 == case.run(None, note("1", MARCH))
    assert 3 == again.begin(keys)
    assert ["officer-jane"] == case.actors()
    assert 3 == again.run(keys, note("2", JUNE))
    assert 1 == len(set(again.actors()))


def test_a_record_as_source_that_does_not_say(case, again, capsys):
    """One of an earlier version is taken to have its pseudonyms by these keys, and that is said."""
    person = "pn-gjw7lmipnd45wkgkucghnlxyhy"
    with oversight.open(case.url, oversight.load(TELLING), withheld=PRIVATE) as record:
        record.feed([note("1", MARCH, person), note("2", MARCH, "officer-mary")])
    assert 3 == again.begin(case.keys("keys"))
    assert person == again.actors()[0]
    assert again.actors()[1].startswith("pn-")  # who had none before, as where a pack marks more, gets one
    assert f"{case.url} does not say by which keys its pseudonyms were made" in capsys.readouterr().err


def test_a_record_as_source_with_no_keys_given(case, again, capsys):
    """It is taken as it is, and where other events may come to it, it is said that these would name others."""
    told = f"{case.url} has pseudonyms for persons, by which events with their ids name others"
    keys = case.keys("keys")
    assert 3 == case.run(keys, note("1", MARCH))
    capsys.readouterr()
    assert 3 == main(["run", case.url, "--rules", TELLING])
    assert told not in capsys.readouterr().err
    assert 3 == main(["run", case.url, str(case.written("more.jsonl", json.dumps(note("2", MAY)))), "--rules", TELLING])
    assert told in capsys.readouterr().err
    assert 3 == again.begin(None)
    assert told in capsys.readouterr().err
    assert case.actors() == again.actors()
