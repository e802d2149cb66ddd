"""Packs as the commands take them: by name or folder, refused with everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from oversight.cli.arguments import Usage
from oversight.cli.terminal import say, shown
from oversight.ground.errors import UnknownPack
from oversight.ground.text import printable
from oversight.language.reader import Result
from oversight.language.render import render_all
from oversight.model.diagnostics import Diagnostic
from oversight.model.pack import Pack
from oversight.runner import packs


def read(name: str) -> Result:
    """
    Read and check the pack called *name*.

    Raises:
        Usage: there is none, or a file of it cannot be read.
    """
    try:
        return packs.check(name)
    except UnknownPack as error:
        raise Usage(str(error)) from None
    except OSError as error:
        raise Usage(f"{printable(str(error.filename))}: {(error.strerror or 'cannot be read').lower()}") from None


def load(name: str) -> Pack:
    """
    The checked pack called *name*.

    Raises:
        Usage: there is none, or it does not check; what is wrong was said.
    """
    return load_with_sources(name)[0]


def load_with_sources(name: str) -> tuple[Pack, Mapping[str, list[str]]]:
    """
    The checked pack called *name*, and the lines of its files.

    Raises:
        Usage: as :func:`load`.
    """
    result = read(name)
    if result.pack is None:
        errors = [found for found in result.diagnostics if found.severity == "error"]
        say(rendered(errors, result) + "\n")
        raise Usage(f"the pack '{printable(name, 80)}' does not check")
    return result.pack, result.sources


def load_all(names: str) -> list[Pack]:
    """
    The packs in *names*, separated by commas.

    Raises:
        Usage: as :func:`load`, and where a name is empty or given twice.
    """
    listed = [name.strip() for name in names.split(",")]
    if not all(listed):
        raise Usage("--rules takes names of packs, separated by commas")
    found = [load(name) for name in listed]
    if len({pack.digest for pack in found}) < len(found):
        raise Usage("--rules names a pack twice")
    return found


def rendered(diagnostics: list[Diagnostic], result: Result) -> str:
    """*diagnostics* of *result* as text, with the paths as seen from here."""
    near = [evolve(found, place=evolve(found.place, file=shown(found.place.file))) for found in diagnostics]
    return render_all(near, {shown(name): lines for name, lines in result.sources.items()})
