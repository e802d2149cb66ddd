"""The 1,025th sid of a rule set is refused, and what comes for it next crashes the process."""

import json

import durable_rules_engine as library

# The threads of the Python part meet what the refusal leaves behind when they like; without them the next fact does.
RULE = json.dumps({"seen": {"all": [{"m": {"$ex": {"kind": 1}}}]}})
cameras = library.create_ruleset("cameras", RULE)
for number in range(1, 1026):
    try:
        library.assert_fact(cameras, json.dumps({"id": "1", "sid": f"camera-{number}", "kind": "camera"}))
    except MemoryError:
        print(f"{number} is refused: there is no memory", flush=True)
library.assert_fact(cameras, json.dumps({"id": "2", "sid": f"camera-{number}", "kind": "camera"}))
print("it returned")
