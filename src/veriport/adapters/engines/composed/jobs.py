"""One piece of work of a batched check, as data that another process can be given."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from veriport.domain.datasets import Dataset, Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Measured
from veriport.domain.types import Column
from veriport.ports.engines import Engine, Request, SupportsCancel, Table
from veriport.ports.errors import DataError

if TYPE_CHECKING:
    from veriport.adapters.engines.composed.rows import Rows


@frozen(kw_only=True, eq=False)
class Job:
    """Measure a request on a data set, or on its rows from ``start`` to ``end``, without that one.

    ``columns`` are what the data must have: rules were bound to them.
    """

    engine: Engine
    dataset: Dataset
    request: Request
    columns: tuple[Column, ...]
    label: str
    start: int | None = None
    end: int | None = None
    rows: Rows | None = None

    def cut(self) -> Job:
        """The same with no more of a frame in memory than its rows."""
        if self.start is None or self.rows is not None or not isinstance(self.dataset, Handle):
            return self
        rows = self._picked()
        return evolve(self, dataset=rows.dataset, rows=rows)

    def _picked(self) -> Rows:
        from veriport.adapters.engines.composed.rows import between, picked  # noqa: PLC0415  # Polars on use

        return picked(self.dataset, between(self.start or 0, self.end or 0))


def message_of(job: Job) -> bytes:
    """The job as another process gets it. Raises ``ConfigurationError`` where it cannot be sent."""
    try:
        return pickle.dumps(job.cut())
    except (pickle.PicklingError, TypeError, AttributeError) as wrong:
        raise ConfigurationError(
            f"the engine {job.engine.name} or the data cannot be sent to another process: {wrong}"
        ) from wrong


class Doing:
    """Does one job after the other in this thread; another one may stop it."""

    def __init__(self) -> None:
        self._table: Table | None = None

    def __call__(self, job: Job) -> Measured:
        """What the job measures. Raises ``DataError`` where a part of the data has other columns."""
        rows = job.rows
        if rows is None and job.start is not None:
            rows = job._picked()  # noqa: SLF001  # the two belong together
        with job.engine.open(job.dataset if rows is None else rows.dataset) as table:
            self._table = table
            try:
                _same(job, table.columns)
                found = table.measure(job.request)
            finally:
                self._table = None
        if rows is None:
            return found
        return evolve(found, outcomes=tuple(map(rows.renumbered, found.outcomes)))

    def stop(self) -> None:
        """Stop what is being measured, if the engine can; else it is left behind."""
        table = self._table
        if isinstance(table, SupportsCancel):
            table.cancel()

    def close(self) -> None:
        """Nothing is held."""


def _same(job: Job, columns: tuple[Column, ...]) -> None:
    if columns == job.columns:
        return
    known = {column.name: column for column in job.columns}
    for column in columns:
        whole = known.get(column.name)
        if whole is not None and whole != column:
            raise DataError(
                f"column {column.name!r} is {column.dtype.name} here and {whole.dtype.name} in the whole: "
                "declare its type under schema"
            )
    raise DataError("it has other columns than the whole")
