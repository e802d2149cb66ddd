"""The 138 kinds: each example is read and written back, each variant that lacks something is refused."""

import copy
import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight import Engine
from oversight.errors import EventError
from oversight.model.events import Event, Vocabulary
from oversight.model.forms import ENVELOPE
from oversight.model.pack import RETRACTION
from oversight.model.types import (
    BOOL,
    DATE,
    DOUBLE,
    INT,
    PERIOD,
    STRING,
    TIMESTAMP,
    EnumType,
    ListType,
    MapType,
    RecordType,
)
from oversight.runner.packs import load

DATA = Path(__file__).parent / "data"
PACK = load("camera-programme")
VOCABULARY = Vocabulary(PACK.kinds)
KINDS = {name: kind for name, kind in PACK.kinds.items() if name != RETRACTION}
EXAMPLES = {
    example["type"]: example for example in map(json.loads, (DATA / "event-examples.jsonl").read_text().splitlines())
}
SCENARIO = [json.loads(line) for line in (DATA / "scenario-hong-kong.events.jsonl").read_text().splitlines()]


def attributes_of(kind):
    """Every attribute of a kind, those of nested records included, each with its path."""

    def walk(attributes, path):
        for attribute in attributes.values():
            here = f"{path}.{attribute.name}"
            yield here, attribute
            inner = attribute.type.item if isinstance(attribute.type, ListType) else attribute.type
            if isinstance(inner, RecordType):
                yield from walk(inner.attributes, here)

    return list(walk(kind.attributes, kind.name))


def wrong_values(declared):
    """Values that JSON can hold and an attribute of the declared type cannot."""
    if isinstance(declared, EnumType):
        return [1, True, None, "no such word", ["list"], {}]
    if isinstance(declared, ListType):
        return ["text", 1, {}, None]
    if isinstance(declared, RecordType | MapType):
        return ["text", 1, [], None]
    return {
        BOOL: ["true", 1, None, []],
        INT: ["1", 1.5, True, None, 2**63, []],
        DOUBLE: ["0.5", True, None, {}],
        STRING: [1, False, None, ["a"]],
        TIMESTAMP: ["2026-03-01T08:00:00", "2026-03-01", "soon", 1, None],
        DATE: ["2026-02-30", "2026-03-01T08:00:00Z", "tomorrow", 1, None],
        PERIOD: ["30 days", "P", "30", 30, None],
    }[declared]


def test_there_are_138_kinds():
    """The pack has every kind of the vocabulary, and each has an example."""
    assert 138 == len(KINDS)
    assert set(KINDS) == set(EXAMPLES)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_kind_is_described(kind):
    """A kind and each of its attributes say what they are, and who sends it."""
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", kind.name)
    assert kind.description.endswith(".")
    assert kind.emitter
    assert [] == [path for path, attribute in attributes_of(kind) if not attribute.description]


@pytest.mark.parametrize("kind", EXAMPLES)
def test_example_is_read_and_written_back(kind):
    """An example, read as a public object or for the rooms, is written back as the same JSON."""
    example = EXAMPLES[kind]
    line = json.dumps(example).encode()
    event = VOCABULARY.decode(line)
    assert isinstance(event, Event)
    assert kind == event.kind
    assert example == VOCABULARY.write(VOCABULARY.read(line))
    assert example["data"] == VOCABULARY.write(event)["data"]


@pytest.mark.parametrize("kind", EXAMPLES)
def test_flat_form_is_the_same_event(kind):
    """Flat, with attributes in ``data`` or (where no name collides) beside the envelope, it is one event."""
    example = EXAMPLES[kind]
    flat = {name: example[name] for name in ("id", "source", "time", "subject", "data")} | {"kind": kind}
    expected = VOCABULARY.decode(example)
    assert expected == VOCABULARY.decode(json.dumps(flat))
    if not set(example["data"]) & set(flat):
        beside = {name: value for name, value in flat.items() if name != "data"} | example["data"]
        assert expected == VOCABULARY.decode(json.dumps(beside))


def written(example, form):
    """An example as a line of one form; beside the envelope where no name collides."""
    if form == "cloud":
        return json.dumps(example)
    flat = {name: example[name] for name in ("id", "source", "time", "data")} | {"kind": example["type"]}
    if form == "beside" and not set(example["data"]) & set(ENVELOPE):
        flat = {name: value for name, value in flat.items() if name != "data"} | example["data"]
    return json.dumps(flat)


@pytest.fixture(scope="module")
def engine():
    """One engine for all that is drawn: what it is fed once more, in whatever form, it has."""
    return Engine(PACK)


FORMS = st.sampled_from(["cloud", "enclosed", "beside"])


@given(st.lists(st.tuples(st.sampled_from(sorted(EXAMPLES)), FORMS, st.sampled_from([str, str.encode])), max_size=12))
def test_forms_may_come_in_any_order(drawn):
    """What a line means does not hang on the form of the lines before it, nor on whether it is bytes or text."""
    vocabulary = Vocabulary(PACK.kinds)
    for kind, form, read in drawn:
        example = {name: value for name, value in EXAMPLES[kind].items() if name != "subject"}
        assert vocabulary.decode(example) == vocabulary.decode(read(written(example, form)))


@given(st.sampled_from(sorted(EXAMPLES)), FORMS, FORMS)
def test_a_repeat_in_another_form_is_a_repeat(engine, kind, first, second):
    """An event that comes again in another form is neither refused nor told of twice."""
    example = {name: value for name, value in EXAMPLES[kind].items() if name != "subject"}
    engine.feed(written(example, first).encode())
    before = engine.snapshot()
    assert () == engine.feed(written(example, second).encode())
    assert before == engine.snapshot()


def test_events_differ_by_kind_and_by_every_part():
    """Events of two kinds, and those that differ in any part of the envelope or in an attribute, are not the same."""
    example = EXAMPLES["camera.activated"]
    same = VOCABULARY.decode(example)
    others = [{**example, name: "other"} for name in ("id", "source", "subject", "sequence")]
    others.append({**example, "time": "2027-01-01T00:00:00Z"})
    others.append({**example, "data": {**example["data"], "camera": "other"}})
    others.append(next(e for k, e in EXAMPLES.items() if k != "camera.activated"))
    assert [False] * len(others) == [same == VOCABULARY.decode(other) for other in others]
    assert hash(same) == hash(VOCABULARY.decode(example))
    assert same != "camera.activated"


@pytest.mark.parametrize("kind", EXAMPLES)
def test_missing_required_attribute_is_refused(kind):
    """Without any one of its required attributes the example is refused, and the error names the path."""
    required = [a.name for a in KINDS[kind].attributes.values() if a.required]
    assert required
    for name in required:
        variant = copy.deepcopy(EXAMPLES[kind])
        del variant["data"][name]
        with pytest.raises(EventError) as caught:
            VOCABULARY.decode(json.dumps(variant).encode())
        assert f"$.data.{name}" == caught.value.path


@pytest.mark.parametrize("kind", EXAMPLES)
def test_wrong_type_is_refused(kind):
    """A value of another type is refused for every attribute, and the error names the path."""
    for attribute in KINDS[kind].attributes.values():
        for value in wrong_values(attribute.type):
            variant = copy.deepcopy(EXAMPLES[kind])
            variant["data"][attribute.name] = value
            with pytest.raises(EventError) as caught:
                VOCABULARY.decode(json.dumps(variant).encode())
            assert caught.value.path.startswith(f"$.data.{attribute.name}")


@given(st.sampled_from(sorted(EXAMPLES)), st.dictionaries(st.text(min_size=1, max_size=8), st.integers(-9, 9)))
def test_unknown_attributes_are_kept(kind, extra):
    """What a kind does not know travels with the public object, at the top and inside records."""
    example = copy.deepcopy(EXAMPLES[kind])
    known = {path.split(".", 2)[2] for path, _ in attributes_of(KINDS[kind])} | {"corrects"}
    extra = {name: value for name, value in extra.items() if name not in known and "." not in name}
    example["data"].update(extra)
    for name, attribute in KINDS[kind].attributes.items():
        if isinstance(attribute.type, RecordType) and name in example["data"]:
            example["data"][name].update({n: v for n, v in extra.items() if n not in attribute.type.attributes})
    assert example == VOCABULARY.write(VOCABULARY.read(json.dumps(example)))


def test_attribute_named_like_a_word_of_python():
    """An attribute that Python could not name has an underscore behind it, and is written back without."""
    example = copy.deepcopy(EXAMPLES["search.performed"])
    example["data"]["from"] = "2026-03-01T00:00:00Z"
    event = VOCABULARY.read(example)
    assert 2026 == event.from_.year
    assert example == VOCABULARY.write(event)


def test_scenario_is_read():
    """Every event of the Hong Kong scenario is one of these kinds and is written back the same."""
    for event in SCENARIO:
        assert event == VOCABULARY.write(VOCABULARY.read(event))


def test_personal_data_is_marked():
    """Ids of persons, and text that people wrote, are marked as possibly personal."""
    marked = {path for kind in KINDS.values() for path, a in attributes_of(kind) if a.personal}
    persons = {path for k in KINDS.values() for path, _ in attributes_of(k) if path.endswith((".person_ref", ".actor"))}
    assert persons
    assert persons <= marked
    assert {"search.performed.reason", "complaint.received.subject", "watchlist.entry_added.entry"} <= marked
    assert not {"camera.installed.camera", "programme.registered.operator"} & marked


def test_examples_fit_the_reader_of_a_program():
    """The examples are valid JSON for a strict reader, one object a line."""
    lines = (DATA / "event-examples.jsonl").read_bytes().splitlines()
    assert 138 == len([msgspec.json.decode(line) for line in lines])


def test_all_that_is_missing_is_named():
    """Of an event that lacks several attributes all are named, with what may be meant for the first."""
    example = EXAMPLES["camera.activated"]
    lacking = {name: value for name, value in example["data"].items() if name not in ("camera", "purposes")}
    with pytest.raises(EventError) as caught:
        VOCABULARY.decode({**example, "data": {**lacking, "camra": "k", "zon\u001b": "z"}})
    assert "missing required fields `camera`, `purposes`; is 'camra' meant for it?" == caught.value.reason
    assert "$.data.camera" == caught.value.path
