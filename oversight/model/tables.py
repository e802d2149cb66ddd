"""What a map says: which events the rows of a table are."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from attrs import frozen

from oversight.model.pack import Expression, Kind, Template

ROW, LINE = "row", "line"
"""What the expressions of a map can name: the cells of the row by the names of their columns, and its line."""

Cell = Template | str | int | float | bool | tuple["Cell", ...] | Mapping[str, "Cell"]
"""Where a value comes from: a text with expressions in braces, itself, or the parts of a list or an object."""


@frozen
class Settings:
    """
    How a table is written.

    Args:
        delimiter: what stands between two cells.
        encoding: as Python calls it.
        separator: what stands between the items of a list in one cell; empty where a cell has one.
        times, dates: how they are written, as ``datetime.strptime`` has it; none where as in ISO 8601.
        zone: by whose clocks a time without offset is meant.
    """

    delimiter: str
    encoding: str
    separator: str
    times: tuple[str, ...]
    dates: tuple[str, ...]
    zone: ZoneInfo


@frozen
class RowEvent:
    """
    One event that a row may be.

    Args:
        kind: of the event.
        conditions: all of which must hold of the row.
        envelope: the cells of ``id``, ``time`` and what else is said beside the attributes.
        data: the cells of its attributes.
    """

    kind: Kind
    conditions: tuple[Expression, ...]
    envelope: Mapping[str, Cell]
    data: Mapping[str, Cell]


@frozen
class TableMap:
    """
    A checked map for a table of certain headings.

    Args:
        columns: the name of each column, in their order; empty for one that cannot be named.
        settings: how the table is written.
        events: which a row may be.
    """

    columns: tuple[str, ...]
    settings: Settings
    events: tuple[RowEvent, ...]
