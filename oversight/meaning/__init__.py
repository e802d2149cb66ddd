"""The definition: what a history means under a pack, short and slow, for the engine to agree with."""
