"""The ground floor: time, text and errors, which know nothing of rules or events."""
