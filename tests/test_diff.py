"""`oversight diff`: which alerts a change of rules adds, removes or alters, with packs of a real repository."""

import json
import os
import shutil
import subprocess

import pytest

from oversight import load
from oversight.cli import main
from oversight.runner.comparison import compare
from oversight.runner.revisions import check_as_of

BASE = """
pack: {name: base, version: "1", language: 1}
kinds:
  lamp.lit: {description: It burns, emitter: me, attributes: {lamp: {type: id, required: true}, watts: {type: int}}}
  lamp.out: {description: It does not, emitter: me, attributes: {lamp: {type: id, required: true}}}
facts:
  lamp: {key: lamp, starts: {on: lamp.lit}, ends: {on: lamp.out}}
"""
RULES = """
pack: {name: house, version: "1", language: 1, uses: [base]}
rules:
  - rule: H-1
    title: A lamp burns long
    authority: [{instrument: Charter, provision: section 1}]
    basis: commitment
    severity: low
    while: lamp as l
    for: P1D
    alert: "{l.lamp} burns"
    remedy: Put it out.
    cases: [{name: nothing, events: [], alerts: []}]
"""
SECOND = """
  - rule: H-2
    title: A lamp is lit
    authority: [{instrument: Charter, provision: section 2}]
    basis: commitment
    severity: info
    on: lamp.lit as e
    alert: "{e.lamp} was lit"
    remedy: Do not.
    cases: [{name: nothing, events: [], alerts: []}]
"""
EVENTS = [
    {"kind": "lamp.lit", "id": "1", "time": "2026-03-01T09:00:00Z", "lamp": "a"},
    {"kind": "lamp.lit", "id": "2", "time": "2026-03-01T10:00:00Z", "lamp": "b"},
    {"kind": "lamp.out", "id": "3", "time": "2026-03-04T09:00:00Z", "lamp": "a"},
]


def git(folder, *arguments):
    """One command of git, by an author of no other settings."""
    settings = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True)


def write(folder, rules, base=BASE):
    """The two packs as files."""
    for name, text in (("house", rules), ("base", base)):
        (folder / "packs" / name).mkdir(parents=True, exist_ok=True)
        (folder / "packs" / name / "pack.yaml").write_text(text)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A repository whose tag v1 has the first rules, and a file of events."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, RULES)
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "packs")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    git(tmp_path, "tag", "v1")
    return tmp_path


def diff(capsys, *arguments):
    """Status, and what is told on standard output and on standard error."""
    status = main(["diff", *arguments, "events.jsonl"])
    told = capsys.readouterr()
    return status, told.out, told.err


def answer(capsys, *arguments):
    """The answer as JSON, and the status."""
    status, out, _ = diff(capsys, *arguments, "--format", "json")
    return status, json.loads(out)


class TestWhatDiffers:
    def test_nothing(self, place, capsys):
        """The same rules give the same alerts, and 0."""
        assert (0, "alerts: 2 the same\n", "") == diff(capsys, "packs/house@v1", "packs/house")

    def test_severity_and_words(self, place, capsys):
        """A changed severity or text is an alteration that says what it was and what it is."""
        write(place, RULES.replace("severity: low", "severity: high").replace('"{l.lamp} burns"', '"{l.lamp} glows"'))
        status, told = answer(capsys, "packs/house@v1", "packs/house")
        assert (3, 0, 0, 2, 0) == (status, told["removed"], told["added"], told["altered"], told["same"])
        assert {
            "severity": {"old": "low", "new": "high"},
            "message": {"old": "a burns", "new": "a glows"},
        } == told["rules"][0]["examples"][0]["changed"]

    def test_clearing(self, place, capsys):
        """Where the breach ends at another instant, the alert is altered, and the ends of both are told."""
        longer = BASE.replace("ends: {on: lamp.out}", 'ends: {on: lamp.out as e, if: e.lamp != "a"}')
        write(place, RULES, longer)
        status, told = answer(capsys, "packs/house@v1", "packs/house")
        assert (3, 1, 1) == (status, told["altered"], told["same"])
        assert {"subjects": {"old": {"a": "2026-03-04T09:00:00Z"}, "new": {"a": None}}} == told["rules"][0]["examples"][
            0
        ]["changed"]

    def test_deadline(self, place, capsys):
        """With a longer time one alert never comes, and the other, of the same breach, comes later."""
        write(place, RULES.replace("for: P1D", "for: P3D"))
        status, told = answer(capsys, "packs/house@v1", "packs/house", "--until", "2026-03-31T00:00:00Z")
        (rule,) = told["rules"]
        assert (3, 1, 1, 0) == (status, rule["removed"], rule["altered"], rule["added"])
        assert ["removed", "altered"] == [one["difference"] for one in rule["examples"]]
        assert {"at": {"old": "2026-03-02T10:00:00Z", "new": "2026-03-04T10:00:00Z"}} == rule["examples"][1]["changed"]

    def test_new_rule(self, place, capsys):
        """The text counts for each rule, shows some examples with subjects and evidence, and how to see the rest."""
        write(place, RULES + SECOND)
        status, out, _ = diff(capsys, "packs/house@v1", "packs/house", "--limit", "1")
        assert 3 == status
        lines = out.splitlines()
        assert "H-2: 2 added" == lines[0]
        assert "  + 2026-03-01 09:00  INFO  about 1" == lines[1]
        assert ["says      a was lit", "evidence  1"] == [line.strip() for line in lines[2:4]]
        assert ["  and 1 more: --limit 2 shows all", "", "alerts: 2 added, 2 the same"] == lines[-3:]

    def test_counts_alone(self, place, capsys):
        """Without examples there are the counts, in text and as JSON."""
        write(place, RULES + SECOND)
        assert (
            "H-2: 2 added\n\nalerts: 2 added, 2 the same\n"
            == diff(capsys, "packs/house@v1", "packs/house", "--limit", "0")[1]
        )
        rules = answer(capsys, "packs/house@v1", "packs/house", "--limit", "0")[1]["rules"]
        assert [("H-1", 0, 2, []), ("H-2", 2, 0, [])] == [
            (one["rule"], one["added"], one["same"], one["examples"]) for one in rules
        ]

    def test_until(self, place, capsys):
        """Events later than --until are left out under both."""
        write(place, RULES + SECOND)
        told = answer(capsys, "packs/house@v1", "packs/house", "--until", "2026-03-01T09:30:00Z")[1]
        assert (1, 0) == (told["added"], told["same"])

    def test_site(self, place, capsys):
        """A site file is that of both."""
        write(place, RULES.replace("severity: low", "severity: high"))
        (place / "site.yaml").write_text("severities: {H-1: critical}\n")
        assert 0 == diff(capsys, "packs/house@v1", "packs/house", "--site", "site.yaml")[0]

    def test_refused_lines(self, place, capsys):
        """A line that one version alone cannot read is named once, with that version, and the status is 1."""
        write(place, RULES, BASE.replace("watts: {type: int}", "watts: {type: int, required: true}"))
        status, _, err = diff(capsys, "packs/house@v1", "packs/house")
        assert 1 == status
        assert ["events.jsonl:1", "events.jsonl:2"] == [line[:14] for line in err.splitlines()]
        assert all(line.endswith("(under new alone)") for line in err.splitlines())

    def test_library(self, place):
        """From Python: two packs and files give the differences, each with the alert before and after."""
        write(place, RULES.replace("severity: low", "severity: high"))
        old, new = check_as_of("packs/house@v1").pack, load("packs/house")
        found = compare(old, new, ["events.jsonl"])
        assert [("altered", {"severity": ("low", "high")})] * 2 == [
            (one.sort, one.changed) for one in found.differences
        ]
        assert 3 == found.status


class TestRevisions:
    def test_used_pack_is_that_of_the_revision(self, place, capsys):
        """The facts of a pack that is used are those that lay beside it then."""
        write(place, RULES, BASE.replace("on: lamp.lit}", 'on: lamp.lit as e, if: e.lamp == "a"}'))
        told = answer(capsys, "packs/house@v1", "packs/house")[1]
        assert (1, 1) == (told["removed"], told["same"])

    def test_two_revisions(self, place, capsys):
        """Both may be revisions; what lies in the folder does not matter."""
        write(place, RULES + SECOND)
        git(place, "commit", "--quiet", "--all", "--message", "second")
        write(place, "broken: [")
        assert 2 == answer(capsys, "packs/house@HEAD~1", "packs/house@HEAD")[1]["added"]

    def test_revision_alone(self, place, capsys):
        """@REVISION is the other pack at that revision, on either side."""
        write(place, RULES + SECOND)
        assert 2 == answer(capsys, "@HEAD", "packs/house")[1]["added"]
        assert 2 == answer(capsys, "packs/house", "@HEAD")[1]["removed"]

    def test_folder_that_is_no_more(self, place, capsys):
        """A folder that was deleted can be read from the history, from a folder below, too."""
        write(place, RULES + SECOND)
        os.rename("packs/house", "packs/home")
        assert 2 == answer(capsys, "packs/house@v1", "packs/home")[1]["added"]

    def test_folder_with_an_at(self, place, capsys):
        """A folder that has an @ in its name is that folder."""
        shutil.copytree("packs/house", "packs/house@v1")
        assert 0 == diff(capsys, "packs/house@v1", "packs/house")[0]

    def test_inside_a_hook(self, place, capsys, monkeypatch):
        """What a hook of another repository has set does not lead there."""
        monkeypatch.setenv("GIT_DIR", str(place / "elsewhere"))
        assert 0 == diff(capsys, "packs/house@v1", "packs/house")[0]

    def test_files_are_as_committed(self, place, capsys):
        """What an archive would leave out is part of the pack all the same."""
        (place / ".gitattributes").write_text("packs/** export-ignore\n")
        git(place, "add", ".gitattributes")
        git(place, "commit", "--quiet", "--message", "no archive")
        assert 0 == diff(capsys, "packs/house@HEAD", "packs/house")[0]

    def test_digest_is_that_of_the_folder(self, place, capsys):
        """The same text has the same digest, whether it was read from the folder or the history."""
        told = answer(capsys, "packs/house@v1", "packs/house")[1]
        assert load("packs/house").digest == told["old"]["pack_digest"] == told["new"]["pack_digest"]

    def test_pack_that_does_not_check(self, place, capsys):
        """What is wrong with a revision is told at the file's name and revision, and at no temporary one."""
        write(place, RULES.replace("severity: low", "severity: lwo"))
        git(place, "commit", "--quiet", "--all", "--message", "broken")
        status, _, err = diff(capsys, "packs/house@HEAD", "packs/house@v1")
        assert 2 == status
        assert err.startswith("packs/house@HEAD/pack.yaml:8:15: error[unknown-value]")
        assert "the pack 'packs/house@HEAD' does not check" in err

    @pytest.mark.parametrize(
        ("old", "said"),
        [
            ("packs/house@v9", "there is no revision 'v9' in the repository"),
            ("packs/house@--help", "there is no revision '--help' in the repository"),
            ("packs/hose@v1", "there is no pack in 'packs/hose' at the revision 'v1'"),
            ("packs/house@", "write FOLDER@REVISION"),
            ("hose@v1", "there is no pack or folder 'hose'"),
            ("packs/hose", "there is no pack or folder 'packs/hose'"),
        ],
    )
    def test_what_is_not_there(self, old, said, place, capsys):
        """It is said what is not there: the revision, the folder at it, or the pack."""
        status, out, err = diff(capsys, old, "packs/house")
        assert (2, "") == (status, out)
        assert said in err

    def test_no_repository(self, place, capsys):
        """A folder outside any repository has no revisions."""
        shutil.rmtree(".git")
        status, _, err = diff(capsys, "packs/house@v1", "packs/house")
        assert 2 == status
        assert "is in no git repository, so it has no revision 'v1'" in err

    def test_no_git(self, place, capsys, monkeypatch):
        """Without git it is said what to install."""
        monkeypatch.setenv("PATH", "")
        status, _, err = diff(capsys, "packs/house@v1", "packs/house")
        assert 2 == status
        assert "needs git, which is not installed" in err

    def test_standard_input(self, place, capsys):
        """Events are read twice, so they must be files."""
        assert 2 == main(["diff", "packs/house", "packs/house", "-"])
        assert "give files, not standard input" in capsys.readouterr().err
