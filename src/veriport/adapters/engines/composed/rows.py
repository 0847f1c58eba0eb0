"""Some of the rows of a data set as a frame in memory, which most engines can read.

Polars reads them, so the data is what the Polars engine can open.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

import polars as pl
from attrs import evolve, frozen

from veriport.adapters.engines.polars.errors import reading
from veriport.adapters.engines.polars.sources import open_frame
from veriport.adapters.engines.polars.tables import PolarsTable
from veriport.domain.datasets import Dataset, Handle
from veriport.domain.measurements import Measurement, Outcome, Sample
from veriport.domain.types import Column


@frozen
class Rows:
    """Rows that were picked, as a data set, with the number that each has in the whole."""

    dataset: Handle
    columns: tuple[Column, ...]
    numbers: Sequence[int]

    def within(self, limit: int | None) -> int | None:
        """How many of them are among the first ``limit`` rows of the whole."""
        return None if limit is None else bisect_left(self.numbers, limit)

    def renumbered(self, outcome: Outcome) -> Outcome:
        """The outcome with the numbers that rows have in the whole."""
        if not isinstance(outcome, Measurement):
            return outcome
        return evolve(outcome, samples=tuple(map(self._numbered, outcome.samples)))

    def _numbered(self, sample: Sample) -> Sample:
        return sample if sample.row is None else evolve(sample, row=self.numbers[sample.row])


Pick = Callable[[pl.LazyFrame, str], pl.LazyFrame]


def picked(dataset: Dataset, pick: Pick) -> Rows:
    """The rows that ``pick`` leaves of a frame; it is told the name of the column with their numbers."""
    source = open_frame(dataset)
    columns = PolarsTable(source, dataset.label).columns
    number = _new_name(column.name for column in columns)
    with reading(dataset.label):
        frame = pick(source.frame.with_row_index(number), number).collect(engine="streaming")
    numbers = frame.get_column(number).to_list()
    handle = Handle(frame.drop(number), untyped=source.untyped)
    return Rows(dataset=handle, columns=columns, numbers=numbers)


def _new_name(taken: Iterable[str]) -> str:
    names = set(taken)
    name = "__veriport_number"
    while name in names:
        name += "_"
    return name


def every(step: int) -> Pick:
    """The first row and each ``step``-th after it."""
    return lambda frame, number: frame.filter(pl.col(number) % step == 0)


def some(share: float, seed: int) -> Pick:
    """About this share of the rows, by chance; the same ones for the same seed."""
    return lambda frame, number: frame.filter(pl.col(number).hash(seed) / 2.0**64 < share)


def between(start: int, end: int) -> Pick:
    """The rows from ``start`` up to ``end``, without it."""
    return lambda frame, _: frame.slice(start, end - start)


def size_of(dataset: Dataset) -> tuple[int, int | None]:
    """How many rows there are, and how many bytes: of files their size, of a frame about what it takes."""
    source = open_frame(dataset)
    with reading(dataset.label):
        rows = source.frame.select(pl.len()).collect(engine="streaming").item()
    frame = dataset.frame if isinstance(dataset, Handle) else None
    if isinstance(frame, pl.DataFrame):
        return rows, int(frame.estimated_size())
    return rows, source.size if frame is None else getattr(frame, "nbytes", None)
