"""On histories drawn from the kinds of a shipped pack, the engine says what the definition says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.test_agreement import (
    alerts_of_definition,
    facts_of_definition,
    facts_of_engine,
)

import oversight
from oversight.engine.core import Engine
from oversight.meaning.semantics import outcome
from oversight.model.folding import fold
from oversight.model.forms import Event
from oversight.model.pack import Kind, Pack
from oversight.model.types import (
    BOOL, DATE, DOUBLE, INT, PERIOD, TIMESTAMP, EnumType, ListType, MapType, RecordType, Type,
)  # fmt: skip

BASE = datetime(2026, 2, 20, tzinfo=UTC)
DAYS = st.sampled_from((0, 1, 4, 14, 15, 30, 31, 45, 46, 60, 90, 366))
POOLS: dict[str, tuple[str, ...]] = {
    "kind": ("pia", "facial_recognition", "plate_reading", "tracking", "independent", "human_rights", "audit"),
    "authority": ("PCPD", "ICO"),
    "subject": ("facial_recognition", "k-1", "p-1"),
    "outcome": ("opinion", "no_comment", "advice"),
    "vendor": ("v-1",),
    "serious_purpose": ("", "serious_crime"),
    "model_version": ("frt-1", "frt-2"),
    "model": ("frt",),
    "version": ("1", "2"),
}
PLACES = ("c-1", "c-2", "z-1", "z-2", "p-1")
SCOPE = {
    "programme": st.just("p-1"),
    "zones": st.lists(st.sampled_from(("z-1", "z-2")), max_size=2),
    "cameras": st.lists(st.sampled_from(("c-1", "c-2")), max_size=2),
    "districts": st.just(["D-1"]),
    "capability": st.sampled_from(("facial_recognition", "plate_reading")),
    "model_version": st.sampled_from(("frt-1", "frt-2")),
    "purpose": st.lists(st.sampled_from(("crime", "flow")), max_size=2),
    "camera_limit": st.integers(0, 3),
    "explicit_all": st.booleans(),
    "necessity": st.sampled_from(("demonstrated", "not_demonstrated")),
    "proportionality": st.sampled_from(("demonstrated", "not_demonstrated")),
    "targets": st.just(["t-1"]),
    "kinds": st.just(["facial_recognition"]),
    "sensitivity": st.sampled_from(("none", "assembly")),
    "target": st.just({"level": "zone", "ids": ["z-1"]}),
    "level": st.sampled_from(("camera", "zone", "programme")),
    "ids": st.lists(st.sampled_from(PLACES), max_size=2),
}


def value(name: str, type_: Type) -> st.SearchStrategy[Any]:
    """JSON values for an attribute: of its type, from pools small enough that things meet."""
    simple: dict[Type, st.SearchStrategy[Any]] = {
        BOOL: st.booleans(),
        INT: st.integers(0, 4),
        DOUBLE: st.just(0.5),
        PERIOD: st.sampled_from(("P30D", "P31D", "P90D")),
        TIMESTAMP: DAYS.map(lambda n: (BASE + timedelta(days=n)).isoformat()),
        DATE: DAYS.map(lambda n: (BASE + timedelta(days=n)).date().isoformat()),
    }
    if type_ in simple:
        return simple[type_]
    if isinstance(type_, EnumType):
        return st.sampled_from(type_.values)
    if isinstance(type_, ListType):
        return st.lists(value(name, type_.item), max_size=2)
    if isinstance(type_, RecordType):
        return record(type_.attributes.values())
    if isinstance(type_, MapType) and type_.value.name != "dyn":
        return st.dictionaries(st.sampled_from(("facial_recognition", "plate_reading")), value(name, type_.value))
    if isinstance(type_, MapType) or type_.name == "dyn":
        return st.fixed_dictionaries({}, optional=SCOPE)
    if name in ("ids", "place"):
        return st.sampled_from(PLACES)
    return st.sampled_from(POOLS.get(name, (f"{name[0]}-1", f"{name[0]}-2")))


def record(attributes: Iterable[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with these attributes, optional ones now and then missing."""
    held = list(attributes)
    return st.fixed_dictionaries(
        {a.name: value(a.name, a.type) for a in held if a.required},
        optional={a.name: value(a.name, a.type) for a in held if not a.required},
    )


def event_of(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    """A flat event of *kind*; its id is given later."""
    envelope = {"kind": st.just(kind.name), "time": value("", TIMESTAMP), "data": record(kind.attributes.values())}
    return st.fixed_dictionaries(envelope)


def kinds_read(pack: Pack) -> list[Kind]:
    """The kinds that some fact or rule of the pack reads."""
    names = {k for f in pack.facts.values() for e in (*f.starts, *f.changes, *f.ends) for k in e.kinds}
    names |= {k for rule in pack.rules for k in rule.head.kinds}
    return [pack.kinds[name] for name in sorted(names)]


PACK = oversight.load("hong-kong")
HISTORIES = st.lists(st.one_of([event_of(kind) for kind in kinds_read(PACK)]), min_size=2, max_size=14)


@settings(max_examples=max(10, settings().max_examples // 5))
@given(HISTORIES, st.booleans())
def test_hong_kong_means_what_it_says(history: list[dict[str, Any]], ordered: bool) -> None:
    """After every event, in any order, facts and alerts are those of the definition."""
    if ordered:
        history.sort(key=lambda e: e["time"])
    engine, told, fed = Engine(PACK), list[Any](), list[Event]()
    for number, written in enumerate(history):
        told += engine.feed({"id": f"e-{number}", **written})
        decoded = engine.decode({"id": f"e-{number}", **written})
        assert isinstance(decoded, Event)
        fed.append(decoded)
    now = engine.now
    assert now is not None
    for upto in (now, now + timedelta(days=400)):
        told += engine.advance(upto)
        found = outcome(PACK, fed, upto)
        assert facts_of_definition(found, PACK) == facts_of_engine(engine, PACK)
        lasting = {i: (f.rule, f.at, dict(f.subjects)) for i, f in fold(told).items()}
        assert {i: (r, a, s) for i, (r, a, _, s) in alerts_of_definition(found).items()} == _without_instants(lasting)


def _without_instants(folded: dict[str, Any]) -> dict[str, Any]:
    made = {}
    for name, (rule, at, subjects) in folded.items():
        lasting = {subject: end for subject, end in subjects.items() if end != at}
        made[name] = (rule, at, lasting or subjects)
    return made
