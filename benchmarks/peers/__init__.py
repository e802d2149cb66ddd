"""The same five rules over the same events, by oversight and by others: ``python -m benchmarks.peers``."""
