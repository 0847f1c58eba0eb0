"""What each kind of rule asks of a database, and how a database says it."""
