"""Blob stores: they keep documents by name."""
