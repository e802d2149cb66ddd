"""The numbers of a programme that need more cameras than a case can hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import oversight
from oversight.model.alerts import CLEARED, RAISED

PACK = oversight.load("hong-kong")
ENOUGH = 167
"""One for every 1,000 of the 166,695 inhabitants of Wan Chai, and one more."""


def happened(*steps: tuple[str, dict[str, Any]]) -> list[tuple[str, int, list[str]]]:
    """The changes of the district's rule after these steps: what, after which step, about whom."""
    engine, told = oversight.Engine(PACK), []
    for number, (kind, data) in enumerate(steps):
        instant = f"2026-03-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}+08:00"
        changes = engine.feed({"id": f"e-{number}", "kind": kind, "time": instant, "data": data})
        told += [(c.change, number, list(c.subjects)) for c in changes if (c.rule, c.part) == ("HK-PRP-02", "district")]
    return told


def zone(name: str, district: str) -> tuple[str, dict[str, Any]]:
    return "zone.defined", {"zone": name, "name": name, "district": district, "sensitivity": "none"}


def moved(number: int, place: str) -> tuple[str, dict[str, Any]]:
    return "camera.installed", {
        "camera": f"k-{number}", "programme": "p-1", "zone": place, "lat": 22.3, "lon": 114.1, "owner": "o",
        "capable_of": [], "covert": False,
    }  # fmt: skip


def cameras(count: int, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """So many cameras, each put up and live."""
    for number in range(count):
        yield moved(number, place)
        yield "camera.activated", {"camera": f"k-{number}", "purposes": ["x"], "recording": False, "covert": False}


def test_a_district_is_told_with_one_camera_more_than_one_for_every_thousand() -> None:
    """166 cameras for 166,695 inhabitants are silent, the 167th is told, and switching one off clears."""
    off = ("camera.deactivated", {"camera": "k-3", "reason": "order"})
    steps = [zone("z-1", "Wan Chai"), *cameras(ENOUGH, "z-1"), off]
    assert [(RAISED, 334, ["Wan Chai"]), (CLEARED, 335, ["Wan Chai"])] == happened(*steps)
    assert [] == happened(*steps[:-3])


def test_cameras_of_another_district_do_not_count() -> None:
    """Enough cameras in a zone whose district is not on record are enough for no other district."""
    assert [] == happened(zone("z-2", "Wan Chai"), *cameras(ENOUGH, "z-1"))


def test_a_live_camera_that_is_moved_counts_where_it_stands() -> None:
    """Moving one out of the district clears, moving it back tells again."""
    steps = [zone("z-1", "Wan Chai"), zone("z-2", "Islands"), *cameras(ENOUGH, "z-1"), moved(0, "z-2"), moved(0, "z-1")]
    assert [(RAISED, 335), (CLEARED, 336), (RAISED, 337)] == [told[:2] for told in happened(*steps)]


def test_a_camera_that_is_not_live_and_moved_does_not_count() -> None:
    """A camera put up again without being live is none that is live."""
    steps = [zone("z-1", "Wan Chai"), *cameras(ENOUGH - 1, "z-1"), moved(ENOUGH, "z-1"), moved(ENOUGH, "z-1")]
    assert [] == happened(*steps)


def test_the_district_of_a_zone_may_come_late_or_change() -> None:
    """Defining the zone after its cameras tells; another district for it clears."""
    changed = ("zone.changed", {"zone": "z-1", "changes": {"district": "Sha Tin"}})
    steps = [*cameras(ENOUGH, "z-1"), zone("z-1", "Wan Chai"), changed]
    assert [(RAISED, 334), (CLEARED, 335)] == [told[:2] for told in happened(*steps)]


def test_a_zone_that_changes_otherwise_keeps_its_district() -> None:
    """A change that names no district, or another zone, leaves the count as it is."""
    named = ("zone.changed", {"zone": "z-1", "changes": {"sensitivity": "school"}})
    other = ("zone.changed", {"zone": "z-2", "changes": {"district": "Sha Tin"}})
    steps = [zone("z-1", "Wan Chai"), zone("z-2", "Islands"), *cameras(ENOUGH, "z-1"), named, other]
    assert [(RAISED, 335)] == [told[:2] for told in happened(*steps)]


def test_a_district_without_a_known_number_of_inhabitants_is_not_judged() -> None:
    """Where no number is known, nothing is said."""
    assert [] == happened(zone("z-1", "Atlantis"), *cameras(ENOUGH, "z-1"))
