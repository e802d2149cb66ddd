"""Measurements of oversight, each as a ratio to something that ran beside it."""
