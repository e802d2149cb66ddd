"""A program that embeds the library and hands over the wrong thing is told which, at once, and what to hand over."""

from datetime import date, datetime

import pytest

import oversight
from oversight.errors import EventError, UnknownAlert

PACK = oversight.load("hong-kong")
CLOSED = {
    "kind": "consultation.closed",
    "id": "1",
    "time": "2026-09-01T09:00:00+08:00",
    "consultation": "con-2",
    "outcome": "no_comment",
}
SOME_DAY = datetime.fromisoformat("2026-10-01T00:00:00+08:00")


def test_alert_is_explained_as_it_was_told(tmp_path):
    """``explain`` takes the alert as the engine gave it, or its identity, and so does a record."""
    engine = oversight.Engine(PACK)
    [told] = engine.feed(CLOSED)
    assert engine.explain(told.alert) == engine.explain(told)
    with oversight.open(f"sqlite:///{tmp_path}/case.db", PACK) as record:
        [told] = record.feed(CLOSED)
        assert record.explain(told.alert) == record.explain(told)
    with pytest.raises(UnknownAlert, match=f"no alert has the identity '{told.alert}'"):
        oversight.Engine(PACK).explain(told)


@pytest.mark.parametrize("wrong", ["2026-10-01T00:00:00+08:00", date(2026, 10, 1)], ids=["text", "day"])
def test_instant_is_a_datetime(wrong, tmp_path):
    """Whatever asks for an instant says that it takes a datetime, and what it was given."""
    engine = oversight.Engine(PACK)
    said = f"takes a datetime with an offset, not {type(wrong).__name__}"
    with pytest.raises(TypeError, match=f"^advance {said}"):
        engine.advance(wrong)
    with pytest.raises(TypeError, match=f"^preview {said}"):
        engine.preview(CLOSED, until=wrong)
    with pytest.raises(TypeError, match=f"^as_known_at {said}"):
        oversight.as_known_at([], wrong)
    with pytest.raises(TypeError, match=f"^why_not {said}"):
        oversight.why_not(PACK, [], "HK-PIA-01", "HK-WC", wrong)
    with oversight.open(f"sqlite:///{tmp_path}/case.db", PACK) as record, pytest.raises(TypeError, match=said):
        record.advance(wrong)


@pytest.mark.parametrize("make", [oversight.Engine, oversight.event_classes], ids=["engine", "classes"])
def test_pack_is_loaded_first(make):
    """The name of a pack is no pack: the message says what makes one of it."""
    with pytest.raises(
        TypeError, match=r"^expected a pack, as oversight\.load gives it, not str: load\('hong-kong'\)$"
    ):
        make("hong-kong")


def test_record_is_of_a_pack_that_was_loaded(tmp_path):
    """A record says the same as an engine where it is given the name of a pack, and leaves no file behind."""
    with pytest.raises(
        TypeError, match=r"^expected a pack, as oversight\.load gives it, not str: load\('hong-kong'\)$"
    ):
        oversight.open(f"sqlite:///{tmp_path}/case.db", "hong-kong")
    assert [] == list(tmp_path.iterdir())


def test_history_is_decoded_before_an_alert_is_verified():
    """``verify`` takes decoded events, says so, and passes over those of kinds that the pack does not know."""
    engine = oversight.Engine(PACK)
    [told] = engine.feed(CLOSED)
    with pytest.raises(TypeError, match=r"^verify takes decoded events, not dict: use Engine\.decode first$"):
        oversight.verify(told, PACK, [CLOSED])
    stranger = engine.decode({"kind": "weather.changed", "id": "2", "time": "2026-09-01T09:00:00+08:00"})
    assert () == oversight.verify(told, PACK, [engine.decode(CLOSED), stranger])


def test_fact_that_is_misspelt_has_a_neighbour():
    """``facts`` names the fact of the pack that is nearest to the one asked for."""
    with pytest.raises(KeyError, match=r"the pack hong_kong has no fact 'assesment', did you mean 'assessment'\?"):
        oversight.Engine(PACK).facts("assesment")


def test_attribute_called_like_the_envelope_stands_in_data():
    """An attribute that only ``data`` can hold is not said to be missing where the envelope has one of its name."""
    planned = {"kind": "capability.enabled", "capability": "c-1", "model_version": "1", "purpose": "p", "mode": "live"}
    with pytest.raises(EventError) as caught:
        oversight.Engine(PACK).feed(
            {**planned, "id": "1", "time": "2026-09-01T09:00:00+08:00", "target": {}, "biometric": True, "actor": "a"}
        )
    assert "missing required field `kind`: an attribute called like a part of the envelope stands in `data`" == (
        caught.value.reason
    )
    assert "$.data.kind" == caught.value.path
