"""What is personal: pseudonyms at intake, and silence of every outlet."""

import io
import json
import os
import re
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight import Engine, load
from oversight.cli import main
from oversight.cli.arguments import FORMATS
from oversight.errors import KeyRefused
from oversight.ground.time import parse_instant
from oversight.model.clauses import expressions
from oversight.model.events import Vocabulary
from oversight.model.expressions import Select, walk
from oversight.model.extract import extract
from oversight.model.folding import fold
from oversight.model.forms import Event
from oversight.model.pack import RETRACTION
from oversight.model.personal import CLEAR, PRIVATE, Personal
from oversight.model.persons import named_persons
from oversight.outlets.jsonlines import json_lines
from oversight.outlets.personal import discreet
from oversight.runner.pseudonyms import BYTES, MARK, Keys, Pseudonymiser, add_key, read_keys

BEGIN = parse_instant("2026-03-01T09:00:00+08:00")
EARLIEST = datetime.min.replace(tzinfo=BEGIN.tzinfo)
KEYS = Keys((EARLIEST, BEGIN + timedelta(days=30)), (bytes(BYTES), bytes([1] * BYTES)))
TELLING = "tests/packs/telling"
PACK = load(TELLING)


# Pseudonyms


IDS = st.text(min_size=1, max_size=12)


@given(IDS, IDS, st.integers(0, 60), st.integers(0, 60))
def test_same_person_has_one_pseudonym_in_a_period(one, other, first, second):
    """Two ids have the same pseudonym exactly where they are the same and fall in one period; blank ones stay."""
    periods = [KEYS.period(BEGIN + timedelta(days=day)) for day in (first, second)]
    assert [0 if day < 30 else 1 for day in (first, second)] == periods
    made = [KEYS.pseudonym(value, period) for value, period in zip((one, other), periods, strict=True)]
    blank = not one.strip() and one == other
    assert (one == other and (periods[0] == periods[1] or blank)) == (made[0] == made[1])
    assert [not value.strip() for value in (one, other)] == [not name.startswith(MARK) for name in made]


def test_other_keys_give_other_pseudonyms():
    """Without the key a pseudonym cannot be found again, and its text does not show in that of the keys."""
    other = Keys((EARLIEST,), (bytes([7] * BYTES),))
    assert KEYS.pseudonym("u-7", 0) != other.pseudonym("u-7", 0)
    assert "secrets" not in repr(other)
    assert repr(bytes([7] * BYTES)) not in repr(other)


def test_every_id_of_a_person_is_replaced():
    """Ids in lists, in maps and in the envelope are replaced, the same by the same; all else stays."""
    kinds = PACK.kinds
    told = {
        "kind": "note.made", "id": "1", "time": "2026-03-01T09:00:00+08:00", "subject": "u-1",
        "data": {
            "note": "n-1", "actor": "u-1", "witnesses": ["u-1", "u-2", ""], "words": "u-1 was here",
            "more": {"targets": ["u-2"], "zones": ["z"]}, "parts": [{"name": "u-1", "size": 1}],
        },
    }  # fmt: skip
    vocabulary = Vocabulary(kinds)
    event = Pseudonymiser(kinds, KEYS)(vocabulary.decode(told))
    one, two = KEYS.pseudonym("u-1", 0), KEYS.pseudonym("u-2", 0)
    expected = {
        **told["data"], "actor": one, "witnesses": [one, two, ""], "more": {"targets": [two], "zones": ["z"]},
    }  # fmt: skip
    assert (expected, one) == (vocabulary.write(event)["data"], event.subject)


SHIPPED = load("hong-kong")
VOCABULARY = Vocabulary(SHIPPED.kinds)


def answers(case, veil):
    """The alerts of a case in the end: which, since when, at what instant and until when they stood."""
    pack = extract(SHIPPED, case.rules, [event["kind"] for event in case.events])
    engine = Engine(pack)
    changes = []
    for number, told in enumerate(case.events):
        event = VOCABULARY.decode({"id": str(number), "source": "case", **told})
        assert isinstance(event, Event)
        changes += engine.feed(engine.decode(VOCABULARY.write(veil(event))), settle=False)
    changes += engine.settle()
    if case.until is not None and (engine.now is None or case.until > engine.now):
        changes += engine.advance(case.until)
    found = [(a.rule, a.part, a.since, a.at, a.cleared, len(a.subjects)) for a in fold(changes).values()]
    return sorted(found, key=str)


def looks_at_persons(rule):
    """Whether a rule, or a fact that it reads, selects an id of a person."""
    read = extract(SHIPPED, [rule], [])
    nodes = [
        node for part in (*read.rules, *read.facts.values()) for one in expressions(part) for node in walk(one.node)
    ]
    return any(isinstance(node, Select) and node.attribute in PERSONS for node in nodes)


PERSONS = {"targets"} | {
    one.name for kind in SHIPPED.kinds.values() for one in kind.attributes.values() if one.personal and one.identifier
}


def test_shipped_rules_judge_pseudonyms_as_ids():
    """Cases of all shipped rules that look at persons end in the same alerts with pseudonyms."""
    veil = Pseudonymiser(SHIPPED.kinds, Keys((EARLIEST,), (bytes(BYTES),)))
    rules = {rule.id for rule in SHIPPED.rules if looks_at_persons(rule.id)}
    assert {"HK-ACC-01", "HK-TRK-01", "HK-CST-02", "HK-S30-02"} <= rules
    for rule in sorted(rules):
        cases = [case for case in SHIPPED.cases if rule in case.rules]
        for case in cases[:: max(1, len(cases) // 4)]:
            assert answers(case, lambda event: event) == answers(case, veil), f"{rule}: {case.name}"


KNOWING = """
pack: {name: knowing, version: "1", language: 1, timezone: Asia/Hong_Kong}
kinds:
  note.made:
    description: Somebody noted something.
    emitter: operator
    attributes:
      actor: {type: id, required: true, personal: true}
      witnesses: {type: list, items: {type: id, personal: true}, required: true}
      words: {type: str, required: true, personal: true}
facts:
  note:
    key: actor
    starts: {on: note.made as e, if: FIRST}
    keep: forever
rules:
  - rule: R
    title: A note
    authority: {instrument: Charter, provision: section 1}
    basis: commitment
    severity: low
    on: note.made as e
    with: {who: e.actor}
    if:
      - some: note as n
        where: [n.actor == e.actor, SECOND]
    alert: told
    remedy: none
    cases: [{name: nothing, events: [], alerts: []}]
"""


@pytest.mark.parametrize(
    ("condition", "knows"),
    [
        ('e.actor == "u-1"', True),
        ('e.actor in ["u-1"]', True),
        ('e.actor.startsWith("u")', True),
        ('e.actor.matches("^u")', True),
        ('e.witnesses.exists(w, w != "u-1")', True),
        ('"u-1" in e.witnesses', True),
        ('e.actor != ""', False),
        ('!e.actor.matches("^\\\\s*$")', False),
        ('!e.actor.matches("^[\\\\s\\\\pZ]*$")', False),
        ("e.actor in e.witnesses", False),
        ('e.words == "drill"', False),
    ],
)
def test_rules_that_know_a_person_by_name(condition, knows, tmp_path, capsys):
    """What compares an id of a person with what is written is refused where ids are replaced, at its place."""
    first, second = KNOWING.replace("SECOND", "n.words != e.words"), KNOWING.replace("FIRST", 'e.words != "x"')
    for text, name in ((first, "FIRST"), (second, "SECOND")):
        (tmp_path / "pack.yaml").write_text(text.replace(name, "'" + condition + "'"))
        assert knows == (condition in [text for _, text in named_persons(load(tmp_path))])
    (tmp_path / "pack.yaml").write_text(second.replace("SECOND", 'who == "u-1"'))
    assert ['who == "u-1"'] == [text for _, text in named_persons(load(tmp_path))]
    add_key(str(tmp_path / "keys"))
    assert 2 == main(["run", "setup.cfg", "--rules", str(tmp_path), "--pseudonyms", str(tmp_path / "keys")])
    assert 'pack.yaml:26:37: who == "u-1"' in capsys.readouterr().err


# Silence


def test_shipped_rules_know_nobody():
    """No shipped rule compares an id of a person with what is written in it."""
    assert [] == list(named_persons(SHIPPED))


def test_shipped_rules_tell_nobody():
    """No shipped rule tells anything personal in its texts or subjects, so that nothing of them is withheld."""
    told = Personal(SHIPPED).rules
    assert len(SHIPPED.rules) == len(told)
    assert {CLEAR} == {level for each in told.values() for level in (*each.message, *each.remedy, each.subjects)}


PLANTED = st.text(alphabet="Qqßé漢\"\\' \n\u202e", min_size=1, max_size=6).map(lambda text: f"XQ{text}QX")


def rarely(word, usual):
    """Now and then a word where none may stand, which has the line refused."""
    return st.integers(0, 9).flatmap(lambda number: word if number == 9 else st.just(usual))


@st.composite
def planted(draw):
    """Events with personal values that occur nowhere else, and these; some are wrong, late, corrected or repeated."""
    words = [draw(PLANTED) + str(number) + "ZZ" for number in range(draw(st.integers(3, 8)))]
    word = st.sampled_from(words)
    events = []
    for number in range(draw(st.integers(1, 6))):
        data = {"actor": draw(word), "words": draw(word)}
        kind = draw(st.sampled_from(["note.made", "note.made", "note.closed"]))
        if kind == "note.made":
            data |= {
                "note": f"n-{number}", "witnesses": draw(st.lists(word, max_size=3)), "born": "1961-02-03",
                "mood": draw(rarely(word, "good")), "more": {"targets": draw(st.lists(word))},
                "parts": [{"name": draw(word), "size": draw(rarely(word, 1))}], "free": {"k": draw(word)},
            }  # fmt: skip
        time = BEGIN + timedelta(hours=draw(st.integers(0, 9)))
        event = {"kind": kind, "id": f"e-{number}", "time": time.isoformat(), "subject": draw(word), "data": data}
        if draw(st.booleans()):
            event["recordedtime"] = (time + timedelta(days=1)).isoformat()
        if number and draw(st.integers(0, 4)) == 0:
            event = {"kind": RETRACTION, "id": f"e-{number}", "time": event["time"], "corrects": f"e-{number - 1}"}
        events.append(json.dumps(event))
        if draw(st.integers(0, 5)) == 0:
            events.append(json.dumps({**event, "data": {**data, "actor": draw(word)}}))
    return events, words


def shown(form, path, *more):
    """All that a run writes, to either end."""
    out, error = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(error):
        main(["run", path, "--rules", TELLING, "--format", form, *more])
    return out.getvalue() + error.getvalue()


def hidden(words):
    """*words* in every form in which an outlet may write one."""
    for word in words:
        core = re.sub(r"\s+", " ", word).strip()
        yield from (word, core, json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1], word[-3:])


@pytest.mark.parametrize("mode", ["plain", "pseudonyms"])
@pytest.mark.parametrize("form", FORMATS)
def test_no_outlet_tells_what_is_personal(form, mode, tmp_path_factory):
    """Whatever personal values events carry, none of the bytes of an outlet or of standard error holds one."""
    folder = tmp_path_factory.mktemp("planted")
    path, keys = folder / "events.jsonl", folder / "keys"
    add_key(str(keys))
    more = [] if mode == "plain" else ["--pseudonyms", str(keys)]

    @settings(max_examples=max(10, settings().max_examples // 25))
    @given(planted())
    def holds(history):
        events, words = history
        path.write_text("\n".join(events))
        told = shown(form, str(path), *more)
        assert [] == [word for word in hidden(words) if word in told]
        # The digits may stand in the middle of an alert's identity.
        assert not re.search(r"(?<![0-9a-f])1961(?![0-9a-f])", told)

    holds()


def test_silence_is_no_accident(tmp_path):
    """Without the processor the same alerts tell what is personal, in text, subjects and keys."""
    pack = PACK
    told, discreetly, named = [], [], []
    data = {"note": "n-1", "actor": "XQ-1", "words": "XQ-2", "more": {"targets": ["XQ-3"]}}
    event = {"kind": "note.made", "id": "1", "time": BEGIN.isoformat(), "data": data}
    closed = {"kind": "note.closed", "id": "2", "time": BEGIN.isoformat(), "data": {"actor": "XQ-1", "words": "XQ-4"}}
    changes = Engine(pack).feed([event, closed])
    json_lines(told.append).tell(changes)
    json_lines(discreetly.append, [discreet([pack])]).tell(changes)
    json_lines(named.append, [discreet([pack], least=PRIVATE)]).tell(changes)
    assert {"XQ-1", "XQ-2", "XQ-3", "XQ-4"} == set(re.findall(r"XQ-\d", "".join(told)))
    assert set() == set(re.findall(r"XQ-\d", "".join(discreetly)))
    assert {"XQ-1", "XQ-3"} == set(re.findall(r"XQ-\d", "".join(named)))
    [subjects] = [json.loads(line)["subjects"] for line in discreetly if '"T-EVENT"' in line]
    assert ["[withheld]", "[withheld]"] == subjects


def test_only_what_is_personal_is_withheld(tmp_path):
    """In one text some braces are told and others are not; a pseudonym is told, free text never."""
    path, keys = tmp_path / "events", tmp_path / "keys"
    add_key(str(keys))
    data = {"note": "n-1", "actor": "XQ-1", "words": "XQ-2"}
    path.write_text(json.dumps({"kind": "note.made", "id": "1", "time": BEGIN.isoformat(), "data": data}))
    name = read_keys(str(keys)).pseudonym("XQ-1", 0)
    for more, messages in (
        ([], {"T-EVENT": "n-1 by [withheld] as [withheld], born [withheld]", "T-KEY": "[withheld] said [withheld]"}),
        (
            ["--pseudonyms", str(keys)],
            {"T-EVENT": f"n-1 by {name} as [withheld], born [withheld]", "T-KEY": f"{name} said [withheld]"},
        ),
    ):
        lines = [line for line in shown("jsonl", str(path), *more).splitlines() if line.startswith("{")]
        told = {alert["rule"]: alert["message"] for alert in map(json.loads, lines)}
        assert messages == {rule: told[rule] for rule in messages}


def test_late_evidence_names_nobody(tmp_path):
    """The reason of a change that a late event made names no person, nor does the envelope's subject slip in."""
    made = {"kind": "note.made", "id": "1", "time": BEGIN.isoformat(), "subject": "XQ-9"}
    data = {"note": "n-1", "actor": "XQ-1", "words": "XQ-2"}
    later = {**made, "id": "2", "time": (BEGIN + timedelta(days=1)).isoformat(), "data": {**data, "note": "n-2"}}
    closed = {"kind": "note.closed", "id": "3", "time": BEGIN.isoformat(), "subject": "XQ-9", "data": {
        "actor": "XQ-1", "words": "XQ-4"}}  # fmt: skip
    engine = Engine(PACK)
    engine.feed(later)
    reasons = [change.reason for change in engine.feed([{**made, "data": data}, closed]) if change.reason]
    assert reasons
    assert [] == [reason for reason in reasons if "XQ" in reason]


def test_refused_values_are_not_quoted(tmp_path):
    """A line that is refused for a personal value is named with its path and the reason, without the value."""
    data = {"note": "n-1", "actor": "u", "words": "w", "mood": "XQ-1"}
    path = tmp_path / "events"
    path.write_text(json.dumps({"kind": "note.made", "id": "1", "time": BEGIN.isoformat(), "data": data}))
    told = shown("jsonl", str(path))
    assert f"{path}:1: bad-event: not a value that its kind allows [withheld] (at $.data.mood)" in told
    path.write_text(path.read_text().replace('"w"', "7"))
    assert "expected `str`, got `int` (at $.data.words)" in shown("jsonl", str(path)).lower()


def test_alert_of_a_pseudonym_is_explained(tmp_path, capsys):
    """With the same keys an alert is found again by its identity, which hangs on the pseudonym."""
    path, keys = tmp_path / "events.jsonl", tmp_path / "keys"
    add_key(str(keys))
    made = {"kind": "note.made", "id": "1", "time": BEGIN.isoformat()}
    path.write_text(json.dumps({**made, "data": {"note": "n-1", "actor": "u", "words": "w"}}))
    with_keys = ["--rules", TELLING, "--pseudonyms", str(keys)]
    assert 3 == main(["run", str(path), *with_keys])
    alert = next(a["alert"] for a in map(json.loads, capsys.readouterr().out.splitlines()) if a["rule"] == "T-KEY")
    assert 0 == main(["explain", alert, "--events", str(path), *with_keys])
    assert 2 == main(["explain", alert, "--events", str(path), "--rules", TELLING])


WRONG = """
pack: {name: wrong, version: "1", language: 1, timezone: Asia/Hong_Kong}
kinds:
  note.made:
    description: Somebody noted something.
    emitter: operator
    attributes:
      note: {type: id, required: true, personal: [targets]}
"""


def test_keys_of_what_is_no_map(tmp_path, capsys):
    """A list of keys on anything but a map is refused at its place."""
    (tmp_path / "pack.yaml").write_text(WRONG)
    assert 1 == main(["check", str(tmp_path)])
    said = "pack.yaml:8:50: error[wrong-shape]: personal: lists keys of a map, and this is a string"
    assert said in capsys.readouterr().out


# Keys


def test_keys_are_made_for_their_owner_alone(tmp_path, capsys):
    """A new file can be read by its owner and nobody else, a second key counts from its instant on, none is shown."""
    path = tmp_path / "keys"
    assert 0 == main(["pseudonyms", str(path)])
    assert 0 == main(["pseudonyms", str(path), "--from", "2026-07-01T00:00:00+08:00"])
    told = capsys.readouterr()
    keys = read_keys(str(path))
    assert (0o600, 2) == (os.stat(path).st_mode & 0o777, len(set(keys.secrets)))
    assert [0, 1] == [keys.period(parse_instant(f"2026-0{month}-01T00:00:00+08:00")) for month in (6, 7)]
    shown_keys = [line.split()[1] for line in path.read_text().splitlines() if not line.startswith("#")]
    assert 2 == len(shown_keys)
    assert [] == [key for key in shown_keys if key in told.out + told.err]


def test_a_key_is_added_on_a_line_of_its_own(tmp_path):
    """An editor may leave the last line without its end; the next key does not go into that line."""
    path = tmp_path / "keys"
    assert 0 == main(["pseudonyms", str(path)])
    [first] = read_keys(str(path)).secrets
    path.write_text(path.read_text().rstrip())
    assert 0 == main(["pseudonyms", str(path), "--from", "2026-07-01T00:00:00+08:00"])
    assert (first, 2) == (read_keys(str(path)).secrets[0], len(read_keys(str(path)).secrets))


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (
            "always " + "A" * 43 + "=",
            0o640,
            "its mode is 0640, so others may use what is in it; make it yours alone with chmod 600",
        ),
        ("always " + "A" * 43 + "=", 0o700, "its mode is 0700, and that of a file of keys is 0600: chmod 600"),
        ("", 0o600, "there is no key in it"),
        ("always c2hvcnQ=", 0o600, ":1: a key has 32 bytes, this one 5"),
        ("always hunter2!", 0o600, ":1: this is no line of a file of keys"),
        ("hunter2", 0o600, ":1: this is no line of a file of keys"),
        ("2026-01-01T00:00:00Z " + "A" * 43 + "=", 0o600, ":1: the first key counts always"),
        (("always " + "A" * 43 + "=\n") * 2, 0o600, ":2: the first key counts always, each other from later on"),
    ],
)
def test_unfit_files_of_keys(text, mode, said, tmp_path, capsys):
    """A file that others may read, or that holds no key, is refused with what to do, and nothing of it is shown."""
    path = tmp_path / "keys"
    path.write_text(text)
    path.chmod(mode)
    assert 2 == main(["run", "-", "--rules", "tests/packs/small", "--pseudonyms", str(path)])
    told = capsys.readouterr().err
    assert said in told
    assert "hunter2" not in told
    assert "AAAA" not in told


def test_files_that_are_none(tmp_path):
    """What is no file, is not there, or is there already, is said."""
    with pytest.raises(KeyRefused, match="no such file or directory"):
        read_keys(str(tmp_path / "none"))
    with pytest.raises(KeyRefused, match=r"this is no file|is a directory"):
        read_keys(str(tmp_path))
    with pytest.raises(KeyRefused, match="there is no such file; the first key counts always"):
        add_key(str(tmp_path / "keys"), BEGIN)
    add_key(str(tmp_path / "keys"))
    add_key(str(tmp_path / "keys"), BEGIN)
    with pytest.raises(KeyRefused, match="there is such a file"):
        add_key(str(tmp_path / "keys"))
    with pytest.raises(KeyRefused, match="there is a key that counts from"):
        add_key(str(tmp_path / "keys"), BEGIN)


def test_change_of_keys_is_said(tmp_path):
    """Where events of two periods are taken in, the run says that a person is taken for two across the change."""
    path, keys = tmp_path / "events", tmp_path / "keys"
    add_key(str(keys))
    add_key(str(keys), BEGIN + timedelta(days=1))
    made = {"kind": "note.made", "time": BEGIN.isoformat(), "data": {"note": "n", "actor": "u", "words": "w"}}
    later = {**made, "time": (BEGIN + timedelta(days=2)).isoformat()}
    said = "persons have other pseudonyms from 2026-03-02T09:00:00+08:00 on"
    for events, expected in (([made], False), ([made, later], True)):
        lines = [json.dumps({**event, "id": str(number)}) for number, event in enumerate(events)]
        path.write_text("\n".join(lines))
        assert expected == (said in shown("jsonl", str(path), "--pseudonyms", str(keys)))
