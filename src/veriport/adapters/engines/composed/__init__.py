"""Engines made of engines: each wrapper is an engine itself, so that they can be put together at will."""
