"""On which assumed values of the law's numbers a rule rests: what it reads itself, and through what it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from oversight.ground.text import text_of
from oversight.model.alerts import Assumption
from oversight.model.clauses import parameters_in, within
from oversight.model.pack import Head, Pack, Parameter, Query, Rule

_AT, _SINCE, _BEFORE = "at", "since", "before"
Use = tuple[Parameter, str]
"""A parameter with assumed values, and when it is read."""


class Assumptions:
    """
    The assumed values on which the alerts of a pack rest.

    A rule reads a parameter in its conditions and its text as of the breach, in its deadline as of the beginning of
    the breach. What a fact took over when it began, it took over at an instant that the alert does not name: there
    every value that was in force until the breach is told.

    Args:
        pack: checked.
        uses: by id and part of a rule what it reads of them; what is found is added.
    """

    def __init__(self, pack: Pack, uses: dict[tuple[str, str], tuple[Use, ...]]) -> None:
        self._pack = pack
        self._assumed = {name: each for name, each in pack.parameters.items() if any(each.assumed)}
        self._uses = uses

    def of(self, rule: Rule, at: datetime, since: datetime) -> tuple[Assumption, ...]:
        """
        What an alert of *rule* assumes, in order of the parameters' names.

        Args:
            rule: one of the pack.
            at: the instant of the breach.
            since: the instant at which the breach began.
        """
        if not self._assumed:
            return ()
        uses = self._uses.get((rule.id, rule.part))
        if uses is None:
            uses = self._uses[rule.id, rule.part] = self._found(rule)
        told = [(name, number) for use in uses for name, number in _read(*use, at, since)]
        return tuple([self._told(name, number) for name, number in sorted(set(told))])

    def _told(self, name: str, number: int) -> Assumption:
        parameter = self._assumed[name]
        return Assumption(name, text_of(parameter.entries[number][1]), parameter.sources[number])

    def _found(self, rule: Rule) -> tuple[Use, ...]:
        deadline = set(parameters_in(rule.deadline))
        direct = {
            name
            for part in (rule.conditions, rule.excuses, rule.values, rule.each, rule.about, rule.message, rule.remedy)
            for name in parameters_in(part)
        }
        named = [(name, _AT) for name in direct] + [(name, _SINCE) for name in deadline]
        named += [(name, _BEFORE) for name in self._through(rule)]
        return tuple((self._assumed[name], when) for name, when in named if name in self._assumed)

    def _through(self, rule: Rule) -> set[str]:
        """What is read by the facts that *rule* looks at, by the rules it watches, and so on."""
        found: set[str] = set()
        facts, rules = set[str](), {rule.id}
        waiting: list[Any] = [rule]
        while waiting:
            part = waiting.pop()
            if part is not rule:
                found.update(parameters_in(part))
            for asked in _asked(part):
                if asked.fact in self._pack.facts and asked.fact not in facts:
                    facts.add(asked.fact)
                    waiting.append(self._pack.facts[asked.fact])
                for other in self._pack.rules:
                    if other.id in asked.of and other.id not in rules:
                        waiting.append(other)
                rules.update(asked.of)
        return found


def _read(parameter: Parameter, when: str, at: datetime, since: datetime) -> Iterator[tuple[str, int]]:
    """The assumed values of *parameter* that were read, by name and number."""
    reached = since if when == _SINCE else at
    begun = [number for number, (start, _) in enumerate(parameter.entries) if start <= reached]
    for number in begun if when == _BEFORE else begun[-1:]:
        if parameter.assumed[number]:
            yield parameter.name, number


def _asked(part: Any) -> Iterator[Query | Head]:
    """The facts that *part* looks at."""
    for inner in within(part):
        if isinstance(inner, Query | Head):
            yield inner
