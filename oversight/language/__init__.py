"""The rule language: from the text of a pack's files to a checked pack, or to every problem in them."""
