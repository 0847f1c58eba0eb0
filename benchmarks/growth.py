"""How cost grows with the rows of a table, and with the number of rules."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from benchmarks import data
from benchmarks.check import HAND, OURS, by_hand_goals, same_answers
from benchmarks.environments import python_of
from benchmarks.measure import Contestant, Figure, alternate, inside, ratio, table
from benchmarks.results import Goal, Section, at_most

_DUCKDB, _COUNTS = "duckdb", "veriport, no samples"


def rows(sizes: Sequence[int], runs: Sequence[int], *, keep: bool) -> Section:
    """The 17 rules on tables of growing length: by hand, ours, DuckDB once."""
    lines: list[str] = []
    found: dict[int, dict[str, Figure]] = {}
    for size, times in zip(sizes, runs, strict=True):
        try:
            found[size] = _at(size, times, keep=keep)
        except OSError as trouble:
            lines += [f"{size:,} rows are not measured: {trouble}", ""]
            continue
        against = ratio(found[size][OURS], found[size][HAND])
        lines += [f"### {size:,} rows", "", *table(found[size]), "", f"veriport over by hand: {against}", ""]
    return Section("Growth by rows, 17 rules", lines, _row_goals(found))


def _at(size: int, runs: int, *, keep: bool) -> dict[str, Figure]:
    path = data.orders(size)
    large = size > 10_000_000
    contestants = [
        Contestant(HAND, inside("by_hand", "check", path), runs),
        Contestant(OURS, inside("ours", "check", path), runs),
    ]
    try:
        contestants.append(
            Contestant(_DUCKDB, inside("peers.duckdb", "check", path, python=python_of(_DUCKDB)), 1)
        )
        found = alternate(contestants, warm_up=not large)
    finally:
        if large and not keep:
            path.unlink()
    same_answers(found)
    return found


def _row_goals(found: dict[int, dict[str, Figure]]) -> list[Goal]:
    """The largest against the same by hand, and against the one before it."""
    goals = []
    before: int | None = None
    for size, figures in found.items():
        if size > 10_000_000:
            goals += by_hand_goals(figures, f"17 rules, {size:,} rows", memory=None)
            goals += [] if before is None else [_linear(found[before], figures, before, size)]
        before = size
    return goals


def _linear(less: dict[str, Figure], more: dict[str, Figure], before: int, size: int) -> Goal:
    grown, hand = (more[name].seconds / less[name].seconds for name in (OURS, HAND))
    what = f"time at {size:,} rows over that at {before:,}"
    return at_most(what, grown, size / before, detail=f" (by hand {hand:.2f} x)")


@frozen
class Shape:
    """So many rules on so many columns."""

    rules: int
    columns: int


SHAPES = (Shape(10, 2), Shape(100, 20), Shape(200, 200), Shape(1_000, 200))


def rules(size: int, runs: int, shapes: Sequence[Shape] = SHAPES) -> Section:
    """Rules on a table of 200 columns: one pass of counts by hand, ours with samples and without."""
    path = data.wide_table(size)
    lines: list[str] = []
    found: dict[Shape, dict[str, Figure]] = {}
    for shape in shapes:
        numbers = (shape.rules, shape.columns)
        found[shape] = alternate(
            [
                Contestant(HAND, inside("by_hand", "wide", path, *numbers), runs),
                Contestant(OURS, inside("ours", "wide", path, *numbers), runs),
                Contestant(_COUNTS, inside("ours", "wide", path, *numbers, 0), runs),
            ]
        )
        same_answers(found[shape])
        lines += [f"### {shape.rules:,} rules on {shape.columns} columns", "", *table(found[shape]), ""]
        lines += [f"veriport over one pass of counts: {ratio(found[shape][OURS], found[shape][HAND])}", ""]
    return Section(f"Growth by rules, {size:,} rows", lines, _rule_goals(found))


def _rule_goals(found: dict[Shape, dict[str, Figure]]) -> list[Goal]:
    """Ten times the rules on ten times the columns; five times the rules on the same columns."""
    goals = []
    for less, more in ((Shape(100, 20), Shape(1_000, 200)), (Shape(200, 200), Shape(1_000, 200))):
        if less in found and more in found:
            times = more.rules / less.rules
            grown, hand = (found[more][name].seconds / found[less][name].seconds for name in (OURS, HAND))
            what = (
                f"time of {more.rules:,} rules on {more.columns} columns over {less.rules} on {less.columns}"
            )
            goals.append(at_most(what, grown, times, detail=f" (by hand {hand:.2f} x)"))
    return goals
