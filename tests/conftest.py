"""Settings of all tests: how many examples a property is tried on."""

import os

from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile("quick", max_examples=50, deadline=None, suppress_health_check=SLOW)
# The same examples on every run: a change is judged by what it changes; new ones are looked for in "long".
settings.register_profile(
    "ci", max_examples=500, deadline=None, suppress_health_check=SLOW, print_blob=True, derandomize=True
)
settings.register_profile("long", max_examples=20_000, deadline=None, suppress_health_check=SLOW, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
if examples := os.environ.get("HYPOTHESIS_EXAMPLES"):
    settings.register_profile("counted", settings.get_current_profile() and settings(), max_examples=int(examples))
    settings.load_profile("counted")
