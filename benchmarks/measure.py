"""Fair figures: each run in a process of its own, contestants in turn, medians with their spread.

A run's time is from call to result, with everything imported; its memory is the peak of its process.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

ROOT = Path(__file__).parent.parent


@frozen
class Run:
    """One run: seconds, processor seconds, peak memory in MB, the answer and notes on parts of it."""

    seconds: float
    cpu: float
    peak_mb: float
    answer: Any = None
    notes: Mapping[str, str] = field(factory=dict)


@frozen
class Contestant:
    """A command that prints one JSON line, as ``benchmarks.once`` does, and how often it is counted."""

    name: str
    command: Sequence[str]
    runs: int


@frozen
class Figure:
    """The counted runs of one contestant."""

    name: str
    runs: tuple[Run, ...]

    @property
    def seconds(self) -> float:
        """Median seconds."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def cpu(self) -> float:
        """Median processor seconds, which other work on the machine moves less."""
        return statistics.median(run.cpu for run in self.runs)

    @property
    def peak_mb(self) -> float:
        """Median peak memory."""
        return statistics.median(run.peak_mb for run in self.runs)

    def spread(self) -> str:
        """The fastest and the slowest run."""
        times = [run.seconds for run in self.runs]
        return f"{min(times):.3f} to {max(times):.3f}"


@frozen
class Ratio:
    """A figure over another: median, least and greatest of the pairs that ran one after the other."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        """As it is read in a table."""
        return f"{self.median:.2f} ({self.least:.2f} to {self.most:.2f})"


def alternate(contestants: Sequence[Contestant], *, warm_up: bool = True) -> dict[str, Figure]:
    """Run them in turn, A B A B ..., each as often as it says; a first turn is not counted."""
    found: dict[str, list[Run]] = {each.name: [] for each in contestants}
    for turn in range(0 if warm_up else 1, max(each.runs for each in contestants) + 1):
        for each in contestants:
            if turn <= each.runs:
                run = _once(each.command)
                found[each.name] += [run] if turn else []
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return {name: Figure(name, tuple(runs)) for name, runs in found.items()}


def ratio(ours: Figure, theirs: Figure, what: str = "seconds") -> Ratio:
    """Pair by pair, so that a drifting machine moves both sides; as many pairs as both have."""
    pairs = [getattr(a, what) / getattr(b, what) for a, b in zip(ours.runs, theirs.runs, strict=False)]
    return Ratio(statistics.median(pairs), min(pairs), max(pairs))


def inside(module: str, function: str, path: Path, *numbers: int, python: Path | None = None) -> list[str]:
    """The command that measures a function of this package, by default in this environment."""
    said = [module, function, str(path), *map(str, numbers)]
    return [str(python or sys.executable), "-m", "benchmarks.contestant", *said]


def whole(*command: str) -> list[str]:
    """The command that measures another one as a whole process."""
    return [sys.executable, "-m", "benchmarks.whole", *command]


def table(found: Mapping[str, Figure], notes: Mapping[str, str] | None = None) -> list[str]:
    """The rows of a Markdown table."""
    remarks = notes or {}
    head = [
        "| what | median s | spread | processor s | peak MB | runs |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    return head + [
        f"| {name}{remarks.get(name, '')} | {each.seconds:.3f} | {each.spread()} | {each.cpu:.2f} "
        f"| {each.peak_mb:.0f} | {len(each.runs)} |"
        for name, each in found.items()
    ]


def _once(command: Sequence[str]) -> Run:
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603  # ours
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed with {done.returncode}:\n{done.stderr[-2000:]}")
    return Run(**json.loads(done.stdout.strip().splitlines()[-1]))
