"""The engine: compiled, incremental, indexed; it must agree with the definition on every history."""
