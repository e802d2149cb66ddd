"""The test kit: what it draws is valid and decides something, and what it checks can fail."""

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings

import oversight
from oversight.errors import EventError
from oversight.model.extract import extract
from oversight.outlets.jsonlines import json_lines
from oversight.outlets.text import text
from oversight.testing import (
    check_matcher, check_outlet, check_pack, events, histories, near_misses, scenario,
)  # fmt: skip

PACK = oversight.load("hong-kong")
FEW = settings(max_examples=max(10, settings().max_examples // 10))
FUNCTIONS = extract(PACK, ["HK-CAP-01"], PACK.kinds)
CONSULTING = extract(PACK, ["HK-CON-02"], [])
RULES = ["HK-CON-02", "HK-RET-04"]
VOCABULARY = oversight.Engine(PACK).vocabulary


@FEW
@given(events(PACK))
def test_every_drawn_event_is_valid(event):
    """An event of any kind that the rules read is taken by the engine as it is."""
    assert event["kind"] == VOCABULARY.decode(event).kind


@FEW
@given(histories(PACK))
def test_every_drawn_history_is_valid(history):
    """So is every event of a history, whichever rule it aims at."""
    assert [event["kind"] for event in history] == [VOCABULARY.decode(event).kind for event in history]


@settings(max_examples=5)
@given(near_misses(PACK, "HK-CON-02/closed"))
def test_a_near_miss_differs_in_what_it_names(pair):
    """The first history raises the rule, the second does not, and the difference has a name."""
    told = [oversight.Engine(CONSULTING).feed(history) for history in (pair.raising, pair.silent)]
    assert [True, False] == [any(c.rule == "HK-CON-02" and c.part == "closed" for c in each) for each in told]
    assert pair.changed


@settings(max_examples=5)
@given(near_misses(PACK, "HK-CAP-01"))
def test_a_near_miss_may_be_one_that_an_excuse_puts_off(pair):
    """An approval runs out one day; until a month after the first history raises the rule the second does not."""
    told = [oversight.Engine(FUNCTIONS).feed(history) for history in (pair.raising, pair.silent)]
    told = [[c.at for c in each if c.rule == "HK-CAP-01" and c.at <= pair.until] for each in told]
    assert told[0]
    assert [] == told[1]


def test_a_pack_that_is_right_passes():
    """The engine is held to the definition, and nothing is found."""
    check_pack(PACK, examples=20, rules=RULES)


class Deaf:
    """A matcher that never says anything."""

    def __init__(self, pack):
        self.pack = pack

    def feed(self, event):
        """Hear nothing."""
        return ()

    def advance(self, to):
        """Let nothing pass."""
        return ()


def test_a_matcher_that_is_wrong_is_found_with_the_smallest_history():
    """The error names the property, what was said and meant, and one event that is enough."""
    with pytest.raises(AssertionError, match="the alerts are not those of the definition") as raised:
        check_matcher(Deaf, PACK, rules=["HK-CON-02/closed"])
    assert 1 == len(re.findall(r"^  \d{4}-\d\d-\d\dT\S+  e\d+  ", str(raised.value), re.MULTILINE))
    assert "said:       none" in str(raised.value)


@pytest.mark.parametrize("make", [json_lines, lambda sink: text(sink, PACK.zone)], ids=["jsonlines", "text"])
def test_the_outlets_of_the_house_keep_the_contract(make):
    """JSON Lines and text are told as anybody may rely on."""
    check_outlet(make)


class Forgetful:
    def __init__(self, sink):
        self.sink = sink

    def tell(self, changes):
        """Tell, wrongly."""
        for change in list(changes)[:-1]:
            self.sink(change.rule)


class Raw(Forgetful):
    def tell(self, changes):
        """Tell, wrongly."""
        for change in changes:
            self.sink(change.rule + change.message)


class Silent(Forgetful):
    def tell(self, changes):
        """Tell, wrongly."""
        for change in changes:
            with suppress(OSError):
                self.sink(change.rule)


@pytest.mark.parametrize(
    ("make", "said"),
    [(Forgetful, "each is to be told once"), (Raw, "reach the reader"), (Silent, "hides that its sink failed")],
)
def test_an_outlet_that_breaks_the_contract_is_told_how(make, said):
    """What is left out, let through or hidden is named."""
    with pytest.raises(AssertionError, match=said):
        check_outlet(make)


START = "2026-03-10T09:00:00+08:00"


def test_a_scenario_says_what_came_instead():
    """An alert that did not come is told with the nearest that did, and with the events."""
    made = scenario(PACK).at(START).event("consultation.closed", consultation="con-2", outcome="no_comment")
    with pytest.raises(
        AssertionError, match=r"expected, and did not come: HK-CON-02 .* about con-3\n  nearest"
    ) as raised:
        made.expect("HK-CON-02", about="con-3").check()
    assert "e1  consultation.closed: consultation con-2" in str(raised.value)


def test_a_scenario_without_alerts_can_be_expected():
    """Alerts of rules that are named and of which none is expected must not come."""
    made = scenario(PACK).at(START).event("consultation.closed", consultation="con-2", outcome="no_comment")
    with pytest.raises(AssertionError, match="came, and was not expected: HK-CON-02/closed"):
        made.check(rules=["HK-CON-02"])


@pytest.mark.parametrize(
    ("step", "error", "said"),
    [
        (lambda s: s.event("camera.activated"), ValueError, "say when first"),
        (lambda s: s.at("2026-03-10T09:00:00"), ValueError, "offset"),
        (lambda s: s.at(START).event("camera.activatd"), ValueError, "did you mean 'camera.activated'"),
        (lambda s: s.at(START).event("camera.activated", camra="c"), ValueError, "did you mean 'camera'"),
        (lambda s: s.at(START).event("camera.activated", camera=3), EventError, "Expected `str`"),
        (lambda s: s.at(START).expect("HK-PIA-1"), ValueError, "did you mean 'HK-PIA-01'"),
        (lambda s: histories(PACK, ["HK-PIA-1"]), ValueError, "did you mean 'HK-PIA-01'"),
        (lambda s: events(PACK, "camera.activatd"), ValueError, "did you mean 'camera.activated'"),
    ],
)
def test_what_is_misspelt_is_told_with_the_nearest(step, error, said):
    """A kind, attribute or rule that is not there is named, with the one that was meant."""
    with pytest.raises(error, match=re.escape(said)):
        step(scenario(PACK))
