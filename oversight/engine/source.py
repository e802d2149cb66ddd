"""
Functions made from source that is generated from a checked tree.

Of what an author wrote, only names of attributes that are identifiers go into the source; texts, numbers and
everything else are values that names of ours are bound to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from keyword import iskeyword
from types import CodeType
from typing import Any

from oversight.ground.values import EvaluationError, has, select
from oversight.model.forms import ABSENT

_KNOWN: dict[str, Any] = {
    "ABSENT": ABSENT, "EvaluationError": EvaluationError, "TypeError": TypeError, "has": has, "select": select,
    "getattr": getattr, "hash": hash, "isinstance": isinstance, "list": list, "dict": dict, "enumerate": enumerate,
    "iter": iter, "len": len, "next": next, "str": str, "tuple": tuple,
}  # fmt: skip
MADE = "made"


class Source:
    """
    The lines of one function, and the values that the names in it are bound to.

    Args:
        *arguments: names of what the function takes.
    """

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments
        self.lines: list[str] = []
        self.indent = 1
        self.reads: str | None = "reads"
        """The name of the list in which what is read is noted; ``None`` where nobody asks for that."""
        self._names: dict[int, str] = {}
        self._bound: dict[str, Any] = {}
        self._fresh = 0
        self.found: dict[Any, tuple[str, str]] = {}
        """What was looked up where the source now stands: the names of the value and of what was found."""

    def bind(self, value: Any) -> str:
        """The name by which the source speaks of *value*."""
        if value is None or value is True or value is False:
            return str(value)
        known = self._names.get(id(value))
        if known is None:
            known = self._names[id(value)] = f"k{len(self._names)}"
            self._bound[known] = value
        return known

    def add(self, *lines: str) -> None:
        """Add *lines*, at the present indent."""
        self.lines += ["    " * self.indent + line for line in lines]

    @property
    def deep(self) -> bool:
        """Whether blocks are nested so far that Python, which bounds them, would soon refuse the function."""
        return self.indent > 12

    def first(self, line: str) -> None:
        """Put a line before all others."""
        self.lines.insert(0, "    " + line)

    @contextmanager
    def block(self, opening: str) -> Iterator[None]:
        """What is added within stands in a block under *opening*."""
        known = dict(self.found)
        self.add(opening)
        self.indent += 1
        yield
        self.indent -= 1
        self.found = known

    def inside(self, opening: str, *lines: str) -> None:
        """Add a block of *lines*."""
        with self.block(opening):
            self.add(*lines)

    def fresh(self) -> str:
        """A name that nothing has yet."""
        self._fresh += 1
        return f"v{self._fresh}"

    def function(self) -> Callable[..., Any]:
        """The function. What its names are bound to are its free variables, so that its code is the same for others."""
        text = "\n".join([f"    def {MADE}({', '.join(self.arguments)}):", *["    " + line for line in self.lines]])
        scope: dict[str, Any] = {"__builtins__": {}}
        exec(_code(f"def bound({', '.join([*_KNOWN, *self._bound])}):\n{text}\n    return {MADE}\n"), scope)
        made: Callable[..., Any] = scope["bound"](*_KNOWN.values(), *self._bound.values())
        return made


@lru_cache(maxsize=16_384)
def _code(text: str) -> CodeType:
    return compile(text, "<made from rules>", "exec")


def dotted(name: str) -> bool:
    """Whether *name* may stand behind a dot in source."""
    return name.isidentifier() and name.isascii() and not iskeyword(name) and not name.startswith("__")
