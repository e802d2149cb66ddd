"""Packs as the commands take them: by name or folder, refused with everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from oversight.cli.arguments import Usage
from oversight.cli.terminal import say, shown
from oversight.ground.errors import UnknownPack
from oversight.ground.text import printable
from oversight.model.diagnostics import Diagnostic, Result
from oversight.model.pack import Pack
from oversight.runner import packs
from oversight.runner.cache import usual

if TYPE_CHECKING:
    from oversight.language.site import Adapted


def read(name: str, *, cases: bool = True) -> Result:
    """
    Read and check the pack called *name*, or take it as it was checked before.

    Args:
        name: of a shipped pack, or the path of a folder.
        cases: whether its cases are wanted.

    Raises:
        Usage: there is none, or a file of it cannot be read.
    """
    try:
        return packs.check(name, usual(), cases=cases)
    except UnknownPack as error:
        raise Usage(str(error)) from None
    except OSError as error:
        raise Usage(f"{printable(str(error.filename))}: {(error.strerror or 'cannot be read').lower()}") from None


def load(name: str) -> Pack:
    """
    The checked pack called *name*, as it is shipped.

    Raises:
        Usage: there is none, or it does not check; what is wrong was said.
    """
    return load_with_sources(name)[0]


def load_with_sources(name: str, *, cases: bool = True) -> tuple[Pack, Mapping[str, list[str]]]:
    """
    The checked pack called *name*, and the lines of its files.

    Raises:
        Usage: as :func:`load`.
    """
    result = read(name, cases=cases)
    return sound(result, name), result.sources


def load_together(names: Iterable[str]) -> list[tuple[Pack, Mapping[str, list[str]]]]:
    """
    As :func:`load_with_sources`, each pack once, and a file has one name in all of them.

    What one pack has of another that it uses stands at the same places there, however the folder of either was given.
    """
    folders: dict[Path, str] = {}
    for name in names:
        folders.setdefault(_folder(name).resolve(), name)
    read_in = ((name, read(str(folder))) for folder, name in folders.items())
    return [(sound(result, name), result.sources) for name, result in read_in]


def _folder(name: str) -> Path:
    try:
        return packs.find_pack(name)
    except UnknownPack as error:
        raise Usage(str(error)) from None


def sound(result: Result, name: str) -> Pack:
    """
    The pack that was read under *name*.

    Raises:
        Usage: it does not check; what is wrong was said.
    """
    if result.pack is None:
        errors = [found for found in result.diagnostics if found.severity == "error"]
        say(rendered(errors, result.sources) + "\n")
        raise Usage(f"the pack '{printable(name, 80)}' does not check")
    return result.pack


def read_adapted(site: str, packs: Sequence[Pack]) -> Adapted:
    """
    Read the site file *site* and set what it says in *packs*.

    Raises:
        Usage: it cannot be read.
    """
    from oversight.language.site import read_site  # who has none does not wait for it

    try:
        return read_site(Path(site), packs)
    except OSError as error:
        raise Usage(f"--site {printable(site)}: {(error.strerror or 'cannot be read').lower()}") from None


def adapt(packs: Sequence[Pack], site: str | None) -> list[Pack]:
    """
    *packs* as the site file *site* has them, or as they are without one.

    Raises:
        Usage: it cannot be read or does not check; what is wrong was said.
    """
    return list(packs) if site is None else list(sound_site(site, packs).packs or ())


def sound_site(site: str, packs: Sequence[Pack]) -> Adapted:
    """
    What the site file *site* says, where it checks.

    Raises:
        Usage: as :func:`adapt`.
    """
    adapted = read_adapted(site, packs)
    if adapted.packs is None:
        errors = [found for found in adapted.diagnostics if found.severity == "error"]
        say(rendered(errors, adapted.sources) + "\n")
        raise Usage(f"the site file '{printable(site, 80)}' does not check")
    return adapted


def load_all(names: str, site: str | None = None) -> list[Pack]:
    """
    The packs in *names*, separated by commas, as the site file *site* has them.

    Raises:
        Usage: as :func:`load` and :func:`adapt`, and where a name is empty or given twice.
    """
    listed = [name.strip() for name in names.split(",")]
    if not all(listed):
        raise Usage("--rules takes names of packs, separated by commas")
    found = [load_with_sources(name, cases=False)[0] for name in listed]
    if len({pack.digest for pack in found}) < len(found):
        raise Usage("--rules names a pack twice")
    return adapt(found, site)


def rendered(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Sequence[str]]) -> str:
    """*diagnostics* as text, with the paths as seen from here and the lines of *sources*."""
    from oversight.language.render import render_all  # where all checks nobody waits for it

    near = [evolve(found, place=evolve(found.place, file=shown(found.place.file))) for found in diagnostics]
    return render_all(near, {shown(name): lines for name, lines in sources.items()})
