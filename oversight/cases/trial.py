"""
A case tried: its events are given to the engine one by one and to the definition at once.

What comes is compared with what the case says: an alert that nobody expected fails it as a missing one does,
and so does any difference of the two evaluators.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context

from attrs import evolve, frozen

from oversight.cases.coverage import Sighting, Watch
from oversight.cases.matching import (
    Expected, Got, expected_of, nearest_of, told, told_expected, unmatched,
)  # fmt: skip
from oversight.cases.reasons import why_missing
from oversight.engine.core import Engine
from oversight.ground.errors import EventError, EventRefused, TimeWentBackwards
from oversight.ground.text import nearest, printable
from oversight.ground.time import format_instant
from oversight.meaning.semantics import outcome, reached
from oversight.model.alerts import RAISED, Change, Missing
from oversight.model.clauses import parameters_in
from oversight.model.extract import extract
from oversight.model.folding import Folded, fold
from oversight.model.forms import Event, Stranger
from oversight.model.pack import Case, Pack

SOURCE = "case"


@frozen
class Result:
    """
    How a case went.

    Args:
        case: which.
        failures: what went wrong, as a policy author reads it; empty where it passed.
    """

    case: Case
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing went wrong."""
        return not self.failures


@frozen
class Trial:
    """
    Cases of the same rules and parameters, which are tried together.

    Args:
        pack: the part of the pack that can matter to them, without cases and with their parameters.
        cases: in written order.
    """

    pack: Pack
    cases: tuple[Case, ...]


def trials(pack: Pack) -> list[Trial]:
    """
    The cases of *pack*, rule by rule.

    >>> from oversight.runner.packs import load
    >>> trials(load("camera-programme"))
    []
    """
    grouped: dict[tuple[tuple[str, ...], str], list[Case]] = {}
    for case in pack.cases:
        grouped.setdefault((case.rules, repr([(one.name, one.entries) for one in case.parameters])), []).append(case)
    bare = evolve(pack, cases=())
    return [Trial(_part(bare, own), tuple(own)) for own in grouped.values()]


def _part(pack: Pack, cases: Sequence[Case]) -> Pack:
    """What can matter to *cases*; the definition judges everything at the date of each parameter that it is given."""
    part = extract(pack, cases[0].rules, {str(event.get("kind")) for case in cases for event in case.events})
    read = set(parameters_in((part.rules, tuple(part.facts.values()), part.waivers)))
    known = {**part.parameters, **{one.name: one for one in cases[0].parameters}}
    return evolve(part, parameters={name: one for name, one in known.items() if name in read})


def run_trial(trial: Trial, watched: bool = False) -> tuple[list[Result], set[Sighting]]:
    """
    Try the cases of one trial.

    Args:
        trial: which.
        watched: whether to note what they see.

    Returns:
        How each case went, and what they saw.
    """
    watch = Watch(trial.pack) if watched else None
    results = [run_case(trial.pack, case, watch) for case in trial.cases]
    return results, set() if watch is None else watch.seen


def run_cases(pack: Pack, jobs: int = 1, watched: bool = False) -> Iterator[tuple[list[Result], set[Sighting]]]:
    """
    Try every case of *pack*, rule by rule; what is told of each trial is as of :func:`run_trial`.

    Args:
        pack: checked.
        jobs: how many processes take part.
        watched: whether to note what the cases see.

    >>> from oversight.runner.packs import load
    >>> [result for results, _ in run_cases(load("camera-programme")) for result in results]
    []
    """
    every = trials(pack)
    if jobs == 1:
        yield from (run_trial(trial, watched) for trial in every)
        return
    # A fork would copy locks that other threads of the caller may hold.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        yield from pool.map(run_trial, every, [watched] * len(every))


def run_case(pack: Pack, case: Case, watch: Watch | None = None) -> Result:
    """
    Try one case on the engine and on the definition.

    Args:
        pack: whose case it is.
        case: an event without ``source`` is of ``case``, one without ``id`` has its place in the list as id.
        watch: notes what the definition looks at.
    """
    engine = Engine(pack)
    events: list[Event] = []
    try:
        changes = _feed(engine, case, events)
    except (EventError, EventRefused) as error:
        return Result(case, (f"event {len(events) + 1} was refused: {printable(str(error), 400)}",))
    except TimeWentBackwards:
        return Result(case, ("until: is before the last event; time is advanced to it after all of them",))
    alerts = fold(changes)
    failures = _mismatches(pack, case, events, changes)
    return Result(case, tuple(failures + _disagreements(pack, case, events, alerts, watch)))


def _feed(engine: Engine, case: Case, events: list[Event]) -> list[Change]:
    changes: list[Change] = []
    for number, written in enumerate(case.events, 1):
        event = engine.decode({"id": str(number), "source": SOURCE, **written})
        if isinstance(event, Stranger):
            near = nearest(event.kind, engine.pack.kinds)
            raise EventError(f"unknown kind {event.kind!r}" + (f", did you mean {near!r}?" if near else ""))
        changes += engine.feed(event)
        events.append(event)
    changes += engine.settle() if case.until is None else engine.advance(case.until)
    return changes


def _mismatches(pack: Pack, case: Case, events: list[Event], changes: list[Change]) -> list[str]:
    """What was expected and did not come, and what came unexpected."""
    compared = [alert for alert in fold(changes).values() if alert.rule in case.rules]
    expected = [expected_of(written, case.rules) for written in case.alerts]
    lost, surplus = unmatched(expected, [_got(alert) for alert in compared])
    like = expected[0].at if expected else None
    missing = [_lost(pack, events, wanted, surplus) for wanted in lost]
    return missing + [_surplus(each, changes, like) for each in surplus]


def _got(alert: Folded) -> Got:
    return Got(alert.rule, alert.part, alert.at, alert.cleared, frozenset(alert.subjects))


def _lost(pack: Pack, events: list[Event], wanted: Expected, surplus: list[Got]) -> str:
    text = f"expected, but did not come: {told_expected(wanted)}"
    near = nearest_of(wanted, surplus)
    if near is None:
        return "\n  ".join([text, *why_missing(pack, events, wanted)])
    return f"{text}\n  nearest that came: {told(near[0], wanted.at)}\n  but {' and '.join(near[1])}"


def _surplus(each: Got, changes: list[Change], like: datetime | None) -> str:
    lines = [f"came, but was not expected: {told(each, like)}"]
    for change in changes:
        same = (change.rule, change.part, change.at) == (each.rule, each.part, each.at)
        if change.change == RAISED and same and each.about >= set(change.subjects):
            lines.append(f"  it says: {printable(change.message, 400)}")
            lines += [f"  not excused: {_missing(missing)}" for missing in change.missing]
            lines.append(f"  it rests on: {', '.join(f'event {printable(name, 80)}' for name in change.evidence)}")
            break
    return "\n".join(lines)


def _missing(missing: Missing) -> str:
    if missing.nearest is None and missing.reason == "not on record":
        return f"nothing on record for {printable(missing.clause, 300)}"
    fact = f"the nearest is of event {printable(str(missing.nearest.get('event')), 80)}; " if missing.nearest else ""
    return f"{fact}{missing.reason}: {printable(missing.failed or missing.clause, 300)}"


def _disagreements(
    pack: Pack, case: Case, events: list[Event], alerts: dict[str, Folded], watch: Watch | None
) -> list[str]:
    """Where the engine and the definition differ, over all rules of the pack."""
    upto = reached(events, case.until)
    meant = {} if upto is None else outcome(pack, events, upto, seen=watch).alerts
    defined = {
        name: Folded(
            alert.rule.id, alert.rule.part, alert.at, alert.since, alert.subjects,
            None if alert.waived is None else alert.waived.shown(pack.zone),
        )
        for name, alert in meant.items()
    }  # fmt: skip
    return [
        "the engine and the definition of the language differ: a defect of oversight and not of the rule\n"
        f"  engine:     {_standing(alerts.get(name))}\n  definition: {_standing(defined.get(name))}"
        for name in sorted(alerts.keys() | defined.keys())
        if alerts.get(name) != defined.get(name)
    ]


def _standing(alert: Folded | None) -> str:
    if alert is None:
        return "no such alert"
    ends = ", ".join(
        f"{printable(each, 80)} ({'open' if end is None else f'until {format_instant(end)}'})"
        for each, end in sorted(alert.subjects.items())
    )
    rule = f"{alert.rule}/{alert.part}" if alert.part else alert.rule
    return f"{rule} at {format_instant(alert.at)} since {format_instant(alert.since)} about {ends}"
