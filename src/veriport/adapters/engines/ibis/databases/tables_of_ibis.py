"""Tables of Ibis that the caller holds, answered by the connection that they came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import define
from ibis.common.exceptions import IbisError
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.databases.errors import first_line
from veriport.adapters.engines.ibis.dialects import DIALECTS, Dialect
from veriport.adapters.engines.ibis.dialects.casing import lend_casing
from veriport.adapters.engines.ibis.sources import RefusedQuery, Runner, Source, field_of, unbounded
from veriport.domain.datasets import Handle
from veriport.domain.errors import ConfigurationError

if TYPE_CHECKING:
    import pyarrow as pa

    from veriport.adapters.engines.ibis.splits.arrow import Shape


_Fetch: TypeAlias = Callable[[int], Sequence[Sequence[object]]]


@define
class IbisRunner:
    """A connection of Ibis to any database."""

    connection: Any
    dialect: Dialect

    def rows(self, query: ir.Table) -> list[tuple[object, ...]]:
        """See ``Runner``."""
        sql = self.dialect.sql(query)
        try:
            answer = self.connection.raw_sql(sql)
            found = answer.fetchall() if hasattr(answer, "fetchall") else list(answer)
        except Exception as trouble:  # each database raises its own
            raise RefusedQuery(first_line(trouble)) from trouble
        return [tuple(row) for row in found]

    def batches(self, query: ir.Table, shape: Shape) -> Iterator[pa.RecordBatch]:
        """See ``Runner``. What a driver of the database reads ahead is its own affair."""
        try:
            answer = self.connection.raw_sql(self.dialect.sql(query))
            fetch: _Fetch = getattr(answer, "fetchmany", None) or _taking(answer)
            while rows := fetch(shape.rows):
                yield shape.of_rows(rows)
        except Exception as trouble:  # each database raises its own
            raise RefusedQuery(first_line(trouble)) from trouble

    def cancel(self) -> None:
        """Ibis has no way to stop a query."""


def _taking(answer: Iterable[Sequence[object]]) -> _Fetch:
    """What gives the next rows of an answer that is no cursor."""
    rows = iter(answer)
    return lambda size: list(islice(rows, size))


@contextmanager
def open_expression(handle: Handle, timeout_seconds: float | None) -> Iterator[Source]:
    """A table, or whatever an expression makes of some."""
    expression: Any = handle.frame
    connection = _connection_of(expression)
    dialect = DIALECTS.get(connection.name)
    if dialect is None:
        known = ", ".join(DIALECTS)
        raise ConfigurationError(f"the ibis engine does not know {connection.name}: known are {known}")
    native = _NATIVE.get(connection.name)
    connection._run_pre_execute_hooks(expression)  # noqa: SLF001  # brings tables in memory to the database
    runner: Runner = (
        IbisRunner(connection, dialect) if native is None else native(connection, timeout_seconds)
    )
    named = connection.compiler.type_mapper.to_string
    fields = tuple(
        field_of(name, dtype, named=named(dtype) if getattr(dtype, "raw_type", None) else "")
        for name, dtype in expression.schema().items()
    )
    try:
        yield Source(
            label=handle.label,
            runner=runner,
            table=expression,
            fields=fields,
            notes=unbounded(timeout_seconds, f"{connection.name} by Ibis") if native is None else (),
        )
    finally:
        if native is not None and connection.name == "postgres":
            connection.con.rollback()  # of a transaction that read


def _connection_of(expression: Any) -> Any:  # noqa: ANN401  # Ibis ships no types
    if not isinstance(expression, ir.Table):
        raise ConfigurationError("the ibis engine checks tables: a value is none, use value.as_table()")
    try:
        return expression.get_backend()
    except IbisError as nowhere:
        said = first_line(nowhere).partition(". ")[0]
        raise ConfigurationError(f"the ibis engine checks tables of one connection: {said}") from nowhere


def _duckdb(connection: Any, timeout_seconds: float | None) -> Runner:  # noqa: ANN401  # Ibis ships no types
    from veriport.adapters.engines.ibis.databases.duckdb_queries import DuckDBRunner  # noqa: PLC0415  # an extra

    return DuckDBRunner(connection.con, timeout_seconds=timeout_seconds)


def _postgres(connection: Any, timeout_seconds: float | None) -> Runner:  # noqa: ANN401  # Ibis ships no types
    from veriport.adapters.engines.ibis.databases.postgres import PostgresRunner  # noqa: PLC0415  # an extra

    # The connection is the caller's, and so is what is set in it.
    return PostgresRunner.over(connection.con, stopped_after=timeout_seconds)


def _sqlite(connection: Any, timeout_seconds: float | None) -> Runner:  # noqa: ANN401  # Ibis ships no types
    from veriport.adapters.engines.ibis.databases.sqlite import SQLiteRunner  # noqa: PLC0415  # beside its siblings

    lend_casing(connection.con)  # beside what Ibis lends it
    return SQLiteRunner(connection.con, timeout_seconds)


def _spark(connection: Any, timeout_seconds: float | None) -> Runner:  # noqa: ANN401  # Ibis ships no types
    from veriport.adapters.engines.ibis.databases.spark import SparkRunner  # noqa: PLC0415  # an extra

    return SparkRunner(connection._session, timeout_seconds)  # noqa: SLF001  # Ibis gives no other way


_NATIVE: Mapping[str, Callable[[Any, float | None], Runner]] = {
    "duckdb": _duckdb,
    "postgres": _postgres,
    "sqlite": _sqlite,
    "pyspark": _spark,
}
