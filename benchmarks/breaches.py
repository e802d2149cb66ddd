"""
Breaches planted in a town that keeps every rule otherwise, each with the alerts it must bring and no others.

A breach has a place of its own with all of its paper but the sheet that is missing, so that what it brings is known by
construction. Alerts of rules that the pack does not have are left out of what is expected.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import frozen
from benchmarks import paper
from benchmarks.paper import FUNCTIONS, PROGRAMME
from benchmarks.town import BEFORE, START, Town

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FACES = "facial_recognition"


@frozen
class Expected:
    """
    An alert that must come.

    Args:
        rule: its id, with the part where there is one.
        about: exactly its subjects.
        at: the instant of the breach.
        cleared: the instant at which it is over, ``None`` where it stands at the end or is about an act.
        withdrawn: whether late evidence takes it back.
        breach: which kind of planted breach brings it.
    """

    rule: str
    about: frozenset[str]
    at: datetime
    cleared: datetime | None
    withdrawn: bool
    breach: str


class Breaches:
    """
    Plant breaches in a town.

    Args:
        town: whose events they join.
        rounds: how often each kind is planted.
    """

    def __init__(self, town: Town, rounds: int) -> None:
        self.town = town
        self.expected: list[Expected] = []
        self.planted: dict[str, int] = {}
        self.skipped: list[str] = []
        self._name = ""
        self._breach = ""
        for number in range(rounds):
            for takes, plant in KINDS:
                self._plant(plant, takes, number)

    def _plant(self, plant: Callable[[Breaches, datetime], None], takes: int, number: int) -> None:
        kind, room = plant.__name__.removeprefix("_").replace("_", " "), self.town.days - takes - 3
        if room < 1:
            if number == 0:
                self.skipped.append(kind)
            return
        self._breach, self._name = kind, f"b{number}-{plant.__name__.strip('_')}"
        self.planted[kind] = self.planted.get(kind, 0) + 1
        # Minutes apart, so that two of one kind on one day stay two.
        plant(self, START + timedelta(days=2 + self.town.rng.randrange(room), hours=10, minutes=7 * number))

    def expect(
        self, rules: str, about: str, at: datetime, cleared: datetime | None = None, *, withdrawn: bool = False
    ) -> None:
        """Each of *rules* must raise one alert, about the names in *about*."""
        for rule in rules.split():
            names = frozenset(about.split())
            self.expected.append(Expected(rule, names, at, cleared, withdrawn, self._breach))

    # What most of them need.

    def zone(self, *, site: bool = True, told: bool = True, faces: datetime | None = BEFORE + 8 * DAY) -> str:
        """
        A zone with its paper but for what is left out.

        Args:
            site: whether its cameras are assessed.
            told: whether a notice tells of its functions; the sign stands anyway.
            faces: when the public was told of faces, or ``None``.
        """
        town, zone, at = self.town, f"z-{self._name}", BEFORE + 8 * DAY
        town.all_of(at, town.defined(zone, f"d-{self._name}"), town.sign(zone, at))
        if site:
            town.all_of(at, *town.assessed(f"site-{self._name}", at, {"zones": [zone]}))
        if told:
            town.put(at, paper.notice(f"n-{self._name}", "functions", [zone], [*FUNCTIONS, "object_detection"]))
        if faces is not None:
            town.put(faces, paper.notice(f"nf-{self._name}", FACES, [zone], []))
        return zone

    def camera(self, zone: str, at: datetime, name: str = "", **changed: object) -> str:
        """A live camera there, a day before, in the register."""
        name = name or f"k-{self._name}"
        phase = self.phase_at(at - DAY)
        self.town.put(at - DAY, paper.camera(name, zone, at, **{"phase": phase, **changed}))
        self.town.put(at - 20 * HOUR, paper.activated(name))
        self.town.put(at - 19 * HOUR, paper.listed(name))
        return name

    def phase_at(self, at: datetime) -> str:
        """The first phase, which is approved whenever something is planted."""
        return "1" if at >= START else "technical_trial"

    def faces_assessed(self, zone: str, at: datetime = BEFORE + 8 * DAY, name: str = "", **more: object) -> str:
        """An assessment of face recognition for the zone alone."""
        name = name or f"fr-{self._name}"
        version = str(more.pop("version", ""))
        limit = {"camera_limit": more.pop("camera_limit")} if "camera_limit" in more else {}
        scope = {**paper.of_function(FACES, version, zones=[zone]), **limit}
        self.town.all_of(at, *self.town.assessed(name, at, scope, **more))
        return name

    def off(self, name: str, at: datetime) -> None:
        """A function is switched off."""
        self.town.put(at, ("capability.disabled", {"capability": name, "reason": "order", "actor": "u-1"}))

    def faces_on(self, place: str, at: datetime, level: str = "camera", **changed: object) -> str:
        """Face recognition is switched on with its own paper."""
        name = f"cap-{self._name}"
        self.listed_function(name, place, level, at)
        self.town.switch_on(name, FACES, level, [place], at, **changed)
        return name

    def listed_function(self, name: str, place: str, level: str, at: datetime) -> None:
        """The function of a camera is in the public register."""
        if level == "camera":
            entry = {"register": "functions", "ref": f"reg-{name}-{place}", "camera": place, "capability": FACES}
            self.town.put(at, ("register.updated", {**entry, "public": True}))


NO_FACES = "HK-PIA-01 HK-CCTV-04 HK-DPP1-02/function INT-17-01 INT-108-01 INT-OHC-01"
"""What follows where no assessment of face recognition covers a place."""


# Assessments.


def _place_not_assessed(plan: Breaches, at: datetime) -> None:
    camera = plan.camera(plan.zone(), at)
    name = plan.faces_on(camera, at)
    plan.off(name, at + 6 * DAY)
    plan.expect(NO_FACES, camera, at, at + 6 * DAY)


def _assessment_revoked(plan: Breaches, at: datetime) -> None:
    zone = plan.zone()
    camera = plan.camera(zone, at)
    assessment = plan.faces_assessed(zone)
    plan.faces_on(camera, at - 10 * HOUR)
    plan.town.put(at, ("assessment.revoked", {"assessment": assessment, "reason": "doubts", "by": "dpo-1"}))
    plan.faces_assessed(zone, at + 5 * DAY, f"again-{plan._name}")
    plan.expect(NO_FACES, camera, at, at + 5 * DAY)


def _version_not_assessed(plan: Breaches, at: datetime) -> None:
    model, town = f"m{plan._name.replace('-', '')}", plan.town
    zone = plan.zone()
    camera = plan.camera(zone, at)
    town.all_of(BEFORE + 9 * DAY, *paper.tested(model, "1"), *paper.tested(model, "2"))
    town.put(BEFORE + 10 * DAY, town.deployed(model, "1", FACES))
    plan.faces_assessed(zone, version=f"{model}-1")
    name = plan.faces_on(camera, at - 10 * HOUR, model_version=f"{model}-1")
    town.put(at, town.deployed(model, "2", FACES, previous="1"))
    drift = at + HOUR
    changes = {"model_version": f"{model}-2"}
    town.put(drift, ("capability.updated", {"capability": name, "changes": changes, "actor": "u-1"}))
    plan.faces_assessed(zone, drift + 7 * DAY, f"again-{plan._name}", version=f"{model}-2")
    plan.expect("HK-PIA-05/model", model, at)
    plan.expect("HK-PIA-05/update", camera, drift)
    plan.expect("HK-PIA-01 HK-CCTV-04", camera, drift, drift + 7 * DAY)


def _site_not_assessed(plan: Breaches, at: datetime) -> None:
    camera = plan.camera(plan.zone(site=False), at)
    live, gone = at - 20 * HOUR, at + 9 * DAY
    plan.town.put(gone, ("camera.deactivated", {"camera": camera, "reason": "policy"}))
    plan.expect("HK-PIA-04", camera, live, gone)


def _site_assessed_and_filed_late(plan: Breaches, at: datetime) -> None:
    zone = plan.zone(site=False)
    camera = plan.camera(zone, at)
    approved = at - DAY
    for made in (paper.submitted(f"late-{zone}"), paper.approved(f"late-{zone}", approved, {"zones": [zone]})):
        plan.town.put(approved, made, arrives=at + DAY)
    review = {"assessment": f"late-{zone}", "outcome": "confirmed", "next_due": "2030-01-01"}
    for year in range(1, 1 + plan.town.days // 300):
        plan.town.put(at + timedelta(days=300 * year), ("assessment.reviewed", review))
    plan.expect("HK-PIA-04", camera, at - 20 * HOUR, withdrawn=True)


def _condition_past_its_date(plan: Breaches, at: datetime) -> None:
    zone = plan.zone()
    camera = plan.camera(zone, at)
    due = at.replace(hour=0, minute=0) + DAY
    condition = {"id": "c1", "text": "test for bias", "due": paper.day(at)}
    name = plan.faces_assessed(zone, at - 12 * HOUR, conditions=[condition])
    plan.faces_on(camera, at - 10 * HOUR)
    met = {"assessment": name, "condition": "c1", "evidence": "audit"}
    plan.town.put(due + 4 * DAY, ("assessment.condition_met", met))
    plan.expect("HK-PIA-07", name, due, due + 4 * DAY)


def _need_not_shown(plan: Breaches, at: datetime) -> None:
    name = f"weak-{plan._name}"
    scope = {"programme": PROGRAMME, "capability": "emotion_recognition"}  # on nowhere, so that no use rests on it
    drafted = {"assessment": name, "kind": "pia", "programme": PROGRAMME, "scope": scope, "author": "u-2"}
    plan.town.put(at, ("assessment.drafted", drafted))
    findings = {**paper.shown(), "proportionality": "not_demonstrated"}
    plan.town.put(at + HOUR, paper.submitted(name, findings=findings))
    rejected = {"assessment": name, "reasons": ["proportion"], "approver": "dpo-1"}
    plan.town.put(at + 3 * DAY, ("assessment.rejected", rejected))
    plan.expect("HK-PIA-02/submitted", name, at + HOUR)


def _purpose_beyond_the_assessment(plan: Breaches, at: datetime) -> None:
    camera = plan.camera(plan.zone(), at)
    old, new = paper.PURPOSES, [*paper.PURPOSES, "public_order"]
    plan.town.put(at, ("camera.purpose_changed", {"camera": camera, "old": old, "new": new}))
    plan.town.put(at + 3 * DAY, ("camera.purpose_changed", {"camera": camera, "old": new, "new": old}))
    plan.expect("HK-PIA-04", camera, at, at + 3 * DAY)
    plan.expect("HK-PIA-05/purpose HK-DPP3-01/purpose", camera, at)


def _function_without_assessment(plan: Breaches, at: datetime) -> None:
    zone, name = plan.zone(), f"cap-{plan._name}"
    plan.camera(zone, at)
    plan.town.switch_on(name, "object_detection", "zone", [zone], at, model_version="obj-1")
    plan.off(name, at + 2 * DAY)
    plan.expect("HK-CAP-01", zone, at, at + 2 * DAY)


def _more_faces_than_assessed(plan: Breaches, at: datetime) -> None:
    zone = plan.zone()
    cameras = [plan.camera(zone, at, f"k{number}-{plan._name}") for number in range(3)]
    limited = plan.faces_assessed(zone, camera_limit=2)
    name = f"cap-{plan._name}"
    for camera in cameras:
        plan.listed_function(name, camera, "camera", at)
    plan.town.switch_on(name, FACES, "camera", cameras, at)
    plan.off(name, at + 2 * DAY)
    plan.expect("HK-ROL-05/enabled", limited, at)


# What the public is told, and who is asked.


def _told_too_late(plan: Breaches, at: datetime) -> None:
    zone = plan.zone(faces=at - 13 * DAY)
    camera = plan.camera(zone, at)
    plan.faces_assessed(zone)
    plan.off(plan.faces_on(camera, at), at + 4 * DAY)
    plan.expect("HK-NOT-01", camera, at, at + 4 * DAY)


def _sign_damaged(plan: Breaches, at: datetime) -> None:
    zone = plan.zone(told=False, faces=None)
    camera = plan.camera(zone, at)
    plan.town.put(at, ("signage.inspected", {"sign": f"sign-{zone}", "result": "damaged"}))
    plan.town.put(at + 2 * DAY, ("signage.inspected", {"sign": f"sign-{zone}", "result": "ok"}))
    plan.expect("HK-DPP1-04/camera HK-CCTV-01/camera", camera, at, at + 2 * DAY)


def _platform_linked_unasked(plan: Breaches, at: datetime) -> None:
    platform, town = f"pl-{plan._name}", plan.town
    owner = paper.OPERATOR
    town.all_of(at - DAY, *town.assessed(f"pia-{platform}", at - DAY, {"platform": platform}))
    town.put(at - DAY, paper.audit(f"sec-{platform}", "security", platform))
    functions = {"functions": ["live_view"]}
    linked = {"platform": platform, "source": "own-net", "owner": owner, "cameras": 40, **functions}
    town.put(at, ("platform.linked", linked))
    plan.expect("HK-CON-01/platform", platform, at)


def _silence_for_an_answer(plan: Breaches, at: datetime) -> None:
    name = f"con-{plan._name}"
    plan.town.put(at, paper.consultation(name, platform="none"))
    plan.town.put(at + DAY, ("consultation.acknowledged", {"consultation": name}))
    plan.town.put(at + 9 * DAY, ("consultation.closed", {"consultation": name, "outcome": "no_response"}))
    plan.expect("HK-CON-02/closed", name, at + 9 * DAY)


def _answer_past_its_window(plan: Breaches, at: datetime) -> None:
    name = f"con-{plan._name}"
    plan.town.put(at, paper.consultation(name, platform="none"))
    plan.town.put(at + 36 * DAY, paper.opinion(name, "advice"))
    plan.expect("HK-CON-03", name, at + 30 * DAY, at + 36 * DAY)


# Footage, people, searches.


def _footage_kept_too_long(plan: Breaches, at: datetime) -> None:
    camera = plan.camera(plan.zone(), at)
    over = at + HOUR + 31 * DAY
    footage = plan.town.film(camera, at, over + 5 * DAY)
    plan.expect("HK-RET-01", footage, over, over + 5 * DAY)


def _kept_longer_without_review(plan: Breaches, at: datetime) -> None:
    name, zone = f"keep-{plan._name}", plan.zone()
    target = {"zones": [zone]}
    plan.town.put(at, ("retention_policy.set", {"policy": name, "target": target, "period": "P31D", "by": "u-1"}))
    longer = {"policy": name, "old": "P31D", "new": "P90D", "by": "u-1"}
    plan.town.put(at + DAY, ("retention_policy.changed", longer))
    plan.expect("HK-RET-07/long HK-PIA-05/retention", name, at + DAY)


def _tracking_without_leave(plan: Breaches, at: datetime) -> None:
    name = f"tr-{plan._name}"
    plan.town.put(at, paper.tracking(name, f"p-{plan._name}"))
    plan.town.put(at + 2 * DAY, ("tracking.stopped", {"tracking": name, "reason": "order"}))
    plan.expect("HK-TRK-01", name, at, at + 2 * DAY)


def _tracking_past_its_leave(plan: Breaches, at: datetime) -> None:
    name, target = f"tr-{plan._name}", f"p-{plan._name}"
    until = at + 7 * DAY
    plan.town.put(at - HOUR, paper.authorised(f"au-{name}", at, until, covers={"targets": [target]}))
    plan.town.put(at, paper.tracking(name, target, authorisation=f"au-{name}"))
    plan.town.put(until + 2 * DAY, ("tracking.stopped", {"tracking": name, "reason": "noticed"}))
    plan.expect("HK-TRK-01 HK-TRK-03", name, until, until + 2 * DAY)


def _search_without_a_case(plan: Breaches, at: datetime) -> None:
    kind, data = paper.search(f"s-{plan._name}", reason="check")
    del data["case_ref"]
    plan.town.put(at, (kind, data))
    plan.expect("HK-SRC-01 HK-DPP3-01/search", f"s-{plan._name}", at)


def _search_by_a_stranger(plan: Breaches, at: datetime) -> None:
    plan.town.put(at, paper.search(f"s-{plan._name}", actor=f"x-{plan._name}"))
    plan.expect("HK-ACC-01/search HK-DPP4-01/search", f"s-{plan._name}", at)


def _account_of_nobody_trained(plan: Breaches, at: datetime) -> None:
    role, actor = f"role-{plan._name}", f"x-{plan._name}"
    granted = {"actor": actor, "role": role, "zones": ["z"], "approver": "head-1", "shared_account": False}
    plan.town.put(at, ("access.granted", granted))
    plan.town.put(at + 3 * DAY, ("access.revoked", {"actor": actor, "reason": "not trained"}))
    plan.expect("HK-ACC-01/account", role, at, at + 3 * DAY)
    plan.expect("HK-AI-06/access", f"{role} z", at, at + 3 * DAY)


def _request_answered_late(plan: Breaches, at: datetime) -> None:
    name = f"dar-{plan._name}"
    asked = {"request": name, "person_ref": f"q-{plan._name}", "received_on": paper.day(at)}
    over = at.replace(hour=0, minute=0) + 41 * DAY
    plan.town.put(at, ("access_request.received", asked))
    plan.town.put(over + 3 * DAY, ("access_request.answered", {"request": name}))
    plan.expect("HK-DAR-01", name, over, over + 3 * DAY)


def _breach_told_late(plan: Breaches, at: datetime) -> None:
    name = f"br-{plan._name}"
    known = {"breach": name, "aware_at": at.isoformat(), "categories": ["video"], "real_risk": True}
    plan.town.put(at + HOUR, ("breach.detected", known))
    plan.town.put(at + 8 * DAY, ("breach.notified", {"breach": name, "to": "PCPD"}))
    plan.expect("HK-BRE-01", name, at + 5 * DAY, at + 8 * DAY)


def _incident_met_late(plan: Breaches, at: datetime) -> None:
    name = f"i-{plan._name}"
    known = {"incident": name, "kind": "ai", "serious": True, "aware_at": at.isoformat()}
    plan.town.put(at, ("incident.reported", known))
    plan.town.put(at + 3 * DAY, ("incident.response_started", {"incident": name, "lead": "u-6"}))
    plan.expect("HK-AI-04", name, at + DAY, at + 3 * DAY)


def _emergency_not_confirmed(plan: Breaches, at: datetime) -> None:
    name = f"au-{plan._name}"
    granted = paper.authorised(name, at, at + 40 * HOUR, kind="icso_emergency", covers={"targets": [name]})
    plan.town.put(at, granted)
    plan.town.put(at + 4 * DAY, ("authorisation.confirmed", {"authorisation": name, "by": "judge-1"}))
    plan.expect("HK-ICS-03/confirmation", name, at + 48 * HOUR, at + 4 * DAY)


# Rollout, money, law.


def _camera_of_no_phase(plan: Breaches, at: datetime) -> None:
    camera = plan.camera(plan.zone(), at, phase="9")
    gone = at + 4 * DAY
    plan.town.put(gone, ("camera.removed", {"camera": camera, "removed_on": paper.day(gone)}))
    plan.expect("HK-ROL-02/phase", camera, at - DAY, gone)


def _camera_without_evidence(plan: Breaches, at: datetime) -> None:
    zone = plan.zone()
    camera = plan.camera(zone, at, siting={"source": "none"}, lat=10.0, lon=10.0)
    gone = at + 4 * DAY
    plan.town.put(gone, ("camera.removed", {"camera": camera, "removed_on": paper.day(gone)}))
    plan.expect("HK-ROL-04", f"{camera} {zone}", at - DAY, gone)


def _hidden_camera(plan: Breaches, at: datetime) -> None:
    camera = f"k-{plan._name}"
    zone = plan.zone()
    plan.town.put(at - DAY, paper.camera(camera, zone, at, phase=plan.phase_at(at - DAY), covert=True))
    plan.town.put(at, paper.activated(camera, covert=True))
    plan.town.put(at, paper.listed(camera))
    plan.town.put(at + 2 * DAY, ("camera.deactivated", {"camera": camera, "reason": "order"}))
    plan.expect("HK-DPP1-03 HK-ICS-01/camera", camera, at, at + 2 * DAY)


def _view_into_homes(plan: Breaches, at: datetime) -> None:
    camera = plan.camera(plan.zone(), at)
    for later, overlap in ((0, True), (3, False)):
        turned = {"camera": camera, "privacy_zone_overlap": overlap}
        plan.town.put(at + later * DAY, ("camera.reoriented", turned))
    plan.expect("HK-CCTV-03", camera, at, at + 3 * DAY)


def _more_cameras_than_planned(plan: Breaches, at: datetime) -> None:
    corrected = at + timedelta(minutes=3)
    for when, number in ((at, plan.town.target + 1), (corrected, plan.town.cameras // 2)):
        report = {"programme": PROGRAMME, "active_cameras": number, "as_of": paper.day(at), "phase": plan._name}
        plan.town.put(when, ("rollout.progress_reported", report))
    plan.expect("HK-ROL-01/reported", PROGRAMME, at, corrected)


def _award_without_diligence(plan: Breaches, at: datetime) -> None:
    vendor, tender = f"v-{plan._name}", f"t-{plan._name}"
    plan.town.diligence(vendor, at - DAY, ("security",))
    plan.town.award(tender, vendor, at)
    plan.expect("HK-PRO-01 INT-GP-01", vendor, at)


def _law_not_named(plan: Breaches, at: datetime) -> None:
    zone, name = plan.zone(), f"cap-{plan._name}"
    plan.camera(zone, at)
    town = plan.town
    where = paper.of_function("plate_reading", zones=[zone])
    town.all_of(at - DAY, *town.assessed(f"pia-{name}", at - DAY, where))
    town.put(at, paper.enabled(name, "plate_reading", "zone", [zone]))
    town.put(at + 2 * DAY, paper.law_basis(name))
    plan.expect("HK-OVS-03 INT-17-01", zone, at, at + 2 * DAY)


KINDS: tuple[tuple[int, Callable[[Breaches, datetime], None]], ...] = (
    (8, _place_not_assessed), (8, _assessment_revoked), (10, _version_not_assessed), (11, _site_not_assessed),
    (4, _site_assessed_and_filed_late), (7, _condition_past_its_date), (5, _need_not_shown),
    (5, _purpose_beyond_the_assessment), (4, _function_without_assessment), (4, _more_faces_than_assessed),
    (6, _told_too_late), (4, _sign_damaged), (3, _platform_linked_unasked), (11, _silence_for_an_answer),
    (38, _answer_past_its_window), (38, _footage_kept_too_long), (3, _kept_longer_without_review),
    (4, _tracking_without_leave), (11, _tracking_past_its_leave), (2, _search_without_a_case),
    (2, _search_by_a_stranger), (5, _account_of_nobody_trained), (46, _request_answered_late), (10, _breach_told_late),
    (5, _incident_met_late), (6, _emergency_not_confirmed), (6, _camera_of_no_phase), (6, _camera_without_evidence),
    (4, _hidden_camera), (5, _view_into_homes), (3, _more_cameras_than_planned), (3, _award_without_diligence),
    (4, _law_not_named),
)  # fmt: skip
"""Each kind of breach, with the days it takes from beginning to end."""
