"""One measured run, in the process of a contestant: nothing but the standard library."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Mapping
from pathlib import Path


def report(work: Callable[[], object], notes: Mapping[int, str]) -> None:
    """Do the work once and print its JSON line: seconds, processor seconds, peak memory, answer, notes."""
    started, busy = time.perf_counter(), _busy()
    answer = work()
    seconds, cpu = time.perf_counter() - started, _busy() - busy
    print(
        json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": _peak_mb(), "answer": answer, "notes": notes})
    )


def _busy() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _peak_mb() -> float:
    """Where Linux says it: the resource usage of a process begins with the peak of the one that made it."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024
