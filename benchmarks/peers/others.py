"""
By others, as their own documents have it.

None of these knows of the events' own time, so where one keeps facts the host tells it when a deadline has passed;
where one keeps none, the host keeps them. Each is given every event, since which kinds matter is for its rules to say.
Of those that keep none, what they take where the host picks the events is told beside it.
"""

from __future__ import annotations

import collections
import heapq
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from unittest import mock

import msgspec
from attrs import frozen
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


Judged = Callable[[dict[str, Any]], Iterable[str]]
"""Which rules an event breaks, by what it says and what the host knows."""
OF = {"function.enabled": ("P1", "P2"), "retention.set": ("P3",), "tracking.started": ("P4",)}
"""The rules that name a kind of event, but for P5."""


def _asked(lines: list[bytes], judged: Judged, picked: bool) -> list[Alert]:
    """P1 to P4 by a library that answers questions about one event: each, or those alone that the host has picked."""
    decode, host, alerts = msgspec.json.Decoder().decode, Host(), []
    for line in lines:
        event = decode(line)
        kind, data, time = event["kind"], event["data"], event["time"]
        host.take(kind, data)
        if picked and kind not in OF:
            continue
        known = {
            "assessed": host.known(data.get("district"), data.get("function")), "noticed": host.known(data.get("zone")),
            "warranted": host.known(data.get("suspect")),
        }  # fmt: skip
        broken = judged({"kind": kind, "biometric": False, "days": 0, **data, **known})
        alerts += [(rule, data["tracking" if rule == "P4" else "camera"], time) for rule in broken]
    return alerts


def _each(ask: dict[str, Callable[[dict[str, Any]], Any]], picked: bool) -> Judged:
    """Which rules are broken, by one question for each, or for those alone that the host has picked."""
    if picked:
        return lambda given: [rule for rule in OF[given["kind"]] if ask[rule](given)]
    return lambda given: [rule for rule, question in ask.items() if question(given)]


def zen_engine(lines: list[bytes], picked: bool = False) -> Run:
    """zen-engine: compiled expressions, asked of each event; it keeps no facts, so P5 cannot be said."""
    import zen

    said = {
        "P1": "kind == 'function.enabled' and biometric and not assessed",
        "P2": "kind == 'function.enabled' and not noticed",
        "P3": "kind == 'retention.set' and days > 31",
        "P4": "kind == 'tracking.started' and not warranted",
    }
    judged = _each({rule: zen.compile_expression(text).evaluate for rule, text in said.items()}, picked)
    return lambda: _asked(lines, judged, picked)


def zen_engine_picked(lines: list[bytes]) -> Run:
    """zen-engine, where the host picks by its kind what is asked of an event, mostly nothing."""
    return zen_engine(lines, picked=True)


def cel(lines: list[bytes], picked: bool = False) -> Run:
    """Google's CEL evaluator: compiled expressions, asked of each event; it keeps no facts, so P5 cannot be said."""
    from cel_expr_python import cel as library

    types = dict.fromkeys(("biometric", "assessed", "noticed", "warranted"), library.Type.BOOL)
    types |= {"days": library.Type.INT, "kind": library.Type.STRING}
    environment = library.NewEnv(variables=types)
    said = {
        "P1": "kind == 'function.enabled' && biometric && !assessed",
        "P2": "kind == 'function.enabled' && !noticed",
        "P3": "kind == 'retention.set' && days > 31",
        "P4": "kind == 'tracking.started' && !warranted",
    }

    def made(text: str):
        compiled = environment.compile(text)
        return lambda given: compiled.eval(data=given).value()

    ask = _each({rule: made(text) for rule, text in said.items()}, picked)
    return lambda: _asked(lines, lambda given: ask({name: given[name] for name in types}), picked)


def cel_picked(lines: list[bytes]) -> Run:
    """Google's CEL evaluator, where the host picks by its kind what is asked of an event, mostly nothing."""
    return cel(lines, picked=True)


_POLICY = """
package watch
import rego.v1
broken contains "P1" if { input.kind == "function.enabled"; input.biometric; not input.assessed }
broken contains "P2" if { input.kind == "function.enabled"; not input.noticed }
broken contains "P3" if { input.kind == "retention.set"; input.days > 31 }
broken contains "P4" if { input.kind == "tracking.started"; not input.warranted }
"""


def regorus(lines: list[bytes], picked: bool = False) -> Run:
    """regorus, an evaluator of Rego: one policy, asked of each event; it takes no fact back, so P5 cannot be said."""
    from regorus import Engine

    engine, encode = Engine(), msgspec.json.Encoder().encode
    engine.add_policy("watch.rego", _POLICY)

    def judged(given: dict[str, Any]) -> set[str]:
        engine.set_input_json(encode(given).decode())  # `set_input` makes a False into a zero
        return engine.eval_rule("data.watch.broken")

    return lambda: _asked(lines, judged, picked)


def regorus_picked(lines: list[bytes]) -> Run:
    """regorus, where the host picks by their kind the events that it is asked of, a third."""
    return regorus(lines, picked=True)


@frozen
class Memory:
    """The facts of a library that keeps them: how one is added, judged with the rest, and removed."""

    add: Callable[..., Any]
    judge: Callable[[], object]
    remove: Callable[[Any], object]


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


def clips_mended(lines: list[bytes]) -> Run:
    """CLIPS through clipspy with one line of it mended, so that it lets go of the facts that are over."""
    from clips import facts

    def released(fact: Any) -> None:
        facts.lib.ReleaseFact(fact._fact)  # as shipped, it is given two arguments, and the error is passed over

    facts.Fact.__del__ = released
    return clips(lines)


def clips(lines: list[bytes]) -> Run:
    """CLIPS through clipspy as shipped: facts and rules; the host says when footage is overdue."""
    import clips as library

    environment, alerts = library.Environment(), list[Alert]()

    def raised(rule: Any, about: Any, at: Any) -> None:
        alerts.append((str(rule), str(about), str(at)))

    environment.define_function(raised, name="raised")
    for construct in _TEMPLATES.strip().splitlines():
        environment.build(construct)
    for rule in _RULES:
        environment.build(rule)
    template = {t.name: t for t in environment.templates()}
    memory = Memory(
        add=lambda name, **slots: template[name].assert_fact(**slots),
        judge=lambda: environment.run(),
        remove=lambda fact: fact.retract(),
    )
    return lambda: _remembered(lines, memory, alerts)


def experta(lines: list[bytes]) -> Run:
    """experta: facts and rules, in Python alone; the host says when footage is overdue."""
    with mock.patch.object(collections, "Mapping", Mapping, create=True):  # its frozendict still asks for that name
        import experta as library
    match, absent, rule = library.MATCH, library.NOT, library.Rule
    names = ("assessment", "notice", "warrant", "footage", "overdue", "enabled", "retention", "tracking")
    fact, alerts = {name: type(name, (library.Fact,), {}) for name in names}, list[Alert]()
    enabled, retention, tracking = fact["enabled"], fact["retention"], fact["tracking"]

    class Watch(library.KnowledgeEngine):
        @rule(
            enabled(camera=match.c, district=match.d, function=match.f, biometric=True, at=match.t),
            absent(fact["assessment"](district=match.d, function=match.f)),
        )
        def p1(self, c, t):
            alerts.append(("P1", c, t))

        @rule(enabled(camera=match.c, zone=match.z, at=match.t), absent(fact["notice"](zone=match.z)))
        def p2(self, c, t):
            alerts.append(("P2", c, t))

        @rule(retention(camera=match.c, days=library.P(lambda days: days > 31), at=match.t))
        def p3(self, c, t):
            alerts.append(("P3", c, t))

        @rule(tracking(tracking=match.i, suspect=match.s, at=match.t), absent(fact["warrant"](suspect=match.s)))
        def p4(self, i, t):
            alerts.append(("P4", i, t))

        @rule(fact["overdue"](footage=match.f, at=match.t), fact["footage"](footage=match.f))
        def p5(self, f, t):
            alerts.append(("P5", f, t))

    engine = Watch()
    engine.reset()
    memory = Memory(lambda name, **slots: engine.declare(fact[name](**slots)), engine.run, engine.retract)
    return lambda: _remembered(lines, memory, alerts)


def _remembered(lines: list[bytes], memory: Memory, alerts: list[Alert]) -> list[Alert]:
    decode, standing, deadlines = msgspec.json.Decoder().decode, dict[str, Any](), Deadlines()
    add, judge, remove = memory.add, memory.judge, memory.remove
    acts = {"function.enabled": "enabled", "retention.set": "retention", "tracking.started": "tracking"}

    def once(name: str, **slots: Any) -> None:
        fact = add(name, **slots)
        judge()
        remove(fact)

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
            standing[data[name]] = add(name, **data)
        elif kind == "footage.recorded":
            standing[data["footage"]] = add("footage", footage=data["footage"])
            deadlines.add(now, data["footage"])
        else:
            fact = standing.pop(data[ENDS.get(kind, "footage")], None)
            if fact is not None:
                remove(fact)
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
            else:
                quietly(post, {"id": event["id"], "kind": kind, "at": event["time"], **data})
        return alerts

    return run
