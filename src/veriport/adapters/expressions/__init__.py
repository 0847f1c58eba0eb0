"""Parsers of SQL conditions."""
