"""
Queries over facts: which candidates a ``where:`` leaves, found by key or by index where it has tests that one answers.

A query also says what it read, so that the instance that asked is judged again when that changes and only then. Where
one witness settles a question, only the witness is named as read: as long as it stays as it is, the answer does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from attrs import frozen

from oversight.engine.expressions import Env, Evaluator, Frame, compile_expression, is_text, text_of
from oversight.engine.source import Source
from oversight.engine.store import ALL, BY_KEY, Buckets, Held, Read, Table
from oversight.ground.values import EvaluationError
from oversight.model.expressions import ListOf, Node

Reads = list[Read] | None
Truth = bool | None
Holds = Callable[[Env, Reads], Truth]
EQUAL, HOLDS, AMONG = "equal", "holds", "among"
"""How an index answers: an attribute equals a value, is a list that has it, or is in a list of them."""


class NoText(Exception):
    """An index of texts is asked for something that is no text."""


@frozen(eq=False)
class Lookup:
    """
    One question to an index, or by key.

    Args:
        number: of the index, or ``BY_KEY``.
        nodes: what gives the values that are sought.
        frame: of the rule or entry.
        mode: of the last of them.
        texts: which of them must be texts for the index to tell, since nothing is known of their type.
        hashable: whether every value that is sought is of a type that a dict can find.
    """

    number: int
    nodes: tuple[Node, ...]
    frame: Frame
    mode: str = EQUAL
    texts: tuple[int, ...] = ()
    hashable: bool = False

    def texts_only(self, parts: Sequence[str]) -> str:
        """Source of whether those of *parts* that must be texts for the index to tell are; empty where none must."""
        loose = {*self.texts, *([len(parts) - 1] if self.mode == HOLDS and not is_text(self.nodes[-1].type) else [])}
        return " and ".join([f"isinstance({parts[position]}, str)" for position in sorted(loose)])

    @property
    def listed(self) -> bool:
        """Whether it seeks what a list that is written out says, every item of which is a text."""
        last = self.nodes[-1]
        return self.mode == AMONG and isinstance(last, ListOf) and all(is_text(item.type) for item in last.items)

    @cached_property
    def values(self) -> Callable[[Env], list[Any]]:
        """
        Gives what is sought: one value, or one for each element of the list that the attribute is to be in.

        It raises :class:`EvaluationError` where that cannot be told, so nothing equals it, and :class:`NoText` where it
        is no text, so the index cannot tell.
        """
        source = Source("env")
        source.add(*[f"part{n} = {text_of(node, self.frame, source).code}" for n, node in enumerate(self.nodes)])
        parts = [f"part{n}" for n in range(len(self.nodes))]
        last = parts[-1]
        unsure = [f"not isinstance({parts[n]}, str)" for n in self.texts]
        if self.mode == HOLDS:
            unsure.append(f"not isinstance({last}, str)")
        elif self.mode == AMONG and not self.listed:
            unsure.append(f"not isinstance({last}, list) or not {source.bind(_all_texts)}({last})")
        if unsure:
            source.inside(f"if {' or '.join(unsure)}:", f"raise {source.bind(NoText)}")
        if self.mode == AMONG:
            different = f"{source.bind(dict.fromkeys)}({last})"
            made = f"[({', '.join([*parts[:-1], 'item'])}) for item in {different}]"
            source.add(f"return {made}" if len(parts) > 1 else f"return [*{different}]")
        else:
            source.add(f"return [{last}]" if len(parts) == 1 else f"return [({', '.join(parts)})]")
        return source.function()


def _all_texts(items: list[Any]) -> bool:
    return all(isinstance(item, str) for item in items)


@frozen(eq=False)
class Branch:
    """
    One way to a match.

    Args:
        lookup: finds every fact that can match in this way; ``None`` where all must be looked at.
        frame: of the rule or entry.
        guards: conditions that no fact changes; unless all hold, there is nothing this way.
    """

    lookup: Lookup | None
    frame: Frame
    guards: tuple[Node, ...] = ()

    @cached_property
    def _guards(self) -> tuple[Evaluator, ...]:
        return tuple([compile_expression(node, self.frame) for node in self.guards])

    def open(self, env: Env) -> bool:
        """Whether every guard holds."""
        for guard in self._guards:
            try:
                if guard(env) is not True:
                    return False
            except EvaluationError:
                return False
        return True


Meets = Callable[[Env, Reads], bool]
Find = Callable[[Env, Reads], Iterable[Held]]
Look = Callable[[Env, Reads], Collection[Held]]


class Plan:
    """
    How the candidates of one query are found.

    Args:
        table: of the fact.
        slot: of the quantified name.
        branches: which together lead to every fact that may match; none looks at all.
        test: makes what tells whether a candidate meets what no index has settled; ``None`` where nothing is left.
        before: whether to look at the facts as they stood before the instant.
        of: rule ids, where the fact is ``alert``.
        wider: the lookup to use where the branches cannot tell, if any.
        prefix: how many of the leading conditions ``wider`` answers.
        narrowed: whether the branches answer the condition after these.
        inverse: whether it looks for the key of what the rule watches: then nothing need be noted as read.
    """

    def __init__(
        self, table: Table, slot: int, branches: tuple[Branch, ...], *, before: bool = False, of: tuple[str, ...] = (),
        wider: Lookup | None = None, prefix: int = 0, narrowed: bool = False, inverse: bool = False,
    ) -> None:  # fmt: skip
        self.table = table
        self.slot = slot
        self.branches = branches
        self.test: Callable[[], Meets] | None = None
        self.before = before
        self.of = of
        self.wider = wider
        self.prefix = prefix
        self.narrowed = narrowed
        self.inverse = inverse

    @cached_property
    def candidates(self) -> Find:
        """Gives the facts that may match; names in its second argument where it looked."""
        if self.before:
            return stood_before(self.table, self.of, self.wider)
        if self.of:
            return _of_rules(self.table, self.of)
        if len(self.branches) == 1 and self.branches[0].lookup is not None and not self.branches[0].guards:
            return self.finder(self.branches[0].lookup)
        return self._by_branches

    @cached_property
    def meets(self) -> Meets | None:
        """Tells whether a candidate meets what no index has settled; ``None`` where nothing is left."""
        return None if self.test is None else self.test()

    def reach(self, env: Env) -> tuple[int, list[Any]] | None:
        """The one index, or the key, and the values under which all that may match stands; ``None`` for anywhere."""
        if len(self.branches) != 1 or self.branches[0].lookup is None or self.branches[0].guards:
            return None
        lookup = self.branches[0].lookup
        try:
            return lookup.number, lookup.values(env)
        except NoText:
            return None
        except EvaluationError:
            return lookup.number, []

    def finder(self, lookup: Lookup) -> Look:
        """A function that asks one question."""
        if lookup.mode == EQUAL and len(lookup.nodes) == 1 and not lookup.texts:
            single = _single(self.table, lookup.number, compile_expression(lookup.nodes[0], lookup.frame))
            return (lambda env, reads: single(env, None)) if self.inverse else single
        return lambda env, reads: self._looked_up(lookup, env, reads)

    def _by_branches(self, env: Env, reads: Reads) -> Collection[Held]:
        if not self.branches:
            return self._all(env, reads)
        found: dict[Any, Held] = {}
        try:
            for branch in self.branches:
                if branch.open(env):
                    if branch.lookup is None:
                        return self._all(env, reads)
                    for held in self._asked(branch.lookup, env, reads):
                        found[held.key] = held
        except NoText:
            return self._all(env, reads)
        return found.values()

    def _all(self, env: Env, reads: Reads) -> Collection[Held]:
        if self.wider is not None and not self.wider.texts:
            return self._asked(self.wider, env, reads)
        if reads is not None:
            reads.append((self.table.number, ALL, None))
        return self.table.rows.values()

    def _looked_up(self, lookup: Lookup, env: Env, reads: Reads) -> Collection[Held]:
        try:
            return self._asked(lookup, env, reads)
        except NoText:
            return self._all(env, reads)

    def _asked(self, lookup: Lookup, env: Env, reads: Reads) -> Collection[Held]:
        table, number = self.table, lookup.number
        try:
            values = lookup.values(env)
            if number == BY_KEY:
                rows = table.rows
                found = [held for value in values if (held := rows.get(value)) is not None]
            elif len(values) == 1:
                return self._read(table.indexes[number].found(values[0]), number, values, reads)
            else:
                index = table.indexes[number]
                found = [held for value in values for held in index.found(value)]
        except (EvaluationError, TypeError):
            return ()  # what has no value, or is a list, equals no attribute that is indexed
        return self._read(found, number, values, reads)

    def _read(self, found: Collection[Held], number: int, values: list[Any], reads: Reads) -> Collection[Held]:
        if reads is not None:
            for value in values:
                reads.append((self.table.number, number, value))
        return found

    def matches(self, env: Env, reads: Reads) -> Iterator[Held]:
        """The facts of which every condition holds; the quantified name is bound to each in turn."""
        slot, meets = self.slot, self.meets
        for held in self.candidates(env, reads):
            env[slot] = held
            if meets is None or meets(env, reads):
                yield held

    def count(self, env: Env, reads: Reads) -> int:
        """How many facts match; where the index settles the question, it is asked for no more than its size."""
        if self.test is not None or self.before or self.of:
            return sum(1 for _ in self.matches(env, reads))
        found: Any = self.candidates(env, reads)
        return len(found)

    @property
    def quick(self) -> Lookup | None:
        """The question that settles by a single look whether any fact matches, if there is one."""
        lookup = self.single
        if lookup is None or self.test is not None or lookup.mode != EQUAL or lookup.texts or len(lookup.nodes) != 1:
            return None
        return lookup

    @property
    def single(self) -> Lookup | None:
        """The one question, with one value for its answer, that leads to every fact that may match, if there is one."""
        lookup = self.sole
        return None if lookup is None or lookup.mode == AMONG else lookup

    @property
    def sole(self) -> Lookup | None:
        """The one question, be it for several values, that leads to every fact that may match, if there is one."""
        if self.before or self.of or len(self.branches) != 1 or self.branches[0].guards:
            return None
        return self.branches[0].lookup

    @property
    def earlier(self) -> Lookup | None:
        """The one question, surely answered, that leads to every fact that may have matched before the instant."""
        lookup = self.wider if self.before and not self.of else None
        return None if lookup is None or lookup.mode != EQUAL or not lookup.hashable else lookup

    def rows_of(self, lookup: Lookup) -> Buckets:
        """Where *lookup* looks: facts by key, or by the values of an index."""
        return self.table.rows if lookup.number == BY_KEY else self.table.indexes[lookup.number].buckets

    def some(self, env: Env, reads: Reads) -> bool:
        """Whether any fact matches; then only that one counts as read."""
        slot, meets = self.slot, self.meets
        if reads is None:
            for held in self.candidates(env, None):
                env[slot] = held
                if meets is None or meets(env, None):
                    return True
            return False
        mark = len(reads)
        for held in self.candidates(env, reads):
            env[slot] = held
            own: list[Read] = []
            if meets is None or meets(env, own):
                del reads[mark:]
                reads += own
                if not self.inverse:
                    reads.append((self.table.number, BY_KEY, held.key))
                return True
            reads += own
        return False


def stood_before(table: Table, of: tuple[str, ...], lookup: Lookup | None = None) -> Find:
    """The facts as they stood before the instant, narrowed by *lookup* where there is one."""

    def before(env: Env, reads: Reads) -> Iterable[Held]:
        return (held for held in table.before() if not of or (held.values or {})["rule"] in of)

    def looked_up(env: Env, reads: Reads) -> Iterable[Held]:
        assert lookup is not None
        try:
            (value,) = lookup.values(env)
            return table.found_before(lookup.number, value)
        except (EvaluationError, TypeError):
            return ()
        except NoText:
            return table.before()

    return before if lookup is None else looked_up


def _of_rules(table: Table, of: tuple[str, ...]) -> Find:
    def of_rules(env: Env, reads: Reads) -> Collection[Held]:
        found: list[Held] = []
        for rule in of:
            if reads is not None:
                reads.append((table.number, 0, rule))
            found += table.indexes[0].found(rule)
        return found

    return of_rules


def _single(table: Table, number: int, sought: Evaluator) -> Look:
    """The commonest question: by the key, or by one attribute."""
    where = table.number
    if number == BY_KEY:
        rows = table.rows

        def by_key(env: Env, reads: Reads) -> Collection[Held]:
            try:
                value = sought(env)
                held = rows.get(value)
            except (EvaluationError, TypeError):
                return ()
            if reads is not None:
                reads.append((where, BY_KEY, value))
            return () if held is None else (held,)

        return by_key
    buckets = table.indexes[number].buckets

    def by_index(env: Env, reads: Reads) -> Collection[Held]:
        try:
            value = sought(env)
            bucket = buckets.get(value)
        except (EvaluationError, TypeError):
            return ()
        if reads is not None:
            reads.append((where, number, value))
        if bucket is None:
            return ()
        return bucket.values() if bucket.__class__ is dict else (bucket,)

    return by_index
