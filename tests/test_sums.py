"""What is added up over no fact at all is nothing of its kind: it can be compared and added to."""

import pytest

from oversight import Engine, load
from oversight.meaning.semantics import outcome
from oversight.testing.agreement import alerts_of_changes, alerts_of_definition

PACK = """
pack: {name: sums, version: "1", language: 1, timezone: Europe/Paris}
kinds:
  camera.on:
    description: A camera was switched on.
    emitter: operator
    attributes: {camera: {type: id, required: true}}
  leave.granted:
    description: A camera may record for some time.
    emitter: board
    attributes:
      camera: {type: id, required: true}
      days: {type: int, required: true}
      share: {type: num, required: true}
      length: {type: dur, required: true}
      begin: {type: ts, required: true}
      end: {type: ts, required: true}
facts:
  leave:
    starts: {on: leave.granted}
    keep: forever
rules:
  - rule: R
    title: A camera was switched on
    authority: [{instrument: Charter, provision: section 1}]
    basis: commitment
    severity: low
    on: camera.on as c
%s
    about: c.camera
    alert: A camera.
    remedy: Switch it off.
    cases: [{name: nothing, events: [], alerts: []}]
"""
WHERE = "of: leave as l, where: [l.camera == c.camera]"
ON = {"id": "1", "source": "s", "kind": "camera.on", "time": "2026-03-01T09:00:00Z", "camera": "k1"}
ADDED = {
    "days": ("l.days", "0", "m + 1 == 1"),
    "share": ("l.share", "0.0", "m + 1.5 == 1.5"),
    "length": ("l.length", "P0D", "m + period('P1D') == period('P1D')"),
    "exact": ("l.end - l.begin", "duration('0s')", "m + duration('1h') == duration('1h')"),
}


def raised(folder, conditions):
    """Whether a camera that was switched on is alleged; the engine and the definition agree on it."""
    (folder / "pack.yaml").write_text(PACK % conditions)
    pack = load(folder)
    engine = Engine(pack)
    changes = engine.feed(ON)
    found = outcome(pack, [engine.decode(ON)], engine.now)
    assert alerts_of_definition(found) == alerts_of_changes(changes)
    return bool(changes)


@pytest.mark.parametrize("kind", ADDED)
def test_it_excuses(tmp_path, kind):
    """What is not more than the limit is an excuse, also where there is nothing."""
    total, limit, _ = ADDED[kind]
    assert not raised(tmp_path, f'    unless: [{{sum: {total}, {WHERE}, at_most: "{limit}"}}]')
    assert raised(tmp_path, f'    unless: [{{sum: {total}, {WHERE}, more_than: "{limit}"}}]')


@pytest.mark.parametrize("kind", ADDED)
def test_it_is_a_value(tmp_path, kind):
    """What is named by with: is of the type that the checker took it for."""
    total, _, sum_ = ADDED[kind]
    assert raised(tmp_path, f'    with: {{m: {{sum: {total}, {WHERE}}}}}\n    if: "{sum_}"')
