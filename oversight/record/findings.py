"""What an audit of a record finds."""

from __future__ import annotations

from attrs import frozen


@frozen
class Finding:
    """
    Something that does not hold.

    Args:
        position: of the entry; ``None`` where it is about no single one.
        what: in words.
    """

    position: int | None
    what: str

    def __str__(self) -> str:
        return self.what if self.position is None else f"position {self.position}: {self.what}"
