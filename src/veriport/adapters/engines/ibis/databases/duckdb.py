"""DuckDB: database files, relations, connections; and frames and files in a DuckDB of our own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis.expr.datatypes as dt
import pyarrow as pa
from attrs import define, field
from ibis.backends.sql.datatypes import DuckDBType
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.databases.addresses import Location, closed, one_of
from veriport.adapters.engines.ibis.databases.errors import first_line
from veriport.adapters.engines.ibis.dialects import DUCKDB, Dialect
from veriport.adapters.engines.ibis.sources import (
    ROW,
    ROWS,
    SELF,
    Elsewhere,
    Field,
    RefusedQuery,
    Source,
    field_of,
    stopping_after,
    unbound,
    unbounded,
    within,
)
from veriport.domain.datasets import Address, Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.types import DataType, Family
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


@contextmanager
def open_database(location: Location, timeout_seconds: float | None) -> Iterator[Source]:
    """A table or a query of a database file, which is opened for reading."""
    path = location.file()
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as trouble:
        raise DataError(f"{location.label}: {first_line(trouble)}") from trouble
    with connection:
        _quietly(connection)
        yield _source(DuckDBRunner(connection, timeout_seconds=timeout_seconds), location)


def _source(runner: DuckDBRunner, location: Location) -> Source:
    """What a location in an open database names."""
    names = location.table
    if names:
        _require(runner, location)
    if not location.sql:
        fields = _described(runner, location.selected, location.label)
        table = unbound(fields, names[-1], names[:-1])
    else:
        runner.prefix = location.prefix
        fields = _described(runner, within(runner.prefix, f"SELECT * FROM {ROWS}"), location.label)
        table = unbound(fields, ROWS)

    def refer(address: Address) -> Source:
        other = one_of(address, "duckdb")
        if other is None or other.file() != location.file() or runner.prefix or other.sql:
            return beside(address, runner)
        return _source(runner, other)

    return Source(label=location.label, runner=runner, table=table, fields=fields, refer=refer)


def _require(runner: DuckDBRunner, location: Location) -> None:
    listed = runner.run("SELECT table_name FROM information_schema.tables")
    known = tuple(sorted(str(name) for (name,) in listed))
    try:
        runner.run(f"{location.selected} LIMIT 0")
    except RefusedQuery as refused:
        raise location.absent(known, str(refused)) from refused


def _described(runner: DuckDBRunner, sql: str, label: str) -> tuple[Field, ...]:
    try:
        described = runner.run(f"DESCRIBE {sql}")
    except RefusedQuery as refused:
        raise DataError(f"{label}: {refused}") from refused
    return tuple(field_of(str(name), _typed(str(dtype))) for name, dtype, *_ in described)


def _typed(name: str) -> dt.DataType:
    return _ODD[name] if name in _ODD else DuckDBType.from_string(name)


#: Types that Ibis does not know, or takes for others.
_ODD: Mapping[str, dt.DataType] = {"TIME_NS": dt.time, "TIME WITH TIME ZONE": dt.unknown}


def _quietly(connection: Any) -> None:  # noqa: ANN401  # DuckDB's own class
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")


@contextmanager
def open_relation(handle: Handle, timeout_seconds: float | None) -> Iterator[Source]:
    """A relation, measured by the connection that made it."""
    runner = DuckDBRunner(None, relation=handle.frame, name=f"veriport_{uuid.uuid4().hex}")
    try:
        fields = _described(runner, f"SELECT * FROM {runner.name}", handle.label)
        yield Source(
            label=handle.label,
            runner=runner,
            table=unbound(fields, runner.name),
            fields=fields,
            notes=unbounded(timeout_seconds, "a relation, which does not tell its connection"),
        )
    finally:
        runner.run(f"DROP VIEW IF EXISTS {runner.name}")  # DuckDB leaves it in the connection of the relation


@contextmanager
def open_connection(handle: Handle, timeout_seconds: float | None) -> Iterator[Source]:
    """The one table of a connection."""
    runner = DuckDBRunner(handle.frame, timeout_seconds=timeout_seconds)
    listed = runner.run("SELECT table_schema, table_name FROM information_schema.tables")
    if len(listed) != 1:
        raise ConfigurationError(
            f"a {handle.label} with {len(listed)} tables does not say which: pass connection.table('name')"
        )
    yield _source(runner, Location(label=handle.label, path="", table=tuple(map(str, listed[0]))))


# ---- frames and files in a DuckDB of our own


@contextmanager
def open_frame(handle: Handle, timeout_seconds: float | None) -> Iterator[Source]:
    """A frame in memory, read where it is."""
    with _memory(timeout_seconds) as runner:
        yield _registered(runner, _arrow(handle), handle.label)


@contextmanager
def open_file(address: Address, timeout_seconds: float | None) -> Iterator[Source]:
    """A Parquet, CSV or JSON file, or a glob of them."""
    with _memory(timeout_seconds) as runner:
        yield beside(address, runner)


@contextmanager
def _memory(timeout_seconds: float | None) -> Iterator[DuckDBRunner]:
    with _of_process(os.getpid()).cursor() as connection:
        _quietly(connection)
        yield DuckDBRunner(connection, timeout_seconds=timeout_seconds)


@cache
def _of_process(_: int) -> Any:  # noqa: ANN401  # DuckDB's own class
    """A DuckDB that stays empty, since to start one takes long. What is temporary is a cursor's own."""
    return duckdb.connect()


_READERS: Mapping[str, str] = {"parquet": "read_parquet", "csv": "read_csv", "ndjson": "read_ndjson"}


def beside(address: Address, runner: DuckDBRunner) -> Source:
    """A file opened in a DuckDB that is open already."""
    read = _READERS.get(address.kind or "")
    if runner.relation is not None or read is None or one_of(address):
        raise Elsewhere(f"its reference {address.label} is in another database")
    if "://" not in address.path and "*" not in address.path and not Path(address.path).exists():
        raise DataError(f"{address.label}: there is no such file")
    options = [_text(address.path)]
    if address.kind == "csv":
        options += [f"delim={_text(address.separator)}"] if address.separator else []
        options += [f"nullstr=[{', '.join(map(_text, address.null_values))}]"] if address.null_values else []
    name = f"veriport_file_{_counted(runner)}"
    sql = f"SELECT * FROM {read}({', '.join(options)})"
    if address.sql is not None:
        sql = f"WITH {SELF} AS ({sql}) SELECT * FROM ({closed(address.sql)}) AS answer"
    try:
        runner.run(f"CREATE TEMP VIEW {name} AS {sql}")
    except RefusedQuery as refused:
        raise DataError(f"{address.label}: {refused}") from refused
    fields = _described(runner, f"SELECT * FROM {name}", address.label)
    return Source(
        label=address.label,
        runner=runner,
        table=unbound(fields, name),
        fields=fields,
        refer=lambda other: beside(other, runner),
    )


def _text(value: str | None) -> str:
    return "'" + (value or "").replace("'", "''") + "'"


def _counted(runner: DuckDBRunner) -> int:
    ((count,),) = runner.run("SELECT count(*) FROM duckdb_views() WHERE temporary")
    return int(str(count))


def _registered(runner: DuckDBRunner, table: pa.Table, label: str) -> Source:
    """Columns get names that differ in more than case, rows their numbers, odd types plain ones."""
    physical = [f"c{place}" for place in range(table.num_columns)]
    numbered = table.rename_columns(physical).append_column(ROW, pa.array(range(table.num_rows), pa.int64()))
    runner.connection.register("veriport_arrow", numbered)
    plain = [_plain(name, each.type) for name, each in zip(physical, table.schema, strict=True)]
    runner.run(f"CREATE TEMP VIEW {ROWS} AS SELECT {', '.join([*plain, ROW])} FROM veriport_arrow")
    described = _described(runner, f"SELECT * FROM {ROWS}", label)[:-1]
    fields = tuple(
        field_of(
            each.name, _with_zone(found.dtype, each.type), physical=found.physical, known=_known(each.type)
        )
        for each, found in zip(table.schema, described, strict=True)
    )
    return Source(
        label=label,
        runner=runner,
        table=unbound(fields, ROWS, row=ROW),
        fields=fields,
        row=ROW,
        refer=lambda other: beside(other, runner),
    )


def _plain(name: str, source: pa.DataType) -> str:
    """A column in a type that Ibis knows.

    Floats, instants and the widest whole numbers are made anew, so that DuckDB filters them itself: Arrow, to
    which it would leave that, takes NaN for less than nothing, pytz for instants, and no number beyond 63
    bits. What is added is the zero that changes no other.
    """
    if pa.types.is_uint64(source):
        return f"{name} | 0::UBIGINT AS {name}"
    if pa.types.is_floating(source):
        return f"{name} + '-0.0'::{'DOUBLE' if pa.types.is_float64(source) else 'FLOAT'} AS {name}"
    if pa.types.is_time(source):
        return f"CAST({name} AS TIME) AS {name}"
    if pa.types.is_timestamp(source) and source.tz:
        return f"make_timestamptz(epoch_us({name})) AS {name}"
    return name


def _with_zone(dtype: dt.DataType, source: pa.DataType) -> dt.DataType:
    """DuckDB keeps instants; the zone in which to show them is that of the frame."""
    if pa.types.is_timestamp(source) and source.tz and isinstance(dtype, dt.Timestamp):
        return dt.Timestamp(timezone=source.tz, scale=dtype.scale)
    return dtype


def _known(source: pa.DataType) -> DataType | None:
    """What Arrow says of a type and DuckDB does not keep."""
    if pa.types.is_dictionary(source):
        return DataType(Family.CATEGORICAL, "categorical")
    if pa.types.is_null(source):
        return DataType(Family.NULL, "null")
    if pa.types.is_duration(source):
        return DataType(Family.DURATION, f"duration({source.unit})")
    if pa.types.is_timestamp(source):
        return DataType(Family.DATETIME, f"datetime({source.unit}{f', {source.tz}' if source.tz else ''})")
    return None


def _arrow(handle: Handle) -> pa.Table:
    """Any frame as Arrow, mostly without a copy; 128-bit integers, which Arrow lacks, as decimals."""
    frame: Any = handle.frame
    if isinstance(frame, pa.Table):
        return frame
    if type(frame).__module__.partition(".")[0] == "polars":
        return _from_polars(frame)
    if not hasattr(frame, "__arrow_c_stream__"):
        raise ConfigurationError(
            f"the ibis engine cannot read a {handle.label}: pass an address, a table of Ibis, a DataFrame of "
            "Spark, a relation of DuckDB, or anything with the Arrow PyCapsule interface"
        )
    try:
        return pa.table(frame)
    except Exception as trouble:  # a library of the caller converts, and raises whatever it does
        raise DataError(f"{handle.label}: {first_line(trouble)}") from trouble


def _from_polars(frame: Any) -> pa.Table:  # noqa: ANN401  # a frame of either kind
    import polars as pl  # noqa: PLC0415  # only who has such a frame needs it

    whole = frame.collect() if isinstance(frame, pl.LazyFrame) else frame.clone()  # no names of the caller's
    names = whole.columns
    whole.columns = [f"c{place}" for place in range(len(names))]  # names that are no patterns
    arrow = whole.with_columns(pl.col(pl.Int128).cast(pl.Decimal(38, 0))).to_arrow()
    return arrow.rename_columns(names)
