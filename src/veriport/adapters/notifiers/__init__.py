"""Notifiers: each tells one kind of outside system. ``http`` is what those over HTTP share."""
