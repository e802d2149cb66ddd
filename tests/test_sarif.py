"""`oversight check --format sarif`: what is found, as tools show it beside the lines."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from oversight import __version__
from oversight.cli import main
from oversight.language.codes import CODES

GOLDEN = Path(__file__).parent / "golden" / "check"
SCHEMA = Path(__file__).parent / "editor/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"


@pytest.fixture
def log(monkeypatch, capsys):
    """The log of a check in the folder of the golden inputs, with its exit status."""
    monkeypatch.chdir(GOLDEN)

    def check(*arguments):
        status = main(["check", *arguments, "--format", "sarif"])
        return status, json.loads(capsys.readouterr().out)

    return check


def test_result(log):
    """A result has its code, level, words, file, and the characters that are meant, of which the last is not one."""
    status, told = log("unknown-attribute")
    (run,) = told["runs"]
    assert (1, "2.1.0") == (status, told["version"])
    assert ("oversight", __version__) == (run["tool"]["driver"]["name"], run["tool"]["driver"]["version"])
    (found,) = run["results"]
    assert ("unknown-attribute", "error") == (found["ruleId"], found["level"])
    assert found["message"]["text"].startswith(
        "thing.began has no attribute 'sise': did you mean 'size'?\nattributes: "
    )
    place = found["locations"][0]["physicalLocation"]
    assert {"uri": "unknown-attribute/pack.yaml", "uriBaseId": "ROOT"} == place["artifactLocation"]
    assert {"startLine": 11, "startColumn": 11, "endLine": 11, "endColumn": 15} == place["region"]


def test_rules_are_the_codes(log):
    """Each code that is found is described once, and each result says which of them it is."""
    (run,) = log("twenty", "compares-all")[1]["runs"]
    described = run["tool"]["driver"]["rules"]
    assert {one["id"]: CODES[one["id"]] for one in described} == {
        one["id"]: one["shortDescription"]["text"] for one in described
    }
    assert len(described) == len({one["ruleId"] for one in run["results"]})
    assert all(described[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert {"error", "warning"} == {one["level"] for one in run["results"]}


def test_one_log(log):
    """Several packs, and what is asked of them together, are one log; one without findings is a log, too."""
    assert ["unused-fact", "unused-kind"] == sorted(
        one["ruleId"] for one in log("unused-kind", "unused-fact", "--unused")[1]["runs"][0]["results"]
    )
    status, told = log("base")
    assert (0, []) == (status, told["runs"][0]["results"])


def test_a_finding_is_told_once(log):
    """What two packs find in one that both use is one result."""
    results = log("keep-unneeded", "keep-unneeded")[1]["runs"][0]["results"]
    assert 1 == len(results)


def test_file_elsewhere(log, tmp_path):
    """A file that is not below the folder of the command is told by its whole address."""
    (tmp_path / "a pack").mkdir()
    (tmp_path / "a pack" / "pack.yaml").write_text("pack: {}\n")
    results = log(str(tmp_path / "a pack"))[1]["runs"][0]["results"]
    where = results[0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert {"uri": f"{tmp_path.as_uri()}/a%20pack/pack.yaml"} == where


def test_memory_has_no_place(capsys):
    """The table of lifetimes is no finding, and the two are not mixed."""
    assert 2 == main(["check", "hong-kong", "--memory", "--format", "sarif"])
    assert "--memory is told as text or json" in capsys.readouterr().err


@pytest.mark.skipif(not SCHEMA.exists(), reason="the published schema is not installed: make editor (needs npm)")
def test_published_schema(log):
    """A log of every golden input fits the published schema of SARIF 2.1.0; a misspelt key does not."""
    published = json.loads(SCHEMA.read_text())
    # A bracket is left over in one pattern, which stricter readers refuse; the log names no language.
    for name in ("run", "toolComponent"):
        del published["definitions"][name]["properties"]["language"]["pattern"]
    schema = jsonschema_rs.Draft4Validator(published)
    inputs = sorted(folder.name for folder in GOLDEN.iterdir())
    told = log(*inputs, "--unused")[1]
    assert len(inputs) - 1 <= len(told["runs"][0]["results"])
    assert [] == [one.message for one in schema.iter_errors(told)]
    told["runs"][0]["results"][0]["levle"] = "error"
    assert not schema.is_valid(told)
