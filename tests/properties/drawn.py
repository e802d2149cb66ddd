"""
Packs and histories drawn at random: small, and full of the edges at which engines go wrong.

A pack that is drawn freely does little: its conditions seldom hold and its events miss each other. So most of
what is drawn here is plain, few things are tested at once, and all instants lie on the same few days.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from oversight.language.reader import read_pack
from oversight.language.site import read_site
from oversight.model.pack import Pack
from oversight.testing.dice import Dice

BASE = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("a.did", "b.did", "c.did")
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
SPANS = ("P1D", "PT0S", "P2D", "span", "span", "PT36H")
LIMITS = ("at_most", "at_least", "more_than", "fewer_than")
Names = dict[str, str]
"""The names bound so far, each with the fact it stands for, or ``event``."""
GIVEN = "f1"
"""The fact of which every start gives the attributes ``m`` and ``k``, so that others may ask for them."""


def day(number: float) -> datetime:
    """The instant so many days after the first."""
    return BASE + timedelta(days=number)


def kinds_on(dice: Dice, besides: str = "") -> str:
    """One kind of event or, seldom, two; seldom one of those *besides*."""
    others = [kind for kind in KINDS if kind not in besides]
    kind = dice.one_of(*others) if others and not dice.one_in(6) else dice.one_of(*KINDS)
    return f"{kind} or {dice.one_of(*[k for k in KINDS if k != kind])}" if dice.one_in(8) else kind


# Conditions


def comparison(dice: Dice, names: Names) -> str:
    """A comparison of attributes."""
    first, second = dice.one_of(*sorted(names)), dice.one_of(*sorted(names))
    text: str = dice.one_of(
        f"{first}.n > 1",
        f"{first}.x == 'p'",
        f"{first}.x == {second}.x",
        f"{first}.x == {second}.y",
        f"{first}.n <= limit",
        f"{first}.n <= limit",
        f"{first}.x in {second}.list",
        f"has({first}.end)",
        f"has({first}.end) && {first}.end > timestamp('2026-01-04T00:00:00Z')",
        f"{first}.n / ({second}.n - 1) >= 1",
        f"has({first}.set.z) && {first}.set.z == 1 || {second}.n / {first}.n == 2",
    )
    given = [name for name, fact in names.items() if fact == GIVEN]
    if given and dice.one_in(3):
        text = dice.one_of(f"{given[-1]}.m > {second}.n", f"{given[-1]}.k", f"{given[-1]}.k || {given[-1]}.m == 1")
    return text


def condition(dice: Dice, names: Names, facts: list[str], depth: int, event: bool) -> Any:
    """One condition; ``before:`` only where the judgement is of an *event*."""
    kind = dice.one_of("test", "test", "some", "some", "some", "some", "none", "measure", "group", "not")
    if kind == "test" or depth == 0 or not facts:
        return comparison(dice, names)
    if kind == "group":
        parts = [condition(dice, names, facts, depth - 1, event) for _ in "12"]
        return {dice.one_of("all_of", "any_of"): parts}
    if kind == "not":
        return {"not": condition(dice, names, facts, depth - 1, event)}
    fact, name = dice.one_of(*facts), f"v{len(names)}"
    made = question(dice, names, facts, depth, event, (fact, name))
    if kind != "measure":
        return {kind: f"{fact} as {name}", **made}
    made[dice.one_of(*LIMITS)] = dice.below(3)
    return {**measure(dice, fact, name), **made}


def conditions(dice: Dice, names: Names, facts: list[str], depth: int, event: bool) -> list[Any]:
    """Zero to two conditions."""
    return [condition(dice, names, facts, depth, event) for _ in range(dice.one_of(0, 1, 1, 2))]


def question(
    dice: Dice, names: Names, facts: list[str], depth: int, event: bool, asked: tuple[str, str]
) -> dict[str, Any]:
    """``where:`` and ``before:`` of a quantifier over the fact, under the name, that *asked* gives."""
    fact, name = asked
    outer = dice.one_of(*sorted(names))
    tests = (
        f"{name}.x == {outer}.x",
        f"{name}.y == {outer}.x",
        f"{name}.y == 'q'",
        f"{name}.x in {outer}.list",
        f"{outer}.y in {name}.list",
        f"{outer}.n == {name}.n",
    )
    if fact == GIVEN:
        tests = (*tests, f"{name}.m == {outer}.n")
    where = dice.some_of(tests, 2)
    inner = {**names, name: fact}
    if dice.one_in(4):
        where.append(condition(dice, inner, facts, depth - 1, event))
    if dice.one_in(5):
        where.append({"any_of": [_way(dice, inner, (*tests, f"{outer}.n > 1")) for _ in "12"]})
    made: dict[str, Any] = {"where": where} if where else {}
    if event and dice.one_in(4):
        made["before"] = True
    return made


def _way(dice: Dice, names: Names, tests: tuple[str, ...]) -> Any:
    """One of the ways of an ``any_of``: a test, with another or not, or seldom ways of its own, with a test or not."""
    inner = {"any_of": [_way(dice, names, tests) for _ in "12"]} if dice.one_in(4) else None
    test = dice.one_of(comparison(dice, names), *tests)
    if inner is not None:
        return {"all_of": dice.one_of([test, inner], [inner, test])} if dice.one_in(2) else inner
    return {"all_of": [dice.one_of(*tests), test]} if dice.one_in(2) else dice.one_of(*tests)


def measure(dice: Dice, fact: str, name: str) -> dict[str, Any]:
    """A count, a count of different values, or a sum."""
    query = f"{fact} as {name}"
    made: dict[str, Any] = dice.one_of(
        {"count": query}, {"count": query, "distinct": f"{name}.x"}, {"sum": f"{name}.n", "of": query}
    )
    return made


def value(dice: Dice, names: Names, facts: list[str], event: bool) -> Any:
    """A value of ``with:``; a number."""
    outer = dice.one_of(*sorted(names))
    if not facts or dice.one_in(2):
        return dice.one_of(f"{outer}.n + 1", f"{outer}.n")
    fact, name = dice.one_of(*facts), f"w{len(names)}"
    made: dict[str, Any] = {}
    tests = (f"{name}.x == {outer}.x", f"{name}.y == {outer}.x", f"{name}.n == {outer}.n", f"{name}.n > 0")
    if where := dice.some_of(tests, 2):
        made["where"] = where
    if event and dice.one_in(4):
        made["before"] = True
    if dice.one_in(2):
        return {**measure(dice, fact, name), **made}
    made.update({"latest": f"{fact} as {name}", "value": f"{name}.n"})
    if dice.one_in(2):
        made["else"] = 7
    return made


# Facts


def entry(dice: Dice, key: list[str], facts: list[str], own: str, besides: str = "") -> tuple[dict[str, Any], Names]:
    """The common part of a start, change or end of the fact *own*, and the names it binds."""
    made: dict[str, Any] = {"on": kinds_on(dice, besides) + " as e"}
    names = {"e": "event"}
    if "item" in key:
        made["each"] = "e.list as item"
    elif dice.one_in(8):
        fact = dice.one_of(*facts, *facts, own)
        made["each"] = {"some": f"{fact} as other", "where": ["other.x == e.x"]}
        made["each"].update({"before": True} if fact == own else {})
        names["other"] = fact
    if dice.one_in(6):
        made["if"] = conditions(dice, names, facts, 1, True) or ["e.n > 0"]
    if dice.one_in(6):
        made["unless"] = [condition(dice, names, facts, 1, True)]
    return made, names


def start(dice: Dice, key: list[str], facts: list[str], own: str) -> dict[str, Any]:
    """What starts a fact."""
    made, names = entry(dice, key, facts, own)
    guards = []
    if dice.one_in(5):
        made["from"] = "e.at"
        guards.append("has(e.at)")
    if dice.one_in(4):
        attribute = dice.one_of("end", "end", "day")
        made["until"] = f"e.{attribute}"
        guards.append(f"has(e.{attribute})")
    if guards:
        made["if"] = guards + made.get("if", [])
    if own == GIVEN or dice.one_in(4):
        made["with"] = {"m": value(dice, names, facts, True), "k": dice.one_of("e.n > 1", "m > 1")}
    return made


def act(dice: Dice, key: list[str], facts: list[str], own: str, besides: str) -> dict[str, Any]:
    """What ends or changes a fact: found by its key, by ``where:``, or by both."""
    made, _ = entry(dice, key, facts, own, besides)
    if not key or dice.one_in(4):
        made["where"] = [dice.one_of("this.y == e.y", "this.n >= e.n", "this.x == e.y")]
        if "item" in key:
            del made["each"]
    return made


def fact(dice: Dice, facts: list[str], own: str) -> dict[str, Any]:
    """The fact *own*, which reads only *facts*, or with ``before:`` also itself."""
    key: list[str] = dice.one_of(["x"], ["x"], ["x"], ["x", "y"], ["x", "n"], ["item"], [])
    made: dict[str, Any] = {"key": key} if key else {}
    made["starts"] = [start(dice, key, facts, own) for _ in range(dice.one_of(1, 1, 2))]
    ends, begin = dice.one_of(1, 1, 2, 0), str([s["on"] for s in made["starts"]])
    if ends:
        made["ends"] = [act(dice, key, facts, own, begin) for _ in range(ends)]
    if dice.one_in(3):
        given = [{"m": "e.n"}, {"m": "e.set.z"}, {"k": "e.n > 0"}] if own == GIVEN else []
        how = dice.one_of("e.set", {"n": "e.n", "end": "e.end"}, {"n": "e.n"}, *given)
        made["changes"] = {**act(dice, key, facts, own, begin), "set": how}
    if dice.one_in(4):
        made["lasts"] = dice.one_of(*SPANS)
    if dice.one_in(4):
        made["restarts"] = True
    if not ends and "lasts" not in made and not all("until" in s for s in made["starts"]):
        made["keep"] = "forever"
    return made


# Rules


def rule(dice: Dice, number: int, facts: list[str], others: list[str]) -> dict[str, Any]:
    """A rule over *facts* or, where there are any, the alerts of *others*."""
    made: dict[str, Any] = {
        "rule": f"R{number}", "title": "t", "basis": "law", "severity": "high", "alert": "a", "remedy": "r",
        "authority": [{"instrument": "i", "provision": "p"}],
        "cases": [{"name": "c", "events": [], "alerts": []}],
    }  # fmt: skip
    if others and dice.one_in(4):
        return {**made, **watching(dice, others)}
    if dice.one_in(5):
        return {**made, **by_parts(dice, facts)}
    on = dice.one_in(3)
    names = {"h": "event" if on else dice.one_of(*facts)}
    made["on" if on else "while"] = f"{kinds_on(dice) if on else names['h']} as h"
    made.update(parts(dice, names, facts, on))
    held: list[Any] = []
    if dice.one_in(3):
        made["with"] = {"m": value(dice, {"h": names["h"]}, facts, on), "k": dice.one_of("m + h.n", "h.n")}
        held.append(dice.one_of("m > 1", "m > 1", "k > 1"))
    if dice.one_in(4):
        held += conditions(dice, names, facts, 2, on)
    if not on:
        made.update(deadline(dice, held))
    excuses = conditions(dice, names, facts, 2, on) if not dice.one_in(3) else []
    if others and dice.one_in(4):
        where = dice.one_of("h.x in z.subjects", "z.since == z.at")
        excuses.append({"some": "alert as z", "of": [dice.one_of(*others)], "where": [where]})
    made.update({"if": held} if held else {})
    made.update({"unless": excuses} if excuses else {})
    if dice.one_in(6):
        bounds = (
            {"from": "2026-01-04"},
            {"until": "2026-01-05"},
            {"from": "2026-01-03", "until": "2026-01-06"},
        )
        made["in_force"] = dice.one_of(*bounds)
    return made


def watching(dice: Dice, others: list[str]) -> dict[str, Any]:
    """The head and the conditions of a rule about alerts."""
    watched = dice.some_of(others, 2) or others[-1:]
    made: dict[str, Any] = {"while": "alert as h", "of": watched}
    if dice.one_in(3):
        made["for"] = dice.one_of(*SPANS)
    if not dice.one_in(3):
        made["if"] = ["h.subjects.exists(s, s == 'p')"]
    return made


def parts(dice: Dice, names: Names, facts: list[str], on: bool) -> dict[str, Any]:
    """``each:`` and ``about:``, or neither; binds the name of a part that is a fact."""
    if not dice.one_in(3):
        return {}
    if dice.one_in(2):
        return {"each": "h.list as part", "about": "part"}
    found = dice.one_of(*facts)
    where = conditions(dice, {**names, "part": found}, facts, 1, on) if dice.one_in(2) else []
    names["part"] = found
    each = {"some": f"{found} as part", **({"where": where} if where else {})}
    return {"each": each, "about": ["part.x", "part.y"]}


def by_parts(dice: Dice, facts: list[str]) -> dict[str, Any]:
    """A rule of which the parts are excused one by one."""
    head = dice.one_of(*facts)
    other = dice.one_of(*[f for f in facts if f != head], *facts)
    made = {"while": f"{head} as h", "each": "h.list as part", "about": "part"}
    made.update({"for": dice.one_of(*SPANS)} if dice.one_in(5) else {})
    return {**made, "unless": [{"some": f"{other} as g", "where": [f"g.{dice.one_of('x', 'y')} == part"]}]}


def deadline(dice: Dice, held: list[Any]) -> dict[str, Any]:
    """``for:`` or ``by:``, or neither; asks first for what may be missing."""
    kind = dice.one_of("", "", "for", "for", "by")
    if kind == "by":
        attribute = dice.one_of("end", "day")
        held.append(f"has(h.{attribute})")
        return {"by": f"h.{attribute}"}
    return {"for": dice.one_of(*SPANS)} if kind else {}


# Packs and histories


def packs(dice: Dice) -> dict[str, Any]:
    """A pack as the content of its one file."""
    facts: dict[str, Any] = {}
    for number in range(dice.one_of(1, 2, 2, 3)):
        facts[f"f{number}"] = fact(dice.part(80), list(facts), f"f{number}")
    rules: list[Any] = []
    for number in range(dice.one_of(3, 4)):
        others = [r["rule"] for r in rules for _ in range(3 if "each" in r else 1)]
        rules.append(rule(dice.part(80), number, list(facts), others))
    zone = dice.one_of("UTC", "UTC", "Asia/Hong_Kong")
    return {
        "pack": {"name": "drawn", "version": "1", "language": 1, "timezone": zone},
        "kinds": {kind: {"description": "d", "emitter": "e", "attributes": ATTRIBUTES} for kind in KINDS},
        "parameters": {
            "limit": [{"from": "2026-01-01", "value": 1}, {"from": "2026-01-04", "value": 2}],
            "span": [
                {"from": "2026-01-01", "value": "P3D"}, {"from": "2026-01-03", "value": "P1D"},
                {"from": "2026-01-05", "value": "P2D"},
            ],
        },
        "facts": facts,
        "rules": rules,
    }  # fmt: skip


def exceptions(dice: Dice, rules: list[str]) -> list[dict[str, Any]]:
    """What a site excepts: none to three, some of which look at what changes while an alert stands."""
    made: list[dict[str, Any]] = []
    for number in range(dice.one_of(0, 1, 2, 3)):
        first = dice.below(8)
        made.append({
            "rule": dice.one_of(*rules), "reason": f"reason {number}", "owner": "o",
            "from": day(first - 1).date().isoformat(), "until": day(first - 1 + dice.below(4)).date().isoformat(),
        })  # fmt: skip
        where = dice.one_of(
            "",
            "",
            "alert.subjects.all(s, s == 'p')",
            "alert.subjects.exists(s, s == 'q')",
            "alert.subjects == ['p', 'q']",
            "1 / (size(alert.subjects) - 1) == 1",
            "alert.since == alert.at",
            "alert.at < timestamp('2026-01-04T00:00:00Z')",
        )
        made[-1].update({"where": where} if where else {})
    return made


def checked(written: dict[str, Any], folder: Path, excepted: list[dict[str, Any]]) -> Pack | None:
    """The pack with what a site excepts, or ``None`` where what was drawn does not check."""
    inside, site = folder / "pack", folder / "site.yaml"
    inside.mkdir()
    (inside / "pack.yaml").write_text(json.dumps(written), encoding="utf-8")
    pack = read_pack(inside, _no_other).pack
    if pack is None or not excepted:
        return pack
    site.write_text(json.dumps({"exceptions": excepted}), encoding="utf-8")
    adapted = read_site(site, [pack])
    assert adapted.packs is not None, adapted.diagnostics
    return adapted.packs[0]


def _no_other(name: str) -> Path:
    raise LookupError(name)


def event(dice: Dice, number: int, days: list[int], correcting: int) -> dict[str, Any]:
    """One event, on one of *days*, seldom with ``sequence``; one in *correcting* corrects another."""
    made: dict[str, Any] = {
        "id": f"e{number}", "source": dice.one_of("s", "s", "s", "t"), "kind": dice.one_of(*KINDS),
        "time": day(dice.one_of(*days)).isoformat(), "x": dice.one_of(*KEYS), "y": dice.one_of(*KEYS),
        "n": dice.below(4), "list": list(dice.one_of("pq", "pq", "pq", "qp", "qp", "p", "qq", "")),
        "set": dice.one_of({}, {"n": 2}, {"n": "bad"}, {"x": "q", "z": 1}, {"end": day(5).isoformat()}),
    }  # fmt: skip
    for name, others in (("at", range(6)), ("end", range(3, 9))):
        if not dice.one_in(4):
            made[name] = day(dice.one_of(*days, *others)).isoformat()
    if not dice.one_in(4):
        made["day"] = day(dice.one_of(*days, *others)).date().isoformat()
    if dice.one_in(5):
        made["sequence"] = dice.one_of("1", "2", "10")
    if dice.one_in(correcting):
        last = max(number - 1, 0)
        made["corrects"] = f"e{dice.one_of(last, last, dice.below(10))}"
    return made


def histories(dice: Dice, size: int = 11) -> list[dict[str, Any]]:
    """Up to *size* events in any order of time; seldom one of them comes twice, or the last takes back any other."""
    days = [dice.below(7) for _ in range(dice.one_of(3, 4, 5))]
    correcting = dice.one_of(20, 10, 4)
    made: list[dict[str, Any]] = []
    for number in range(4 + dice.below(size - 3)):
        repeated = number > 0 and dice.one_in(12)
        made.append(dice.one_of(*made) if repeated else event(dice.part(24), number, days, correcting))
    if dice.one_in(3):
        named = dice.one_of(*made)
        made.append({**event(dice.part(24), len(made), days, 1), "source": named["source"], "corrects": named["id"]})
    return made


def calls(dice: Dice, count: int) -> list[tuple[str, int]]:
    """
    How a history of so many events is fed: one by one or in lists, settled or not, with time passing in between.

    Now and then the last event comes when all deadlines have passed.
    """
    if dice.one_in(4):
        return [("feed", count - 1), ("advance", 12)]
    made = []
    for _ in range(dice.below(8)):
        call = dice.one_of("feed", "feed", "open", "advance", "restore")
        made.append((call, {"advance": dice.below(13), "restore": dice.below(2)}.get(call, 1 + dice.below(3))))
    return made
