"""The pages about the codes: each code has one, and what it prefers checks."""

from pathlib import Path

import pytest

from docs import check_pages
from oversight import load
from oversight.language.codes import CODES
from oversight.language.hygiene import unread
from oversight.language.reader import read_pack
from oversight.language.site import read_site

DATA = check_pages.data()
BASE = Path(__file__).parent / "golden" / "check" / "base"
SMALL = Path(__file__).parent / "packs" / "small"


def test_every_code_has_its_page_and_example():
    """Each code has a reason, an example that shows it, and what is preferred; nothing else has a page."""
    assert [] == check_pages.problems(DATA)
    assert {f"{code}.md" for code in CODES} | {"README.md"} == {file.name for file in check_pages.PAGES.iterdir()}


def test_a_code_without_page_is_told():
    """A code without its entry, an entry without reason, and an example that does not change are problems."""
    other = {**DATA, "bad-date": {"why": ""}, "no-code": {"why": "none"}}
    del other["yaml"]
    assert [
        "yaml: has no entry in check_pages.yaml",
        "no-code: is no code",
        "bad-date: says not why",
        "bad-date: nothing is preferred to its example",
    ] == check_pages.problems(other)


@pytest.mark.parametrize("name", sorted(check_pages.pages(DATA)))
def test_pages_are_those_of_the_examples(name):
    """The page says what the examples are; `make check-pages` makes it anew."""
    assert (check_pages.PAGES / name).read_text(encoding="utf-8") == check_pages.pages({**DATA})[name]


@pytest.mark.parametrize("code", sorted(set(CODES) - check_pages.WITHOUT_EXAMPLE))
def test_what_is_preferred_checks(code, tmp_path):
    """The example made right has nothing wrong with it at all."""
    file = check_pages.example(code)
    right = check_pages.preferred(check_pages.source(file), DATA[code])
    made = tmp_path / "it" / file.name
    made.parent.mkdir()
    made.write_text(right, encoding="utf-8")
    if file.name == "site.yaml":
        found = read_site(made, [load(SMALL)]).diagnostics
    else:
        result = read_pack(made.parent, lambda name: BASE)
        found = result.diagnostics + (unread([result.pack]) if code == "unused-kind" else ())
    assert [] == [f"{one.code}: {one.message}" for one in found]
