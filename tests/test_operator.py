"""What an operator does by mistake is answered with what to do instead."""

import gzip
import json
import subprocess
import sys

import pytest

from oversight.cli import main

SMALL = "tests/packs/small"
ACTIVATED = {"kind": "camera.activated", "id": "1", "time": "2026-03-01T09:00:00+08:00", "camera": "k1", "zone": "z"}


@pytest.fixture
def say(capsys):
    """Carry out a command: its status, and what it said on standard error."""

    def carried_out(*arguments):
        status = main([str(one) for one in arguments])
        return status, capsys.readouterr().err

    return carried_out


def test_record_of_a_run_can_be_pruned(say, tmp_path):
    """A record that ``run`` began, which keeps what is personal to itself, is one that ``prune`` goes on with."""
    path, store = tmp_path / "events.jsonl", f"sqlite:///{tmp_path}/case.db"
    path.write_text(json.dumps(ACTIVATED) + "\n", encoding="utf-8")
    assert 2 != say("run", path, "--rules", SMALL, "--store", store, "--revise", "P1D")[0]
    for period in ("P1D", "P9999Y"):
        assert (0, "") == say("prune", tmp_path / "case.db", "--rules", SMALL, "--keep", period)


@pytest.mark.parametrize("command", [("check",), ("run", "-", "--rules")], ids=["check", "run"])
def test_file_of_a_pack_is_not_the_pack(say, command):
    """Whoever names one file of a pack is told that the pack is its folder."""
    said = f"'{SMALL}/pack.yaml' is a file; a pack is a folder: give '{SMALL}'\n"
    assert (2, said) == say(*command, f"{SMALL}/pack.yaml")


@pytest.mark.parametrize("option", ["--only", "--sample", "--seed"])
def test_what_mutate_changes_is_for_mutate(say, option):
    """An option that does nothing without another is refused without it."""
    said = "oversight test: --only, --sample and --seed choose what --mutate changes; give that, too\n"
    assert (2, said) == say("test", SMALL, option, "1")


def test_file_that_cannot_be_written_is_named(tmp_path):
    """An error of the machine names the file and the reason, as everywhere, and no number."""
    where = tmp_path / "none" / "file"
    for command in (("key", "example.org/log", "--out", where), ("test", SMALL, "--junit", where)):
        done = subprocess.run([sys.executable, "-m", "oversight", *command], capture_output=True, text=True)
        assert (2, f"{where}: no such file or directory\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize("name", ["events", "events.jsonl"])
def test_archive_without_its_ending(say, tmp_path, name):
    """A file that is compressed and not called so is not taken for lines that cannot be read."""
    path = tmp_path / name
    path.write_bytes(gzip.compress(json.dumps(ACTIVATED).encode()))
    assert (2, f"{path}: is compressed with gzip; give it a name that ends in .gz\n") == say(
        "run", path, "--rules", SMALL
    )


def test_database_is_given_by_its_address(say, tmp_path):
    """A record given as a file is one by its URL."""
    path = tmp_path / "case.db"
    path.write_bytes(b"SQLite format 3\x00" + b"\x00" * 84)
    assert (2, f"{path}: is a database; a record is given as sqlite:///FILE\n") == say("run", path, "--rules", SMALL)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            {**ACTIVATED, "time": "2026-03-01"},
            "not an RFC 3339 time with an offset, such as 2026-03-10T09:00:00+08:00 (at $.time)",
        ),
        (
            {**ACTIVATED, "time": "1 March 2026"},
            "not an RFC 3339 time with an offset, such as 2026-03-10T09:00:00+08:00 (at $.time)",
        ),
        ("[", "not JSON: the line ends too early; each event is one line"),
        (None, "expected a JSON object, got null"),
    ],
    ids=["a day", "words", "many lines", "null"],
)
def test_line_is_told_what_it_should_be(say, tmp_path, line, said):
    """What is wrong with a line is said in words of JSON and with an example, not in those of a program."""
    path = tmp_path / "events.jsonl"
    path.write_text((line if isinstance(line, str) else json.dumps(line)) + "\n", encoding="utf-8")
    status, told = say("run", path, "--rules", SMALL)
    assert (1, f"{path}:1: bad-event: {said}") == (status, told.splitlines()[0])


@pytest.mark.parametrize(("wrong", "right"), [("Kind", "kind"), ("timestamp", "time")])
def test_envelope_that_is_misspelt_has_a_neighbour(say, tmp_path, wrong, right):
    """Where a part of the envelope is missing, the name that may be meant for it is told."""
    path = tmp_path / "events.jsonl"
    path.write_text(
        json.dumps({wrong if name == right else name: value for name, value in ACTIVATED.items()}) + "\n",
        encoding="utf-8",
    )
    told = say("run", path, "--rules", SMALL)[1].splitlines()[0]
    assert f"{path}:1: bad-event: missing required field `{right}`; is '{wrong}' meant for it? (at $.{right})" == told


@pytest.mark.parametrize("command", ["run", "check", "test", "explain", "why-not", "diff", "verify"])
def test_help_says_what_the_status_means(capsys, command):
    """Whoever calls a command from a script finds its exit status in its help."""
    assert 0 == main([command, "--help"])
    assert "\nexit status: 0 " in capsys.readouterr().out
