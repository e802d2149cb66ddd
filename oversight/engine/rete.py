"""
A second matcher: which facts stand under a value is told by the Rete network of durable-rules.

A fact that stands under a value is asserted in the network, and so is a question: somebody asked for that value. The
one rule of the network joins the two where their values are equal, and tells each pair once, whichever side came
first. A question stays as long as any fact is under its value, so that the network goes on telling what comes; when
the last of them ends, nothing of either is left.

The library is used through its C module alone, since its Python part starts threads, reads the wall clock and swallows
exceptions. ``docs/decisions/rete.md`` says what else is kept from it, and why this is not the default.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Collection, Hashable
from typing import Any

import durable_rules_engine
from attrs import define, field

from oversight.engine.store import Held, Values

RULE = json.dumps({"pair": {"all": [{"fact": {"$ex": {"v": 1}}}, {"question": {"q": {"fact": "v"}}}], "cap": 1000}})
"""Facts first: the library goes through all that stands under a value when it takes in what the rule names second."""
SID = "0"
ENOUGH = 64
"""How many pairs beyond what still stands a question may have been told before it is asked anew."""


class Network:
    """
    The network of one index: facts, questions, and the pairs of them that have the same value.

    Values are texts of the caller, names are the network's own.

    Raises:
        RuntimeError: the library does not do what it is for.
    """

    def __init__(self) -> None:
        self._handle: int = durable_rules_engine.create_ruleset("oversight", RULE)
        self._state = 0
        self._made = 0
        self._free: list[str] = []
        self._hashes = {hash_of(f"sid-{SID}")}
        # What the library frees at the end, it sets at the first match only: without one, it frees whatever was there.
        fact, question = self.begin("v", "0"), self.begin("q", "0")
        if [fact] != self.pairs():
            raise RuntimeError("durable-rules does not tell that two equal values are equal")
        self.end(fact)
        self.end(question)
        weakref.finalize(self, _delete, self._handle).atexit = False

    def _name(self) -> str:
        """A name that nothing in the network has: no other has its 32-bit hash, by which alone the library compares."""
        if self._free:
            return self._free.pop()
        while True:
            self._made += 1
            name = str(self._made)
            if (hashed := hash_of(name)) not in self._hashes:
                self._hashes.add(hashed)
                return name

    def begin(self, attribute: str, value: str) -> str:
        """
        Assert a fact (*attribute* ``v``) or a question (``q``) about *value*; its name.

        Raises:
            RuntimeError: the library did not take it.
        """
        name = self._name()
        message = f'{{"sid":"{SID}","id":"{name}","{attribute}":"{value}"}}'
        result, self._state = durable_rules_engine.assert_fact(self._handle, message)
        _taken(result, message)
        return name

    def end(self, name: str) -> None:
        """
        Take out what has this name.

        Raises:
            RuntimeError: the library did not do so.
        """
        message = f'{{"sid":"{SID}","id":"{name}"}}'
        result, _ = durable_rules_engine.retract_fact(self._handle, message)
        _taken(result, message)
        self._free.append(name)

    def pairs(self) -> list[str]:
        """
        Names of the facts in the pairs that were not told yet.

        To be read after whatever may have made one: the library loses pairs that wait while anything is taken out.
        """
        found: list[str] = []
        first = durable_rules_engine.start_action_for_state(self._handle, self._state)
        told = first[1] if first else None
        while told:
            found += [pair["fact"]["id"] for pair in json.loads(told)["pair"]]
            told = durable_rules_engine.complete_and_start_action(self._handle, self._state)
        return found

    def standing(self) -> int:
        """How many facts and questions there are."""
        return len(json.loads(durable_rules_engine.get_facts(self._handle, SID)))


def hash_of(name: str) -> int:
    """The hash by which the library tells names apart: FNV-1a, 32 bits."""
    hashed = 0x811C9DC5
    for byte in name.encode():
        hashed = (hashed ^ byte) * 0x01000193 & 0xFFFFFFFF
    return hashed


def _taken(result: int, message: str) -> None:
    if result != 0:
        raise RuntimeError(f"durable-rules answered {result} to {message}")


def _delete(handle: int) -> None:
    """A rule set that is deleted leaves its state behind, so that goes first."""
    durable_rules_engine.delete_state(handle, SID)
    durable_rules_engine.delete_ruleset(handle)


@define(eq=False)
class Group:
    """
    What the network knows of a value.

    Args:
        text: the value in the network.
        count: how many facts are under it.
        question: name of the question, while it is asked.
        pairs: how many pairs it was told since it was asked.
        told: the facts in them that still stand, by key.
    """

    text: str
    count: int = 0
    question: str | None = None
    pairs: int = 0
    told: dict[Any, Held] = field(factory=dict)


class ReteIndex:
    """
    Facts by the values of some of their attributes, as :class:`oversight.engine.store.Matcher` says.

    Args:
        values: the values under which a fact is found.
    """

    __slots__ = ("_groups", "_made", "_names", "_network", "_standing", "values")

    def __init__(self, values: Values) -> None:
        self.values = values
        self.empty()

    def empty(self) -> None:
        """Hold no fact any more; the network goes with them."""
        self._network: Network | None = None
        self._made = 0
        self._groups: dict[Hashable, Group] = {}
        self._names: dict[Any, dict[Hashable, str]] = {}
        """Of each key: by value the name in the network."""
        self._standing: dict[str, tuple[int, Held]] = {}
        """By name in the network: when it came there, in counted steps, and the fact."""

    @property
    def network(self) -> Network:
        """Made when it is first needed."""
        if self._network is None:
            self._network = Network()
        return self._network

    @property
    def buckets(self) -> ReteIndex:
        """Itself: it is asked by value."""
        return self

    def get(self, value: Any) -> dict[Any, Held] | None:
        """The facts that stand under *value* by key, the first to come there first, or ``None``."""
        group = self._groups.get(value)
        if group is None:
            return None
        if group.question is None:
            self._ask(group)
        return group.told

    def found(self, value: Any) -> Collection[Held]:
        """The facts that stand under *value*."""
        held = self.get(value)
        return () if held is None else held.values()

    def standing(self) -> int:
        """How many facts and questions the network holds."""
        return 0 if self._network is None else self._network.standing()

    def _ask(self, group: Group) -> None:
        network = self.network
        group.question = network.begin("q", group.text)
        found = sorted([self._standing[name] for name in network.pairs()], key=lambda standing: standing[0])
        group.told = {held.key: held for _, held in found}
        group.pairs = len(found)
        _complete(len(group.told), group)

    def move(self, key: Any, old: Held | None, new: Held | None) -> tuple[Any, ...]:
        """Take *old* out and put *new* in; the values under which either stands."""
        before = () if old is None else self.values(old)
        after = () if new is None else self.values(new)
        for value in before:
            if value not in after:
                self._end(key, value)
        if new is not None:
            for value in after:
                self._put(key, value, new)
        return (*before, *[value for value in after if value not in before])

    def _put(self, key: Any, value: Hashable, held: Held) -> None:
        """Have *held* stand under *value*, in the place of what stood there under its key."""
        known = self._names.get(key)
        name = None if known is None else known.get(value)
        if name is not None:
            self._standing[name] = (self._standing[name][0], held)
            group = self._groups[value]
            if group.question is not None:
                group.told[key] = held
            return
        self._made += 1
        if value not in self._groups:
            self._groups[value] = Group(f"v{self._made}")
        self._begin(key, value, self._groups[value], held)

    def _begin(self, key: Any, value: Hashable, group: Group, held: Held) -> None:
        name = self.network.begin("v", group.text)
        self._names.setdefault(key, {})[value] = name
        self._standing[name] = (self._made, held)
        group.count += 1
        if group.question is None:
            return
        for told in self.network.pairs():
            group.told[key] = self._standing[told][1]
            group.pairs += 1
        _complete(len(group.told), group)
        # The library keeps the place of each pair with the question, told or not, until the question is taken out.
        if group.pairs > ENOUGH + 4 * group.count:
            self._withdraw(group)

    def _end(self, key: Any, value: Hashable) -> None:
        known, group = self._names[key], self._groups[value]
        name = known.pop(value)
        if not known:
            del self._names[key]
        del self._standing[name]
        self.network.end(name)
        group.count -= 1
        if group.question is not None:
            del group.told[key]
        if not group.count:
            self._withdraw(group)
            del self._groups[value]

    def _withdraw(self, group: Group) -> None:
        if group.question is not None:
            self.network.end(group.question)
            group.question, group.told = None, {}


def _complete(told: int, group: Group) -> None:
    """What the network loses or makes up is an error, and never an alert."""
    if told != group.count:
        raise RuntimeError(f"durable-rules told {told} of the {group.count} facts that have one value")
