"""The assumed numbers on which an alert rests are shown with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from oversight import Engine, load
from oversight.model.alerts import Assumption
from tests.tiny import CAMERA, PERMIT, day, granted, off, on, raised, tiny

SCENARIO = Path(__file__).parent.parent / "examples" / "hong_kong" / "events.jsonl"
NUMBERS = """
parameters:
  term: [{from: 2026-01-01, value: P2D, source: Assumed, assumed: true}, {from: 2026-03-10, value: P4D, source: Law}]
  many: {assumed: true, values: [{from: 2026-01-01, value: 0, source: Old}, {from: 2026-03-05, value: 1, source: New}]}
  known: [{from: 2026-01-01, value: 9, source: Law}]
define:
  enough(n): n > many
"""
TERM, OLD, NEW = Assumption("term", "P2D", "Assumed"), Assumption("many", "0", "Old"), Assumption("many", "1", "New")
COUNTED = "{count: camera as other, more_than: many}"


def assumed(folder: Path, rule: str, *steps: object, facts: str = CAMERA + PERMIT) -> list[tuple[Assumption, ...]]:
    """What each alert that is raised assumes, under one rule."""
    return [change.assumed for change in raised(tiny(folder, rule, facts=facts, more=NUMBERS), *steps)]


@pytest.mark.parametrize(
    "said",
    [
        f"if: [{COUNTED}]",
        f"unless: [{{not: {COUNTED}}}]",
        'if: ["enough(c.limit)"]',
        "with: {n: many + 1}\n  if: [c.limit > n]",
        'alert: "more than {many} of these"',
        "if: [{some: camera as o, where: [o.camera == c.camera, o.limit > many]}]",
        "each: c.parts.filter(part, size(part) > many) as part",
        "if: [{any_of: [c.limit > many, {not: c.limit > 5}]}]",
    ],
)
def test_wherever_it_is_read(said: str, tmp_path: Path) -> None:
    """A number that a rule reads in a condition, a definition, a value, a part or its text is shown."""
    guard = "has(c.limit)"
    rule = f"- rule: R\n  while: camera as c\n  {said}"
    rule = rule.replace("if: [", f"if: [{guard}, ") if "c.limit" in rule else rule
    rule = rule.replace("each: c.parts", "if: [has(c.parts)]\n  each: c.parts")
    assert [(OLD,)] == assumed(tmp_path, rule, on("1", 2, limit=3, parts=["pp"]))


def test_a_number_with_a_source_is_not_assumed(tmp_path: Path) -> None:
    """A number of the law is not shown as an assumption."""
    rule = '- rule: R\n  while: camera as c\n  alert: "at most {known}"'
    assert [()] == assumed(tmp_path, rule, on("1", 2))


def test_the_value_is_the_one_in_force_at_the_breach(tmp_path: Path) -> None:
    """Conditions are shown with the value of the instant of the breach."""
    rule = "- rule: R\n  on: camera.on as e\n  if: [has(e.limit), e.limit > many]"
    assert [(OLD,), (NEW,)] == assumed(tmp_path, rule, on("1", 4, limit=3), on("2", 6, limit=3))


def test_a_deadline_is_that_of_the_beginning(tmp_path: Path) -> None:
    """A deadline is shown with the value in force when the breach began, unless that one was no assumption."""
    rule = "- rule: R\n  while: camera as c\n  for: term"
    assert [(TERM,)] == assumed(tmp_path, rule, on("1", 9), day(20))
    assert [()] == assumed(tmp_path, rule, on("1", 11), day(20))


def test_what_a_fact_took_over_is_shown(tmp_path: Path) -> None:
    """Of what a fact read when it began, every value that was in force until the breach is shown."""
    facts = CAMERA.replace("{on: camera.on}", "{on: camera.on, with: {allowed: many}}") + PERMIT
    rule = "- rule: R\n  while: camera as c\n  if: [c.allowed < 5]"
    assert [(OLD,)] == assumed(tmp_path, rule, on("1", 2), facts=facts)
    assert [(OLD, NEW)] == assumed(tmp_path, rule, on("1", 8), facts=facts)


def test_a_fixed_life_is_shown(tmp_path: Path) -> None:
    """A rule that asks for a fact of an assumed life shows that, through other facts as well."""
    facts = CAMERA + PERMIT.replace("ends: {on: permit.revoked}", "lasts: term")
    rule = "- rule: R\n  while: camera as c\n  unless: [{some: permit as p, where: p.camera == c.camera}]"
    assert [(TERM,)] == assumed(tmp_path, rule, granted("1", 2), on("2", 2), day(8), facts=facts)


def test_an_alert_about_an_alert_rests_on_the_same(tmp_path: Path) -> None:
    """A rule that watches another shows what that one assumes."""
    rules = f"""
    - rule: R
      while: camera as c
      if: [{COUNTED}]
    - rule: S
      while: alert as a
      of: [R]
      about: a.subjects
    """
    assert [(OLD,), (OLD,)] == assumed(tmp_path, rules, on("1", 2))


def test_every_change_shows_the_same(tmp_path: Path) -> None:
    """Raised, cleared, withdrawn, explained and listed, an alert assumes the same."""
    engine = Engine(tiny(tmp_path, f"- rule: R\n  while: camera as c\n  if: [{COUNTED}]", more=NUMBERS))
    changes = [*engine.feed(on("1", 2))]
    changes += [*engine.open_alerts(), engine.explain(changes[0].alert)]
    changes += engine.feed(off("2", 4))
    changes += engine.feed({**off("3", 7), "kind": "event.retracted", "data": {"corrects": "1"}})
    assert ["raised", "raised", "raised", "cleared", "withdrawn"] == [change.change for change in changes]
    assert {(OLD,)} == {change.assumed for change in changes}
    assert [{"parameter": "many", "value": "0", "source": "Old"}] == list(changes[0].as_dict()["assumed"])


def test_the_notice_rule_shows_its_lead() -> None:
    """The lead time that no promise names is shown with the alert that rests on it."""
    switched_on = next(line for line in SCENARIO.read_text().splitlines() if '"id": "hk-022"' in line)
    [notice] = [change for change in Engine(load("hong-kong")).feed(switched_on) if change.rule == "HK-NOT-01"]
    source = "Assumed; the promise of 15 February 2026 gives no lead time"
    assert Assumption("public_notice_lead", "P14D", source) in notice.assumed
