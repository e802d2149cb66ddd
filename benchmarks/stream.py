"""A stream of events as a city would send it: cameras, footage, functions, paperwork; seeded."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

START = datetime(2026, 3, 1, tzinfo=UTC)


def events(count: int, cameras: int, seed: int) -> Iterator[dict[str, Any]]:
    """
    About *count* CloudEvents over *cameras* cameras, in order of time.

    Half of the events install and activate the cameras; the others are footage recorded and deleted, functions
    switched on and off, assessments, notices, searches and matches.
    """
    rng = random.Random(seed)
    zones = [f"HK-Z-{n:04d}" for n in range(max(1, cameras // 60))]
    instant = START
    step = timedelta(days=60) / count
    footage: list[tuple[str, int]] = []
    number = 0

    def made(kind: str, data: dict[str, Any]) -> dict[str, Any]:
        nonlocal number, instant
        number += 1
        instant += step
        return {
            "specversion": "1.0", "id": f"ev-{number:08d}", "source": "urn:example:benchmark", "type": kind,
            "time": instant.isoformat().replace("+00:00", "Z"), "data": data,
        }  # fmt: skip

    yield made("programme.registered", _programme())
    yield made("rollout.target_set", {"programme": "p", "target_cameras": cameras, "by": "2028-12-31", "source": "paper"})
    yield made("retention_policy.set", {"policy": "ret-1", "target": {"programme": "p"}, "period": "P31D", "by": "op"})
    for n, zone in enumerate(zones):
        if n % 10:
            yield made("assessment.approved", _assessment(f"pia-{n}", zone, instant))
        if n % 20:
            yield made("notice.published", _notice(f"n-{n}", zone))
    installed = 0
    while number < count:
        if installed < cameras and rng.random() < 0.5:
            camera, zone = f"cam-{installed:06d}", zones[installed % len(zones)]
            installed += 1
            yield made("camera.installed", _camera(camera, zone))
            yield made("camera.activated", {"camera": camera, "purposes": ["crime_prevention"], "recording": True, "covert": False})
            continue
        camera = f"cam-{rng.randrange(max(1, installed)):06d}"
        yield made(*_other(rng, camera, number, footage, instant))


def _other(rng: random.Random, camera: str, number: int, footage: list[tuple[str, int]], now: datetime) -> tuple[str, dict[str, Any]]:
    choice = rng.random()
    if choice < 0.45:
        footage.append((f"f-{number}", number))
        end = now.isoformat()
        return "footage.recorded", {"footage": f"f-{number}", "camera": camera, "start": end, "end": end, "kind": "video"}
    if choice < 0.8 and footage:
        name, _ = footage.pop(rng.randrange(len(footage)))
        return "footage.deleted", {"footage": name, "camera": camera, "cause": "retention", "covered_until": now.isoformat()}
    if choice < 0.84:
        return "capability.enabled", {
            "capability": f"cap-{camera}", "kind": "facial_recognition", "target": {"level": "camera", "ids": [camera]},
            "model_version": "frt-3.1", "purpose": ["suspect_identification"], "biometric": True, "mode": "live", "actor": "u-1",
        }  # fmt: skip
    if choice < 0.87:
        return "capability.disabled", {"capability": f"cap-{camera}", "reason": "policy", "actor": "u-1"}
    if choice < 0.94:
        return "search.performed", {"search": f"s-{number}", "actor": "u-9", "mode": "plate", "reason": "case", "cameras": 12}
    return "match.generated", {"match": f"m-{number}", "camera": camera, "score": 0.7, "kind": "face"}


def _programme() -> dict[str, Any]:
    return {
        "programme": "p", "name": "P", "operator": "op", "jurisdiction": ["HK"],
        "lawful_functions": ["crime_prevention"], "started_on": "2026-03-01",
    }  # fmt: skip


def _assessment(name: str, zone: str, now: datetime) -> dict[str, Any]:
    shown = {"necessity": "demonstrated", "proportionality": "demonstrated"}
    return {
        "assessment": name, "kind": "pia", "findings": shown, "approver": "dpo", "residual_risk": "low",
        "scope": {"programme": "p", "zones": [zone], "capability": "facial_recognition", "model_version": "frt-3.1", "purpose": ["crime_prevention"]},
        "valid_from": now.isoformat(), "valid_until": (now + timedelta(days=365)).isoformat(),
    }  # fmt: skip


def _notice(name: str, zone: str) -> dict[str, Any]:
    return {
        "notice": name, "subject": "facial_recognition", "covers": {"zones": [zone], "capabilities": ["facial_recognition"]},
        "operator": "op", "purpose": "p", "contact": "c", "languages": ["en"], "transferee_classes": ["courts"],
    }  # fmt: skip


def _camera(camera: str, zone: str) -> dict[str, Any]:
    return {
        "camera": camera, "programme": "p", "zone": zone, "lat": 22.3, "lon": 114.1, "owner": "op", "phase": "1",
        "capable_of": ["facial_recognition"], "covert": False,
    }  # fmt: skip


def lines(count: int, cameras: int, seed: int) -> list[bytes]:
    """The same as JSON Lines."""
    return [msgspec.json.encode(event) for event in events(count, cameras, seed)]
