"""The paper of a programme that keeps every rule: what each event says where nothing is missing in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

PROGRAMME, OPERATOR, VENDOR = "cityview", "city-police", "v-lens"
DISTRICTS = (
    "CW", "WCH", "EST", "STH", "YTM", "SSP", "KLC", "WTS", "KWT", "KWC", "TSW", "TMN", "YLG", "NTH", "TPO", "STN",
    "SKG", "ISL",
)  # fmt: skip
PURPOSES = ["crime_prevention", "crime_detection"]
FUNCTIONS = {"facial_recognition": "frt-3.1", "plate_reading": "lpr-2.0", "crowd_analysis": "crd-1.4"}
TRACKING = "trk-1.0"
DEMONSTRATED = (
    "necessity", "proportionality", "legitimate_aim", "rational_connection", "no_more_than_necessary", "fair_balance",
    "expression_assembly",
)  # fmt: skip
CLAUSES = [
    "processor_terms", "testing", "security", "audit_right", "exit", "incident_notice", "retention",
    "cross_border_transfer",
]  # fmt: skip

Made = tuple[str, dict[str, Any]]


def day(instant: datetime) -> str:
    """The day of an instant as it stands in an event."""
    return instant.date().isoformat()


def shown() -> dict[str, str]:
    """Findings that show everything an assessment is asked to show."""
    return dict.fromkeys(DEMONSTRATED, "demonstrated")


def submitted(name: str, **changed: Any) -> Made:
    """An assessment handed in whole."""
    return "assessment.submitted", {
        "assessment": name, "kind": "pia", "sections": ["data_cycle", "risk_analysis", "mitigation", "report"],
        "alternatives": [{"option": "more patrols", "reason": "too few people for the hours"}], "findings": shown(),
        "affected_groups": ["general_public"], "residual_risk": "low", "standard": "ISO/IEC 29134", **changed,
    }  # fmt: skip


def approved(name: str, since: datetime, scope: dict[str, Any], approver: str = "dpo-1", **more: Any) -> Made:
    """An assessment approved for longer than any run lasts."""
    return "assessment.approved", {
        "assessment": name, "kind": "pia", "findings": shown(), "approver": approver, "residual_risk": "low",
        "scope": {"programme": PROGRAMME, "purpose": PURPOSES, **scope}, "valid_from": since.isoformat(),
        "valid_until": (since + timedelta(days=3650)).isoformat(), **more,
    }  # fmt: skip


def of_function(kind: str, version: str = "", **place: Any) -> dict[str, Any]:
    """The scope of an assessment of a function at a place."""
    return {"capability": kind, "model_version": version or FUNCTIONS[kind], **place}


def notice(name: str, subject: str, zones: list[str], functions: list[str], **changed: Any) -> Made:
    """A public notice that says everything a notice is asked to say."""
    return "notice.published", {
        "notice": name, "subject": subject, "operator": OPERATOR, "purpose": "crime prevention", "contact": "desk 7",
        "covers": {"programme": PROGRAMME, "zones": zones, "capabilities": functions}, "ai_disclosed": True,
        "transferee_classes": ["courts"], "languages": ["zh-Hant", "en"], **changed,
    }  # fmt: skip


def sign(zone: str) -> Made:
    """A sign in a zone."""
    return "signage.installed", {
        "sign": f"sign-{zone}", "zone": zone, "operator": OPERATOR, "purpose": "crime prevention", "contact": "desk 7",
    }  # fmt: skip


def camera(name: str, zone: str, since: datetime, **changed: Any) -> Made:
    """A camera at a site that has its evidence."""
    siting = {"crime_index": 0.8, "footfall": 40000, "source": "statistics", "date": day(since - timedelta(days=60))}
    number = sum(map(ord, name))
    return "camera.installed", {
        "camera": name, "programme": PROGRAMME, "zone": zone, "lat": 22.2 + number % 97 / 1000,
        "lon": 114.0 + number % 89 / 1000, "owner": OPERATOR, "phase": "1", "covert": False, "siting": siting,
        "capable_of": list(FUNCTIONS), "mount": "pole", **changed,
    }  # fmt: skip


def activated(name: str, **changed: Any) -> Made:
    """A camera begins to record."""
    return "camera.activated", {"camera": name, "purposes": PURPOSES, "recording": True, "covert": False, **changed}


def listed(name: str) -> Made:
    """A camera in the public register."""
    return "register.updated", {"register": "cameras", "ref": f"reg-{name}", "camera": name, "public": True}


def enabled(name: str, kind: str, level: str, ids: list[str], **changed: Any) -> Made:
    """A function switched on."""
    return "capability.enabled", {
        "capability": name, "kind": kind, "target": {"level": level, "ids": ids}, "mode": "live", "actor": "u-1",
        "model_version": FUNCTIONS.get(kind, TRACKING), "purpose": PURPOSES[:1],
        "biometric": kind == "facial_recognition", **changed,
    }  # fmt: skip


def law_basis(name: str, provision: str = "Police Force Ordinance (Cap. 232) s.10") -> Made:
    """The law a function rests on."""
    return "law_basis.recorded", {
        "subject": name, "provision": provision, "ground": "duty_to_prevent_crime", "safeguards": ["human_review"],
    }  # fmt: skip


def justification(name: str) -> Made:
    """Why a function is needed."""
    return "justification.recorded", {
        "subject": name, "text": "wanted for serious violence", "serious_purpose": "serious_crime", "author": "u-2",
    }  # fmt: skip


def consultation(name: str, **scope: Any) -> Made:
    """A question to the Privacy Commissioner about the programme, or about what *scope* narrows it to."""
    return "consultation.requested", {
        "consultation": name, "authority": "PCPD", "kind": "regulator", "subject": "the programme",
        "scope": {"programme": PROGRAMME, **scope},
    }  # fmt: skip


def opinion(name: str, outcome: str = "opinion") -> Made:
    """The Commissioner's answer."""
    return "consultation.responded", {"consultation": name, "outcome": outcome, "published": True}


def audit(name: str, kind: str, subject: str, version: str = "") -> Made:
    """An independent audit that found nothing; of a *version* with its error rates."""
    made: dict[str, Any] = {"audit": name, "kind": kind, "subject": subject, "result": "pass", "independent": True}
    if version:
        rates = {"overall": 0.001, "group_max_ratio": 1.2}
        made |= {"model_version": version, "threshold": 0.6, "standard": "ISO/IEC 19795-1"}
        made |= {"metrics": {"fpir": rates, "fnir": rates, "groups": {"women": 0.001, "men": 0.001}}}
    return "audit.completed", made


def tested(model: str, version: str) -> list[Made]:
    """The tests of a version before it is used."""
    name = f"{model}-{version}"
    return [audit(f"acc-{name}", "accuracy", model, version), audit(f"bias-{name}", "bias", model, version)]


def search(name: str, **changed: Any) -> Made:
    """A search with everything it is asked to carry."""
    return "search.performed", {
        "search": name, "actor": "u-3", "mode": "plate", "reason": "locate the car of the robbery in case 17",
        "case_ref": "case-17", "cameras": 12, **changed,
    }  # fmt: skip


def authorised(name: str, since: datetime, until: datetime, **changed: Any) -> Made:
    """Leave to follow one person for a time."""
    return "authorisation.granted", {
        "authorisation": name, "kind": "tracking", "issuer": "chief superintendent", "covers": {"targets": ["p-1"]},
        "valid_from": since.isoformat(), "valid_until": until.isoformat(), "ground": "serious_crime",
        "necessity": "no other lead", "proportionality": "one person, few days", "less_intrusive_considered": True,
        **changed,
    }  # fmt: skip


def tracking(name: str, target: str, **changed: Any) -> Made:
    """Somebody is followed."""
    return "tracking.started", {"tracking": name, "target_ref": target, "cameras": 40, "covert": False, **changed}
