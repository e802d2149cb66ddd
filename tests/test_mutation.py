"""Mutation: which changes of a rule its cases notice."""

import json
import re

import pytest
from attrs import evolve

from oversight import load
from oversight.cases.mutants import WORDS, Subject, mutants, subjects
from oversight.cases.mutation import drawn, noticed, plan
from oversight.cases.trial import run_cases
from oversight.cli import main
from oversight.errors import PackError
from tests.test_cases import FEW
from tests.test_coverage import ENDS, FIRES, PACK, SIGNS, shop

LINE = re.compile(r"pack\.yaml:(\d+):\d+  (\w+): (.*)")
AT_THE_EDGE = """\
      - name: a sign just in time, one just too late
        events:
          - {kind: camera.on, time: "2026-03-01T09:00:00+01:00", camera: k1, room: r1, hours: [1]}
          - {kind: camera.on, time: "2026-03-01T09:00:00+01:00", camera: k2, room: r2, hours: [1]}
          - {kind: camera.off, time: "2026-03-01T13:00:00+01:00", camera: k2, test: true}
          - {kind: sign.hung, time: "2026-03-01T14:00:00+01:00", sign: s0, room: r2, large: false}
          - {kind: sign.hung, time: "2026-03-02T09:00:00+01:00", sign: s1, room: r1, large: true}
          - {kind: sign.hung, time: "2026-03-02T09:00:01+01:00", sign: s2, room: r2, large: true}
        until: 2026-03-09T00:00:00+01:00
        alerts: [{at: "2026-03-02T09:00:00+01:00", cleared: "2026-03-02T09:00:01+01:00", about: k2}]
"""
ALL = (FIRES, ENDS, SIGNS, AT_THE_EDGE)
RESTART = "  camera:\n    key: camera\n"
TOWN = 'pack: {name: town, version: "1", language: 1, timezone: Europe/Paris, uses: [shop]}\n'
REASONED = (RESTART, RESTART.replace("  camera:", "  camera:  # same restarts: a camera is switched on once"))


def mutated(folder, capsys, *more):
    """The exit status of the command, the changes it says nobody noticed, and its last line."""
    status = main(["test", folder, *more, "--mutate"])
    told = capsys.readouterr().out
    return status, [found[1:] for found in LINE.findall(told)], told.splitlines()[-1]


def test_a_missing_case_is_told(tmp_path, capsys):
    """Without the cases at the edge of the deadline and with the small sign, the changes that they notice are told."""
    status, changes, total = mutated(shop(tmp_path, FIRES, ENDS), capsys)
    assert 3 == status
    assert [
        ("dropped", "without has(c.room)"),
        ("dropped", "without told(c.room)"),
        ("dropped", "without s.room == room"),
        ("negated", "not s.room == room"),
        ("dropped", "without s.large"),
        ("negated", "not s.large"),
    ] == [change for change in changes if "room" in change[1] or "large" in change[1]]
    assert re.fullmatch(r"mutation: \d+ of \d+ changes noticed, 0 reasoned, \d+ not noticed \(\d\d(\.\d)? %\)", total)


def test_complete(tmp_path, capsys):
    """Cases that notice all but one, and a reason at that one, are enough."""
    status, changes, total = mutated(shop(tmp_path, *ALL), capsys)
    assert (3, [("restarts", "each further start begins it anew")]) == (status, changes)
    status, changes, total = mutated(shop(tmp_path, *ALL, text=[REASONED]), capsys)
    assert (0, []) == (status, changes)
    assert " 1 reasoned, 0 not noticed (100 %)" in total


@pytest.mark.parametrize(
    "mark",
    [
        ("    for: P1D\n", "    for: P1D  # same longer: days are long\n"),
        ("    for: P1D\n", "    # same longer: days are long\n    for: P1D\n"),
        ("rules:\n", "rules:  # same dropped: nothing is here\n"),
    ],
    ids=["behind", "above", "at nothing"],
)
def test_a_stale_mark(tmp_path, capsys, mark):
    """A mark at a change that a case notices, or at none, is told with its line and fails."""
    folder = shop(tmp_path, *ALL, text=[REASONED, mark])
    assert 3 == main(["test", folder, "--mutate"])
    text = (tmp_path / "shop" / "pack.yaml").read_text()
    line = 1 + text.split(mark[1].split("# same ")[1])[0].count("\n")
    assert f"pack.yaml:{line}: this mark is not needed" in capsys.readouterr().out


def test_a_mark_names_its_change(tmp_path, capsys):
    """A mark for one kind of change explains no other at the same line."""
    other = (RESTART, RESTART.replace("  camera:", "  camera:  # same dropped: a camera is switched on once"))
    status, changes, _ = mutated(shop(tmp_path, *ALL, text=[other]), capsys)
    assert (3, [("restarts", "each further start begins it anew")]) == (status, changes)


def test_only(tmp_path, capsys):
    """Only what is named is changed, a mark elsewhere is not judged, and a wrong name is answered with a near one."""
    stale = ("    for: P1D\n", "    for: P1D  # same longer: days are long\n")
    folder = shop(tmp_path, *ALL, text=[stale])
    restarts = ("restarts", "each further start begins it anew")
    assert (3, [restarts]) == mutated(folder, capsys, "--only", "fact c*")[:2]
    assert (0, []) == mutated(folder, capsys, "--only", "definition t*", "--only", "definition *d")[:2]
    assert 2 == main(["test", folder, "--mutate", "--only", "fact *", "--only", "SHOP-1"])
    assert "there is nothing to change in 'SHOP-1', did you mean 'SHOP-01'?" in capsys.readouterr().err
    assert 2 == main(["test", folder, "--only", "SHOP-01"])
    assert "give that, too" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("clause", "asked"),
    [
        ("told(c.room)", False),
        ("{some: sign as x, where: x.since <= c.since}", True),
        ("{count: sign as x, where: x.room == c.room, at_least: 1}", False),
    ],
)
def test_what_began_when(tmp_path, clause, asked):
    """Whether a further start begins a fact anew is tried only where something asks since when it holds."""
    pack = load(shop(tmp_path, *ALL, text=[("      - told(c.room)\n", f"      - {clause}\n")]))
    restarts = {step.owner for step in plan(pack, pack.own).steps if step.word == "restarts"}
    assert ({"fact camera", "fact sign"} if asked else {"fact camera"}) == restarts


@pytest.mark.parametrize(
    ("where", "asked"), [("x.large", True), ("x.sign == c.camera", False), ("x.room == c.room", True)]
)
def test_what_began_last(tmp_path, where, asked):
    """What begins last is asked where several can be found, which the whole key rules out."""
    value = (
        f"    with: {{name: {{latest: sign as x, where: {where}, value: x.sign, else: c.camera}}}}\n    about: name\n"
    )
    pack = load(shop(tmp_path, *ALL, text=[("    alert: A sign", f"{value}    alert: A sign")]))
    restarts = {step.owner for step in plan(pack, pack.own).steps if step.word == "restarts"}
    assert ({"fact camera", "fact sign"} if asked else {"fact camera"}) == restarts


def test_a_fact_that_looks_at_itself(tmp_path):
    """A fact cannot look at itself as it stands, so that this is not tried."""
    start = "{on: sign.hung as e, unless: {some: sign as o, before: true, where: o.sign == e.sign}}"
    pack = load(shop(tmp_path, *ALL, text=[("{on: sign.hung}", start)]))
    assert {"dropped", "negated"} == {step.word for step in plan(pack, pack.own, ["fact sign"]).steps}
    with pytest.raises(PackError, match="depends on itself"):
        load(shop(tmp_path, *ALL, text=[("{on: sign.hung}", start.replace("before: true, ", ""))]))


CALLED = [
    ("define:\n", "define:\n  hung(room):\n    some: sign as o\n    before: true\n    where: o.room == room\n"),
    ("{on: camera.on}", "{on: camera.on as e, unless: hung(e.room)}"),
]


@pytest.mark.parametrize("looks", ["{some: camera as c, where: c.room == e.room}", "hung(e.room)"])
def test_a_circle_is_no_pack(tmp_path, looks):
    """What has facts look at each other in a circle is not tried, nor where another fact calls the definition."""
    pack = load(shop(tmp_path, *ALL, text=CALLED))
    assert "before" in {step.word for step in plan(pack, pack.own, ["definition hung"]).steps}
    circle = [*CALLED, ("{on: sign.hung}", f"{{on: sign.hung as e, unless: {looks}}}")]
    pack = load(shop(tmp_path, *ALL, text=circle))
    assert {"dropped", "negated"} == {step.word for step in plan(pack, pack.own, ["definition hung"]).steps}
    with pytest.raises(PackError, match="depends on itself"):
        load(shop(tmp_path, *ALL, text=[*circle, ("    before: true\n", "")]))


SHOWN = [
    ("define:\n", "define:\n  shown(s, room): s.large && hangs(s, room)\n  hangs(s, room): s.room == room\n"),
    ("[s.room == room, s.large]", """'shown(s, room in ["r9"] ? "r8" : room)'"""),
]


def test_a_definition_that_is_an_expression(tmp_path, capsys):
    """What it says is changed at its own line, and what a call hands to it at the line of the call."""
    folder = shop(tmp_path, *ALL, text=SHOWN)
    pack = load(folder)
    steps = plan(pack, pack.own, ["definition *"]).steps
    lines = (tmp_path / "shop" / "pack.yaml").read_text().splitlines()
    found = {(step.owner, step.word, lines[step.place.line - 1].strip()) for step in steps}
    assert {
        ("definition shown", "swapped", "shown(s, room): s.large && hangs(s, room)"),
        ("definition shown", "dropped", "shown(s, room): s.large && hangs(s, room)"),
        ("definition hangs", "negated", "hangs(s, room): s.room == room"),
        ("definition told", "dropped", """where: 'shown(s, room in ["r9"] ? "r8" : room)'"""),
        ("definition told", "negated", """where: 'shown(s, room in ["r9"] ? "r8" : room)'"""),
    } == {one for one in found if one[1] != "other" and one[1] != "before"}
    assert 2 == sum(step.owner == "definition shown" and step.word == "dropped" for step in steps)
    assert (0, []) == mutated(folder, capsys, "--only", "definition shown", "--only", "definition hangs")[:2]


def test_the_links_of_a_chain_are_left_out_one_by_one(tmp_path):
    """Nobody leaves out two by one slip, and what guards another not without it."""
    chain = 'has(c.room) && c.camera != "k8" && c.room != "r8"'
    pack = load(shop(tmp_path, *ALL, text=[("    if: has(c.room)\n", f"    if: '{chain}'\n")]))
    dropped = [step.what for step in plan(pack, pack.own, ["SHOP-01"]).steps if step.word == "dropped"]
    assert [
        f'{chain} without c.room != "r8"',
        'has(c.room) && c.camera != "k8" without c.camera != "k8"',
        f"without {chain}",
        "without the deadline P1D",
        "without told(c.room)",
    ] == sorted(dropped)


def test_a_definition_is_changed_wherever_it_is_called(tmp_path, capsys):
    """It is written once: that another call still says what this one no longer does hides nothing."""
    twice = ("      - told(c.room)\n", "      - all_of: [told(c.room), has(c.hours), told(c.room)]\n")
    folder = shop(tmp_path, *ALL, text=[twice])
    assert (0, []) == mutated(folder, capsys, "--only", "definition told")[:2]


AT_ONCE = """\
      - name: a small sign at the instant
        events:
          - {kind: camera.on, time: "2026-03-01T09:00:00+01:00", camera: k1, room: r1, hours: [1]}
          - {kind: sign.hung, time: "2026-03-01T09:00:00+01:00", sign: s1, room: r1, large: false}
        until: 2026-03-09T00:00:00+01:00
        alerts: [{at: "2026-03-02T09:00:00+01:00"}]
"""
UNSIGNED = (
    "    starts: {on: camera.on}\n",
    "    starts: {on: camera.on as e, unless: {some: sign as o, before: true, where: o.room == e.room}}\n",
)


def test_facts_are_put_in_order_anew(tmp_path):
    """A fact that is made to look at another as it stands comes after it, as in a pack that was checked so."""
    changed = load(shop(tmp_path, AT_ONCE, text=[UNSIGNED, ("before: true, ", "")]))
    assert [False] == [result.passed for own, _ in run_cases(changed) for result in own]
    pack = load(shop(tmp_path, AT_ONCE, text=[UNSIGNED]))
    (mutant,) = [one for one in mutants(pack, Subject("fact", "camera")) if one.step.word == "before"]
    assert ["camera", "sign"] == list(pack.facts)
    assert ["sign", "camera"] == list(changed.facts) == list(mutant.pack.facts)
    assert mutant.step in {step for _, steps in noticed(plan(pack, pack.own)) for step in steps}


def test_sample(tmp_path, capsys):
    """A sample is of the size asked for, the same for the same seed, another for another, and says what it left."""
    folder = shop(tmp_path, *ALL)
    pack = load(folder)
    steps = plan(pack, pack.own).steps
    assert drawn(steps, 5, 1) == drawn(sorted(steps, key=repr), 5, 1)
    assert 1 < len({frozenset(drawn(steps, 5, seed)) for seed in range(5)})
    _, _, total = mutated(folder, capsys, "--sample", "5", "--seed", "3")
    assert " of 5 changes noticed" in total
    assert total.endswith(f"; {len(steps) - 5} more were not tried")
    assert steps == drawn(steps, 1_000, 0)


def test_a_failing_case_comes_first(tmp_path, capsys):
    """Where a case fails, nothing is changed: it would seem to notice everything."""
    folder = shop(tmp_path, FIRES.replace("2026-03-02T09:00", "2026-03-02T10:00"))
    assert 1 == main(["test", folder, "--mutate"])
    assert "mutation:" not in capsys.readouterr().out


def test_json(tmp_path, capsys):
    """As JSON Lines: the pack, each owner with its survivors, and the total."""
    assert 0 == main(["test", shop(tmp_path, *ALL, text=[REASONED]), "--mutate", "--format", "json"])
    pack, *scores, total = map(json.loads, capsys.readouterr().out.splitlines())
    assert {"pack": "shop", "cases": 4, "failed": 0} == pack
    assert ["SHOP-01", "definition told", "fact camera"] == [score["owner"] for score in scores]
    (survivor,) = scores[-1].pop("survivors")
    assert {"owner": "fact camera", "changes": 3, "not_noticed": 0} == scores[-1]
    assert ("restarts", "a camera is switched on once") == (survivor["change"], survivor["reason"])
    changes = sum(score["changes"] for score in scores)
    expected = {"changes": changes, "reasoned": 1, "not_noticed": 0, "stale": [], "not_tried": 0}
    assert {"mutation": expected} == total


def test_several_processes(tmp_path, capsys):
    """Any number of processes tells the same."""
    folder = shop(tmp_path, FIRES, ENDS)
    assert mutated(folder, capsys) == mutated(folder, capsys, "--jobs", "2")


def test_what_types_decide_is_decided_in_every_process(capsys):
    """A second more for a deadline that a date carries is a change in whichever process."""
    alone = [main(["test", "hong-kong", "--mutate", "--only", "HK-DAR-0*", *jobs]) for jobs in ([], ["--jobs", "2"])]
    assert [0, 0] == alone
    assert 2 == capsys.readouterr().out.count("HK-DAR-01: 13 of 13 changes noticed")


def test_the_engine_notices_the_same(tmp_path):
    """A mutant told as noticed fails a case on the engine, too, and one that is not fails none."""
    pack = load(shop(tmp_path, FIRES, ENDS, SIGNS))
    found = {step for _, steps in noticed(plan(pack, pack.own)) for step in steps}
    for subject in subjects(pack):
        for mutation in mutants(pack, subject):
            assert mutation.step.word in WORDS
            mutant = evolve(mutation.pack, digest=repr(mutation.step))
            failed = [r for own, _ in run_cases(mutant) for r in own if not r.passed]
            assert (mutation.step in found) == bool(failed), mutation.step
            assert not any("engine and the definition" in said for r in failed for said in r.failures)


def test_a_case_with_a_number_of_its_own_says_nothing_of_that_of_the_pack(tmp_path, capsys):
    """Changing the number of the pack is not noticed by a case that has another; changing how it is compared is."""
    only = FEW.replace("value: 1000}", "value: 7}").replace(
        FEW[FEW.index("      - name: one of") : FEW.index("      - name: where")], ""
    )
    (tmp_path / "pack.yaml").write_text(only, encoding="utf-8")
    assert [("higher", "7 read as 8"), ("lower", "7 read as 6")] == [
        change for change in mutated(str(tmp_path), capsys)[1] if change[1].startswith("7")
    ]


def test_folders_are_as_good_as_names(tmp_path, capsys, monkeypatch):
    """A pack and one that uses it are the same packs however their folders are given, and each is tried once."""
    (tmp_path / "linked").symlink_to(tmp_path, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    base, cases = (tmp_path / "shop", tmp_path / "town")
    rules = PACK.index("rules:\n")
    for folder, text in (base, PACK[:rules]), (cases, TOWN + PACK[rules:] + "".join(ALL)):
        folder.mkdir()
        (folder / "pack.yaml").write_text(text, encoding="utf-8")
    whole = [main(["test", str(base), str(cases), asked]) for asked in ("--mutate", "--coverage")]
    told = capsys.readouterr().out
    assert ([3, 0], 1) == (whole, told.count("restarts: "))
    for given in ["shop", "town"], ["./shop", "shop/", "town"], ["linked/shop", "town"], ["shop", "linked/town"]:
        assert whole == [main(["test", *given, asked]) for asked in ("--mutate", "--coverage")]
        assert told == capsys.readouterr().out


def test_what_another_pack_cannot_have_is_not_tried(tmp_path, capsys):
    """A definition is written once: a step that its call in a rule of one pack rules out is none in that of another."""
    base, cases = (tmp_path / "shop", tmp_path / "town")
    rules = PACK.index("rules:\n")
    facts = PACK[:rules].replace("{on: camera.on}", "{on: camera.on as e, unless: told(e.room)}")
    for folder, text in (base, facts), (cases, TOWN + PACK[rules:] + "".join(ALL)):
        folder.mkdir()
        (folder / "pack.yaml").write_text(text, encoding="utf-8")

    def words(*folders):
        main(["test", *map(str, folders), "--mutate", "--only", "definition told"])
        return {word for _, word, _ in LINE.findall(capsys.readouterr().out)}

    assert "before" in words(base)
    assert "before" not in words(base, cases)
    looks = facts.replace("    some: sign as s\n", "    some: sign as s\n    before: true\n")
    assert looks != facts
    (base / "pack.yaml").write_text(looks, encoding="utf-8")
    with pytest.raises(PackError, match="before: has no meaning in a while rule"):
        load(str(cases))
