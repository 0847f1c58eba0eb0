"""One measured run: ``python -m benchmarks.contestant MODULE FUNCTION PATH [NUMBER ...]``.

The module is one of this package; importing it imports all that its function needs, so that imports are
in no figure.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks.once import report

if __name__ == "__main__":
    module, function, path, *numbers = sys.argv[1:]
    imported = import_module(f"benchmarks.{module}")
    work = getattr(imported, function)
    report(lambda: work(Path(path), *map(int, numbers)), getattr(imported, "NOTES", {}))
