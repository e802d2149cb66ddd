"""A join by order: of three facts, one without the attribute turns the pair of the others into an error."""

import durable.lang as rules
from durable_rules_engine import error

c, m = rules.c, rules.m
with rules.ruleset("order"):

    @rules.when_all(c.on << m.kind == "on", c.off << (m.kind == "off") & (m.at > c.on.at))
    def later(found):
        """Fires for each pair."""
        print(f"{found.on.id} before {found.off.id}")


for fact in ({"id": "a", "at": 1}, {"id": "b"}):
    rules.assert_fact("order", {**fact, "kind": "on"})
for fact in ({"id": "c", "at": 2}, {"id": "d", "at": 3}):
    try:
        rules.assert_fact("order", {**fact, "kind": "off"})
    except error as failed:
        print(f"{fact['id']}: {failed}")
