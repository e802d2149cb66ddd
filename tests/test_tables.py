"""Tables: the rows of CSV files as events, by a map that is checked against the headings."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight.cli import main

DATA = Path(__file__).parents[2] / "shared" / "domain" / "data"
PACK = """
pack: {name: it, version: "1", language: 1, timezone: Europe/London}
kinds:
  thing.counted:
    description: Something was counted.
    emitter: somebody
    attributes:
      thing: {type: id, required: true}
      size: {type: int}
      share: {type: num}
      open: {type: bool}
      day: {type: date}
      at: {type: ts}
      keeps: {type: dur}
      colours: {type: list, items: {type: str}}
      place: {type: map}
      holder: {type: id, personal: true}
rules: []
"""
ALL = """
table: {separator: ";"}
events:
  - kind: thing.counted
    id: "{line}"
    time: "{row.time}"
    data:
      thing: "{row.thing}"
      size: "{row.size}"
      share: "{row.share}"
      open: "{row.open}"
      day: "{row.day}"
      colours: "{row.colours}"
      place: {near: "{row.near}", from: register}
"""
HEADINGS = ["time", "thing", "size", "share", "open", "day", "colours", "near"]
TIME = "2026-03-01 09:00"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the pack ``it``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "pack.yaml").write_text(PACK)
    return tmp_path


def outcome(capsys, *arguments):
    """The exit status, results and messages of a command."""
    status = main([*arguments])
    told = capsys.readouterr()
    return status, told.out, told.err


def taken(source, map_file="map.yaml", *, rules="it"):
    """The events that a table is, each with its line, and what was refused."""
    from oversight import load
    from oversight.runner.tables import Tables

    pack = load(rules)
    read, refused = Tables(map_file, pack.kinds, pack.zone), []
    read.check(source)
    numbered = [pair for some in read(source) for pair in some.numbered(source, refused.append)]
    return [(number, json.loads(line)) for number, line in numbered], [str(each) for each in refused]


def written(path, text, encoding="utf-8"):
    """A file with this text."""
    path.write_bytes(text.encode(encoding))
    return str(path)


def small(columns, *, table="", data="", time=f'"{TIME}"', more=""):
    """A map for the columns that takes each row as one event."""
    return (
        f'table: {{{table}}}\nevents:\n  - kind: thing.counted\n    id: "{{line}}"\n    time: {time}\n    data:\n'
        f'      thing: "{{row.{columns[0]}}}"\n{data}{more}'
    )


CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs")), max_size=12)
WORDS = st.builds(lambda a, b, sign: f"{a}{sign}{b}", CELL, CELL, st.sampled_from(["", ",", '"', "\n", ";", "\t", "x"]))


@given(
    rows=st.lists(st.tuples(WORDS, WORDS), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    packed=st.booleans(),
)
def test_whatever_the_table_is_written_in(tmp_path_factory, rows, delimiter, encoding, end, quoting, packed):
    """Every cell arrives as it was, without the space around it, at the line where its row begins."""
    folder = tmp_path_factory.mktemp("table")
    (folder / "it").mkdir()
    (folder / "it" / "pack.yaml").write_text(PACK)
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, delimiter=delimiter, lineterminator=end, quoting=quoting)
    expected = []
    for row in [("one", "two"), *rows]:
        line = sheet.getvalue().count("\n") + 1
        writer.writerow(row)
        if any(cell.strip() for cell in row) and row != ("one", "two"):
            place = {"near": row[1].strip()} if row[1].strip() else {}
            thing = {"thing": row[0].strip()} if row[0].strip() else {}
            expected.append((line, {**thing, **({"place": place} if place else {})}))
    content = sheet.getvalue().encode(encoding)
    path = folder / ("t.csv.gz" if packed else "t.csv")
    path.write_bytes(gzip.compress(content) if packed else content)
    said = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    table = f'delimiter: "{"tab" if delimiter == chr(9) else delimiter}", encoding: {said}'
    (folder / "map.yaml").write_text(small(["one"], table=table, data='      place: {near: "{row.two}"}\n'))
    events, refused = taken(str(path), folder / "map.yaml", rules=str(folder / "it"))
    assert [] == refused
    assert expected == [(line, event["data"]) for line, event in events if event["data"]]


def test_each_cell_is_what_its_attribute_is(here):
    """Numbers, days, times by the clocks of the pack, lists and objects; what is empty is left out."""
    written(here / "map.yaml", ALL)
    written(
        here / "t.csv",
        f"{','.join(HEADINGS)}\n{TIME},a,12.0, 0.5 ,Yes,2026-02-03,red; blue;,door\n"
        "2026-07-01T09:00:00+08:00,b,,,,,,\n2026-07-01,c,,,no,,one,\n",
    )
    full = {"thing": "a", "size": 12, "share": 0.5, "open": True, "day": "2026-02-03", "colours": ["red", "blue"]}
    expected = [
        (2, "2026-03-01T09:00:00Z", {**full, "place": {"near": "door", "from": "register"}}),
        (3, "2026-07-01T09:00:00+08:00", {"thing": "b", "place": {"from": "register"}}),
        (4, "2026-07-01T00:00:00+01:00",
         {"thing": "c", "open": False, "colours": ["one"], "place": {"from": "register"}}),
    ]  # fmt: skip
    events, refused = taken("t.csv")
    assert [] == refused
    assert expected == [(line, event["time"], event["data"]) for line, event in events]


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("size", "12.5", "'12.5' is no whole number (at $.data.size)"),
        ("size", "1e3", "'1e3' is no whole number (at $.data.size)"),
        ("share", "1,5", "'1,5' is no number (at $.data.share)"),
        ("share", "nan", "'nan' is no number (at $.data.share)"),
        ("open", "perhaps", "'perhaps' is neither yes nor no (at $.data.open)"),
        ("day", "3.2.2026", "'3.2.2026' is no time as 2026-01-31 09:00"),
        ("day", "2026-02-03 10:00", "'2026-02-03 10:00' is a time and no day (at $.data.day)"),
        ("time", "yesterday", "'yesterday' is no time as 2026-01-31 09:00"),
        ("time", "", "missing required field `time`"),
        ("thing", "", "missing required field `thing`"),
    ],
)
def test_a_cell_that_is_not_what_it_should_be(here, capsys, column, cell, said):
    """The row is refused with its line, the attribute and the reason; the others count."""
    good = dict.fromkeys(HEADINGS, "") | {"time": TIME, "thing": "a"}
    with (here / "t.csv").open("w", newline="") as file:
        sheet = csv.DictWriter(file, HEADINGS)
        sheet.writeheader()
        sheet.writerows([good, {**good, "near": "x", column: cell}, good])
    written(here / "map.yaml", ALL)
    status, _, told = outcome(capsys, "run", "t.csv", "--map", "map.yaml", "--rules", "it")
    assert 1 == status
    assert f"t.csv:3: bad-event: {said}" in told
    assert "2 events taken in" in told


def test_personal_cells_are_not_told(here):
    """What may name a person is not quoted where it is wrong."""
    personal = PACK.replace("size: {type: int}", "size: {type: int, personal: true}")
    (here / "it" / "pack.yaml").write_text(personal)
    written(here / "map.yaml", small(["thing"], data='      size: "{row.size}"\n'))
    written(here / "t.csv", "thing,size\na,Mary Jones\n")
    assert ([], ["t.csv:2: bad-event: not a value that its kind allows [withheld] (at $.data.size)"]) == taken("t.csv")


def test_rows_that_cannot_be_read(here):
    """A row of another length, an open quotation mark and bytes in another encoding cost their own lines."""
    rows = [b"thing,near", b"a,", b"b", b'"c,x', b"d,y", b"\xff,z", b'"e"e,', b",", b"", b"f,last"]
    (here / "t.csv").write_bytes(b"\n".join(rows))
    written(here / "map.yaml", small(["thing"]))
    events, refused = taken("t.csv")
    assert [(2, "a"), (5, "d"), (10, "f")] == [(line, event["data"]["thing"]) for line, event in events]
    assert [
        "t.csv:3: bad-event: the row has 1 cells, and the table 2 headings",
        "t.csv:4: bad-event: a quotation mark is never closed",
        "t.csv:6: bad-event: the row is not written in the encoding of the table: say table: {encoding: ...} in the "
        "map",
        "t.csv:7: bad-event: the row is not well written: ',' expected after '\"'",
    ] == refused


def test_times_and_dates_in_other_forms(here):
    """The forms that the map names are tried in order; nothing else is guessed at."""
    forms = 'times: ["%d/%m/%Y %H:%M", "%d/%m/%Y"], dates: "%d %b %Y", timezone: Asia/Hong_Kong'
    written(here / "map.yaml", small(["thing"], table=forms, time='"{row.time}"', data='      day: "{row.day}"\n'))
    written(
        here / "t.csv", "thing,time,day\na,03/02/2026 09:05,3 Feb 2026\nb,04/02/2026,\nc,2026-02-05,\nd,,2026-02-05\n"
    )
    events, refused = taken("t.csv")
    assert ["2026-02-03T09:05:00+08:00", "2026-02-04T00:00:00+08:00"] == [event["time"] for _, event in events]
    assert "2026-02-03" == events[0][1]["data"]["day"]
    assert [
        "t.csv:4: bad-event: '2026-02-05' is not written as %d/%m/%Y %H:%M or as %d/%m/%Y (at $.time)",
        "t.csv:5: bad-event: '2026-02-05' is not written as %d %b %Y (at $.data.day)",
    ] == refused


def test_several_events_of_a_row(here):
    """A row may be several events, each where its conditions hold; one that cannot be made costs itself alone."""
    again = '"{row.thing} again"'
    second = f"  - {{kind: thing.counted, id: {again}, time: '{TIME}', if: row.near != '', data: {{thing: {again}}}}}\n"
    written(here / "map.yaml", small(["thing"], data='      size: "{row.size}"\n', more=second))
    written(here / "t.csv", f"thing,time,size,near\na,{TIME},x,y\nb,{TIME},1,\n")
    events, refused = taken("t.csv")
    assert [(2, "a again"), (3, "3")] == [(line, event["id"]) for line, event in events]
    assert ["t.csv:2: bad-event: 'x' is no whole number (at $.data.size)"] == refused


def test_columns_with_other_headings(here):
    """A heading that is no name is given one; one that needs none is used as it is."""
    written(here / "map.yaml", "columns: {what: 'Ding (neu)'}\n" + small(["what"], data='      size: "{row.Zahl}"\n'))
    written(here / "t.csv", "Ding (neu),Zahl,\na,1,\n")
    assert ([(2, {"thing": "a", "size": 1})], []) == ([(n, e["data"]) for n, e in taken("t.csv")[0]], [])


def test_every_mistake_of_a_map_is_told(here, capsys):
    """All of them in one run, each at its place, with the nearest name."""
    text = """\
table: {delimiter: ";;", encoding: utf-9, dates: "%d.%m", timezone: Asia/Hongkong_, tmes: "%Y"}
columns: {what: Dinge, if: Ding}
events:
  - {kind: thing.contd, id: "{line}", time: "{row.Ding}", data: {thing: x}}
  - {kind: thing.counted, id: fixed, time: "{row.Ding}", data: {thng: x}}
  - {kind: thing.counted, id: "{row.Dnig}", time: "{row.Ding}", if: row.Ding, data: {thing: [x], place: "{row.Ding}"}}
  - {kind: thing.counted, id: fixed, time: "{row.Ding", data: {thing: {a: b}}}
"""
    written(here / "map.yaml", text)
    written(here / "t.csv", "Ding\na\n")
    status, out, told = outcome(capsys, "run", "t.csv", "--map", "map.yaml", "--rules", "it")
    assert (2, "") == (status, out)
    found = [line.removeprefix("map.yaml:") for line in told.splitlines() if line.startswith("map.yaml:")]
    assert [
        "1:21: error[unknown-value]: delimiter is one character",
        "1:36: error[unknown-value]: there is no encoding 'utf-9'",
        "1:51: error[malformed-literal]: '%d.%m' does not say which day it is",
    ] == found[:3]
    for said in (
        "error[wrong-value]: every row would have the same id",
        "error[unknown-attribute]: thing.counted has no attribute 'thng'",
        "error[missing-attribute]: thing.counted needs 'thing'",
        "error[wrong-shape]: thing is a single value",
        "error[wrong-shape]: place is an object, which no cell can be",
        "error[duplicate-name]: two events of a row have the same id",
        "error[bad-template]: this brace is never closed",
        "the map 'map.yaml' does not check for the table t.csv",
    ):
        assert said in told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "t.csv: the table is empty; its first row has the headings"),
        ("a,b,a\n", "t.csv: two columns are called 'a': give each its own heading"),
        ('"a,b\n', "t.csv:1: a quotation mark is never closed"),
    ],
)
def test_tables_without_headings(here, capsys, content, said):
    """They are refused before anything is judged."""
    written(here / "map.yaml", small(["thing"]))
    written(here / "t.csv", content)
    status, out, told = outcome(capsys, "run", "t.csv", "--map", "map.yaml", "--rules", "it")
    assert (2, "") == (status, out)
    assert said in told


def test_maps_where_there_is_no_table(here, capsys):
    """A map without a table, a table without a map, one that is followed, and a map that is not there."""
    written(here / "t.csv", "thing\na\n")
    written(here / "e.jsonl", "")
    written(here / "map.yaml", small(["thing"]))
    for arguments, said in (
        (["e.jsonl", "--map", "map.yaml"], "--map is for tables: the name of none of the files ends in .csv or .tsv"),
        (["t.csv"], "t.csv: this is a table; say which events its rows are with --map FILE"),
        (["e.jsonl", "--plan", "t.csv"], "--plan takes JSON Lines; a table can be among the events"),
        (["t.csv", "--map", "none.yaml"], "none.yaml: no such file or directory"),
        (
            ["t.csv", "--map", "map.yaml", "--follow"],
            "--map and --follow do not go together: a table is read to its end",
        ),
    ):
        status, out, told = outcome(capsys, "run", *arguments, "--rules", "it")
        assert (2, "") == (status, out)
        assert said in told


RULE = """
rules:
  - rule: SIZE-01
    title: Too large
    authority: [{instrument: Charter, provision: section 1}]
    basis: commitment
    severity: high
    on: thing.counted as c
    if: [has(c.size), c.size > 10]
    alert: "{c.thing} is larger than 10"
    remedy: Make it smaller.
    cases: [{name: nothing, events: [], alerts: []}]
"""


def test_every_command_that_reads_events(here, capsys):
    """``run`` with a record, further processes or neither, the other commands read tables alike."""
    (here / "it" / "pack.yaml").write_text(PACK.replace("rules: []", "") + RULE)
    written(here / "map.yaml", small(["thing"], data='      size: "{row.size}"\n'))
    written(here / "t.csv", "thing,size\na,5\nb,11\n")
    as_lines = [
        {"kind": "thing.counted", "id": str(n), "time": "2026-03-01T09:00:00Z", "data": {"thing": thing, "size": size}}
        for n, thing, size in ((2, "a", 5), (3, "b", 11))
    ]
    written(here / "t.jsonl", "".join(json.dumps(each) + "\n" for each in as_lines))
    judged = ["--map", "map.yaml", "--rules", "it"]
    expected = outcome(capsys, "run", "t.jsonl", "--rules", "it")[:2]
    assert 3 == expected[0]
    assert expected == outcome(capsys, "run", "t.csv", *judged)[:2]
    assert expected == outcome(capsys, "run", "t.csv", *judged, "--jobs", "2")[:2]
    recorded = outcome(capsys, "run", "t.jsonl", "--rules", "it", "--store", "sqlite:///of_lines.db")[:2]
    assert recorded == outcome(capsys, "run", "t.csv", *judged, "--store", "sqlite:///r.db")[:2]
    assert (0, "") == outcome(capsys, "run", "t.csv", *judged, "--store", "sqlite:///r.db")[:2]
    alert = json.loads(expected[1])["alert"]
    status, out, _ = outcome(capsys, "explain", alert, "--events", "t.csv", *judged)
    assert (0, True) == (status, "(t.csv:3)" in out)
    assert 2 == outcome(capsys, "explain", alert, "--store", "sqlite:///r.db", *judged)[0]
    assert 0 == outcome(capsys, "why-not", "SIZE-01", "a", "--events", "t.csv", *judged)[0]
    page = outcome(capsys, "report", "t.jsonl", "--rules", "it")[1].replace("t.jsonl", "t.csv")
    assert page == outcome(capsys, "report", "t.csv", *judged)[1]
    assert 0 == outcome(capsys, "diff", "it", "it", "t.csv", "--map", "map.yaml")[0]


@pytest.mark.parametrize("encoding", ["rot13", "base64", "zip", "undefined", "cp1252x"])
def test_what_is_no_encoding_of_texts(here, capsys, encoding):
    """It is refused in the map, and is no failure in the middle."""
    written(here / "t.csv", "thing\na\n")
    written(here / "map.yaml", small(["thing"], table=f"encoding: {encoding}"))
    status, _, told = outcome(capsys, "run", "t.csv", "--map", "map.yaml", "--rules", "it")
    assert 2 == status
    assert f"error[unknown-value]: there is no encoding '{encoding}'" in told


SEOUL = """
table: {timezone: Asia/Seoul}
events:
  - kind: camera.installed
    id: "site {row.site_no}"
    time: "2021-01-01"
    data:
      {camera: "site-{row.site_no}", programme: gangnam, zone: gangnam, lat: "{row.latitude}", lon: "{row.longitude}",
       owner: "{row.operator}", covert: false, capable_of: []}
  - kind: retention_policy.set
    id: "retention {row.site_no}"
    time: "2021-01-01"
    if: row.retention_days_declared != "0"
    data:
      {policy: "r-{row.site_no}", target: {cameras: ["site-{row.site_no}"]}, period: "P{row.retention_days_declared}D",
       by: "{row.operator}"}
"""
LONDON = """
table: {timezone: Europe/London}
events:
  - kind: deployment.ended
    id: "row {row.row}"
    time: "{row.date}"
    if: [row.faces_seen_estimate != "", row.threshold != "", row.total_alerts != "", row.watchlist_size != ""]
    data:
      {deployment: "{row.location} {row.date}", start: "{row.date}", end: "{row.date}", alerts: "{row.total_alerts}",
       faces_seen: "{row.faces_seen_estimate}", true_alerts: "{row.true_alerts}", false_alerts: "{row.false_alerts}",
       watchlist_size: "{row.watchlist_size}", threshold: "{row.threshold}"}
"""


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("seoul-gangnam-public-cctv-sites-2021.csv", SEOUL, lambda rows: 2 * len(rows) - 1),
        (
            "met-police-lfr-deployments-2020-2025.csv",
            LONDON,
            lambda rows: sum(
                all(row[name] for name in ("faces_seen_estimate", "threshold", "total_alerts", "watchlist_size"))
                for row in rows
            ),
        ),
    ],
)
def test_tables_of_public_bodies(here, capsys, name, text, count):
    """A register of cameras and a log of deployments are read whole: as many events as their rows are."""
    if not (DATA / name).is_file():
        pytest.skip(f"{name} is not here")
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        expected = count(list(csv.DictReader(file)))
    written(here / "map.yaml", text)
    status, _, told = outcome(
        capsys, "run", str(DATA / name), "--map", "map.yaml", "--rules", "camera-programme", "--out", "alerts.jsonl"
    )
    assert f"{expected:,} events taken in" in told
    assert "refused" not in told
    assert 0 == status
