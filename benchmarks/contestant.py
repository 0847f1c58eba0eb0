"""One measured run: ``python -m benchmarks.contestant NAME ROWS RULES``."""

from __future__ import annotations

import sys

from benchmarks import data, work
from benchmarks.measure import report

_IMPORTS = {
    "by_hand": ("polars",),
    "veriport": ("veriport.api.doors", "veriport.adapters.engines.polars", "veriport.application.checking"),
}

if __name__ == "__main__":
    name, rows, rules = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    for module in _IMPORTS[name]:
        __import__(module)
    path, listed = data.orders(rows), work.RULES[:rules]
    report(lambda: getattr(work, name)(path, listed))
