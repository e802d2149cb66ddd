"""Input that is broken or meant to harm: each line is answered, and every other one is processed."""

import io
import json
import re
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight import fold, load
from oversight.cli import main
from oversight.errors import EventError
from oversight.model.events import Vocabulary
from oversight.runner.run import Run

PACK = "tests/packs/small"
PACK_READ = load(PACK)
VOCABULARY = Vocabulary(PACK_READ.kinds)
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")


def flat(kind, time, identity, **attributes):
    """An event as a line of the flat form."""
    told = ", ".join(f'"{name}": {value}' for name, value in attributes.items())
    return f'{{"kind": "{kind}", "time": "2026-03-01T{time}+08:00", "id": "{identity}", {told}}}'.encode()


ACTIVATED = "camera.activated"
DEEP = "[" * 10_000 + "]" * 10_000
HUGE = "1" + "0" * 400
# name: the line, how often the summary counts it as refused, and what is said of it
HOSTILE = {
    "broken JSON": (b'{"kind": broken', 1, r"bad-event: not JSON: "),
    "no object": (b"[1, 2]", 1, r"bad-event: expected a JSON object, got list"),
    "5 MB string": (
        flat(ACTIVATED, "09:00:00", "h1", camera='"' + "x" * 5_000_000 + '"'),
        1,
        r"bad-event: Expected `str` of length <= 65536 \(at \$\.camera\)",
    ),
    "nesting": (flat(ACTIVATED, "09:00:00", "h2", camera=DEEP), 1, r"bad-event: nested too deeply"),
    "nesting where nobody looks": (
        flat(ACTIVATED, "09:00:00", "h3", camera='"k"', x=DEEP),
        1,
        r"bad-event: nested too deeply",
    ),
    "raw NUL": (flat(ACTIVATED, "09:00:00", "h\x00", camera='"k"'), 1, r"bad-event: not JSON: "),
    "not UTF-8": (
        flat(ACTIVATED, "09:00:00", "h4", camera='"k"')[:-2] + b'\xff"}',
        1,
        r"bad-event: not UTF-8 text",
    ),
    "NaN": (
        flat("audit.completed", "09:00:00", "h5", programme='"p"', score="NaN"),
        1,
        r"bad-event: not JSON: ",
    ),
    "10^400": (
        flat("audit.completed", "09:00:00", "h6", programme='"p"', score=HUGE),
        1,
        r"bad-event: Number out of range \(at \$\.score\)",
    ),
    "10^400 inside a map": (
        flat("assessment.changed", "09:00:00", "h7", assessment='"a"', changes=f'{{"limit": {HUGE}}}'),
        1,
        r"bad-event: a whole number outside 64 bits \(at \$\.changes\.limit\)",
    ),
    "no offset": (
        flat(ACTIVATED, "09:00:00", "h8", camera='"k"').replace(b"+08:00", b""),
        1,
        r"bad-event: Expected `datetime` with a timezone component \(at \$\.time\)",
    ),
    "wrong type": (
        flat(ACTIVATED, "09:00:00", r"h9\u001b[31m", camera="5"),
        1,
        r"bad-event: Expected `str`, got `int` \(at \$\.camera\)",
    ),
    "attribute missing": (
        flat(ACTIVATED, "09:00:00", "h10", zone='"z"'),
        1,
        r"bad-event: missing required field `camera` \(at \$\.camera\)",
    ),
    "unknown kind": (
        flat("camera.activatd", "09:00:00", "h11", camera='"k"'),
        0,
        r"1 event of a kind that no pack knows, .*'camera\.activatd' \(did you mean 'camera\.activated'\?\)",
    ),
    "unknown kind that would move the cursor": (
        flat(r"cam\u001b[2J\u202e", "09:00:00", "h12", camera='"k"'),
        0,
        r"1 event of a kind that no pack knows, not taken in: 1 of 'cam\\u001b\[2J\\u202e'",
    ),
    "duplicate": (flat(ACTIVATED, "09:00:00", "g1", camera='"k1"', zone='"z"'), 0, r"events taken in"),
    "other content": (
        flat(ACTIVATED, "09:00:00", "g1", camera='"k2"'),
        1,
        r"other-content: event 'g1' of source '' came before with other content; the first stands",
    ),
    "blank": (b" \t\r", 0, r"events taken in"),
    "10^999 where nobody looks": (
        flat("audit.completed", "09:00:00", "h13", programme='"p"', weight="1e999"),
        0,
        r"4 events taken in",
    ),
    "no day in UTC": (
        flat(ACTIVATED, "09:00:00", "h14", camera='"k"').replace(b"2026-03-01", b"0001-01-01"),
        1,
        r"bad-event: the year is none from 1000 to 8999: give the day on which it happened \(at \$\.time\)",
    ),
    "the last year of all": (
        flat(ACTIVATED, "09:00:00", "h15", camera='"k"').replace(b"2026-03-01", b"9999-12-31"),
        1,
        r"bad-event: the year is none from 1000 to 8999: .* \(at \$\.time\)",
    ),
    "recorded in the last year of all": (
        flat("audit.completed", "09:00:00", "h16", programme='"p"', recordedtime='"9999-12-31T23:59:59-14:00"'),
        0,
        r"4 events taken in",
    ),
}  # fmt: skip
# Three cameras, the third one too many: one alert, whose text holds what a terminal would obey.
GOOD = [
    flat(ACTIVATED, "09:00:00", "g1", camera='"k1"', zone='"z"'),
    flat(ACTIVATED, "09:10:00", "g2", camera='"k2"', zone='"z"'),
    flat(ACTIVATED, "09:20:00", "g3", camera=r'"\u001b[2J\u0000\u202ek3"', zone='"z"'),
]


def run(lines, tmp_path, form="jsonl"):
    """Run *lines* and return the exit status, standard output and standard error."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(lines))
    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        status = main(["run", str(path), "--rules", PACK, "--format", form])
    return status, out.getvalue(), errors.getvalue()


@pytest.mark.parametrize("form", ["jsonl", "text"])
@pytest.mark.parametrize("name", HOSTILE)
def test_each_is_answered_and_the_rest_processed(name, form, tmp_path):
    """A hostile line is told with its number and reason, and the lines around it raise their alert."""
    line, refused, said = HOSTILE[name]
    status, out, errors = run([GOOD[0], line, *GOOD[1:]], tmp_path, form)
    assert (1 if refused else 3) == status
    assert re.search(said, errors), errors
    assert (f"{tmp_path}/events.jsonl:2: " in errors) == bool(refused)
    assert 1 == out.count("SM-04")
    assert not UNSAFE.search(out + errors)


def test_a_line_without_end_costs_no_memory(tmp_path):
    """A line longer than any event may be is skipped to its end, and the next one is read."""
    lines = [GOOD[0], b"x" * (17 << 20), *GOOD[1:]]
    status, out, errors = run(lines, tmp_path)
    assert 1 == status
    assert f"{tmp_path}/events.jsonl:2: too-long: the line is longer than 16 MiB\n" in errors
    assert 1 == len(out.splitlines())


def test_byte_order_mark(tmp_path):
    """A byte order mark before the first line is no part of it."""
    assert 3 == run([b"\xef\xbb\xbf" + GOOD[0], *GOOD[1:]], tmp_path)[0]


@given(st.lists(st.sampled_from(sorted(HOSTILE)), max_size=8), st.randoms(use_true_random=False))
def test_a_mix_gives_the_alerts_of_the_good_lines_alone(tmp_path_factory, names, random):
    """Hostile lines between good ones, in any order, change no alert."""
    # What repeats an identity of a good line must come after it: there, order of arrival counts.
    late = [HOSTILE[name][0] for name in names if name == "other content"]
    mixed = GOOD + [HOSTILE[name][0] for name in names if name != "other content"]
    random.shuffle(mixed)
    assert standing(GOOD, tmp_path_factory) == standing(mixed + late, tmp_path_factory)


def standing(lines, factory):
    """What the alerts of *lines* amount to."""
    path = factory.getbasetemp() / "mix.jsonl"
    path.write_bytes(b"\n".join(lines))
    changes = []
    running = Run([PACK_READ], changes.extend, lambda refusal: None)
    running.take(str(path))
    running.finish()
    return fold(changes)


def test_arguments_are_told_safely(capsys):
    """What was typed, or expanded from a file's name, is told back without what a terminal would obey."""
    assert 2 == main(["run", "\x1b[2J.jsonl", "--rules", "\u202epack"])
    assert 2 == main(["check", "\x1b]0;title\x07"])
    assert 2 == main(["\x9bcommand"])
    assert not UNSAFE.search(capsys.readouterr().err)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_taken(line):
    """Whatever stands on a line, reading it raises nothing but what is told of a refused line."""
    assert not UNSAFE.search(answer(line))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(["kind", "type", "id", "source", "time", "data", "sequence", "specversion", "corrects"])
LIKELY = st.sampled_from(["1.0", ACTIVATED, "assessment.changed", "2026-03-01T09:00:00Z", {"camera": "k"}])


@given(st.dictionaries(KEYS | st.text(max_size=5), LIKELY | JSON))
def test_any_object_is_refused_or_taken(value):
    """Whatever an object holds, reading it raises nothing but what is told of a refused line."""
    assert not UNSAFE.search(answer(json.dumps(value)))
    assert not UNSAFE.search(answer(value))


def answer(line):
    """What is said of *line*, nothing where it is taken."""
    try:
        VOCABULARY.decode(line)
    except EventError as error:
        return str(error)
    return ""


def test_recursion_limit_is_left_alone():
    """The library does not buy depth by raising the limit of Python."""
    before = sys.getrecursionlimit()
    load(PACK)
    assert before == sys.getrecursionlimit()
