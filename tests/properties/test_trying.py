"""The way in which properties are tried tries as much as it says, and tells of the one history that fails."""

from __future__ import annotations

import pytest
from hypothesis import settings
from tests.properties.trying import PACK, SEVERAL, tried, written_example

from oversight.testing.dice import Dice


def test_as_many_histories_are_tried_as_the_profile_says() -> None:
    """Each history is another, and each pack serves for several."""
    data: list[bytes] = []

    @tried(10)
    def test_noted(dice: Dice) -> None:
        """Nothing is asked."""
        data.append(dice.data)

    test_noted()
    assert settings().max_examples <= len(data) < settings().max_examples + SEVERAL
    assert len(data) == len(set(data))
    assert len(data) == SEVERAL * len({each[:PACK] for each in data})


def test_of_what_fails_one_history_is_told_and_made_simple() -> None:
    """The error shows the choices for the simplest pack, and for a history that is no longer than it must be."""

    @tried(0)
    def test_short(dice: Dice) -> None:
        """Histories are short, which is not so."""
        _, _, history = written_example(dice)
        assert len(history) < 6, f"{len(history)} events"

    with pytest.raises(AssertionError, match=r"^6 events") as caught:
        test_short()
    (told,) = [note for note in caught.value.__notes__ if "test_short" in note]
    assert "Dice(b'" + r"\x00" * PACK in told
