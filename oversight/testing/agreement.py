"""What the engine and the definition say, in one form, so that the two can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from oversight.engine.core import Engine
from oversight.engine.store import Held
from oversight.meaning.semantics import Outcome
from oversight.model.alerts import Change
from oversight.model.folding import fold
from oversight.model.forms import ABSENT
from oversight.model.pack import Pack

Told = dict[str, tuple[str, datetime, str | None, dict[str, datetime | None]]]
"""Alerts by identity: the rule, the instant of the breach, what waives it, and each subject with its end."""


def facts_of_engine(engine: Engine, pack: Pack) -> dict[str, Any]:
    """The facts that hold, as plain values."""
    return {name: {h.key: (h.since, h.event.id, _attributes(h)) for h in engine.facts(name)} for name in pack.facts}


def _attributes(held: Held) -> dict[str, Any]:
    data = held.event.data
    found = {name: getattr(data, name) for name in data.__struct_fields__ if name != "corrects"}
    return {n: v for n, v in {**found, **(held.values or {})}.items() if v is not ABSENT}


def facts_of_definition(found: Outcome, pack: Pack) -> dict[str, Any]:
    """The facts that hold, as plain values."""
    return {
        name: {
            h.key: (h.since, h.event.id, {n: v for n, v in h.attributes.items() if v is not ABSENT})
            for h in found.facts.get(name, {}).values()
        }
        for name in pack.facts
    }


def alerts_of_definition(found: Outcome) -> Told:
    """The alerts, without parts that never lasted beside others that did."""
    return {
        a.identity: (a.rule.id, a.at, None if a.waived is None else a.waived.reason, _lasting(a.at, a.subjects))
        for a in found.alerts.values()
    }


def alerts_of_changes(told: Iterable[Change]) -> Told:
    """The alerts that changes amount to, in the same form."""
    return {
        i: (f.rule, f.at, None if f.waived is None else f.waived["reason"], _lasting(f.at, dict(f.subjects)))
        for i, f in fold(told).items()
    }


def _lasting(at: datetime, subjects: dict[str, datetime | None]) -> dict[str, datetime | None]:
    lasting = {subject: end for subject, end in subjects.items() if end != at}
    return lasting or dict(subjects)


def open_now(engine: Engine) -> list[tuple[Any, ...]]:
    """The open alerts, all that they say, without the order of their subjects."""
    return [
        (c.alert, c.rule, c.part, c.at, c.since, sorted(c.subjects), c.open, c.message, c.evidence, c.missing, c.cause,
         c.waived, c.assumed)
        for c in engine.open_alerts()
    ]  # fmt: skip
