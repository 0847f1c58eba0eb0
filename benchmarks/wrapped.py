"""Engines around the Polars engine, in turn with it in one process; starts differ by more than they add."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import veriport
import veriport.api.doors
import veriport.application.checking
from benchmarks.work import RULES
from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.engines.composed.cached import CachedEngine
from veriport.adapters.engines.composed.instrumented import InstrumentedEngine
from veriport.adapters.engines.composed.retried import RetriedEngine
from veriport.adapters.engines.polars import PolarsEngine
from veriport.ports.engines import Engine

PLAIN = "polars"
#: A new cache each time has nothing yet.
ENGINES: Mapping[str, Callable[[], Engine]] = {
    PLAIN: PolarsEngine,
    "instrumented": lambda: InstrumentedEngine(PolarsEngine()),
    "retried": lambda: RetriedEngine(PolarsEngine(), clock=SystemClock()),
    "cached, a miss": lambda: CachedEngine(PolarsEngine(), clock=SystemClock()),
}


def wrapped(path: Path, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds and processor seconds of each round, by engine; a first round is not counted."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ENGINES}
    for turn in range(rounds + 1):
        for name, make in ENGINES.items():
            began, busy = time.perf_counter(), time.process_time()
            veriport.check(str(path), RULES, engine=make())
            taken = (time.perf_counter() - began, time.process_time() - busy)
            found[name] += [taken] if turn else []
    return found
