"""Fair figures: each run in a process of its own, contestants in turn, medians with their spread.

A run's time is from call to result, with everything imported; its memory is the peak of its process.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).parent.parent


@frozen
class Run:
    """One run: seconds, peak memory in MB, and what it answered."""

    seconds: float
    peak_mb: float
    answer: object = None


@frozen
class Figure:
    """The runs of one contestant."""

    name: str
    runs: tuple[Run, ...]

    @property
    def seconds(self) -> float:
        """Median seconds."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def peak_mb(self) -> float:
        """Median peak memory."""
        return statistics.median(run.peak_mb for run in self.runs)

    def spread(self) -> str:
        """The fastest and the slowest run."""
        times = [run.seconds for run in self.runs]
        return f"{min(times):.3f}-{max(times):.3f}"


def alternate(contestants: Mapping[str, Sequence[str]], runs: int, *, warm_up: int = 1) -> dict[str, Figure]:
    """Run commands in turn, A B A B ...; each prints one JSON line with ``seconds`` and ``peak_mb``."""
    found: dict[str, list[Run]] = {name: [] for name in contestants}
    for turn in range(-warm_up, runs):
        for name, command in contestants.items():
            run = _once(command)
            if turn >= 0:
                found[name].append(run)
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return {name: Figure(name, tuple(done)) for name, done in found.items()}


def ratios(ours: Figure, theirs: Figure) -> tuple[float, float, float]:
    """Median, least and greatest of the ratios pair by pair, which a drifting machine leaves alone."""
    pairs = [a.seconds / b.seconds for a, b in zip(ours.runs, theirs.runs, strict=True)]
    return statistics.median(pairs), min(pairs), max(pairs)


def _once(command: Sequence[str]) -> Run:
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603  # ours
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    line = json.loads(done.stdout.strip().splitlines()[-1])
    return Run(line["seconds"], line["peak_mb"], line.get("answer"))


def report(work: Callable[[], object]) -> None:
    """In a contestant's process: do the work once and print its JSON line."""
    started = time.perf_counter()
    answer = work()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "answer": answer}))


def whole_process(command: Sequence[str]) -> list[str]:
    """The command that runs another one as a whole process and reports its wall time."""
    return [sys.executable, "-m", "benchmarks.whole", *command]
