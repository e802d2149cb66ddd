"""Attributes that no pack knows: each is told of with the nearest name, and what is known is never told of."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight import load
from oversight.cli import main
from oversight.errors import EventError
from oversight.model.events import Vocabulary
from oversight.model.forms import ENVELOPE
from oversight.model.types import ListType, RecordType
from oversight.runner.run import Run
from oversight.runner.unknown import ALL, THEN, UnknownAttributes

DATA = Path(__file__).parent / "data"
PACK, SMALL = load("camera-programme"), load("tests/packs/small")
VOCABULARY = Vocabulary(PACK.kinds)
EXAMPLES = [json.loads(line) for line in (DATA / "event-examples.jsonl").read_text().splitlines()]
SCENARIO = DATA / "scenario-hong-kong.events.jsonl"
FORMS = st.sampled_from(["cloud", "data", "beside"])
NAMES = st.from_regex(r"[a-z]{1,3}_other", fullmatch=True)


def paths(line):
    """Where an event says what its kind does not know."""
    return [one.path for one in VOCABULARY.unknown(line)]


def places(data, attributes, path=""):
    """Every object in *data* whose names are known, with its path."""
    yield data, path
    for name, value in data.items():
        attribute = attributes[name]
        items, of = [value], attribute.type
        if isinstance(of, ListType):
            items, of = value, of.item
        for item in items:
            if isinstance(of, RecordType):
                yield from places(item, of.attributes, f"{path}{name}.")
            elif attribute.keys:
                yield item, f"{path}{name}."


def flat(example):
    """An event in the flat form, all attributes in ``data``."""
    return {**{name: example[name] for name in ("id", "source", "time", "data")}, "kind": example["type"]}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["type"])
def test_what_is_known_is_not_told_of(example):
    """Of an example nothing is unknown, in any form; an extension of a CloudEvent is nobody's attribute."""
    assert [] == paths(json.dumps({**example, "traceparent": "00-1"}))
    assert [] == paths(flat(example))
    if not set(example["data"]) & ENVELOPE:
        assert [] == paths({**flat({**example, "data": {}}), **example["data"]})


@given(
    st.sampled_from(EXAMPLES), NAMES, st.randoms(use_true_random=False), st.sampled_from(["cloud", "data", "beside"])
)
def test_any_other_name_is_told_of(example, name, random, form):
    """A further name is told of with its path wherever it stands, and the event is what it was without it."""
    changed = json.loads(json.dumps(example))
    kind = PACK.kinds[example["type"]]
    where, path = random.choice(list(places(changed["data"], kind.attributes)))
    where[name] = 1
    if form == "beside" and not set(changed["data"]) & ENVELOPE:
        changed = {**flat({**changed, "data": {}}), **changed["data"]}
    elif form != "cloud":
        changed = flat(changed)
    assert [path + name] == paths(json.dumps(changed).encode())
    in_a_map = path.count(".") == 1 and bool(kind.attributes[path[:-1]].keys)
    assert in_a_map or VOCABULARY.decode(example).says(VOCABULARY.decode(json.dumps(changed)))


def test_the_nearest_name_is_of_the_same_place():
    """What might be meant is sought among the names that may stand where the unknown one does."""
    example = next(e for e in EXAMPLES if e["type"] == "assessment.approved")
    scope = {**example["data"]["scope"], "zone": ["z-1"], "aprover": "x"}
    found = VOCABULARY.unknown({**example, "data": {**example["data"], "scope": scope, "aprover": "x"}})
    assert [("aprover", "approver"), ("scope.zone", "zones"), ("scope.aprover", "")] == [
        (one.path, one.nearest) for one in found
    ]


@given(st.sampled_from(EXAMPLES), st.randoms(use_true_random=False), st.sampled_from([1, "a", [1], {"a": 1}, None]))
def test_what_is_no_event_is_asked_about_in_vain(example, random, value):
    """A value that its kind does not allow holds nothing unknown; what is wrong with it reading the event says."""
    name = random.choice(sorted(PACK.kinds[example["type"]].attributes))
    assert isinstance(value, dict) or [] == paths({**example, "data": value})
    assert all(path.startswith(f"{name}.") for path in paths({**example, "data": {**example["data"], name: value}}))


def test_of_an_unknown_kind_nothing_is_known():
    """An event of a kind that the pack does not have is told of as such, and not for each of its attributes."""
    assert [] == paths({"kind": "camera.activatd", "id": "1", "time": "2026-01-01T00:00:00Z", "camra": "x"})
    with pytest.raises(EventError, match="not JSON"):
        paths(b"{")


LINES = [
    {"id": "1", "time": "2026-03-01T00:00:00Z", "kind": "hold.placed", "hold": "h", "footage": ["f"], "case_ref": "c",
     "authorised_by": "u", "review_due": "2026-04-01", "case_reff": "d"},
    {"id": "2", "time": "2026-03-02T00:00:00Z", "kind": "retention_policy.set", "policy": "p", "period": "P30D",
     "target": {"zone": ["z-1"], "area\u001b[2J": 1}, "by": "u"},
]  # fmt: skip
SAID = (
    "3 attributes that no pack knows, so no rule reads them: "
    "'case_reff' of 'hold.placed', seen in 1 event, first at {0}:1 (did you mean 'case_ref'?), "
    "'target.zone' of 'retention_policy.set', seen in 1 event, first at {0}:2 (did you mean 'zones'?), "
    "'target.area\\u001b[2J' of 'retention_policy.set', seen in 1 event, first at {0}:2"
)


@pytest.mark.parametrize("options", [[], ["--jobs", "2"], ["--store", "sqlite:///{}/it.db"]])
def test_a_run_ends_with_them(options, tmp_path, capsys):
    """However it goes, a run takes such events in, and says in the end what nobody read, safe for a terminal."""
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, LINES)))
    options = [option.format(tmp_path) for option in options]
    assert 0 == main(["run", "--rules", "hong-kong", *options, str(path)])
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("2 events taken in")
    assert [SAID.format(path)] == [line for line in said if "no pack knows" in line]


def test_the_scenario_has_none(capsys):
    """All that the scenario says is known."""
    main(["run", "--rules", "hong-kong", str(SCENARIO)])
    assert "no pack knows" not in capsys.readouterr().err


def test_what_one_of_several_packs_knows_is_known():
    """With several packs a name is unknown where none that has the kind knows it."""
    shared = min(set(PACK.kinds) & set(SMALL.kinds) - {"event.retracted"})
    other = next(name for name in PACK.kinds[shared].attributes if name not in SMALL.kinds[shared].attributes)
    event = json.dumps({"kind": shared, "data": {other: 1, "neither": 1}}).encode()
    found = UnknownAttributes([Vocabulary(SMALL.kinds), VOCABULARY])
    found.look(shared, event, "a", 1)
    assert ["neither"] == re.findall(r"'(\w+)' of", " ".join(found.told()))
    alone = min(set(PACK.kinds) - set(SMALL.kinds))
    found.look(alone, json.dumps({"kind": alone, "none_has": 1}).encode(), "a", 2)
    assert {"neither", "none_has"} == set(re.findall(r"'(\w+)' of", " ".join(found.told())))


def test_of_what_comes_often_some_are_looked_at():
    """After the first of a kind one in so many is looked at, and every first one of another kind."""
    found = UnknownAttributes([VOCABULARY])
    for number in range(1, ALL + 2 * THEN + 1):
        found.look("hold.placed", b'{"kind": "hold.placed", "fotage": 1}', "a", number)
    found.look("hold.released", b'{"kind": "hold.released", "fotage": 1}', "a", number + 1)
    [line] = found.told()
    looked = sum(number <= ALL or number % THEN == 0 for number in range(1, number + 1))
    assert f"'fotage' of 'hold.placed', seen in {looked:,} events, first at a:1 " in line
    assert "'fotage' of 'hold.released', seen in 1 event, " in line


def test_made_up_names_take_no_memory_without_end():
    """A source that makes up names is told of by some of them."""
    found = UnknownAttributes([VOCABULARY])
    for kind in [kind for kind in PACK.kinds if kind != "event.retracted"][:5]:
        for number in range(ALL):
            found.look(kind, json.dumps({"kind": kind, f"name_{number}": 1}).encode(), "a", number)
    [line] = found.told()
    assert line.startswith("1,000 attributes that no pack knows, so no rule reads them: ")
    assert line.endswith(" and 992 others")


WRONG = """
pack: {name: wrong, version: "1", language: 1, timezone: Asia/Hong_Kong}
kinds:
  note.made:
    description: Somebody noted something.
    emitter: operator
    attributes:
      note: {type: id, required: true, keys: [one]}
      about: {type: map, required: true, keys: [zones, cameras]}
rules:
  - rule: W-1
    title: A note
    authority: [{instrument: Charter, provision: section 1}]
    basis: commitment
    severity: low
    on: note.made as e
    if: has(e.about.zones)
    about: e.note
    alert: "a note"
    remedy: None.
    cases:
      - name: a key that nobody reads
        events: [{kind: note.made, time: 2026-03-01T00:00:00Z, note: n, about: {zone: z, cameras: []}}]
        alerts: []
"""


def test_a_case_and_a_kind_are_held_to_keys(tmp_path, capsys):
    """A case that gives a map another key than its keys is refused at its place, as are keys of what is no map."""
    (tmp_path / "pack.yaml").write_text(WRONG)
    assert 1 == main(["check", str(tmp_path)])
    said = capsys.readouterr().out
    assert "pack.yaml:8:40: error[unknown-key]: keys: belongs to map, not to id" in said
    assert "pack.yaml:23:81: error[unknown-attribute]: the map 'about' has no key 'zone'" in said
    assert "did you mean 'zones'?" in said
    assert 2 == said.count("error[")


def test_keys_are_shown_and_offered(capsys):
    """The list of kinds and the schema for editors name the keys of a map."""
    main(["kinds", "camera-programme", "retention_policy.set"])
    assert "What it applies to, for example programme: system, programme, zones, cameras" in capsys.readouterr().out
    main(["schema", "pack", "--rules", "camera-programme"])
    kinds = json.loads(capsys.readouterr().out)["definitions"]["event"]["allOf"]
    policy = next(one for one in kinds if one["if"]["properties"]["kind"] == {"const": "retention_policy.set"})
    assert {"system", "programme", "zones", "cameras"} == set(policy["then"]["properties"]["target"]["properties"])


def test_what_is_not_taken_in_is_not_looked_at(tmp_path):
    """What is refused, and what waits for a later instant, is told of as that alone."""
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, [{**LINES[0], "review_due": "soon"}, LINES[1]])))
    run = Run([PACK], lambda changes: None, lambda refusal: None, until=VOCABULARY.decode(LINES[0]).time)
    run.take(str(path))
    run.finish()
    assert [] == [line for line in run.told() if "no pack knows" in line]
