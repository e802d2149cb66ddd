"""The shape of YAML values: mappings with known keys, lists, names and texts, each refused at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import define, frozen

from oversight.ground.text import nearest
from oversight.language.findings import Findings
from oversight.language.misplaced import advice
from oversight.language.parser import RESERVED
from oversight.language.source import Mapping, Node, Scalar, Sequence
from oversight.model.places import Place

NAME = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]{0,79}", re.ASCII)
_ALIAS = re.compile(r"(?s)(?P<what>.*\S)\s+as\s+(?P<name>\S+)\s*")


@frozen
class Text:
    """A stretch of a scalar's text that knows where each of its characters is written."""

    scalar: Scalar
    offset: int
    text: str

    @classmethod
    def of(cls, scalar: Scalar) -> Text:
        """All of a scalar, without the white space around it."""
        stripped = scalar.text.strip()
        return cls(scalar, scalar.text.find(stripped), stripped)

    @property
    def place(self) -> Place:
        """Where it begins."""
        return self.at((0, len(self.text)))[0]

    @property
    def width(self) -> int:
        """How many characters of its first line it takes."""
        return self.at((0, len(self.text)))[1]

    def at(self, span: tuple[int, int]) -> tuple[Place, int]:
        """The place and width of a part of it, given as offsets into ``text``."""
        start, end = (self.offset + bound for bound in span)
        return self.scalar.source.place(self.scalar.index(start)), self.scalar.extent(start, end)

    def part(self, start: int, end: int) -> Text:
        """The text from *start* to *end*, without the white space around it."""
        cut = self.text[start:end]
        return Text(self.scalar, self.offset + start + len(cut) - len(cut.lstrip()), cut.strip())


@define(eq=False)
class Table:
    """A mapping of which every key is known."""

    node: Mapping
    entries: dict[str, tuple[Scalar, Node]]

    @property
    def place(self) -> Place:
        """Where it begins."""
        return self.node.place

    @property
    def width(self) -> int:
        """How many characters to underline."""
        return self.node.width

    def get(self, key: str) -> Node | None:
        """The value of *key*, or ``None``."""
        found = self.entries.get(key)
        return None if found is None else found[1]

    def key(self, key: str) -> Scalar | Mapping:
        """The key where it is written, or the mapping."""
        found = self.entries.get(key)
        return self.node if found is None else found[0]


def mapping(node: Node, what: str, findings: Findings) -> Mapping | None:
    """*node* as a mapping; anything else is an error."""
    if isinstance(node, Mapping):
        return node
    findings.wrong("wrong-shape", f"{what} is a mapping of keys to values", node)
    return None


def table(
    node: Node, what: str, findings: Findings, known: Iterable[str], required: Iterable[str] = ()
) -> Table | None:
    """
    *node* as a mapping whose keys are among *known* and which has those in *required*.

    An unknown key and one without a value are errors and left out; a missing one is an error.
    """
    found = mapping(node, what, findings)
    if found is None:
        return None
    names = tuple(known)
    entries = {}
    for key, value in found.entries:
        if key.text not in names:
            notes = (f"keys: {', '.join(names)}",)
            findings.wrong("unknown-key", f"{what} has no key {key.text!r}", key, advice(key.text, names), notes)
        elif isinstance(value, Scalar) and value.refused:
            continue
        elif isinstance(value, Scalar) and value.value is None:
            findings.wrong("no-value", f"{key.text!r} has no value", key, "give it one, or leave the key out")
        else:
            entries[key.text] = (key, value)
    written = {key.text for key, _ in found.entries}
    missing = [name for name in required if name not in written]
    if missing:
        findings.wrong("missing-key", f"{what} needs {', '.join(map(repr, missing))}", found)
    return Table(found, entries)


def items(node: Node) -> tuple[Node, ...]:
    """The items of a list, or *node* itself where one stands alone."""
    several = node.items if isinstance(node, Sequence) else (node,)
    return tuple(item for item in several if not (isinstance(item, Scalar) and item.refused))


def filled(node: Node, what: str, findings: Findings) -> tuple[Node, ...]:
    """The items of a list that has some, or *node* itself where one stands alone; an empty list is an error."""
    if isinstance(node, Sequence) and not node.items:
        findings.wrong("no-value", f"{what} is an empty list", node, "give it an item, or leave the key out")
    return items(node)


def scalar(node: Node | None, what: str, findings: Findings) -> Scalar | None:
    """*node* as a single value; a list, a mapping or nothing is an error."""
    if node is None:
        return None
    if isinstance(node, Scalar) and node.value is not None:
        return node
    findings.wrong("wrong-shape", f"{what} is a single value", node)
    return None


def string(node: Node | None, what: str, findings: Findings) -> str:
    """The text of a single value, or an empty one where there is none."""
    found = scalar(node, what, findings)
    return "" if found is None else found.text.strip()


def said(body: Table, key: str, findings: Findings) -> str:
    """The text of a key that must say something; an empty one is an error."""
    node = body.get(key)
    text = string(node, key, findings)
    if isinstance(node, Scalar) and node.value is not None and not text:
        findings.wrong("no-value", f"{key!r} is empty", body.key(key), "people read it: say it")
    return text


def strings(node: Node | None, what: str, findings: Findings) -> tuple[Scalar, ...]:
    """The single values of a list, or of one that stands alone."""
    if node is None:
        return ()
    found = (scalar(item, what, findings) for item in items(node))
    return tuple(one for one in found if one is not None)


def boolean(node: Node | None, what: str, findings: Findings) -> bool:
    """A true or false; nothing is false."""
    if node is None:
        return False
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    findings.wrong("wrong-shape", f"{what} is true or false", node)
    return False


def choice(node: Node | None, what: str, choices: Iterable[str], findings: Findings) -> str:
    """The text of a single value that is one of *choices*, or an empty one."""
    found = scalar(node, what, findings)
    if found is None:
        return ""
    names = tuple(choices)
    if found.text in names:
        return found.text
    near = nearest(found.text, names)
    hint = f"did you mean {near!r}?" if near else ""
    findings.wrong("unknown-value", f"{found.text!r} is no {what}", found, hint, (f"one of {', '.join(names)}",))
    return ""


def is_name(written: Text | Scalar, what: str, findings: Findings) -> bool:
    """Whether a text is a name that expressions can use; if not, an error."""
    if NAME.fullmatch(written.text) and written.text not in RESERVED:
        return True
    if written.text in RESERVED:
        findings.wrong("bad-name", f"{written.text!r} is a word of the expression language", written)
        return False
    findings.wrong(
        "bad-name",
        f"{written.text!r} cannot name {what}",
        written,
        "letters, digits and underscores, beginning with a letter",
    )
    return False


def alias(text: Text, findings: Findings) -> tuple[Text, Text | None]:
    """
    Divide ``SOMETHING as NAME`` at the last ``as``.

    Returns:
        The something, and the name or ``None`` where none (or a bad one) is written.
    """
    found = _ALIAS.fullmatch(text.text)
    if found is None:
        return text, None
    what, name = text.part(*found.span("what")), text.part(*found.span("name"))
    return what, name if is_name(name, "a value", findings) else None
