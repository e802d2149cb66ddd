"""`oversight check`: what a pack is read into, and what is said of one that is wrong."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import oversight.language
from tests.tiny import HEADER, ONE_RULE
from oversight.ground.text import printable
from oversight.ground.time import Period
from oversight.language import source
from oversight.language.codes import CODES
from oversight.language.findings import Findings
from oversight.language.hygiene import unread
from oversight.language.keys import KEYS
from oversight.language.misplaced import PLACES
from oversight.language.reader import read_pack
from oversight.model.diagnostics import Result
from oversight.language.render import render, render_all
from oversight.model.diagnostics import Diagnostic
from oversight.model.expressions import Name, Select, path_of, walk
from oversight.model.pack import RETRACTION, Exists, Expression, Group, Pack, Test
from oversight.model.places import Place
from oversight.model.types import PERIOD, RecordType

GOLDEN = Path(__file__).parent / "golden" / "check"
SITES = Path(__file__).parent / "golden" / "site"
SMALL = Path(__file__).parent / "packs" / "small"
INPUTS = sorted(folder.name for folder in GOLDEN.iterdir() if folder.is_dir())
RULE = ONE_RULE % "    on: thing.began as e\n    %s"


def beside(folder: Path) -> Callable[[str], Path]:
    """Find used packs among the golden inputs."""

    def find(name: str) -> Path:
        if not (folder / name).is_dir():
            raise LookupError(f"there is no pack {name!r}")
        return folder / name

    return find


def check(folder: Path, text: str) -> Result:
    """What is found in a pack of one file that uses the golden base."""
    made = folder / "it"
    made.mkdir(exist_ok=True)
    (made / "pack.yaml").write_text(HEADER + text, encoding="utf-8")
    return read_pack(made, beside(GOLDEN))


def asked(name: str) -> Result:
    """What is found in a golden input, with what is told of a kind only where it is asked for."""
    result = read_pack(Path(name), beside(Path()))
    if result.pack is None or name != "unused-kind":
        return result
    return evolve(result, diagnostics=(*result.diagnostics, *unread([result.pack])))


def codes(result: Result) -> list[str]:
    """The codes found, in order of place."""
    return [one.code for one in result.diagnostics]


@pytest.fixture(scope="module")
def small() -> Pack:
    """The small pack, checked."""
    result = read_pack(SMALL, beside(GOLDEN))
    assert () == result.diagnostics
    assert result.pack is not None
    return result.pack


class TestGolden:
    @pytest.mark.parametrize("name", INPUTS)
    def test_text(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is said of an input is what its golden file says, to the character."""
        monkeypatch.chdir(GOLDEN)
        result = asked(name)
        said = render_all(result.diagnostics, result.sources)
        expected = (GOLDEN / name / "expected.txt").read_text(encoding="utf-8")
        assert expected == (said + "\n" if said else "")

    @pytest.mark.parametrize("name", [name for name in INPUTS if name in CODES])
    def test_one_code(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """An input named after a code shows that one and nothing else."""
        monkeypatch.chdir(GOLDEN)
        result = asked(name)
        assert {name} == {one.code for one in result.diagnostics}
        assert (result.pack is None) == any(one.severity == "error" for one in result.diagnostics)

    def test_every_code_has_an_input(self) -> None:
        """Each registered code has a golden input, a pack or a site file, but for the one that needs megabytes."""
        sites = {folder.name for folder in SITES.iterdir()}
        assert set(CODES) - {"file-too-large"} == (set(INPUTS) | sites) & set(CODES)

    def test_every_code_is_registered(self) -> None:
        """Each code that the room can say is in the register."""
        said = set()
        for file in Path(oversight.language.__file__).parent.glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                    called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                    if called in ("error", "warning", "wrong", "report", "_refuse"):
                        said.add(node.args[0].value)
        assert set() == said - set(CODES)

    def test_twenty_mistakes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Twenty different mistakes in one pack are twenty errors, each at a place of its own."""
        monkeypatch.chdir(GOLDEN)
        result = read_pack(Path("twenty"), beside(Path()))
        assert 20 == len(result.diagnostics)
        assert 20 == len({one.code for one in result.diagnostics})
        assert 20 == len({str(one.place) for one in result.diagnostics})
        assert {"error"} == {one.severity for one in result.diagnostics}

    def test_file_too_large(self, tmp_path: Path) -> None:
        """A file of more than two megabytes is refused before it is read as YAML."""
        result = check(tmp_path, "#" * source.MAX_BYTES)
        assert ["file-too-large"] == codes(result)


class TestAccountable:
    """A rule must say who asks for it, what kind of law that is, what helps, and how it is tested."""

    SAID = (
        "title: A thing",
        "authority: [{instrument: Charter, provision: section 1}]",
        "basis: commitment",
        "remedy: Take it away.",
        "cases: [{name: nothing, events: [], alerts: []}]",
    )

    def without(self, folder: Path, key: str, instead: str, *, part: bool = False) -> list[str]:
        """What is said of a rule, or of one with a part, that has *instead* of what it must say."""
        said = [instead if line.startswith(f"{key}:") else line for line in self.SAID]
        body = "".join(f"    {line}\n" for line in said if line)
        head = "parts: [{part: p, on: thing.began as e}]" if part else "on: thing.began as e"
        text = f"rules:\n  - rule: R-1\n{body}    severity: low\n    {head}\n    alert: A thing.\n"
        return codes(check(folder, text))

    @pytest.mark.parametrize("part", [False, True])
    @pytest.mark.parametrize(
        ("key", "instead", "code"),
        [
            ("title", "", "missing-key"),
            ("title", "title: ''", "no-value"),
            ("authority", "", "missing-key"),
            ("authority", "authority:", "no-value"),
            ("authority", "authority: []", "no-authority"),
            ("authority", "authority: [{instrument: '', provision: section 1}]", "no-value"),
            ("authority", "authority: [{instrument: Charter, provision: ' '}]", "no-value"),
            ("authority", "authority: [{instrument: Charter}]", "missing-key"),
            ("authority", "authority: Charter", "wrong-shape"),
            ("basis", "", "missing-key"),
            ("basis", "basis: ''", "unknown-value"),
            ("basis", "basis: hearsay", "unknown-value"),
            ("remedy", "", "missing-key"),
            ("remedy", "remedy: ' '", "bad-template"),
            ("cases", "", "no-cases"),
            ("cases", "cases:", "no-value"),
            ("cases", "cases: []", "no-cases"),
        ],
    )
    def test_each_is_asked_for(self, key: str, instead: str, code: str, part: bool, tmp_path: Path) -> None:
        """Whether it is left out, empty or of another shape, the pack is refused with a reason."""
        assert code in self.without(tmp_path, key, instead, part=part)

    @pytest.mark.parametrize("part", [False, True])
    def test_nothing_else_is_asked_for(self, part: bool, tmp_path: Path) -> None:
        """With all of them the rule checks."""
        assert [] == self.without(tmp_path, "none", "", part=part)


class TestEmpty:
    """An empty list says nothing: it is mostly one whose items were lost, and a rule without them accuses everybody."""

    @pytest.mark.parametrize(
        "condition",
        [
            "if: []",
            "unless: []",
            "if: [{any_of: []}]",
            "unless: [{all_of: []}]",
            "if: [{not: []}]",
            "if: [{some: thing as t, where: []}]",
            "if: [{none: thing as t, where: [{any_of: []}]}]",
            "about: []",
        ],
    )
    def test_a_condition(self, condition: str, tmp_path: Path) -> None:
        """It is refused where it stands, and nothing else is said of it."""
        (found,) = check(tmp_path, RULE % condition).diagnostics
        assert ("no-value", "[]") == (found.code, (HEADER + RULE % condition).splitlines()[found.place.line - 1][
            found.place.column - 1 :][:2])  # fmt: skip

    @pytest.mark.parametrize("key", ["starts", "changes", "ends"])
    def test_what_a_fact_does(self, key: str, tmp_path: Path) -> None:
        """A fact that ends by an empty list would never end, and it need not even say keep: forever."""
        said = {"starts": "{on: thing.began}", "ends": "{on: thing.ended}", key: "[]"}
        fact = "facts:\n  it:\n    key: thing\n" + "".join(f"    {name}: {one}\n" for name, one in said.items())
        rule = (RULE % "").replace("on: thing.began as e", "while: it as e")
        assert ["no-value"] == codes(check(tmp_path, fact + rule))


class TestMisplaced:
    """A key of another place is told where it belongs, not taken for a misspelt one."""

    def test_every_place_is_of_a_key(self) -> None:
        """What is said to belong somewhere is a key of the language."""
        assert set() == set(PLACES) - {key for keys in KEYS.values() for key in keys}

    @pytest.mark.parametrize(
        ("key", "expected"),
        [
            ("iff", "did you mean 'if'?"),
            ("parts", "did you mean 'part'?"),
            ("where", "where: belongs to a quantifier such as some:, or an entry of a fact"),
            ("restarts", "restarts: belongs to a fact"),
            ("nonsense", ""),
        ],
    )
    def test_a_key(self, key: str, expected: str, tmp_path: Path) -> None:
        """The nearest key where it is misspelt, and where it belongs where it is another's."""
        head = "parts:\n      - {part: one, on: thing.began as e, %s: 1}"
        assert [expected] == [one.hint for one in check(tmp_path, ONE_RULE % f"    {head % key}").diagnostics]


class TestPartOfACase:
    """An alert of a case names a part that its rule has."""

    CASE = "cases: [{name: nothing, events: [], alerts: [{at: 2026-03-01T09:00:00Z, part: %s}]}]"
    PARTS = "parts:\n      - {part: one, on: thing.began as e}\n      - {part: two, on: thing.ended as e}"

    def found(self, folder: Path, part: str, head: str) -> list[tuple[str, str, str]]:
        """What is said of a case that names this part, with the hint."""
        text = (ONE_RULE % f"    {head}").replace("cases: [{name: nothing, events: [], alerts: []}]", self.CASE % part)
        return [(one.code, one.message, one.hint) for one in check(folder, text).diagnostics]

    def test_it_has_it(self, tmp_path: Path) -> None:
        """Nothing is said."""
        assert [] == self.found(tmp_path, "one", self.PARTS)

    def test_it_has_another(self, tmp_path: Path) -> None:
        """The nearest is named."""
        expected = [("unknown-value", "'on' is no part of R-1", "did you mean 'one'?")]
        assert expected == self.found(tmp_path, "on", self.PARTS)

    def test_it_has_none(self, tmp_path: Path) -> None:
        """A rule with one head has none to name."""
        expected = [("unknown-value", "R-1 has no parts", "leave part: out")]
        assert expected == self.found(tmp_path, "one", "on: thing.began as e")


class TestAttacks:
    """A pack from a stranger is refused with a reason, soon, and without harm."""

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("kinds: !!python/object/apply:os.system [echo]", "yaml-tag"),
            ("kinds: &a [x, x]\nfacts: *a", "yaml-alias"),
            ("kinds: {a.b: 1, a.b: 2}", "duplicate-key"),
            ("kinds: " + "[" * 10_000, "yaml-depth"),
            ("kinds: " + "{a: " * 10_000, "yaml-depth"),
            ('kinds: {"\x1b[2J": 1}', "hidden-character"),
            ("kinds: {\x00: 1}", "hidden-character"),
            ("define: {a: 1" + "0" * 5_000 + "}", "syntax"),
            ("parameters: {a: [{from: 2026-01-01, value: 1e999}]}", "number-range"),
            ("pack: {}", "duplicate-key"),
            ("kinds: [\n", "yaml"),
            ("\t- x: [", "yaml"),
        ],
    )
    def test_yaml(self, tmp_path: Path, text: str, code: str) -> None:
        """What YAML can do beyond plain data is refused."""
        result = check(tmp_path, text)
        assert None is result.pack
        assert code in codes(result)

    def test_an_empty_line_of_tabs(self, tmp_path: Path) -> None:
        """A line with nothing but a tab is no indentation: what is wrong below it is told."""
        (found,) = check(tmp_path, "kinds:\n\t\n  a.b: {\n").diagnostics
        assert ("yaml", "") == (found.code, found.hint)

    def test_aliases_that_multiply(self, tmp_path: Path) -> None:
        """Aliases of aliases are refused where they stand and never written out."""
        lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
        result = check(tmp_path, "types:\n" + "".join(f"  {line}\n" for line in lines))
        assert {"yaml-alias", "yaml-anchor"} <= set(codes(result))

    @pytest.mark.parametrize(
        "expression",
        [
            "e.__class__",
            "e.thing.__init__.__globals__",
            "__import__('os')",
            "e.thing.format(e)",
            '"%s" % e',
            "(" * 10_000 + "1" + ")" * 10_000,
            "-" * 3_999 + "x > 0",
            "!" * 3_999 + "x",
            "[" * 1_000 + "]" * 1_000,
            "e.size > 1" + "0" * 1_000,
            "e.thing.matches('(" + "a|" * 990 + "a)*$')",
            "e.thing.matches('(a+)+\\\\1')",
            "e.parts.all(a, e.parts.all(b, e.parts.all(c, e.parts.all(d, true))))",
            "e.thing == '" + "x" * 5_000 + "'",
            "lambda: 1",
            "e.size; e.size",
        ],
    )
    def test_expressions(self, tmp_path: Path, expression: str) -> None:
        """An expression reaches nothing of Python, and is bounded in every direction."""
        quoted = "'" + expression.replace("'", "''") + "'"
        result = check(tmp_path, RULE % f"if: {quoted}")
        assert None is result.pack
        assert all(one.message for one in result.diagnostics)

    @pytest.mark.parametrize("text", ["{e.__class__}", "{0}", "{e.thing!r}", "{e.size:>100000}", "{e.{x}}", "{}"])
    def test_format_strings(self, tmp_path: Path, text: str) -> None:
        """Braces in a text hold expressions, not Python's format language."""
        result = check(tmp_path, (RULE % "if: e.size > 1").replace("A thing.", f"'{text}'"))
        assert None is result.pack or text == "{0}"

    def test_definitions_that_multiply(self, tmp_path: Path) -> None:
        """An argument that doubles with each definition is refused before it is written out."""
        lines = ["  d0(n): {count: thing as t, where: t.size == n, at_least: 1}\n"]
        lines += [f'  d{n}(n): ["d{n - 1}(n + n)", "n == n + 1"]\n' for n in range(1, 19)]
        result = check(tmp_path, "define:\n" + "".join(lines) + RULE % 'if: ["d18(e.size)"]')
        assert "too-large" in codes(result)

    def test_definitions_that_nest(self, tmp_path: Path) -> None:
        """Groups nested in definitions nested in definitions are refused before the stack is full."""
        lines = ["  d0(n): n == 1\n"]
        lines += [f'  d{n}(n): {"{not: " * 40}["d{n - 1}(n)", n == 2]{"}" * 40}\n' for n in range(1, 20)]
        result = check(tmp_path, "define:\n" + "".join(lines) + RULE % 'if: ["d19(e.size)"]')
        assert ["too-many-conditions"] == codes(result)

    def test_nothing_raw_is_printed(self, tmp_path: Path) -> None:
        """What an escape in a quoted text smuggles in is printed as an escape."""
        result = check(tmp_path, RULE % 'iff: "\\e[2J\\u202e"' + 'kindz: {"\\e]0;x\\a": 1}\n')
        said = render_all(result.diagnostics, result.sources)
        assert "unknown-key" in codes(result)
        assert [] == [line for line in said.split("\n") if line != printable(line, len(line) + 1)]


class TestFuzz:
    @given(data=st.data())
    def test_never_raises(self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
        """However a pack is damaged, reading it gives a pack or errors, each printable and in its file."""
        texts = {file.name: file.read_text(encoding="utf-8") for file in sorted(SMALL.glob("*.yaml"))}
        name = data.draw(st.sampled_from(sorted(texts)))
        text = texts[name]
        for _ in range(data.draw(st.integers(1, 3))):
            start = data.draw(st.integers(0, len(text)))
            end = min(len(text), start + data.draw(st.integers(0, 12)))
            piece = data.draw(st.sampled_from(_PIECES) | st.text(max_size=4))
            text = text[:start] + piece + text[end:]
        folder = tmp_path_factory.getbasetemp() / "fuzz"
        folder.mkdir(exist_ok=True)
        for other, whole in texts.items():
            content = text if other == name else whole
            (folder / other).write_bytes(content.encode("utf-8", "surrogatepass"))
        result = read_pack(folder, beside(GOLDEN))
        assert (result.pack is None) == any(one.severity == "error" for one in result.diagnostics)
        for one in result.diagnostics:
            assert one.code in CODES
            assert 1 <= one.place.line <= max(1, len(result.sources.get(one.place.file, [""])))
            said = render(one, result.sources.get(one.place.file, ()))
            assert said == "\n".join(printable(line, len(line) + 1) for line in said.split("\n"))


_PIECES = [
    "\n", "  ", ": ", "- ", "'", '"', "{", "}", "[", "]",
    "!", "&a ", "*a", "e.", " as ", "(", ")", "|", ">", "null",
    "0", "covers(a, c)", "holds_camera(a.scope, c)", "has(", " && ", "some: ", "none: ", "count: ", "alert",
    "this", "P1D",
]  # fmt: skip


class TestPlaces:
    @given(
        st.text(alphabet=" \nabé中'\"\\:#{}[]-?!&*%@`|>,\t", min_size=1, max_size=60),
        st.sampled_from([None, "'", '"', "|", ">"]),
        st.sampled_from([12, 30, 80]),
    )
    def test_characters(self, text: str, style: str | None, width: int) -> None:
        """Every visible character of a scalar is found where it is written, in every style of YAML."""
        written = yaml.safe_dump({"k": text}, default_style=style, allow_unicode=True, width=width)
        file, tree = source.read("a.yaml", written.encode(), Findings())
        assert isinstance(tree, source.Mapping)
        found = tree.entries[0][1]
        assert isinstance(found, source.Scalar)
        for offset, character in enumerate(found.text):
            if character not in " \n\t":
                assert file.text[found.index(offset)] in (character, "\\")

    @pytest.mark.parametrize(
        "written",
        [
            "if: e.size > e.sise",
            "if: 'e.size > e.sise'",
            """if: "e.thing == \\"x\\" && e.sise > 1" """,
            """if: "e.thing == \\x27\\u4e2d\\x27 && e.sise > 1" """,
            "if: [e.size > 1, e.sise > 2]",
            "if:\n      - e.size > 1\n      - e.sise > 2",
            "if: |\n      e.size > 1 &&\n      e.sise > 2",
            "if: >-\n      e.size > 1\n      && e.sise > 2",
            "if: e.size > 1 &&\n      e.size > 2 && e.sise > 3",
            "if: e.thing == '中文' && e.sise > 3",
            "unless: {some: thing as t, where: 't.thing == e.thing && t.sise > 3'}",
            "with: {x: e.sise}",
            "about: [e.thing, e.sise]",
        ],
    )
    def test_attributes(self, tmp_path: Path, written: str) -> None:
        """A misspelt attribute is underlined where it is written, in every style of YAML."""
        result = check(tmp_path, RULE % written)
        assert ["unknown-attribute"] == codes(result)
        found = result.diagnostics[0]
        line = result.sources[found.place.file][found.place.line - 1]
        assert "sise" == line[found.place.column - 1 :][: found.width]


class TestScalars:
    @pytest.mark.parametrize(
        ("written", "value"),
        [
            ("on", "on"), ("no", "no"), ("Yes", "Yes"), ("True", "True"), ("true", True), ("12:30", "12:30"),
            ("2026-01-01", "2026-01-01"), ("1_000", "1_000"), ("0x10", "0x10"), ("010", "010"), ("-3", -3),
            ("1.5", 1.5), ("1.", "1."), (".inf", ".inf"), ("~", None), ("null", None), ("", None),
            ("'1'", "1"), ("0.1.0", "0.1.0"), ("=", "="), ("<<", "<<"),
        ],
    )  # fmt: skip
    def test_plain(self, written: str, value: object) -> None:
        """A plain scalar is a bool, a null, a number in JSON's form, or text."""
        _, tree = source.read("a.yaml", f"k: {written}\n".encode(), Findings())
        assert isinstance(tree, source.Mapping)
        found = tree.entries[0][1]
        assert isinstance(found, source.Scalar)
        assert (type(value), value) == (type(found.value), found.value)


def conditions(pack: Pack, name: str) -> Iterator[Expression]:
    """The tests of the first excuse of a rule's quantifier, in order."""
    rule = next(one for one in pack.rules if one.name == name)
    excuse = rule.excuses[0]
    assert isinstance(excuse, Exists)
    waiting = list(excuse.query.where)
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, Test):
            yield one.expression
        elif isinstance(one, Exists):
            waiting.extend(one.query.where)
        elif isinstance(one, Group):
            waiting.extend(one.conditions)


class TestPack:
    def test_kinds(self, small: Pack) -> None:
        """The kinds are there, and the built-in one that takes an event back."""
        assert RETRACTION in small.kinds
        assert small.kinds["camera.activated"].attributes["camera"].required
        assert "corrects" not in small.kinds["camera.activated"].attributes

    def test_parameter_days(self, small: Pack) -> None:
        """A value is in force from the first instant of its day in the zone of the pack."""
        found = small.parameters["audit_interval"]
        assert PERIOD == found.type
        assert datetime(2023, 12, 31, 16, tzinfo=UTC) == found.entries[0][0]
        assert Period.parse("P6M") == found.entries[1][1]
        assert ((False,), (True,)) == (found.assumed[:1], small.parameters["many"].assumed)

    def test_rules_in_layers(self, small: Pack) -> None:
        """A rule that watches the alerts of another stands a layer above it."""
        assert [("SM-05", 1)] == [(one.name, one.layer) for one in small.rules if one.layer]
        assert ["SM-01", "SM-02", "SM-03", "SM-04/audit", "SM-04/crowd", "SM-05"] == [one.name for one in small.rules]

    def test_keys(self, small: Pack) -> None:
        """A key is an attribute of the event or the name of an each; without one, where finds the fact."""
        start = small.facts["target"].starts[0]
        assert start.each is not None
        assert ["capability", "camera"] == [part.text for part in start.key]
        assert isinstance(start.key[0].node, Select)
        assert Name("camera") == start.key[1].node
        assert () == small.facts["target"].ends[0].key

    def test_fact_type(self, small: Pack) -> None:
        """A fact has what its starts have and what each and with name."""
        attributes = small.facts["target"].type.attributes
        assert {"capability", "kind", "cameras", "limit", "camera"} == set(attributes)
        assert (True, False) == (attributes["camera"].required, attributes["limit"].required)
        assert "fact" == small.facts["target"].type.role

    def test_definitions_are_written_out(self, small: Pack) -> None:
        """A condition called by name is in the pack as its parts, about the names of the caller."""
        texts = [one.text for one in conditions(small, "SM-01")]
        assert ["a.function == c.kind", "a.function == c.kind", "t.capability == c.capability"] == texts[:3]
        nested = list(conditions(small, "SM-01"))[3].node
        roots = {path[0] for node in walk(nested) if isinstance(node, Select) and (path := path_of(node))}
        assert "a" in roots
        assert "scope" not in roots
        assert all(root == "a" or "@" in root for root in roots)

    def test_names_are_bound_once(self, tmp_path: Path) -> None:
        """Two clauses may use one name; in the checked pack each has its own."""
        clauses = [
            "{some: thing as t, where: t.thing == e.thing}",
            "{none: thing as t, where: t.size == e.size}",
        ]
        result = check(tmp_path, RULE % f"unless: [{', '.join(clauses)}]")
        assert () == result.diagnostics
        assert result.pack is not None
        names = [one.query.name for one in result.pack.rules[0].excuses if isinstance(one, Exists)]
        assert 2 == len(set(names))

    def test_facts_in_order(self, tmp_path: Path) -> None:
        """Each fact stands after those it reads, whatever the order of the file."""
        text = """
facts:
  later:
    key: thing
    starts: {on: thing.began as e, if: {some: earlier as x, where: x.thing == e.thing}}
    keep: forever
  earlier:
    key: thing
    starts: {on: thing.began as e, if: {none: later as x, where: x.thing == e.thing, before: true}}
    keep: forever
"""
        result = check(tmp_path, text)
        assert result.pack is not None
        assert ["earlier", "later"] == [name for name in result.pack.facts if name != "thing"]

    def test_several_kinds(self, tmp_path: Path) -> None:
        """An event of several kinds has what any has; what only one has may be missing."""
        result = check(
            tmp_path, (RULE % "if: e.size > 1").replace("thing.began as e", "thing.began or thing.ended as e")
        )
        assert ["unguarded-optional"] == codes(result)
        result = check(
            tmp_path,
            (RULE % "if: e.thing == 'x'").replace("thing.began as e", "thing.began or thing.ended as e"),
        )
        assert [] == codes(result)

    def test_corrects_may_be_read(self, tmp_path: Path) -> None:
        """Every event may correct another, and a rule may ask."""
        assert [] == codes(check(tmp_path, RULE % 'if: has(e.corrects) && e.corrects != ""'))

    def test_guards_reach_over_a_list(self, tmp_path: Path) -> None:
        """One condition of a list may ask for what another reads, in either order."""
        assert [] == codes(check(tmp_path, RULE % 'if: [e.note == "x", has(e.note)]'))

    def test_digest(self, tmp_path: Path) -> None:
        """The digest is of every byte of the pack and of what it uses, and of nothing else."""
        shutil.copytree(GOLDEN / "base", tmp_path / "base")
        found = []
        for base, text in (("", ""), ("", ""), ("# more\n", ""), ("", "# more\n")):
            file = tmp_path / "base" / "pack.yaml"
            file.write_text(base + (GOLDEN / "base" / "pack.yaml").read_text(encoding="utf-8"), encoding="utf-8")
            folder = tmp_path / "it"
            folder.mkdir(exist_ok=True)
            (folder / "pack.yaml").write_text(HEADER + RULE % "" + text, encoding="utf-8")
            result = read_pack(folder, beside(tmp_path))
            assert result.pack is not None
            found.append(result.pack.digest)
        assert found[0] == found[1]
        assert 3 == len(set(found))

    def test_cases(self, small: Pack) -> None:
        """A case beside a rule is about that rule; its instants are read, its events stay as written."""
        case = next(one for one in small.cases if one.name == "half a year")
        assert ("SM-03",) == case.rules
        assert datetime(2026, 9, 1, 1, tzinfo=UTC) == case.alerts[0]["at"]
        assert "2026-03-01T09:00:00+08:00" == case.events[0]["time"]

    def test_types_of_other_rooms(self, small: Pack) -> None:
        """What the reader hands on is plain: no draft of its own is left in a checked pack."""
        for rule in small.rules:
            for one in rule.conditions + rule.excuses:
                if isinstance(one, Test):
                    assert Expression is type(one.expression)
        assert isinstance(small.facts["assessment"].type, RecordType)


class TestRender:
    def test_wide_characters(self) -> None:
        """The caret stands under the character on a terminal, where Chinese takes two columns."""
        found = Diagnostic("syntax", "wrong", Place("a.yaml", 1, 5), 2, "mend it")
        assert ["1 | 中文: 错误", "  |       ^^^^ mend it"] == render(found, ["中文: 错误"]).split("\n")[2:]

    def test_long_lines(self) -> None:
        """Of a long line the part around the caret is shown."""
        found = Diagnostic("syntax", "wrong", Place("a.yaml", 1, 5_001), 3)
        shown = render(found, ["x" * 5_000 + "bad" + "y" * 5_000]).split("\n")
        assert all(len(line) < 300 for line in shown)
        assert "bad" == shown[2][shown[3].index("^") : shown[3].index("^") + 3]

    def test_unknown_lines(self) -> None:
        """Where the file is not known, the hint is still told."""
        found = Diagnostic("no-header", "nothing", Place("a.yaml", 1, 1), 1, "write one", ("a note",))
        assert "a.yaml:1:1: error[no-header]: nothing\n  = write one\n  = a note" == render(found, [])
