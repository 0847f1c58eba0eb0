"""One measured run, in the process of a contestant: nothing but the standard library."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Mapping


def report(work: Callable[[], object], notes: Mapping[int, str]) -> None:
    """Do the work once and print its JSON line: seconds, processor seconds, peak memory, answer, notes."""
    started, busy = time.perf_counter(), _busy()
    answer = work()
    seconds, cpu = time.perf_counter() - started, _busy() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": peak, "answer": answer, "notes": notes}))


def _busy() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
