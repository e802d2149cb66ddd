"""The report in a browser that people have: offline, accessible, and on a phone."""

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from oversight.cli import main
from oversight.model.alerts import CLEARED
from tests.test_outlets import ALERT, HOSTILE, STORY
from tests.test_report import SCENARIO, UNTIL, alert, paged

BROWSER = shutil.which("chromium")
DRIVER = Path(__file__).parent / "browser" / "look.js"
pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="chromium is not installed (apt-get install chromium)"),
    pytest.mark.skipif(
        not (DRIVER.parent / "node_modules" / "axe-core").is_dir(), reason="the driver is not installed (make browser)"
    ),
]


def look(page):
    """What a browser finds out of a page on disk: with light and with dark colours, at two widths."""
    done = subprocess.run(["node", DRIVER, BROWSER, page], capture_output=True, text=True, timeout=300)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


def pages():
    """Pages that are hard to show, by name."""
    names = tuple(f"camera-{number}-{'x' * 90}" for number in range(40))
    wide = attrs.evolve(ALERT, subjects=names, evidence=names, message="m" * 1500, remedy=HOSTILE)
    many = [
        alert(n, days=n, severity=severity)
        for n, severity in enumerate(("info", "low", "medium", "high", "critical") * 300)
    ]
    over = [attrs.evolve(one, change=CLEARED, at=one.at + timedelta(days=900), open=0) for one in many[::2]]
    lines = [f"{name}:7: bad-event: {name * 3}" for name in names]
    told = {"refused": lines, "refusals": 50, "notes": [HOSTILE], "rows": [("Files", names)]}
    return {
        "nothing": paged([]),
        "story": paged(STORY, refused=["a.jsonl:7: no time"], refusals=1, notes=["a note"]),
        "wide": paged([wide, alert(1, rule="r" * 200, title="t" * 300)], **told),
        "many": paged([*many, *over]),
    }


@pytest.mark.parametrize("name", ["scenario", *pages()])
def test_page_is_sound(name, tmp_path):
    """It loads nothing but itself, says nothing on the console, fits, and has nothing that keeps anybody out."""
    page = tmp_path / "page.html"
    if name == "scenario":
        main(["report", SCENARIO, "--rules", "hong-kong", "--until", UNTIL, "-o", str(page)])
    else:
        page.write_text(pages()[name], encoding="utf-8")
    for found in look(page):
        assert [] == found["violations"]
        assert [] == found["console"]
        assert [page.as_uri()] == found["requests"]
        assert found["viewport"] >= found["width"]
        assert [] == found["overlaps"]
        assert found["passes"]
        assert ("rgb(255, 255, 255)" == found["ground"]) == ("light" == found["scheme"])


FAULTY = """<!doctype html><html><head><title>a</title>
<meta http-equiv="Content-Security-Policy" content="img-src 'none'"></head>
<body><img src="a.png"><img src="https://example.org/b.png"><p style="width: 2000px; color: #ddd">pale</p>
<figure><strong>one</strong><span style="margin-left: -2em">two</span></figure></body></html>"""


def test_what_is_looked_for_is_found(tmp_path):
    """A page with such faults is found out, so that finding nothing in the report says something."""
    page = tmp_path / "page.html"
    page.write_text(FAULTY)
    for found in look(page):
        assert {"html-has-lang", "image-alt", "color-contrast"} <= {one.split(":")[0] for one in found["violations"]}
        assert found["console"]
        assert found["viewport"] < found["width"]
        assert [["one", "two"]] == found["overlaps"]
