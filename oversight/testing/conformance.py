"""Whether the engine says of a pack what its rules mean, whatever the order of arrival: one call for a whole pack."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from attrs import define, evolve, field
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from oversight.engine.core import Engine
from oversight.ground.time import format_instant, parse_instant
from oversight.meaning.semantics import outcome, reached
from oversight.meaning.verify import verify
from oversight.model.alerts import RAISED, Change
from oversight.model.events import vocabulary_of
from oversight.model.extract import extract
from oversight.model.forms import Event
from oversight.model.pack import Pack
from oversight.testing.agreement import (
    alerts_of_changes, alerts_of_definition, facts_of_definition, facts_of_engine, open_now,
)  # fmt: skip
from oversight.testing.histories import History, aimed, horizon, shown
from oversight.testing.sources import sources

Matcher = Callable[[Pack], Any]


class Broken(Exception):
    """A property does not hold of a history."""


@define
class Trial:
    """One history, and what is held to it."""

    pack: Pack
    history: History
    orders: tuple[History, ...]
    upto: datetime
    make: Matcher
    restart: int
    events: list[Event] = field(factory=list)

    def require(self, holds: bool, what: str, details: str = "") -> None:
        """
        Hold the trial to one property.

        Raises:
            Broken: it does not hold.
        """
        if not holds:
            arrived = "" if self.history == self.orders[0] else "\nin another order too:\n" + shown(self.orders[0])
            raise Broken(
                f"{what}\n{details}after these events, in order of arrival, until {format_instant(self.upto)}:\n"
                f"{shown(self.history)}{arrived}"
            )


def check_pack(
    pack: Pack, *, examples: int = 300, seed: int | None = None, rules: Collection[str] | None = None
) -> None:
    """
    Hold the engine to the definition of the language, on histories drawn from a pack.

    After every event, in any order of arrival, facts and alerts are those of the definition; so they are after another
    order. What comes twice changes nothing. An engine restored from its snapshot goes on as the one that was not. Each
    alert raised can be verified from the history alone. Another run says the same, word for word and with the same
    identities. Each history is judged by the rule it aims at and all that this reads.

    Args:
        pack: checked, as :func:`oversight.load` gives it.
        examples: how many histories are drawn, over all rules.
        seed: of the drawing; ``None`` draws the same ones on every run.
        rules: ids or names of the rules to aim at; ``None`` for all.

    Raises:
        AssertionError: a property does not hold; names it and the smallest history that was found.
        ValueError: the pack has none of these rules.
    """
    _check(pack, Engine, _PROPERTIES, (examples, seed, rules))


def check_matcher(
    make: Matcher, pack: Pack, *, examples: int = 300, seed: int | None = None, rules: Collection[str] | None = None
) -> None:
    """
    Hold something that judges events by a pack, as the engine does, to the definition of the language.

    What *make* returns has ``feed(event)`` and ``advance(instant)``, which return an iterable of
    :class:`oversight.Change`. What its changes amount to must be the definition's alerts, after every call.

    Args:
        make: a function of a pack, for example the class :class:`oversight.Engine`.
        pack, examples, seed, rules: as of :func:`check_pack`.

    Raises:
        AssertionError: it says something else; names the smallest history that was found.
    """
    _check(pack, make, (_alerts_agree,), (examples, seed, rules))


def _check(
    pack: Pack, make: Matcher, properties: tuple[Callable[[Trial], None], ...],
    how: tuple[int, int | None, Collection[str] | None],
) -> None:  # fmt: skip
    examples, seed, rules = how
    found, parts = sources(pack), dict[str, Pack]()

    broken: list[Broken] = []

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=seed is None,
        report_multiple_bugs=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(aimed(pack, rules), st.randoms(use_true_random=False))
    def hold(drawn: Any, random: Any) -> None:
        if broken:
            raise broken[0]
        rule, history = drawn
        if not history:
            return
        part = parts.setdefault(rule.id, extract(pack, [rule.id], []))
        another = list(history)
        random.shuffle(another)
        trial = Trial(part, history, (another,), horizon(history, found), make, random.randint(1, len(history)))
        failure = _failure(trial, properties)
        if failure is not None:
            broken.append(_smallest(trial, properties, failure))
            raise broken[0]

    try:
        (seeded(seed)(hold) if seed is not None else hold)()
    except Exception:
        # Hypothesis repeats what failed, and may find that it fails at another place: it is told already.
        if broken:
            raise AssertionError(str(broken[0])) from None
        raise


def _failure(trial: Trial, properties: Iterable[Callable[[Trial], None]]) -> Broken | None:
    """The first property that does not hold."""
    vocabulary = vocabulary_of(trial.pack)
    trial.events = [e for e in map(vocabulary.decode, trial.history) if isinstance(e, Event)]
    try:
        for each in properties:
            each(trial)
    except Broken as failure:
        return failure
    return None


def _smallest(trial: Trial, properties: tuple[Callable[[Trial], None], ...], failure: Broken) -> Broken:
    """
    The failure of the smallest history that still fails: event by event is left out.

    Hypothesis would make every value simpler too, in a hundred times as many tries.
    """
    for number in range(len(trial.history)):
        left = trial.history[:number] + trial.history[number + 1 :]
        orders = tuple([event for event in order if event in left] for order in trial.orders)
        if left:
            smaller = evolve(trial, history=left, orders=orders, restart=min(trial.restart, len(left)))
            found = _failure(smaller, properties)
            if found is not None:
                return _smallest(smaller, properties, found)
    return failure


def _alerts_agree(trial: Trial) -> None:
    """After every event and at the end, the changes told amount to the definition's alerts."""
    matcher, told = trial.make(trial.pack), list[Change]()
    for number, event in enumerate(trial.history, 1):
        told += matcher.feed(event)
        _agree(trial, told, number, reached(trial.events[:number], None))
    told += matcher.advance(trial.upto)
    _agree(trial, told, len(trial.history), trial.upto)


def _agree(trial: Trial, told: list[Change], number: int, now: datetime | None, engine: Engine | None = None) -> None:
    """Hold what was told, and the facts of an engine, to the definition at *now*."""
    found = None if now is None else outcome(trial.pack, trial.events[:number], now)
    meant, said = {} if found is None else alerts_of_definition(found), alerts_of_changes(told)
    trial.require(
        meant == said,
        "the alerts are not those of the definition",
        f"  after {number} events\n  said:       {_told(said)}\n  definition: {_told(meant)}\n",
    )
    if engine is not None and found is not None:
        facts, held = facts_of_definition(found, trial.pack), facts_of_engine(engine, trial.pack)
        different = sorted(name for name in facts if facts[name] != held[name])
        trial.require(not different, f"the facts are not those of the definition: {', '.join(different)}")


def _agrees(trial: Trial) -> None:
    """
    After every event and as time passes: facts and alerts are the definition's, and the alerts verify. What comes again
    tells nothing, and a copy restored from a snapshot on the way says the same.
    """
    engine, told = Engine(trial.pack), list[Change]()
    copy: Engine | None = None
    for number, event in enumerate(trial.history, 1):
        changes = engine.feed(event)
        told += changes
        trial.require(engine.feed(event) == (), "an event that comes twice tells a change")
        trial.require(copy is None or copy.feed(event) == changes, _RESTORED)
        if number == trial.restart:
            copy = Engine.restore(trial.pack, engine.snapshot())
        _agree(trial, told, number, reached(trial.events[:number], None), engine)
        _verify(trial, changes, number)
    for upto in (*_stops(trial), trial.upto):
        if engine.now is None or upto > engine.now:
            changes = engine.advance(upto)
            told += changes
            trial.require(copy is None or copy.advance(upto) == changes, f"{_RESTORED} as time passes")
            _verify(trial, changes[:2], len(trial.history))
    _agree(trial, told, len(trial.history), engine.now, engine)
    before = engine.snapshot()
    trial.require(engine.feed(trial.history) == (), "feeding everything twice tells a change")
    trial.require(before == engine.snapshot(), "feeding everything twice changes the engine")


def _verify(trial: Trial, changes: Iterable[Change], number: int) -> None:
    for change in changes:
        wrong = verify(change, trial.pack, trial.events[:number]) if change.change == RAISED else ()
        trial.require(not wrong, f"an alert of {change.rule} is not verified by the history", f"  {'; '.join(wrong)}\n")


def _stops(trial: Trial) -> list[datetime]:
    """Two instants on the way to the last."""
    last = max(parse_instant(event["time"]) for event in trial.history)
    return [last + (trial.upto - last) * share / 10 for share in (1, 4)]


def _order_does_not_matter(trial: Trial) -> None:
    """Another order of arrival, and another run, end in the same facts and alerts, word for word."""
    told, engines = [], []
    for order in (trial.history, *trial.orders):
        engine = Engine(trial.pack)
        changes = [change for event in order for change in engine.feed(event)]
        told.append(alerts_of_changes([*changes, *engine.advance(trial.upto)]))
        engines.append(engine)
    first, second = engines
    trial.require(told[0] == told[1], "another order of arrival ends in other alerts", f"  {_told(told[1])}\n")
    trial.require(open_now(first) == open_now(second), "another order of arrival ends in other open alerts")
    same = facts_of_engine(first, trial.pack) == facts_of_engine(second, trial.pack)
    trial.require(same, "another order of arrival ends in other facts")


_RESTORED = "an engine restored from its snapshot says something else"
_PROPERTIES = (_agrees, _order_does_not_matter)


def _told(alerts: dict[str, Any]) -> str:
    lines = [
        f"{rule} at {format_instant(at)} about {', '.join(f'{s} ({_end(end)})' for s, end in sorted(subjects.items()))}"
        for rule, at, _, subjects in alerts.values()
    ]
    return "; ".join(sorted(lines)) or "none"


def _end(end: datetime | None) -> str:
    return "open" if end is None else f"until {format_instant(end)}"
