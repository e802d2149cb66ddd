"""The commands: what they print, where, and their exit status."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from oversight import __version__, load
from oversight.cli import main

SCENARIO = "examples/hong_kong/events.jsonl"
UNTIL = "2027-06-01T00:00:00+08:00"
SMALL = "tests/packs/small"
COMMANDS = ("run", "check", "test", "explain", "why-not", "diff", "report", "rules", "kinds", "pseudonyms", "schema")
ENABLED = {
    "kind": "capability.enabled",
    "id": "e1",
    "time": "2026-03-01T09:00:00+08:00",
    "data": {"capability": "f1", "kind": "plate_reading", "cameras": ["k1", "k2"]},
}
DISABLED = {
    "kind": "capability.disabled",
    "id": "e2",
    "time": "2026-03-02T09:00:00+08:00",
    "capability": "f1",
}


def oversight(*arguments, **settings):
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "oversight", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        **settings,
    )


@pytest.fixture
def events(tmp_path):
    """A file with a function that is switched on, and off again."""
    path = tmp_path / "events.jsonl"
    path.write_text(f"{json.dumps(ENABLED)}\n{json.dumps(DISABLED)}\n")
    return str(path)


# What is given


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rnu"], "oversight: there is no command 'rnu', did you mean 'run'?"),
        (
            ["zzz"],
            "no command 'zzz', there are check, checkpoint, diff, explain, key, kinds, prune, pseudonyms, report, "
            "rules, run, schema, test, verify, why-not",
        ),
        (["run", SCENARIO, "--rulse", "hong-kong"], "there is no option '--rulse', did you mean '--rules'?"),
        (["run", SCENARIO], "oversight run: the following arguments are required: --rules"),
        (["run", SCENARIO, "--rules", "hong-kon"], "did you mean 'hong-kong'?"),
        (["run", SCENARIO, "--rules", "hong-kong,"], "--rules takes names of packs, separated by commas"),
        (["run", SCENARIO, "--rules", f"{SMALL},{SMALL}"], "--rules names a pack twice"),
        (["run", "none.jsonl", "--rules", SMALL], "none.jsonl: no such file or directory"),
        (
            ["run", SCENARIO, "--rules", SMALL, "--until", "2027-06-01"],
            "is not an RFC 3339 time with an offset",
        ),
        (["run", SCENARIO, "--rules", SMALL, "--revise", "90"], "is not an ISO 8601 duration such as P30D"),
        (
            ["run", SCENARIO, "--rules", SMALL, "--format", "xml"],
            "invalid choice: 'xml' (choose from 'jsonl', 'text', 'cloudevents', 'ocsf', 'syslog')",
        ),
        (
            ["run", SCENARIO, "--rules", SMALL, "--out", "no/folder"],
            "--out no/folder: no such file or directory",
        ),
        (["run", SCENARIO, "--rules", SMALL, "--out", SCENARIO], "would write over the events it reads"),
        (["check", "none"], "there is no pack or folder 'none'; shipped are: camera-programme, hong-kong"),
        (["test", "camera-program"], "did you mean 'camera-programme'?"),
        (["kinds", "camera.activatd"], "has no kind 'camera.activatd', did you mean 'camera.activated'?"),
        (["explain", "0", "--events", "-", "--rules", SMALL], "give a file, not standard input"),
    ],
)
def test_usage(arguments, said, capsys):
    """A command that cannot be carried out says why, the nearest right name, and ends with 2."""
    assert 2 == main(arguments)
    told = capsys.readouterr()
    assert said in told.err
    assert "" == told.out


def test_help_names_what_exists(capsys):
    """Help names every command, and each command's help what it takes."""
    assert 0 == main([])
    told = capsys.readouterr().out
    for name in COMMANDS:
        assert re.search(rf"\n    {name}\s", told)
        assert 0 == main([name, "--help"])
        assert f"usage: oversight {name}" in capsys.readouterr().out


def test_version(capsys):
    """The version is the one that is installed."""
    assert 0 == main(["--version"])
    assert f"oversight {__version__}\n" == capsys.readouterr().out
    assert f"version = {__version__}\n" in Path("setup.cfg").read_text()


# run


def test_run_prints_results_alone(events, capsys):
    """Standard output has one JSON object a line and nothing else; the summary is beside it."""
    assert 3 == main(["run", events, "--rules", SMALL])
    told = capsys.readouterr()
    changes = [json.loads(line) for line in told.out.splitlines()]
    assert [("SM-01", "raised", 2), ("SM-01", "cleared", 0)] == [(c["rule"], c["change"], c["open"]) for c in changes]
    assert "2 events taken in, 1 alert (1 raised, 1 cleared)\n" == told.err


def test_run_with_stats(events, capsys):
    """In the end the figures are told: speed, facts, memory and the rules judged; the results stay alone."""
    assert 3 == main(["run", events, "--rules", SMALL, "--stats"])
    told = capsys.readouterr()
    assert {"raised", "cleared"} == {json.loads(line)["change"] for line in told.out.splitlines()}
    assert re.search(r"^2 events in [\d.,]+ s, [\d,]+ a second$", told.err, re.M)
    assert re.search(r"^\d+ facts? on record", told.err, re.M)
    assert re.search(r"^the process grew by [\d.,]+ MiB at most", told.err, re.M)
    judged = re.findall(r"^  (\S+): judged \d+ times?, [\d.,]+ s$", told.err, re.M)
    assert judged
    assert set(judged) <= {rule.name for rule in load(SMALL).rules}


def test_run_as_text(events, capsys):
    """Text for people has the rule, the message and what is missing."""
    assert 3 == main(["run", events, "--rules", SMALL, "--format", "text"])
    out = capsys.readouterr().out
    assert "09:00  SM-01  HIGH\n" in out
    assert "missing    no assessment on record" in out


def test_run_to_a_file(events, tmp_path, capsys):
    """With ``--out`` the results are in the file, byte for byte what standard output would have."""
    main(["run", events, "--rules", SMALL])
    expected = capsys.readouterr().out
    assert 3 == main(["run", events, "--rules", SMALL, "--out", str(tmp_path / "alerts")])
    assert "" == capsys.readouterr().out
    assert expected == (tmp_path / "alerts").read_text()


def test_run_reads_standard_input():
    """``-`` is standard input."""
    done = oversight("run", "-", "--rules", SMALL, input=json.dumps(ENABLED))
    assert (3, 1) == (done.returncode, len(done.stdout.splitlines()))


def test_run_with_a_broken_pack(events, tmp_path, capsys):
    """A pack that does not check ends the run with 2, after all that is wrong with it."""
    shutil.copytree(SMALL, tmp_path / "broken")
    rules = tmp_path / "broken" / "rules.yaml"
    rules.write_text(rules.read_text().replace("while: capability as c", "while: capabilty as c"))
    assert 2 == main(["run", events, "--rules", str(tmp_path / "broken")])
    told = capsys.readouterr()
    assert "" == told.out
    assert re.search(r"rules\.yaml:\d+:\d+: error\[unknown-fact\]: ", told.err)
    assert told.err.endswith(f"the pack '{tmp_path}/broken' does not check\n")


def test_reader_that_goes_away():
    """A reader that has seen enough ends the run without a complaint."""
    command = f"{sys.executable} -m oversight run {SCENARIO} --rules hong-kong | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert 1 == len(done.stdout.splitlines())
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["why-not", "SM-04", "k1", "--at", "9999-12-31T23:59:59-14:00"], 0),
        (["run", "--until", "9999-12-31T23:59:59-14:00"], 3),
        (["run", "--until", "0001-01-01T00:00:00+14:00"], 0),
        (["run", "--revise", "P9999Y"], 3),
        (["run", "--revise", "PT80000000H"], 3),
    ],
)
def test_instants_and_periods_without_end(command, status, events, capsys):
    """What leads out of the calendar stands for as far as it goes."""
    sources = ["--events", events] if command[0] == "why-not" else [events]
    assert status == main([*command, *sources, "--rules", SMALL]), capsys.readouterr().err


def test_the_longest_periods_and_oldest_events(events, capsys):
    """An event of the first year that is taken in goes with the longest period to look back."""
    old = json.dumps(ENABLED | {"id": "old", "time": "1000-01-01T00:00:00Z"})
    Path(events).write_text(f"{old}\n{Path(events).read_text()}")
    assert 3 == main(["run", events, "--rules", SMALL, "--revise", "P990Y"])
    assert "3 events taken in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("closed", "read", "status", "said"),
    [
        (">&-", SCENARIO, 2, "oversight: [Errno 9] Bad file descriptor"),
        (">&-", f"{SCENARIO} --out alerts", 3, "46 events taken in"),
        ("2>&-", SCENARIO, 3, ""),
        ("<&-", SCENARIO, 3, "46 events taken in"),
        ("<&-", "-", 1, "-:1: unreadable: the rest cannot be read"),
        ("<&- >&- 2>&-", f"{SCENARIO} --out alerts", 3, ""),
    ],
)
def test_closed_streams(closed, read, status, said, tmp_path):
    """A supervisor may close streams: what is needed and not there is said, and nothing else ends a command."""
    read = read.replace("alerts", str(tmp_path / "alerts"))
    command = f"{sys.executable} -m oversight run {read} --rules hong-kong {closed}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert status == done.returncode
    assert "Traceback" not in done.stderr
    assert said in done.stderr
    assert "--out" not in read or (tmp_path / "alerts").read_text()


def test_output_that_is_full(events):
    """A disk that is full ends the run with a line that says so."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "oversight", "run", events, "--rules", SMALL],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert 2 == done.returncode
    assert re.fullmatch(r"oversight: .*No space left on device\n", done.stderr)


def test_terminal_without_a_character(events):
    """A terminal that lacks a character gets an escape for it."""
    done = oversight("kinds", "capability.enabled", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (0, "") == (done.returncode, done.stderr)
    assert "capability.enabled \\u2014 " in done.stdout


def test_interrupt(monkeypatch, capsys, events):
    """Ctrl-C ends with 130 and one line."""

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("oversight.runner.run.Run.take", stop)
    assert 130 == main(["run", events, "--rules", SMALL])
    assert "stopped\n" == capsys.readouterr().err


def test_progress_bar_only_on_a_terminal(events, tmp_path):
    """A terminal gets a progress bar on standard error; the results are the same."""
    arguments = [sys.executable, "-m", "oversight", "run", events, "--rules", SMALL]
    plain = subprocess.run(arguments, capture_output=True, timeout=60, check=False)
    assert b"\x1b" not in plain.stderr
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        pytest.skip(f"no terminal can be opened here: {error}")
    environment = {**os.environ, "TERM": "xterm-256color"}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=theirs, env=environment) as running:
        os.close(theirs)
        out = running.stdout.read()
        seen = b""
        try:
            while chunk := os.read(ours, 65_536):
                seen += chunk
        except OSError:
            pass
    os.close(ours)
    assert plain.stdout == out
    assert b"reading" in seen


def test_scenario_is_run_whole(capsys):
    """The whole scenario runs: nothing is refused, and timers fire long after the last event."""
    assert 3 == main(["run", SCENARIO, "--rules", "hong-kong", "--until", UNTIL])
    told = capsys.readouterr()
    changes = [json.loads(line) for line in told.out.splitlines()]
    assert "refused" not in told.err
    assert any(change["at"] == "2027-04-01T00:00:00+08:00" and change["cause"] is None for change in changes)


# check


def test_check(capsys, tmp_path):
    """A sound pack is 0, a broken one is 1 with its place; both are told beside the results."""
    assert 0 == main(["check", SMALL])
    assert ("", f"{SMALL}: checks, 5 rules, 6 cases\n") == tuple(capsys.readouterr())
    (tmp_path / "pack.yaml").write_text("pack: {name: p, version: 1.0.0, language: 1, timezone: Mars}\n")
    assert 1 == main(["check", SMALL, str(tmp_path)])
    told = capsys.readouterr()
    assert f"{tmp_path}/pack.yaml:1:" in told.out
    assert f"{tmp_path}: 1 error\n" in told.err
    assert 1 == main(["check", str(tmp_path), "--format", "json"])
    (found,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert ("error", 1) == (found["severity"], found["place"]["line"])


def test_check_memory(capsys):
    """Of each fact, and of the alerts that a rule watches, it says how long they can stay; for ever comes first."""
    assert 0 == main(["check", SMALL, "--memory"])
    told = capsys.readouterr().out
    assert Path("tests/golden/memory.txt").read_text() == told
    assert 0 == main(["check", SMALL, "--memory", "--format", "json"])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ["never", "event", "event", "event", "event", "time"] == [one["bound"] for one in found]
    expected = {
        "pack": "small", "fact": "assessment", "one_for": ["assessment"], "bound": "time",
        "text": "until e.valid_until, or assessment.revoked",
        "place": {"file": f"{SMALL}/rules.yaml", "line": 25, "column": 3},
    }  # fmt: skip
    assert expected == found[-1]


# explain


def test_explain(events, tmp_path, monkeypatch, capsys):
    """The tree has what, law, evidence with its place, what was missing, and what became of it."""
    main(["run", events, "--rules", SMALL])
    identity = json.loads(capsys.readouterr().out.splitlines()[0])["alert"]
    golden, pack = Path("tests/golden/explain.txt").read_text(), str(Path(SMALL).resolve())
    monkeypatch.chdir(tmp_path)
    assert 0 == main(["explain", identity[:8], "--events", "events.jsonl", "--rules", pack])
    assert golden == capsys.readouterr().out
    assert 0 == main(["explain", identity, "--events", events, "--rules", pack, "--format", "json"])
    plain = json.loads(capsys.readouterr().out)
    assert (identity, "cleared", ["e1"]) == (
        plain["alert"],
        plain["change"],
        [e["id"] for e in plain["events"]],
    )


def test_explain_withdrawn(events, tmp_path, capsys):
    """An alert that was taken back is still explained, with the event that took it back."""
    more = tmp_path / "more.jsonl"
    back = {"kind": "event.retracted", "id": "e3", "time": "2026-03-03T09:00:00+08:00", "corrects": "e1"}
    more.write_text(json.dumps(back))
    main(["run", events, "--rules", SMALL])
    identity = json.loads(capsys.readouterr().out.splitlines()[0])["alert"]
    arguments = ["--events", events, "--events", str(more), "--rules", SMALL]
    assert 0 == main(["explain", identity, *arguments])
    assert "withdrawn because of e3" in capsys.readouterr().out


def test_explain_what_is_not_there(events, capsys):
    """No alert, and too short a beginning, are usage errors that say what to do."""
    assert 2 == main(["explain", "zz", "--events", events, "--rules", SMALL])
    assert "no alert has an identity that begins with 'zz'; these events raise 1 alert" in capsys.readouterr().err
    assert 2 == main(["explain", "0", "--events", SCENARIO, "--rules", "hong-kong"])
    assert "alerts begin with '0', give more of it:\n" in capsys.readouterr().err


# rules and kinds


def test_rules(capsys):
    """Every rule is listed once, as a table or as JSON."""
    assert 0 == main(["rules", SMALL])
    table = capsys.readouterr().out.splitlines()
    assert ["rule", "SM-01", "SM-02", "SM-03", "SM-04", "SM-05"] == [line.split()[0] for line in table]
    assert 0 == main(["rules", "--format", "json"])
    rules = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {rule.id for rule in load("hong-kong").rules} == {rule["rule"] for rule in rules}
    assert all(rule["authority"] and rule["title"] for rule in rules)


def test_kinds(capsys):
    """All kinds are listed; one of them with every attribute, those of records below it."""
    assert 0 == main(["kinds"])
    listed = capsys.readouterr().out.splitlines()[1:]
    assert sorted(load("camera-programme").kinds) == [line.split()[0] for line in listed]
    assert 0 == main(["kinds", "capability.enabled"])
    table = capsys.readouterr().out
    assert re.search(r"^target\.level +enum +required +.*: camera, zone, programme$", table, re.MULTILINE)
    assert 0 == main(["kinds", SMALL, "camera.activated", "--format", "json"])
    kind = json.loads(capsys.readouterr().out)
    assert [("camera", True), ("zone", False)] == [(a["name"], a["required"]) for a in kind["attributes"]]
