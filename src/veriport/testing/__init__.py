"""What we test adapters with, for anybody's adapters: contract suites, receivers, cases.

``veriport.testing.suites`` has one class for each port: subclass it, override its one fixture, and
every sentence of the port's docstrings is a test of your adapter. Only the suites and the plug-in
need pytest: ``pip install 'veriport[testing]'``.
"""
