"""What a fact costs that is kept: ``python memory.py [FACTS]``."""

import sys
from pathlib import Path

from oversight.engine.rete import Network


def resident():
    """Bytes of this process that are in memory."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
network, before = Network(), resident()
names = [network.begin("v", f"v{number % 5000}") for number in range(COUNT)]
after = resident()
for name in names:
    network.end(name)
print(f"{COUNT:,} facts: {(after - before) / COUNT / 1000:.1f} kB each, names and their hashes included")
print(
    f"{network.standing()} facts are left; of {(after - before) / 1e6:.0f} MB, {(resident() - before) / 1e6:.0f} stay"
)
