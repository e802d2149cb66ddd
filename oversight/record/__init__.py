"""What was taken in and what was told, kept so that nothing is lost and nothing is altered unseen."""
