"""Where a key belongs that is written where it means nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from oversight.ground.text import nearest

_QUANTIFIER, _CONDITION, _LIMITED = "a quantifier such as some:", "if:, unless: or where:", "count: or sum:"
_DATED = "a dated value of a parameter"

PLACES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("some", "none", "count", "sum", "any_of", "all_of", "not"), _CONDITION),
        **dict.fromkeys(("at_most", "at_least", "more_than", "fewer_than"), _LIMITED),
        **dict.fromkeys(("starts", "changes", "ends", "lasts", "restarts", "keep"), "a fact"),
        **dict.fromkeys(("emitter", "maps_to", "attributes"), "a kind"),
        **dict.fromkeys(("while", "by", "for", "about", "remedy", "severity", "basis", "in_force", "parts"), "a rule"),
        **dict.fromkeys(("on", "with", "each", "if", "unless"), "a rule or an entry of a fact"),
        **dict.fromkeys(("timezone", "uses", "language"), "pack:"),
        "where": f"{_QUANTIFIER}, or an entry of a fact",
        "before": _QUANTIFIER,
        "distinct": "count:",
        "value": f"latest: or {_DATED}",
        "else": "latest:",
        "latest": "with:, where it names a value",
        "from": "an entry of starts:, in_force: or a dated value",
        "until": "an entry of starts:, in_force: or a case",
        "set": "an entry of changes:",
        "source": _DATED,
        "events": "a case",
        "alerts": "a case",
        "cleared": "an alert of a case",
    }
)
_DEADLINE = "a deadline is for: (a duration) or by: (an instant)"
_OF_A_DEADLINE = frozenset(("within", "deadline", "due", "until"))


def belongs(key: str) -> str:
    """
    Where *key* stands, as a sentence, or an empty string for what is no key.

    >>> belongs("else")
    'else: belongs to latest:'
    """
    return f"{key}: belongs to {PLACES[key]}" if key in PLACES else ""


def advice(key: str, known: Collection[str]) -> str:
    """
    What to do about *key* where only *known* keys mean something; may be empty.

    A key of another place is not taken for a misspelt one, unless only its end differs.

    >>> advice("where", ("while", "if")), advice("iff", ("while", "if"))
    ('where: belongs to a quantifier such as some:, or an entry of a fact', "did you mean 'if'?")
    """
    near = nearest(key, known)
    if near and (near.startswith(key) or key.startswith(near)) and key != "within":
        return f"did you mean {near!r}?"
    if key in _OF_A_DEADLINE and "by" in known:
        return "; ".join(filter(None, (belongs(key), _DEADLINE)))
    return belongs(key) or (f"did you mean {near!r}?" if near else "")
