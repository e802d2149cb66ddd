"""What was taken in and what was told, kept so that nothing is lost: entries, and the stores that hold them."""
