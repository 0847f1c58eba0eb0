"""The public face: domain values, with the use case that is reached when they are called."""
