"""What an alert of Hong Kong names as its remedy is read by the rule, and a case shows that it clears the alert."""

import re
from datetime import datetime

import pytest

from oversight import load
from oversight.cases.matching import expected_of
from oversight.model.extract import extract

PACK = load("hong-kong")
KIND = re.compile(r"\b[a-z_]+\.[a-z_]+\b")

# What the remedy asks for beside what ends the alert: a report, a thing to look into, or words in a paper.
BESIDE = {
    ("HK-DPP4-02/copy", "access.revoked"),
    ("HK-DPP4-02/view", "access.revoked"),
    ("HK-ICS-01/camera", "incident.notified"),
    ("HK-ICS-01/tracking", "incident.notified"),
    ("HK-PRP-02/district", "assessment.approved"),
    ("HK-PRP-02/live", "assessment.approved"),
    ("HK-PRP-02/planned", "assessment.approved"),
    ("HK-PRP-03/counted", "assessment.approved"),
    ("HK-PRP-03/reported", "assessment.approved"),
    ("HK-PRP-04", "assessment.approved"),
    ("HK-PRP-04", "assessment.reviewed"),
    ("HK-SRC-01", "access.revoked"),
}


def named(rule):
    """The kinds of event that the remedy of a rule names, the values in it left out."""
    text = " ".join(piece for piece in rule.remedy.pieces if isinstance(piece, str))
    return [kind for kind in dict.fromkeys(KIND.findall(text)) if (rule.name, kind) not in BESIDE]


def instant(written):
    """An instant of a case."""
    return written if isinstance(written, datetime) else datetime.fromisoformat(written)


def outcomes(rule):
    """Of each case of a rule: its events, and what it expects of that rule, which may be said of any of its parts."""
    for case in PACK.cases:
        if rule.id in case.rules:
            alerts = [expected_of(written, case.rules) for written in case.alerts]
            yield case.events, [one for one in alerts if rule.id in one.rules and one.part in (None, rule.part)]


def clears(rule, kind):
    """Whether in some case an event of the kind follows an alert, and none is open at the end."""
    return any(
        alerts
        and all(alert.cleared is not None for alert in alerts)
        and any(event["kind"] == kind and instant(event["time"]) > alerts[0].at for event in events)
        for events, alerts in outcomes(rule)
    )


@pytest.mark.parametrize("rule", PACK.rules, ids=lambda rule: rule.name)
def test_each_kind_of_a_remedy_is_read(rule):
    """A remedy names kinds of the vocabulary that the rule reads; what it asks for beside is listed."""
    assert [] == [kind for kind in named(rule) if kind not in extract(PACK, [rule.id], []).kinds]


@pytest.mark.parametrize("rule", [rule for rule in PACK.rules if not rule.head.kinds], ids=lambda rule: rule.name)
def test_each_kind_of_a_remedy_is_shown_by_a_case(rule):
    """For each kind that a standing rule's remedy names a case shows the alert cleared after it; an act stays done."""
    assert [] == [kind for kind in named(rule) if not clears(rule, kind)]


def test_what_is_asked_for_beside_is_named():
    """The list of what a remedy asks for beside holds only what that remedy names and its rule does not read."""
    rules = {rule.name: rule for rule in PACK.rules}
    needed = {
        (name, kind)
        for name, kind in BESIDE
        if any(kind in KIND.findall(piece) for piece in rules[name].remedy.pieces if isinstance(piece, str))
        and kind not in extract(PACK, [rules[name].id], []).kinds
    }
    assert needed == BESIDE
