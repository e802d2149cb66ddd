"""What outlets write, read by programs that others wrote."""

import json
import re
import warnings
from datetime import datetime
from functools import cache

import jsonschema_rs
import pytest
from attrs import evolve
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from oversight.model.alerts import CLEARED, RAISED, WITHDRAWN
from oversight.outlets.cloudevents import cloud_events
from oversight.outlets.jsonlines import json_lines
from oversight.outlets.ocsf import Renderer, ocsf
from oversight.outlets.schemas import alert_schema, cloudevent_schema
from oversight.outlets.syslog import MOST, SD_ID, framed, syslog
from oversight.testing import check_outlet
from tests.test_outlets import ALERT, HOSTILE, STORY
from tests.test_scenario import CHANGES

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of the parser's own parser, for a module of Python's
    from syslog_rfc5424_parser import SyslogMessage

OCSF_VERSIONS = ("1.5.0", "1.8.0")
EVERY = (*CHANGES, *STORY)
OUTLETS = {
    "jsonl": json_lines,
    "cloudevents": cloud_events,
    "ocsf": lambda sink: ocsf(sink, "1"),
    "syslog": lambda sink: syslog(sink, "host"),
}


def told(make, changes):
    """The texts that an outlet gave its sink."""
    texts = []
    make(texts.append).tell(changes)
    return texts


def hostile(word):
    """An alert in which everything that comes from outside is *word*."""
    return evolve(ALERT, title=word, message=word, remedy=word, subjects=(word,), evidence=(word,), cause=word)


@pytest.mark.parametrize("name", OUTLETS)
def test_every_outlet_keeps_its_contract(name):
    """Each form keeps to what is asked of any outlet, hostile texts included."""
    check_outlet(OUTLETS[name])


# CloudEvents


def read_cloudevent(line):
    """An event as the SDK of the CNCF reads it, which refuses what the specification forbids."""
    return JSONFormat().read(CloudEvent, line)


def test_cloudevents_are_read_by_the_sdk():
    """Each change of the scenario comes back from the SDK with its attributes and the alert as its data."""
    events = [read_cloudevent(line) for line in told(cloud_events, EVERY)]
    assert [json.loads(json.dumps(change.as_dict())) for change in EVERY] == [event.get_data() for event in events]
    assert [f"oversight.alert.{change.change}" for change in EVERY] == [event.get_type() for event in events]
    assert [change.at for change in EVERY] == [event.get_time() for event in events]
    assert [change.severity for change in EVERY] == [event.get_extension("severity") for event in events]


def test_cloudevents_have_an_identity_each():
    """No two changes have the same source and id, also where they say the same; told anew, they have the same ids."""
    twice = [ALERT, evolve(ALERT, change="withdrawn"), ALERT]
    ids = [(event.get_source(), event.get_id()) for event in map(read_cloudevent, told(cloud_events, twice))]
    assert 3 == len(set(ids))
    assert ids == [(e.get_source(), e.get_id()) for e in map(read_cloudevent, told(cloud_events, twice))]


@given(st.text(max_size=30) | st.just(HOSTILE))
def test_cloudevents_of_any_text(word):
    """Whatever an alert carries, the SDK reads the event and finds the text unaltered."""
    event = read_cloudevent(told(cloud_events, [hostile(word)])[0])
    assert (word, [word]) == (event.get_data()["message"], event.get_data()["subjects"])


# OCSF


@cache
def finding_validator(version):
    """The schema of a Compliance Finding in a version of OCSF."""
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version)).get_class_schema("compliance_finding")
    return jsonschema_rs.validator_for(schema)


@pytest.mark.parametrize("version", OCSF_VERSIONS)
def test_findings_fit_the_schema_of_ocsf(version):
    """Each change of the scenario is a Compliance Finding as the published schema has it."""
    lines = told(OUTLETS["ocsf"], EVERY)
    validator = finding_validator(version)
    assert [] == [str(error) for line in lines for error in validator.iter_errors(json.loads(line))]


@pytest.mark.parametrize("version", OCSF_VERSIONS)
def test_schema_of_ocsf_refuses_what_is_none(version):
    """The schema that the findings are held to notices what is missing, misspelt or of the wrong type."""
    finding = json.loads(told(OUTLETS["ocsf"], [ALERT])[0])
    without = {name: value for name, value in finding.items() if name != "time"}
    for wrong in (without, {**finding, "severty": 1}, {**finding, "time": "now"}, {**finding, "activity_id": 7}):
        assert not finding_validator(version).is_valid(wrong)


def test_names_of_findings_are_those_of_ocsf():
    """Each name told beside a number is the one that OCSF gives to that number."""
    known = get_ocsf_schema("1.5.0")["classes"]["compliance_finding"]["attributes"]
    verdicts = get_ocsf_schema("1.5.0")["objects"]["compliance"]["attributes"]["status_id"]["enum"]
    other = "Withdrawn"  # OCSF has no number for it: 99 leaves the name to the source
    for line in told(OUTLETS["ocsf"], EVERY):
        finding = json.loads(line)
        for number, name in (("activity_id", "activity_name"), ("severity_id", "severity"), ("status_id", "status")):
            caption = known[number]["enum"][str(finding[number])]["caption"]
            assert finding[name] == (other if caption == "Other" else caption)
        compliance = finding["compliance"]
        assert compliance["status"] == verdicts[str(compliance["status_id"])]["caption"]


def test_findings_lose_nothing():
    """Every key of the alert is in the finding, under a name of OCSF or under ``unmapped``."""
    finding = Renderer("1").finding(ALERT.as_dict())
    text = json.dumps(finding)
    for name, value in ALERT.as_dict().items():
        if name not in ("at", "since", "severity"):
            assert name in finding["unmapped"] or json.dumps(value)[1:-1] in text
    assert (1773104400000, 1773104400000) == (finding["time"], finding["start_time"])


def test_waived_finding_is_suppressed():
    """An alert that a site waives is suppressed for as long as it is open."""
    waived = evolve(ALERT, waived={"reason": "trial", "owner": "o", "until": "2026-06-01T00:00:00Z"})
    statuses = [json.loads(line)["status"] for line in told(OUTLETS["ocsf"], [ALERT, waived])]
    assert ["New", "Suppressed"] == statuses


# Syslog


def parse_syslog(message):
    """A message as a parser for RFC 5424 reads it."""
    return SyslogMessage.parse(message)


def unescaped(value):
    """The value of a parameter, whose escapes this parser leaves to whoever asks."""
    return re.sub(r'\\(["\\\]])', r"\1", value)


def test_syslog_is_read_by_a_parser():
    """Each change of the scenario is a message of RFC 5424, with its fields as structured data."""
    for change, message in zip(EVERY, told(OUTLETS["syslog"], EVERY), strict=True):
        found = parse_syslog(message)
        fields = {name: unescaped(value) for name, value in found.sd[SD_ID].items()}
        rule = f"{change.rule}/{change.part}" if change.part else change.rule
        assert (change.alert, rule, change.pack_digest) == (fields["alert"], fields["rule"], fields["pack_digest"])
        assert ("audit", "oversight", "host", change.change) == (
            found.facility.name, found.appname, found.hostname, found.msgid
        )  # fmt: skip
        assert change.at == datetime.fromisoformat(found.timestamp)
        assert found.msg.startswith("\ufeff" + change.title[:40])


def test_syslog_severity_is_that_of_the_rule():
    """What stands has the severity of its rule; what is over, taken back or waived is a notice."""
    levels = [parse_syslog(message).severity.name for message in told(OUTLETS["syslog"], STORY)]
    assert ["crit", "crit", "notice", "notice", "notice", "crit"] == levels


# The parser takes a backslash before the closing quote for one that escapes it, escaped though it is.
WORDS = (st.text(max_size=30) | st.text(alphabet='"\\]= é漢', max_size=12)).filter(lambda word: word[-1:] != "\\")


@given(WORDS | st.just(HOSTILE))
def test_syslog_of_any_text(word):
    """Whatever an alert carries, it is one message on one line, and no text ends a parameter."""
    [message] = told(OUTLETS["syslog"], [hostile(word)])
    assert len(message.splitlines()) == 1
    found = parse_syslog(message)
    assert ALERT.pack_digest == found.sd[SD_ID]["pack_digest"]
    assert set(found.sd) == {SD_ID}


def test_long_syslog_is_cut():
    """A message keeps to the octets that a receiver takes, and is text still."""
    [message] = told(OUTLETS["syslog"], [evolve(ALERT, title="漢" * 2000, message="漢" * 9000)])
    assert MOST - 3 <= len(message.encode()) <= MOST
    assert message.endswith("漢…")


def test_frame_counts_octets():
    """A frame says how many octets follow, not how many characters."""
    assert "3 é!".encode() == framed("é!")


def test_what_is_over_is_not_told_as_if_it_were_so():
    """Of a breach that has ended or never was, no form for others says in its text that it is one."""
    over = [change for change in STORY if change.change in (CLEARED, WITHDRAWN)]
    assert 2 == len(over)
    findings = [json.loads(line)["message"] for line in told(OUTLETS["ocsf"], over)]
    messages = [parse_syslog(message).msg for message in told(OUTLETS["syslog"], over)]
    for text, word in zip((*findings, *messages), ("cleared", "withdrawn") * 2, strict=True):
        assert word in text
        assert ALERT.message not in text


# Schemas


def validator_of(schema):
    """A validator of one of our schemas."""
    jsonschema_rs.meta.validate(schema)
    return jsonschema_rs.validator_for(schema)


def altered(alert):
    """*alert* with one thing wrong each, and what it is."""
    for name in alert:
        yield f"without {name}", {key: value for key, value in alert.items() if key != name}
    yield "a key too many", {**alert, "actor": "u-1"}
    for name, value in (
        *(("change", "closed"), ("alert", alert["alert"][1:]), ("severity", "grave"), ("basis", "hearsay")),
        *(("at", "2026-03-10"), ("since", 5), ("subjects", "cam-1"), ("open", -1), ("authority", [])),
        *(("missing", [{"clause": "c"}]), ("waived", {}), ("pack_digest", "AB" * 32), ("part", ""), ("rule", "")),
        *(("evidence", [None]), ("cause", 7), ("assumed", [{"parameter": "p"}]), ("reason", False)),
    ):
        yield f"{name} {value!r}", {**alert, name: value}


def test_alerts_fit_their_schema():
    """Every change of the scenario fits the schema of alerts, and every CloudEvent the one of those."""
    alerts, events = validator_of(alert_schema()), validator_of(cloudevent_schema())
    assert [] == [str(e) for line in told(json_lines, EVERY) for e in alerts.iter_errors(json.loads(line))]
    assert [] == [str(e) for line in told(cloud_events, EVERY) for e in events.iter_errors(json.loads(line))]


def test_schema_refuses_altered_alerts():
    """An alert that lacks a key, has one too many or an unheard-of value does not fit."""
    validator = validator_of(alert_schema())
    assert [] == [what for what, wrong in altered(STORY[1].as_dict()) if validator.is_valid(wrong)]


def test_schema_refuses_altered_events():
    """A CloudEvent that is altered, or whose alert is, does not fit."""
    validator = validator_of(cloudevent_schema())
    event = json.loads(told(cloud_events, [ALERT])[0])
    wrong = [(name, {key: value for key, value in event.items() if key != name}) for name in event]
    wrong += [(what, {**event, "data": data}) for what, data in altered(event["data"])]
    wrong += [("type", {**event, "type": RAISED}), ("specversion", {**event, "specversion": "0.3"})]
    assert [] == [what for what, each in wrong if validator.is_valid(each)]
