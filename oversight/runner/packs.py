"""Where packs are: those shipped with the library by name, any other by its folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import sep
from pathlib import Path

import oversight.ground
from oversight.ground.errors import PackError, UnknownPack
from oversight.ground.text import nearest, printable
from oversight.model.diagnostics import Diagnostic, Result
from oversight.model.pack import Pack
from oversight.runner.cache import chosen, read_kept


def shelf() -> Path:
    """The folder of the shipped packs: installed inside the package, in a checkout beside it."""
    package = Path(oversight.ground.__file__).parents[1]
    installed = package / "rules"
    return installed if installed.is_dir() else package.parent / "rules"


def shipped() -> tuple[str, ...]:
    """
    The names of the shipped packs.

    >>> "hong-kong" in shipped()
    True
    """
    if not shelf().is_dir():
        return ()
    return tuple(sorted(f.parent.name.replace("_", "-") for f in shelf().glob("*/pack.yaml")))


def find_pack(name: str | Path, beside: Path | None = None) -> Path:
    """
    The folder of a pack.

    Args:
        name: of a shipped pack, with ``-`` or ``_``; or the path of a folder. A name without a separator
            means a shipped pack before it means a folder.
        beside: a pack's folder whose neighbours are looked at first, for what a pack uses.

    Raises:
        UnknownPack: there is neither; says which name is nearest.

    >>> find_pack("hong-kong").name
    'hong_kong'
    """
    text = str(name)
    plain = isinstance(name, str) and sep not in text and "/" not in text and not text.startswith(".")
    if plain and text:
        for folder in ((beside.resolve().parent,) if beside else ()) + (shelf(),):
            found = folder / text.replace("-", "_")
            if found.is_dir():
                return found
    if beside is None and text and Path(name).is_dir():
        return Path(name)
    if text and Path(name).is_file():
        raise UnknownPack(
            f"'{printable(text, 80)}' is a file; a pack is a folder: give '{printable(str(Path(name).parent), 80)}'"
        )
    near = nearest(text.replace("_", "-"), shipped())
    hint = f"did you mean {near!r}?" if near else f"shipped are: {', '.join(shipped())}"
    raise UnknownPack(f"there is no pack or folder '{printable(text, 80)}'; {hint}")


def neighbours(folder: Path) -> Callable[[str], Path]:
    """How the pack in *folder* finds what it ``uses``: beside it, then among the shipped ones, by the real path."""
    return lambda name: find_pack(name, beside=folder).resolve()


def check(name: str | Path, store: Path | None = None, *, cases: bool = True) -> Result:
    """
    Read and check a pack, whatever is wrong with it.

    Args:
        name: of a shipped pack, or the path of a folder.
        store: a folder in which checked packs are kept from one start to the next; ``None`` keeps none.
        cases: whether the cases beside the rules are wanted; what is kept is quicker without.

    Raises:
        UnknownPack: there is no such pack.
    """
    folder = find_pack(name)
    return read_kept(folder, neighbours(folder), store, cases=cases)


def load(name: str | Path, *, site: str | Path | None = None) -> Pack:
    """
    Read and check a pack.

    Where the environment names a folder in ``OVERSIGHT_CACHE``, checked packs are kept there from one start to the
    next; one is taken only while every file it was read from is what it was.

    Args:
        name: of a shipped pack, or the path of a folder.
        site: path of a site file, which sets parameters, severities, dates and exceptions of its own.

    Raises:
        UnknownPack: there is no such pack.
        PackError: the pack does not check, or the site file does not; ``diagnostics`` has every problem, the message
            the first.
        OSError: a file cannot be read.

    >>> load("camera-programme").name
    'camera_programme'
    """
    result = check(name, chosen())
    if result.pack is None:
        raise _refused("pack", name, result.diagnostics)
    if site is None:
        return result.pack
    from oversight.language.site import read_site  # who has none does not wait for it

    adapted = read_site(Path(site), [result.pack])
    if adapted.packs is None:
        raise _refused("site file", site, adapted.diagnostics)
    return adapted.packs[0]


def _refused(what: str, name: str | Path, diagnostics: Sequence[Diagnostic]) -> PackError:
    errors = [d for d in diagnostics if d.severity == "error"]
    first = f"{errors[0].place}: {errors[0].message}" if errors else "it is empty"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return PackError(f"{what} '{printable(str(name), 80)}' does not check: {first}{more}", diagnostics)
