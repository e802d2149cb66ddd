"""
From a folder of YAML files to a checked pack, or to everything that is wrong with it.

The order is that of dependence: kinds and parameters stand alone; definitions are parsed; facts are typed,
each after those it reads; then rules and cases see everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import evolve

from oversight.language import cases, definitions, hygiene, library, shape
from oversight.language.allowances import allowed
from oversight.language.facts import fact, facts
from oversight.language.findings import Findings
from oversight.language.kinds import Types, kind, with_builtin
from oversight.language.library import Folder
from oversight.language.order import reachable
from oversight.language.parameters import parameter
from oversight.language.rules import RuleDraft, rule, rules
from oversight.language.source import Node, Scalar
from oversight.language.world import Phrase, World
from oversight.model.diagnostics import Result
from oversight.model.pack import RETRACTION, Case, Pack, Parameter

_UNREAD = "a file of this pack could not be read; this may be declared there"
_DECLARED = (
    "unknown-kind",
    "unknown-fact",
    "unknown-function",
    "unknown-name",
    "unknown-rule",
    "unknown-type",
)


def read_pack(folder: Path, find: Callable[[str], Path]) -> Result:
    """
    Read and check a pack.

    Whatever the files say, this gives diagnostics and raises nothing.

    Args:
        folder: where its files are.
        find: gives the folder of a pack that it uses by name, or raises ``LookupError``.

    Raises:
        OSError: a file cannot be opened.
    """
    findings = Findings()
    folders = library.collect(folder, find, findings)
    made = _Reader(folders, findings).pack()
    sources = {name: read.lines for one in folders for name, read in one.sources.items()}
    found = findings.found
    if any(one.unread for one in folders):
        found = tuple(evolve(d, notes=(*d.notes, _UNREAD)) if d.code in _DECLARED else d for d in found)
    found = allowed(found, sources, () if findings.refused else folders[-1].sources)
    return Result(None if findings.refused else made, found, sources)


class _Reader:
    def __init__(self, folders: list[Folder], findings: Findings) -> None:
        self._folders = folders
        self._main = folders[-1]
        self._findings = findings

    def pack(self) -> Pack:
        findings, header = self._findings, self._main.header
        types = Types(findings)
        types.declare({key.text: (key, node) for _, key, node in self._named("types")})
        declared = self._named("kinds", (RETRACTION,))
        kinds = with_builtin({key.text: kind(key, node, types, findings) for _, key, node in declared})
        parameters = {
            key.text: parameter(key, node, one.header.zone, findings) for one, key, node in self._named("parameters")
        }
        world = World(kinds, {name: one.type for name, one in parameters.items()})
        world.instruments = frozenset(self._instruments())
        self._define(world)
        drafts = {key.text: fact(key, node, findings) for _, key, node in self._named("facts")}
        made_facts = facts(drafts, world, findings)
        read = [rule(node, findings) for node in self._main.listed("rules")]
        world.rules = {drafts[0].id: tuple(one.part for one in drafts) for drafts, _ in read if drafts}
        ids = Counter(drafts[0].id for drafts, _ in read if drafts)
        world.doubled = frozenset(name for name, count in ids.items() if count > 1)
        made_rules = rules([one for drafts, _ in read for one in drafts], world, header.zone)
        made_cases = self._cases(read, world, header.zone)
        made = Pack(
            header.name,
            header.version,
            header.language,
            header.zone,
            kinds,
            parameters,
            made_facts,
            made_rules,
            made_cases,
            self._main.digest,
            tuple(name for one in self._folders for name in one.sources),
            header.description,
            frozenset(self._main.sources),
        )
        if not findings.refused:
            # Where something is wrong, what seems unused may be what was meant there.
            if made_rules:
                self._unused(world, parameters)
            hygiene.tell(made, findings)
        return made

    def _instruments(self) -> Iterator[str]:
        """The public instruments that this pack, or one that it uses, lists."""
        for one in self._folders:
            for node in one.listed("instruments"):
                written = shape.scalar(node, "an instrument", self._findings)
                if written is not None:
                    yield written.text.strip()

    def _named(self, section: str, taken: tuple[str, ...] = ()) -> list[tuple[Folder, Scalar, Node]]:
        """The entries of a section over all packs; of a name declared twice the first one counts."""
        seen: dict[str, tuple[Folder, Scalar, Node]] = {}
        for one in self._folders:
            for key, node in one.named(section):
                if key.text in taken:
                    self._findings.wrong("name-taken", f"{key.text!r} is built in", key, "choose another name")
                elif key.text in seen:
                    first = seen[key.text][1].place
                    self._findings.wrong(
                        "duplicate-name",
                        f"{key.text!r} is declared twice under {section}:",
                        key,
                        "keep one of them",
                        (f"the first is at {first}",),
                    )
                else:
                    seen[key.text] = (one, key, node)
        return list(seen.values())

    def _define(self, world: World) -> None:
        phrases: dict[str, Phrase] = {}
        broken: set[str] = set()
        for one, key, node in self._named("define"):
            name, made = definitions.phrase(key, node, self._findings, one is self._main)
            if name in phrases:
                first = f"the first is at {phrases[name].key.place}"
                self._findings.wrong("duplicate-name", f"{name!r} is defined twice", key, "keep one of them", (first,))
            elif name in world.parameters:
                self._findings.wrong("name-taken", f"{name!r} is a parameter", key, "choose another name")
            elif made is None:
                broken.add(name)
            else:
                phrases[name] = made
        sound = definitions.sound(phrases, self._findings)
        needs = {name: definitions.calls(one) for name, one in phrases.items()}
        lost = broken | (set(phrases) - set(sound))
        lost |= {name for name in needs if reachable(needs, name) & lost}
        world.phrases = {name: one for name, one in sound.items() if name not in lost}
        world.broken = frozenset(lost)
        world.calls = needs
        world.definitions = definitions.expressions(world.phrases.values())

    def _cases(
        self, read: list[tuple[tuple[RuleDraft, ...], tuple[Node, ...]]], world: World, zone: ZoneInfo
    ) -> tuple[Case, ...]:
        beside = (
            cases.case(node, drafts[0].id, world, zone, drafts[0].findings)
            for drafts, own in read
            if drafts
            for node in own
        )
        alone = (cases.case(node, "", world, zone, self._findings) for node in self._main.listed("cases"))
        return tuple(one for one in chain(beside, alone) if one is not None)

    def _unused(self, world: World, parameters: Mapping[str, Parameter]) -> None:
        own = {name for key in self._main.named("parameters") for name in (key[0].text,)}
        for name in sorted(own & set(parameters) - world.used):
            place = parameters[name].place
            self._findings.warning(
                "unused-parameter", f"nothing uses the parameter {name!r}", place, len(name), "remove it"
            )
        for name, one in world.phrases.items():
            if one.own and name not in world.used:
                key = one.key
                self._findings.warning(
                    "unused-definition",
                    f"nothing uses the definition {name!r}",
                    key.place,
                    key.width,
                    "remove it",
                )
