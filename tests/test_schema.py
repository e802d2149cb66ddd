"""`oversight schema pack`: the shipped packs fit it, mistakes do not, and a real language server uses it."""

import json
import re
import shutil
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from oversight import load, shipped
from oversight.cli import main
from oversight.language import cases, conditions, entries, facts, kinds, library, parameters, rules
from oversight.language.keys import KEYS
from oversight.language.schema import pack_schema
from tests.editor.server import SERVER, Server

ROOT = Path(__file__).parents[1]
FILES = sorted([*(ROOT / "rules").rglob("*.yaml"), *(ROOT / "tests" / "packs").rglob("*.yaml")])
SCHEMA = pack_schema([load(name) for name in shipped()])
VALIDATOR = jsonschema_rs.Draft7Validator(SCHEMA)
RULE = """
rules:
  - rule: R-1
    title: A thing
    authority: [{instrument: Charter, provision: section 1}]
    basis: commitment
    severity: low
    while: camera as c
    for: P1D
    if:
      - some: assessment as a
        where: a.kind == "pia"
    alert: A thing.
    remedy: Take it away.
    cases:
      - name: one
        events:
          - {kind: camera.activated, time: "2026-03-01T09:00:00Z", camera: k1}
        alerts: []
"""


class Loader(yaml.SafeLoader):
    """YAML 1.2, as editors read it: a day is a text, and `on` is no truth value."""


_BOOL, _DAY = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in several if tag not in (_BOOL, _DAY)]
    for first, several in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(_BOOL, re.compile("^(?:true|false)$"), list("tf"))


def wrong(text):
    """Where a file does not fit, as paths."""
    return ["/".join(map(str, one.instance_path)) for one in VALIDATOR.iter_errors(yaml.load(text, Loader))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_fit(file):
    """Every file of the packs of this repository fits the schema."""
    assert [] == wrong(file.read_text(encoding="utf-8"))


def test_is_a_schema():
    """It is a schema of its draft, with and without packs."""
    assert jsonschema_rs.meta.is_valid(SCHEMA)
    assert jsonschema_rs.meta.is_valid(pack_schema([]))


@pytest.mark.parametrize(
    ("right", "mistaken", "place"),
    [
        ("severity: low", "severity: lwo", "rules/0/severity"),
        ("basis: commitment", "basis: hearsay", "rules/0/basis"),
        ("    title: A thing", "    titel: A thing", "rules/0"),
        ("provision: section 1", "provison: section 1", "rules/0/authority"),
        ("some: assessment", "sone: assessment", "rules/0/if"),
        ("camera: k1", "camera: 7", "rules/0/cases/0/events/0/camera"),
        ("camera: k1", "data: {camera: 7}", "rules/0/cases/0/events/0/data/camera"),
        ("alerts: []", "alerts: [{about: k1}]", "rules/0/cases/0/alerts/0"),
        ("rules:", "rule:", ""),
    ],
)
def test_mistakes_do_not(right, mistaken, place):
    """A misspelt key or value, or one of another type, does not fit, at its place."""
    assert [] == wrong(RULE)
    assert place in wrong(RULE.replace(right, mistaken, 1))


@pytest.mark.parametrize(
    "key", ["if", "unless", "about", "cases", "parts", "authority", "any_of", "all_of", "not", "where"]
)
def test_empty_lists_do_not(key):
    """An empty list that `oversight check` refuses does not fit."""
    rule = yaml.load(RULE, Loader)
    inner = {"where": {"some": "assessment", "where": []}}.get(key, {key: []})
    rule["rules"][0] |= {"if": [inner]} if key in ("any_of", "all_of", "not", "where") else {key: []}
    assert not VALIDATOR.is_valid(rule)


@pytest.mark.parametrize("key", ["starts", "changes", "ends"])
def test_empty_lists_of_a_fact_do_not(key):
    """A fact that starts, changes or ends by an empty list does not fit."""
    fact = {"key": "camera", "starts": {"on": "camera.activated"}, "ends": {"on": "camera.removed"}}
    assert VALIDATOR.is_valid({"facts": {"camera": fact}})
    assert not VALIDATOR.is_valid({"facts": {"camera": fact | {key: []}}})


def test_every_key_is_explained():
    """The texts are about the keys that the reader knows, each of them and no others."""
    read = {
        "file": library.SECTIONS,
        "header": library.HEADER,
        "kind": kinds.KNOWN,
        "attribute": kinds.SPEC,
        "parameter": parameters.KNOWN,
        "dated": parameters.ENTRY,
        "fact": facts.KNOWN,
        "entry": {key for known in entries.KNOWN.values() for key in known},
        "rule": {*rules.KNOWN, "part"},
        "condition": {key for known in conditions.KNOWN.values() for key in known},
        "case": cases.KNOWN,
        "alert": cases.ALERT,
        "envelope": cases.ENVELOPE,
        "authority": ("instrument", "provision"),
        "term": ("from", "until"),
    }
    assert {name: set(keys) for name, keys in read.items()} == {name: set(texts) for name, texts in KEYS.items()}
    assert all(text.endswith(".") for texts in KEYS.values() for text in texts.values())


def test_command(capsys):
    """The command prints it; with packs it names what these have."""
    assert 0 == main(["schema", "pack", "--rules", "hong-kong"])
    assert pack_schema([load("hong-kong")]) == json.loads(capsys.readouterr().out)
    assert 0 == main(["schema", "pack"])
    assert "camera.activated" not in capsys.readouterr().out


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The real language server with the schema of the shipped packs."""
    if shutil.which("node") is None or not SERVER.exists():
        pytest.skip("yaml-language-server is not installed: make editor (needs node and npm)")
    path = tmp_path_factory.mktemp("schema") / "pack.schema.json"
    path.write_text(json.dumps(SCHEMA))
    made = Server(path)
    yield made
    made.close()


class TestEditor:
    def offered(self, server, name, text):
        """What is offered at the mark in a file."""
        before = text.split("|")[0]
        place = before.count("\n"), len(before) - before.rfind("\n") - 1
        return server.labels(server.open(name, text.replace("|", "", 1)), *place)

    def explained(self, server, name, word):
        """What is explained at a word of the rule."""
        before = RULE.split(word)[0]
        return server.hover(server.open(name, RULE), before.count("\n"), len(before) - before.rfind("\n"))

    def test_keys(self, server):
        """It offers the keys of a rule and of a quantifier."""
        assert {"unless", "for", "by", "remedy"} <= self.offered(server, "a.yaml", "rules:\n  - rule: R-1\n    |\n")
        text = "rules:\n  - rule: R-1\n    if:\n      - some: camera as c\n        |\n"
        assert {"where", "before"} <= self.offered(server, "b.yaml", text)

    def test_kinds_and_facts(self, server):
        """It offers the kinds under on:, the facts under while: and some:, and the severities."""
        assert "camera.activated" in self.offered(server, "c.yaml", "rules:\n  - rule: R-1\n    on: |\n")
        assert {"assessment", "alert"} <= self.offered(server, "d.yaml", "rules:\n  - rule: R-1\n    while: |\n")
        assert {"low", "critical"} <= self.offered(server, "e.yaml", "rules:\n  - rule: R-1\n    severity: |\n")

    def test_attributes(self, server):
        """It offers the attributes of the kind in an event of a case."""
        text = "cases:\n  - name: one\n    events:\n      - kind: camera.activated\n        |\n"
        offered = self.offered(server, "f.yaml", text)
        assert {"camera", "time", "data"} <= offered
        assert "assessment" not in offered

    def test_explains(self, server):
        """It explains a key, a kind, a fact and an attribute where they stand."""
        assert KEYS["rule"]["remedy"] in self.explained(server, "g.yaml", "remedy")
        pack = load("camera-programme")
        assert pack.facts["camera"].description in self.explained(server, "h.yaml", "camera as c")
        attribute = pack.kinds["camera.activated"].attributes["camera"]
        assert attribute.description in self.explained(server, "i.yaml", "camera: k1")
        assert pack.kinds["camera.activated"].description in self.explained(server, "j.yaml", "camera.activated")

    def test_finds(self, server):
        """It finds nothing wrong with a right file, and a misspelt key in a wrong one."""
        assert [] == server.problems(server.open("k.yaml", RULE))
        found = server.problems(server.open("l.yaml", RULE.replace("    title:", "    titel:")))
        assert any("titel" in one for one in found)
