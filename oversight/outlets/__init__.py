"""Where changes are told: as text for people, as JSON Lines for programs."""
