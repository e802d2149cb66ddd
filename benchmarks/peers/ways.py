"""Who takes part, by name, in the order of the table."""

from __future__ import annotations

from benchmarks.peers import java, others, ours

WAYS = {
    way.__name__: way
    for way in (
        ours.decoding, ours.storing, ours.keeping, ours.by_hand, ours.from_events, ours.from_lines, others.zen_engine,
        others.zen_engine_picked, others.cel, others.cel_picked, others.regorus, others.regorus_picked, others.clips,
        others.clips_mended, others.experta, others.durable_rules, java.drools, java.pyflink,
    )
}  # fmt: skip
