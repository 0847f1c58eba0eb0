"""``python -m benchmarks [start] [check]``: measure, print and write benchmarks/RESULTS.md."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from benchmarks import data, work
from benchmarks.measure import Figure, alternate, ratios, whole_process

RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    """Measure what is named, or all of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="what to measure; all by default")
    parser.add_argument("--runs", type=int, default=9, help="counted runs of each contestant (9)")
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the table (10,000,000)")
    options = parser.parse_args()
    lines = ["# Measured", "", *_machine(), ""]
    for name in options.parts or PARTS:
        section = list(PARTS[name](options.runs, options.rows))
        print("\n".join(section), flush=True)
        lines += [*section, ""]
    if not options.parts:
        RESULTS.write_text("\n".join(lines), encoding="utf-8")
        print(f"written to {RESULTS}", file=sys.stderr)


def _machine() -> Iterator[str]:
    versions = f"Python {platform.python_version()}, Polars {version('polars')}, {os.cpu_count()} cores"
    yield f"{versions}. By `make bench`:"
    yield "each run in a process of its own, contestants in turn, medians of the runs, ratios pair by pair."


def start(runs: int, _: int) -> Iterator[str]:
    """Import and start-up."""
    python = sys.executable
    veriport = str(Path(python).parent / "veriport")
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.csv"
        small.write_text("id,age\n" + "".join(f"{n},{n % 90}\n" for n in range(1000)), encoding="utf-8")
        rule = "{column: id, type: unique}"
        commands = {
            "python": [python, "-c", "pass"],
            "import polars": [python, "-c", "import polars"],
            "import veriport; veriport.check": [python, "-c", "import veriport; veriport.check"],
            "veriport --help": [veriport, "--help"],
            "veriport check, 1,000 rows": [veriport, "check", str(small), "--rule", rule],
        }
        found = alternate({name: whole_process(command) for name, command in commands.items()}, runs)
    bare = found["python"].seconds
    polars = found["import polars"].seconds - bare
    own = found["import veriport; veriport.check"].seconds - bare
    yield from _table("Start", found)
    yield ""
    yield f"- import of veriport with veriport.check: {own / polars:.2f} x import of polars (goal 0.35)"
    helping = (found["veriport --help"].seconds - bare) * 1000
    yield f"- veriport --help: python + {helping:.0f} ms (goal 250)"
    checking = (found["veriport check, 1,000 rows"].seconds - found["import polars"].seconds) * 1000
    yield f"- veriport check: polars import + {checking:.0f} ms (goal 350)"


def check(runs: int, rows: int) -> Iterator[str]:
    """The 17 rules, by hand and ours."""
    data.orders(rows)
    arguments = [str(rows), str(len(work.RULES))]
    commands = {
        name: [sys.executable, "-m", "benchmarks.contestant", name, *arguments]
        for name in ("veriport", "by_hand")
    }
    found = alternate(commands, runs)
    ours, hand = found["veriport"], found["by_hand"]
    if ours.runs[0].answer != hand.runs[0].answer:
        raise SystemExit(f"the answers differ:\n{ours.runs[0].answer}\n{hand.runs[0].answer}")
    yield from _table(f"{len(work.RULES)} rules on {rows:,} rows x 11 columns of Parquet", found)
    yield ""
    median, least, most = ratios(ours, hand)
    memory = ours.peak_mb / hand.peak_mb
    yield f"- veriport / by hand: {median:.2f} x the time ({least:.2f}-{most:.2f}), {memory:.2f} x the memory"


def _table(title: str, found: Mapping[str, Figure]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield "| what | median seconds | spread | peak MB |"
    yield "| --- | ---: | ---: | ---: |"
    for figure in found.values():
        yield f"| {figure.name} | {figure.seconds:.3f} | {figure.spread()} | {figure.peak_mb:.0f} |"


PARTS: Mapping[str, Callable[[int, int], Iterator[str]]] = {"start": start, "check": check}

if __name__ == "__main__":
    main()
