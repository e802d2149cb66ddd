"""
By others that bring a Java machine with them, whose processor time and memory are counted.

Both know of the events' own time, so none of their rules needs a host.
"""

from __future__ import annotations

import os
import sysconfig
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from benchmarks.peers.ours import Run
from benchmarks.peers.others import ENDS, PAPERS
from benchmarks.peers.work import KEPT, Alert

_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)


def drools(lines: list[bytes]) -> Run:
    """Drools: rules in its executable model, as drools_jpy has no compiler of DRL; absence by its pseudo clock."""
    import drools as library
    import jpype

    jars = [str(jar) for jar in Path(library.__path__[0]).glob("jars/*.jar")]
    jpype.startJVM("-Dorg.slf4j.simpleLogger.defaultLogLevel=error", classpath=jars)
    java, alerts = jpype.JClass, list[Alert]()
    prototypes = _prototypes()
    model = java("org.drools.model.impl.ModelImpl")()
    for rule in _drools_rules(prototypes, alerts):
        model.addRule(rule)
    stream = java("org.kie.api.conf.EventProcessingOption").STREAM
    base = java("org.drools.modelcompiler.KieBaseBuilder").createKieBaseFromModel(model, stream)
    options = java("org.drools.core.impl.RuleBaseFactory").newKnowledgeSessionConfiguration()
    options.setOption(java("org.kie.api.runtime.conf.ClockTypeOption").PSEUDO)
    session = base.newKieSession(options, None)
    return lambda: _drools(lines, session, prototypes, alerts)


def _prototypes() -> dict[str, Any]:
    """What Drools is given: papers are facts, all else that is not their end are events."""
    from jpype import JClass

    dsl = JClass("org.drools.model.prototype.PrototypeDSL")
    events = ("function.enabled", "retention.set", "tracking.started", "footage.recorded", "footage.deleted")
    return {kind: dsl.prototypeFact(kind) for kind in PAPERS} | {kind: dsl.prototypeEvent(kind) for kind in events}


def _drools_rules(prototypes: dict[str, Any], alerts: list[Alert]):
    from jpype import JClass, JProxy

    dsl, prototype = JClass("org.drools.model.PatternDSL"), JClass("org.drools.model.prototype.PrototypeDSL")
    operator, hours = JClass("org.drools.model.Index$ConstraintType"), JClass("java.util.concurrent.TimeUnit").HOURS
    same, pattern = operator.EQUAL, prototype.protoPattern
    of = {kind: prototype.variable(one) for kind, one in prototypes.items()}

    def rule(name: str, kind: str, about: str, *conditions: Any) -> Any:
        def raised(event: Any) -> None:
            at = str(event.get("at"))
            due = (datetime.fromisoformat(at) + KEPT).isoformat() if name == "P5" else at
            alerts.append((name, str(event.get(about)), due))

        block = JProxy("org.drools.model.functions.Block1", dict={"execute": raised})
        return dsl.rule(name).build(*conditions, dsl.on(of[kind]).execute(block))

    enabled, retention, tracking = of["function.enabled"], of["retention.set"], of["tracking.started"]
    recorded, kept = of["footage.recorded"], int(KEPT / timedelta(hours=1))
    assessment = pattern(of["assessment.approved"]).expr("district", same, enabled, "district")
    deleted = pattern(of["footage.deleted"]).expr("footage", same, recorded, "footage")
    absent = {
        "P1": dsl.not_(assessment.expr("function", same, enabled, "function")),
        "P2": dsl.not_(pattern(of["notice.posted"]).expr("zone", same, enabled, "zone")),
        "P4": dsl.not_(pattern(of["warrant.issued"]).expr("suspect", same, tracking, "suspect")),
        "P5": dsl.not_(deleted.expr(dsl.after(0, hours, kept, hours), recorded)),
    }
    biometric = pattern(enabled).expr("biometric", same, True)
    long = pattern(retention).expr("days", operator.GREATER_THAN, JClass("java.lang.Integer")(31))
    return (
        rule("P1", "function.enabled", "camera", biometric, absent["P1"]),
        rule("P2", "function.enabled", "camera", pattern(enabled), absent["P2"]),
        rule("P3", "retention.set", "camera", long),
        rule("P4", "tracking.started", "tracking", pattern(tracking), absent["P4"]),
        rule("P5", "footage.recorded", "footage", pattern(recorded), absent["P5"]),
    )


def _drools(lines: list[bytes], session: Any, prototypes: dict[str, Any], alerts: list[Alert]) -> list[Alert]:
    from jpype import JClass

    decode, standing, then = msgspec.json.Decoder().decode, dict[str, Any](), 0
    insert, delete, judge = session.insert, session.delete, session.fireAllRules
    forward = session.getSessionClock().advanceTime
    unit = JClass("java.util.concurrent.TimeUnit").MILLISECONDS
    for line in lines:
        event = decode(line)
        kind, data = event["kind"], event["data"]
        now = (datetime.fromisoformat(event["time"]) - _EPOCH) // _MILLISECOND
        forward(now - then, unit)
        then = now
        if kind in ENDS:
            delete(standing.pop(data[ENDS[kind]]))
            judge()
            continue
        given = prototypes[kind].newInstance()
        put = given.put
        put("at", event["time"])
        for name, value in data.items():
            put(name, value)
        handle = insert(given)
        judge()
        if kind in PAPERS:
            standing[data[PAPERS[kind][0]]] = handle
        elif not kind.startswith("footage."):
            delete(handle)
    return alerts


def pyflink(lines: list[bytes]) -> Run:
    """PyFlink in thread mode: a keyed process function in Python, with state and timers; its cluster starts for it."""
    if not Path("/proc/self/stat").exists():
        raise OSError("what its Java machine takes is read from /proc, which is not here")
    root = str(Path(__file__).parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join((root, sysconfig.get_path("purelib")))  # for Python within Java
    from benchmarks.peers import flink

    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "events.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    stream = flink.watched(str(path))

    def run() -> list[Alert]:
        with folder:
            told = [tuple(one.split("\t")) for one in stream.execute_and_collect()]
        # At the end of its input every timer goes off, also those after the last event.
        last = datetime.fromisoformat(msgspec.json.decode(lines[-1])["time"])
        return [one for one in told if datetime.fromisoformat(one[2]) <= last]

    return run
