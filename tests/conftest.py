"""Settings of all tests: how many examples a property is tried on."""

import os
from pathlib import Path

from hypothesis import HealthCheck, settings

# Reading the shipped packs takes seconds, which every module of tests and every command would take anew.
os.environ.setdefault("OVERSIGHT_CACHE", str(Path(__file__).parents[1] / ".pytest_cache" / "packs"))

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile("quick", max_examples=50, deadline=None, suppress_health_check=SLOW)
# The same examples on every run: a change is judged by what it changes; new ones are looked for in "long".
settings.register_profile(
    "ci", max_examples=500, deadline=None, suppress_health_check=SLOW, print_blob=True, derandomize=True
)
settings.register_profile("long", max_examples=20_000, deadline=None, suppress_health_check=SLOW, print_blob=True)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "quick")
settings.load_profile(PROFILE)
if examples := os.environ.get("HYPOTHESIS_EXAMPLES"):  # where a test runs properties in a process of their own
    settings.register_profile("counted", settings.get_profile(PROFILE), max_examples=int(examples))
    settings.load_profile("counted")

pytest_plugins = ["tests.certificates", "tests.stores"]
