"""The order in which things that build on each other can be taken, and the circles that forbid one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def in_order(needs: Mapping[str, Iterable[str]]) -> tuple[list[str], list[tuple[str, ...]]]:
    """
    Every name after those it needs (Tarjan 1972, without recursion).

    Args:
        needs: by name, the names it needs; names that are no key are passed over.

    Returns:
        The names in order, and the circles; the members of a circle stand next to each other.

    >>> in_order({"a": ["b"], "b": [], "c": ["c"]})
    (['b', 'a', 'c'], [('c',)])
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    ordered: list[str] = []
    circles: list[tuple[str, ...]] = []
    for root in needs:
        if root in index:
            continue
        work = [(root, iter(_known(needs, root)))]
        index[root] = low[root] = len(index)
        path.append(root)
        while work:
            name, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    _close(name, path, ordered, circles, needs)
            elif following not in index:
                index[following] = low[following] = len(index)
                path.append(following)
                work.append((following, iter(_known(needs, following))))
            elif following in path:
                low[name] = min(low[name], index[following])
    return ordered, circles


def _known(needs: Mapping[str, Iterable[str]], name: str) -> list[str]:
    return [needed for needed in needs[name] if needed in needs]


def _close(
    name: str,
    path: list[str],
    ordered: list[str],
    circles: list[tuple[str, ...]],
    needs: Mapping[str, Iterable[str]],
) -> None:
    start = path.index(name)
    members = path[start:]
    del path[start:]
    ordered.extend(reversed(members))
    if len(members) > 1 or name in needs[name]:
        circles.append(tuple(members))


def reachable(needs: Mapping[str, Iterable[str]], name: str) -> set[str]:
    """
    Every name that *name* needs, and those that these need.

    >>> sorted(reachable({"a": ["b"], "b": ["c"], "c": []}, "a"))
    ['b', 'c']
    """
    found: set[str] = set()
    waiting = list(needs.get(name, ()))
    while waiting:
        needed = waiting.pop()
        if needed not in found:
            found.add(needed)
            waiting.extend(needs.get(needed, ()))
    return found
