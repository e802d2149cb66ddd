"""
Checked packs kept from one start to the next.

An entry is found by the content of every file of the pack, of the library and by the version of Python, and counts only
while each pack that it uses is found at the same place with the same content: there is no stale entry. Whatever is
wrong with the folder or an entry, the pack is read from its files.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from attrs import evolve

import oversight.ground
from oversight.ground.files import files_of, text_of
from oversight.model.diagnostics import Result

VARIABLE = "OVERSIGHT_CACHE"
_MOST = 32
_PLAIN = {("builtins", "frozenset"), *[("datetime", name) for name in ("datetime", "date", "timedelta", "timezone")]}

Find = Callable[[str], Path]


def chosen() -> Path | None:
    """The folder that the environment names for entries; ``None`` where it names none."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def usual() -> Path | None:
    """The folder for a command: that of the environment, where an empty name means none; else the user's."""
    if VARIABLE in os.environ:
        return chosen()
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "oversight" if os.path.isabs(home) else None


def read_kept(folder: Path, find: Find, store: Path | None, *, cases: bool = True) -> Result:
    """
    Read and check a pack, or take it as it was checked before.

    Args:
        folder: where its files are.
        find: gives the folder of a pack that it uses by name, or raises ``LookupError``.
        store: the folder of the entries; ``None`` keeps none.
        cases: whether the cases beside the rules are wanted.

    Raises:
        OSError: a file of the pack cannot be opened.
    """
    if store is None or not _is_ours(store):
        return _read(folder, find)
    entry = store / f"{_digest(_library(), *_content(folder))}.pack"
    kept = _kept(entry, find, cases)
    if kept is not None:
        return kept
    used: dict[str, Path] = {}

    def noted(name: str) -> Path:
        used[name] = find(name)
        return used[name]

    result = _read(folder, noted)
    if result.pack is not None:
        _keep(entry, result, used)
    return result


def _read(folder: Path, find: Find) -> Result:
    from oversight.language.reader import read_pack  # who takes what is kept does not wait for it

    return read_pack(folder, find)


class _Lines(Mapping[str, list[str]]):
    """The lines of files, read when asked for."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = dict.fromkeys(names)

    def __getitem__(self, name: str) -> list[str]:
        if name not in self._names:
            raise KeyError(name)
        return text_of(Path(name).read_bytes()).split("\n")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _content(folder: Path) -> Iterator[bytes]:
    """Everything by which a folder is told from every other: where it is, and the files that a pack is read from."""
    yield os.fsencode(folder)
    for relative, file in files_of(folder):
        yield relative.encode()
        yield file.read_bytes()


def _digest(*parts: bytes) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(f"{len(part)}:".encode() + part)
    return hashed.hexdigest()


@cache
def _library() -> bytes:
    """The content of the library and the version of Python."""
    package = Path(oversight.ground.__file__).parents[1]
    files = sorted(package.rglob("*.py"))
    return _digest(sys.version.encode(), *[file.read_bytes() for file in files]).encode()


def _is_ours(store: Path) -> bool:
    """Whether the folder can be had, and nobody else can write there."""
    try:
        store.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = store.stat()
    except OSError:
        return False
    own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return own and not found.st_mode & 0o022


def _kept(entry: Path, find: Find, cases: bool) -> Result | None:
    try:
        whole = entry.read_bytes()
        mark, lengths, content = whole[:64], whole[64:72], whole[72:]
        if _digest(content).encode() != mark:
            return None
        first = int.from_bytes(lengths, "big")
        used, pack, diagnostics, names = _Unpickler(BytesIO(content[:first])).load()
        for name, (path, digest) in used.items():
            if str(find(name)) != path or _digest(*_content(Path(path))) != digest:
                return None
        os.utime(entry)  # the entries that nobody took for longest go first
        if cases:
            pack = evolve(pack, cases=_Unpickler(BytesIO(content[first:])).load())
    except (OSError, LookupError, ValueError, TypeError, AttributeError, ImportError, EOFError, pickle.PickleError):
        return None
    return Result(pack, diagnostics, _Lines(names))


def _keep(entry: Path, result: Result, used: Mapping[str, Path]) -> None:
    from tempfile import NamedTemporaryFile  # who takes what is kept does not wait for it

    assert result.pack is not None
    content = {name: (str(path), _digest(*_content(path))) for name, path in used.items()}
    first = _pickled((content, evolve(result.pack, cases=()), result.diagnostics, list(result.sources)))
    whole = first + _pickled(result.pack.cases)
    with suppress(OSError):
        with NamedTemporaryFile(dir=entry.parent, suffix=".part", delete=False) as written:
            written.write(_digest(whole).encode() + len(first).to_bytes(8, "big") + whole)
        os.replace(written.name, entry)
        for old in sorted(entry.parent.glob("*.pack"), key=lambda path: path.stat().st_mtime)[:-_MOST]:
            old.unlink(missing_ok=True)


def _pickled(value: object) -> bytes:
    written = BytesIO()
    _Pickler(written, protocol=5).dump(value)
    return written.getvalue()


class _Pickler(pickle.Pickler):
    """Names the zones, each of which is one object."""

    def persistent_id(self, obj: Any) -> str | None:
        """The name of a zone."""
        return obj.key if isinstance(obj, ZoneInfo) else None


class _Unpickler(pickle.Unpickler):
    """Makes plain data and what is in the model, and nothing else."""

    def persistent_load(self, pid: Any) -> ZoneInfo:
        """The zone of this name."""
        return ZoneInfo(pid)

    def find_class(self, module: str, name: str) -> Any:
        """What an entry may name."""
        if (module, name) in _PLAIN or module.startswith(("oversight.model.", "oversight.ground.")):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is nothing that a pack is made of")
