"""The five rules as a job of PyFlink; imported only where that is installed, and again by the Python within Java."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import msgspec
from benchmarks.peers.others import ENDS, PAPERS
from benchmarks.peers.work import KEPT
from pyflink.common import Configuration, Types, WatermarkStrategy
from pyflink.common.watermark_strategy import TimestampAssigner
from pyflink.datastream import KeyedProcessFunction, StreamExecutionEnvironment
from pyflink.datastream.connectors.file_system import FileSource, StreamFormat
from pyflink.datastream.state import MapStateDescriptor, ValueStateDescriptor

_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)


def watched(path: str):
    """The alerts of the events in the file at *path*, as a stream that is not run yet."""
    options = Configuration()
    options.set_string("python.execution-mode", "thread")
    options.set_string("python.executable", sys.executable)
    environment = StreamExecutionEnvironment.get_execution_environment(options)
    environment.set_parallelism(1)
    source = FileSource.for_record_stream_format(StreamFormat.text_line_format(), path).build()
    times = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(Times())
    return (
        environment.from_source(source, WatermarkStrategy.no_watermarks(), "events")
        .assign_timestamps_and_watermarks(times)
        .key_by(_key, key_type=Types.STRING())
        .process(Watch(), output_type=Types.STRING())
    )


def _key(line: str) -> str:
    """Footage is watched one by one; all else depends on the same papers."""
    return msgspec.json.decode(line)["data"].get("footage", "papers")


class Times(TimestampAssigner):
    """The events' own time."""

    def extract_timestamp(self, value: str, record_timestamp: int) -> int:
        return (datetime.fromisoformat(msgspec.json.decode(value)["time"]) - _EPOCH) // _MILLISECOND


class Watch(KeyedProcessFunction):
    """The five rules; watermarks come now and then, so a deletion may come before the timer that it is too late for."""

    def open(self, runtime_context) -> None:
        text, count = Types.STRING(), Types.LONG()
        self.due = runtime_context.get_state(ValueStateDescriptor("due", text))
        self.paper = runtime_context.get_map_state(MapStateDescriptor("paper", text, text))
        self.counts = runtime_context.get_map_state(MapStateDescriptor("counts", text, count))

    def process_element(self, value: str, ctx):
        event = msgspec.json.decode(value)
        kind, data, time = event["kind"], event["data"], event["time"]
        if kind.startswith("footage."):
            yield from self._footage(kind, data["footage"], datetime.fromisoformat(time), ctx.timer_service())
        elif kind == "function.enabled":
            if data["biometric"] and not self.counts.get(f"{data['district']} {data['function']}"):
                yield f"P1\t{data['camera']}\t{time}"
            if not self.counts.get(data["zone"]):
                yield f"P2\t{data['camera']}\t{time}"
        elif kind == "retention.set":
            if data["days"] > 31:
                yield f"P3\t{data['camera']}\t{time}"
        elif kind == "tracking.started":
            if not self.counts.get(data["suspect"]):
                yield f"P4\t{data['tracking']}\t{time}"
        elif kind in PAPERS:
            name, attributes = PAPERS[kind]
            key = " ".join(data[attribute] for attribute in attributes)
            self.paper.put(data[name], key)
            self.counts.put(key, (self.counts.get(key) or 0) + 1)
        else:
            name = data[ENDS[kind]]
            key = self.paper.get(name)
            self.paper.remove(name)
            self.counts.put(key, self.counts.get(key) - 1)

    def _footage(self, kind: str, name: str, now: datetime, timers):
        if kind == "footage.recorded":
            due = now + KEPT
            self.due.update(due.isoformat())
            timers.register_event_time_timer(_timer(due))
        elif self.due.value() is not None:
            due = datetime.fromisoformat(self.due.value())
            self.due.clear()
            timers.delete_event_time_timer(_timer(due))
            if due < now:
                yield f"P5\t{name}\t{due.isoformat()}"

    def on_timer(self, timestamp: int, ctx):
        yield f"P5\t{ctx.get_current_key()}\t{self.due.value()}"
        self.due.clear()


def _timer(due: datetime) -> int:
    """The first whole millisecond at which *due* is there."""
    return -((_EPOCH - due) // _MILLISECOND)
