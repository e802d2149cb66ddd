"""
By others, as their own documents have it.

None of them knows of the events' own time, so where one keeps facts the host tells it when a deadline has passed; where
one keeps none, the host keeps them and asks it for each event.
"""

from __future__ import annotations

import heapq
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
from benchmarks.peers.ours import Run
from benchmarks.peers.work import KEPT, Alert

PAPERS = {
    "assessment.approved": ("assessment", ("district", "function")), "notice.posted": ("notice", ("zone",)),
    "warrant.issued": ("warrant", ("suspect",)),
}  # fmt: skip
ENDS = {"assessment.revoked": "assessment", "notice.removed": "notice", "warrant.ended": "warrant"}


class Deadlines:
    """Footage by the instant at which it must be gone."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str]] = []

    def add(self, recorded: datetime, footage: str) -> None:
        """Have *footage* come up when its time is over."""
        heapq.heappush(self._heap, (recorded + KEPT, footage))

    def passed(self, now: datetime, last: bool = False):
        """What has come up before *now*; at the *last* instant what does so at it, too."""
        heap = self._heap
        while heap and (heap[0][0] < now or (last and heap[0][0] == now)):
            yield heapq.heappop(heap)


class Host:
    """Keeps the facts for a library that keeps none."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, ...], int] = {}
        self.paper: dict[str, tuple[str, ...]] = {}

    def take(self, kind: str, data: dict[str, Any]) -> None:
        """Note what an event puts on record or takes off it."""
        if kind in PAPERS:
            name, attributes = PAPERS[kind]
            key = self.paper[data[name]] = tuple([data[attribute] for attribute in attributes])
            self.counts[key] = self.counts.get(key, 0) + 1
        elif kind in ENDS:
            self.counts[self.paper.pop(data[ENDS[kind]])] -= 1

    def known(self, *key: str) -> bool:
        """Whether something stands under *key*."""
        return bool(self.counts.get(key))


def _asked(lines: list[bytes], ask: dict[str, Any]) -> list[Alert]:
    """P1 to P4 by a library that answers questions about one event, with the facts given."""
    decode, host, alerts = msgspec.json.Decoder().decode, Host(), []
    for line in lines:
        event = decode(line)
        kind, data, time = event["kind"], event["data"], event["time"]
        if kind == "function.enabled":
            given = {
                "biometric": data["biometric"], "assessed": host.known(data["district"], data["function"]),
                "noticed": host.known(data["zone"]),
            }  # fmt: skip
            alerts += [(rule, data["camera"], time) for rule in ("P1", "P2") if ask[rule](given)]
        elif kind == "retention.set":
            if ask["P3"]({"days": data["days"]}):
                alerts.append(("P3", data["camera"], time))
        elif kind == "tracking.started":
            if ask["P4"]({"warranted": host.known(data["suspect"])}):
                alerts.append(("P4", data["tracking"], time))
        else:
            host.take(kind, data)
    return alerts


def zen_engine(lines: list[bytes]) -> Run:
    """zen-engine: compiled expressions; it keeps no facts, so P5 cannot be said."""
    import zen

    said = {"P1": "biometric and not assessed", "P2": "not noticed", "P3": "days > 31", "P4": "not warranted"}
    ask = {rule: zen.compile_expression(text).evaluate for rule, text in said.items()}
    return lambda: _asked(lines, ask)


def cel(lines: list[bytes]) -> Run:
    """Google's CEL evaluator: compiled expressions; it keeps no facts, so P5 cannot be said."""
    from cel_expr_python import cel as library

    types = dict.fromkeys(("biometric", "assessed", "noticed", "warranted"), library.Type.BOOL)
    environment = library.NewEnv(variables={**types, "days": library.Type.INT})
    said = {"P1": "biometric && !assessed", "P2": "!noticed", "P3": "days > 31", "P4": "!warranted"}

    def made(text: str):
        compiled = environment.compile(text)
        return lambda given: compiled.eval(data=given).value()

    ask = {rule: made(text) for rule, text in said.items()}
    return lambda: _asked(lines, ask)


_TEMPLATES = """
(deftemplate assessment (slot assessment) (slot district) (slot function))
(deftemplate notice (slot notice) (slot zone))
(deftemplate warrant (slot warrant) (slot suspect))
(deftemplate footage (slot footage))
(deftemplate overdue (slot footage) (slot at))
(deftemplate enabled (slot camera) (slot district) (slot zone) (slot function) (slot biometric) (slot at))
(deftemplate retention (slot camera) (slot days) (slot at))
(deftemplate tracking (slot tracking) (slot suspect) (slot at))
"""
_RULES = (
    "(defrule P1 (enabled (camera ?c) (district ?d) (function ?f) (biometric TRUE) (at ?t))"
    " (not (assessment (district ?d) (function ?f))) => (raised P1 ?c ?t))",
    "(defrule P2 (enabled (camera ?c) (zone ?z) (at ?t)) (not (notice (zone ?z))) => (raised P2 ?c ?t))",
    "(defrule P3 (retention (camera ?c) (days ?n&:(> ?n 31)) (at ?t)) => (raised P3 ?c ?t))",
    "(defrule P4 (tracking (tracking ?i) (suspect ?s) (at ?t)) (not (warrant (suspect ?s))) => (raised P4 ?i ?t))",
    "(defrule P5 (overdue (footage ?f) (at ?t)) (footage (footage ?f)) => (raised P5 ?f ?t))",
)


def clips(lines: list[bytes]) -> Run:
    """CLIPS through clipspy: facts and rules; the host says when footage is overdue."""
    import clips as library

    environment, alerts = library.Environment(), list[Alert]()

    def raised(rule: Any, about: Any, at: Any) -> None:
        alerts.append((str(rule), str(about), str(at)))

    environment.define_function(raised, name="raised")
    for construct in _TEMPLATES.strip().splitlines():
        environment.build(construct)
    for rule in _RULES:
        environment.build(rule)
    return lambda: _clips(lines, environment, alerts)


def _clips(lines: list[bytes], environment: Any, alerts: list[Alert]) -> list[Alert]:
    decode, standing, deadlines = msgspec.json.Decoder().decode, dict[str, Any](), Deadlines()
    template = {t.name: t for t in environment.templates()}
    acts = {"function.enabled": "enabled", "retention.set": "retention", "tracking.started": "tracking"}

    def once(name: str, **slots: Any) -> None:
        fact = template[name].assert_fact(**slots)
        environment.run()
        fact.retract()

    def overdue(now: datetime, last: bool = False) -> None:
        for due, footage in deadlines.passed(now, last):
            once("overdue", footage=footage, at=due.isoformat())

    for line in lines:
        event = decode(line)
        kind, data, now = event["kind"], event["data"], datetime.fromisoformat(event["time"])
        overdue(now)
        if kind in acts:
            once(acts[kind], **data, at=event["time"])
        elif kind in PAPERS:
            name = PAPERS[kind][0]
            standing[data[name]] = template[name].assert_fact(**data)
        elif kind == "footage.recorded":
            standing[data["footage"]] = template["footage"].assert_fact(footage=data["footage"])
            deadlines.add(now, data["footage"])
        else:
            fact = standing.pop(data[ENDS.get(kind, "footage")], None)
            if fact is not None:
                fact.retract()
    overdue(now, last=True)
    return alerts


def durable_rules(lines: list[bytes]) -> Run:
    """durable-rules as its documents have it; its timers go by the wall clock, so P5 cannot be said."""
    from durable.engine import MessageNotHandledException
    from durable.lang import assert_fact, m, none, post, retract_fact, ruleset, when_all
    from durable.lang import c as chain

    def quietly(act: Any, message: dict[str, Any]) -> None:
        with suppress(MessageNotHandledException):  # it says so of whatever no rule matches
            act("watch", message)

    alerts = list[Alert]()
    with ruleset("watch"):

        @when_all(
            chain.e << (m.kind == "function.enabled") & (m.biometric == True),  # noqa: E712
            none((m.kind == "assessment") & (m.district == chain.e.district) & (m.function == chain.e.function)),
        )
        def p1(c):
            alerts.append(("P1", c.e.camera, c.e.at))

        @when_all(chain.e << m.kind == "function.enabled", none((m.kind == "notice") & (m.zone == chain.e.zone)))
        def p2(c):
            alerts.append(("P2", c.e.camera, c.e.at))

        @when_all((m.kind == "retention.set") & (m.days > 31))
        def p3(c):
            alerts.append(("P3", c.m.camera, c.m.at))

        @when_all(chain.e << m.kind == "tracking.started", none((m.kind == "warrant") & (m.suspect == chain.e.suspect)))
        def p4(c):
            alerts.append(("P4", c.e.tracking, c.e.at))

    def run() -> list[Alert]:
        decode, standing = msgspec.json.Decoder().decode, dict[str, Any]()
        for line in lines:
            event = decode(line)
            kind, data = event["kind"], event["data"]
            if kind in PAPERS:
                name = PAPERS[kind][0]
                standing[data[name]] = {"id": event["id"], "kind": name, **data}
                quietly(assert_fact, standing[data[name]])
            elif kind in ENDS:
                quietly(retract_fact, standing.pop(data[ENDS[kind]]))
            elif not kind.startswith("footage."):
                quietly(post, {"id": event["id"], "kind": kind, "at": event["time"], **data})
        return alerts

    return run
