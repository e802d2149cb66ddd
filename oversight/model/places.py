"""Where something is written."""

from __future__ import annotations

from attrs import frozen


@frozen(slots=False)
class Place:
    """Where something is written: a file, and a line and column counted from one."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
