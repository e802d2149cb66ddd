"""The years 1 to 9999: what lies beyond them never comes, and stops nothing."""

import json
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from oversight import Change, Engine, load
from oversight.cli import main
from oversight.meaning.semantics import outcome
from oversight.testing.agreement import alerts_of_changes, alerts_of_definition, facts_of_definition, facts_of_engine
from tests.test_engine_alerts import DATED, SHORT, TERM
from tests.tiny import CAMERA, PERMIT, PERMITTED, day, event, granted, off, on, tiny, told

FOREVER = "9999-12-31"
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
FROM = """
permit:
  key: permit
  starts: {on: permit.granted as e, from: e.last_day, if: has(e.last_day)}
  ends: {on: permit.revoked}
"""
FACTS = {
    "until a day": DATED,
    "until an instant": TERM,
    "lasts": SHORT,
    "months": PERMIT + "  lasts: P1M\n",
    "ages": PERMIT + "  lasts: P1100Y\n",
    "from": FROM,
}
DEADLINES = {
    "none": "",
    "days": "  for: P30D\n",
    "months": "  for: P1M\n",
    "ages": "  for: P1100Y\n",
    "hours": "  for: PT9640000H\n",
    "carried": "  for: c.valid_until - c.valid_from\n  if: [has(c.valid_until), has(c.valid_from)]\n",
    "a day": "  by: c.last_day\n  if: has(c.last_day)\n",
    "an instant": "  by: c.valid_until\n  if: has(c.valid_until)\n",
    "a month later": "  by: c.valid_until + period('P1M')\n  if: has(c.valid_until)\n",
}
INSTANTS = ("1000-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "8999-12-31T23:59:59.999999Z")
ENDS = ("0001-01-01T00:00:00Z", "0001-01-02T00:00:00Z", "9999-12-30T00:00:00Z", "9999-12-31T23:59:59.999999Z")
CARRIED = (*ENDS, "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "2026-03-01T00:00:00Z")


def test_what_is_approved_until_the_last_day_there_is_never_ends(tmp_path):
    """The usual way to say for ever."""
    steps = [on("1", 1), granted("2", 2, last_day=FOREVER)]
    engine = Engine(tiny(tmp_path, PERMITTED, facts=CAMERA + DATED))
    assert [("raised", day(1), "1"), ("cleared", day(2), "2")] == told(engine.feed(steps))
    assert () == engine.advance(LAST - timedelta(microseconds=1))


@pytest.mark.parametrize("zone", ["Asia/Hong_Kong", "America/New_York"])
@pytest.mark.parametrize("facts", FACTS)
@pytest.mark.parametrize("deadline", DEADLINES)
def test_the_engine_and_the_definition_agree_at_both_ends(tmp_path, deadline, facts, zone):
    """Whatever instants and days events carry, and however far terms and deadlines lead, in both orders of arrival."""
    tiny(tmp_path, PERMITTED + DEADLINES[deadline], facts=CAMERA + FACTS[facts])
    file = tmp_path / "pack.yaml"
    file.write_text(file.read_text().replace("Asia/Hong_Kong", zone))
    pack = load(tmp_path)
    for time, carried, last_day in product(INSTANTS, CARRIED, ("0001-01-01", FOREVER)):
        terms = {"valid_from": CARRIED[-1], "valid_until": carried, "last_day": last_day}
        events = [on("1", 1, **terms) | {"time": time}, granted("2", 1, **terms) | {"time": time}, off("3", 1, "k2")]
        for fed in (events, events[::-1]):
            engine = Engine(pack)
            changes = [change for one in fed for change in engine.feed(one)]
            assert changes == [Change.read(json.dumps(change.as_dict()).encode()) for change in changes]
            found = outcome(pack, map(engine.decode, fed), engine.now)
            assert alerts_of_definition(found) == alerts_of_changes(changes)
            assert facts_of_definition(found, pack) == facts_of_engine(engine, pack)
            assert engine.open_alerts() == Engine.restore(pack, engine.snapshot()).open_alerts()


@pytest.mark.parametrize("shown", ["text", "jsonl", "ocsf", "syslog", "cloudevents"])
def test_a_run_goes_on(tmp_path, capsys, shown):
    """An alert of the last year that is taken is told in each form, and what comes late to it."""
    folder = tmp_path / "pack"
    folder.mkdir()
    tiny(folder, PERMITTED, facts=CAMERA + DATED)
    events = [on("1", 1), granted("2", 1, last_day=FOREVER), on("3", 1, "k2"), on("4", 1, "k3"), off("5", 1, "k3")]
    for one, time in zip(events[2:], ("8999-12-31T23:59:59Z", *["1000-01-01T00:00:00Z"] * 2), strict=True):
        one["time"] = time
    file = tmp_path / "events.jsonl"
    file.write_text("".join(f"{json.dumps(one)}\n" for one in events))
    main(["run", str(file), "--rules", str(folder), "--format", shown])
    told = capsys.readouterr()
    assert (True, False) == ("k2" in told.out, "refused" in told.err)


def test_a_rule_in_force_until_then_is_in_force(tmp_path):
    """The last day that there is, and the first, are days."""
    pack = tiny(tmp_path, PERMITTED + f'  in_force: {{from: "0001-01-01", until: "{FOREVER}"}}\n')
    assert [("raised", day(1), "1")] == told(Engine(pack).feed(event("1", "camera.on", 1, camera="k1")))
