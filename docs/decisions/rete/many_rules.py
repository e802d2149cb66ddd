"""How many of the rules that a fact matches fire, as they get more."""

import durable.lang as rules
from durable_rules_engine import error


def fired(count):
    """How many of *count* rules fire."""
    found = []
    with rules.ruleset(f"rules-{count}"):

        def add(limit):
            """Adds a rule."""

            @rules.when_all(rules.m.days > limit)
            def above(said):
                """Counts."""
                found.append(said)

        for number in range(count):
            add(number)
    try:
        rules.assert_fact(f"rules-{count}", {"id": "1", "days": 1000})
    except error as failed:
        print(failed)
    return len(found)


for count in (63, 64, 65):
    print(f"{fired(count)} of {count} fire")
