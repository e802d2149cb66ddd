"""An exception in what a rule does reaches nobody: the call returns as if all were well, and the next action runs."""

import durable.lang as rules

with rules.ruleset("actions"):

    @rules.when_all(rules.m.kind == "camera")
    def write(found):
        """Fails for the first event."""
        if found.m.id == "1":
            raise OSError("the disk is full")
        print(f"{found.m.id} is written")


for number in ("1", "2"):
    rules.post("actions", {"id": number, "kind": "camera"})
    print(f"post({number}) returns, and raises nothing")
