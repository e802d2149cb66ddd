"""The engine through its public door: what is taken, how time goes, and what outlives a restart."""

import itertools
import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import oversight
from oversight import Engine, errors, fold
from oversight.model.alerts import to_json
from oversight.model.wire import from_bytes, to_bytes
from tests.tiny import PERMITTED, day, event, follow, go, granted, off, on, revoked, tiny, told

WITHIN_THREE_DAYS = PERMITTED + "  for: P3D\n"


@pytest.fixture
def pack(tmp_path):
    """A camera needs a permit as long as it is on."""
    return tiny(tmp_path, PERMITTED)


@pytest.fixture
def patient(tmp_path):
    """A camera that is on needs a permit within three days."""
    return tiny(tmp_path, WITHIN_THREE_DAYS)


def standing(engine):
    """When each alert that is open was raised."""
    return [alert.at for alert in engine.open_alerts()]


# What is taken


def test_three_lines():
    """A shipped pack is loaded, fed and read in three lines."""
    engine = oversight.Engine(oversight.load("hong-kong"))
    assert () == engine.feed(
        {"id": "1", "kind": "event.retracted", "time": "2026-03-01T09:00:00+08:00", "corrects": "0"}
    )
    assert () == engine.open_alerts()


def test_an_event_in_any_form(pack):
    """Text, bytes, a mapping, a CloudEvent and an object of the public class say the same."""
    flat = on("e1", 1)
    cloud = {"specversion": "1.0", "id": "e1", "source": "s", "type": "camera.on", "time": flat["time"]}
    forms = [flat, json.dumps(flat), json.dumps(flat).encode(), {**cloud, "data": flat["data"]}]
    forms.append(Engine(pack).vocabulary.read(flat))
    assert 1 == len({tuple(to_json(c.as_dict()) for c in Engine(pack).feed(form)) for form in forms})


@pytest.mark.parametrize(
    "again",
    [
        on("e1", 1),
        json.dumps(on("e1", 1)),
        {**on("e1", 1), "time": "2026-03-01T01:00:00Z"},
        [on("e1", 1), on("e1", 1)],
    ],
)
def test_a_repeat_changes_nothing(pack, again):
    """An event that comes again, in whatever form, changes nothing."""
    engine = Engine(pack)
    engine.feed(on("e1", 1))
    assert () == engine.feed(again)
    assert [day(1)] == standing(engine)


@pytest.mark.parametrize("other", [on("e1", 1, "k2"), on("e1", 2), off("e1", 1)])
def test_other_content_is_refused_and_the_first_stands(pack, other):
    """Other attributes, another time or another kind under a known identity are refused."""
    engine = Engine(pack)
    first = engine.feed(on("e1", 1))
    with pytest.raises(errors.EventRefused) as caught:
        engine.feed(other)
    assert "other-content" == caught.value.code
    assert "event 'e1' of source 's' came before with other content; the first stands" == str(caught.value)
    assert [first[0].alert] == [alert.alert for alert in engine.open_alerts()]


def test_another_source_may_use_the_same_id(pack):
    """An identity is a source and an id."""
    engine = Engine(pack)
    engine.feed(on("e1", 1))
    assert [("raised", day(2), "e1")] == told(engine.feed(on("e1", 2, "k2", source="t")))


@pytest.mark.parametrize(
    ("second", "error"),
    [
        (on("e1", 2), errors.EventRefused),
        ({**on("e2", 2), "time": "2026-03-02T09:00:00"}, errors.EventError),
        (event("e2", "camera.on", 2), errors.EventError),
        ("{", errors.EventError),
        (None, errors.EventError),
    ],
)
def test_a_list_is_taken_whole_or_not_at_all(pack, second, error):
    """Where one event of a list is refused, none of them has come."""
    engine = Engine(pack)
    with pytest.raises(error):
        engine.feed([on("e1", 1), second])
    assert None is engine.now
    assert [("raised", day(1), "e1")] == told(engine.feed(on("e1", 1)))


def test_a_refused_event_names_the_path(pack):
    """An event without a required attribute is refused with the path of that attribute."""
    with pytest.raises(errors.EventError) as caught:
        Engine(pack).feed(event("e1", "camera.on", 1))
    assert "$.data.camera" == caught.value.path


def test_strangers_are_counted_and_do_nothing(pack):
    """Events of kinds the pack does not know are counted by kind, and do not move time."""
    engine = Engine(pack)
    assert () == engine.feed([event("e1", "camera.painted", 1), event("e2", "camera.painted", 2)])
    assert {"camera.painted": 2} == engine.strangers
    assert None is engine.now


def test_nothing_is_fed(pack):
    """An empty list is no event."""
    assert () == Engine(pack).feed([])


def test_any_order_comes_to_the_same(patient):
    """Every order of arrival, settled or not, ends in the same alerts."""
    events = [on("e1", 1), granted("e2", 5), revoked("e3", 6), off("e4", 12), off("e5", 11, corrects="e4")]
    ends = []
    for order in itertools.permutations(events):
        engine = Engine(patient)
        changes = [change for each in order for change in engine.feed(each)]
        ends.append(fold(changes + list(engine.advance(day(20)))))
    assert [ends[0]] * len(ends) == ends
    assert [(day(4), day(5)), (day(9), day(11))] == sorted((a.at, a.cleared) for a in ends[0].values())


# Corrections


def test_a_correction_withdraws(pack):
    """A correction takes out what it names and puts itself in its place."""
    expected = [("raised", day(1), "e1"), ("withdrawn", day(1), "e2"), ("raised", day(2), "e2")]
    assert expected == follow(pack, on("e1", 1), on("e2", 2, "k2", corrects="e1"))


def test_a_correction_may_come_first(pack):
    """What is corrected before it comes never counts."""
    engine = Engine(pack)
    engine.feed(event("e2", "event.retracted", 2, corrects="e1"))
    assert (("s", "e1"),) == engine.unmatched
    assert () == engine.feed(on("e1", 1))
    assert () == engine.unmatched


def test_a_retraction_puts_nothing_in(pack):
    """The built-in kind ``event.retracted`` only takes out."""
    steps = [on("e1", 1), event("e2", "event.retracted", 1, corrects="e1"), day(9)]
    assert [("raised", day(1), "e1"), ("withdrawn", day(1), "e2")] == follow(pack, *steps)


def test_another_source_corrects_nothing(pack):
    """A correction reaches only events of its own source, and is told of where it reaches none."""
    engine = Engine(pack)
    engine.feed([on("e1", 1), event("e2", "event.retracted", 2, source="t", corrects="e1")])
    assert [day(1)] == standing(engine)
    assert (("t", "e1"),) == engine.unmatched


def test_an_event_does_not_correct_itself(pack):
    """An event that names itself counts."""
    engine = Engine(pack)
    assert [("raised", day(1), "e1")] == told(engine.feed(on("e1", 1, corrects="e1")))
    assert () == engine.unmatched


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_what_is_corrected_is_out_for_good(pack, order):
    """Correcting a correction does not bring back what it had taken out."""
    events = [on("e1", 1), on("e2", 1, "k2", corrects="e1"), on("e3", 1, "k3", corrects="e2")]
    engine = Engine(pack)
    changes = [change for each in order for change in engine.feed(events[each])]
    assert [("k3",)] == [tuple(alert.subjects) for alert in fold(changes).values()]


def test_a_correction_that_is_out_itself_still_takes_time_back(patient):
    """What time alone had raised is withdrawn, though the event that takes time back has no instant of its own."""
    engine = Engine(patient)
    engine.feed([on("e1", 1), event("e2", "event.retracted", 1, corrects="e4")])
    assert [("raised", day(4), None)] == told(engine.feed(on("e3", 9)))[:1]
    changes = told(engine.feed(event("e4", "event.retracted", 9, corrects="e3")))
    assert ("withdrawn", day(4), "e4") in changes
    assert day(1) == engine.now


def test_correcting_the_latest_event_takes_time_back(patient):
    """With a wrong date corrected, deadlines that only this date had passed are not passed."""
    engine = Engine(patient)
    engine.feed(on("e1", 1))
    assert [("raised", day(4), None)] == told(engine.feed(on("e2", 30, "k2")))
    assert [("withdrawn", day(4), "e3")] == told(engine.feed(on("e3", 3, "k2", corrects="e2")))
    assert (day(3), day(3)) == (engine.now, engine.closed)
    assert [("raised", day(4), None)] == told(engine.advance(day(4)))


def test_time_goes_back_though_nothing_comes_in_its_place(pack):
    """A correction that is itself out takes out what it names, and the instant reached with it."""
    engine = Engine(pack)
    engine.feed([event("e1", "event.retracted", 1, corrects="e3"), on("e2", 5)])
    assert [("withdrawn", day(5), "e3")] == told(engine.feed(event("e3", "event.retracted", 3, corrects="e2")))
    assert (day(1), day(1)) == (engine.now, engine.closed)


def test_time_does_not_go_back_before_the_last_advance(patient):
    """What was reached by advancing stays reached."""
    engine = Engine(patient)
    engine.feed([on("e1", 1), on("e2", 30, "k2")])
    engine.advance(day(31))
    assert () == engine.feed(on("e3", 30, "k2", corrects="e2"))
    assert day(31) == engine.now


# Time


def test_time_is_not_turned_back(pack):
    """Advancing to before the instant reached is refused; to that instant, it changes nothing."""
    engine = Engine(pack)
    engine.feed(on("e1", 2))
    assert () == engine.advance(day(2))
    with pytest.raises(errors.TimeWentBackwards, match=r"2026-03-01T09:00:00\+08:00 is before 2026-03-02T09"):
        engine.advance(day(1))
    assert issubclass(errors.TimeWentBackwards, ValueError)


def test_time_has_an_offset(pack):
    """A datetime without an offset is no instant."""
    with pytest.raises(ValueError, match="offset"):
        Engine(pack).advance(datetime(2026, 3, 1))


def test_time_passes_without_events(pack):
    """Time may pass before the first event."""
    engine = Engine(pack)
    assert () == engine.advance(day(1))
    assert (day(1), day(1)) == (engine.now, engine.closed)


def test_an_open_instant_waits_for_what_else_happened(pack):
    """Unsettled, an instant is judged when a later event comes, with all that happened at it."""
    engine = Engine(pack)
    assert () == engine.feed(on("e1", 1), settle=False)
    assert () == engine.feed(granted("e2", 1), settle=False)
    assert () == engine.feed(on("e3", 2, "k2"), settle=False)
    assert (day(2), day(1)) == (engine.now, engine.closed)
    assert [("raised", day(2), "e3")] == told(engine.feed(on("e4", 3, "k2"), settle=False))


def test_an_instant_that_was_passed_is_not_open(pack):
    """Where a correction takes time back, an instant that had been passed is judged, settled or not."""
    engine = Engine(pack)
    assert () == engine.feed(on("e1", 2), settle=False)
    restored = Engine.restore(pack, engine.snapshot())
    for each in (engine, restored):
        assert [("raised", day(1), "e2")] == told(each.feed(on("e2", 1, "k2", corrects="e1"), settle=False))
        assert (day(1), day(1)) == (each.now, each.closed)


@pytest.mark.parametrize("close", [lambda e: e.settle(), lambda e: e.advance(day(1)), lambda e: e.feed([])])
def test_an_open_instant_is_closed(pack, close):
    """Settling, advancing to it and any settled feed close an open instant."""
    engine = Engine(pack)
    engine.feed(on("e1", 1), settle=False)
    assert [("raised", day(1), "e1")] == told(close(engine))


def test_accepted_events_are_judged_together(pack):
    """Accepting takes an event in and judges nothing."""
    engine = Engine(pack)
    for each in (granted("e2", 1), on("e1", 1), on("e3", 2, "k2")):
        engine.accept(engine.decode(each))
    assert () == engine.close()
    assert [("raised", day(2), "e3")] == told(engine.settle())


def test_with_the_callers_clock_events_wait(pack):
    """Only advancing moves the caller's clock; events of later instants wait for it, earlier ones do not."""
    engine = Engine(pack, clock="caller")
    assert () == engine.feed([on("e1", 1), on("e2", 3, "k2")])
    assert None is engine.now
    assert [("raised", day(1), "e1")] == told(engine.advance(day(2)))
    assert day(2) == engine.now
    assert [("raised", day(1), "e3")] == told(engine.feed(on("e3", 1, "k3")))
    assert [("raised", day(3), "e2")] == told(engine.advance(day(4)))


@pytest.mark.parametrize("settings", [{"clock": "wall"}, {"revise": "soon"}])
def test_settings_are_checked(pack, settings):
    """A clock that is neither and a period that is none are refused."""
    with pytest.raises(ValueError, match=next(iter(settings.values()))):
        Engine(pack, **settings)


@pytest.mark.parametrize("source", [None, 7, b"", "{}", "[]", object()])
def test_what_is_no_event(pack, source):
    """Anything else than an event is refused as such."""
    with pytest.raises(errors.EventError):
        Engine(pack).feed(source)


# Revision


def test_revision_reaches_so_far(pack):
    """An event exactly as late as allowed is taken; a moment later is too late, and says so."""
    engine = Engine(pack, revise="P2D")
    engine.feed(on("e1", 10))
    assert [("raised", day(8), "e2")] == told(engine.feed(on("e2", 8, "k2")))
    with pytest.raises(errors.EventRefused) as caught:
        engine.feed(on("e3", day(8) - timedelta(microseconds=1), "k3"))
    assert "too-late" == caught.value.code
    assert "(before 2026-03-08T09:00:00+08:00); allow more with revise" in str(caught.value)


def test_what_is_final_stays_final(pack):
    """Taking time back, by a correction or a restart, does not open what no event may reach any more."""
    engine = Engine(pack, revise="P2D")
    engine.feed([on("e1", 1), on("e2", 10, "k2")])
    engine.feed(event("e3", "event.retracted", 8, corrects="e2"))
    assert day(8) == engine.now
    for each in (engine, Engine.restore(pack, engine.snapshot())):
        with pytest.raises(errors.EventRefused, match="before 2026-03-08"):
            each.feed(off("e4", 7))


def test_what_is_final_cannot_be_corrected(pack):
    """A correction of what is final takes nothing back and is named as one that matched nothing."""
    engine = Engine(pack, revise="P2D")
    raised = engine.feed([on("e1", 1), on("e2", 10, "k2")])
    assert [("raised", "e1"), ("raised", "e2")] == [(c.change, c.cause) for c in raised]
    assert () == engine.feed(event("e3", "event.retracted", 10, corrects="e1"))
    for each in (engine, Engine.restore(pack, engine.snapshot())):
        assert (("s", "e1"),) == each.unmatched
        assert 2 == len(each.open_alerts())


def test_what_is_final_is_refused_also_where_it_is_a_repeat(pack):
    """Whether an event is refused as too late does not hang on how much of the past happens to be remembered still."""
    engine = Engine(pack, revise="P2D")
    engine.feed([on("e1", 1), on("e2", 10, "k2")])
    with pytest.raises(errors.EventRefused, match="later than the period for revision"):
        engine.feed(on("e1", 1))


def test_memory_does_not_grow_with_what_was_taken_out(pack):
    """With a bound for revision, what corrections took out is let go of in its time."""
    sizes = []
    engine = Engine(pack, revise="PT1H")
    for number in range(1, 6000):
        at = day(1) + timedelta(minutes=number)
        engine.feed([on(f"e{number}", at), event(f"r{number}", "event.retracted", at, corrects=f"e{number}")])
        if number % 2000 == 1999:
            sizes.append(len(engine.snapshot()))
    assert sizes[2] < 1.2 * sizes[1]


def test_memory_does_not_grow_with_what_is_over(pack):
    """With a bound for revision, events and alerts that are over are let go of."""
    sizes = []
    engine = Engine(pack, revise="PT1H")
    for number in range(1, 9_001, 3):
        engine.feed([on(f"a{number}", number / 24), off(f"b{number}", (number + 1) / 24)])
        if number in (3_001, 6_001):
            sizes.append(len(engine.snapshot()))
    assert sizes[1] < 1.1 * sizes[0]
    assert () == engine.open_alerts()


# Restarts


def test_a_restored_engine_goes_on(patient):
    """What waits, stands, was corrected or counted when a snapshot was taken goes on from there."""
    engine = Engine(patient, revise="P30D")
    engine.feed([on("e1", 1), on("e2", 2, "k2"), event("e3", "camera.painted", 2), granted("e4", 2, "k2")])
    engine.feed(event("e5", "event.retracted", 2, corrects="e9"))
    later = [day(4), revoked("e6", 5), on("e9", 6, "k9"), off("e7", 3), day(30)]
    restored = Engine.restore(patient, engine.snapshot())
    assert (engine.now, engine.closed, engine.strangers, engine.unmatched) == (
        restored.now, restored.closed, restored.strangers, restored.unmatched,
    )  # fmt: skip
    for step in later:
        both = [go(each, step) for each in (engine, restored)]
        assert both[0] == both[1]
    assert engine.open_alerts() == restored.open_alerts()


def test_an_open_instant_stays_open(pack):
    """An instant that was not judged when a snapshot was taken is not judged by taking it."""
    engine = Engine(pack)
    engine.feed(on("e1", 1), settle=False)
    restored = Engine.restore(pack, engine.snapshot())
    assert () == restored.feed(granted("e2", 1))
    assert () == engine.feed(granted("e2", 1))


def test_a_restored_engine_knows_how_late_it_is(pack):
    """What waits in a snapshot is later than events that come after the restart with earlier times."""
    engine = Engine(pack)
    engine.feed(on("e1", 9), settle=False)
    restored = Engine.restore(pack, engine.snapshot())
    for each in (engine, restored):
        changes = each.feed([on("e2", 1, "k2"), on("e3", 2, "k3"), granted("e4", 2, "k3")])
        assert [("raised", day(1), "e2"), ("raised", day(9), "e1")] == told(changes)
        assert (day(9), day(9)) == (each.now, each.closed)


def test_a_snapshot_does_not_swallow_changes(pack):
    """While what was accepted waits to change what was told, no snapshot is taken."""
    engine = Engine(pack)
    engine.feed(on("e1", 5))
    engine.accept(engine.decode(on("e2", 2, "k2")))
    with pytest.raises(errors.SnapshotRefused, match="close or settle before"):
        engine.snapshot()
    assert [("raised", day(2), "e2")] == told(engine.settle())
    assert [day(2), day(5)] == standing(Engine.restore(pack, engine.snapshot()))


def test_a_snapshot_is_of_one_pack(pack, patient):
    """A snapshot does not go with another pack, by however little it differs."""
    with pytest.raises(errors.SnapshotRefused, match="another pack"):
        Engine.restore(patient, Engine(pack).snapshot())


def test_a_snapshot_is_of_one_version(pack):
    """A snapshot of another version is refused."""
    written = from_bytes(Engine(pack).snapshot())
    with pytest.raises(errors.SnapshotRefused, match="of version 999"):
        Engine.restore(pack, to_bytes({**written, "version": 999}))


@given(st.data())
def test_a_damaged_snapshot_is_refused(tmp_path_factory, data):
    """A byte changed, lost or added anywhere is noticed."""
    pack = tiny(tmp_path_factory.mktemp("pack"), PERMITTED)
    engine = Engine(pack)
    engine.feed(on("e1", 1))
    whole = engine.snapshot()
    at = data.draw(st.integers(0, len(whole) - 1))
    instead = data.draw(st.binary(max_size=2).filter(lambda found: found != whole[at : at + 1]))
    with pytest.raises(errors.SnapshotRefused, match="cannot be read"):
        Engine.restore(pack, whole[:at] + instead + whole[at + 1 :])
