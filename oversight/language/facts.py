"""Facts: from YAML to checked facts, each after those it reads."""

from __future__ import annotations

from collections.abc import Mapping as Map


from oversight.ground.text import nearest
from oversight.language import shape
from oversight.language.acts import Act
from oversight.language.drafts import expression
from oversight.language.entries import FactDraft, entries
from oversight.language.findings import Findings
from oversight.language.order import in_order
from oversight.language.records import either, event_type
from oversight.language.scope import Scope
from oversight.language.source import Node, Scalar
from oversight.language.world import World
from oversight.model.pack import Fact
from oversight.model.types import DURATION, DYN, PERIOD, Attribute, RecordType

KNOWN = ("key", "description", "starts", "changes", "ends", "lasts", "restarts", "keep")


def fact(written: Scalar, node: Node, findings: Findings) -> FactDraft:
    """Read one fact; what is wrong with it is told and left out."""
    inside = findings.within(f"in the fact {written.text}")
    named = shape.is_name(written, "a fact", inside)
    if written.text in ("alert", "this"):
        inside.wrong("name-taken", f"{written.text!r} is built in", written, "choose another name")
    body = shape.table(node, f"the fact {written.text}", inside, KNOWN, ("starts",))
    if body is None:
        return FactDraft(written.text, written, (), (), (), (), None, False, True, "", False, inside)
    starts, whole = entries("starts", body.get("starts"), inside)
    changes, _ = entries("changes", body.get("changes"), inside)
    ends, _ = entries("ends", body.get("ends"), inside)
    lasts = expression(body.get("lasts"), "lasts", inside, periods=True)
    forever = bool(shape.choice(body.get("keep"), "value of keep:", ("forever",), inside))
    made = FactDraft(
        written.text,
        written,
        shape.strings(body.get("key"), "key:", inside),
        starts,
        changes,
        ends,
        lasts,
        shape.boolean(body.get("restarts"), "restarts", inside),
        forever,
        shape.string(body.get("description"), "description", inside),
        named and whole and bool(starts),
        inside,
    )
    _endings(made, body)
    return made


def _endings(made: FactDraft, body: shape.Table) -> None:
    """A fact that nothing ends must say so, and so must one of which a single start has no end."""
    ends = "ends" in body.entries or "lasts" in body.entries
    until = ["until" in entry.body.entries for entry in made.starts]
    if not ends and not any(until) and not made.forever and made.whole and "keep" not in body.entries:
        made.findings.wrong(
            "never-ends",
            f"nothing ends the fact {made.name}",
            made.written,
            "give it ends:, until: or lasts:, or say keep: forever",
        )
    if any(until) and not ends and not made.forever and "keep" not in body.entries:
        for entry in (entry for entry, bounded in zip(made.starts, until, strict=True) if not bounded):
            made.findings.wrong(
                "start-never-ends",
                f"nothing ends the fact {made.name} where it begins here; other starts have until:",
                entry.on.names[0],
                "give it until: too, or the fact ends: or lasts:, or say keep: forever",
            )
    if made.forever and made.whole and (ends or all(until)):
        key = body.key("keep")
        message = "this fact can end, so keep: says nothing"
        made.findings.warning("keep-unneeded", message, key.place, key.width, "remove it")


def facts(drafts: Map[str, FactDraft], world: World, findings: Findings) -> dict[str, Fact]:
    """
    Check all facts.

    Args:
        drafts: by name, in written order.
        world: is given their types.
        findings: takes what is wrong.

    Returns:
        The facts by name, each after those it reads.
    """
    needs = {}
    for name, one in drafts.items():
        read = (entry.reads(world) for entry in (*one.starts, *one.changes, *one.ends))
        needs[name] = sorted(set().union(*read))
        world.facts[name] = _provisional(one, world)
        world.starts[name] = tuple(text.text for entry in one.starts for text in entry.on.names)
    ordered, circles = in_order(needs)
    for circle in circles:
        way = " reads ".join((*circle[::-1], circle[-1]))
        drafts[circle[-1]].findings.wrong(
            "fact-cycle",
            f"the fact {circle[-1]} depends on itself",
            drafts[circle[-1]].written,
            "look at one of them with before: true",
            (way,),
        )
    return {name: _checked(drafts[name], world) for name in ordered}


def _provisional(one: FactDraft, world: World) -> RecordType:
    """What can be known of a fact's attributes before anything is typed."""
    shapes = []
    for entry in one.starts:
        kinds = [world.kinds[text.text] for text in entry.on.names if text.text in world.kinds]
        found = event_type(kinds)
        attributes = dict(found.attributes) if isinstance(found, RecordType) else {}
        names = [key.text for key, _ in entry.values] + ([entry.each.name] if entry.each else [])
        attributes |= {name: Attribute(name, DYN, required=True) for name in names if name}
        shapes.append(attributes)
    for entry in one.changes:
        if isinstance(entry.sets, tuple) and shapes:
            shapes.append({**shapes[0], **{key.text: Attribute(key.text, DYN) for key, _ in entry.sets}})
    return RecordType(one.name, _without_corrects(either(shapes)), "fact")


def _without_corrects(attributes: dict[str, Attribute]) -> dict[str, Attribute]:
    return {name: attribute for name, attribute in attributes.items() if name != "corrects"}


def _checked(draft: FactDraft, world: World) -> Fact:
    """Starts give the attributes, changes may add some, and only then can ``where:`` look at ``this``."""
    starts = [Act(entry, draft, world) for entry in draft.starts]
    attributes = _without_corrects(either([act.shape for act in starts]))
    changes = [Act(entry, draft, world) for entry in draft.changes]
    for act in changes:
        attributes = either([attributes, {**attributes, **act.settings}])
    kind = RecordType(draft.name, attributes, "fact")
    world.facts[draft.name] = kind
    ends = [Act(entry, draft, world) for entry in draft.ends]
    for name in draft.key:
        if starts and not any(act.knows(name.text) for act in starts):
            near = nearest(name.text, attributes)
            draft.findings.wrong(
                "unknown-key-attribute",
                f"no start of {draft.name} has {name.text!r}, which is its key",
                name,
                f"did you mean {near!r}?" if near else "",
                (f"attributes: {', '.join(attributes)}",),
            )
    lasts = None
    if draft.lasts is not None:
        scope = Scope(world, draft.findings, entry=True)
        lasts = scope.expression(draft.lasts)
        scope.require(lasts, (PERIOD, DURATION), "lasts:")
    begun, changed, ended = (tuple(act.entry(kind) for act in acts) for acts in (starts, changes, ends))
    return Fact(
        draft.name,
        tuple(key.text for key in draft.key),
        begun,
        changed,
        ended,
        kind,
        lasts,
        draft.restarts,
        draft.forever,
        draft.description,
        draft.written.place,
    )
