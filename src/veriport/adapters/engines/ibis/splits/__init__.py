"""Valid and failing rows of a database in two files."""
