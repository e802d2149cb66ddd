"""Alerts as text and as JSON Lines."""

import json
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from oversight.model.alerts import CLEARED, RAISED, UPDATED, WITHDRAWN, Assumption, Change, Missing
from oversight.model.pack import Authority
from oversight.outlets.jsonlines import json_lines
from oversight.outlets.processors import withhold
from oversight.outlets.stream import Outlet
from oversight.outlets.text import text

GOLDEN = Path(__file__).parent / "golden" / "outlets"
HONG_KONG = ZoneInfo("Asia/Hong_Kong")
HOSTILE = "NUL \x00 escape \x1b]0;owned\x07 \x1b[2J override \u202egnp.exe isolate \u2067 \x9b31m \u2028 end"
UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Format characters that nevertheless show: signs before Arabic, Syriac or Kaithi numbers.
SHOWN = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")

ALERT = Change(
    change=RAISED,
    alert="5f1c0d3e9a7b42688e21d4b09c3f6a75",
    rule="HK-PIA-01",
    part="",
    title="Biometric function on without a valid privacy impact assessment",
    pack="hong_kong",
    pack_digest="ab" * 32,
    severity="critical",
    basis="regulator-guidance",
    authority=(
        Authority("PCPD, Guidance on Collection and Use of Biometric Data", "PIA section"),
        Authority("Personal Data (Privacy) Ordinance (Cap. 486)", "DPP1"),
    ),
    at=datetime(2026, 3, 10, 1, tzinfo=UTC),
    since=datetime(2026, 3, 10, 1, tzinfo=UTC),
    subjects=("cam-000001",),
    open=1,
    message="facial_recognition is on (cap-frt-1) and no valid assessment covering it is on record",
    remedy="Switch it off until an assessment.approved covering this scope is on record.",
    evidence=("hk-022",),
    missing=(Missing("some: assessment as a", fact="assessment"),),
    cause="hk-022",
)
STORY = (
    ALERT,
    attrs.evolve(
        ALERT,
        change=UPDATED,
        at=ALERT.at + timedelta(hours=2, seconds=5),
        subjects=tuple(f"cam-{number:06}" for number in range(2, 60)),
        open=59,
        cause="hk-022b",
        evidence=("hk-022", "hk-022b"),
        missing=(
            Missing(
                "some: assessment as a",
                {"fact": "assessment", "key": ["pia-1"], "event": "hk-021"},
                "a.scope.model_version == c.model_version",
                "false",
            ),
            Missing(
                "some: notice as n",
                {"fact": "notice", "key": ["n-1", "zh"], "event": "hk-025"},
                "has(n.covers.zones)",
                "undecided",
            ),
            Missing("e.urgent", None, "e.urgent", "false"),
        ),
    ),
    attrs.evolve(ALERT, change=CLEARED, at=ALERT.at + timedelta(days=1), open=0, cause="hk-023", missing=()),
    attrs.evolve(
        ALERT,
        rule="HK-UK-02",
        part="watchlist",
        change=WITHDRAWN,
        at=ALERT.at + timedelta(days=1, minutes=3),
        cause="hk-024",
    ),
    attrs.evolve(
        ALERT,
        change=RAISED,
        at=ALERT.at + timedelta(days=2),
        cause=None,
        missing=(),
        assumed=(Assumption("lead", "P14D", "Assumed; no lead time is given"), Assumption("limit", "2")),
        waived={"reason": "declared trial", "owner": "oversight body", "until": "2026-06-01T00:00:00Z"},
    ),
    attrs.evolve(ALERT, change=UPDATED, at=datetime(2026, 6, 1, tzinfo=UTC), cause=None, missing=(), subjects=()),
)


def told(make, changes, **options):
    """What an outlet gave its sink, line ends added."""
    lines = []
    make(lines.append, **options).tell(changes)
    return "".join(line + "\n" for line in lines)


@given(st.lists(st.text(max_size=40) | st.just(HOSTILE), min_size=6, max_size=6))
def test_nothing_unprintable_is_told(words):
    """Whatever an alert carries, no character reaches a terminal that it would obey or hide."""
    message, remedy, subject, clause, failed, key = words
    hostile = attrs.evolve(
        ALERT,
        message=message,
        remedy=remedy,
        subjects=(subject,),
        cause=subject,
        evidence=(key,),
        missing=(Missing(clause, {"fact": "f", "key": [key], "event": key}, failed, "false"),),
        waived={"reason": message, "owner": key, "until": clause},
    )
    for out in (told(text, [hostile], zone=HONG_KONG), told(json_lines, [hostile])):
        assert {"\n"} >= {c for c in out if unicodedata.category(c) in UNPRINTABLE} - SHOWN


@given(st.text(max_size=60))
def test_json_keeps_what_was_said(message):
    """Escaping changes how the JSON is written and not what it says."""
    assert message == json.loads(told(json_lines, [attrs.evolve(ALERT, message=message)]))["message"]


def test_text_of_a_story():
    """Raised, updated, cleared, withdrawn and waived changes read as the golden text."""
    assert (GOLDEN / "story.txt").read_text() == told(text, STORY, zone=HONG_KONG, width=96)


def test_text_of_hostile_alert():
    """Control and direction characters are shown as escapes, a line break in prose as a space."""
    hostile = attrs.evolve(
        ALERT, message=HOSTILE, remedy="one line\n  and another\x00", subjects=("cam\n1", "\u202e2-mac")
    )
    assert (GOLDEN / "hostile.txt").read_text() == told(text, [hostile], zone=HONG_KONG, width=96)


def test_long_clause_is_cut():
    """A person is shown where a long clause begins, a program all of it, and both what was asked for."""
    clause = "count: of: assessment where " + "; ".join(f"a.field_{n} == {n}" for n in range(99))
    long = attrs.evolve(ALERT, missing=(Missing(clause, fact="assessment"),))
    out = " ".join(told(text, [long], zone=HONG_KONG).split())
    assert "no assessment on record (count: of: assessment where a.field_0 == 0; a.field_1" in out
    assert "...) remedy" in out
    assert "a.field_98" not in out
    assert clause == json.loads(told(json_lines, [long]))["missing"][0]["clause"]


def test_json_lines_of_a_story():
    """One change is one line with all keys of the contract."""
    assert (GOLDEN / "story.jsonl").read_text() == told(json_lines, STORY)


def test_day_begins_in_the_zone():
    """The heading shows the day of the given zone and not that of UTC."""
    late = attrs.evolve(ALERT, at=datetime(2026, 3, 9, 16, tzinfo=UTC))
    assert "2026-03-10 (Asia/Hong_Kong)" == told(text, [late], zone=HONG_KONG).splitlines()[0]


def test_text_never_says_not_done():
    """What is missing is said to be not on record."""
    out = told(text, STORY, zone=HONG_KONG)
    assert "on record" in out
    assert "not done" not in out


def test_withheld_values_keep_their_keys():
    """A stream for others can leave out values, and the object keeps its form."""
    out = json.loads(told(json_lines, [ALERT], processors=[withhold("message", "subjects")]))
    assert ("[withheld]", []) == (out["message"], out["subjects"])


def test_dropped_change_is_not_told():
    """A processor can leave a change out, and the next one is told."""

    def drop_cleared(logger, method, alert):
        if alert["change"] == CLEARED:
            raise structlog.DropEvent
        return alert

    assert 5 == told(json_lines, STORY, processors=[drop_cleared]).count("\n")


def test_failing_sink_is_heard():
    """What a sink raises reaches the caller, and what came before was told."""
    lines = []

    def sink(line):
        if lines:
            raise BrokenPipeError
        lines.append(line)

    with pytest.raises(BrokenPipeError):
        Outlet(sink, [lambda logger, method, alert: alert["rule"]]).tell(STORY)
    assert ["HK-PIA-01"] == lines


def test_nothing_global_is_configured():
    """Using outlets leaves structlog unconfigured for the program around it."""
    told(text, STORY, zone=HONG_KONG)
    assert not structlog.is_configured()
