"""The cases that stand beside rules, tried on the engine and on the definition."""
