"""Engines: they open data sets and measure rules on them."""
