"""A city's programme: among lawful days every planted breach is found, and nothing else is alleged."""

from itertools import islice

from attrs import evolve

from benchmarks import city
from benchmarks.breaches import KINDS, Breaches
from benchmarks.city import Outcome, compare, report, run
from benchmarks.town import START, Town
from oversight import load

PACK = load("hong-kong")
CAMERAS, DAYS, SEED, FOOTAGE = 600, 60, 1, 30


def test_every_breach_is_found_and_nothing_else_alleged(capsys):
    """Sixty days over 600 cameras: the command says what was planted and found, and ends with 0."""
    given = ["--cameras", str(CAMERAS), "--days", str(DAYS), "--footage", str(FOOTAGE)]
    status = city.main(given)
    told = capsys.readouterr().out
    assert 0 == status, told
    assert f"{len(KINDS)} breaches of {len(KINDS)} kinds planted; they take longer than the run: none" in told
    assert " found, 0 unexpected" in told


def small():
    """What a smaller town brings within days, and what was planted in it."""
    town = Town(36, 12, SEED, 2)
    breaches, outcome = Breaches(town, 1), Outcome()
    for _ in run(town, PACK, outcome):
        pass
    return breaches, outcome


def test_differences_are_told():
    """An alert that did not come is lost, one that nobody expected unexpected, and each is named."""
    breaches, outcome = small()
    first = next(one for one in breaches.expected if one.rule == "HK-TRK-01")
    later = evolve(first, at=START)
    found = compare([*(one for one in breaches.expected if one != first), later], outcome, PACK)
    assert (later,) == found.lost
    assert [(first.rule, first.about, first.at)] == [seen[:3] for seen in found.surplus]
    told = list(report(outcome, breaches, found))
    assert (
        f"LOST        tracking without leave: HK-TRK-01 about {' '.join(first.about)} at {START.isoformat()}"
        in told[-2]
    )
    assert told[-1].startswith(f"UNEXPECTED  HK-TRK-01 about {' '.join(first.about)} at ")


def test_what_the_pack_cannot_find_is_not_expected():
    """Of a pack that lacks a rule nothing is expected of it; with it gone, the rest is as it was."""
    breaches, outcome = small()
    without = evolve(PACK, rules=tuple(rule for rule in PACK.rules if rule.id != "HK-TRK-01"))
    outcome.told = [change for change in outcome.told if change.rule != "HK-TRK-01"]
    found = compare(breaches.expected, outcome, without)
    assert ((), ()) == (found.lost, found.surplus)
    assert 0 < found.expected < len([one for one in breaches.expected if one.rule in {r.name for r in PACK.rules}])


def test_evidence_that_comes_late_takes_an_alert_back():
    """The late filing is told as a withdrawal of what was raised before it came."""
    breaches, outcome = small()
    (late,) = [one for one in breaches.expected if one.withdrawn]
    told = [change.change for change in outcome.told if late.about == set(change.subjects) and change.rule == late.rule]
    assert ["raised", "withdrawn"] == told


def test_the_seed_decides():
    """The same seed gives the same events, another one others; all come in order but what is filed late."""

    def events(seed):
        town = Town(36, 12, seed, 2)
        Breaches(town, 1)
        return list(islice(town.events(), 2000))

    first = events(1)
    assert first == events(1)
    assert first != events(2)
    times = [event["time"] for event in first]
    late = [event for event, last in zip(first[1:], times, strict=False) if event["time"] < last]
    assert ["assessment.submitted"] == [event["type"] for event in late]
