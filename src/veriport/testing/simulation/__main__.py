"""``python -m veriport.testing.simulation --seeds 1000 --first 0``: try seeds, print the ones that break."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from veriport.testing.simulation import Report, simulate


def main() -> int:
    """Try seeds; the exit code is 1 if one breaks a promise. The last line is one of JSON."""
    parser = argparse.ArgumentParser(prog="python -m veriport.testing.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many to try")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--processes", type=int, default=None, help="at once; one for each core by default")
    parser.add_argument("--trace", action="store_true", help="print every step of the seeds that break")
    wanted = parser.parse_args()
    seeds = range(wanted.first, wanted.first + wanted.seeds)
    totals: Counter[str] = Counter()
    broken = []
    with ProcessPoolExecutor(wanted.processes) as pool:
        for report in pool.map(simulate, seeds, chunksize=20):
            totals.update(report.faults)
            totals.update({name: getattr(report, name) for name in _COUNTED})
            if not report.ok:
                broken.append(report.seed)
                sys.stdout.write(f"{report}\n{_replay(report)}\n")
                if wanted.trace:
                    sys.stdout.write("".join(f"    {line}\n" for line in report.trace))
    sys.stdout.write(json.dumps({"seeds": wanted.seeds, "broken": broken, **totals}) + "\n")
    return 1 if broken else 0


_COUNTED = ("messages", "repeats", "ambiguous", "crashes")


def _replay(report: Report) -> str:
    return f"  again: python -m veriport.testing.simulation --first {report.seed} --seeds 1 --trace"


if __name__ == "__main__":
    sys.exit(main())
