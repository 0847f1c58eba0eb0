"""The outside: one folder a port, one file or package a technology.

``cli``, ``web`` and ``orchestrators`` call us; all the others are called by us.
"""
