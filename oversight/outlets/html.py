"""HTML by construction: text is escaped where it is put in, so that nothing of an event can be markup."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape
from typing import NamedTuple

from oversight.ground.text import printable

_VOID = frozenset({"meta", "br"})


class Html(str):
    """Markup, which is put in as it is; any other text is escaped."""

    __slots__ = ()


def text(value: str) -> Html:
    r"""
    *value* as text or as the value of an attribute; what hides or turns the direction of text is shown as an escape.

    >>> text('<b>"\u202e')
    '&lt;b&gt;&quot;\\u202e'
    """
    return Html(escape(printable(value, len(value)), quote=True))


def joined(*content: str | None) -> Html:
    """
    *content* one after the other, what is no :class:`Html` as text; ``None`` is left out.

    >>> joined("a < ", element("b", "c"), None)
    'a &lt; <b>c</b>'
    """
    return Html("".join(each if isinstance(each, Html) else text(each) for each in content if each is not None))


def element(name: str, /, *content: str | None, **attributes: str | None) -> Html:
    """
    One element; blocks end their line, so that the source can be read.

    Args:
        name: of its tag.
        content: as of :func:`joined`.
        attributes: ``class_`` is ``class`` and ``aria_label`` is ``aria-label``; one that is ``None`` is left out.

    >>> element("a", "R & D", href="#a", aria_label='"', class_=None)
    '<a href="#a" aria-label="&quot;">R &amp; D</a>'
    """
    given = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    opened = Html(f"<{name}" + "".join(f' {key}="{text(value)}"' for key, value in given) + ">")
    return opened if name in _VOID else joined(opened, *content, Html(f"</{name}>"))


def lines(*content: str | None) -> Html:
    """
    *content* as blocks, each on lines of its own.

    >>> lines(element("p", "a"), None, element("p", "b"))
    '<p>a</p>\\n<p>b</p>'
    """
    return Html("\n".join(joined(each) for each in content if each is not None))


class Row(NamedTuple):
    """A row of a table: its cells, of which the first is its head, and the name of its place."""

    cells: Sequence[str]
    name: str | None = None


def table(caption: str, head: Sequence[str], rows: Iterable[Row], *, name: str, numbers: Collection[int] = ()) -> Html:
    """
    A table in a region of its own, which scrolls where it is too wide and can be reached by the keyboard.

    Args:
        caption: what it is about.
        head: of its columns.
        rows: as long as the head.
        name: of the place of its caption.
        numbers: the columns that hold numbers, counted from 0.
    """
    kinds = ["number" if column in numbers else None for column in range(len(head))]
    columns = [element("th", told, scope="col", class_=kind) for told, kind in zip(head, kinds, strict=True)]
    inner = lines(
        element("caption", caption, id=name),
        element("thead", element("tr", *columns)),
        element("tbody", Html("\n"), lines(*(_row(each, kinds) for each in rows)), Html("\n")),
    )
    whole = element("table", Html("\n"), inner, Html("\n"))
    return element("div", whole, class_="scroll", role="region", tabindex="0", aria_labelledby=name)


def _row(row: Row, kinds: Sequence[str | None]) -> Html:
    head, *cells = row.cells
    told = [element("td", cell, class_=kind) for cell, kind in zip(cells, kinds[1:], strict=True)]
    return element("tr", element("th", head, scope="row"), *told, id=row.name)
