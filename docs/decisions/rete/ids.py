"""Two facts whose ids have one 32-bit hash: the second is refused as a repeat of the first."""

import durable.lang as rules
from durable.engine import MessageObservedException

with rules.ruleset("facts"):

    @rules.when_all(rules.m.kind == "camera")
    def seen(found):
        """A fact that matches."""
        print(f"{found.m.id} is seen")


for name in ("event-95679", "event-240341"):
    try:
        rules.assert_fact("facts", {"id": name, "kind": "camera"})
    except MessageObservedException:
        print(f"{name} is refused: it was observed before")
