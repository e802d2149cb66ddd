"""What no shipped rule may hang on: how things are called, the order of a list, the offset of an instant."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from typing import Any

import pytest
from tests.properties.test_shipped_packs import PACK

from oversight import Engine, Pack
from oversight.ground.time import format_instant, parse_instant
from oversight.model.extract import extract
from oversight.model.folding import fold
from oversight.testing.sources import sources

WORDS = {word for words in sources(PACK).words.values() for word in words if isinstance(word, str)}
CASES = [case for case in PACK.cases if case.events and not case.parameters]
NAME = re.compile(r"[a-z]+-[0-9]+")
# Records of one instant that contradict each other and have no sequence: the language lets the last by id count.
ORDERED = {
    "HK-COM-01: anew at one instant: the last in order counts",
    "HK-ICS-01: granted twice at one instant",
    "HK-OVS-03: set to another kind at the instant at which it is switched on",
    "HK-PRO-02: put on record with two suppliers at one instant, the last stands",
    "HK-RET-02: added again at one instant until another, the last counts",
}
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+\+08:00")


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in *value*, with the name of the attribute it stands under."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, key)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item, name)


def altered(value: Any, text: Callable[[str], str], items: Callable[[list[Any]], list[Any]] = list) -> Any:
    """*value* with every text and every list in it put through a function."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {key: altered(item, text, items) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return items([altered(item, text, items) for item in value])
    return value


def renamed(events: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """Every id called otherwise, so that their order is the reverse; a model's version says which model by its name."""
    found = [pair for event in events for pair in texts(event) if NAME.fullmatch(pair[1])]
    kept = WORDS | {text for name, text in found if "model" in name or "version" in name}
    ids = sorted({text for _, text in found} - kept)
    names = {old: f"x-{len(ids) - number:04}" for number, old in enumerate(ids)}
    return altered(events, lambda text: names.get(text, text)), names


def turned(events: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """The lists of every other event the other way round."""
    return [altered(event, str, lambda items: items[::-1]) if n % 2 else event for n, event in enumerate(events)], {}


def in_utc(events: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """Every instant in UTC."""

    def moved(text: str) -> str:
        return format_instant(parse_instant(text).astimezone(UTC)) if INSTANT.fullmatch(text) else text

    return altered(events, moved), {}


@functools.cache
def part(rules: tuple[str, ...]) -> Pack:
    """The pack with these rules alone."""
    return extract(PACK, list(rules), PACK.kinds)


def alerts(case: Any, events: list[Any], names: Mapping[str, str]) -> Counter[Any]:
    """What *events* leave of alerts, with subjects that are called otherwise under their new names."""
    engine = Engine(part(case.rules))
    told = list(engine.feed(events))
    if case.until is not None and engine.now is not None and case.until > engine.now:
        told += engine.advance(case.until)
    return Counter(
        (one.rule, one.part, one.at, one.since, frozenset((names.get(s, s), end) for s, end in one.subjects.items()))
        for one in fold(told).values()
    )


@pytest.mark.parametrize("relation", [renamed, turned, in_utc], ids=lambda relation: relation.__name__)
def test_it_does_not_matter(relation: Any) -> None:
    """The alerts of each case stay as they are."""
    differing = set()
    for case in CASES:
        events = [{"id": f"e-{number:03}", **event} for number, event in enumerate(altered(case.events, str))]
        other, names = relation(events)
        if alerts(case, events, names) != alerts(case, other, {}):
            differing.add(f"{' '.join(case.rules)}: {case.name}")
    assert (ORDERED if relation is renamed else set()) == differing
