"""Clocks: the one of the system, and one that a test moves."""
