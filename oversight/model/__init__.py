"""The table around which the rooms stand: packs, events, alerts and diagnostics as plain data."""
