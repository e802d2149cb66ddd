"""Packs of a few lines for the tests of one behaviour, and events for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from oversight import Change, Engine, Pack, load

KINDS = {
    "camera.on": "camera zone parts limit valid_from valid_until last_day",
    "camera.moved": "camera zone limit",
    "camera.off": "camera",
    "permit.granted": "permit camera level valid_from valid_until last_day",
    "permit.revoked": "permit",
}
TYPES = {
    "parts": "{type: list, items: {type: id}}",
    "limit": "{type: int}",
    "level": "{type: int}",
    "valid_from": "{type: ts}",
    "valid_until": "{type: ts}",
    "last_day": "{type: date}",
    "zone": "{type: id}",
}
CAMERA = """
camera:
  key: camera
  starts: {on: camera.on}
  changes: {on: camera.moved as e, set: {zone: e.zone}}
  ends: {on: camera.off}
"""
PERMIT = """
permit:
  key: permit
  starts: {on: permit.granted}
  ends: {on: permit.revoked}
"""
PERMITTED = """
- rule: R
  while: camera as c
  unless:
    - {some: permit as p, where: p.camera == c.camera}
"""
USUAL = {
    "title": "Camera without a permit",
    "authority": "[{instrument: Charter, provision: section 1}]",
    "basis": "commitment",
    "severity": "high",
    "alert": "no permit is on record",
    "remedy": "Switch it off.",
    "cases": "[{name: nothing, events: [], alerts: []}]",
}
HEADER = 'pack: {name: it, version: "1", language: 1, uses: [base]}\n'
"""Of a pack beside ``base``, the golden input of the checker."""
ONE_RULE = """
rules:
  - rule: R-1
    title: A thing
    authority: [{instrument: Charter, provision: section 1}]
    basis: commitment
    severity: low
%s
    alert: A thing.
    remedy: Take it away.
    cases: [{name: nothing, events: [], alerts: []}]
"""
"""A rule but for its head and conditions, at the indent of its keys."""
ZONE = timezone(timedelta(hours=8))


def tiny(folder: Path, rules: str, *, facts: str = CAMERA + PERMIT, more: str = "") -> Pack:
    """
    A pack about cameras and permits.

    Args:
        folder: to write it to.
        rules: YAML; what every rule must say and these do not is put in.
        facts: YAML.
        more: sections besides these.
    """
    kinds = ["kinds:"]
    for kind, names in KINDS.items():
        kinds.append(f"  {kind}:\n    description: It happened.\n    emitter: operator\n    attributes:")
        kinds += [f"      {name}: {TYPES.get(name, '{type: id, required: true}')}" for name in names.split()]
    text = "\n".join(
        [
            'pack: {name: tiny, version: "1", language: 1, timezone: Asia/Hong_Kong}',
            *kinds,
            "facts:",
            indent(dedent(facts), "  "),
            "rules:",
            "".join(completed(rule) for rule in re.split(r"(?m)^(?=- rule:)", dedent(rules).strip())),
            dedent(more),
        ]
    )
    (folder / "pack.yaml").write_text(text, encoding="utf-8")
    return load(folder)


def completed(rule: str) -> str:
    """One rule with what it does not say itself."""
    said = re.findall(r"(?m)^(?:- |  )(\w+):", rule)
    usual = [f"  {key}: {value}\n" for key, value in USUAL.items() if key not in said]
    return rule.rstrip() + "\n" + "".join(usual) if rule.strip() else ""


def day(number: float, hour: float = 9) -> datetime:
    """An hour of a day of March 2026 in the pack's zone; day 32 is the first of April."""
    return datetime(2026, 3, 1, tzinfo=ZONE) + timedelta(days=number - 1, hours=hour)


def event(identity: str, kind: str, time: datetime | float, source: str = "s", **attributes: Any) -> dict[str, Any]:
    """An event; *time* may be a day of March 2026, at nine."""
    when = time if isinstance(time, datetime) else day(time)
    given = {n: v.isoformat() if isinstance(v, datetime) else v for n, v in attributes.items()}
    envelope = {"id": identity, "source": source, "kind": kind, "time": when.isoformat()}
    return envelope | {n: given.pop(n) for n in ("sequence",) if n in given} | {"data": given}


def on(identity: str, time: datetime | float, camera: str = "k1", **attributes: Any) -> dict[str, Any]:
    """A camera was switched on."""
    return event(identity, "camera.on", time, camera=camera, **attributes)


def off(identity: str, time: datetime | float, camera: str = "k1", **attributes: Any) -> dict[str, Any]:
    """A camera was switched off."""
    return event(identity, "camera.off", time, camera=camera, **attributes)


def granted(
    identity: str, time: datetime | float, camera: str = "k1", permit: str = "p1", **attributes: Any
) -> dict[str, Any]:
    """A permit was granted."""
    return event(identity, "permit.granted", time, camera=camera, permit=permit, **attributes)


def revoked(identity: str, time: datetime | float, permit: str = "p1", **attributes: Any) -> dict[str, Any]:
    """A permit was revoked."""
    return event(identity, "permit.revoked", time, permit=permit, **attributes)


def told(changes: Iterable[Change]) -> list[tuple[str, datetime, str | None]]:
    """What changes say: which, at which instant, and because of which event."""
    return [(change.change, change.at, change.cause) for change in changes]


def go(engine: Engine, step: Any) -> tuple[Change, ...]:
    """Advance to an instant, or feed an event or a list of them."""
    return engine.advance(step) if isinstance(step, datetime) else engine.feed(step)


def follow(pack: Pack, *steps: Any) -> list[tuple[str, datetime, str | None]]:
    """What an engine tells step by step."""
    engine = Engine(pack)
    return told(change for step in steps for change in go(engine, step))


def raised(pack: Pack, *steps: Any) -> list[Change]:
    """The alerts that an engine raises step by step."""
    engine = Engine(pack)
    return [change for step in steps for change in go(engine, step) if change.change == "raised"]
