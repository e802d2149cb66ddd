"""The hour that a zone has twice, when clocks go back: alerts of it are told in order, and are what they are."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from oversight import Engine, fold, load
from oversight.cli import main
from oversight.meaning.verify import verify
from tests.test_engine_alerts import PER_PART
from tests.tiny import PERMITTED, granted, off, on, tiny, told

LONDON = ZoneInfo("Europe/London")
FIRST, SECOND = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
"""Half past one, by the clocks of London, and half past one once more."""
CASES = """
    cases:
      - name: an hour that comes twice
        events:
          - {kind: camera.on, time: "2026-10-25T01:30:00+01:00", camera: k1}
          - {kind: camera.off, time: "2026-10-25T01:10:00+00:00", camera: k1}
        alerts: [{at: "2026-10-25T01:30:00+01:00", cleared: "2026-10-25T01:10:00+00:00"}]
"""


def in_london(folder, rules):
    """A pack of which the days are those of London."""
    tiny(folder, rules)
    file = folder / "pack.yaml"
    file.write_text(file.read_text().replace("Asia/Hong_Kong", "Europe/London"))
    return load(folder)


def test_an_alert_is_raised_before_it_is_cleared(tmp_path):
    """What was raised in the first of the two hours, and cleared in the second at an earlier time of the clock."""
    sooner = SECOND - timedelta(minutes=20)
    changes = Engine(in_london(tmp_path, PERMITTED)).feed([on("1", FIRST), off("2", sooner)])
    assert [("raised", FIRST, "1"), ("cleared", sooner, "2")] == told(changes)
    assert [sooner] == [alert.cleared for alert in fold(changes).values()]


def test_a_part_that_left_an_hour_later_was_in_breach(tmp_path):
    """The time of the clock at which it left is that at which it was raised."""
    engine = Engine(in_london(tmp_path, PER_PART))
    changes = [*engine.feed(on("1", FIRST, parts=["p", "q"])), *engine.feed(granted("2", SECOND, camera="p"))]
    assert [{"p": SECOND, "q": None}] == [alert.subjects for alert in fold(changes).values()]


@pytest.mark.parametrize("end", ["off", "none"])
def test_an_alert_proves_itself(tmp_path, end):
    """The instants that it names are those of the history."""
    pack = in_london(tmp_path, PERMITTED)
    engine = Engine(pack)
    events = [on("1", FIRST), *([off("2", SECOND)] if end == "off" else [])]
    changes = engine.feed(events)
    assert [()] * len(events) == [verify(change, pack, map(engine.decode, events)) for change in changes]


def test_a_case_of_that_hour_passes(tmp_path, capsys):
    """Its alerts are compared by what they say, in the offset that the author wrote."""
    in_london(tmp_path, PERMITTED + CASES.replace("\n    ", "\n  "))
    assert (0, "1 case ") == (main(["test", str(tmp_path)]), capsys.readouterr().out.partition(": ")[2][:7])


def test_times_of_a_zone_are_instants(tmp_path):
    """Python takes two times of one zone by their clocks alone; fed as they are, they come in the order of time."""
    sooner = (SECOND - timedelta(minutes=20)).astimezone(LONDON)
    engine = Engine(in_london(tmp_path, PERMITTED))
    first, second = on("1", FIRST) | {"time": FIRST.astimezone(LONDON)}, off("2", sooner) | {"time": sooner}
    assert [("raised", FIRST, "1"), ("cleared", sooner.astimezone(UTC), "2")] == told(engine.feed([second, first]))
    engine = Engine(in_london(tmp_path, PERMITTED))
    engine.feed(first)
    engine.advance(sooner)
    assert sooner.astimezone(UTC) == engine.now


def test_attributes_of_a_zone_are_instants(tmp_path):
    """So are the instants that an event carries."""
    sooner = (SECOND - timedelta(minutes=20)).astimezone(LONDON)
    asked = "has(e.valid_from) && has(e.valid_until) && e.valid_from < e.valid_until"
    rule = f"- rule: R\n  on: camera.on as e\n  if: {asked}\n"
    term = {"valid_from": FIRST.astimezone(LONDON), "valid_until": sooner}
    began = on("1", FIRST)
    began["data"] |= term
    assert 1 == len(Engine(in_london(tmp_path, rule)).feed(began))
