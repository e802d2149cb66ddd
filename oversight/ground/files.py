"""The files that a pack is read from."""

from __future__ import annotations

from pathlib import Path

ENDINGS = (".yaml", ".yml")


def files_of(path: Path) -> list[tuple[str, Path]]:
    """The files of a pack in order, each with its name within the folder."""
    files = [file for file in path.rglob("*") if file.suffix in ENDINGS and file.is_file()]
    return sorted((file.relative_to(path).as_posix(), file) for file in files)


def text_of(content: bytes) -> str:
    """
    The text of a file, with ends of lines of one sort.

    Raises:
        UnicodeDecodeError: it is no UTF-8.
    """
    return content.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
