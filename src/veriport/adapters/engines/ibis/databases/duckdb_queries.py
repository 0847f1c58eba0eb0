"""Queries of DuckDB: how they are run, and of which types their columns are."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import duckdb
import ibis.expr.datatypes as dt
import pyarrow as pa
from attrs import define, field
from ibis.backends.sql.datatypes import DuckDBType
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.databases.errors import first_line
from veriport.adapters.engines.ibis.dialects import DUCKDB, Dialect
from veriport.adapters.engines.ibis.sources import (
    ROWS,
    Field,
    RefusedQuery,
    field_of,
    stopping_after,
    within,
)
from veriport.ports.errors import DataError, TransientError

if TYPE_CHECKING:
    from veriport.adapters.engines.ibis.splits.arrow import Shape

#: What gives the rows piece by piece, to a relation and a connection of old versions, too.
_TO_ARROW = ("to_arrow_reader", "fetch_arrow_reader", "fetch_record_batch")


@define
class DuckDBRunner:
    """A connection to DuckDB, or a relation that its owner's connection answers for."""

    connection: Any
    relation: Any = None
    timeout_seconds: float | None = None
    prefix: str = ""
    name: str = ROWS
    _stopped: bool = field(default=False, init=False)
    _lent: list[str] = field(factory=list, init=False)

    @property
    def dialect(self) -> Dialect:
        """See ``Runner``."""
        return DUCKDB

    def rows(self, query: ir.Table) -> list[tuple[object, ...]]:
        """See ``Runner``."""
        return self.run(within(self.prefix, DUCKDB.sql(query)))

    def batches(self, query: ir.Table, shape: Shape) -> Iterator[pa.RecordBatch]:
        """See ``Runner``."""
        with self._asking():
            answer = self._answer(within(self.prefix, DUCKDB.sql(query)))
            named = next(each for each in _TO_ARROW if hasattr(answer, each))
            reader = getattr(answer, named)(shape.rows)
        while True:
            with self._asking():
                batch = next(reader, None)
            if batch is None:
                return
            yield shape.of_arrow(batch)

    def run(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a query as text."""
        with self._asking():
            answer = self._answer(sql)
            return [] if answer is None else list(answer.fetchall())

    def view(self, sql: str) -> str:
        """The name of a new view of a query."""
        name = f"veriport_{uuid.uuid4().hex}"
        self.run(f"CREATE TEMP VIEW {name} AS {sql}")
        self._lent.append(name)
        return name

    def lend(self, table: pa.Table) -> str:
        """The name under which DuckDB reads a table of ours."""
        name = f"veriport_{uuid.uuid4().hex}"
        with self._asking():
            self.connection.register(name, table)
        self._lent.append(name)
        return name

    def forget(self) -> None:
        """Drop all of that, in a connection that others go on with."""
        while self._lent:
            with suppress(RefusedQuery):
                self.run(f"DROP VIEW IF EXISTS {self._lent.pop()}")

    def _answer(self, sql: str) -> Any:  # noqa: ANN401  # DuckDB's own classes
        self._stopped = False
        if self.relation is not None:
            return self.relation.query(self.name, sql)
        return self.connection.execute(sql)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Bound what is asked here, and tell trouble; while rows come, Arrow says what DuckDB said."""
        with stopping_after(self.timeout_seconds, self.cancel):
            try:
                yield
            except (duckdb.Error, pa.ArrowException, OSError) as trouble:
                if isinstance(trouble, duckdb.InterruptException) or "INTERRUPT" in str(trouble):
                    raise TransientError(self._why()) from trouble
                raise RefusedQuery(first_line(trouble)) from trouble

    def cancel(self) -> None:
        """See ``Runner``."""
        self._stopped = True
        if self.connection is not None:
            self.connection.interrupt()

    def _why(self) -> str:
        """DuckDB may stop a query because of an error in one of its threads, and not tell of that."""
        return "it was stopped" if self._stopped else "DuckDB stopped it and does not say why: try again"


def described(runner: DuckDBRunner, sql: str, label: str) -> tuple[Field, ...]:
    """The columns of a query. Raises ``DataError`` where DuckDB refuses it."""
    try:
        described = runner.run(f"DESCRIBE {sql}")
    except RefusedQuery as refused:
        raise DataError(f"{label}: {refused}") from refused
    return tuple(field_of(str(name), _typed(str(dtype)), named=str(dtype)) for name, dtype, *_ in described)


def _typed(name: str) -> dt.DataType:
    return _ODD[name] if name in _ODD else DuckDBType.from_string(name)


#: Types that Ibis does not know, or takes for others.
_ODD: Mapping[str, dt.DataType] = {"TIME_NS": dt.time, "TIME WITH TIME ZONE": dt.unknown}


def quietly(connection: Any) -> None:  # noqa: ANN401  # DuckDB's own class
    """Let a connection show instants in UTC, and nothing of its work."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
