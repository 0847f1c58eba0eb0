"""State stores: they keep what must survive a crash."""
