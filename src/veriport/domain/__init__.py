"""What Veriport knows about data quality, as frozen values and pure functions.

Nothing here reads a file, a clock or a random number, and nothing imports a vendor or a data frame.
"""
