"""A use that a permit allowed when it happened fires as one without a permit when the permit ends."""

import durable.lang as rules

c, m = rules.c, rules.m
with rules.ruleset("permits"):

    @rules.when_all(
        c.on << m.kind == "on",
        rules.none((m.kind == "permit") & (m.camera == c.on.camera)),
        c.use << (m.kind == "use") & (m.camera == c.on.camera),
    )
    def unpermitted(found):
        """Fires for a use without a permit."""
        print(f"use {found.use.id} was without a permit")


permit = {"id": "2", "kind": "permit", "camera": "k1"}
rules.assert_fact("permits", {"id": "1", "kind": "on", "camera": "k1"})
rules.assert_fact("permits", permit)
print("used under the permit")
rules.post("permits", {"id": "3", "kind": "use", "camera": "k1"})
print("the permit ends")
rules.retract_fact("permits", permit)
