"""The events of the comparison, and the alerts as all must tell them."""

from __future__ import annotations

import heapq
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

PACK = Path(__file__).parent / "watch"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 60
KEPT = timedelta(days=31)
Alert = tuple[str, str, str]
"""The rule, what it is about, and the instant of the breach."""

_SHARES = {
    "footage.recorded": 45, "function.enabled": 25, "notice": 9, "assessment": 6, "retention.set": 5,
    "tracking.started": 5, "warrant": 5,
}  # fmt: skip

_ENDS = {"assessment": "assessment.revoked", "notice": "notice.removed", "warrant": "warrant.ended"}

RULES = 5
_KIND = re.compile(r"\b(assessment|notice|function|retention|warrant|tracking|footage)\.([a-z]+)\b(?=[ :,}])")
_FACT = re.compile(
    r"(?m)(^  (?=\w+: \{description: \w+ \w+ )|(?<=some: )|(?<=while: ))(assessment|notice|warrant|footage)\b"
)


def wider(folder: Path, rules: int) -> Path:
    """
    A pack of so many rules in *folder*: the five, and the same again about kinds of event of which none comes.

    Args:
        folder: an empty one.
        rules: how many, a multiple of five.
    """
    text = (PACK / "pack.yaml").read_text()
    head, kinds, facts, own = re.split(r"(?m)^(?:kinds|facts|rules):\n", text)
    parts = {"kinds": kinds, "facts": facts, "rules": own}
    for copy in range(2, rules // RULES + 1):
        for name, part in (("kinds", kinds), ("facts", facts), ("rules", own)):
            made = _KIND.sub(rf"\1_{copy}.\2", part)
            made = _FACT.sub(rf"\1\2_{copy}", made) if name != "kinds" else made
            parts[name] += made.replace("rule: P", f"rule: P{copy}-")
    (folder / "pack.yaml").write_text(head + "".join(f"{name}:\n{part}" for name, part in parts.items()))
    return folder


def lines(count: int, cameras: int, seed: int) -> list[bytes]:
    """So many events in order of time, as JSON Lines; one in thirty or so is a breach."""
    return [msgspec.json.encode(event) for event in _events(count, cameras, random.Random(seed))]


class _Paper:
    """What is on record under a value, so that it can be taken away and replaced."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.made = 0
        self.of: dict[str, str] = {}

    def turn(self, value: str) -> tuple[bool, str]:
        """Whether the paper under *value* is new, or else taken away, and its id."""
        if value in self.of:
            return False, self.of.pop(value)
        self.made += 1
        self.of[value] = f"{self.name}-{self.made}"
        return True, self.of[value]


def _events(count, cameras, rng):
    districts, functions = [f"district-{n}" for n in range(18)], ["face", "plate", "crowd", "gait"]
    zones, suspects = [f"zone-{n}" for n in range(max(1, cameras // 100))], [f"suspect-{n}" for n in range(500)]
    papers = {name: _Paper(name) for name in ("assessment", "notice", "warrant")}
    due: list[tuple[datetime, str]] = []
    opening = [("assessment", f"{d} {f}") for d in districts for f in functions]
    opening += [("notice", zone) for zone in zones] + [("warrant", suspect) for suspect in suspects]
    step, names, weights = timedelta(days=DAYS) / count, list(_SHARES), list(_SHARES.values())
    missing: list[tuple[str, str]] = []
    for number in range(count):
        time = BEGIN + step * number
        if opening:
            kind, data = _paper(papers, *opening.pop())
        elif due and due[0][0] <= time:
            kind, data = "footage.deleted", {"footage": heapq.heappop(due)[1]}
        elif missing and rng.random() < 0.25:  # what was taken away is replaced soon, so that most is lawful
            kind, data = _paper(papers, *missing.pop())
        else:
            kind = rng.choices(names, weights)[0]
            camera = rng.randrange(cameras)
            own = {"camera": f"camera-{camera}"}
            if kind == "footage.recorded":
                data = {"footage": f"footage-{number}", **own}
                if rng.random() > 0.01:
                    late = rng.random() < 0.02
                    off = timedelta(hours=rng.randrange(1, 48)) if late else -timedelta(days=rng.random() * 9)
                    heapq.heappush(due, (time + KEPT + off, data["footage"]))
            elif kind == "function.enabled":
                data = {
                    **own,
                    "district": districts[camera % 18],
                    "zone": zones[camera % len(zones)],
                    "function": rng.choice(functions),
                    "biometric": rng.random() < 0.7,
                }
            elif kind == "retention.set":
                data = {**own, "days": 45 if rng.random() < 0.05 else rng.randrange(7, 32)}
            elif kind == "tracking.started":
                data = {"tracking": f"tracking-{number}", "suspect": rng.choice(suspects)}
            else:
                of = {
                    "notice": zones,
                    "warrant": suspects,
                    "assessment": [f"{rng.choice(districts)} {rng.choice(functions)}"],
                }
                value = rng.choice(of[kind])
                if value in papers[kind].of:
                    missing.append((kind, value))
                kind, data = _paper(papers, kind, value)
        yield {"id": f"e-{number}", "source": "city", "time": time.isoformat(), "kind": kind, "data": data}


def _paper(papers, name, value):
    new, known = papers[name].turn(value)
    if not new:
        return {"assessment": "assessment.revoked", "notice": "notice.removed", "warrant": "warrant.ended"}[name], {
            name: known
        }
    if name == "assessment":
        district, function = value.split()
        return "assessment.approved", {"assessment": known, "district": district, "function": function}
    if name == "notice":
        return "notice.posted", {"notice": known, "zone": value}
    return "warrant.issued", {"warrant": known, "suspect": value}


def sameness(alerts: list[Alert]) -> set[Alert]:
    """The alerts as they are compared: with their instants in one notation."""
    return {(rule, about, datetime.fromisoformat(at).astimezone(UTC).isoformat()) for rule, about, at in alerts}
