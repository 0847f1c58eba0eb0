"""The Ibis engine: tables in databases, measured where they are by queries that the database runs.

Importing this package imports Ibis; the catalog does so when the engine is built.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import field, frozen
from attrs.validators import optional

from veriport.adapters.engines.ibis.databases.opening import open_source
from veriport.adapters.engines.ibis.tables import IbisTable
from veriport.domain.datasets import Dataset
from veriport.domain.validators import seconds, texts

__all__ = ["IbisEngine"]


def _order_by(value: object) -> tuple[str, ...]:
    return texts("order_by", value)


@frozen
class IbisEngine:
    """Measures by queries of the database that holds the table.

    ``order_by`` names columns whose values are the reading order of the rows; without it those of a
    database have none. ``timeout_seconds`` bounds each query, and the database stops it then.
    It keeps nothing between calls, so one engine may serve many threads.
    """

    name: str = field(default="ibis", init=False)
    order_by: tuple[str, ...] = field(default=(), converter=_order_by, kw_only=True)
    timeout_seconds: float | None = field(default=None, kw_only=True, validator=optional(seconds))

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[IbisTable]:
        """Open a table of a database, a frame or a file; see the engine port."""
        with open_source(dataset, self.timeout_seconds) as source:
            yield IbisTable(source, self.order_by)
