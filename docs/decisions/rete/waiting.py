"""A pair that waits to be told is lost when another fact, told before, is taken out."""

import json

import durable_rules_engine as library

RULE = {"pair": {"all": [{"fact": {"$ex": {"v": 1}}}, {"question": {"q": {"fact": "v"}}}], "cap": 1000}}
HANDLE = library.create_ruleset("facts", json.dumps(RULE))


def add(name, **attributes):
    """Asserts a fact."""
    return library.assert_fact(HANDLE, json.dumps({"sid": "0", "id": name, **attributes}))[1]


def told(state):
    """The facts of the pairs that wait."""
    found, action = [], library.start_action_for_state(HANDLE, state)
    text = action and action[1]
    while text:
        found += [pair["fact"]["id"] for pair in json.loads(text)["pair"]]
        text = library.complete_and_start_action(HANDLE, state)
    return found


add("question", q="1")
print("told:", told(add("a", v="1")))
state = add("b", v="1")
library.retract_fact(HANDLE, json.dumps({"sid": "0", "id": "a"}))
print("told, once a is out:", told(state))
