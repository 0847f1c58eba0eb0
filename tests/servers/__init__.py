"""Real servers for tests, each a process of our own on this machine, started when a test first needs it."""
