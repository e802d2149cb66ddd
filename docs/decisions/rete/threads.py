"""The Python part of the library starts threads as soon as it is used."""

import threading

import durable.lang as rules

with rules.ruleset("events"):

    @rules.when_all(rules.m.kind == "camera")
    def seen(found):
        """An event that matches."""


print(f"{threading.active_count() - 1} threads beside ours")
rules.post("events", {"id": "1", "kind": "camera"})
print(f"{threading.active_count() - 1} threads beside ours")
