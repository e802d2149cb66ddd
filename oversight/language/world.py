"""What the expressions of a pack can name, and the definitions among it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import define, field, frozen

from oversight.language.drafts import Draft
from oversight.language.order import reachable
from oversight.language.source import Scalar
from oversight.language.typing import Definition
from oversight.model.expressions import Call, Name, Node, walk
from oversight.model.pack import (
    Condition, Each, Exists, Expression, Group, Kind, Latest, Limit, Measure, Query, Test, Value,
)  # fmt: skip
from oversight.model.types import RecordType, Type

ALERT = "alert"


@frozen
class Phrase:
    """
    One entry of ``define:``: a name for an expression or for a condition.

    Args:
        name, parameters: as in ``name(parameters): ...``.
        conditions: what it stands for; all must hold. A lone test is an expression that others can use.
        key: where it is written.
        own: whether the pack itself (and not one that it uses) has it.
    """

    name: str
    parameters: tuple[str, ...]
    conditions: tuple[Condition, ...]
    key: Scalar
    own: bool = True

    @property
    def expression(self) -> Draft | None:
        """The expression it stands for, if it is one."""
        only = self.conditions[0] if len(self.conditions) == 1 else None
        return only.expression if isinstance(only, Test) and isinstance(only.expression, Draft) else None


@define
class World:
    """
    Everything that has a name.

    Args:
        kinds: by name.
        parameters: their types.
        phrases: the definitions that can be read.
        broken: names of definitions that cannot; what calls them is not checked.
        facts: the types of facts, as far as they are known.
        starts: by name of a fact, the kinds of event with which it begins.
        rules: the parts of each rule, by its id.
        used: names of parameters and definitions that something has used.
        definitions: those that can stand inside an expression.
        calls: by name of a definition, what it calls.
        doubled: ids that two rules have.
        cases: by their rules and name, where each case is first named.
        instruments: those that rules may rest on; none where no pack lists any.
    """

    kinds: Mapping[str, Kind]
    parameters: Mapping[str, Type]
    phrases: Mapping[str, Phrase] = field(factory=dict)
    broken: frozenset[str] = frozenset()
    facts: dict[str, RecordType] = field(factory=dict)
    starts: dict[str, tuple[str, ...]] = field(factory=dict)
    rules: Mapping[str, tuple[str, ...]] = field(factory=dict)
    used: set[str] = field(factory=set)
    definitions: Mapping[str, Definition] = field(factory=dict)
    calls: Mapping[str, set[str]] = field(factory=dict)
    doubled: frozenset[str] = frozenset()
    cases: dict[tuple[tuple[str, ...], str], Scalar] = field(factory=dict)
    instruments: frozenset[str] = frozenset()

    def use(self, name: str) -> None:
        """Note that something uses a definition, and with it those it calls."""
        self.used |= {name} | reachable(self.calls, name)

    def begun_by(self, kind: str) -> str | None:
        """The first fact that begins with a kind of event."""
        return next((fact for fact, kinds in self.starts.items() if kind in kinds), None)

    def reads(self, conditions: tuple[Condition, ...], *more: Value | Each | None) -> set[str]:
        """The facts that conditions and values ask for as they hold now, through definitions as well."""
        found: set[str] = set()
        waiting: list[Condition | Value | Each | None] = [*conditions, *more]
        seen: set[str] = set()
        while waiting:
            for part in parts(waiting.pop()):
                if isinstance(part, Query) and not part.before:
                    found.add(part.fact)
                elif isinstance(part, Expression):
                    for name in (called(part.node) & set(self.phrases)) - seen:
                        seen.add(name)
                        waiting.extend(self.phrases[name].conditions)
        return found


def called(node: Node) -> set[str]:
    """What an expression may call; a definition without arguments is called by its name."""
    names = {one.function for one in walk(node) if isinstance(one, Call)}
    return names | {one.name for one in walk(node) if isinstance(one, Name)}


def call_of(node: Node) -> tuple[str, tuple[Node, ...]] | None:
    """The name and arguments of an expression that is nothing but a call, or ``None``."""
    if isinstance(node, Call):
        return node.function, node.arguments
    return (node.name, ()) if isinstance(node, Name) else None


def parts(root: Condition | Value | Each | None) -> Iterator[Query | Expression]:
    """Every query and expression of a condition, a value or an ``each:``, outer ones first."""
    waiting: list[Condition | Value | Each | Query | Limit | None] = [root]
    while waiting:
        match waiting.pop(0):
            case Test(expression=expression):
                yield expression
            case Exists(query=query):
                waiting.append(query)
            case Measure(query=query, distinct=distinct, total=total, limits=limits):
                waiting.extend((query, distinct, total, *limits))
            case Latest(query=query, value=value, otherwise=otherwise):
                waiting.extend((query, value, otherwise))
            case Group(conditions=conditions):
                waiting.extend(conditions)
            case Each(source=source):
                waiting.append(source)
            case Limit(value=value):
                yield value
            case Query() as query:
                yield query
                waiting.extend(query.where)
            case Expression() as expression:
                yield expression
            case None:
                pass
