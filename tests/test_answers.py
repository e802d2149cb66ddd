"""What the commands answer about the scenario, why and why not: ten situations, as a lawyer reads them."""

import json
import os
from pathlib import Path

import pytest

from oversight.cli import main

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden" / "answers"
EVENTS = "tests/data/scenario-hong-kong.events.jsonl"
END = ("--until", "2027-04-02T00:00:00+08:00")
SITUATIONS = {
    "why-an-act": ("explain", "ddd0be435e72", *END),
    "why-a-deadline": ("explain", "b23a392222f7", *END),
    "why-handed-in-is-not-approved": ("explain", "b55f100f11f2", *END),
    "why-the-scope-does-not-cover": ("explain", "77d9ed3cc25f", *END),
    "why-the-paper-has-run-out": ("explain", "be6069d607bc", *END),
    "why-not-excused": ("why-not", "HK-PIA-01", "HK-YTM-MK", "--at", "2026-05-15T00:00:00+08:00"),
    "why-not-yet-due": ("why-not", "HK-CON-03", "con-1", "--at", "2026-03-15T00:00:00+08:00"),
    "why-not-this-act": ("why-not", "HK-RET-07/long", "ret-1", "--at", "2026-03-01T00:00:00+08:00"),
    "why-not-switched-off": ("why-not", "HK-PIA-01", "cam-000001", "--at", "2026-05-15T00:00:00+08:00"),
    "why-not-unheard-of": ("why-not", "HK-TRK-01", "tr-01"),
    "why-not-a-place-of-assembly": ("why-not", "HK-BOR-02/place", "HK-YTM-MK", "--at", "2026-06-10T00:00:00+08:00"),
    "why-not-it-is-open": ("why-not", "HK-PIA-01", "HK-WC", "--at", "2026-05-25T00:00:00+08:00"),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_answers(name, monkeypatch, capsys):
    """The tree is as recorded; UPDATE_GOLDEN=1 records it anew."""
    monkeypatch.chdir(ROOT)
    status = main([*SITUATIONS[name], "--events", EVENTS, "--rules", "hong-kong"])
    assert (3 if name == "why-not-it-is-open" else 0) == status
    told, golden = capsys.readouterr().out, GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(told)
    assert golden.read_text() == told
    assert not [word for word in ("not done", "failed to", "did not") if word in told]


@pytest.mark.parametrize("name", ["why-an-act", "why-not-excused"])
def test_answers_as_json(name, monkeypatch, capsys):
    """The same as one JSON object, for programs."""
    monkeypatch.chdir(ROOT)
    main([*SITUATIONS[name], "--events", EVENTS, "--rules", "hong-kong", "--format", "json"])
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    asked = found["alert"][:12] if SITUATIONS[name][0] == "explain" else found["rule"]
    assert SITUATIONS[name][1] == asked
