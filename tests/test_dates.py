"""A date that a fact keeps is its first instant wherever it is compared, also where its type is not known yet."""

from textwrap import indent

import pytest
from tests.tiny import CAMERA, PERMITTED, day, granted, off, on, tiny

import oversight
from oversight.cli import main
from oversight.meaning.semantics import outcome

PACK = """
pack: {name: dates, version: "1", language: 1, timezone: Asia/Hong_Kong}
kinds:
  figure.filed:
    description: A figure of a day was filed.
    emitter: operator
    attributes:
      spot: {type: id, required: true, description: Where}
      day: {type: date, required: true, description: The day}
  figure.measured:
    description: A figure was measured.
    emitter: instrument
    attributes:
      spot: {type: id, required: true, description: Where}
      day: {type: ts, required: true, description: The instant}
facts:
  figure:
    description: The newest figure of a spot.
    key: spot
    starts:
"""
RULE = """
    keep: forever
rules:
  - rule: R
    title: A figure that counts
    authority: [{instrument: Charter, provision: section 1}]
    basis: commitment
    severity: low
"""
TOLD = """
    about: e.spot
    alert: "a figure of {e.spot}"
    remedy: None.
    cases:
      - name: a newer one
        events:
          - {kind: figure.filed, time: 2026-03-01T00:00:00Z, spot: s, day: 2026-02-01}
          - {kind: figure.filed, time: 2026-03-02T00:00:00Z, spot: s, day: 2026-02-02}
        alerts: [{at: 2026-03-01T00:00:00Z, about: s}, {at: 2026-03-02T00:00:00Z, about: s}]
      - name: one of the same day
        events:
          - {kind: figure.filed, time: 2026-03-01T00:00:00Z, spot: s, day: 2026-02-01}
          - {kind: figure.filed, time: 2026-03-02T00:00:00Z, spot: s, day: 2026-02-01}
        alerts: [{at: 2026-03-01T00:00:00Z, about: s}, {at: 2026-03-02T00:00:00Z, about: s}]
      - name: an older one
        events:
          - {kind: figure.filed, time: 2026-03-01T00:00:00Z, spot: s, day: 2026-02-02}
          - {kind: figure.filed, time: 2026-03-02T00:00:00Z, spot: s, day: 2026-02-01}
        alerts: [{at: 2026-03-01T00:00:00Z, about: s}]
"""
ITSELF = "latest: figure as p, before: true, where: p.spot == e.spot"
OLDER = 'some: figure as f, before: true, where: [f.spot == e.spot, "{}"]'


def passes(tmp_path, capsys, starts, asked):
    """Whether the cases of a pack with these starts and this condition come out on both evaluators as they say."""
    (tmp_path / "pack.yaml").write_text(
        f"{PACK}{indent(starts.strip(), ' ' * 6)}{RULE}{indent(asked.strip(), ' ' * 4)}{TOLD}"
    )
    return main(["check", str(tmp_path)]) or main(["test", str(tmp_path)]), capsys.readouterr()


@pytest.mark.parametrize(
    "older",
    [
        "f.kept > e.day",
        "e.day < f.kept",
        "!(f.kept <= e.day)",
        "f.kept - duration('1h') >= e.day",
        "f.kept - e.day > duration('1h')",
        "f.kept > e.day + period('P1D') - duration('1s')",
        "(f.spot == e.spot ? f.kept : e.day) > e.day",
        "f.kept != e.day && f.kept > e.day",
        "!(f.kept == e.day) && f.kept.getDate('Asia/Hong_Kong') == 2",
    ],
)
def test_a_fact_looks_at_the_date_it_kept_before(older, tmp_path, capsys):
    """What a fact kept as it stood before is compared as it is elsewhere, though nothing of it has been typed yet."""
    starts = f"- on: figure.filed as e\n  unless: {{{OLDER.format(older)}}}\n  with: {{kept: e.day}}"
    asked = "on: figure.filed as e\nif: {some: figure as g, where: [g.spot == e.spot, g.kept == e.day]}"
    status, said = passes(tmp_path, capsys, starts, asked)
    assert 0 == status, said


@pytest.mark.parametrize(
    "kept",
    [
        f"kept: {{{ITSELF}, value: 'p.kept > e.day ? p.kept : e.day', else: e.day}}",
        f"kept: {{{ITSELF}, value: 'p.kept > e.day ? p.kept : e.day', else: 'e.day + duration(\"0s\")'}}",
    ],
)
def test_a_date_goes_on_from_what_was_kept(kept, tmp_path, capsys):
    """A value that is taken over from the fact before is the newest day, be it kept as a day or as an instant."""
    asked = "on: figure.filed as e\nif: {some: figure as g, where: [g.spot == e.spot, g.kept <= e.day]}"
    starts = f"- on: figure.filed as e\n  with: {{{kept}}}"
    status, said = passes(tmp_path, capsys, starts, asked)
    assert 0 == status, said


def test_a_day_in_one_kind_and_an_instant_in_another(tmp_path, capsys):
    """What one start has from a day and another from an instant is compared as an instant."""
    starts = f"""
- on: figure.filed as e
  unless: {{{OLDER.format("f.day > e.day")}}}
- {{on: figure.measured}}
"""
    asked = (
        "on: figure.filed or figure.measured as e\nif: {some: figure as g, where: [g.spot == e.spot, g.day == e.day]}"
    )
    status, said = passes(tmp_path, capsys, starts, asked)
    assert 0 == status, said


TERM = """
permit:
  key: permit
  starts: {on: permit.granted as e, %s: e.last_day, if: has(e.last_day)}
  ends: {on: permit.revoked}
"""


@pytest.mark.parametrize(
    ("word", "last", "begins"),
    [
        ("until", "9999-12-31", []),
        ("until", "0001-01-01", [day(2)]),
        ("from", "0001-01-01", []),
        ("from", "9999-12-31", [day(2)]),
    ],
)
def test_the_first_and_last_day_of_all(word, last, begins, tmp_path):
    """Systems write the ends of the calendar for always and never: a permit until the last day does not run out."""
    pack = tiny(tmp_path, PERMITTED, facts=CAMERA + TERM % word)
    events = [granted("1", 1, last_day=last), on("2", 2), off("3", 20)]
    engine = oversight.Engine(pack)
    changes = [change for event in events for change in engine.feed(event)]
    assert begins == [change.at for change in changes if change.change == "raised"]
    told = outcome(pack, [engine.decode(event) for event in events], day(20)).alerts.values()
    assert begins == [alert.at for alert in told]
