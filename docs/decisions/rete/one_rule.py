"""An event that matches three rules fires one of them; asserted as a fact, it fires all three."""

import durable.lang as rules

with rules.ruleset("events"):

    @rules.when_all(rules.m.zone == "park")
    def by_zone(found):
        """Fires by the zone."""
        print(f"{found.m.id} fires by_zone")

    @rules.when_all(rules.m.mode == "live")
    def by_mode(found):
        """Fires by the mode."""
        print(f"{found.m.id} fires by_mode")

    @rules.when_all(rules.m.cameras > 5)
    def by_number(found):
        """Fires by the number."""
        print(f"{found.m.id} fires by_number")


rules.post("events", {"id": "event", "zone": "park", "mode": "live", "cameras": 9})
rules.assert_fact("events", {"id": "fact", "zone": "park", "mode": "live", "cameras": 9})
