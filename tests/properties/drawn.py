"""Packs and histories drawn at random: small, and full of the edges at which engines go wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from oversight.language.reader import read_pack
from oversight.model.pack import Pack

BASE = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("a.did", "b.did", "c.did", "d.did")
KEYS = ("p", "q")
ATTRIBUTES: dict[str, Any] = {
    "x": {"type": "id", "required": True},
    "y": {"type": "id", "required": True},
    "n": {"type": "int", "required": True},
    "at": {"type": "ts"},
    "end": {"type": "ts"},
    "day": {"type": "date"},
    "list": {"type": "list", "required": True, "items": {"type": "id"}},
    "set": {"type": "map", "required": True},
}
SPANS = ("P1D", "P2D", "P3D", "PT0S", "PT36H")


def day(number: float) -> datetime:
    """The instant so many days after the first."""
    return BASE + timedelta(days=number)


def kinds_on(draw: DrawFn) -> str:
    """One kind of event or, seldom, two."""
    chosen = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique=True))
    return " or ".join(chosen if draw(st.integers(0, 3)) == 0 else chosen[:1]) + " as e"


def conditions(
    draw: DrawFn, names: dict[str, str], facts: list[str], depth: int, event: bool = False
) -> list[Any]:
    """Zero to two conditions over the names bound so far (each with the fact it is, or ``event``)."""
    return [condition(draw, names, facts, depth, event) for _ in range(draw(st.sampled_from((0, 1, 1, 2))))]


def test_of(draw: DrawFn, names: dict[str, str]) -> str:
    """A comparison of attributes."""
    first = draw(st.sampled_from(sorted(names)))
    second = draw(st.sampled_from(sorted(names)))
    return str(
        draw(
            st.sampled_from(
                (
                    f"{first}.x == {second}.y",
                    f"{first}.n > 1",
                    f"{first}.n <= limit",
                    f"{first}.x in {second}.list",
                    f"has({first}.end)",
                    f"{first}.x == {second}.x",
                    f"{first}.x == 'p'",
                    f"has({first}.end) && {first}.end > timestamp('2026-01-05T00:00:00Z')",
                    f"{first}.n / ({second}.n - 1) >= 1",
                    f"has({first}.set.z) && {first}.set.z == 1 || {second}.n / {first}.n == 2",
                )
            )
        )
    )


def condition(draw: DrawFn, names: dict[str, str], facts: list[str], depth: int, event: bool = False) -> Any:
    """One condition."""
    choice = draw(st.integers(0, 7))
    if choice <= 2 or depth == 0 or not facts:
        return test_of(draw, names)
    if choice == 3:
        return {
            draw(st.sampled_from(("all_of", "any_of"))): [
                condition(draw, names, facts, depth - 1, event) for _ in "12"
            ]
        }
    if choice == 4:
        return {"not": condition(draw, names, facts, depth - 1, event)}
    fact = draw(st.sampled_from(facts))
    name = f"v{len(names)}"
    inner = {**names, name: fact}
    made: dict[str, Any] = {"where": conditions(draw, inner, facts, depth - 1, event)}
    outer = draw(st.sampled_from(sorted(names)))
    looked_up = (f"{name}.x == {outer}.x", f"{name}.y == {outer}.x", f"{name}.y == 'q'", f"{name}.x in {outer}.list",
                 f"{outer}.y in {name}.list", f"{outer}.n == {name}.n")  # fmt: skip
    made["where"] = draw(st.lists(st.sampled_from(looked_up), max_size=2, unique=True)) + made["where"]
    if draw(st.integers(0, 3)) == 0:
        ways = [draw(st.sampled_from((*looked_up, f"{outer}.n > 1"))) for _ in "12"]
        made["where"].append({"any_of": [{"all_of": [way, test_of(draw, inner)]} if draw(st.booleans()) else way for way in ways]})
    if not made["where"]:
        del made["where"]
    if event and draw(st.integers(0, 3)) == 0:
        made["before"] = True
    query = f"{fact} as {name}"
    if choice == 7:
        made["sum" if draw(st.booleans()) else "count"] = query
        if "sum" in made:
            made.update({"sum": f"{name}.n", "of": query})
        elif draw(st.booleans()):
            made["distinct"] = f"{name}.x"
        made[draw(st.sampled_from(("at_most", "at_least", "more_than", "fewer_than")))] = draw(
            st.integers(0, 2)
        )
    else:
        made[draw(st.sampled_from(("some", "none")))] = query
    return made


def value(draw: DrawFn, names: dict[str, str], facts: list[str], event: bool = False) -> Any:
    """A value of ``with:``; a number."""
    outer = draw(st.sampled_from(sorted(names)))
    if not facts or draw(st.booleans()):
        return f"{outer}.n + 1"
    fact, name = draw(st.sampled_from(facts)), f"w{len(names)}"
    where = [f"{name}.x == {outer}.x"] if draw(st.booleans()) else [f"{name}.n > 0"]
    made: dict[str, Any] = {"where": where}
    if event and draw(st.integers(0, 3)) == 0:
        made["before"] = True
    choice = draw(st.integers(0, 2))
    if choice == 0:
        return {**made, "count": f"{fact} as {name}"}
    if choice == 1:
        return {**made, "sum": f"{name}.n", "of": f"{fact} as {name}"}
    made.update({"latest": f"{fact} as {name}", "value": f"{name}.n"})
    if draw(st.booleans()):
        made["else"] = 7
    return made


def entry(
    draw: DrawFn, key: list[str], facts: list[str], every: list[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The common part of a start, change or end, and the names it binds."""
    made: dict[str, Any] = {"on": kinds_on(draw)}
    names = {"e": "event"}
    if "item" in key:
        made["each"] = "e.list as item"
    elif every and draw(st.integers(0, 5)) == 0:
        fact = draw(st.sampled_from(every))
        own = fact not in facts
        made["each"] = {
            "some": f"{fact} as other",
            "where": ["other.x == e.x"],
            **({"before": True} if own else {}),
        }
        names["other"] = fact
    if draw(st.integers(0, 2)) == 0:
        made["if"] = conditions(draw, names, facts, 1, True) or ["e.n > 0"]
    if draw(st.integers(0, 4)) == 0:
        made["unless"] = [condition(draw, names, facts, 1, True)]
    return made, names


def fact(draw: DrawFn, facts: list[str], name: str) -> dict[str, Any]:
    """A fact that reads only *facts*, or with ``before:`` also itself."""
    key = draw(st.sampled_from((["x"], ["x"], ["x", "y"], ["item"], [])))
    made: dict[str, Any] = {"key": key} if key else {}
    starts = []
    for _ in range(draw(st.sampled_from((1, 1, 2)))):
        start, names = entry(draw, key, facts, [*facts, name])
        guards = []
        if draw(st.integers(0, 2)) == 0:
            start["from"] = "e.at"
            guards.append("has(e.at)")
        if draw(st.integers(0, 2)) == 0:
            attribute = draw(st.sampled_from(("end", "day")))
            start["until"] = f"e.{attribute}"
            guards.append(f"has(e.{attribute})")
        if guards:
            start["if"] = guards + start.get("if", [])
        if draw(st.integers(0, 2)) == 0:
            start["with"] = {"m": value(draw, names, facts, True)}
        starts.append(start)
    made["starts"] = starts
    ended = draw(st.integers(0, 3))
    if ended:
        made["ends"] = [_act(draw, key, facts, name) for _ in range(draw(st.sampled_from((1, 1, 2))))]
    if draw(st.integers(0, 1)):
        change = _act(draw, key, facts, name)
        change["set"] = "e.set" if draw(st.booleans()) else {"n": "e.n", "end": "e.end"}
        made["changes"] = change
    if draw(st.integers(0, 2)) == 0:
        made["lasts"] = draw(st.sampled_from((*SPANS, "span")))
    if draw(st.integers(0, 3)) == 0:
        made["restarts"] = True
    if not ended and "lasts" not in made and not all("until" in s for s in starts):
        made["keep"] = "forever"
    return made


def _act(draw: DrawFn, key: list[str], facts: list[str], name: str) -> dict[str, Any]:
    act, _ = entry(draw, key, facts, [*facts, name])
    if not key or draw(st.integers(0, 2)) == 0:
        act["where"] = [draw(st.sampled_from(("this.y == e.y", "this.n >= e.n", "this.x == e.y")))]
        if "item" in key:
            del act["each"]
    return act


def rule(draw: DrawFn, number: int, facts: list[str], others: list[str]) -> dict[str, Any]:
    """A rule over *facts* or, where there are any, the alerts of *others*."""
    made: dict[str, Any] = {
        "rule": f"R{number}", "title": "t", "authority": [{"instrument": "i", "provision": "p"}], "basis": "law",
        "severity": "high", "alert": "a", "remedy": "r",
        "cases": [{"name": "c", "events": [], "alerts": []}],
    }  # fmt: skip
    choice = draw(st.integers(0, 9))
    if others and choice == 0:
        made.update(
            {"while": "alert as h", "of": draw(st.lists(st.sampled_from(others), min_size=1, unique=True))}
        )
        if draw(st.booleans()):
            made["for"] = draw(st.sampled_from(SPANS))
        if draw(st.booleans()):
            made["if"] = ["h.subjects.exists(s, s == 'p')"]
        return made
    on = choice <= 3
    made["on" if on else "while"] = (
        kinds_on(draw).replace(" as e", " as h") if on else f"{draw(st.sampled_from(facts))} as h"
    )
    names = {"h": "head"}
    if draw(st.integers(0, 3)) == 0:
        if draw(st.booleans()):
            made["each"] = "h.list as part"
            made["about"] = "part"
        else:
            fact_name = draw(st.sampled_from(facts))
            made["each"] = {
                "some": f"{fact_name} as part",
                "where": conditions(draw, {**names, "part": fact_name}, facts, 1, on),
            }
            if not made["each"]["where"]:
                del made["each"]["where"]
            made["about"] = ["part.x", "part.y"]
            names["part"] = fact_name
    if draw(st.integers(0, 2)) == 0:
        made["with"] = {"m": value(draw, {"h": "head"}, facts, on)}
    guarded = conditions(draw, names, facts, 2, on) + (
        ["m > 1"] if "with" in made and draw(st.booleans()) else []
    )
    if guarded:
        made["if"] = guarded
    excuses = conditions(draw, names, facts, 2, on)
    if others and draw(st.integers(0, 3)) == 0:
        excuses.append(
            {
                "some": "alert as z",
                "of": [others[0]],
                "where": [draw(st.sampled_from(("h.x in z.subjects", "z.since == z.at")))],
            }
        )
    if excuses:
        made["unless"] = excuses
    if not on and draw(st.booleans()):
        if draw(st.booleans()):
            made["for"] = draw(st.sampled_from((*SPANS, "span")))
        else:
            attribute = draw(st.sampled_from(("end", "day")))
            made["by"] = f"h.{attribute}"
            made["if"] = [f"has(h.{attribute})", *made.get("if", [])]
    if draw(st.integers(0, 5)) == 0:
        made["in_force"] = draw(
            st.sampled_from(
                (
                    {"from": "2026-01-04"},
                    {"until": "2026-01-06"},
                    {"from": "2026-01-03", "until": "2026-01-07"},
                )
            )
        )
    return made


@st.composite
def packs(draw: DrawFn) -> dict[str, Any]:
    """A pack as the content of its one file."""
    names: list[str] = []
    facts: dict[str, Any] = {}
    for number in range(draw(st.integers(1, 3))):
        facts[f"f{number}"] = fact(draw, list(names), f"f{number}")
        names.append(f"f{number}")
    rules: list[Any] = []
    for number in range(draw(st.integers(1, 3))):
        rules.append(rule(draw, number, names, [r["rule"] for r in rules]))
    return {
        "pack": {"name": "drawn", "version": "1", "language": 1, "timezone": draw(st.sampled_from(("UTC", "Asia/Hong_Kong")))},
        "kinds": {kind: {"description": "d", "emitter": "e", "attributes": ATTRIBUTES} for kind in KINDS},
        "parameters": {
            "limit": [{"from": "2026-01-01", "value": 1}, {"from": "2026-01-05", "value": 2}],
            "span": [{"from": "2026-01-01", "value": "P2D"}, {"from": "2026-01-04", "value": "P1D"}],
        },
        "facts": facts,
        "rules": rules,
    }  # fmt: skip


def checked(written: dict[str, Any], folder: Path) -> Pack | None:
    """The pack, or ``None`` where what was drawn does not check."""
    (folder / "pack.yaml").write_text(json.dumps(written), encoding="utf-8")
    return read_pack(folder, _no_other).pack


def _no_other(name: str) -> Path:
    raise LookupError(name)


@st.composite
def events(draw: DrawFn, number: int) -> dict[str, Any]:
    """One event, on one of a few days, seldom with ``sequence`` or correcting another."""
    made: dict[str, Any] = {
        "id": f"e{number}", "source": draw(st.sampled_from(("s", "s", "t"))), "kind": draw(st.sampled_from(KINDS)),
        "time": day(draw(st.integers(0, 8))).isoformat(), "x": draw(st.sampled_from(KEYS)),
        "y": draw(st.sampled_from(KEYS)), "n": draw(st.integers(0, 3)),
        "list": draw(st.lists(st.sampled_from(KEYS), max_size=2)),
        "set": draw(st.sampled_from(({}, {"n": 2}, {"n": "bad"}, {"x": "q", "z": 1}, {"end": day(6).isoformat()}))),
    }  # fmt: skip
    for name in ("at", "end"):
        if draw(st.booleans()):
            made[name] = day(draw(st.integers(0, 9))).isoformat()
    if draw(st.booleans()):
        made["day"] = day(draw(st.integers(0, 9))).date().isoformat()
    if draw(st.integers(0, 4)) == 0:
        made["sequence"] = draw(st.sampled_from(("1", "2", "10")))
    if number and draw(st.integers(0, 7)) == 0:
        made["corrects"] = f"e{draw(st.integers(0, number))}"
    return made


def histories(size: int = 8) -> SearchStrategy[list[dict[str, Any]]]:
    """Up to *size* events with identities of their own, in any order of time."""
    return st.integers(0, size).flatmap(
        lambda n: st.tuples(*[events(number) for number in range(n)]).map(list)
    )
