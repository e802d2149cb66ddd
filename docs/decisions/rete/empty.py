"""An empty list of events crashes the process."""

import durable.lang as rules

with rules.ruleset("events"):

    @rules.when_all(rules.m.kind == "camera")
    def seen(found):
        """An event that matches."""


print("post an empty list", flush=True)
rules.post("events", [])
print("it returned")
