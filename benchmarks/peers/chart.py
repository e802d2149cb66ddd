"""The page on performance: a table, and bars as inline SVG."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from benchmarks.peers.ways import WAYS

PICTURE = Path(__file__).parents[2] / "docs/performance.svg"
_WIDE, _HIGH, _LEFT = 720, 22, 150


def bars(values: dict[str, float]) -> str:
    """A chart of *values*, with each value at the end of its bar."""
    most, rows = max(values.values()), []
    for number, (name, value) in enumerate(values.items()):
        top, wide = 8 + number * _HIGH, (_WIDE - _LEFT - 130) * value / most
        rows.append(
            f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{_LEFT}" y="{top + 3}" width="{max(1, wide):.1f}" height="{_HIGH - 8}" fill="#2b6cb0"/>'
            f'<text x="{_LEFT + wide + 6:.1f}" y="{top + 14}">{value:,.3f}</text>'
        )
    high = 16 + len(rows) * _HIGH
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {high}" role="img" '
        'font-family="sans-serif" font-size="12"><title>Speed, as a share of what was written by hand</title>'
        f'<rect width="{_WIDE}" height="{high}" fill="#fff"/>{"".join(rows)}</svg>\n'
    )


def speed(one: dict[str, Any]) -> float:
    """Events a second, of those that were given."""
    return one["first"] / one["seconds"]


def verdict(name: str, one: dict[str, Any]) -> str:
    """Whether what was told is right; where it is not, of which rules."""
    if name in ("decoding", "storing", "keeping"):
        return "no rules"
    missing, wrong = one["missing"], one["wrong"]
    said = f"all {one['expected']:,} right"
    if missing or wrong:
        said = f"{_sum(missing)} of {one['expected']:,} missing{_of(missing)}, {_sum(wrong)} wrong{_of(wrong)}"
    if one["first"] < one["events"]:
        said += f", of the first {one['first']:,} events"
    return said + (f"; none is of {', '.join(one['unseen'])}" if one["unseen"] else "")


def _sum(counts: dict[str, int]) -> str:
    return f"{sum(counts.values()):,}"


def _of(counts: dict[str, int]) -> str:
    return f" ({', '.join(sorted(counts))})" if counts else ""


def page(found: dict[str, dict[str, Any]], grown: dict[str, Any], of: tuple[int, int, int]) -> str:
    """The section; the picture is written beside the page."""
    events, cameras, rounds = of
    floor = speed(found["by_hand"])
    ran = {name: one for name, one in found.items() if "absent" not in one}
    PICTURE.write_text(bars({name: speed(one) / floor for name, one in ran.items()}))
    lines = [
        "## Beside others",
        "",
        f"Five rules (`benchmarks/peers/watch`) over {events:,} events of {cameras:,} cameras, JSON Lines to alerts,",
        "on a virtual machine with two shared cores. Each measurement has a process of its own and is of processor",
        f"time, on all threads and in what it starts, the median of {rounds} rounds in turns; MB is by how much memory",
        "grew at most. Read the ratios: of what was written by hand for these five rules, which keeps no evidence and",
        "takes nothing late, twice or corrected. Python's garbage collector looks as seldom for all. Who was too slow",
        "for all events was given the first ones, as told.",
        "",
        "![Speed, as a share of what was written by hand](performance.svg)",
        "",
        "| | events a second | of the floor | MB | alerts |",
        "|---|---:|---:|---:|---|",
    ]
    for name, one in ran.items():
        fast = f"{speed(one):,.0f} | {speed(one) / floor:.3f} | {one['memory']:.0f}"
        lines.append(f"| `{name}` | {fast} | {verdict(name, one)} |")
    lines += ["", *[f"- `{name}`: {WAYS[name].__doc__}" for name in found]]
    lines += [f"- `{name}` was not run: {one['absent']}" for name, one in found.items() if "absent" in one]
    for title, sizes in grown.items():
        lines += [
            "",
            f"### With more {title}",
            "",
            "| events | cameras | rules | microseconds an event | by hand, five rules |",
            "|---:|---:|---:|---:|---:|",
        ]
        for (many, cams, rules), costs in sizes:
            lines.append(f"| {many:,} | {cams:,} | {rules} | {costs['from_lines']:.1f} | {costs['by_hand']:.1f} |")
    return "\n".join(lines) + "\n"
