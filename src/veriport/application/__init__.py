"""Use cases: load, decide, save, tell. Frozen classes whose fields are ports."""
