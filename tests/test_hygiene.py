"""What `oversight check` says of rules that can make no difference: told where it is certain, and only there."""

from pathlib import Path

import pytest

from oversight.cli import main
from oversight.language.hygiene import unread
from oversight.language.reader import read_pack
from tests.tiny import HEADER, ONE_RULE

BASE = Path(__file__).parent / "golden" / "check" / "base"


def found(folder, head, declared=""):
    """The codes of what is found in a pack with one rule, and the pack."""
    made = folder / "it"
    made.mkdir(exist_ok=True)
    indented = "\n".join(f"    {line}" for line in head.splitlines())
    (made / "pack.yaml").write_text(HEADER + declared + ONE_RULE % indented)
    result = read_pack(made, lambda name: BASE)
    return [one.code for one in result.diagnostics], result.pack


class TestContradictions:
    @pytest.mark.parametrize(
        "conditions",
        [
            "e.size > 5 && e.size < 3",
            "e.size > 5 && e.size <= 5",
            "5 < e.size && e.size == 5",
            "e.size == 3 && e.size != 3",
            "e.size in [1, 2] && e.size > 2",
            "e.colour in ['red'] && e.colour == 'green'",
            "e.thing == 'a' && e.thing in ['b', 'c']",
            "e.thing in ['a', 'b'] && e.thing != 'a' && e.thing != 'b'",
        ],
    )
    def test_never(self, tmp_path, conditions):
        """Comparisons of one attribute that leave no value are an error, in one expression or in a list."""
        assert ["never-holds"] == found(tmp_path, f'on: thing.began as e\nif: "{conditions}"')[0]
        several = "".join(f'\n  - "{one}"' for one in conditions.split(" && "))
        assert ["never-holds"] == found(tmp_path, f"on: thing.began as e\nif:{several}")[0]

    @pytest.mark.parametrize(
        "conditions",
        [
            "e.size >= 5 && e.size <= 5",
            "e.size > 3 && e.size < 5",
            "e.size != 3 && e.size != 4",
            "e.size in [1, 2] && e.size > 1",
            "e.thing in ['a', 'b'] && e.thing != 'a'",
            "e.thing > 'b' && e.thing < 'a' || e.size > 1",
            "(e.size > 5 || e.size < 3) && e.size != 4",
            "e.size > 5 && size(e.parts) < 3",
        ],
    )
    def test_may(self, tmp_path, conditions):
        """What leaves a value is no finding."""
        assert [] == found(tmp_path, f'on: thing.began as e\nif: "{conditions}"')[0]

    def test_opposites(self, tmp_path):
        """Some and none of the same facts, whatever they are called, never hold together."""
        some, none = "{some: thing as a, where: a.thing == %s}", "{none: thing as b, where: b.thing == %s}"
        head = f"on: thing.began as e\nif:\n  - {some % 'e.thing'}\n  - {none}"
        assert ["never-holds"] == found(tmp_path, head % "e.thing")[0]
        assert [] == found(tmp_path, head % "e.colour")[0]

    def test_denied(self, tmp_path):
        """A condition beside not: of the same never holds."""
        head = "on: thing.began as e\nif:\n  - has(e.note)\n  - not: has(e.%s)"
        assert ["never-holds"] == found(tmp_path, head % "note")[0]
        assert [] == found(tmp_path, head % "due")[0]

    @pytest.mark.parametrize(
        ("limits", "codes"),
        [
            ("at_most: -1", ["never-holds"]),
            ("fewer_than: 0", ["never-holds"]),
            ("at_least: 3, at_most: 2", ["never-holds"]),
            ("more_than: 1, fewer_than: 2", ["never-holds"]),
            ("at_least: 0", ["always-holds"]),
            ("at_least: 3, at_most: 3", []),
            ("more_than: 0", []),
            ("at_most: 0", []),
            ("at_least: e.size", []),
        ],
    )
    def test_counts(self, tmp_path, limits, codes):
        """A count is a whole number that is not less than nothing."""
        head = f"on: thing.began as e\nif: {{count: thing as t, where: t.thing == e.thing, {limits}}}"
        assert codes == found(tmp_path, head)[0]

    def test_sums(self, tmp_path):
        """A sum may be less than nothing."""
        head = "on: thing.began as e\nif: {sum: t.size, of: thing as t, where: t.thing == e.thing, at_most: -1}"
        assert [] == found(tmp_path, head)[0]


class TestExcuses:
    @pytest.mark.parametrize(
        ("held", "excuse", "told"),
        [
            ("e.size > 3", "e.size > 3", True),
            ("e.size > 3 && has(e.note)", "has(e.note)", True),
            ("e.size > 3", "e.size > 3 && has(e.note)", False),
            ("e.size > 3", "e.size > 2", False),
            ("e.parts.exists(p, p == 'a')", "e.parts.exists(q, q == 'a')", True),
            ("e.parts.exists(p, p == 'a')", "e.parts.exists(q, q == 'b')", False),
            ("{some: thing as a, where: a.thing == e.thing}", "{none: thing as a, where: a.thing == e.thing}", False),
            (
                "{some: thing as a, where: a.thing == e.thing}",
                "{some: thing as a, before: true, where: a.thing == e.thing}",
                False,
            ),
            ("e.size == 1", "e.size == 1.0", False),
        ],
    )
    def test_rule(self, tmp_path, held, excuse, told):
        """An excuse that holds wherever the conditions do is told, and nothing that may fail where they hold."""
        quoted = [one if one.startswith("{") else f'"{one}"' for one in (held, excuse)]
        codes = found(tmp_path, f"on: thing.began as e\nif: {quoted[0]}\nunless: {quoted[1]}")[0]
        assert (["excuse-repeats-condition"] if told else []) == codes

    def test_through_a_definition(self, tmp_path):
        """A definition is what it stands for."""
        head = 'on: thing.began as e\nif: "e.size > 3"\nunless: "large(e)"'
        assert ["excuse-repeats-condition"] == found(tmp_path, head, "define: {large(x): x.size > 3}\n")[0]

    def test_entry_of_a_fact(self, tmp_path):
        """An entry whose excuse repeats its condition never acts."""
        facts = "facts:\n  f: {starts: {on: thing.began as e, if: e.size > 3, unless: e.size > 3}, lasts: P1D}\n"
        assert ["excuse-repeats-condition"] == found(tmp_path, "while: f as f", facts)[0]


class TestDeadlines:
    @pytest.mark.parametrize(
        ("fact", "deadline", "told"),
        [
            ("{starts: {on: thing.began}, lasts: P7D}", "for: P8D", True),
            ("{starts: {on: thing.began}, lasts: P7D}", "for: PT169H", False),
            ("{starts: {on: thing.began}, lasts: P7D}", "for: P7D", False),
            ("{starts: {on: thing.began}, lasts: P7D}", "by: f.since + period('P1M')", True),
            ("{starts: {on: thing.began}, lasts: P1M}", "for: P31D", False),
            ("{starts: {on: thing.began}, lasts: span}", "for: P40D", True),
            ("{starts: {on: thing.began}, lasts: span}", "for: P20D", False),
            ("{key: thing, starts: {on: thing.began}, lasts: P7D}", "for: P8D", False),
            ("{key: thing, starts: {on: thing.began}, lasts: P7D, restarts: true}", "for: P8D", True),
            ("{starts: {on: thing.began as e, until: e.time + period('P7D')}}", "for: P8D", True),
            ("{starts: {on: thing.began as e, until: e.when + period('P7D')}}", "for: P8D", False),
            ("{starts: {on: thing.began as e, from: e.when, until: e.time + period('P7D')}}", "for: P8D", False),
        ],
    )
    def test_deadline(self, tmp_path, fact, deadline, told):
        """A deadline after the fact is over is told where neither events nor the calendar can make it come."""
        span = "  span: [{from: 2026-01-01, value: P7D}, {from: 2026-06-01, value: P1M}]\n" if "span" in fact else ""
        declared = f"facts:\n  f: {fact}\n" + (f"parameters:\n{span}" if span else "")
        assert (["deadline-never-comes"] if told else []) == found(tmp_path, f"while: f as f\n{deadline}", declared)[0]


class TestNames:
    FACTS = (
        "facts:\n  a: {starts: {on: thing.began}, lasts: P7D}\n"
        "  b:\n    starts:\n      - {on: thing.began%s}\n    lasts: P7D\n"
    )

    def test_fact_that_a_fact_reads(self, tmp_path):
        """A fact is read where a fact reads it that a rule reads, and not where nothing reads that one."""
        reads = self.FACTS % " as e, if: {some: a as x, where: x.thing == e.thing}"
        assert [] == found(tmp_path, "while: b as f", reads)[0]
        assert ["unused-fact"] * 2 == found(tmp_path, "while: thing as f", reads)[0]
        assert ["unused-fact"] == found(tmp_path, "while: b as f", self.FACTS % "")[0]

    def test_facts_of_a_pack_that_is_used(self, tmp_path):
        """What another pack declares is for others to read."""
        assert [] == found(tmp_path, "on: thing.began as e")[0]

    def test_asked_for(self, tmp_path):
        """Asked for, the kinds are told that none of several packs reads, those of the packs themselves only."""
        pack = found(tmp_path, "while: thing as t")[1]
        assert () == unread([pack])
        base = read_pack(BASE, lambda name: BASE).pack
        assert ["unused-fact"] == [one.code for one in unread([base])]
        assert () == unread([base, pack])

    def test_command(self, tmp_path, monkeypatch, capsys):
        """The option tells it of the packs that are given, together, and changes no exit status."""
        monkeypatch.chdir(BASE.parent)
        assert 0 == main(["check", "unused-kind", "--unused"])
        told = capsys.readouterr()
        assert "warning[unused-kind]: no rule and no fact reads the kind 'thing.painted'" in told.out
        assert told.err.endswith("together: 1 warning\n")
        assert 0 == main(["check", "unused-kind", "base"])
        assert "" == capsys.readouterr().out


class TestInstruments:
    def test_list(self, tmp_path):
        """A pack that lists its instruments is held to the list; one that does not is not."""
        assert [] == found(tmp_path, "on: thing.began as e")[0]
        assert [] == found(tmp_path, "on: thing.began as e", "instruments: [Act, Charter]\n")[0]
        assert ["unknown-instrument"] == found(tmp_path, "on: thing.began as e", "instruments: [Act]\n")[0]

    def test_shape(self, tmp_path):
        """The list is a list of names."""
        assert ["wrong-shape"] == found(tmp_path, "on: thing.began as e", "instruments: {Act: 1}\n")[0]
        assert "wrong-shape" in found(tmp_path, "on: thing.began as e", "instruments: [{Act: 1}]\n")[0]


class TestAllowances:
    HEAD = "while: thing as t\nunless: {some: thing as o, where: o.size > t.size}"

    @pytest.mark.parametrize(
        ("head", "codes"),
        [
            (HEAD, ["compares-all"]),
            (HEAD + "  # allow compares-all: there are few", []),
            (HEAD.replace("unless", "# allow compares-all: there are few\n# and they are small\nunless"), []),
            (HEAD + "  # allow compares-all:", ["compares-all"]),
            (HEAD + "  # allow always-holds: there are few", ["compares-all", "unneeded-allowance"]),
            ("# allow compares-all: too far\n" + HEAD, ["unneeded-allowance", "compares-all"]),
        ],
    )
    def test_allowed(self, tmp_path, head, codes):
        """A warning is allowed at its line, behind it or in the comment above, with a reason that is needed."""
        assert codes == found(tmp_path, head)[0]

    def test_errors_are_not(self, tmp_path):
        """An error cannot be allowed."""
        codes, pack = found(tmp_path, "on: thing.began as e\nif: e.sise > 3  # allow unknown-attribute: I know")
        assert (["unknown-attribute"], None) == (codes, pack)
