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

    First the paperwork: one programme, a consultation, and for each zone of sixty cameras an assessment and a notice,
    missing for one zone in forty. Then, mixed: three in ten events install a camera, four in ten of which are also
    switched on; half are footage recorded and deleted; the rest functions switched on and off, searches and matches.
    """
    return _Stream(count, cameras, seed).events()


class _Stream:
    def __init__(self, count: int, cameras: int, seed: int) -> None:
        self.rng = random.Random(seed)
        self.count = count
        self.cameras = cameras
        self.zones = [f"HK-Z-{n:04d}" for n in range(max(1, cameras // 60))]
        self.instant = START - timedelta(days=90)
        self.number = 0
        self.installed = 0
        self.footage: list[str] = []
        self.running: list[str] = []

    def made(self, kind: str, data: dict[str, Any], later: timedelta) -> dict[str, Any]:
        self.number += 1
        self.instant += later
        return {
            "specversion": "1.0", "id": f"ev-{self.number:08d}", "source": "urn:example:benchmark", "type": kind,
            "time": self.instant.isoformat().replace("+00:00", "Z"), "data": data,
        }  # fmt: skip

    def events(self) -> Iterator[dict[str, Any]]:
        for kind, data in self.paperwork():
            yield self.made(kind, data, timedelta(seconds=1))
        self.instant = START
        step = timedelta(days=60) / self.count
        while self.number < self.count:
            for kind, data in self.next():
                yield self.made(kind, data, step)

    def paperwork(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "programme.registered", _programme()
        target = {"programme": "p", "target_cameras": self.cameras, "by": "2028-12-31", "source": "paper"}
        yield "rollout.target_set", target
        yield "retention_policy.set", {"policy": "ret-1", "target": {"programme": "p"}, "period": "P31D", "by": "op"}
        scope = {"programme": "p", "explicit_all": True}
        asked = {"consultation": "con-1", "authority": "PCPD", "kind": "regulator", "subject": "s", "scope": scope}
        yield "consultation.requested", asked
        yield "consultation.responded", {"consultation": "con-1", "outcome": "opinion", "published": True}
        for n, zone in enumerate(self.zones):
            if n % 40:
                yield "assessment.approved", _assessment(f"pia-{n}", zone)
                yield "notice.published", _notice(f"n-{n}", zone)

    def next(self) -> Iterator[tuple[str, dict[str, Any]]]:
        rng = self.rng
        choice = rng.random()
        if choice < 0.34 and self.installed < self.cameras:
            camera, zone = f"cam-{self.installed:06d}", self.zones[self.installed % len(self.zones)]
            self.installed += 1
            yield "camera.installed", _camera(camera, zone)
            if rng.random() < 0.4:
                purposes = ["crime_prevention"]
                yield "camera.activated", {"camera": camera, "purposes": purposes, "recording": True, "covert": False}
            return
        camera = f"cam-{rng.randrange(max(1, self.installed)):06d}"
        yield from self.daily(camera, rng.random())

    def daily(self, camera: str, choice: float) -> Iterator[tuple[str, dict[str, Any]]]:
        now, number = self.instant.isoformat(), self.number
        if choice < 0.5 or not self.footage:
            self.footage.append(f"f-{number}")
            yield "footage.recorded", {
                "footage": f"f-{number}", "camera": camera, "start": now, "end": now, "kind": "video",
            }  # fmt: skip
        elif choice < 0.88:
            name = self.footage.pop(self.rng.randrange(len(self.footage)))
            yield "footage.deleted", {"footage": name, "camera": camera, "cause": "retention", "covered_until": now}
        elif choice < 0.91:
            name = f"cap-{number}"
            self.running.append(name)
            if choice < 0.909:
                yield "justification.recorded", {
                    "subject": name, "text": "t", "serious_purpose": "serious_crime", "author": "u-2",
                }  # fmt: skip
            yield "capability.enabled", _function(name, camera)
        elif choice < 0.94 and self.running:
            name = self.running.pop(self.rng.randrange(len(self.running)))
            yield "capability.disabled", {"capability": name, "reason": "policy", "actor": "u-1"}
        elif choice < 0.98:
            search = {"search": f"s-{number}", "actor": "u-9", "mode": "plate", "reason": "case", "cameras": 12}
            yield "search.performed", search
        else:
            yield "match.generated", {"match": f"m-{number}", "camera": camera, "score": 0.7, "kind": "face"}


def _function(name: str, camera: str) -> dict[str, Any]:
    return {
        "capability": name, "kind": "facial_recognition", "target": {"level": "camera", "ids": [camera]},
        "model_version": "frt-3.1", "purpose": ["suspect_identification"], "biometric": True, "mode": "live",
        "actor": "u-1",
    }  # fmt: skip


def _programme() -> dict[str, Any]:
    return {
        "programme": "p", "name": "P", "operator": "op", "jurisdiction": ["HK"],
        "lawful_functions": ["crime_prevention"], "started_on": "2026-03-01",
    }  # fmt: skip


def _assessment(name: str, zone: str) -> dict[str, Any]:
    shown = {"necessity": "demonstrated", "proportionality": "demonstrated"}
    return {
        "assessment": name, "kind": "pia", "findings": shown, "approver": "dpo", "residual_risk": "low",
        "scope": {
            "programme": "p", "zones": [zone], "capability": "facial_recognition", "model_version": "frt-3.1",
            "purpose": ["crime_prevention"],
        },
        "valid_from": "2025-12-01T00:00:00Z", "valid_until": "2026-12-01T00:00:00Z",
    }  # fmt: skip


def _notice(name: str, zone: str) -> dict[str, Any]:
    return {
        "notice": name, "subject": "facial_recognition", "operator": "op", "purpose": "p", "contact": "c",
        "covers": {"zones": [zone], "capabilities": ["facial_recognition"]}, "languages": ["en"],
        "transferee_classes": ["courts"],
    }  # fmt: skip


def _camera(camera: str, zone: str) -> dict[str, Any]:
    return {
        "camera": camera, "programme": "p", "zone": zone, "lat": 22.3, "lon": 114.1, "owner": "op", "phase": "1",
        "capable_of": ["facial_recognition"], "covert": False,
    }  # fmt: skip


def lines(count: int, cameras: int, seed: int) -> list[bytes]:
    """The same as JSON Lines."""
    return [msgspec.json.encode(event) for event in events(count, cameras, seed)]
