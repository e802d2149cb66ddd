"""The report: what its page says, that nothing of an event is markup in it, and how the command writes it."""

import io
import json
import os
import re
import stat
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oversight
from oversight.cli import main
from oversight.ground.text import printable
from oversight.model.alerts import CLEARED, RAISED, UPDATED, WITHDRAWN, Assumption, Missing
from oversight.model.pack import Authority
from oversight.outlets.html import element, text
from oversight.outlets.ledger import STANDING, Ledger
from oversight.outlets.periods import MOST, periods
from oversight.outlets.report import MOST_REFUSED, Ran, report
from oversight.outlets.report_style import POLICY
from oversight.testing import histories
from tests.pages import Page
from tests.test_outlets import ALERT, HONG_KONG, HOSTILE, STORY

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden" / "report"
SCENARIO = "examples/hong_kong/events.jsonl"
UNTIL = "2027-06-01T00:00:00+08:00"
PACK = oversight.load("hong-kong")
TELLING = "tests/packs/telling"
SMALL = oversight.load("tests/packs/small")
REACHED = datetime(2026, 7, 1, tzinfo=UTC)
SECRET = {
    "kind": "note.made",
    "id": "1",
    "time": "2026-03-01T09:00:00+08:00",
    "note": "n-1",
    "actor": "u-secret",
    "words": "w-secret",
}
"""An event that tells of persons."""


def paged(changes, *, reached=REACHED, most=20, **more):
    """The source of the page about changes."""
    return report(changes, Ran(packs=[PACK], reached=reached, **more), most=most)


def command(capsys, *arguments):
    """The exit status of the command, the page it printed and what it said."""
    status = main(["report", *map(str, arguments)])
    told = capsys.readouterr()
    return status, told.out, told.err


def alert(number, *, rule="HK-PIA-01", days=0, **more):
    """An alert of a number."""
    at = ALERT.at + timedelta(days=days)
    return attrs.evolve(ALERT, alert=f"{number:032x}", rule=rule, at=at, since=at, **more)


MARKUP = [HOSTILE, '"><script>alert(1)</script>', "' onload='x", "-->", "]]>", "&lt;", "</title></style>", "<!--"]
WORDS = st.text(max_size=40) | st.sampled_from(MARKUP)


def full_page(words):
    """The page about an alert, and one taken back, that have something of these words everywhere."""
    message, remedy, subject, clause, failed, key, rule, reason = words
    says = {
        "message": message, "remedy": remedy, "subjects": (subject,), "cause": subject, "rule": rule, "title": clause,
        "evidence": (key,), "reason": reason, "authority": (Authority(failed, key),), "pack": rule,
        "missing": (Missing(clause, {"fact": "f", "key": [key], "event": key}, failed, "false"),),
        "assumed": (Assumption(key, clause, reason),), "waived": {"reason": message, "owner": key, "until": clause},
    }  # fmt: skip
    told = [
        attrs.evolve(ALERT, change=change, alert=f"{number}{key}", **says)
        for number, change in enumerate((RAISED, WITHDRAWN))
    ]
    return paged(told, refused=[failed], refusals=1, notes=[reason], rows=[(key, [clause])])


def golden(name, source):
    """Whether a page is the golden one but for the digest of the pack; UPDATE_GOLDEN=1 records it anew."""
    told = source.replace(PACK.digest, "*")
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_text(told)
    return (GOLDEN / name).read_text() == told


class TestPage:
    """What the page says of changes."""

    def test_scenario_is_the_golden_page(self, capsys):
        """The page of the scenario is as recorded, to the byte, and the second one is the first."""
        given = (SCENARIO, "--rules", "hong-kong", "--until", UNTIL)
        status, page, _ = command(capsys, *given)
        assert 3 == status
        assert golden("scenario-hong-kong.html", page)
        assert page == command(capsys, *given)[1]

    def test_story_is_the_golden_page(self):
        """Raised, updated, cleared, withdrawn and waived changes, refused lines and notes read as recorded."""
        notes = {"refused": ["a.jsonl:7: bad-event: no time"], "refusals": 3, "notes": ["2 of 'camera.activatd'"]}
        assert golden("story.html", paged(STORY, **notes, rows=[("Files", ["a.jsonl"])]))

    def test_every_alert_of_the_scenario_is_in_it(self, capsys):
        """Each alert has a place by its identity, and says what stands exactly where it stands."""
        assert 3 == main(["run", SCENARIO, "--rules", "hong-kong", "--until", UNTIL])
        changes = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        page = Page(command(capsys, SCENARIO, "--rules", "hong-kong", "--until", UNTIL)[1])
        assert {f"alert-{change['alert']}" for change in changes} <= set(page.names)
        ended = {change["alert"] for change in changes if change["change"] == CLEARED}
        acts = {rule.name for rule in PACK.rules if rule.head.kinds}
        standing = {
            c["alert"]
            for c in changes
            if c["alert"] not in ended and "/".join(filter(None, (c["rule"], c["part"]))) not in acts
        }
        assert f"{len(standing)} breaches stand (" in page.text
        assert f"{len(ended)} breaches have ended" in page.text
        articles = {one["id"].removeprefix("alert-") for one in page.all("article")}
        assert standing == articles & standing
        assert not articles & ended

    def test_nothing_is_in_breach(self, tmp_path, capsys):
        """Of no event and of no alert the page says so."""
        path = tmp_path / "none.jsonl"
        path.write_text("")
        status, source, _ = command(capsys, path, "--rules", "hong-kong")
        page = Page(source)
        assert 0 == status
        assert "No event" in page.text
        assert "0 breaches stand." in page.text
        assert "Nothing is in breach on this record." in page.text
        assert [] == page.all("svg")

    def test_only_those_in_breach_are_named(self):
        """Of an alert about several the page names those in breach now; all of them once it has ended."""
        both = attrs.evolve(ALERT, subjects=("cam-a", "cam-b"), open=2)
        left = attrs.evolve(both, change=UPDATED, at=ALERT.at + timedelta(days=1), subjects=("cam-a",), open=1)
        page = Page(paged([both, left]))
        assert "In breach since 2026-03-10 09:00: cam-b" in page.text
        assert "cam-a" not in page.text
        over = attrs.evolve(both, change=CLEARED, at=ALERT.at + timedelta(days=2), subjects=("cam-b",), open=0)
        page = Page(paged([both, left, over]))
        assert "0 breaches stand; 1 breach has ended." in page.text
        assert "cam-a, cam-b 2026-03-10 09:00 2026-03-12 09:00 hk-022" in page.text

    def test_late_evidence_that_one_never_was_ends_the_breach_of_the_other(self):
        """Where the last one in breach never was, the breach ended with the other; no change says that it cleared."""
        both = attrs.evolve(ALERT, subjects=("cam-a", "cam-b"), open=2)
        left = attrs.evolve(both, change=UPDATED, at=ALERT.at + timedelta(days=1), subjects=("cam-a",), open=1)
        never = attrs.evolve(both, change=UPDATED, subjects=("cam-b",), open=0)
        page = Page(paged([both, left, never]))
        assert "0 breaches stand; 1 breach has ended." in page.text
        assert "cam-b" not in page.text

    def test_raised_again_stands(self):
        """A breach that late evidence shows to go on stands, and one taken back stands no more."""
        over = attrs.evolve(ALERT, change=CLEARED, at=ALERT.at + timedelta(days=1), open=0)
        assert "1 breach stands (1 critical)." in Page(paged([ALERT, over, ALERT])).text
        back = attrs.evolve(ALERT, change=WITHDRAWN, open=0, reason="evidence filed late")
        page = Page(paged([ALERT, over, back]))
        assert "0 breaches stand; 1 alert was taken back." in page.text
        assert "evidence filed late" in page.text
        assert ALERT.message not in page.text

    def test_ended_breach_is_not_told_as_if_it_stood(self):
        """The message of a breach that has ended is not shown: it speaks of now."""
        over = attrs.evolve(ALERT, change=CLEARED, at=ALERT.at + timedelta(days=1), open=0)
        assert ALERT.message in Page(paged([ALERT])).text
        assert ALERT.message not in Page(paged([ALERT, over])).text

    def test_waived_alerts_are_shown_and_counted(self):
        """An alert that the site waives is there, with who waives it, and counted as such."""
        waived = {"reason": "declared trial", "owner": "oversight body", "until": "2026-06-01T00:00:00Z"}
        page = Page(paged([attrs.evolve(ALERT, waived=waived)]))
        assert "1 breach stands (1 critical, 1 of them waived by the site)." in page.text
        assert "reason declared trial, owner oversight body" in page.text
        again = attrs.evolve(ALERT, change=UPDATED, subjects=(), waived=None)
        assert "1 breach stands (1 critical)." in Page(paged([attrs.evolve(ALERT, waived=waived), again])).text

    def test_thousands_of_alerts_are_bounded(self):
        """Of many alerts of a rule a few are told and the others counted; the page stays small."""
        many = [alert(number, days=number / 100) for number in range(5000)]
        ended = [alert(number, rule="HK-DPP5-01", days=1) for number in range(5000, 9000)]
        ended += [attrs.evolve(one, change=CLEARED, at=one.at + timedelta(days=1), open=0) for one in ended]
        source = paged([*many, *ended], most=20)
        page = Page(source)
        assert 200_000 > len(source)
        assert "5,000 alerts, of which 20 are told here, the longest in breach." in page.text
        assert "4,000 alerts, of which 20 are told here, the latest." in page.text
        assert [f"alert-{number:032x}" for number in range(20)] == [one["id"] for one in page.all("article")]
        assert len(page.names) == len(set(page.names))
        assert [] == Page(paged(many, most=0)).all("article")

    def test_long_lists_are_folded_and_cut(self):
        """Of much evidence and many subjects the first are shown, more unfold, and the others are counted."""
        names = tuple(f"e{number}" for number in range(250))
        page = Page(paged([attrs.evolve(ALERT, evidence=names, subjects=names, open=250)]))
        assert 2 == sum("e0, e1, e2" in told and "all 250" in told for told in page.texts)
        assert "e199 and 50 more, which oversight explain shows" in page.text
        assert "e200" not in page.text

    def test_alerts_of_two_packs_have_places_of_their_own(self):
        """Where two packs have one rule, and so alerts of one identity, no name stands twice and both are told."""
        other = attrs.evolve(ALERT, pack="other", pack_digest="cd" * 32)
        page = Page(paged([ALERT, other]))
        assert "2 breaches stand" in page.text
        assert len(page.names) == len(set(page.names))
        assert 2 == len(page.all("article"))

    @pytest.mark.parametrize("state", ["standing", "ended"])
    def test_links_lead_somewhere(self, state):
        """Every link leads to a place of the page."""
        over = [attrs.evolve(ALERT, change=CLEARED, at=ALERT.at + timedelta(days=1), open=0)]
        page = Page(paged([ALERT, *(over if state == "ended" else [])], refusals=1))
        targets = [one["href"] for one in page.all("a")]
        assert targets
        assert {target.removeprefix("#") for target in targets} <= set(page.names)

    def test_it_loads_nothing(self, capsys):
        """No script, no address, no attribute for one; the policy forbids all but the style, by its hash."""
        page = Page(command(capsys, SCENARIO, "--rules", "hong-kong", "--until", UNTIL)[1])
        assert not {"script", "link", "img", "iframe", "object", "base", "form"} & {tag for tag, _ in page.elements}
        assert not [names for _, names in page.elements if {"src", "style", "srcset", "onload"} & set(names)]
        [policy] = [one["content"] for one in page.all("meta") if "http-equiv" in one]
        assert POLICY == policy
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert ["en"] == [one["lang"] for one in page.all("html")]

    def test_headings_are_in_order(self, capsys):
        """One heading of the first level, and none is more than a level below the one before it."""
        page = Page(command(capsys, SCENARIO, "--rules", "hong-kong", "--until", UNTIL)[1])
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
        assert 1 == levels.count(1) == levels[0]
        assert all(after <= before + 1 for before, after in pairwise(levels))


class TestLedger:
    """What changes come to is what the engine knows."""

    @given(histories(SMALL))
    def test_what_stands_is_what_the_engine_has_open(self, history):
        """After each event, late ones and corrections too, the alerts that stand are those open, with all they say."""
        engine, changes = oversight.Engine(SMALL), []
        for event in history:
            changes += engine.feed(event)
            ledger = Ledger([SMALL])
            ledger.tell(changes)
            found = [one.as_dict() for group in ledger.groups() for one in group.of(STANDING)]
            assert sorted(map(said, (one.as_dict() for one in engine.open_alerts()))) == sorted(map(said, found))


def said(alert):
    """All that an open alert says, but for what made it, which is of one change and not of the alert."""
    told = {**alert, "subjects": sorted(alert["subjects"])}
    return json.dumps({key: value for key, value in told.items() if key not in ("change", "open", "cause", "reason")})


class TestHostile:
    """Nothing that an event says is more than text."""

    @given(st.lists(WORDS, min_size=8, max_size=8))
    def test_text_stays_text(self, words):
        """Whatever an alert carries, the page has the elements of a harmless one, and its text says what was said."""
        page, harmless = Page(full_page([f"w{word}" for word in words])), Page(full_page(["word"] * 8))
        assert [tag for tag, _ in harmless.elements] == [tag for tag, _ in page.elements]
        assert [set(names) for _, names in harmless.elements] == [set(names) for _, names in page.elements]
        assert all(any(printable(f"w{word}", 200) in told for told in page.texts) for word in words[2:])

    @given(st.text(max_size=60), st.text(max_size=60))
    def test_attributes_stay_attributes(self, name, value):
        """A value of an attribute is read back as what it was, but for what cannot be shown."""
        page = Page(element("b", name, title=value))
        assert [("b", {"title": printable(value, len(value))})] == page.elements
        assert printable(name, len(name)) == "".join(page.texts)

    def test_what_turns_text_is_escaped(self):
        """Control and direction characters are shown as escapes."""
        assert "&lt;\\u202e&#x27;\\u0000" == text("<\u202e'\x00")

    def test_hostile_events(self, tmp_path, capsys):
        """Ids of markup in events, and in lines that are refused, are text in the page of the command."""
        path = tmp_path / "events.jsonl"
        bad = '"><script>alert(1)</script>'
        said = {
            "kind": "consultation.closed",
            "id": bad,
            "time": "2026-09-01T09:00:00+08:00",
            "consultation": bad,
            "outcome": "no_comment",
        }
        path.write_text(json.dumps(said) + "\n" + json.dumps({**said, "id": "2", "time": bad}) + "\n")
        status, source, _ = command(capsys, path, "--rules", "hong-kong")
        page = Page(source)
        assert 1 == status
        assert [] == page.all("script")
        assert bad in page.text


class TestOverTime:
    """The chart and its table."""

    def test_table_says_what_stood(self):
        """A breach stands at the end of each month until the one in which it ends; what ended at once never did."""
        long = alert(1)
        over = attrs.evolve(long, change=CLEARED, at=ALERT.at + timedelta(days=60), open=0)
        source = paged([long, over, alert(2, days=70, severity="low")], reached=REACHED + timedelta(days=400))
        rows = re.findall(r'<tr><th scope="row">(2026-\d\d)</th>(.*?)</tr>', source)
        cells = {month: re.findall(r">(\d+)</td>", told) for month, told in rows}
        assert {
            "2026-03": ["1", "0", "1", "0"],
            "2026-04": ["0", "0", "1", "0"],
            "2026-05": ["1", "1", "0", "1"],
            "2026-06": ["0", "0", "0", "1"],
        } == dict(list(cells.items())[:4])

    @given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
    def test_periods_cover_any_span(self, one, other):
        """Whatever the span, the periods follow each other without a gap, hold both ends, and are few."""
        first, last = sorted((one, other))
        _, found = periods(first, last, HONG_KONG)
        assert 1 <= len(found) <= MOST
        assert found[0].start <= first or first.year == 1
        assert found[-1].start <= last
        assert [span.end for span in found[:-1]] == [span.start for span in found[1:]]
        assert found[-1].end is None
        assert len({span.name for span in found}) == len(found)


class TestCommand:
    """How the command reads and writes."""

    def test_refused_lines_are_named(self, tmp_path, capsys):
        """A refused line is named on the page and on standard error, and the page says that it may be incomplete."""
        path = tmp_path / "events.jsonl"
        path.write_text(Path(SCENARIO).read_text() + "{}\n" * 300)
        status, source, said = command(capsys, path, "--rules", "hong-kong")
        page = Page(source)
        assert 1 == status
        assert f"{path}:47: bad-event:" in said
        assert f"{path}:47: bad-event:" in page.text
        assert "300 lines of the input were not taken in" in page.text
        assert f"And {300 - MOST_REFUSED} more" in page.text

    def test_what_was_run_is_said(self, tmp_path, capsys):
        """The page names packs with version and digest, files, events with their span, and the instants asked for."""
        _, source, _ = command(
            capsys, SCENARIO, "--rules", "hong-kong", "--until", "2026-01-01T00:00:00+08:00", "--as-known-at", UNTIL
        )
        page = Page(source)
        for told in (
            f"hong_kong {PACK.version}, digest {PACK.digest}", SCENARIO, "events, from 2020-06-30 09:00 to ",
            "Until 2026-01-01 00:00 (Asia/Hong_Kong)", "As known at 2027-06-01 00:00 (Asia/Hong_Kong)",
        ):  # fmt: skip
            assert told in page.text
        assert "later than --until not taken in" in page.text

    def test_persons_stay_out(self, tmp_path, capsys):
        """What attributes marked personal hold is on no page; with pseudonyms the pseudonym is."""
        path, keys = tmp_path / "events.jsonl", tmp_path / "keys"
        path.write_text(json.dumps(SECRET) + "\n")
        status, source, _ = command(capsys, path, "--rules", TELLING)
        assert 3 == status
        assert "secret" not in source
        assert "[withheld]" in source
        assert 0 == main(["pseudonyms", str(keys)])
        capsys.readouterr()
        _, source, _ = command(capsys, path, "--rules", TELLING, "--pseudonyms", keys)
        assert "secret" not in source
        assert "pn-" in source

    def test_standard_input(self, tmp_path, capsys, monkeypatch):
        """Events may come through standard input, once."""
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(SCENARIO).read_bytes())))
        status, source, _ = command(capsys, "-", "--rules", "hong-kong", "--out", tmp_path / "page.html")
        assert (3, "") == (status, source)
        assert "standard input" in Page((tmp_path / "page.html").read_text()).text
        assert 2 == main(["report", "-", "-", "--rules", "hong-kong"])

    def test_file_is_the_page(self, tmp_path, capsys):
        """A file has what standard output has, with the rights of any new file; -o - is standard output."""
        page = tmp_path / "page.html"
        assert (3, "") == command(capsys, SCENARIO, "--rules", "hong-kong", "-o", page)[:2]
        assert page.read_text() == command(capsys, SCENARIO, "--rules", "hong-kong", "-o", "-")[1]
        (tmp_path / "other").touch()
        assert stat.S_IMODE((tmp_path / "other").stat().st_mode) == stat.S_IMODE(page.stat().st_mode)
        assert {"page.html", "other"} == set(os.listdir(tmp_path))

    def test_page_is_written_whole_or_not_at_all(self, tmp_path, capsys, monkeypatch):
        """Where something fails meanwhile the page that stood there stays, and nothing else is left."""
        page = tmp_path / "page.html"
        page.write_text("before")
        page.chmod(0o640)
        monkeypatch.setattr("oversight.cli.report.report", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            main(["report", SCENARIO, "--rules", "hong-kong", "-o", str(page)])
        assert "before" == page.read_text()
        assert ["page.html"] == os.listdir(tmp_path)
        monkeypatch.undo()
        link = tmp_path / "link.html"
        link.symlink_to(page)
        assert 3 == command(capsys, SCENARIO, "--rules", "hong-kong", "-o", link)[0]
        assert link.is_symlink()
        assert page.read_text().startswith("<!doctype html>")
        assert 0o640 == stat.S_IMODE(page.stat().st_mode)

    def test_nothing_that_is_read_is_written_over(self, tmp_path, capsys):
        """A page goes over no events, record, key or site file, and where it cannot be written that is said at once."""
        events, site, keys = tmp_path / "events.jsonl", tmp_path / "site.yaml", tmp_path / "keys"
        events.write_text(Path(SCENARIO).read_text())
        site.write_text("severities: {HK-OVS-01: high}\n")
        assert 0 == main(["pseudonyms", str(keys)])
        assert 3 == main(
            [
                "run",
                SCENARIO,
                "--rules",
                "hong-kong",
                "--store",
                f"sqlite:///{tmp_path}/case.db",
                "--out",
                str(tmp_path / "a"),
            ]
        )
        more = ["--rules", "hong-kong", "--site", str(site), "--pseudonyms", str(keys)]
        for name, said in (
            ("events.jsonl", "over the events"),
            ("site.yaml", "file of --site"),
            ("keys", "file of --pseudonyms"),
            ("case.db", "is a record"),
            ("none/a.html", "no such file"),
        ):
            before = (tmp_path / name).read_bytes() if (tmp_path / name).exists() else None
            assert 2 == main(["report", str(events), *more, "-o", str(tmp_path / name)])
            assert said in capsys.readouterr().err
            assert before == ((tmp_path / name).read_bytes() if before is not None else None)
        for name in ("case.db", "case.db-wal", "case.db-writer"):
            assert 2 == main(["report", f"sqlite:///{tmp_path}/case.db", "-o", str(tmp_path / name)])

    def test_rules_are_asked_for(self, capsys):
        """Without a pack, events say nothing."""
        assert 2 == main(["report", SCENARIO])
        assert "give a pack with --rules; only a record knows its own" in capsys.readouterr().err


class TestRecord:
    """A record as the source."""

    @pytest.fixture
    def url(self, tmp_path, capsys):
        """A record of the scenario."""
        url = f"sqlite:///{tmp_path}/case.db"
        assert 3 == main(
            ["run", SCENARIO, "--rules", "hong-kong", "--until", UNTIL, "--store", url, "--out", str(tmp_path / "a")]
        )
        capsys.readouterr()
        return url

    def test_it_says_what_the_events_say(self, url, tmp_path, capsys):
        """By URL or path, under the pack that it names: but for what was run the page is that of the events."""
        status, source, _ = command(capsys, url)
        assert 3 == status
        assert source == command(capsys, url, "--rules", "hong-kong")[1]
        _, other, _ = command(capsys, SCENARIO, "--rules", "hong-kong", "--until", UNTIL)
        assert other.split("What was run</h2>")[0] == source.split("What was run</h2>")[0]
        assert "46 events, from 2020-06-30 09:00 to " in Page(source).text
        by_path = command(capsys, tmp_path / "case.db")[1]
        assert source.split("What was run</h2>")[0] == by_path.split("What was run</h2>")[0]

    def test_what_does_not_go_with_it(self, url, capsys):
        """A record is reported alone, as of its own instant, under its own pack."""
        for more, said in (
            ([SCENARIO], "a record is reported alone"), (["--until", UNTIL], "--until is for files of events"),
            (["--as-known-at", UNTIL], "--as-known-at is for files"),
            (["--rules", "camera-programme"], "was begun under hong_kong"),
            (["--site", SCENARIO], "give that with --rules"),
        ):  # fmt: skip
            assert 2 == main(["report", url, *more])
            assert said in capsys.readouterr().err

    def test_pack_that_is_not_shipped_is_asked_for(self, tmp_path, capsys):
        """A record under a pack of one's own asks for it; persons stay out of the page."""
        url = f"sqlite:///{tmp_path}/case.db"
        with oversight.open(url, oversight.load(TELLING)) as record:
            record.feed(SECRET)
        assert 2 == main(["report", url])
        assert "give that pack with --rules" in capsys.readouterr().err
        status, source, _ = command(capsys, url, "--rules", TELLING)
        assert 3 == status
        assert "secret" not in source
        assert "[withheld]" in source

    def test_there_is_none(self, tmp_path, capsys):
        """Where there is no record that is said, and none is made."""
        assert 2 == main(["report", f"sqlite:///{tmp_path}/none.db"])
        assert [] == os.listdir(tmp_path)
