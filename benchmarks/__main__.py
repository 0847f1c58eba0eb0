"""``python -m benchmarks [PART ...]``: measure, print, and write benchmarks/RESULTS.md.

What a part measured in full is kept until it is measured again (``benchmarks/kept.py``).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping

from benchmarks import check, engines, growth, outbox, stores
from benchmarks.kept import Watch, keep, write_results
from benchmarks.results import Section, goals_of
from benchmarks.start import start

#: Each part in full, and in its short form.
_FULL: Mapping[str, Callable[[bool], Section]] = {
    "start": lambda _: start(9),
    "check": lambda _: check.check(10_000_000, 9, 3),
    "rows": lambda keep: growth.rows([1_000_000, 10_000_000, 100_000_000], [9, 9, 5], keep=keep),
    "rules": lambda _: growth.rules(1_000_000, 5),
    "outbox": lambda _: outbox.outbox(10_000, 3),
    "http": lambda _: outbox.http(3_000, 3),
    "stores": lambda _: stores.stores(1_000_000, 3),
    "engines": lambda _: engines.engines(10_000_000, 1_000_000, 5),
}
_QUICK: Mapping[str, Callable[[bool], Section]] = {
    "start": lambda _: start(3),
    "check": lambda _: check.check(1_000_000, 3, 1),
    "rows": lambda keep: growth.rows([100_000, 1_000_000], [3, 3], keep=keep),
    "rules": lambda _: growth.rules(1_000_000, 1, growth.SHAPES[:2]),
    "outbox": lambda _: outbox.outbox(1_000, 1),
    "http": lambda _: outbox.http(500, 1),
    "stores": lambda _: stores.stores(10_000, 1),
    "engines": lambda _: engines.engines(1_000_000, 100_000, 3),
}


def main() -> None:
    """Measure what is named, or all of it; what is measured in full is kept and written, part by part."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("parts", nargs="*", choices=[[], *_FULL], help="what to measure; all by default")
    parser.add_argument("--quick", action="store_true", help="small sizes and few runs, kept nowhere")
    parser.add_argument("--keep", action="store_true", help="keep the table of 100 million rows (4 GB)")
    options = parser.parse_args()
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""  # else each process compiles all libraries again
    sections = []
    for name in options.parts or _FULL:
        print(f"{name} ", end="", file=sys.stderr, flush=True)
        watch = Watch()
        section = (_QUICK if options.quick else _FULL)[name](options.keep)
        print("\n".join(section.text()), flush=True)
        sections.append(section)
        if not options.quick:
            keep(name, watch.measured(section))
            print(f"written to {write_results(_FULL)}", file=sys.stderr)
    print("\n".join(goals_of(sections)))


if __name__ == "__main__":
    main()
