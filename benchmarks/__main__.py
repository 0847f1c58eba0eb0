"""``python -m benchmarks [start] [check] [rows] [rules]``: measure, print, write benchmarks/RESULTS.md."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import check, growth
from benchmarks.results import Section, goals_of
from benchmarks.start import start

RESULTS = Path(__file__).parent / "RESULTS.md"

#: Each part in full, and in its short form.
_FULL: Mapping[str, Callable[[bool], Section]] = {
    "start": lambda _: start(9),
    "check": lambda _: check.check(10_000_000, 9, 3),
    "rows": lambda keep: growth.rows([1_000_000, 10_000_000, 100_000_000], [9, 9, 5], keep=keep),
    "rules": lambda _: growth.rules(1_000_000, 5),
}
_QUICK: Mapping[str, Callable[[bool], Section]] = {
    "start": lambda _: start(3),
    "check": lambda _: check.check(1_000_000, 3, 1),
    "rows": lambda keep: growth.rows([100_000, 1_000_000], [3, 3], keep=keep),
    "rules": lambda _: growth.rules(1_000_000, 1, growth.SHAPES[:2]),
}


def main() -> None:
    """Measure what is named, or all of it; only a full run writes the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("parts", nargs="*", choices=[[], *_FULL], help="what to measure; all by default")
    parser.add_argument("--quick", action="store_true", help="a million rows and few runs: two minutes")
    parser.add_argument("--keep", action="store_true", help="keep the table of 100 million rows (4 GB)")
    options = parser.parse_args()
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""  # else each process compiles all libraries again
    began, busy = datetime.now(UTC), _load()
    sections = []
    for name in options.parts or _FULL:
        print(f"{name} ", end="", file=sys.stderr, flush=True)
        sections.append((_QUICK if options.quick else _FULL)[name](options.keep))
        print("\n".join(sections[-1].text()), flush=True)
    goals = goals_of(sections)
    print("\n".join(goals))
    if not options.parts and not options.quick:
        head = ["# Measured", "", *_machine(began, busy), "", "## Goals", "", *goals]
        text = [line for section in sections for line in section.text()]
        RESULTS.write_text("\n".join([*head, *text]).rstrip() + "\n", encoding="utf-8")
        print(f"written to {RESULTS}", file=sys.stderr)


def _machine(began: datetime, busy: float) -> Iterator[str]:
    took = (datetime.now(UTC) - began).total_seconds() / 60
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"By `make bench` on {began:%-d %B %Y}, {took:.0f} minutes. `docs/speed.md` says how to read it."
    yield ""
    system = f"{platform.system()} {platform.release()}"
    yield f"- {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {system}"
    yield f"- Python {platform.python_version()}, Polars {version('polars')}, Veriport {version('veriport')}"
    yield f"- load of the machine in the minute before: {busy:.2f} (a quiet one is below 0.3)"
    yield "- each run in a process of its own, contestants in turn; medians, spreads, ratios pair by pair"


def _load() -> float:
    return os.getloadavg()[0]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "processor"
    )


if __name__ == "__main__":
    main()
