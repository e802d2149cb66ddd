"""
The door through which pytest finds the cases of packs: options only, until they are asked for.

It stands outside the package, so that a run of pytest that does not ask for cases imports nothing of it.
"""

from __future__ import annotations

from typing import Any


def pytest_addoption(parser: Any) -> None:
    """Add ``--oversight``, and the setting of the same name."""
    text = "collect the cases of packs (folders with a pack.yaml) in the folders and files given"
    parser.getgroup("oversight").addoption("--oversight", action="store_true", default=False, help=text)
    parser.addini("oversight", f"{text}: true or false", type="bool", default=False)


def pytest_configure(config: Any) -> None:
    """Bring in what collects, where it is asked for."""
    if config.getoption("oversight") or config.getini("oversight"):
        config.pluginmanager.import_plugin("oversight.pytest_plugin")
