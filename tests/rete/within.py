"""The Rete matcher from within: the process that runs this may crash, so it is one of its own."""

from __future__ import annotations

import random
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from tests.properties.drawn import Dice, calls, day
from tests.properties.trying import example, tried
from tests.test_scenario import GOLDEN, LINES, PACK, UNTIL
from tests.tiny import PERMITTED, granted, off, on, revoked, tiny

from oversight import Change, Engine, Pack
from oversight.engine.rete import ENOUGH, Network, ReteIndex, hash_of
from oversight.engine.store import Held, Index
from oversight.model.alerts import to_json
from oversight.model.forms import Event

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENT = Event(id="e", source="s", time=NOW, data=None)
VALUES = (0, 1, 1.0, True, "1", "p", 'q"\\\n', None, (1, "p"), (True, "p"), ("p", "q"), 2.5)


def indexes(engine: Engine) -> list[ReteIndex]:
    """Every index of an engine with this matcher."""
    found = [index for table in engine._program.tables.values() for index in table.indexes]
    assert all(isinstance(index, ReteIndex) for index in found)
    return [index for index in found if isinstance(index, ReteIndex)]


def words(changes: list[Change]) -> list[dict[str, Any]]:
    """All that changes say."""
    return [change.as_dict() for change in changes]


def fed(pack: Pack, history: list[Any], how: list[tuple[str, int]], matchers: list[str]) -> list[Any]:
    """All that an engine tells, and its snapshots; after each of these it goes on with the next of *matchers*."""
    engine, waiting, said, turn = Engine(pack, matcher=matchers[0]), list(history), list[Any](), 0
    for call, number in [*how, ("feed", len(history) + 1), ("advance", 12), ("restore", 0)]:
        if call == "restore":
            turn += 1
            said.append(engine.snapshot())
            engine = Engine.restore(pack, said[-1], matcher=matchers[turn % len(matchers)])
        elif call == "advance":
            if engine.now is None or engine.now <= day(number):
                said += words(list(engine.advance(day(number))))
        else:
            batch, waiting = waiting[:number], waiting[number:]
            said += words(list(engine.feed(batch, settle=call == "feed")))
    return said


@tried(24)
def test_both_matchers_tell_the_same(dice: Dice) -> None:
    """Changes with their evidence, and snapshots to the byte, whichever matcher took and whichever restored them."""
    pack, history = example(dice)
    how = calls(dice.part(24), len(history))
    note(f"fed in this way: {how}")
    expected = fed(pack, history, how, ["index"])
    assert expected == fed(pack, history, how, ["rete"])
    assert expected == fed(pack, history, how, ["rete", "index"])
    assert expected == fed(pack, history, how, ["index", "rete"])


def standing(key: str, values: list[Any]) -> Held:
    """A fact that stands under *values*."""
    return Held(key, NOW, EVENT, {"under": tuple(dict.fromkeys(values))})


STEPS = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.none() | st.lists(st.sampled_from(VALUES), max_size=3),
        st.lists(st.sampled_from(VALUES), max_size=3),
    ),
    max_size=40,
)


@given(STEPS)
def test_the_index_answers_as_the_default_one_does(steps: list[tuple[str, list[Any] | None, list[Any]]]) -> None:
    """The same facts in the same order under every value, asked early or late; nothing is left when all have ended."""
    rete, index = (made(lambda held: (held.values or {})["under"]) for made in (ReteIndex, Index))
    rows: dict[str, Held] = {}
    for key, values, asked in steps:
        old = rows.pop(key, None)
        new = None if values is None else standing(key, values)
        if new is not None:
            rows[key] = new
        assert index.move(key, old, new) == rete.move(key, old, new)
        for value in asked:
            assert list(index.found(value)) == list(rete.found(value))
    for value in VALUES:
        assert list(index.found(value)) == list(rete.found(value))
    for key, held in rows.items():
        rete.move(key, held, None)
    assert 0 == rete.standing()
    assert all(not rete.found(value) for value in VALUES)


def test_an_index_that_was_emptied_is_as_new() -> None:
    """Nothing is found in it any more, and what comes then is."""
    rete = ReteIndex(lambda held: (held.values or {})["under"])
    rete.move("a", None, standing("a", ["p"]))
    assert 1 == len(rete.found("p"))
    rete.empty()
    assert () == rete.found("p")
    assert 0 == rete.standing()
    rete.move("b", None, standing("b", ["p"]))
    assert ["b"] == [held.key for held in rete.found("p")]


def test_what_is_asked_by_a_list_is_refused_as_a_dict_refuses_it() -> None:
    """A value that cannot be looked up is a TypeError, which the callers take for no match."""
    rete = ReteIndex(lambda held: ("p",))
    with pytest.raises(TypeError):
        rete.found(["p"])
    with pytest.raises(TypeError):
        rete.buckets.get(["p"])


def test_the_scenario_is_the_golden_file() -> None:
    """Every line of the Hong Kong run is the one that the default matcher gives."""
    engine = Engine(PACK, matcher="rete")
    told = [change for line in LINES for change in engine.feed(line, settle=False)] + [*engine.advance(UNTIL)]
    written = [to_json({**change.as_dict(), "pack_digest": "*"}) for change in told]
    assert GOLDEN.read_text().splitlines() == written
    assert [] != [index for index in indexes(engine) if index.standing()]


@pytest.mark.parametrize("seed", range(2))
def test_late_events_are_told_alike(seed: int) -> None:
    """The scenario in any order, each event judged as it comes, with all that is taken back and replayed."""
    lines = random.Random(seed).sample(LINES, len(LINES))
    said = []
    for matcher in ("index", "rete"):
        engine = Engine(PACK, matcher=matcher)
        said.append(words([change for line in lines for change in engine.feed(line)] + [*engine.advance(UNTIL)]))
    assert said[0] == said[1]


def test_a_fork_has_the_matcher_of_its_engine(tmp_path: Any) -> None:
    """An engine that tries plans does so with the matcher that it was given."""
    engine = Engine(tiny(tmp_path, PERMITTED), matcher="rete")
    engine.feed(granted("p", 1))
    assert ["raised"] == [change.change for change in engine.preview(on("e", 2, "k2", zone="z", parts=[]))]
    fork = engine.fork()
    assert [index.standing() for index in indexes(engine)] == [index.standing() for index in indexes(fork)]
    assert 0 < sum(index.standing() for index in indexes(fork))


def test_nothing_stands_when_all_facts_have_ended(tmp_path: Any) -> None:
    """Facts and the questions about them leave the network when they end, and when time is taken back."""
    engine = Engine(tiny(tmp_path, PERMITTED), matcher="rete")
    for number in range(40):
        engine.feed(
            [
                on(f"c{number}", 2, f"k{number}", zone="z", parts=[]),
                granted(f"p{number}", 2, f"k{number}", f"p{number}"),
            ]
        )
    assert 80 == sum(index.standing() for index in indexes(engine))
    for number in range(40):
        engine.feed([revoked(f"r{number}", 3, f"p{number}"), off(f"o{number}", 3, f"k{number}")])
    assert 0 == sum(index.standing() for index in indexes(engine))
    engine.feed(on("late", 1, "k0", zone="z", parts=[]))
    engine.feed(off("last", 4, "k0"))
    assert 0 == sum(index.standing() for index in indexes(engine))


def test_many_facts_under_one_value_are_all_told() -> None:
    """More than the library tells at a time, before the question and after it."""
    rete = ReteIndex(lambda held: ("p",))
    facts = [standing(str(number), []) for number in range(3500)]
    for held in facts[:2500]:
        rete.move(held.key, None, held)
    assert facts[:2500] == list(rete.found("p"))
    for held in facts[2500:]:
        rete.move(held.key, None, held)
    assert facts == list(rete.found("p"))


def test_a_question_of_long_standing_is_asked_anew() -> None:
    """What comes and goes under a value that is asked for is told each time, and the library's memory of it bounded."""
    rete = ReteIndex(lambda held: ("p",))
    first = standing("first", [])
    rete.move("first", None, first)
    for number in range(10 * ENOUGH):
        held = standing(str(number), [])
        rete.move(held.key, None, held)
        assert [first, held] == list(rete.found("p"))
        assert ENOUGH + 8 >= rete._groups["p"].pairs
        rete.move(held.key, held, None)
    assert 2 == rete.standing()


def test_an_index_that_was_never_asked_can_go() -> None:
    """What the library frees with it was set, whatever the memory held before."""
    used = [b"\xff" * size for size in range(100, 60_000, 97)]
    del used
    for _ in range(300):
        rete = ReteIndex(lambda held: ("p",))
        rete.move("a", None, standing("a", []))
        assert 1 == rete.standing()
        del rete


def test_no_two_names_have_one_hash() -> None:
    """The library takes two names of one hash for the same, so the second is never given; were it, that is an error."""
    assert hash_of("event-240341") == hash_of("event-95679")
    assert hash_of("40189") == hash_of("797186")
    network = Network()
    network._free.clear()
    network._made = 40188
    assert "40189" == network.begin("v", "1")
    network._made = 797185
    assert "797187" == network.begin("v", "1")
    network._free.append("797186")
    with pytest.raises(RuntimeError, match="answered 2"):
        network.begin("v", "1")


def test_what_the_network_loses_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it does not tell every fact that has a value, nothing is judged by what it tells."""
    rete = ReteIndex(lambda held: ("p",))
    rete.move("a", None, standing("a", []))
    monkeypatch.setattr(Network, "pairs", lambda network: [])
    with pytest.raises(RuntimeError, match="told 0 of the 1 facts"):
        rete.found("p")


def test_the_librarys_threads_and_timers_stay_out() -> None:
    """Its Python part, which starts them, is never imported."""
    Engine(PACK, matcher="rete").feed(LINES[0])
    assert [threading.main_thread()] == threading.enumerate()
    assert not [name for name in sys.modules if name == "durable" or name.startswith("durable.")]
