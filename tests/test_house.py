"""The house itself: what is installed, how large its rooms are, and what an import does."""

import ast
import configparser
import os
import runpy
import subprocess
import sys
import zipfile
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "oversight").rglob("*.py"))
PACKS = ("camera_programme", "hong_kong")
WATCH = """
import logging, sys, threading
opened = []
def hook(name, arguments):
    if name == "open" and isinstance(arguments[0], str) and not arguments[0].endswith((".py", ".pyc", ".so")):
        opened.append(arguments[0])
import attrs, msgspec, structlog
handlers, configured = list(logging.root.handlers), structlog.is_configured()
sys.addaudithook(hook)
import oversight
assert [threading.main_thread()] == threading.enumerate(), threading.enumerate()
assert handlers == logging.root.handlers and configured == structlog.is_configured()
assert [] == opened, opened
"""


def run(code, path, folder):
    """Run *code* in a Python of its own that finds the library at *path*."""
    environment = {**os.environ, "PYTHONPATH": str(path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


def test_every_package_is_installed():
    """The list of packages in ``setup.cfg`` is the list of folders."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    listed = set(setup["options"]["packages"].split())
    folders = {".".join(m.parent.relative_to(ROOT).parts) for m in MODULES if m.name == "__init__.py"}
    assert folders | {"oversight.rules"} == listed


@pytest.mark.skipif(
    tuple(map(int, version("setuptools").split(".")[:2])) < (70, 1),
    reason="older setuptools make no wheel alone",
)
def test_wheel_carries_the_packs(tmp_path):
    """A wheel holds every file of the shipped packs, and loads them without the checkout."""
    source, built, site = tmp_path / "source", tmp_path / "built", tmp_path / "site"
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "oversight", "pytest_oversight.py", "rules"):
        subprocess.run(["cp", "-r", ROOT / name, source], check=True)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            built,
            source,
        ],
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    expected = {p.relative_to(ROOT / "rules") for p in (ROOT / "rules").rglob("*.yaml")}
    assert expected == {p.relative_to(site / "oversight" / "rules") for p in site.rglob("*.yaml")}
    assert (site / "pytest_oversight.py").is_file()
    code = "import oversight; print(oversight.load('hong-kong').name, oversight.__file__)"
    assert f"hong_kong {site / 'oversight' / '__init__.py'}\n" == run(code, site, tmp_path)


def test_only_the_known_pip_is_fetched(monkeypatch):
    """Where the index has another content under the name of pip's wheel, nothing of it is run."""
    script = runpy.run_path(str(ROOT / ".ci" / "pip.py"))
    pages = {"https://index/pip/": f'<a href="../{script["WHEEL"]}#sha256=0">'.encode()}
    asked = []

    def urlopen(url, timeout):
        asked.append(url)
        return BytesIO(pages.get(url, b"another content"))

    monkeypatch.setenv("PIP_INDEX_URL", "https://index/")
    monkeypatch.setitem(script["fetched"].__globals__, "urlopen", urlopen)
    with pytest.raises(SystemExit, match="is not the one that was published"):
        script["main"]()
    assert ["https://index/pip/", f"https://index/{script['WHEEL']}"] == asked


def test_import_does_nothing_else(tmp_path):
    """Importing the library starts no thread, opens no file and configures no logger."""
    run(WATCH, ROOT, tmp_path)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_rooms_are_readable_in_a_sitting(module):
    """No module is above 450 lines and no function above 50."""
    text = module.read_text()
    assert len(text.splitlines()) <= 450
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [] == [n.name for n in functions if n.end_lineno - n.lineno + 1 > 50]


@pytest.mark.parametrize("pack", PACKS)
def test_packs_are_plain_text(pack):
    """The files of shipped packs use no anchors, aliases or tags, and no characters that hide."""
    for path in (ROOT / "rules" / pack).rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert all(c == "\n" or c.isprintable() for c in text)
