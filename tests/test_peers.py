"""The comparison with others: what is compared is right, before anything is said of its speed."""

import pytest
from benchmarks.peers import ours, work
from benchmarks.peers.__main__ import table, verdict
from benchmarks.peers.chart import bars
from benchmarks.peers.one import measured

EVENTS = (20_000, 600, 3)


@pytest.mark.parametrize("way", [ours.from_lines, ours.from_events])
def test_oversight_tells_what_was_written_by_hand(way):
    """Two programs that share nothing tell the same alerts, each once."""
    lines = work.lines(*EVENTS)
    expected = ours.by_hand(lines)()
    assert {"P1", "P2", "P3", "P4", "P5"} == {rule for rule, _, _ in expected}
    told = way(lines)()
    assert work.sameness(expected) == work.sameness(told)
    assert len(expected) == len(told)


def test_what_is_not_told_is_shown():
    """Beside its speed stands what somebody leaves out."""
    found = measured("decoding", *EVENTS)
    assert found["expected"] == found["missing"]
    assert verdict("zen_engine", found).startswith(f"{found['expected']:,} of {found['expected']:,} missing")


def test_what_cannot_be_run_says_why():
    """A library that is not installed is no failure."""
    lines = list(table({"drools": measured("drools", *EVENTS)}, 1))
    assert "drools         not run: AttributeError" in lines[-1]


def test_a_chart_has_every_bar():
    """Each bar has its name and its value."""
    assert all(said in bars({"a": 1.0, "b<": 0.5}) for said in (">a<", ">b&lt;<", ">1.000<", ">0.500<"))
