"""Reporters: a result as text."""
