"""A durable engine: what it says, what it knows again, and what it refuses."""

import tempfile
from datetime import timedelta
from functools import cache

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.stores import sqlite, stores
from tests.tiny import PERMITTED, day, event, granted, off, on, tiny

import oversight
from oversight import Engine, errors, fold
from oversight.engine.journal import Journal
from oversight.model.extract import extract
from oversight.record.entries import Batch
from oversight.runner import pace
from oversight.testing import histories

LONG = """
- rule: R
  while: camera as c
  unless:
    - {some: permit as p, where: p.camera == c.camera}
- rule: L
  while: camera as c
  for: P10D
"""


class Heard:
    """An outlet that keeps what it is told, and fails where it is asked to."""

    def __init__(self):
        self.told = []
        self.broken = False

    def tell(self, changes):
        """Keep *changes*."""
        for change in changes:
            if self.broken:
                raise BrokenPipeError("the reader has gone")
            self.told.append(change)


def plain(changes):
    """Changes as they are told, without their positions."""
    return [evolve(change, position=None).as_dict() for change in changes]


def told(folder, rules=PERMITTED, **settings):
    """A pack, and an engine for it to compare with."""
    pack = tiny(folder, rules)
    return pack, Engine(pack, **settings)


@stores
def test_a_record_says_what_an_engine_says(store, tmp_path):
    """Events, lists of them and passing time bring the same changes, each with the position at which it stands."""
    pack, engine = told(tmp_path, LONG)
    with oversight.open(store.url, pack) as record:
        for one in (on("1", 1), [granted("2", 2), on("3", 2, "k2")], off("4", 3), granted("5", 1.5)):
            expected = engine.feed(one)
            found = record.feed(one)
            assert plain(expected) == plain(found)
            assert [evolve(change, position=None) for change in found] == [*expected]
        assert plain(engine.advance(day(30))) == plain(record.advance(day(30)))
        assert engine.open_alerts() == record.open_alerts()
        stands = [entry.position for entry in record._opened().entries() if entry.type == "change"]
        assert stands == [change.position for change in record.changes()]


@stores
def test_it_goes_on_where_it_was(store, tmp_path):
    """Opened again after each event, a record says what one engine says that was never closed."""
    pack, engine = told(tmp_path, LONG)
    for one in (on("1", 1), granted("2", 2), on("3", 2, "k2"), off("4", 14), on("5", 3, "k3"), granted("6", 2.5, "k3")):
        expected = engine.feed(one)
        with oversight.open(store.url, pack) as record:
            assert plain(expected) == plain(record.feed(one))
    with oversight.open(store.url, pack) as record:
        assert engine.open_alerts() == record.open_alerts()


@stores
def test_time_that_passed_is_known_again(store, tmp_path):
    """An instant reached stays reached, though nothing changed by it; letting it pass again adds nothing."""
    pack = tiny(tmp_path, LONG)
    with oversight.open(store.url, pack) as record:
        record.feed(on("1", 1))
        record.advance(day(5))
        before = record.size
    for _ in range(2):
        with oversight.open(store.url, pack) as record:
            assert (day(5), before + 1) == (record.now, record.size)
            record.advance(day(5))
            with pytest.raises(errors.TimeWentBackwards):
                record.advance(day(4))
            assert day(5) == record.now


@stores
def test_events_come_again_for_ever(store, tmp_path):
    """An event that comes again changes nothing, also long after the engine forgot it; other content is refused."""
    pack = tiny(tmp_path, PERMITTED)
    events = [on("1", 1), granted("2", 1.5), on("3", 20, "k2"), {**on("4", 21), "kind": "camera.eaten"}]
    with oversight.open(store.url, pack, revise="P1D") as record:
        record.feed_all(events)
        before = record.size
    with oversight.open(store.url, pack, revise="P1D") as record:
        assert 0 == record.feed_all([*events, *events])
        assert () == record.feed(events[0])
        assert before == record.size
        for identity, time in (("1", 1), ("3", 20)):
            with pytest.raises(errors.EventRefused, match=f"'{identity}' of source 's' came before with other content"):
                record.feed(on(identity, time, "k9"))
        assert before == record.size


@sqlite
def test_what_is_older_than_the_horizon_is_replayed(store, tmp_path):
    """Late evidence that an engine with this horizon would refuse withdraws the alert, with the reason."""
    pack = tiny(tmp_path, PERMITTED)
    with oversight.open(store.url, pack, revise="P1D") as record:
        (raised,) = record.feed(on("1", 1))
        record.feed(on("2", 60, "k2"))
        (withdrawn,) = record.feed(granted("3", 1, "k1"))
        expected = ("withdrawn", raised.alert, "3", "evidence filed late: permit p1 granted 2026-03-01")
        assert expected == (withdrawn.change, withdrawn.alert, withdrawn.cause, withdrawn.reason)
        (again,) = record.feed(event("4", "event.retracted", 60, corrects="3"))
        assert ("raised", raised.alert) == (again.change, again.alert)
    with oversight.open(store.url, pack, revise="P1D") as record:
        assert {raised.alert} < {change.alert for change in record.open_alerts()}


@sqlite
def test_what_was_forgotten_cannot_be_replayed(store, tmp_path):
    """Where bodies were forgotten, an event older than the horizon is refused as too late, and others are not."""
    pack = tiny(tmp_path, PERMITTED)
    with oversight.open(store.url, pack, revise="P1D") as record:
        record.feed(on("1", 1))
        record.feed(on("2", 60, "k2"))
        record._opened().commit(Batch(forget=[1]))
        before = record.size
        with pytest.raises(errors.EventRefused, match="the event at position 1 of the record was forgotten") as refused:
            record.feed(granted("3", 1, "k1"))
        assert ("too-late", before) == (refused.value.code, record.size)
        assert () == record.feed(on("1", 1, "k9"))  # what it said then cannot be known
        assert 1 == len(record.feed(on("4", 60, "k3")))


@sqlite
def test_explains_what_the_engine_forgot(store, tmp_path):
    """An alert that is long over is explained as it was told last; one that never was is unknown."""
    pack = tiny(tmp_path, PERMITTED)
    with oversight.open(store.url, pack, revise="P1D") as record:
        (raised,) = record.feed(on("1", 1))
        record.feed(off("2", 2))
        # An engine lets go of what is over in large slices.
        record.feed_all(on(f"n{number}", day(60) + timedelta(minutes=number), "k2") for number in range(3000))
        with pytest.raises(errors.UnknownAlert):
            record.engine.explain(raised.alert)
        assert (raised.alert, raised.evidence) == (lambda a: (a.alert, a.evidence))(record.explain(raised.alert))
        with pytest.raises(errors.UnknownAlert):
            record.explain("0" * 32)


@stores
def test_outlets_are_told_everything_in_order(store, tmp_path):
    """What an outlet missed because it failed or was not there it is told later, in order; the others at once."""
    pack = tiny(tmp_path, PERMITTED)
    good, bad, new = Heard(), Heard(), Heard()
    with oversight.open(store.url, pack, outlets={"good": good, "bad": bad}) as record:
        record.feed(on("1", 1))
        bad.broken = True
        for number in (2, 3):
            with pytest.raises(BrokenPipeError):
                record.feed(on(str(number), number, f"k{number}"))
    with pytest.raises(BrokenPipeError):
        oversight.open(store.url, pack, outlets={"bad": bad})
    bad.broken = False
    with oversight.open(store.url, pack, outlets={"good": good, "bad": bad, "new": new}) as record:
        record.feed(on("4", 4, "k4"))
        expected = [change.position for change in record.changes()]
    assert [expected] * 3 == [[change.position for change in heard.told] for heard in (good, bad, new)]
    assert plain(good.told) == plain(bad.told) == plain(new.told)


@sqlite
def test_many_changes_are_told_in_parts(store, tmp_path):
    """An outlet that comes late is told any number of changes, and what it was told is noted on the way."""
    pack, heard = tiny(tmp_path, PERMITTED), Heard()
    with oversight.open(store.url, pack) as record:
        record.feed_all(on(str(number), 1, f"k{number}") for number in range(2500))
    heard.tell = lambda changes: Heard.tell(heard, changes[: 1000 if len(heard.told) < 2000 else 7])
    with oversight.open(store.url, pack, outlets={"late": heard}) as record:
        assert 2007 == len(heard.told)
    with oversight.open(store.url, pack, read_only=True) as record:
        assert {"late": record.size} == record._opened().told()


@stores
def test_belongs_to_one_pack(store, tmp_path):
    """A record is refused under another pack or other settings, with what it was begun under and what to do."""
    pack, other = tiny(tmp_path, PERMITTED), tiny(tmp_path, LONG)
    with oversight.open(store.url, pack, revise="P9D") as record:
        record.feed(on("1", 1))
    said = f"another pack: tiny 1 of digest {pack.digest[:12]}, this one is tiny 1 of digest {other.digest[:12]}; open"
    with pytest.raises(errors.RecordRefused, match=said):
        oversight.open(store.url, other, revise="P9D")
    with pytest.raises(errors.RecordRefused, match="begun with revise=P9D, not with None"):
        oversight.open(store.url, pack)
    with pytest.raises(errors.RecordRefused, match="begun with clock=events, not with caller"):
        oversight.open(store.url, pack, revise="P9D", clock="caller")
    with oversight.open(store.url, pack, revise="P9D", matcher="index") as record:
        assert 1 == len(record.open_alerts())


@stores
def test_is_read_beside_its_writer(store, tmp_path):
    """Whoever only reads sees what was recorded so far, and may feed nothing."""
    pack = tiny(tmp_path, PERMITTED)
    with oversight.open(store.url, pack) as writer:
        (raised,) = writer.feed(on("1", 1))
        with oversight.open(store.url, pack, read_only=True) as reader:
            assert [raised.alert] == [change.alert for change in reader.open_alerts()]
            with pytest.raises(errors.RecordReadOnly):
                reader.feed(on("2", 2))
            with pytest.raises(errors.RecordReadOnly):
                reader.advance(day(9))
        assert 1 == len(writer.feed(on("2", 2, "k2")))


@sqlite
def test_a_batch_with_what_is_refused(store, tmp_path):
    """A list is taken whole or not at all; ``feed_all`` hands over what is refused, or raises it."""
    pack = tiny(tmp_path, PERMITTED)
    bad, other, refused = {"id": "2"}, on("1", 1, "k7"), []
    with oversight.open(store.url, pack) as record:
        before = record.size
        for batch in ([on("1", 1), bad], [on("1", 1), other]):
            with pytest.raises((errors.EventError, errors.EventRefused)):
                record.feed(batch)
        with pytest.raises(errors.EventError):
            record.feed_all([on("1", 1), bad])
        assert before == record.size
        events = [on("1", 1), on("1", 1), bad, other, on("3", 1, "k3")]
        count = record.feed_all(events, refuse=lambda source, error: refused.append((source, type(error))))
    assert (2, [(bad, errors.EventError), (other, errors.EventRefused)]) == (count, refused)


@sqlite
def test_a_body_is_what_came(store, tmp_path):
    """What came as bytes stands in the record to the byte; what came otherwise, in one form and with all it said."""
    pack = tiny(tmp_path, PERMITTED)
    line = b'{"kind":"camera.on", "id":"1","time":"2026-03-01T09:00:00+08:00","camera":"k1","note":{"b":1,"a":2.50}}'
    read = Engine(pack).vocabulary.read(on("3", 2, "k3", note="x"))
    with oversight.open(store.url, pack) as record:
        record.feed(b" " + line + b"\r\n")
        record.feed({"time": day(2), **{k: v for k, v in on("2", 2, "k2", note="x").items() if k != "time"}})
        record.feed(read)
        bodies = [entry.body for entry in record._opened().entries(types=("event",))]
    assert line == bodies[0]
    expected = '{"data":{"camera":"k2","note":"x"},"id":"2","kind":"camera.on","source":"s",'
    assert (expected + '"time":"2026-03-02T09:00:00+08:00"}').encode() == bodies[1]
    assert b'"note":"x"' in bodies[2]


KINDS = st.sampled_from(["on", "off", "granted"])
ONE = st.tuples(KINDS, st.integers(1, 40), st.sampled_from(["k1", "k2"]))
PART = st.lists(st.tuples(st.lists(ONE, min_size=1, max_size=4), st.booleans(), st.booleans()), max_size=6)


@pytest.fixture(scope="module")
def drawn_pack(tmp_path_factory):
    """A pack of its own, read once for all examples."""
    return tiny(tmp_path_factory.mktemp("pack"), LONG)


@given(parts=PART, corrected=st.lists(st.tuples(st.integers(0, 12), st.integers(1, 60)), max_size=2))
@settings(max_examples=max(25, settings.default.max_examples // 20), suppress_health_check=[*HealthCheck])
def test_any_order_ends_in_the_same_alerts(drawn_pack, parts, corrected):
    """
    Whatever the order, the batches and where the record was opened anew: a record with a short horizon amounts to what
    an engine says that remembers everything.
    """
    pack, whole = drawn_pack, Engine(drawn_pack)
    batches = drawn_batches(parts, corrected)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "slice", 1)  # forget what is over at once
        url = f"sqlite:///{folder}/case.db"
        record, said = oversight.open(url, pack, revise="P2D"), []
        for batch, anew, settle in batches:
            if anew:
                record.end()
                record = oversight.open(url, pack, revise="P2D")
            said += record.feed(batch, settle=settle)
        said += record.advance(day(90))
        expected = [*whole.feed([one for batch, _, _ in batches for one in batch]), *whole.advance(day(90))]
        assert standing(expected) == standing(said)
        assert {a.alert for a in whole.open_alerts()} == {a.alert for a in record.open_alerts()}
        assert plain(said) == plain(record.changes())
        record.end()


def drawn_batches(parts, corrected):
    """Batches of events, each with whether the record is opened anew before it and whether its instant is settled."""
    made = {"on": on, "off": off, "granted": lambda name, at, camera: granted(name, at, camera, permit=f"p{name}")}
    batches, number = [], 0
    for some, anew, settle in parts:
        batch = []
        for kind, at, camera in some:
            batch.append(made[kind](str(number), at, camera))
            number += 1
        batches.append((batch, anew, settle))
    for number, (named, at) in enumerate(corrected):
        batches.append(([event(f"c{number}", "event.retracted", at, corrects=str(named))], bool(at % 2), True))
    return batches


def standing(changes):
    """What changes amount to."""
    return {name: (alert.at, alert.subjects, alert.cleared) for name, alert in fold(changes).items()}


CITY = oversight.load("hong-kong")
RULES = ("HK-CAP-01", "HK-CCTV-01", "HK-PIA-01", "HK-RET-01", "HK-ROL-06", "HK-S58-01")


@cache
def aimed(rule):
    """The part of the pack that matters to a rule, and histories that aim at it."""
    return extract(CITY, [rule], CITY.kinds), histories(CITY, [rule])


@given(data=st.data(), rule=st.sampled_from(RULES), cut=st.integers(0, 12))
@settings(max_examples=max(8, settings.default.max_examples // 50), suppress_health_check=[*HealthCheck])
def test_any_history_goes_on_from_its_state(data, rule, cut):
    """Whatever facts are at stake: cut in two and opened again from its state, a record says what an engine says."""
    pack, drawn = aimed(rule)
    history, engine = data.draw(drawn), Engine(pack)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pace, "LEAST", 1)
        url = f"sqlite:///{folder}/case.db"
        for part in (history[:cut], history[cut:]):
            expected = [change for one in part for change in engine.feed(one)]
            with oversight.open(url, pack) as record:
                assert plain(expected) == plain([change for one in part for change in record.feed(one)])
        if engine.now is not None:
            reached = engine.now + timedelta(days=800)
            with oversight.open(url, pack) as record:
                assert plain(engine.advance(reached)) == plain(record.advance(reached))
                assert engine.open_alerts() == record.open_alerts()


@sqlite
@pytest.mark.parametrize("least", [1, 5])
def test_snapshots_change_nothing(store, tmp_path, monkeypatch, least):
    """However often the state is written down, a record that is opened again says the same."""
    monkeypatch.setattr(pace, "LEAST", least)
    pack, engine = told(tmp_path, LONG)
    seen = set()
    for number in range(40):
        batch = [on(f"a{number}", 1 + number / 4, f"k{number}"), granted(f"b{number}", number / 5, f"k{number}")]
        with oversight.open(store.url, pack) as record:
            assert plain(engine.feed(batch)) == plain(record.feed(batch))
            snapshot = record._opened().snapshot()
            seen.add(snapshot and snapshot.position)
    assert 3 < len(seen) < 40
    assert None is not snapshot


@sqlite
def test_a_damaged_snapshot_is_made_anew(store, tmp_path, monkeypatch):
    """A snapshot that cannot be read is left out: all that it says stands in the record as well."""
    import sqlite3

    monkeypatch.setattr(pace, "LEAST", 1)
    pack = tiny(tmp_path, PERMITTED)
    with oversight.open(store.url, pack) as record:
        record.feed(on("1", 1))
        before = record.open_alerts()
    with sqlite3.connect(tmp_path / "case.db") as db:
        db.execute("UPDATE snapshot SET data = substr(data, 1, 100)")
    with oversight.open(store.url, pack) as record:
        assert before == record.open_alerts()
