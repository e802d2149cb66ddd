"""The files of a pack and of the packs it uses: found, read, and taken apart into their sections."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import define, field

from oversight.ground.files import files_of
from oversight.ground.time import zone_named
from oversight.language import shape, source
from oversight.language.findings import Findings
from oversight.language.source import Mapping, Node, Scalar, Source
from oversight.model.places import Place

NAMED = ("types", "kinds", "parameters", "facts", "define")
LISTED = ("instruments", "rules", "cases")
SECTIONS = ("pack", *NAMED, *LISTED)
LANGUAGE = 1
HEADER = ("name", "version", "language", "timezone", "uses", "description")


@define
class Header:
    """What ``pack:`` says."""

    name: str = ""
    version: str = ""
    language: int = LANGUAGE
    zone: ZoneInfo = field(factory=lambda: ZoneInfo("UTC"))
    description: str = ""
    uses: tuple[Scalar, ...] = ()


@define
class Folder:
    """One pack's files, read but not understood."""

    path: Path
    header: Header = field(factory=Header)
    sources: dict[str, Source] = field(factory=dict)
    sections: list[tuple[Scalar, Node]] = field(factory=list)
    uses: list[Folder] = field(factory=list)
    digest: str = ""
    unread: bool = False

    def named(self, section: str) -> Iterator[tuple[Scalar, Node]]:
        """The entries of a section of names, from all files."""
        for key, node in self.sections:
            if key.text == section and isinstance(node, Mapping):
                yield from node.entries

    def listed(self, section: str) -> Iterator[Node]:
        """The items of a section that is a list, from all files."""
        for key, node in self.sections:
            if key.text == section:
                yield from shape.items(node)


def collect(path: Path, find: Callable[[str], Path], findings: Findings) -> list[Folder]:
    """
    Read a pack and those it uses, each once.

    Args:
        path: the pack's folder.
        find: gives the folder of a pack by name, or raises ``LookupError``.
        findings: takes what is wrong.

    Returns:
        The packs, each after those it uses; the pack itself is the last.
    """
    known: dict[Path, Folder] = {}
    finished: list[Folder] = []
    main = known[path.resolve()] = _folder(path, findings)
    stack = [(main, iter(main.header.uses))]
    while stack:
        folder, rest = stack[-1]
        wanted = next(rest, None)
        if wanted is None:
            stack.pop()
            _digest(folder)
            finished.append(folder)
            continue
        other = _used(wanted, find, findings)
        if other is None:
            continue
        if other.resolve() in known:
            found = known[other.resolve()]
            if found not in finished:
                findings.wrong("uses-cycle", f"the pack {wanted.text!r} uses this one in turn", wanted)
                continue
        else:
            found = known[other.resolve()] = _folder(other, findings)
            stack.append((found, iter(found.header.uses)))
        folder.uses.append(found)
    return finished


def _used(wanted: Scalar, find: Callable[[str], Path], findings: Findings) -> Path | None:
    try:
        return find(wanted.text)
    except LookupError as error:
        reason = str(error.args[0]) if error.args else f"there is no pack {wanted.text!r}"
        findings.wrong("unknown-pack", reason, wanted)
        return None


def _folder(path: Path, findings: Findings) -> Folder:
    folder = Folder(path)
    headers: list[Scalar] = []
    hashed = hashlib.sha256()
    for relative, file in files_of(path):
        content = file.read_bytes()
        hashed.update(f"{relative}\0{len(content)}\0".encode())
        hashed.update(content)
        before = len(findings.found)
        read, tree = source.read((path / relative).as_posix(), content, findings)
        folder.unread = folder.unread or (tree is None and len(findings.found) > before)
        folder.sources[read.name] = read
        headers += _sections(tree, folder, findings)
    folder.digest = hashed.hexdigest()
    if not headers:
        place = Place((path / "pack.yaml").as_posix(), 1, 1)
        if not folder.unread:
            hint = "one file says pack: {name: …, version: …, language: 1}"
            findings.error("no-header", "no file of this folder says which pack it is", place, hint=hint)
    for again in headers[1:]:
        note = (f"the first is at {headers[0].place}",)
        findings.wrong("duplicate-name", "a second file says which pack this is", again, "keep one header", note)
    return folder


def _sections(tree: Node | None, folder: Folder, findings: Findings) -> list[Scalar]:
    """Take the sections of one file apart; returns the keys of its header."""
    if tree is None:
        return []
    body = shape.table(tree, "a file of a pack", findings, SECTIONS)
    headers = []
    for name, (key, node) in ({} if body is None else body.entries).items():
        if name == "pack":
            headers.append(key)
            folder.header = header(node, findings)
        elif name in NAMED and not isinstance(node, Mapping):
            findings.wrong("wrong-shape", f"{name}: is a mapping of names", node)
        elif name in LISTED and not isinstance(node, source.Sequence):
            findings.wrong("wrong-shape", f"{name}: is a list", node)
        else:
            folder.sections.append((key, node))
    return headers


def header(node: Node, findings: Findings) -> Header:
    """Read ``pack:``."""
    made = Header()
    body = shape.table(node, "the header of a pack", findings, HEADER, ("name", "version", "language"))
    if body is None:
        return made
    name = shape.scalar(body.get("name"), "name", findings)
    if name is not None and shape.is_name(name, "a pack", findings):
        made.name = name.text
    made.version = shape.string(body.get("version"), "version", findings)
    made.description = shape.string(body.get("description"), "description", findings)
    language = shape.scalar(body.get("language"), "language", findings)
    if language is not None and language.text == str(LANGUAGE) and language.value != LANGUAGE:
        hint = "leave out the quotation marks"
        findings.wrong("unknown-language", f"{language.text!r} is a text, and a language is a number", language, hint)
    elif language is not None and language.value != LANGUAGE:
        hint = f"this version reads language {LANGUAGE}"
        findings.wrong("unknown-language", f"there is no language {language.text!r}", language, hint)
    zone = shape.scalar(body.get("timezone"), "timezone", findings)
    if zone is not None:
        try:
            made.zone = zone_named(zone.text)
        except ValueError as error:
            findings.wrong("unknown-zone", str(error), zone, "write it as Asia/Hong_Kong")
    made.uses = shape.strings(body.get("uses"), "uses", findings)
    return made


def _digest(folder: Folder) -> None:
    """The text of a pack is its own files and the packs it uses."""
    used = sorted(used.digest for used in folder.uses)
    folder.digest = hashlib.sha256("\n".join([folder.digest, *used]).encode()).hexdigest()
