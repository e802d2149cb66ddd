"""Packs as they were: a folder at a revision of the git repository it lies in."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from attrs import evolve, field, frozen

from oversight.ground.errors import UnknownPack
from oversight.ground.files import ENDINGS
from oversight.ground.text import printable
from oversight.language.reader import read_pack
from oversight.model.diagnostics import Diagnostic, Result
from oversight.runner.packs import check, find_pack

_FILE, _LINK = ("100644", "100755"), "120000"


def check_as_of(name: str, other: str = "") -> Result:
    """
    Read and check a pack, as it is or as it was.

    Args:
        name: of a shipped pack, or the path of a folder; with ``@REVISION`` after it, its folder as of that
            revision, with the packs it uses as they lay beside it then.
        other: what ``@REVISION`` alone is the revision of.

    Raises:
        UnknownPack: there is no such pack, repository or revision, or git is not installed.
        OSError: a file cannot be read.
    """
    before, mark, revision = name.rpartition("@")
    if not mark or Path(name).is_dir():
        return check(name)
    whole = before or other.rpartition("@")[0] or other
    if not whole or not revision:
        raise UnknownPack(f"'{printable(name, 80)}': write FOLDER@REVISION, as rules/my_pack@v1.2")
    return _Revision.of(_folder(whole), revision).read(f"{whole}@{revision}")


def _folder(name: str) -> Path:
    """Where a pack lies, or lay: a folder that is no more is looked for in the history."""
    try:
        return find_pack(name).resolve()
    except UnknownPack:
        if "/" not in name and os.sep not in name:
            raise
        return Path(name).resolve()


@frozen
class _Revision:
    """
    A folder of a repository at one of its revisions.

    Args:
        root: the folder of the repository.
        commit: the whole name of the commit.
        path: of the pack's folder, from the root.
        revision: as it was given.
    """

    root: Path
    commit: str
    path: PurePosixPath
    revision: str
    _written: dict[PurePosixPath, Path] = field(factory=dict)

    @classmethod
    def of(cls, folder: Path, revision: str) -> _Revision:
        near = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
        shown = printable(str(folder), 200)
        root = _git(near, "rev-parse", "--show-toplevel")
        if root is None:
            raise UnknownPack(f"'{shown}' is in no git repository, so it has no revision '{printable(revision, 80)}'")
        top = Path(os.fsdecode(root).rstrip("\n")).resolve()
        commit = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if commit is None:
            raise UnknownPack(
                f"there is no revision '{printable(revision, 80)}' in the repository '{printable(str(top), 200)}'; "
                "git tag and git log name those there are, git fetch --tags brings those of others"
            )
        return cls(top, commit.decode().strip(), PurePosixPath(folder.relative_to(top).as_posix()), revision)

    def read(self, name: str) -> Result:
        """Check the pack, with *name* for its folder in what is told."""
        with TemporaryDirectory(prefix="oversight-") as temporary:
            folder = Path(temporary).resolve()
            if not self._write(self.path, folder):
                raise UnknownPack(
                    f"there is no pack in '{self.path}' at the revision '{printable(self.revision, 80)}': "
                    "the folder is not there, or holds no YAML"
                )
            result = read_pack(folder / self.path, lambda used: self._used(used, folder))
            return _renamed(result, f"{folder / self.path.parent}{os.sep}", name)

    def _used(self, name: str, folder: Path) -> Path:
        """The folder of a pack that is used: beside the pack at the revision, else a shipped one."""
        beside = self.path.parent / name.replace("-", "_")
        plain = "/" not in name and name not in ("", ".", "..")
        if plain and self._write(beside, folder):
            return folder / beside
        return find_pack(name, beside=folder / self.path)

    def _write(self, path: PurePosixPath, folder: Path) -> bool:
        """Write the YAML below *path* to *folder*; false where there is none."""
        listed = _git(self.root, "ls-tree", "-r", "-z", "--full-tree", self.commit, "--", f"{path}/")
        found = False
        for entry in (listed or b"").split(b"\0"):
            about, _, raw = entry.partition(b"\t")
            file = os.fsdecode(raw)
            if not file.endswith(ENDINGS):
                continue
            mode, _, blob = about.decode().split()
            if mode == _LINK:
                raise UnknownPack(f"'{printable(file, 200)}' is a link at that revision; a pack holds files")
            content = _git(self.root, "cat-file", "blob", blob) if mode in _FILE else None
            if content is None:
                raise UnknownPack(f"'{printable(file, 200)}' cannot be read at that revision; git fetch may bring it")
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(content)
            found = True
        return found


def _renamed(result: Result, folder: str, name: str) -> Result:
    """*result* with paths as an author knows them, not those of the temporary *folder*."""
    pack = PurePosixPath(name.rpartition("@")[0])
    suffix = name[len(str(pack)) :]

    def known(file: str) -> str:
        if not file.startswith(folder):
            return file
        first, _, rest = file.removeprefix(folder).partition("/")
        return (pack.parent / f"{first}{suffix}" / rest).as_posix()

    def place(found: Diagnostic) -> Diagnostic:
        notes = tuple(note.replace(folder, "") for note in found.notes)
        return evolve(found, place=evolve(found.place, file=known(found.place.file)), notes=notes)

    sources = {known(file): lines for file, lines in result.sources.items()}
    return evolve(result, diagnostics=tuple(place(one) for one in result.diagnostics), sources=sources)


def _git(folder: Path, *arguments: str) -> bytes | None:
    """
    What git says, or ``None`` where it refuses.

    Raises:
        UnknownPack: git is not installed.
    """
    # A hook has these set for the repository it belongs to, which need not be that of the folder.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, check=False, env=environment
        )  # fmt: skip
    except FileNotFoundError:
        raise UnknownPack(
            "reading a pack at a revision needs git, which is not installed: apt-get install git"
        ) from None
    return done.stdout if done.returncode == 0 else None
