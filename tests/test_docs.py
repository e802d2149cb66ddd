"""The documents: every example in them is carried out, in order, in a folder of its own."""

import doctest
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from oversight.cli import main

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    "README.md", "docs/tutorial.md", "docs/language.md", "docs/alerts.md", "docs/site.md", "docs/testing.md",
    "docs/record.md", "docs/tamper-evidence.md",
)  # fmt: skip
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def write(text):
    """A YAML example whose first line is its file's name."""
    head, body = text.split("\n", 1)
    path = Path(head.removeprefix("# "))
    path.parent.mkdir(exist_ok=True)
    assert not path.exists()
    path.write_text(body)


def carry_out(command, expected, capsys):
    """A command on a terminal: its output, or for ``cat`` the file it shows."""
    program, *arguments = shlex.split(command)
    if program == "cat":
        Path(arguments[0]).write_text(expected)
        return
    if program in ("rm", "sed"):
        subprocess.run([program, *arguments], check=True)
        return
    assert "oversight" == program
    main(arguments)
    told = capsys.readouterr()
    compare(expected, told.out + told.err)


def compare(expected, got):
    """Fail with a difference where *got* is not what was *expected*."""
    checker, example = doctest.OutputChecker(), doctest.Example("", expected)
    assert checker.check_output(expected, got, OPTIONS), checker.output_difference(example, got, OPTIONS)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples(document, tmp_path, monkeypatch, capsys):
    """The YAML is a pack, the commands print what is shown, and so do the lines of Python."""
    monkeypatch.chdir(tmp_path)
    os.symlink(ROOT / "examples", "examples")
    names = {}
    for language, text in BLOCK.findall((ROOT / document).read_text()):
        if language == "yaml" and text.startswith("# "):
            write(text)
        elif language == "console":
            for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
                carry_out(command, output, capsys)
        elif language == "python":
            test = doctest.DocTestParser().get_doctest(text, names, document, document, 0)
            told, runner = [], doctest.DocTestRunner(verbose=False, optionflags=OPTIONS)
            assert 0 == runner.run(test, out=told.append, clear_globs=False).failed, "".join(told)
            names = test.globs


def test_architecture_is_that_of_the_folders():
    """The drawing names every room, and every room has its paragraph."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = {path.parent.name for path in (ROOT / "oversight").glob("*/__init__.py")}
    assert rooms == set(re.findall(r"^\*\*(\w+)\*\* ", text, re.MULTILINE))
    drawing = BLOCK.findall(text)[0][1]
    assert all(re.search(rf"│ {room}\b", drawing) for room in rooms)


def test_links_lead_somewhere():
    """Every link to a file of the repository leads to one."""
    for document in (*DOCUMENTS, "ARCHITECTURE.md", "CONTRIBUTING.md"):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / document).read_text()):
            assert (ROOT / document).parent.joinpath(link).exists(), f"{document}: {link}"
