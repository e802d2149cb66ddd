"""A processor that lets nothing personal through, whatever a rule says in its alerts."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from oversight.model.pack import Pack, Template
from oversight.model.personal import PERSON, WITHHELD, Personal, Told
from oversight.outlets.stream import EventDict, Processor


class _Rule:
    """What of the alerts of one rule is withheld."""

    def __init__(self, told: Told, message: Template, remedy: Template, least: int) -> None:
        self.message = _veiled(message) if max(told.message, default=0) >= least else None
        self.remedy = _veiled(remedy) if max(told.remedy, default=0) >= least else None
        self.subjects = told.subjects >= least


Rules = dict[tuple[str, str, str], _Rule]
Keys = dict[tuple[str, str], tuple[bool, ...]]


def discreet(packs: Iterable[Pack], *, least: int = PERSON) -> Processor:
    """
    A processor that withholds what attributes marked ``personal`` may have put into an alert.

    Of a text that reads one, everything in braces is withheld, unless the pack of the engine comes from
    :func:`oversight.model.personal.without_personal`, whose texts withhold less; of the subjects, all of them, though
    they are counted still; of the key of a fact, the part that is personal. All keys stay, as the contract has it.

    Args:
        packs: whose alerts come through.
        least: from which level on values are withheld. ``PRIVATE`` lets ids of persons through, which is right where
            they were replaced by pseudonyms when the events were taken in.

    >>> discreet([])(None, "tell", {"pack": "p", "rule": "R", "part": None, "missing": [], "message": "m"})["message"]
    'm'
    """
    different = tuple(packs)

    @cache
    def known() -> tuple[Rules, Keys]:
        rules: Rules = {}
        keys: Keys = {}
        for pack in different:
            personal = Personal(pack)
            for rule in pack.rules:
                told = personal.rules[rule.id, rule.part]
                rules[pack.name, rule.id, rule.part] = _Rule(told, rule.message, rule.remedy, least)
            for fact in pack.facts:
                keys[pack.name, fact] = tuple(level >= least for level in personal.key(fact))
        return rules, keys

    def processor(_logger: Any, _method: str, alert: EventDict) -> EventDict:
        rules, keys = known()  # found out when there is something to tell
        rule = rules.get((alert["pack"], alert["rule"], alert["part"] or ""))
        if rule is not None:
            alert["message"] = rule.message or alert["message"]
            alert["remedy"] = rule.remedy or alert["remedy"]
            if rule.subjects:
                alert["subjects"] = [WITHHELD] * len(alert["subjects"])
        alert["missing"] = [_without(missing, keys, alert["pack"]) for missing in alert["missing"]]
        return alert

    return processor


def _without(missing: Any, keys: dict[tuple[str, str], tuple[bool, ...]], pack: str) -> Any:
    """An entry of ``missing`` without what is personal in the key of the nearest fact."""
    nearest = missing["nearest"]
    hidden = () if nearest is None else keys.get((pack, nearest["fact"]), ())
    if not any(hidden):
        return missing
    key = [WITHHELD if hide else part for part, hide in zip(nearest["key"], hidden, strict=True)]
    return {**missing, "nearest": {**nearest, "key": key}}


def _veiled(template: Template) -> str:
    return "".join(piece if isinstance(piece, str) else WITHHELD for piece in template.pieces)
