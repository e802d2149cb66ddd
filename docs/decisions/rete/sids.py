"""The 1,025th sid of a rule set is refused, and what comes for it next crashes the process."""

import durable.lang as rules

with rules.ruleset("cameras"):

    @rules.when_all(rules.m.kind == "camera")
    def seen(found):
        """A fact that matches."""


for number in range(1, 1026):
    fact = {"id": "1", "sid": f"camera-{number}", "kind": "camera"}
    try:
        rules.assert_fact("cameras", fact)
    except MemoryError:
        print(f"{number} is refused: there is no memory", flush=True)
rules.assert_fact("cameras", {**fact, "id": "2"})
print("it returned")
