"""The runner: finds packs, takes events in, gives them to the engine and tells what changed."""
