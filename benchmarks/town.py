"""
A programme over a city that keeps every rule, as a stream of events in order of arrival.

Everything is made here and stands for no real place. What is to come waits in a queue that is filled one day ahead, so
that the memory follows what is pending and not how long the run is.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from heapq import heappop, heappush
from itertools import count
from typing import Any

from benchmarks import paper
from benchmarks.paper import DISTRICTS, FUNCTIONS, OPERATOR, PROGRAMME, PURPOSES, VENDOR, Made, day

ZONE = timezone(timedelta(hours=8))
START = datetime(2026, 3, 2, tzinfo=ZONE)
BEFORE = START - timedelta(days=120)
SOURCE = "urn:example:city"
PHASES = 3
OFFICERS = 12


class Town:
    """
    One run's city.

    Args:
        cameras: how many are put up over the three phases.
        days: how long; the phases share them.
        seed: of everything that is drawn.
        footage: how many recordings a day are told.
        share: of the cameras put up, how many begin to record.
    """

    def __init__(self, cameras: int, days: int, seed: int, footage: int, share: float = 1.0) -> None:
        self.rng = random.Random(seed)
        self.share = share
        self.cameras, self.days, self.footage = cameras, days, footage
        self.target = 2 * cameras + 100  # room for the cameras of planted breaches
        self.zones = [f"{DISTRICTS[n % 18]}-{n // 18:03}" for n in range(max(36, cameras // 100))]
        self.begun: set[str] = set()
        self.live: list[str] = []
        self.matching: list[str] = []
        self.put_up = 0
        self._numbers = count()
        self._events = count(1)
        self._waiting: list[tuple[datetime, int, dict[str, Any]]] = []
        self._later: list[tuple[datetime, int, Callable[[], None]]] = []
        self._paper()

    # The queue.

    def put(self, at: datetime, made: Made, arrives: datetime | None = None) -> None:
        """Let an event happen; one that *arrives* later is late."""
        kind, data = made
        event = {"id": f"c-{next(self._events)}", "source": SOURCE, "time": at.isoformat(), "type": kind, "data": data}
        heappush(self._waiting, (arrives or at, next(self._numbers), event))

    def all_of(self, at: datetime, *made: Made) -> None:
        """Let several happen at one instant."""
        for one in made:
            self.put(at, one)

    def when(self, at: datetime, act: Callable[[], None]) -> None:
        """Decide on the day of *at* what happens."""
        heappush(self._later, (at, next(self._numbers), act))

    def events(self) -> Iterator[dict[str, Any]]:
        """Every event, in order of arrival."""
        for number in range(self.days + 1):
            morning = START + timedelta(days=number)
            if number < self.days:
                self._day(number, morning)
            while self._later and self._later[0][0] < morning + timedelta(days=1):
                heappop(self._later)[2]()
            until = morning + timedelta(days=1) if number < self.days else morning
            while self._waiting and self._waiting[0][0] < until:
                yield heappop(self._waiting)[2]

    @property
    def end(self) -> datetime:
        """The instant to which the run goes."""
        return START + timedelta(days=self.days)

    # Paper.

    def _paper(self) -> None:
        """What is on record before the first camera."""
        self._programme()
        self._models()
        self._platform()
        self._people()
        for district in DISTRICTS:
            self._district(district, [zone for zone in self.zones if zone.startswith(district + "-")])
        for number in range(PHASES):
            self.phase(number + 1, START + timedelta(days=self.days * number // PHASES))

    def _programme(self) -> None:
        scope = {"programme": PROGRAMME}
        functions = [*FUNCTIONS, "person_tracking", "object_detection"]
        self.all_of(
            BEFORE,
            ("governance.committee_appointed", {**scope, "committee": "AI committee", "chair_role": "deputy head"}),
            ("oversight.assigned", {**scope, "role": "human_oversight", "actor": "u-1"}),
            *(
                ("policy.published", {
                    "policy": f"policy-{kind}", "covers": {**scope, "capabilities": functions}, "kind": kind,
                    "categories": ["wanted"], "use_cases": ["serious_crime"], "in_force_from": day(BEFORE),
                })
                for kind in ("privacy", "ai_use", "use", "lfr", "watchlist", "retention")
            ),
            ("programme.registered", {
                **scope, "name": "Cityview", "operator": OPERATOR, "jurisdiction": ["HK"], "started_on": day(BEFORE),
                "lawful_functions": [*PURPOSES, "public_order"],
            }),
            ("retention_policy.set", {"policy": "keep-1", "target": scope, "period": "P31D", "by": "u-1"}),
            ("rollout.target_set", {**scope, "target_cameras": self.target, "by": "2028-12-31", "source": "paper"}),
            ("legislature.approved", {**scope, "kind": "funding", "body": "legislature"}),
            ("commitment.recorded", {
                "commitment": "com-1", "subject": "none on lampposts", "by": "government",
                "forbids": {"kinds": ["facial_recognition"], "camera_type": "smart_lamppost"},
            }),
            *self.assessed("pia-whole", BEFORE, {}),
            *(
                ("register.updated", {
                    "register": "functions", "ref": f"reg-{kind}", "programme": PROGRAMME, "capability": kind,
                    "public": True,
                })
                for kind in functions
            ),
        )  # fmt: skip
        for name, scope_of in (("all", {}), ("faces", {"capability": "facial_recognition"})):
            self.put(BEFORE, paper.consultation(f"con-{name}", **scope_of))
            self.put(BEFORE + timedelta(days=20), paper.opinion(f"con-{name}"))

    def _models(self) -> None:
        for kind, full in FUNCTIONS.items():
            model, version = full.split("-")
            self.all_of(BEFORE, *paper.tested(model, version))
            self.put(BEFORE + timedelta(days=1), self.deployed(model, version, kind))

    def deployed(self, model: str, version: str, kind: str, **more: Any) -> Made:
        """A version of a model comes into use."""
        return "model.version_deployed", {
            "model": model, "version": version, "vendor": VENDOR, "capabilities": [kind], **more,
        }  # fmt: skip

    def _platform(self) -> None:
        """The vendor, its contract, and the access to the platform it needs."""
        self.diligence(VENDOR, BEFORE)
        tender = {"tender": "t-1", "programme": PROGRAMME, "subject": "analytics", "clauses": paper.CLAUSES}
        self.put(BEFORE + timedelta(days=1), ("procurement.tender_published", tender))
        self.award("t-1", VENDOR, BEFORE + timedelta(days=10))
        self.put(BEFORE + timedelta(days=20), (
            "contract.signed",
            {"contract": "k-1", "vendor": VENDOR, "clauses": paper.CLAUSES, "value": 5e8, "programme": PROGRAMME},
        ))  # fmt: skip
        access = {"vendor": VENDOR, "platform": "central-1", "location": "HK", "purpose": "support"}
        self.put(BEFORE + timedelta(days=21), ("vendor.access_granted", access))

    def diligence(self, vendor: str, at: datetime, kinds: tuple[str, ...] = ("human_rights", "security")) -> None:
        """What is looked into before a vendor is chosen."""
        for kind in kinds:
            found = {"vendor": vendor, "kind": kind, "result": "pass", "assessor": "a-1"}
            self.put(at, ("vendor.due_diligence_completed", found))

    def award(self, tender: str, vendor: str, at: datetime) -> None:
        """A tender is awarded in open competition, and the award is made public."""
        self.put(at, ("procurement.awarded", {"tender": tender, "vendor": vendor, "value": 5e8, "method": "open"}))
        told = paper.notice(f"award-{tender}", tender, [], [], kind="award", covers={})
        self.put(at + timedelta(days=30), told)

    def _people(self) -> None:
        for number in range(1, OFFICERS + 1):
            actor = f"u-{number}"
            self.put(BEFORE, ("training.completed", {"actor": actor, "course": "operator"}))
            self.put(BEFORE + timedelta(days=1), ("access.granted", {
                "actor": actor, "role": f"operator-{number}", "zones": self.zones, "approver": "head-1",
                "shared_account": False,
            }))  # fmt: skip

    def _district(self, district: str, zones: list[str]) -> None:
        where = {"districts": [district]}
        at = BEFORE + timedelta(days=5)
        self.all_of(
            at,
            *(self.defined(zone, district) for zone in zones),
            *(self.sign(zone, at) for zone in zones),
            *self.assessed(f"pia-{district}", at, where),
            *(
                made
                for kind in FUNCTIONS
                for made in self.assessed(f"pia-{kind}-{district}", at, paper.of_function(kind, **where))
            ),
            paper.notice(f"n-{district}", "cameras", zones, list(FUNCTIONS)),
            paper.notice(f"nf-{district}", "facial_recognition", zones, ["facial_recognition"]),
        )

    def defined(self, zone: str, district: str) -> Made:
        """A zone of a district."""
        return "zone.defined", {"zone": zone, "name": zone, "district": district, "sensitivity": "none"}

    def sign(self, zone: str, at: datetime) -> Made:
        """A sign, looked at twice a year."""
        for since in range(180, 120 + self.days, 180):
            self.put(at + timedelta(days=since), ("signage.inspected", {"sign": f"sign-{zone}", "result": "ok"}))
        return paper.sign(zone)

    def assessed(self, name: str, at: datetime, scope: dict[str, Any], **more: Any) -> tuple[Made, Made]:
        """An assessment handed in and approved, looked at again once a year."""
        for year in range(1 + self.days // 300):
            review = {"assessment": name, "outcome": "confirmed", "next_due": "2030-01-01"}
            self.put(at + timedelta(days=300 * (year + 1)), ("assessment.reviewed", review))
        return paper.submitted(name), paper.approved(name, at, scope, **more)

    def phase(self, number: int, at: datetime) -> None:
        """A phase is approved on the day it begins."""
        approval = {
            "programme": PROGRAMME, "phase": str(number), "cameras": self.cameras // PHASES, "valid_from": day(at),
            "approver": "legislature",
        }  # fmt: skip
        self.put(at, ("rollout.phase_approved", approval))

    # Days.

    def _day(self, number: int, morning: datetime) -> None:
        due = min(self.cameras, self.cameras * (number + 1) * 10 // (self.days * 9))
        while self.put_up < due:
            self._put_up(number, morning)
        self._film(morning)
        self._routine(number, morning)
        if number % 30 == 29:
            self._month(number, morning)
        if number % 300 == 150:
            self._year(morning)

    def _put_up(self, number: int, morning: datetime) -> None:
        name, zone = f"cam-{self.put_up:06}", self.zones[self.put_up % len(self.zones)]
        at = morning + timedelta(hours=7, seconds=self.put_up % 7200)
        phase = min(PHASES, 1 + number * PHASES // self.days)
        self.put_up += 1
        self.put(at, paper.camera(name, zone, at, phase=str(phase)))
        if int(self.put_up * self.share) == int((self.put_up - 1) * self.share):
            return
        self.put(at + timedelta(hours=1), paper.activated(name))
        self.put(at + timedelta(days=3), paper.listed(name))
        self.live.append(name)
        if zone not in self.begun:
            self.begun.add(zone)
            self._functions(zone, at + timedelta(hours=5))
        if self.zones.index(zone) % 6 == 0 and len(self.matching) < 500:
            self.matching.append(name)

    def _functions(self, zone: str, at: datetime) -> None:
        """What is switched on in a zone with its first camera: plates everywhere, crowds and faces here and there."""
        place = self.zones.index(zone)
        for kind, every in (("plate_reading", 1), ("crowd_analysis", 3), ("facial_recognition", 6)):
            if place % every == 0:
                self.switch_on(f"{kind}-{zone}", kind, "zone", [zone], at)

    def switch_on(self, name: str, kind: str, level: str, ids: list[str], at: datetime, **changed: Any) -> None:
        """A function is switched on, with what is filed before."""
        self.all_of(at - timedelta(minutes=5), paper.law_basis(name), paper.justification(name))
        self.put(at, paper.enabled(name, kind, level, ids, **changed))

    def _film(self, morning: datetime) -> None:
        for _ in range(self.footage if self.live else 0):
            camera = self.rng.choice(self.live)
            begin = morning + timedelta(hours=13, seconds=self.rng.randrange(30_000))
            self.film(camera, begin, begin + timedelta(days=self.rng.randrange(20, 31)))

    def film(self, camera: str, begin: datetime, deleted: datetime) -> str:
        """A recording is made, and deleted."""
        name, end = f"f-{next(self._numbers)}", begin + timedelta(hours=1)
        made = {"footage": name, "camera": camera, "start": begin.isoformat(), "end": end.isoformat(), "kind": "video"}
        gone = {"footage": name, "camera": camera, "cause": "retention", "covered_until": end.isoformat()}
        self.put(end, ("footage.recorded", made))
        self.put(deleted, ("footage.deleted", gone))
        return name

    def _routine(self, number: int, morning: datetime) -> None:
        rng, noon = self.rng, morning + timedelta(hours=12)
        for turn in range(3):
            officer = f"u-{rng.randrange(3, OFFICERS + 1)}"
            self.put(noon + timedelta(minutes=turn), paper.search(f"s-{number}-{turn}", actor=officer))
        if number > 2 and self.matching:
            self._match(number, noon)
        if number % 4 == 1:
            self._track(number, noon)
        if number % 5 == 2 and self.live:
            self._hold(number, noon)
        if number % 3 == 0:
            self._ask(number, noon)

    def _match(self, number: int, noon: datetime) -> None:
        """A match that two trained people looked at before anybody acted on it, a week after telling the person."""
        name, person = f"m-{number}", f"p-{number}"
        camera = self.rng.choice(self.matching[: max(1, len(self.matching) * 9 // 10)])
        self.put(noon, ("match.generated", {"match": name, "camera": camera, "score": 0.8, "kind": "face"}))
        for turn, actor in enumerate(("u-4", "u-5"), 1):
            seen = {"match": name, "actor": actor, "decision": "confirm", "trained": True}
            self.put(noon + timedelta(minutes=turn), ("match.reviewed", seen))
        self.put(noon + timedelta(minutes=3), ("match.confirmed", {"match": name, "actors": ["u-4", "u-5"]}))
        told = {"person_ref": person, "kind": "adverse_action", "served_on": day(noon), "reasons": "a match, reviewed"}
        self.put(noon + timedelta(minutes=9), ("notice.served", told))
        acted = {"action": "investigate", "match": name, "person_ref": person, "other_evidence": True}
        self.put(noon + timedelta(days=9), ("adverse_action.taken", acted))

    def _track(self, number: int, noon: datetime) -> None:
        name, person = f"tr-{number}", f"p-{number}"
        until = noon + timedelta(days=5)
        self.put(noon - timedelta(hours=1), paper.authorised(f"au-{number}", noon, until, covers={"targets": [person]}))
        self.put(noon, paper.tracking(name, person, authorisation=f"au-{number}"))
        self.put(noon + timedelta(days=4), ("tracking.stopped", {"tracking": name, "reason": "target found"}))

    def _hold(self, number: int, noon: datetime) -> None:
        """A recording kept for a case, looked at in time, released, deleted soon after; a copy goes to the court."""
        camera = self.rng.choice(self.live)
        footage = self.film(camera, noon - timedelta(hours=3), noon + timedelta(days=50))
        placed = {
            "hold": f"h-{number}", "footage": [footage], "case_ref": f"case-{number}", "authorised_by": "u-2",
            "review_due": day(noon + timedelta(days=30)),
        }  # fmt: skip
        copy = {
            "footage": footage, "actor": "u-6", "case_ref": f"case-{number}", "recipient": "court", "encrypted": True,
        }  # fmt: skip
        self.put(noon, ("hold.placed", placed))
        self.put(noon + timedelta(hours=1), ("footage.exported", copy))
        kept = {"hold": f"h-{number}", "outcome": "kept", "next_due": day(noon + timedelta(days=60))}
        self.put(noon + timedelta(days=25), ("hold.reviewed", kept))
        self.put(noon + timedelta(days=40), ("hold.released", {"hold": f"h-{number}", "reason": "case over"}))

    def _ask(self, number: int, noon: datetime) -> None:
        """People ask for their pictures and complain, things go wrong; each is met in time."""
        asked = {"request": f"dar-{number}", "person_ref": f"q-{number}", "received_on": day(noon)}
        self.put(noon, ("access_request.received", asked))
        self.put(noon + timedelta(days=self.rng.randrange(5, 39)), (
            "access_request.answered", {"request": f"dar-{number}"},
        ))  # fmt: skip
        if number % 2:
            return
        self.put(noon, ("complaint.received", {"complaint": f"cp-{number}", "subject": "a stop", "about": "search"}))
        self.put(noon + timedelta(days=9), ("complaint.referred", {"complaint": f"cp-{number}", "to": "IPCC"}))
        closed = {"complaint": f"cp-{number}", "finding": "not_substantiated"}
        self.put(noon + timedelta(days=60), ("complaint.closed", closed))
        wrong = {"incident": f"i-{number}", "kind": "ai", "serious": False, "aware_at": noon.isoformat()}
        self.put(noon, ("incident.reported", wrong))
        self.put(noon + timedelta(hours=5), ("incident.response_started", {"incident": f"i-{number}", "lead": "u-6"}))

    def _month(self, number: int, morning: datetime) -> None:
        report = {"programme": PROGRAMME, "active_cameras": len(self.live), "as_of": day(morning)}
        self.put(morning + timedelta(hours=9), ("rollout.progress_reported", report))
        gone = deque(self.rng.sample(self.live, len(self.live) // 500))
        while gone:
            camera, hour = gone.popleft(), self.rng.randrange(1, 20)
            self.put(morning + timedelta(hours=hour), ("camera.deactivated", {"camera": camera, "reason": "fault"}))
            self.put(morning + timedelta(days=2, hours=hour), paper.activated(camera))

    def _year(self, morning: datetime) -> None:
        at = morning + timedelta(hours=10)
        self.put(at, (
            "audit.completed", {**paper.audit(f"year-{day(at)}", "independent", PROGRAMME)[1], "programme": PROGRAMME},
        ))  # fmt: skip
        published = {"report": f"rep-{day(at)}", "kind": "audit", "period": "one year", "programme": PROGRAMME}
        self.put(at + timedelta(hours=1), ("report.published", published))
        told = {"programme": PROGRAMME, "body": "Panel on Security", "period": "one year"}
        self.put(at + timedelta(hours=2), ("legislature.reported", told))
