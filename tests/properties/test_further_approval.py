"""A further approval does not make anything miss an assessment that did not miss it before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st
from tests.properties.test_shipped_packs import BASE, PACK, event_of

from oversight import Change, Engine
from oversight.model.extract import extract
from oversight.model.folding import fold

_KINDS = (
    "capability.enabled", "capability.enabled", "capability.updated", "capability.disabled", "camera.installed",
    "camera.activated", "camera.activated", "camera.purpose_changed", "zone.defined", "assessment.drafted",
    "assessment.submitted", "assessment.approved", "assessment.approved", "assessment.approved", "assessment.revoked",
    "assessment.reviewed", "assessment.scope_changed", "rollout.target_revised", "platform.linked",
    "model.version_deployed", "retention_policy.changed",
)  # fmt: skip
HERE = extract(PACK, {rule.id for rule in PACK.rules if rule.id.startswith("HK-PIA-")}, _KINDS)
"""The rules about assessments with what they read; what other rules read cannot matter to them."""
MISSING = {
    "HK-PIA-01", "HK-PIA-04", "HK-PIA-05/target", "HK-PIA-05/update", "HK-PIA-05/model", "HK-PIA-05/platform",
    "HK-PIA-05/purpose", "HK-PIA-05/retention",
}  # fmt: skip
"""Rules that ask for an assessment, of which one more can only be too little."""
INDIFFERENT = {"HK-PIA-02/submitted", "HK-PIA-03", "HK-PIA-06"}
"""Rules about what was handed in, which no approval alters."""
ABOUT_APPROVALS = {
    "HK-PIA-02/approved",  # this approval does not show necessity or proportionality
    "HK-PIA-02/function",  # an approval on record leaves open, for this function, whether it is proportionate
    "HK-PIA-05/function",  # beyond what its assessment covers: only what was once assessed can be
    "HK-PIA-07",  # a condition of this approval is past its date
    "HK-PIA-08",  # this approval was not reviewed for a year
    "HK-PIA-09",  # this approval is dated back
}
"""Rules that an approval may break: each is about an approval that is on record, and not about one that is missing."""
UPTO = BASE + timedelta(days=1000)

_SCOPES = st.fixed_dictionaries(
    {"capability": st.just("facial_recognition"), "model_version": st.sampled_from(("frt-1", "frt-1", "frt-2"))},
    optional={"purpose": st.just(["crime", "flow"]), "platform": st.just("p-1")},
)
_GROUNDS = st.sampled_from(
    ({"zones": ["z-1"]}, {"zones": ["z-1", "z-2"]}, {"cameras": ["c-1"]}, {"districts": ["D-1"]},
     {"programme": "p-1", "explicit_all": True, "camera_limit": 9})
)  # fmt: skip
_WIDE = st.just({"explicit_all": True, "zones": ["z-1", "z-2"]})
_TARGETS = st.sampled_from(
    ({"level": "zone", "ids": ["z-1"]}, {"level": "zone", "ids": ["z-1", "z-2"]}, {"level": "camera", "ids": ["c-1"]},
     {"level": "programme", "ids": ["p-1"]})
)  # fmt: skip
_PURPOSES = st.sampled_from((["crime"], ["crime", "flow"]))


def instants(*days: int) -> st.SearchStrategy[str]:
    """One of these days after the first."""
    return st.sampled_from(days).map(lambda day: (BASE + timedelta(days=day)).isoformat())


_SAID: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "assessment.approved": {
        "kind": st.sampled_from(("pia", "pia", "pia", "audit")),
        "scope": st.one_of(st.tuples(_SCOPES, _GROUNDS).map(lambda both: {**both[0], **both[1]}), _WIDE),
        "valid_from": instants(0, 0, 14, 30), "valid_until": instants(31, 90, 366),
    },
    "assessment.scope_changed": {
        "old": st.sampled_from(({"zones": ["z-1"]}, {"zones": ["z-1", "z-2"]}, {})),
        "new": st.sampled_from(({"zones": ["z-1"]}, {"zones": ["z-2"]}, {"explicit_all": True}, {"capability": "o"})),
    },
    "capability.enabled": {
        "kind": st.just("facial_recognition"), "biometric": st.sampled_from((True, True, True, False)),
        "target": _TARGETS, "model_version": st.sampled_from(("frt-1", "frt-1", "frt-2")),
    },
    "capability.updated": {
        "changes": st.sampled_from(({"model_version": "frt-2"}, {"purpose": ["crime"]}, {"threshold": 0.4})),
    },
    "camera.activated": {"purposes": _PURPOSES, "recording": st.just(True)},
    "camera.purpose_changed": {"old": st.just(["flow"]), "new": _PURPOSES},
    "zone.defined": {"district": st.just("D-1")},
    "rollout.target_revised": {"old_target": st.just(1), "new_target": st.sampled_from((2, 4, 60))},
    "model.version_deployed": {"capabilities": st.just(["facial_recognition"]), "version": st.sampled_from("12")},
}  # fmt: skip
"""What is drawn of few values, so that approvals meet what asks for them."""


def drawn(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """An event of *kind*."""
    said = st.fixed_dictionaries(_SAID.get(kind, {}))
    return st.builds(lambda event, data: {**event, "data": {**event["data"], **data}}, event_of(HERE.kinds[kind]), said)


_FURTHER = drawn("assessment.approved").map(
    lambda made: {**made, "id": "further", "data": {**made["data"], "assessment": "further"}}
)


def _covered(enabled: dict[str, Any], approval: dict[str, Any]) -> list[dict[str, Any]]:
    """A function that is on, and an assessment that covers it: something to lose."""
    on = {"target": {"level": "zone", "ids": ["z-1"]}, "model_version": "frt-1", "biometric": True}
    scope = {"capability": "facial_recognition", "model_version": "frt-1", "zones": ["z-1", "z-2"]}
    valid = {"valid_from": BASE.isoformat(), "valid_until": (BASE + timedelta(days=366)).isoformat()}
    return [
        {**approval, "time": BASE.isoformat(), "data": {**approval["data"], "kind": "pia", "scope": scope, **valid}},
        {**enabled, "data": {**enabled["data"], **on}},
    ]


_HISTORIES = st.builds(
    lambda begun, more: [*begun, *more],
    st.one_of(st.just([]), st.builds(_covered, drawn("capability.enabled"), drawn("assessment.approved"))),
    st.lists(st.sampled_from(_KINDS).flatmap(drawn), min_size=1, max_size=9),
)

Spans = dict[tuple[str, str], list[tuple[datetime, datetime]]]


def name(rule: str, part: str) -> str:
    """The id of a rule, with the part where there is one."""
    return f"{rule}/{part}" if part else rule


def told(history: Iterable[dict[str, Any]]) -> list[Change]:
    """All that an engine tells of a history."""
    engine, changes = Engine(HERE), list[Change]()
    for event in history:
        changes += engine.feed(event)
    return changes + list(engine.advance(UPTO))


def breaches(changes: list[Change], rules: set[str]) -> Spans:
    """When each subject was in breach of each of *rules*; an act at its instant."""
    acts = {name(rule.id, rule.part) for rule in HERE.rules if rule.head.kinds}
    found: Spans = {}
    for alert in fold(changes).values():
        rule = name(alert.rule, alert.part)
        for subject, end in alert.subjects.items():
            if rule in rules and end != alert.at:
                over = alert.at if rule in acts else end or UPTO
                found.setdefault((rule, subject), []).append((alert.at, over))
    return {who: joined(spans) for who, spans in found.items()}


def joined(spans: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The same time in spans that do not touch."""
    made: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(spans):
        if made and begin <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((begin, end))
    return made


def test_every_rule_about_assessments_is_sorted() -> None:
    """Each rule and part is of one of the three sorts, so that a new one has to be thought about."""
    assert {name(rule.id, rule.part) for rule in HERE.rules} == MISSING | INDIFFERENT | ABOUT_APPROVALS
    assert len(HERE.rules) == len(MISSING) + len(INDIFFERENT) + len(ABOUT_APPROVALS)


@settings(max_examples=max(10, settings().max_examples // 5))
@given(_HISTORIES, _FURTHER, st.integers(0, 12))
def test_a_further_approval_never_adds_a_missing_assessment(
    history: list[dict[str, Any]], further: dict[str, Any], turn: int
) -> None:
    """Whenever it is given, filed and valid, what is in breach with it was in breach at the same time without it."""
    numbered = [{"id": f"e-{number}", **event} for number, event in enumerate(history)]
    note(f"further: {further}")
    without, extended = told(numbered), told([*numbered[:turn], further, *numbered[turn:]])
    before, after = breaches(without, MISSING), breaches(extended, MISSING)
    for who, spans in after.items():
        for begin, end in spans:
            assert any(first <= begin and end <= last for first, last in before.get(who, [])), who
    assert breaches(without, INDIFFERENT) == breaches(extended, INDIFFERENT)
