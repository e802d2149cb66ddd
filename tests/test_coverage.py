"""Coverage: which sides of which clauses the cases of a pack have seen."""

import json
import re

import pytest

from oversight import load
from oversight.cases.coverage import clauses, report
from oversight.cases.trial import run_cases
from oversight.cli import main
from oversight.meaning.semantics import outcome

PACK = """\
pack: {name: shop, version: "1", language: 1, timezone: Europe/Paris}
kinds:
  camera.on:
    description: A camera began to record.
    emitter: shop
    attributes:
      camera: {type: id, required: true}
      room: {type: id}
      hours: {type: list, items: {type: int}, required: true}
  camera.off:
    description: A camera stopped.
    emitter: shop
    attributes: {camera: {type: id, required: true}, test: {type: bool, required: true}}
  sign.hung:
    description: A sign was hung.
    emitter: shop
    attributes:
      sign: {type: id, required: true}
      room: {type: id, required: true}
      large: {type: bool, required: true}
facts:
  camera:
    key: camera
    starts: {on: camera.on}
    ends:
      on: camera.off as e
      unless: [e.test]
  sign:
    key: sign
    keep: forever
    starts: {on: sign.hung}
define:
  told(room):
    some: sign as s
    where: [s.room == room, s.large]
rules:
  - rule: SHOP-01
    title: No sign
    authority: [{instrument: Charter, provision: section 1}]
    basis: commitment
    severity: high
    while: camera as c
    for: P1D
    if: has(c.room)
    unless:
      - told(c.room)
    alert: A sign for {c.camera} is not on record
    remedy: Hang a sign (sign.hung).
    cases:
"""
FIRES = """\
      - name: no sign
        events:
          - {kind: camera.on, time: "2026-03-01T09:00:00+01:00", camera: k1, room: r1, hours: [1]}
        until: 2026-03-09T00:00:00+01:00
        alerts: [{at: "2026-03-02T09:00:00+01:00"}]
"""
ENDS = """\
      - name: switched off in time
        events:
          - {kind: camera.on, time: "2026-03-01T09:00:00+01:00", camera: k1, room: r1, hours: [1]}
          - {kind: camera.off, time: "2026-03-01T10:00:00+01:00", camera: k1, test: true}
          - {kind: camera.off, time: "2026-03-01T11:00:00+01:00", camera: k1, test: false}
        until: 2026-03-09T00:00:00+01:00
        alerts: []
"""
SIGNS = """\
      - name: a small sign, one elsewhere, then the right one
        events:
          - {kind: camera.on, time: "2026-03-01T09:00:00+01:00", camera: k1, room: r1, hours: [1]}
          - {kind: camera.on, time: "2026-03-01T09:00:00+01:00", camera: k2, hours: [1]}
          - {kind: sign.hung, time: "2026-03-01T10:00:00+01:00", sign: s1, room: r1, large: false}
          - {kind: sign.hung, time: "2026-03-01T11:00:00+01:00", sign: s2, room: r2, large: true}
          - {kind: sign.hung, time: "2026-03-02T08:00:00+01:00", sign: s3, room: r1, large: true}
        until: 2026-03-09T00:00:00+01:00
        alerts: []
"""
NEVER = re.compile(r"pack\.yaml:(\d+)  never (\w+): (.*)")


def shop(tmp_path, *cases, **changed):
    """The folder of a pack with some of the cases, and some of its text *changed*."""
    text = PACK + "".join(cases)
    for old, new in changed.get("text", ()):
        assert old in text
        text = text.replace(old, new)
    folder = tmp_path / "shop"
    folder.mkdir(exist_ok=True)
    (folder / "pack.yaml").write_text(text)
    return str(folder)


def covered(folder, capsys, *more):
    """The exit status of the command, what it says was never so, and its last line."""
    status = main(["test", folder, *more, "--coverage"])
    told = capsys.readouterr().out
    return status, [found[1:] for found in NEVER.findall(told)], told.splitlines()[-1]


def test_every_side_is_asked_for(tmp_path, capsys):
    """One case leaves unseen, with line and text, what it leaves unseen: in the rule, in a definition, in a fact."""
    status, never, total = covered(shop(tmp_path, FIRES), capsys)
    assert 1 == status
    assert [
        ("met", "P1D"),
        ("false", "has(c.room)"),
        ("true", "told(c.room)"),
        ("true", "e.test"),
        ("false", "e.test"),
        ("true", "s.room == room"),
        ("false", "s.room == room"),
        ("true", "s.large"),
        ("false", "s.large"),
    ] == never
    assert "coverage: 3 of 12 sides of clauses seen, 0 reasoned, 9 missing (25 %)" == total


def test_complete(tmp_path, capsys):
    """Cases that see everything from both sides are enough, and nothing is told but how much it is."""
    status, never, total = covered(shop(tmp_path, FIRES, ENDS, SIGNS), capsys)
    assert (0, []) == (status, never)
    assert "coverage: 12 of 12 sides of clauses seen, 0 reasoned, 0 missing (100 %)" == total


def test_a_list_is_read_up_to_what_decides(tmp_path, capsys):
    """A test behind one that is false is not seen: nothing depended on it."""
    elsewhere = SIGNS.replace("sign: s3, room: r1", "sign: s3, room: r2").replace(
        "alerts: []", 'alerts: [{at: "2026-03-02T09:00:00+01:00", about: k1}]'
    )
    small = elsewhere.replace("room: r1, large: false", "room: r2, large: false")
    _, never, _ = covered(shop(tmp_path, FIRES, ENDS, small), capsys)
    assert [("true", "told(c.room)"), ("true", "s.room == room"), ("true", "s.large"), ("false", "s.large")] == never


def test_a_failing_case_fails_it(tmp_path, capsys):
    """Complete coverage does not make up for a case that fails."""
    wrong = FIRES.replace("2026-03-02T09:00", "2026-03-02T10:00")
    assert 1 == covered(shop(tmp_path, wrong, ENDS, SIGNS), capsys)[0]


@pytest.mark.parametrize(
    "mark",
    [
        ("where: [s.room == room, s.large]", "where:\n      - s.room == room\n      - s.large  # never false: REASON"),
        (
            "where: [s.room == room, s.large]",
            "where:\n      - s.room == room\n      # never false: REASON\n      # and more\n      - s.large",
        ),
    ],
    ids=["behind", "above"],
)
def test_a_reason_at_the_line(tmp_path, capsys, mark):
    """What cannot be seen is excused by a mark with a reason, behind the clause or above it; without one it is not."""
    large = SIGNS.replace("room: r1, large: false", "room: r2, large: true")
    old, new = mark
    folder = shop(tmp_path, FIRES, ENDS, large, text=[(old, new.replace("REASON", "all signs are large"))])
    status, never, total = covered(folder, capsys)
    assert (0, []) == (status, never)
    assert "coverage: 11 of 12 sides of clauses seen, 1 reasoned, 0 missing (100 %)" == total
    folder = shop(tmp_path, FIRES, ENDS, large, text=[(old, new.replace(": REASON", ""))])
    assert (1, [("false", "s.large")]) == covered(folder, capsys)[:2]


def test_a_mark_that_excuses_nothing(tmp_path, capsys):
    """A mark at what was seen, or at no clause, is told and fails: it would hide what comes later."""
    for old, new in (
        ("if: has(c.room)", "if: has(c.room)  # never false: rooms"),
        ("rules:", "rules:  # never met: x"),
    ):
        folder = shop(tmp_path, FIRES, ENDS, SIGNS, text=[(old, new)])
        assert 1 == main(["test", folder, "--coverage"])
        told = capsys.readouterr().out
        line = 1 + (tmp_path / "shop" / "pack.yaml").read_text()[: -len(SIGNS)].split("# never")[0].count("\n")
        assert f"pack.yaml:{line}: this mark is not needed" in told


def test_each(tmp_path, capsys):
    """An ``each:`` over facts must have found some and none, one over a list something."""
    more = SIGNS.replace("a small sign, one elsewhere, then the right one", "more")
    by_fact = [("    for: P1D\n", "    each: {some: sign as g, where: g.large}\n")]
    _, never, _ = covered(shop(tmp_path, FIRES, text=by_fact), capsys)
    assert ("found", "some: sign as g, where: g.large") in never
    _, never, _ = covered(shop(tmp_path, more, text=by_fact), capsys)
    assert not [text for side, text in never if side in ("found", "empty")]
    by_list = [("    for: P1D\n", "    each: c.hours as hour\n")]
    none = [*by_list, ("hours: [1]", "hours: []")]
    assert ("found", "c.hours") in covered(shop(tmp_path, FIRES, text=none), capsys)[1]
    assert ("found", "c.hours") not in covered(shop(tmp_path, FIRES, text=by_list), capsys)[1]


def test_packs_together(tmp_path, capsys):
    """What a used pack declares is not asked for, unless it is named as well; then every case counts for it."""
    folder = shop(tmp_path, FIRES, ENDS, SIGNS)
    user = tmp_path / "user"
    user.mkdir()
    rule = PACK.split("rules:\n")[1].replace("SHOP-01", "USER-01").replace("for: P1D", "for: PT1S")
    rule = rule.replace("    unless:\n      - told(c.room)\n", "")
    head = 'pack: {name: user, version: "1", language: 1, timezone: Europe/Paris, uses: [shop]}\nrules:\n'
    (user / "pack.yaml").write_text(head + rule + FIRES.replace("2026-03-02T09:00:00", "2026-03-01T09:00:01"))
    assert [("met", "PT1S"), ("false", "has(c.room)")] == covered(str(user), capsys)[1]
    _, never, total = covered(str(user), capsys, folder)
    assert [("met", "PT1S"), ("false", "has(c.room)")] == never
    assert "coverage: 14 of 16 sides" in total


def test_parts_that_share_a_clause(tmp_path, capsys):
    """A clause that several parts share is written once, and what one of them sees is seen."""
    parts = (
        "    parts:\n      - {part: day, for: P1D}\n      - {part: week, for: P7D}\n"
        "    about: c.camera\n    if: has(c.room)\n"
    )
    folder = shop(tmp_path, ENDS, SIGNS, text=[("    for: P1D\n    if: has(c.room)\n", parts)])
    assert [("passed", "P1D"), ("passed", "P7D")] == covered(folder, capsys)[1]


def test_json(tmp_path, capsys):
    """As JSON Lines: the cases that failed, the pack, each owner with its gaps, and the total."""
    folder = shop(tmp_path, FIRES, SIGNS, text=[("if: has(c.room)", "if: has(c.room)  # never true: so")])
    assert 1 == main(["test", folder, "--coverage", "--format", "json", "--verbose"])
    first, second, pack, rule, fact, definition, total = map(json.loads, capsys.readouterr().out.splitlines())
    assert [("no sign", True), (SIGNS.split("name: ")[1].split("\n")[0], True)] == [
        (case["case"], case["passed"]) for case in (first, second)
    ]
    assert {"pack": "shop", "cases": 2, "failed": 0} == pack
    assert ("SHOP-01", 6, 0) == (rule["owner"], rule["sides"], rule["missing"])
    assert [("fact camera", 2), ("definition told", 0)] == [(x["owner"], x["missing"]) for x in (fact, definition)]
    assert {"clause": "e.test", "never": "true", "reason": ""} == {
        key: value for key, value in fact["gaps"][0].items() if key != "place"
    }
    assert (12, 0, 2) == tuple(total["coverage"][key] for key in ("sides", "reasoned", "missing"))
    assert 1 == len(total["coverage"]["unneeded"])


def test_several_processes(tmp_path, capsys):
    """Any number of processes tells the same."""
    folder = shop(tmp_path, FIRES, ENDS)
    assert covered(folder, capsys) == covered(folder, capsys, "--jobs", "2")
    assert 2 == main(["test", folder, "--jobs", "0"])
    assert "a number from 1 to 64" in capsys.readouterr().err


def test_watching_changes_nothing(tmp_path):
    """The definition means the same whether somebody looks on or not, and tells every clause of a pack it judges."""
    pack = load(shop(tmp_path, FIRES, ENDS, SIGNS))
    told = []
    for own, seen in run_cases(pack, watched=True):
        assert all(result.passed for result in own)
        assert {clause for clause, _ in seen} == clauses(pack, pack.own)
        assert report(clauses(pack, pack.own), seen, {}).complete
    case = pack.cases[0]
    assert outcome(pack, [], case.until) == outcome(pack, [], case.until, seen=lambda what, found: told.append(what))
