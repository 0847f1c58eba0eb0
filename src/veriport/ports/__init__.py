"""What the inside needs from the outside, as Protocols; each docstring is the contract that suites test."""
