"""Other libraries doing the 17 rules, each module in an environment of its own (``NAME.txt``).

A module gives ``check(path)``: the failed rows of each rule of ``benchmarks.work.RULES``, ``None`` where
the library does not say; and ``NOTES``: what it says otherwise, by the index of the rule. Answers are
compared wherever there is no note. They write the rules as their own documents show, and in the fastest
of the ways that we found to give right counts.
"""
