"""Frames and files in a DuckDB of our own, or beside the tables of one that is open already.

Parquet files on a disk are read by DuckDB where they are. All others are read by the Polars engine's reader,
so that a file has the same rows, types and errors for both, and are held in memory.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import duckdb
import ibis.expr.datatypes as dt
import polars as pl
import pyarrow as pa
from attrs import evolve

from veriport.adapters.engines.ibis.databases.addresses import closed, one_of
from veriport.adapters.engines.ibis.databases.duckdb_queries import DuckDBRunner, described, quietly
from veriport.adapters.engines.ibis.sources import (
    ROW,
    SELF,
    Elsewhere,
    Field,
    RefusedQuery,
    Source,
    field_of,
    quoted,
    unbound,
)
from veriport.adapters.engines.polars import sources as files
from veriport.adapters.engines.polars.errors import reading
from veriport.adapters.engines.polars.types import columns_of
from veriport.domain.datasets import Address, Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.types import Column, DataType, Family
from veriport.ports.errors import DataError, PortError


@contextmanager
def in_memory(timeout_seconds: float | None) -> Iterator[DuckDBRunner]:
    """A connection that sees nothing of others."""
    with _of_process(os.getpid()).cursor() as connection:
        quietly(connection)
        yield DuckDBRunner(connection, timeout_seconds=timeout_seconds)


@cache
def _of_process(_: int) -> Any:  # noqa: ANN401  # DuckDB's own class
    """A DuckDB that stays empty, since to start one takes long. What is temporary is a cursor's own."""
    return duckdb.connect()


# ---- files


def beside(address: Address, runner: DuckDBRunner) -> Source:
    """A file that a table refers to."""
    in_no_file = address.kind is None and "://" in address.path
    if runner.relation is not None or in_no_file or one_of(address):
        raise Elsewhere(f"its reference {address.label} is in another database")
    try:
        return file_in(runner, address)
    except ConfigurationError as wrong:
        raise DataError(str(wrong)) from wrong


def file_in(runner: DuckDBRunner, address: Address) -> Source:
    """A file, or a glob of them, in a DuckDB. Raises ``DataError`` or ``ConfigurationError``."""
    whole = evolve(address, sql=None)
    found = files.open_frame(whole)
    with reading(address.label):
        columns = columns_of(found.frame.collect_schema(), found.untyped)
    source = _parquet(runner, whole, found, columns) if address.kind == "parquet" else None
    if source is None:
        source = registered(runner, _collected(found, address.label), address.label, found.untyped)
    return source if address.sql is None else _queried(runner, source, address)


def _parquet(
    runner: DuckDBRunner, address: Address, found: files.Source, columns: Sequence[Column]
) -> Source | None:
    """Parquet files that DuckDB reads; ``None`` where it would see other columns in them than we do."""
    if not found.files or address.schema:
        return None
    found.check()
    _refuse_wide(columns, address.label)
    listed = ", ".join(_text(glob.escape(str(path))) for path in found.files)
    name = runner.view(f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)")
    fields = described(runner, f"SELECT * FROM {name}", address.label)
    if [each.physical for each in fields] != [each.name for each in columns]:
        return None  # names that differ in case alone
    if any(each.dtype.family is Family.DURATION for each in columns):
        return None  # numbers to DuckDB
    told = tuple(
        field_of(each.physical, each.dtype, known=column.dtype) if column.dtype.family in _TOLD else each
        for each, column in zip(fields, columns, strict=True)
    )
    return Source(
        label=address.label,
        runner=runner,
        table=unbound(told, name),
        fields=told,
        refer=lambda other: beside(other, runner),
    )


def _refuse_wide(columns: Sequence[Column], label: str) -> None:
    """Decimals of more than 38 digits, of which DuckDB makes floats of quite other values."""
    for column in columns:
        digits = re.search(r"decimal\((\d+)", column.dtype.name)
        if digits is not None and int(digits[1]) > _MOST_DIGITS:
            raise DataError(
                f"{label}: column {column.name!r} is {column.dtype.name}, which has more than 38 digits"
            )


_MOST_DIGITS = 38

#: What Parquet files say of a column and DuckDB does not.
_TOLD = frozenset({Family.CATEGORICAL, Family.NULL})


def _collected(found: files.Source, label: str) -> pa.Table:
    try:
        with reading(label):
            return _of_polars(found.frame.collect(engine="streaming"))
    except PortError:
        found.check()
        raise


def _queried(runner: DuckDBRunner, source: Source, address: Address) -> Source:
    """The answer of a query on a file."""
    listed = ", ".join(f"{quoted(each.physical)} AS {quoted(each.column.name)}" for each in source.fields)
    rows = f"SELECT {listed} FROM {quoted(source.table.get_name())}"
    query = closed(address.sql or "")
    try:
        name = runner.view(f"WITH {SELF} AS ({rows}) SELECT * FROM ({query}) AS answer")
    except RefusedQuery as refused:
        raise DataError(f"{address.label}: {refused}") from refused
    untyped = {each.column.name for each in source.fields if each.column.untyped}
    fields = tuple(
        evolve(each, column=evolve(each.column, untyped=True))
        if each.column.name in untyped and each.column.dtype.family is Family.STRING
        else each
        for each in described(runner, f"SELECT * FROM {name}", address.label)
    )
    return evolve(source, table=unbound(fields, name), fields=fields, row=None)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


# ---- frames


def registered(
    runner: DuckDBRunner, table: pa.Table, label: str, untyped: frozenset[str] = frozenset()
) -> Source:
    """Columns get names that differ in more than case, rows their numbers, odd types plain ones."""
    physical = [f"c{place}" for place in range(table.num_columns)]
    numbered = _single(table.rename_columns(physical)).append_column(
        ROW, pa.array(range(table.num_rows), pa.int64())
    )
    given = runner.lend(numbered)
    plain = [_plain(name, each.type) for name, each in zip(physical, table.schema, strict=True)]
    name = runner.view(f"SELECT {', '.join([*plain, ROW])} FROM {given}")
    fields = tuple(
        _field(each, found, untyped=each.name in untyped)
        for each, found in zip(
            table.schema, described(runner, f"SELECT * FROM {name}", label)[:-1], strict=True
        )
    )
    return Source(
        label=label,
        runner=runner,
        table=unbound(fields, name, row=ROW),
        fields=fields,
        row=ROW,
        refer=lambda other: beside(other, runner),
    )


def _single(table: pa.Table) -> pa.Table:
    """Floats of 16 bits, which DuckDB has not, in 32."""
    wanted = pa.schema([each.with_type(_wider(each.type)) for each in table.schema])
    return table if wanted.equals(table.schema) else table.cast(wanted)


def _wider(dtype: pa.DataType) -> pa.DataType:
    if pa.types.is_float16(dtype):
        return pa.float32()
    if pa.types.is_list(dtype):
        return pa.list_(dtype.value_field.with_type(_wider(dtype.value_type)))
    if pa.types.is_large_list(dtype):
        return pa.large_list(dtype.value_field.with_type(_wider(dtype.value_type)))
    if pa.types.is_struct(dtype):
        return pa.struct([each.with_type(_wider(each.type)) for each in dtype])
    return dtype


def _field(column: pa.Field, found: Field, *, untyped: bool) -> Field:
    dtype = _with_zone(found.dtype, column.type)
    made = field_of(column.name, dtype, physical=found.physical, known=_known(column.type))
    return evolve(made, column=evolve(made.column, untyped=untyped))


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
    if pa.types.is_float16(source):
        return DataType(Family.FLOAT, "float16")
    if pa.types.is_duration(source):
        return DataType(Family.DURATION, f"duration({source.unit})")
    if pa.types.is_timestamp(source):
        return DataType(Family.DATETIME, f"datetime({source.unit}{f', {source.tz}' if source.tz else ''})")
    return None


def arrow_of(handle: Handle) -> pa.Table:
    """Any frame as Arrow, mostly without a copy. Raises ``DataError`` or ``ConfigurationError``."""
    frame: Any = handle.frame
    if isinstance(frame, pl.DataFrame | pl.LazyFrame):
        with reading(handle.label):
            return _of_polars(frame.lazy().collect())
    if not hasattr(frame, "__arrow_c_stream__") or isinstance(frame, pl.Series):
        raise ConfigurationError(
            f"the ibis engine cannot read a {handle.label}: pass an address, a table of Ibis, a DataFrame of "
            "Spark, a relation of DuckDB, or anything with the Arrow PyCapsule interface"
        )
    with files.taking(handle):
        return frame if isinstance(frame, pa.Table) else pa.table(frame)


def _of_polars(frame: pl.DataFrame) -> pa.Table:
    """A frame under its own names; 128-bit integers, which Arrow lacks, as decimals."""
    whole, names = frame.clone(), frame.columns  # the caller's keeps its names
    whole.columns = [f"c{place}" for place in range(len(names))]  # names that are no patterns
    arrow = whole.with_columns(pl.col(pl.Int128).cast(pl.Decimal(38, 0))).to_arrow()
    return arrow.rename_columns(names)
