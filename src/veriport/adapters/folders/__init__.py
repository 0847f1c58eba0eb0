"""Folders where new files appear whole, together, or not at all."""
