"""
Whether the cases of a pack notice when one word of a rule is changed.

Each mutant is tried on the definition, case by case, until one has other alerts than it expects. That the engine agrees
with the definition is what the cases themselves are tried for.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from fnmatch import fnmatchcase
from multiprocessing import get_context

from attrs import define, field, frozen

from oversight.cases.condition_mutants import Step
from oversight.cases.marks import marks
from oversight.cases.matching import Expected, Got, expected_of, unmatched
from oversight.cases.mutants import (
    WORDS, Definitions, Mutation, Subject, definitions, mutants, subjects, takes_part,
)  # fmt: skip
from oversight.cases.trial import SOURCE, Trial, trials
from oversight.meaning.semantics import outcome, reached
from oversight.model.events import Vocabulary
from oversight.model.forms import Event
from oversight.model.pack import Case, Pack
from oversight.model.places import Place


@frozen
class Survivor:
    """A step that no case notices, and why that is as it must be; the reason is empty where no mark gives one."""

    step: Step
    reason: str


@frozen
class Score:
    """How many mutants of one owner were tried, and those that no case noticed."""

    owner: str
    tried: int
    survivors: tuple[Survivor, ...]

    @property
    def unexplained(self) -> tuple[Survivor, ...]:
        """Those for which no reason is given."""
        return tuple(one for one in self.survivors if not one.reason)


@frozen
class Report:
    """
    What the cases of some packs notice.

    Args:
        scores: of each owner.
        stale: where a mark stands that explains no survivor.
        left_out: how many mutants were not drawn.
    """

    scores: tuple[Score, ...]
    stale: tuple[Place, ...]
    left_out: int = 0

    @property
    def tried(self) -> int:
        """How many mutants were tried."""
        return sum(score.tried for score in self.scores)

    @property
    def reasoned(self) -> int:
        """How many survive with a reason."""
        return sum(len(score.survivors) - len(score.unexplained) for score in self.scores)

    @property
    def unexplained(self) -> int:
        """How many survive without one."""
        return sum(len(score.unexplained) for score in self.scores)

    @property
    def complete(self) -> bool:
        """Whether every survivor is explained, and every explanation is needed."""
        return not self.unexplained and not self.stale


@frozen
class Task:
    """The steps of one subject that are to be tried."""

    subject: Subject
    steps: frozenset[Step]


@define
class Plan:
    """
    What is to be tried of one pack.

    Args:
        pack: checked.
        defined: the steps in its definitions.
        tasks: in order.
        every: all steps there are, those among them that nobody asked for included.
        refused: steps in a definition that lead to no pack, because of what calls it here.
    """

    pack: Pack
    defined: Definitions
    tasks: list[Task]
    every: set[Step] = field(factory=set)
    refused: set[Step] = field(factory=set)

    @property
    def steps(self) -> set[Step]:
        """Those to be tried."""
        return set().union(*(task.steps for task in self.tasks))

    def draw(self, chosen: set[Step]) -> None:
        """Leave only what is in *chosen*."""
        tasks = [Task(task.subject, task.steps & chosen) for task in self.tasks]
        self.tasks = [task for task in tasks if task.steps]

    def leave_out(self, refused: set[Step]) -> None:
        """Leave nothing of *refused*: what one pack that calls a definition cannot have, nobody writes."""
        self.draw(self.steps - refused)
        self.every -= refused

    def cases(self) -> tuple[Case, ...]:
        """The cases that are asked."""
        asked = [task.subject for task in self.tasks]
        own = [trial for trial in trials(self.pack) if any(takes_part(trial.pack, subject) for subject in asked)]
        rules = {case.rules for trial in own for case in trial.cases}
        return tuple(case for case in self.pack.cases if case.rules in rules)


def plan(pack: Pack, files: Iterable[str], only: Sequence[str] = ()) -> Plan:
    """
    What there is to try of *pack*.

    Args:
        pack: checked.
        files: only what is written in one of these is changed.
        only: patterns such as ``HK-PIA-*`` of the owners to try; all where there are none.

    >>> from oversight.runner.packs import load
    >>> pack = load("hong-kong")
    >>> [str(task.subject) for task in plan(pack, pack.own, ["HK-BRE-01"]).tasks]
    ['HK-BRE-01']
    """
    wanted, defined = set(files), definitions(pack)
    found = Plan(pack, defined, [])
    for subject in subjects(pack, defined):
        possible = {one.step for one in mutants(pack, subject, defined)}
        if subject.kind == "definition":
            found.refused |= defined[subject.name].keys() - possible
        own = {step for step in possible if step.place.file in wanted}
        found.every |= own
        asked = frozenset(step for step in own if not only or any(fnmatchcase(step.owner, name) for name in only))
        if asked:
            found.tasks.append(Task(subject, asked))
    return found


def drawn(steps: Iterable[Step], number: int, seed: int) -> set[Step]:
    """So many of *steps*, drawn at random; the same ones for the same *seed*."""
    ordered = sorted(steps, key=_order)
    return set(random.Random(seed).sample(ordered, min(number, len(ordered))))


def noticed(planned: Plan, jobs: int = 1) -> Iterator[tuple[Task, frozenset[Step]]]:
    """
    Try what is planned.

    Args:
        planned: what.
        jobs: how many processes take part.

    Returns:
        Of each task, in order, the steps that a case notices.
    """
    if jobs == 1:
        bench = Bench(planned.pack, planned.defined)
        yield from ((task, bench.noticed(task)) for task in planned.tasks)
        return
    # A fork would copy locks that other threads of the caller may hold.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _prepare, (planned.pack,)) as pool:
        yield from zip(planned.tasks, pool.map(_noticed, planned.tasks), strict=True)


_bench: list[Bench] = []


def _prepare(pack: Pack) -> None:
    _bench[:] = [Bench(pack, definitions(pack))]


def _noticed(task: Task) -> frozenset[Step]:
    return _bench[0].noticed(task)


@frozen
class Asked:
    """A case ready to be asked again and again: its events read, and what it expects."""

    case: Case
    events: tuple[Event, ...]
    kinds: Counter[str]
    upto: datetime | None
    expected: tuple[Expected, ...]

    def notices(self, pack: Pack) -> bool:
        """Whether the alerts of *pack* are others than expected."""
        if self.upto is None:
            return False
        got = []
        for alert in outcome(pack, self.events, self.upto).alerts.values():
            if alert.rule.id in self.case.rules:
                ends = [end for end in alert.subjects.values() if end is not None]
                cleared = max(ends) if ends and len(ends) == len(alert.subjects) else None
                got.append(Got(alert.rule.id, alert.rule.part, alert.at, cleared, frozenset(alert.subjects)))
        return unmatched(self.expected, got) != ([], [])


class Bench:
    """
    The cases of a pack, set up to try mutants of it.

    Args:
        pack: checked; all its cases pass.
        defined: the steps in its definitions.
    """

    def __init__(self, pack: Pack, defined: Definitions) -> None:
        self._trials = trials(pack)
        self._defined = defined
        self._asked: dict[int, list[Asked]] = {}

    def noticed(self, task: Task) -> frozenset[Step]:
        """The steps of a task that a case notices."""
        found: set[Step] = set()
        for number, trial in self._nearest(task.subject):
            if found >= task.steps:
                break
            asked = self._ready(number)
            often: Counter[int] = Counter()
            for mutation in mutants(trial.pack, task.subject, self._defined):
                if mutation.step in task.steps and mutation.step not in found and _noticing(asked, mutation, often):
                    found.add(mutation.step)
        return frozenset(found)

    def _nearest(self, subject: Subject) -> list[tuple[int, Trial]]:
        """The trials in which a subject takes part, those of its own cases first, then those of short cases."""
        own = [(n, trial) for n, trial in enumerate(self._trials) if takes_part(trial.pack, subject)]
        named = {user.name for user in (subject, *subject.users)}
        return sorted(own, key=lambda pair: (named.isdisjoint(pair[1].cases[0].rules), _longest(pair[1]), pair[0]))

    def _ready(self, number: int) -> list[Asked]:
        if number not in self._asked:
            trial = self._trials[number]
            vocabulary = Vocabulary(trial.pack.kinds)
            self._asked[number] = [_ready(vocabulary, case) for case in trial.cases]
        return self._asked[number]


def _longest(trial: Trial) -> int:
    return max(len(case.events) for case in trial.cases)


def _ready(vocabulary: Vocabulary, case: Case) -> Asked:
    decoded = (
        vocabulary.decode({"id": str(number), "source": SOURCE, **written})
        for number, written in enumerate(case.events, 1)
    )
    events = tuple(event for event in decoded if isinstance(event, Event))
    expected = tuple(expected_of(written, case.rules) for written in case.alerts)
    return Asked(case, events, Counter(event.kind for event in events), reached(events, case.until), expected)


def _noticing(asked: list[Asked], mutation: Mutation, often: Counter[int]) -> bool:
    # First those that noticed much for what they cost: it decides nothing but how long it takes.
    worth = [(often[number] + 1) / (len(one.events) + 1) ** 2 for number, one in enumerate(asked)]
    for number in sorted(range(len(asked)), key=lambda n: (-worth[n], n)):
        one = asked[number]
        if mutation.may_be_noticed(one.kinds) and one.notices(mutation.pack):
            often[number] += 1
            return True
    return False


def report(tried: set[Step], found: set[Step], every: set[Step], lines: Mapping[str, Sequence[str]]) -> Report:
    """
    What was noticed of what was tried, beside the marks that say why something cannot be.

    Args:
        tried: the steps.
        found: those of them that a case noticed.
        every: all there are; a mark at one that was not tried is not judged.
        lines: the text of the files, in which the marks are.
    """
    reasons = {name: marks(text, "same", WORDS) for name, text in lines.items()}
    owners: dict[str, list[Step]] = {}
    used: set[tuple[str, int]] = set()
    for step in sorted(tried, key=_order):
        owners.setdefault(step.owner, []).append(step)
    scores = []
    for owner in sorted(owners, key=lambda name: (" " in name, name)):
        survivors = []
        for step in owners[owner]:
            if step not in found:
                line, reason = reasons.get(step.place.file, {}).get((step.place.line, step.word), (0, ""))
                used.add((step.place.file, line))
                survivors.append(Survivor(step, reason))
        scores.append(Score(owner, len(owners[owner]), tuple(survivors)))
    untried = {(step.place.file, step.place.line, step.word) for step in every - tried}
    stale = {
        (name, at)
        for name, own in reasons.items()
        for (line, word), (at, _) in own.items()
        if (name, at) not in used and (name, line, word) not in untried
    }
    places = tuple(Place(name, line, 1) for name, line in sorted(stale))
    return Report(tuple(scores), places, len(every - tried))


def _order(step: Step) -> tuple[object, ...]:
    place = step.place
    return (place.file, place.line, place.column, WORDS.index(step.word), step.owner, repr(step.path))
