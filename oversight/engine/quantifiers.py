"""Quantifiers as source: whether any fact matches, written out where one question to an index leads to all that may."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Protocol

from oversight.engine.expressions import Frame, text_of
from oversight.engine.order import latest_of
from oversight.engine.queries import AMONG, Branch, Lookup, Plan
from oversight.engine.source import Source
from oversight.engine.store import BY_KEY

_SLOTS = re.compile(r"env\[(\d+)\]")


class Written(Protocol):
    """A condition that can be written out."""

    @property
    def asks(self) -> bool:
        """Whether it asks for facts itself."""

    def write(self, source: Source) -> tuple[str, bool]:
        """Write it out; the code of its truth, and whether that is never undecided."""


def write_quick(plan: Plan, lookup: Lookup, frame: Frame, source: Source, latest: bool = False) -> str:
    """
    Write out whether any fact matches, where *lookup*, a single look by key or into an index, settles that.

    The slot then has one that does: any, or the *latest*.
    """
    found, value, held = source.fresh(), source.fresh(), source.fresh()
    text = text_of(lookup.nodes[0], frame, source)
    asked = (f"{value} = {text.code}", f"{held} = {source.bind(plan.rows_of(lookup))}.get({value})")
    if text.sure and lookup.hashable:
        names = (value, held)
        if set(_SLOTS.findall(text.code)) <= {"1"}:  # the event or what a rule watches, which stay what they are
            names = source.found.setdefault((plan.table.number, lookup.number, latest, text.code), names)
        if names[0] == value:
            source.add(*asked)
        _write_found(plan, lookup, (found, *names), source, latest)
    else:
        source.add(f"{found} = False")
        source.inside("try:", *asked)
        source.inside("except (EvaluationError, TypeError):", "pass")
        with source.block("else:"):
            _write_found(plan, lookup, (found, value, held), source, latest)
    return found


def _write_found(plan: Plan, lookup: Lookup, names: tuple[str, str, str], source: Source, latest: bool) -> None:
    """Write out what a single look found, and what is then noted as read."""
    found, value, held = names
    noted = "" if plan.inverse or source.reads is None else f"if {source.reads} is not None: {source.reads}.append"
    looked = f"{noted}(({plan.table.number}, {lookup.number}, {value}))"
    if noted and latest:
        source.add(looked)
    source.add(f"{found} = {held} is not None")
    with source.block(f"if {found}:"):
        if lookup.number != BY_KEY:
            one = f"{source.bind(latest_of)}({held}.values())" if latest else f"next(iter({held}.values()))"
            source.inside(f"if {held}.__class__ is dict:", f"{held} = {one}")
        source.add(f"env[{plan.slot}] = {held}")
        if noted and not latest:
            source.add(f"{noted}(({plan.table.number}, {BY_KEY}, {held}.key))")
    if noted and not latest:
        source.inside("else:", looked)


def write_some(plan: Plan, tests: Sequence[Written], frame: Frame, source: Source) -> str:
    """Write out whether any fact matches; the code of that. *tests* are the conditions that no index settles."""
    if plan.quick is not None:
        return write_quick(plan, plan.quick, frame, source)
    if plan.before:
        return _write_some_before(plan, tests, frame, source)
    if (
        len(plan.branches) > 1
        and not source.deep
        and all(b.lookup is not None and b.lookup.mode != AMONG for b in plan.branches)
    ):
        return _write_some_ways(plan, tests, frame, source)
    lookup = plan.single
    if lookup is None or source.deep:
        return f"{source.bind(plan.some)}(env, {source.reads})"
    names = found, value, facts = source.fresh(), source.fresh(), source.fresh()
    lines, texts_only, sure = _asking(plan, lookup, (value, facts), frame, source)
    source.add(f"{found} = False")
    if sure:
        source.add(*lines)
        _write_matches(plan, lookup, tests, names, source)
        return found
    source.inside("try:", *lines)
    source.inside("except (EvaluationError, TypeError):", "pass")
    with source.block("else:"):
        if not texts_only:
            _write_matches(plan, lookup, tests, names, source)
        else:
            with source.block(f"if {texts_only}:"):
                _write_matches(plan, lookup, tests, names, source)
            source.inside("else:", f"{found} = {source.bind(plan.some)}(env, {source.reads})")
    return found


def _write_some_ways(plan: Plan, tests: Sequence[Written], frame: Frame, source: Source) -> str:
    """
    Write out the search in every way in which a fact may match, one after the other, up to the first that does.

    What is noted as read is as in :func:`_write_matches`.
    """
    reads, found = source.reads, source.fresh()
    own, mark, held = f"own{found}", f"mark{found}", f"held{found}"
    source.add(f"{found} = False")
    if reads is not None:
        source.add(f"{own} = None if {reads} is None else []", f"{mark} = 0")
        source.reads = own
    for branch in plan.branches:
        with source.block(f"while not {found}:"):
            _write_way(plan, branch, tests, (found, held, own, mark), frame, source)
            source.add("break")
    source.reads = reads
    if reads is not None:
        with source.block(f"if {reads} is not None:"):
            hit = f"{reads}.append(({plan.table.number}, {BY_KEY}, {held}.key))"
            source.inside(f"if {found}:", f"{reads} += {own}[{mark}:]", hit)
            source.inside("else:", f"{reads} += {own}")
    return found


def _write_way(
    plan: Plan, branch: Branch, tests: Sequence[Written], names: tuple[str, str, str, str], frame: Frame, source: Source
) -> None:
    """Write out the search in one way, in a loop that is left where there is nothing to be found this way."""
    found, held, own, mark = names
    for node in branch.guards:
        guard, text = source.fresh(), text_of(node, frame, source)
        if text.sure:
            source.add(f"{guard} = {text.code}")
        else:
            source.inside("try:", f"{guard} = {text.code}")
            source.inside("except EvaluationError:", "break")
        source.inside(f"if {guard} is not True:", "break")
    lookup = branch.lookup
    assert lookup is not None
    value, facts = source.fresh(), source.fresh()
    lines, texts_only, sure = _asking(plan, lookup, (value, facts), frame, source)
    if sure:
        source.add(*lines)
    else:
        source.inside("try:", *lines)
        source.inside("except (EvaluationError, TypeError):", "break")
        if texts_only:
            with source.block(f"if not ({texts_only}):"):
                noted = [] if source.reads is None else [f"{mark} = 0 if {own} is None else len({own})"]
                source.add(*noted, f"{found} = {source.bind(plan.some)}(env, {source.reads})")
                source.add(f"{held} = env[{plan.slot}]", "break")
    if source.reads is not None:
        source.inside(f"if {own} is not None:", f"{own}.append(({plan.table.number}, {lookup.number}, {value}))")
    source.inside(f"if {facts} is None:", "break")
    with source.block(f"for {held} in {_several(lookup, facts)}:"):
        source.add(f"env[{plan.slot}] = {held}")
        if source.reads is not None:
            source.add(f"{mark} = 0 if {own} is None else len({own})")
        # Written out in every way, and in every way within, they would be too long.
        if any(test.asks for test in tests):
            source.inside(f"if not {source.bind(plan.meets)}(env, {source.reads}):", "continue")
            tests = ()
        write_tests(tests, source, "continue")
        source.add(f"{found} = True", "break")


def _write_some_before(plan: Plan, tests: Sequence[Written], frame: Frame, source: Source) -> str:
    """
    Write out whether any fact matched before the instant.

    What stands there stood before unless the instant has touched it. Of what must be noted as read the general way
    takes care.
    """
    asked = f"{source.bind(plan.some)}(env, {source.reads})"
    lookup = plan.earlier
    if lookup is None or source.deep:
        return asked
    found, noting = source.fresh(), source.reads
    code, sure = sought(lookup, frame, source)
    if not sure:
        return asked
    source.add(f"{found} = False")
    if noting is not None:
        source.inside(f"if {noting} is not None:", f"{found} = {asked}")
    source.reads = None
    with nullcontext() if noting is None else source.block("else:"):
        _write_first(plan, tests, found, write_stood(plan, lookup, code, source), source)
    source.reads = noting
    return found


def write_stood(plan: Plan, lookup: Lookup, code: str, source: Source) -> str:
    """Write out the look for what stood before the instant under a value; the code of what can be gone through."""
    value, facts = source.fresh(), source.fresh()
    stood, look = source.bind(plan.table.stood), f"{source.bind(plan.rows_of(lookup))}.get({value})"
    source.add(f"{value} = {code}")
    if lookup.number == BY_KEY:
        source.add(f"{facts} = {stood}[{value}] if {value} in {stood} else {look}")
        return f"() if {facts} is None else ({facts},)"
    source.inside(f"if {stood}:", f"{facts} = {source.bind(plan.table.found_before)}({lookup.number}, {value})")
    with source.block("else:"):
        source.add(f"{facts} = {look}")
        source.add(f"{facts} = () if {facts} is None else {_several(lookup, facts)}")
    return facts


def _several(lookup: Lookup, facts: str) -> str:
    """The code of what a look found, if anything, as what can be gone through."""
    one = f"({facts},)"
    return one if lookup.number == BY_KEY else f"{facts}.values() if {facts}.__class__ is dict else {one}"


def _write_first(plan: Plan, tests: Sequence[Written], found: str, several: str, source: Source) -> None:
    """Write out the search through *several* for the first that matches, where nobody asks what was read."""
    held = source.fresh()
    with source.block(f"for {held} in {several}:"):
        source.add(f"env[{plan.slot}] = {held}")
        write_tests(tests, source, "continue")
        source.add(f"{found} = True", "break")


def write_tests(tests: Sequence[Written], source: Source, leave: str) -> None:
    """Write out that *leave* is done unless all of *tests* hold."""
    for test in tests:
        code, decided = test.write(source)
        source.inside(f"if not {code}:" if decided else f"if {code} is not True:", leave)


def sought(lookup: Lookup, frame: Frame, source: Source) -> tuple[str, bool]:
    """The code of the one value that a lookup seeks, and whether it surely has one that a dict can find."""
    texts = [text_of(node, frame, source) for node in lookup.nodes]
    return _together([text.code for text in texts]), lookup.hashable and all(text.sure for text in texts)


def _together(codes: list[str]) -> str:
    """The one value, or the tuple of several, under which an index has facts."""
    return codes[0] if len(codes) == 1 else f"({', '.join(codes)})"


def write_look(plan: Plan, lookup: Lookup, frame: Frame, source: Source) -> tuple[str, str]:
    """Write out a look that is surely answered; the names of what was sought and what was found."""
    names = source.fresh(), source.fresh()
    source.add(*_asking(plan, lookup, names, frame, source)[0])
    return names


def _asking(
    plan: Plan, lookup: Lookup, names: tuple[str, str], frame: Frame, source: Source
) -> tuple[list[str], str, bool]:
    """
    The lines of a look, which give the names *names* to what is sought and what is found.

    Returns:
        Beside them, the source of whether an index of texts can tell, where it may be asked for something else, and
        whether the look is surely answered.
    """
    value, facts = names
    look = f"{facts} = {source.bind(plan.rows_of(lookup))}.get({value})"
    code, sure = sought(lookup, frame, source)
    if sure:
        return [f"{value} = {code}", look], "", True
    parts = [f"part{value}_{number}" for number in range(len(lookup.nodes))]
    lines = [f"{part} = {text_of(node, frame, source).code}" for part, node in zip(parts, lookup.nodes, strict=True)]
    lines.append(f"{value} = {_together(parts)}")
    texts_only = lookup.texts_only(parts)
    return [*lines, f"{look} if {texts_only} else None" if texts_only else look], texts_only, False


def write_lone(plan: Plan, lookup: Lookup, tests: Sequence[Written], names: tuple[str, str], source: Source) -> str:
    """Write out whether what a look found, a fact or none, matches; the look is noted, since another may come later."""
    (value, held), found = names, source.fresh()
    if source.reads is not None and not plan.inverse:
        noted = f"{source.reads}.append(({plan.table.number}, {lookup.number}, {value}))"
        source.inside(f"if {source.reads} is not None:", noted)
    source.add(f"{found} = False")
    with source.block(f"while {held} is not None:"):
        source.add(f"env[{plan.slot}] = {held}")
        write_tests(tests, source, "break")
        source.add(f"{found} = True", "break")
    return found


def _write_matches(
    plan: Plan, lookup: Lookup, tests: Sequence[Written], names: tuple[str, str, str], source: Source
) -> None:
    """
    Write out the search through the facts that one question found, up to the first that matches.

    Then only that one is noted as read, and what it was asked; otherwise the question is, and all that was asked.
    """
    found, value, facts = names
    reads = source.reads
    held, asks = source.fresh(), reads is not None and any(test.asks for test in tests)
    own, mark = f"own{held}", f"mark{held}"
    if asks:
        source.add(f"{own} = None if {reads} is None else []")
        source.reads = own
    with source.block(f"if {facts} is not None:"), source.block(f"for {held} in {_several(lookup, facts)}:"):
        source.add(f"env[{plan.slot}] = {held}")
        if asks:
            source.add(f"{mark} = 0 if {own} is None else len({own})")
        write_tests(tests, source, "continue")
        source.add(f"{found} = True", "break")
    source.reads = reads
    hit = [f"{reads} += {own}[{mark}:]"] if asks else []
    miss = [f"{reads} += {own}"] if asks else []
    if not plan.inverse:
        hit.append(f"{reads}.append(({plan.table.number}, {BY_KEY}, {held}.key))")
        miss.append(f"{reads}.append(({plan.table.number}, {lookup.number}, {value}))")
    if hit and reads is not None:
        with source.block(f"if {reads} is not None:"):
            source.inside(f"if {found}:", *hit)
            source.inside("else:", *miss)
