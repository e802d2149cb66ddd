"""What engines of one pack share, and what they do not."""

import gc
import weakref

import pytest

from oversight import Engine
from oversight.engine.measure import Measure
from tests.tiny import PERMITTED, granted, off, on, revoked, tiny

BEFORE = """
- rule: R
  on: camera.off as e
  unless:
    - {some: camera as c, where: c.camera == e.camera, before: true}
"""


def lived(pack, *events):
    """What an engine told of *events*; it is gone afterwards."""
    return Engine(pack).feed(list(events))


@pytest.mark.parametrize("rules", [PERMITTED, BEFORE])
def test_an_engine_knows_nothing_of_those_before_it(rules, tmp_path):
    """The second engine of a pack is as new as that of a pack that was never used, to the byte and in what it tells."""
    events = [on("1", 1, "k"), granted("2", 2, camera="k"), revoked("3", 3), off("4", 4, "k")]
    fresh, used = tiny(tmp_path, rules), tiny(tmp_path, rules)
    lived(used, on("8", 1, "k"), on("9", 2, "other"))
    first, second = Engine(fresh), Engine(used)
    assert () == second.facts("camera") == second.open_alerts()
    for event in events:
        assert first.feed(event) == second.feed(event)
        assert first.snapshot() == second.snapshot()


def test_engines_that_live_together_do_not_share_facts(tmp_path):
    """What one of them is fed, another of the same pack does not hear of."""
    pack = tiny(tmp_path, PERMITTED)
    lived(pack, on("9", 1, "k"))
    one, other = Engine(pack), Engine(pack)
    one.feed(on("1", 1, "k"))
    assert ("k",) == tuple(fact.key for fact in one.facts("camera"))
    assert () == other.facts("camera")


def test_a_pack_that_no_engine_uses_is_let_go(tmp_path):
    """What is kept for the next engine does not keep the pack."""
    pack = tiny(tmp_path, PERMITTED)
    lived(pack, on("1", 1, "k"))
    lived(pack, on("1", 1, "k"))
    left = weakref.ref(pack)
    del pack
    gc.collect()
    assert left() is None


def test_an_event_that_one_engine_read_is_the_same_to_another(tmp_path):
    """Engines of one pack have the same classes of events, so that it may come again from either."""
    pack = tiny(tmp_path, PERMITTED)
    one, other = Engine(pack), Engine(pack)
    one.feed(on("1", 1, "k"))
    assert () == one.feed(other.decode(on("1", 1, "k")))


def test_what_measured_one_engine_does_not_measure_the_next(tmp_path):
    """The functions that measure are put into a compiled pack for good, so that no other engine gets it."""
    pack = tiny(tmp_path, PERMITTED)
    measured = Engine(pack)
    measure = Measure(measured)
    measured.feed(on("1", 1, "k"))
    before = dict(measure.judged)
    del measured, measure._engine
    Engine(pack).feed(on("1", 1, "k"))
    assert {"R"} == before.keys()
    assert before == measure.judged
