"""
Making a condition hold by setting what it reads.

No solver: each operator says which side to set to what, and what was set stays set. Where that does not do, the values
the pack mentions are tried. Whoever wishes looks afterwards whether the condition holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any


from oversight.ground.time import Period, shift
from oversight.model.expressions import Call, Has, ListOf, Literal, Macro, Name, Node, Select, walk
from oversight.model.forms import ABSENT
from oversight.model.pack import Expression, Pack
from oversight.model.types import DYN, ListType, MapType
from oversight.testing.drafts import Binding, Given, Names, Place, failed
from oversight.testing.making import Making, Pick
from oversight.testing.sources import Sources, constants
from oversight.testing.values import fits

TICK = timedelta(microseconds=1)
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_TRIES = 24


class Wishes(Making):
    """
    Values for events that are being made up, chosen so that expressions get the value wished for.

    Args:
        pack: checked.
        found: what the pack mentions.
        pick: makes every choice.
    """

    def __init__(self, pack: Pack, found: Sources, pick: Pick) -> None:
        super().__init__(pack, found, pick)
        self._depth = 0

    def make(self, node: Node, want: bool, names: Names) -> bool:
        """Make a condition hold, or not hold; whether it was possible."""
        if self.evaluate(node, names) is want:
            self.lock(node, names)
            return True
        self._depth += 1
        if self._depth < 40:
            self._try(node, want, names)
        self._depth -= 1
        if self.evaluate(node, names) is not want:
            self._search(node, want, names)
        done = self.evaluate(node, names) is want
        if done:
            self.lock(node, names)
        return done

    def _try(self, node: Node, want: bool, names: Names) -> None:
        match node:
            case Has():
                place = self.locate(Select(node.operand, node.attribute), names)
                if place is not None:
                    _ = self.fill(place) if want else place.number in self.locked or place.remove()
            case Macro():
                self._make_macro(node, want, names)
            case Call(function="&&" | "||", arguments=parts):
                if (node.function == "&&") is want:
                    for part in parts:
                        self.make(part, want, names)
                else:
                    first = self.pick(len(parts))
                    _ = any(self.make(part, want, names) for part in (*parts[first:], *parts[:first]))
            case Call(function="!", arguments=(part,)):
                self.make(part, not want, names)
            case Call(function="?:", arguments=(condition, then, other)):
                if self.make(condition, True, names) and self.make(then, want, names):
                    return
                _ = self.make(condition, False, names) and self.make(other, want, names)
            case Call(function="==" | "!=", arguments=(left, right)):
                self._make_equal(left, right, want is (node.function == "=="), names)
            case Call(function="in", arguments=(item, group)):
                self._make_member(item, group, want, names)
            case Call(function="<" | "<=" | ">" | ">=", arguments=(left, right)):
                sign = node.function if want else _OPPOSITE[node.function]
                _ = self._order(left, sign, right, names) or self._order(right, _FLIPPED[sign], left, names)
            case Call(function="startsWith" | "contains" | "endsWith", arguments=(text, part)):
                found = self.evaluate(part, names)
                _ = self.assign(text, found if want else "other", names)
            case Call(function="matches", arguments=(text, pattern)):
                self._match(text, self.evaluate(pattern, names), node, want, names)
            case Select() | Name():
                self.assign(node, want, names)

    def _match(self, text: Node, pattern: Any, node: Node, want: bool, names: Names) -> None:
        """Try the words that a pattern is written with, and texts that say nothing."""
        place = self.locate(text, names)
        words = re.findall(r"[\w.()-]+", re.sub(r"\\[a-zA-Z]|\(\?\w+\)|[\^$?*+]|\\(?=[().])", " ", str(pattern)))
        if place is None or place.number in self.locked or not isinstance(pattern, str):
            return
        for word in (*words, " ".join(words), *re.findall(r"[\w-]+", " ".join(words)), "", "other"):
            if place.write(word) and self.evaluate(node, names) is want:
                return

    def _make_macro(self, node: Macro, want: bool, names: Names) -> None:
        """``exists`` that is to hold, or ``all`` that is not, needs an item; the others need none, or each."""
        operand = self.locate(node.operand, names)
        if (node.macro in ("exists", "exists_one")) is not want:
            if operand is not None and operand.read():
                self.set(operand, [])
            return
        items = self.evaluate(node.operand, names)
        if operand is None:
            # The items are written down, or put together: one that can be satisfied is enough.
            for item in items if isinstance(items, list) else []:
                if self.make(node.body, want, {**names, node.variable: item}):
                    return
            for part in _parts(node.operand):
                self._make_macro(_with(node, part), want, names)
            return
        if isinstance(operand.type, MapType):
            self._give_key(node, operand, want, names)
            return
        if not isinstance(items, list):
            if not fits([], operand.type):
                return
            operand.write([])
            items = []
        place = operand.below(0 if items and self.pick(4) else len(items))
        if place.read() is ABSENT and not place.write(self.default(place.type, place.name, place.draft)):
            return
        self.make(node.body, want, {**names, node.variable: place})

    def _give_key(self, node: Macro, operand: Place, want: bool, names: Names) -> None:
        """Give a map a key for which the body is as wanted."""
        for word in (*constants(node.body, self.pack), *self.sources.keys.get(operand.name, ())):
            if isinstance(word, str) and self.evaluate(node.body, {**names, node.variable: word}) is want:
                place = operand.below(word)
                if place.write(self.default(place.type, word, place.draft)):
                    return

    def _make_equal(self, left: Node, right: Node, want: bool, names: Names) -> None:
        if not want:
            for node in (left, right):
                place = self.locate(node, names)
                if place is not None and self._other(place):
                    return
            return
        for one, other in ((left, right), (right, left)):
            value = self.evaluate(other, names)
            if failed(value):
                place = self.locate(other, names)
                value = self.evaluate(other, names) if place is not None and self.fill(place) else value
            if not failed(value) and self.assign(one, value, names):
                return

    def _other(self, place: Place) -> bool:
        return any(self.set(place, value) for value in self.candidates(place)[:1])

    def _make_member(self, item: Node, group: Node, want: bool, names: Names) -> None:
        held, value = self.evaluate(group, names), self.evaluate(item, names)
        place = self.locate(item, names)
        if not want:
            among = self.locate(group, names)
            if isinstance(held, list) and among is not None and not failed(value):
                among.write([each for each in held if each != value])
            elif place is not None:
                self.set(place, "other")
            return
        choices = list(held) if isinstance(held, list | Mapping) else []
        if choices:
            first = self.pick(len(choices))
            if any(self.assign(item, each, names) for each in (*choices[first:], *choices[:first])):
                return
        if failed(value) and place is not None and self.fill(place):
            value = place.read()
        if not failed(value):
            self.join(group, value, names)

    def join(self, group: Node, value: Any, names: Names) -> bool:
        """Let a list that stands somewhere have *value* in it."""
        place = self.locate(group, names)
        if place is not None:
            held, item = place.read(), place.below(0)
            if not fits(value, item.type):
                value = self.default(item.type, item.name, item.draft)
            return (isinstance(place.type, ListType) or place.type is DYN) and place.write(
                [*(held if isinstance(held, list) else []), value]
            )
        if isinstance(group, ListOf):
            return any(self.assign(part, value, names) for part in group.items)
        return any(self.join(part, value, names) for part in _parts(group))

    def _order(self, left: Node, sign: str, right: Node, names: Names) -> bool:
        """Set *left* so that it stands to *right* as *sign* says: at the limit, one beyond it, or well beyond."""
        limit = self.evaluate(right, names)
        if failed(limit):
            place = self.locate(right, names)
            if place is None or not self.fill(place):
                return False
            limit = self.evaluate(right, names)
        way = 1 if sign[0] == ">" else -1
        whole = isinstance(limit, int)
        steps: tuple[Any, ...] = (1, 2, 10) if whole else (0.001, 1.0, 10.0)
        if isinstance(limit, datetime):
            steps = (TICK, timedelta(days=1), timedelta(days=40))
        elif isinstance(limit, Period):
            spans = [Period(limit.months, limit.days + way * days, limit.microseconds) for days in (0, 1, 40)]
            return any(self.assign(left, span, names) for span in spans[len(sign) % 2 :] if span.length >= 0)
        elif not isinstance(limit, int | float):
            return False
        choices = (
            limit - limit + limit if isinstance(limit, int | float) else limit,
            *[limit + way * s for s in steps],
        )
        choices = choices if len(sign) == 2 else choices[1:]
        first = self.pick(len(choices))
        return any(self.assign(left, value, names) for value in (*choices[first:], *choices[:first]))

    def assign(self, node: Node, value: Any, names: Names) -> bool:
        """Give *node* a value by setting what it reads; whether that was possible."""
        if isinstance(node, Name) and isinstance(names.get(node.name), Given):
            return self.fulfil(names[node.name], value)
        if isinstance(node, Select) and isinstance(node.operand, Name):
            owner = names.get(node.operand.name)
            found = self.attribute(owner, node.attribute, True) if isinstance(owner, Binding) else None
            if isinstance(found, Given):
                return self.fulfil(found, value)
        place = self.locate(node, names)
        if place is not None:
            return self.set(place, value)
        return isinstance(node, Call | ListOf | Has) and self._assign_call(node, value, names)

    def _assign_call(self, node: Node, value: Any, names: Names) -> bool:
        if isinstance(value, bool):
            return self.make(node, value, names)
        match node:
            case ListOf(items=items) if isinstance(value, list) and len(value) == len(items):
                return all(self.assign(item, each, names) for item, each in zip(items, value, strict=True))
            case Call(function="?:", arguments=(condition, then, other)):
                branches = ((True, then), (False, other))
                for truth, branch in branches:
                    if failed(now := self.evaluate(branch, names)) or now != value:
                        place = self.locate(branch, names)
                        if place is None and not isinstance(branch, Call):
                            continue
                    if self.make(condition, truth, names) and self.assign(branch, value, names):
                        return True
                return False
            case Call(function="@instant" | "string", arguments=(inner,)):
                return self.assign(inner, value, names)
            case Call(function="size", arguments=(inner,)) if isinstance(value, int) and 0 <= value <= 40:
                place = self.locate(inner, names)
                item = place.below(0) if place is not None else None
                made = [self.default(item.type, f"{item.name}-{n}", item.draft) for n in range(value)] if item else []
                return place is not None and self.set(place, made)
            case Call(function="+" | "-", arguments=(first, second)):
                return self._assign_sum(node, first, second, value, names)
            case Call(function="*", arguments=(first, second)) if isinstance(value, int | float):
                for one, other in ((first, second), (second, first)):
                    by = self.evaluate(other, names)
                    if isinstance(by, int | float) and by and self.assign(one, -(-value // by), names):
                        return True
                return False
            case Literal():
                return bool(node.value == value)
        return False

    def _assign_sum(self, node: Call, first: Node, second: Node, value: Any, names: Names) -> bool:
        by, sign = self.evaluate(second, names), -1 if node.function == "+" else 1
        if isinstance(value, list):
            return all(self.join(first, each, names) for each in value)
        if isinstance(value, datetime) and isinstance(by, Period | timedelta):
            moved = shift(value, by, self.pack.zone, sign) if isinstance(by, Period) else value + sign * by
            return self.assign(first, moved, names)
        if (
            isinstance(value, int | float)
            and isinstance(by, int | float)
            and self.assign(first, value + sign * by, names)
        ):
            return True
        one = self.evaluate(first, names)
        if isinstance(value, int | float) and isinstance(one, int | float):
            return self.assign(second, value - one if node.function == "+" else one - value, names)
        return False

    def fulfil(self, given: Given, value: Any) -> bool:
        """Give a value of ``with:`` a value."""
        if isinstance(given.value, Expression):
            return self.assign(given.value.node, value, given.names)
        return False

    def _search(self, node: Node, want: bool, names: Names) -> None:
        """Try the values the pack mentions in what *node* reads, one place at a time."""
        tried = 0
        for each in walk(node):
            place = self.locate(each, names) if isinstance(each, Select | Name) else None
            if place is None or place.number in self.locked:
                continue
            held = place.read()
            for value in self.candidates(place):
                tried += 1
                if tried > _TRIES:
                    return
                if fits(value, place.type) and place.write(value):
                    if self.evaluate(node, names) is want:
                        return
                    _ = place.remove() if held is ABSENT else place.write(held)


def _parts(node: Node) -> tuple[Node, ...]:
    """The lists of which a list is put together, or between which it chooses."""
    if isinstance(node, Call) and node.function in ("+", "?:"):
        return node.arguments if node.function == "+" else node.arguments[1:]
    return (node.operand,) if isinstance(node, Macro) and node.macro == "filter" else ()


def _with(node: Macro, operand: Node) -> Macro:
    return Macro(node.macro, operand, node.variable, node.body, node.condition, type=node.type)
