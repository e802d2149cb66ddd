"""Why there is no alert: what each sort of clause leads to, in the library and in words."""

import json

import pytest
from tests.tiny import PERMITTED, day, event, granted, off, on, revoked, tiny

from oversight import errors, load, why_not
from oversight.cli import main
from oversight.cli.reasons import reasons


@pytest.fixture
def asked(tmp_path):
    """Asks a pack of some rules about ``k1`` (or another) on a day, after some events."""

    def ask(rules, *events, at=10, subject="k1", rule="R", **more):
        pack = tiny(tmp_path, rules, **more)
        answer = why_not(pack, events, rule, subject, day(at))
        (tmp_path / "text").write_text(unwrapped(answer, pack))
        return answer

    return ask


def unwrapped(answer, pack):
    """The text of an answer, without the tree and its line ends."""
    return " ".join(" ".join(reasons(answer, pack, {})).replace("│", " ").split())


def ruled(*lines):
    """A rule of these lines."""
    return "- rule: R\n" + "".join(f"  {line}\n" for line in lines)


def verdicts(answer):
    """What became of each candidate, by which clause."""
    return [(candidate.verdict, candidate.clause, candidate.number) for candidate in answer.candidates]


# Standing rules


def test_excused_by_a_fact(asked, tmp_path):
    """An excuse that holds is named with the fact, since when, and its event."""
    answer = asked(PERMITTED, on("a", 1), granted("b", 1))
    assert ("not open", [("excused", "unless", 0)]) == (answer.status, verdicts(answer))
    (fact,) = answer.candidates[0].ground.facts
    assert ("permit", ("p1",), day(1), "b", "permit.granted") == (
        fact.fact,
        fact.key,
        fact.since,
        fact.event,
        fact.kind,
    )
    assert "excused, since this holds (unless, " in (tmp_path / "text").read_text()


def test_open_after_the_paper_was_revoked(asked, tmp_path):
    """Once the excuse is gone the alert is open, and the answer points to its grounds."""
    answer = asked(PERMITTED, on("a", 1), granted("b", 1), revoked("c", 4))
    assert ("open", [("raised", "", 0)]) == (answer.status, verdicts(answer))
    assert [(day(4), None)] == [(alert.at, alert.cleared) for alert in answer.alerts]
    text = (tmp_path / "text").read_text()
    assert f"for its grounds: oversight explain {answer.alerts[0].alert[:12]}" in text


def test_later_events_do_not_count(asked):
    """What happens after the instant changes nothing; at the instant itself it counts."""
    events = (on("a", 1), granted("b", 1), revoked("c", 4))
    assert "not open" == asked(PERMITTED, *events, at=3).status
    assert "open" == asked(PERMITTED, *events, at=4).status


def test_values_of_a_condition(asked, tmp_path):
    """A condition that does not hold is told with what it reads; one before it that holds is not."""
    rule = """
    - rule: R
      while: camera as c
      if: ["has(c.limit)", c.limit > most]
    """
    more = "parameters: {most: [{from: 2026-01-01, value: 3}]}"
    answer = asked(rule, on("a", 1, limit=2), more=more)
    assert [("failed", "if", 1)] == verdicts(answer)
    assert {"c.limit": "2", "most": "3"} == dict(answer.candidates[0].ground.values)
    assert [("failed", "if", 0)] == verdicts(asked(rule, on("a", 1), more=more))
    assert "c.limit is not on record" in (tmp_path / "text").read_text()


def test_what_cannot_be_decided(asked, tmp_path):
    """A condition that cannot be decided does not hold, and is told as such."""
    answer = asked(ruled("while: camera as c", "if: 6 / (size(c.camera) - 2) > 1"), on("a", 1))
    assert [("undecided", "if", 0)] == verdicts(answer)
    assert "cannot be decided on what is on record" in (tmp_path / "text").read_text()


def test_nearest_fact_of_a_condition(asked, tmp_path):
    """A fact that is asked for and not there is told by the nearest, and what that does not meet."""
    rule = """
    - rule: R
      while: camera as c
      if: [{some: permit as p, where: [p.camera == c.camera, has(p.level), p.level > 1]}]
    """
    answer = asked(rule, on("a", 1), granted("b", 1, level=1))
    (inner,) = answer.candidates[0].ground.below
    assert ("p.level > 1", "false", {"p.level": "1"}) == (inner.clause, inner.truth, dict(inner.values))
    asked(rule, on("a", 1))
    assert "no such permit is on record" in (tmp_path / "text").read_text()


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("{none: permit as p, where: p.camera == c.camera}", "permit p1, on record since 2026-03-01 09:00"),
        ("{count: permit as p, more_than: 1}", "count: 1"),
        ("{not: {some: permit as p}}", "this holds"),
        ("{any_of: [c.camera == 'k2', c.camera == 'k3']}", "c.camera is k1"),
        ("{any_of: [{all_of: [c.camera == 'k1', has(c.limit)]}]}", "c.limit is not on record"),
    ],
)
def test_grounds_of_each_form(asked, tmp_path, condition, said):
    """Each form of condition says what it rests on."""
    answer = asked(ruled("while: camera as c", f"if: [{condition}]"), on("a", 1), granted("b", 1))
    assert [("failed", "if")] == [verdict[:2] for verdict in verdicts(answer)]
    assert said in (tmp_path / "text").read_text()


def test_deadlines(asked, tmp_path):
    """Before its deadline a breach waits, and the answer says until when."""
    rule = ruled("while: camera as c", "for: P5D")
    answer = asked(rule, on("a", 1), at=4)
    assert [("waiting", "for", 0)] == verdicts(answer)
    assert (day(1), day(6)) == (answer.candidates[0].since, answer.candidates[0].due)
    assert "and the rule leaves time until 2026-03-06 09:00 (for: P5D" in (tmp_path / "text").read_text()
    assert "open" == asked(rule, on("a", 1), at=6).status


def test_in_force(asked, tmp_path):
    """A rule that is not in force says from when it is."""
    rule = ruled("while: camera as c", "in_force: {from: 2026-03-08}")
    assert [("not in force", "in_force", 0)] == verdicts(asked(rule, on("a", 1), at=4))
    assert "not in force at that time (in_force: from: 2026-03-08T00:00:00+08:00" in (tmp_path / "text").read_text()
    assert "open" == asked(rule, on("a", 1), at=8).status


def test_retired(asked, tmp_path):
    """A retired rule raises nothing any more, whatever happened."""
    for head in ("while: camera as c", "on: camera.on as c"):
        assert [("retired", "status", 0)] == verdicts(asked(ruled(head, "status: retired"), on("a", 1)))
        assert "the rule is retired" in (tmp_path / "text").read_text()


def test_parts_of_an_alert(asked, tmp_path):
    """A part that is left out, none at all, and parts that are others are told apart."""
    rule = """
    - rule: R
      while: camera as c
      each: {some: permit as p, where: [p.camera == c.camera, has(p.level)]}
      about: p.permit
    """
    assert [("failed", "each", 1)] == verdicts(asked(rule, on("a", 1), granted("b", 1), subject="p1"))
    assert [("no part", "each", 0)] == verdicts(asked(rule, on("a", 1)))
    assert [("about others", "about", 0)] == verdicts(asked(rule, on("a", 1), granted("b", 1, level=1)))
    assert "is about p1 (about: p.permit, " in (tmp_path / "text").read_text()


def test_what_was_before(asked, tmp_path):
    """What is over is told: the alert that was cleared, and the fact that stands no longer."""
    answer = asked(ruled("while: camera as c"), on("a", 1), off("b", 3))
    assert [(day(1), day(3))] == [(alert.at, alert.cleared) for alert in answer.earlier]
    assert [("k1", day(3), "b")] == [(fact.key[0], fact.until, fact.ended_by) for fact in answer.nothing.ended]
    text = (tmp_path / "text").read_text()
    assert "raised 2026-03-01 09:00, cleared 2026-03-03 09:00" in text
    assert "nearest: camera k1 was on record from 2026-03-01 09:00 (camera.on a) until 2026-03-03 09:00 (b)" in text


def test_rules_about_alerts(asked, tmp_path):
    """A rule that watches another says of the alert what it says of a fact."""
    rules = PERMITTED + "- rule: S\n  while: alert as a\n  of: [R]\n  for: P30D\n  about: a.subjects\n"
    assert [("waiting", "for", 0)] == verdicts(asked(rules, on("a", 1), rule="S"))
    assert "alert R" in (tmp_path / "text").read_text()
    assert (("alert of R", ()),) == asked(rules, on("a", 1), granted("b", 1), rule="S").nothing.looks_at


# Rules on events


def test_each_event_is_a_candidate(asked):
    """Every event that concerns the subject is answered for, as the facts stood then."""
    rule = ruled("on: camera.moved as e", "about: e.camera", "unless: [{some: permit as p}]")
    moves = [event(name, "camera.moved", when, camera="k1", zone="z") for name, when in (("c", 3), ("d", 5))]
    answer = asked(rule, on("a", 1), granted("b", 4), *moves)
    assert [("raised", "", 0), ("excused", "unless", 0)] == verdicts(answer)
    assert "open" == answer.status
    assert ["excused"] == [verdict[0] for verdict in verdicts(asked(rule, granted("b", 2), *moves, at=4))]


def test_corrected_events_are_no_candidates(asked):
    """An event that was corrected is out of the history, and so is what it would have raised."""
    back = event("b", "event.retracted", 2, corrects="a")
    answer = asked(ruled("on: camera.on as e", "about: e.camera"), on("a", 1), back)
    assert ("not open", (), 0) == (answer.status, answer.candidates, answer.nothing.named)


def test_nothing_at_all(asked, tmp_path):
    """Without a candidate the answer says what would be one, and which names are near."""
    answer = asked(ruled("on: camera.moved as e", "about: e.camera"), on("a", 1, "cam-1"), subject="cam-2")
    assert ((("camera.moved", ("camera.moved",)),), ("cam-1",)) == (answer.nothing.looks_at, answer.nothing.nearest)
    text = (tmp_path / "text").read_text()
    assert "no alert was raised by then" in text
    assert "no event up to then names cam-2; nearest: cam-1" in text


# What is asked


def test_unknown_rules(asked):
    """A name that no rule has is refused with the nearest."""
    with pytest.raises(errors.UnknownRule, match=r"the pack tiny has no rule 'RR', did you mean 'R'\?"):
        asked(ruled("while: camera as c"), rule="RR")
    with pytest.raises(ValueError, match="a datetime with an offset"):
        why_not(load("tests/packs/small"), [], "SM-01", "k", day(1).replace(tzinfo=None))


def test_exceptions_of_a_site(tmp_path):
    """An exception for the rule is told; an alert is raised all the same, and waived."""
    folder = tmp_path / "pack"
    folder.mkdir()
    tiny(folder, PERMITTED)
    site = tmp_path / "site.yaml"
    site.write_text(
        "exceptions: [{rule: R, reason: works, owner: council, from: 2026-03-01, until: 2026-03-20, "
        "where: \"'k1' in alert.subjects\"}]"
    )
    pack = load(folder, site=site)
    answer = why_not(pack, [on("a", 1)], "R", "k1", day(2))
    assert ("open", "works") == (answer.status, answer.alerts[0].waived["reason"])
    text = unwrapped(answer, pack)
    assert "waived by the site: works" in text
    other = unwrapped(why_not(pack, [], "R", "k1", day(2)), pack)
    assert "the site makes an exception of this rule until 2026-03-21 00:00" in other


# The command


@pytest.fixture
def command(tmp_path, capsys):
    """The status of the command on some events, and what it prints."""

    def run(events, *arguments):
        path = tmp_path / "events.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in events))
        status = main(["why-not", *arguments, "--events", str(path), "--rules", "tests/packs/small"])
        return status, *capsys.readouterr()

    return run


ENABLED = {
    **event("e", "capability.enabled", 1),
    "data": {"capability": "f", "kind": "plate_reading", "cameras": ["k1"]},
}


def test_exit_status(command):
    """3 where an alert is open, 0 where none is, 1 where lines were refused, 2 for what cannot be asked."""
    assert 3 == command([ENABLED], "SM-01", "k1")[0]
    assert 0 == command([ENABLED], "SM-01", "k2")[0]
    broken = command(
        [ENABLED, {**ENABLED, "id": "b", "data": {}}, {**ENABLED, "time": day(3).isoformat()}], "SM-01", "k"
    )
    assert 1 == broken[0]
    assert ["bad-event", "other-content"] == [line.split(": ")[1].split(" ")[0] for line in broken[2].splitlines()]
    assert (2, "") == command([ENABLED], "SM-1", "k1")[:2]
    assert "did you mean 'SM-01'?; see oversight rules" in command([ENABLED], "SM-1", "k1")[2]
    assert "say with --at of which instant you ask" in command([], "SM-01", "k1")[2]


def test_as_known(command):
    """Of what was recorded later nothing is known; the instant may be no later."""
    late = {**ENABLED, "recordedtime": day(9).isoformat()}
    known = ("--as-known-at", day(5).isoformat())
    assert 3 == command([late], "SM-01", "k1")[0]
    assert 0 == command([late], "SM-01", "k1", *known)[0]
    status, _, said = command([late], "SM-01", "k1", *known, "--at", day(6).isoformat())
    assert (2, True) == (status, "is later than --as-known-at" in said)
