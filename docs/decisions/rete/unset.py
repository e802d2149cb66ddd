"""Deleting a state in which nothing ever matched frees memory that was never set, and crashes the process."""

import json

import durable_rules_engine as library

RULE = json.dumps({"seen": {"all": [{"m": {"$ex": {"v": 1}}}]}})
used = [b"\xff" * size for size in range(100, 60_000, 97)]  # memory that something else has used before
del used
print("delete a thousand states", flush=True)
for _ in range(1000):
    handle = library.create_ruleset("facts", RULE)
    library.assert_fact(handle, '{"sid":"0","id":"1","w":"1"}')
    library.delete_state(handle, "0")
    library.delete_ruleset(handle)
print("they are deleted")
