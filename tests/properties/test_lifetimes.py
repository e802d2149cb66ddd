"""What is said of how long facts stay is so."""

from __future__ import annotations

from tests.properties.drawn import day
from tests.properties.trying import example, tried

from oversight import Engine, lifetimes
from oversight.model.lifetimes import NEVER, TIME
from oversight.testing.dice import Dice

LATEST = 12
"""After the last day that is drawn, and the longest life from it."""


@tried(0)
def test_facts_stay_as_long_as_is_said(dice: Dice) -> None:
    """With no event any more, what is bounded by time is gone, and what stays for ever is all still there."""
    pack, history = example(dice)
    engine = Engine(pack)
    engine.feed(history)
    held = {name: {fact.key for fact in engine.facts(name)} for name in pack.facts}
    engine.advance(day(LATEST))
    for said in lifetimes(pack):
        assert (said.bound == NEVER) == ("for ever" in said.text)
        left = {fact.key for fact in engine.facts(said.fact)}
        if said.bound == TIME:
            assert set() == left
        elif said.text == "for ever":
            assert held[said.fact] <= left
