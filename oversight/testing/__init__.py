"""
The kit by which packs, rules and extensions are tested; the extra ``testing`` brings what it needs.

Nothing else in the library imports it: ``import oversight`` needs no Hypothesis.
"""

from __future__ import annotations

try:
    import hypothesis as _hypothesis  # noqa: F401
except ImportError:
    raise ImportError("oversight.testing needs Hypothesis: pip install 'oversight[testing]'") from None

from oversight.testing.conformance import check_matcher, check_pack
from oversight.testing.contracts import check_outlet
from oversight.testing.histories import NearMiss, events, histories, near_misses
from oversight.testing.scenarios import Scenario, scenario
from oversight.testing.stores import check_store

__all__ = [
    "scenario", "Scenario", "events", "histories", "near_misses", "NearMiss", "check_pack", "check_matcher",
    "check_outlet", "check_store",
]  # fmt: skip
