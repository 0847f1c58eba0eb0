"""The stores: commits and claims by several processes, and claims among many records that are not due."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path

from benchmarks.contending import KEYS, PROCESSES, WAYS, name_of
from benchmarks.measure import Contestant, Figure, alternate, inside
from benchmarks.places import PLACES
from benchmarks.results import Goal, Section, at_most

_TENTHS = 15


def stores(records: int, runs: int) -> Section:
    """Measure all of it."""
    contest = alternate(
        [Contestant(name, inside("contending", "contend", Path(name), _TENTHS), runs) for name in PLACES],
        warm_up=False,
    )
    claims = alternate(
        [Contestant(name, inside("contending", "due", Path(name), records, 30), runs) for name in PLACES],
        warm_up=False,
    )
    lines = [
        *(f"- {place.name}: {place.how}" for place in PLACES.values()),
        "",
        *_contest(contest),
        *_claims(claims, records),
    ]
    return Section("Stores", lines, _goals(claims, records) if records >= 1_000_000 else [])


def _contest(found: Mapping[str, Figure]) -> list[str]:
    lines = [
        "### Several processes",
        "",
        "Commits a second of all processes together, and in parentheses conflicts a second.",
        "",
        "- commit: a record is read, and put if it was not changed meanwhile",
        "- claim: what is due is claimed and put to be due again; to find nothing is a conflict",
        "",
        f"| what | {' | '.join('1 process' if n == 1 else f'{n} processes' for n in PROCESSES)} |",
        f"| --- |{' ---: |' * len(PROCESSES)}",
    ]
    for name, figure in found.items():
        for way in WAYS:
            for keys in KEYS:
                cells = [_cell(figure, name_of(way, keys, processes)) for processes in PROCESSES]
                lines.append(f"| {name}, {way}, {keys} | {' | '.join(cells)} |")
    flushes = [f"{statistics.median(run.answer['flush_ms'] for run in f.runs):.2f}" for f in found.values()]
    return [*lines, "", f"A flush of the disk took {', '.join(flushes)} ms before.", ""]


def _cell(figure: Figure, what: str) -> str:
    done, conflicts = (statistics.median(run.answer[what][n] for run in figure.runs) for n in (0, 1))
    return f"{done:,.0f} ({conflicts:,.0f})"


def _claims(found: Mapping[str, Figure], records: int) -> list[str]:
    lines = [
        "### Claiming 100 records that are due",
        "",
        f"| store | among 1,000, ms | among {records:,}, ms | ratio |",
        "| --- | ---: | ---: | --- |",
    ]
    for name, figure in found.items():
        few, many = (statistics.median(run.answer[f"{n}"] for run in figure.runs) for n in (1000, records))
        ratios = _ratios(figure, records)
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        lines.append(f"| {name} | {few:.2f} | {many:.2f} | {spread} |")
    return [*lines, ""]


def _ratios(figure: Figure, records: int) -> list[float]:
    return [run.answer[f"{records}"] / run.answer["1000"] for run in figure.runs]


def _goals(found: Mapping[str, Figure], records: int) -> list[Goal]:
    return [
        at_most(
            f"claiming 100 due among {records:,} records on {name}, over among 1,000",
            statistics.median(_ratios(figure, records)),
            2.0,
        )
        for name, figure in found.items()
    ]
