"""Choices that Hypothesis draws all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st


class Dice:
    """
    Choices read from random bytes, of which zero is always the simplest; after the last byte all are.

    Hypothesis varies what it draws piece by piece, five times for each new example. Bytes are drawn at once,
    so that every example is new, and are still made simpler one by one when an example fails.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.read = 0

    def __repr__(self) -> str:
        return f"Dice({self.data.rstrip(bytes(1))!r})"

    def below(self, number: int) -> int:
        """A whole number from zero to below *number*."""
        size = 1 if number <= 256 else 2
        read = self.data[self.read : self.read + size]
        self.read += size
        return int.from_bytes(read) * number // 256**size if len(read) == size else 0

    def one_in(self, number: int) -> bool:
        """True once in *number* times."""
        return self.below(number) == number - 1

    def one_of(self, *choices: Any) -> Any:
        """One of *choices*; what stands there twice comes twice as often."""
        return choices[self.below(len(choices))]

    def some_of(self, choices: Sequence[Any], most: int) -> list[Any]:
        """None to *most* of *choices*."""
        picked = [self.one_of(*choices) for _ in range(self.below(most + 1))]
        return list(dict.fromkeys(picked))

    def part(self, size: int) -> Dice:
        """Dice with bytes of their own, so that what is made of them does not move what is made of others."""
        self.read += size
        return Dice(self.data[self.read - size : self.read])


def thrown(size: int) -> st.SearchStrategy[Dice]:
    """Dice for about *size* choices."""
    return st.binary(min_size=size, max_size=size).map(Dice)
