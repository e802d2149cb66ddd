"""The Hong Kong scenario: what is raised is expected or justified, and the whole run is a golden file."""

import json
import os
import random
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import oversight
from oversight.ground.time import format_instant, parse_instant
from oversight.meaning.semantics import outcome
from oversight.model.alerts import CLEARED, RAISED, to_json
from oversight.model.folding import Folded, fold

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden" / "scenario-hong-kong.jsonl"
HONG_KONG = ZoneInfo("Asia/Hong_Kong")
UNTIL = datetime(2027, 4, 2, tzinfo=HONG_KONG)

LINES = (ROOT / "tests" / "data" / "scenario-hong-kong.events.jsonl").read_text().splitlines()
EXPECTED = json.loads((ROOT / "tests" / "data" / "scenario-hong-kong.expected.json").read_text())["events"]
PACK = oversight.load("hong-kong")
RULES = {rule.id for rule in PACK.rules}


def run(lines: list[str]) -> tuple[oversight.Change, ...]:
    """All changes of a run over *lines*, to the end of the scenario."""
    engine = oversight.Engine(PACK)
    told = [change for line in lines for change in engine.feed(line, settle=False)]
    return (*told, *engine.advance(UNTIL))


CHANGES = run(LINES)
RAISES = [change for change in CHANGES if change.change == RAISED]


def rows(heading: str) -> list[dict[str, str]]:
    """The rows of the first table under *heading* of the scenario's page."""
    page = (ROOT / "docs" / "scenario.md").read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    table = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("|")]
    names = [cell.strip() for cell in table[0]]
    return [dict(zip(names, (cell.strip() for cell in row), strict=True)) for row in table[2:]]


def shown(instant: datetime | None) -> str:
    """An instant as the tables write it."""
    return "" if instant is None else instant.astimezone(HONG_KONG).strftime("%Y-%m-%d %H:%M")


def row_of(alert: Folded) -> tuple[str, ...]:
    """What the table says of an alert."""
    return (alert.rule, alert.part, shown(alert.at), ", ".join(sorted(alert.subjects)), shown(alert.cleared))


def test_the_run_is_the_golden_file() -> None:
    """Every line of the run is as recorded; UPDATE_GOLDEN=1 records it anew."""
    # The digest changes with every comment in a pack: that it is there is asserted, its value not recorded.
    assert {PACK.digest} == {change.pack_digest for change in CHANGES}
    told = "".join(to_json({**change.as_dict(), "pack_digest": "*"}) + "\n" for change in CHANGES)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(told)
    assert GOLDEN.read_text().splitlines() == told.splitlines()


def test_every_alert_is_justified_and_nothing_else_is_raised() -> None:
    """The alerts of the run are exactly the rows of the page."""
    listed = [tuple(row[name] for name in ("rule", "part", "at", "subjects", "cleared")) for row in rows("Every alert")]
    assert sorted(listed) == sorted(row_of(alert) for alert in fold(CHANGES).values())
    assert all(row["why"] for row in rows("Every alert"))


def test_what_the_table_expects_is_raised_at_or_because_of_its_event() -> None:
    """Each expectation has an alert caused by its event, resting on it, or raised on its day."""
    for event in EXPECTED:
        for rule in RULES & set(event["expect_at_least"]):
            day = shown(parse_instant(event["time"]))[:10]
            found = [
                change
                for change in RAISES
                if change.rule == rule
                and (event["event_id"] in (change.cause, *change.evidence) or shown(change.at)[:10] == day)
            ]
            assert found, f"{rule} is expected at {event['event_id']}"


def test_the_page_says_truly_what_was_expected() -> None:
    """A row says yes exactly where the scenario's own table expects the rule at that event."""
    timers = {row["rule"] for row in rows("Timers")}
    wanted = {(e["event_id"], rule) for e in EXPECTED for rule in e["expect_at_least"]}
    for row in rows("Every alert"):
        found = (row["because of"], row["rule"]) in wanted
        silent = "timer" if row["rule"] in timers else "no"
        assert ("yes" if found else silent) == row["expected"], row
    listed = {(row["because of"], row["rule"]) for row in rows("Every alert")}
    assert {pair for pair in wanted if pair[1] in RULES} <= listed


@pytest.mark.parametrize("row", rows("Timers"), ids=lambda row: row["rule"])
def test_timers_pass_on_their_day_without_an_event(row: dict[str, str]) -> None:
    """A deadline raises its alert on its date, and no event is its cause."""
    assert [None] == [c.cause for c in RAISES if c.rule == row["rule"] and shown(c.at)[:10] == row["date"]]


def test_what_the_table_says_clears_is_cleared() -> None:
    """Each clearing that is expected is told with its event as cause and instant."""
    for event in EXPECTED:
        for rule in RULES & set(event["clears"]):
            cleared = [c for c in CHANGES if c.change == CLEARED and c.rule == rule and c.cause == event["event_id"]]
            assert [parse_instant(event["time"])] == [change.at for change in cleared]


def test_in_order_nothing_is_withdrawn() -> None:
    """A history fed in order of time takes nothing back."""
    assert {RAISED, CLEARED} == {change.change for change in CHANGES}


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_arrival_ends_in_the_same_alerts(seed: int) -> None:
    """The scenario in another order leaves the same alerts."""
    shuffled = list(LINES)
    random.Random(seed).shuffle(shuffled)
    assert fold(CHANGES) == fold(run(shuffled))


def test_the_definition_says_the_same() -> None:
    """The alerts of the engine are those of the definition."""
    events = [oversight.Engine(PACK).decode(line) for line in LINES]
    meant = outcome(PACK, events, UNTIL).alerts  # type: ignore[arg-type]
    told = {key: (a.rule, a.part, a.at, a.since, a.subjects) for key, a in fold(CHANGES).items()}
    assert {key: (a.rule.id, a.rule.part, a.at, a.since, a.subjects) for key, a in meant.items()} == told


def test_alerts_accuse_nobody_and_say_what_would_clear_them() -> None:
    """The text says what is not on record, never that a thing was not done; no subject is a person."""
    persons = {"p-3", "p-8", *actors(LINES)}
    kinds = set(PACK.kinds)
    for change in RAISES:
        said = f"{change.title} {change.message} {change.remedy}".lower()
        assert not [word for word in ("not done", "failed to", "did not") if word in said]
        assert not persons & set(change.subjects)
        assert not any(f" {person}" in f" {said}" for person in persons)
        assert any(kind in change.remedy for kind in kinds), change.remedy


def actors(lines: list[str]) -> set[str]:
    """The opaque ids of persons in *lines*."""
    data: list[dict[str, Any]] = [json.loads(line)["data"] for line in lines]
    return {d[name] for d in data for name in ("actor", "author", "approver", "person_ref", "target_ref") if name in d}


def test_subjects_of_one_act_share_one_alert() -> None:
    """2,990 cameras switched on in one act are one alert that names and counts them all."""
    cameras = [f"cam-{number:06}" for number in range(2990)]
    act = json.loads(next(line for line in LINES if '"hk-022"' in line))
    act["data"]["target"]["ids"] = cameras
    told = [c for c in oversight.Engine(PACK).feed(json.dumps(act)) if c.rule == "HK-PIA-01"]
    assert [cameras] == [sorted(change.subjects) for change in told]
    assert [2990] == [change.subject_count for change in told]
    assert ["2026-03-10T09:00:00+08:00"] == [format_instant(change.at) for change in told]
