"""Tables of cases in real databases, each as its users would have made it; and what a database cannot hold."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from attrs import define, field
from psycopg import sql

from tests.servers.postgres import fresh_schema
from tests.servers.spark import SETTINGS
from veriport.domain.datasets import Address, Dataset, Handle
from veriport.testing.cases import Case


def types_of(case: Case) -> list[pl.DataType]:
    """The types of all columns of a case."""
    return [
        *case.frame().schema.values(),
        *(case.reference.frame().schema.values() if case.reference else ()),
    ]


def values_of(case: Case) -> Iterator[object]:
    """All values of a case."""
    tables = [case.columns, *([case.reference.columns] if case.reference else [])]
    return (value for table in tables for values in table.values() for value in values)


def _told_apart_by_case(case: Case) -> bool:
    return len({name.lower() for name in case.columns}) < len(case.columns)


def _schema_only(case: Case) -> bool:
    """Whether the answer is a name of a type."""
    return case.rule.get("type") in {"dtype", "schema", "column_exists"}


def first_of(reasons: Mapping[str, bool]) -> str:
    """The first reason that applies, empty where none does."""
    return next((reason for reason, applies in reasons.items() if applies), "")


def _zone_is_shown(case: Case) -> bool:
    zoned = any(
        isinstance(each, pl.Datetime) and each.time_zone not in {None, "UTC"} for each in types_of(case)
    )
    return zoned and isinstance(case.observed, str)


def _is_null_character(value: object) -> bool:
    return isinstance(value, str) and "\0" in value


# ---- PostgreSQL

_POSTGRES: Mapping[type[pl.DataType], str] = {
    pl.Int8: "smallint", pl.Int16: "smallint", pl.Int32: "integer", pl.Int64: "bigint",
    pl.UInt8: "smallint", pl.UInt16: "integer", pl.UInt32: "bigint", pl.UInt64: "numeric(20, 0)",
    pl.Int128: "numeric(39, 0)", pl.Float32: "real", pl.Float64: "double precision", pl.Boolean: "boolean",
    pl.String: "text", pl.Categorical: "text", pl.Date: "date", pl.Time: "time", pl.Duration: "interval",
    pl.Binary: "bytea", pl.List: "bigint[]", pl.Array: "bigint[]",
}  # fmt: skip


@define
class Postgres:
    """Tables in a schema of their own."""

    url: str
    schema: str = field(factory=fresh_schema)
    connection: Any = None
    _numbers: Iterator[int] = field(factory=itertools.count)

    def __attrs_post_init__(self) -> None:
        self.connection = psycopg.connect(self.url, autocommit=True)
        self.connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(self.schema)))

    def lacks(self, case: Case) -> str:
        types = {type(each) for each in types_of(case)}
        return first_of(
            {
                "PostgreSQL has no structs": pl.Struct in types,
                "PostgreSQL has no columns without a type": pl.Null in types,
                "PostgreSQL has no categories": pl.Categorical in types and _schema_only(case),
                "PostgreSQL has no null character in texts": any(map(_is_null_character, values_of(case))),
                "PostgreSQL keeps instants, and no zones": _zone_is_shown(case),
            }
        )

    def load(self, case: Case) -> Dataset:
        return Address(path=self.written(case.frame()))

    def refer(self, case: Case) -> object:
        assert case.reference is not None
        return self.written(case.reference.frame())

    def written(self, frame: pl.DataFrame) -> str:
        """The address of a new table with the rows of a frame."""
        name = f"table {next(self._numbers)}"
        table = sql.Identifier(self.schema, name)
        columns = [
            sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(self._type(dtype, f"{name} {place}")))
            for place, (column, dtype) in enumerate(frame.schema.items())
        ]
        self.connection.execute(sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(", ").join(columns)))
        if frame.width:
            with self.connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
                for row in frame.rows():
                    copy.write_row([_for_postgres(value) for value in row])
        return self.address(name)

    def defined(self, definition: str) -> str:
        """The address of a new table, as SQL defines it behind its name."""
        name = f"table {next(self._numbers)}"
        table = sql.Identifier(self.schema, name).as_string(self.connection)
        self.connection.execute(f"CREATE TABLE {table} {definition}")
        return self.address(name)

    def address(self, name: str) -> str:
        """The address of a table."""
        given = psycopg.conninfo.conninfo_to_dict(self.url)
        place = f"{given['host']}:{given['port']}/{given['dbname']}"
        return f'postgresql://{given["user"]}@{place}?table="{self.schema}"."{name}"'

    def _type(self, dtype: pl.DataType, name: str) -> str:
        match dtype:
            case pl.Decimal():
                return f"numeric({dtype.precision}, {dtype.scale})"
            case pl.Datetime():
                digits = "(3)" if dtype.time_unit == "ms" else ""
                return f"timestamp{digits} with{'' if dtype.time_zone else 'out'} time zone"
            case pl.Enum():
                kind = sql.Identifier(self.schema, name)
                words = sql.SQL(", ").join(map(sql.Literal, dtype.categories))
                self.connection.execute(sql.SQL("CREATE TYPE {} AS ENUM ({})").format(kind, words))
                return kind.as_string()
        return _POSTGRES[type(dtype)]


def _for_postgres(value: object) -> object:
    """The last moment of a day, which would be rounded up to the next one."""
    return list(value) if isinstance(value, tuple) else value


# ---- SQLite

_SQLITE: Mapping[type[pl.DataType], str] = {
    **dict.fromkeys((pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64), "BIGINT"),
    pl.Float64: "DOUBLE", pl.Boolean: "BOOLEAN", pl.String: "TEXT", pl.Categorical: "TEXT", pl.Enum: "TEXT",
    pl.Date: "DATE", pl.Datetime: "TIMESTAMP", pl.Time: "TIME", pl.Binary: "BLOB", pl.Null: "",
}  # fmt: skip


@define
class SQLite:
    """Tables in a file."""

    path: Path
    _numbers: Iterator[int] = field(factory=itertools.count)

    def lacks(self, case: Case) -> str:
        types = types_of(case)
        kinds = {type(each) for each in types}
        values = list(values_of(case))
        return first_of(
            {
                "SQLite has no tables without columns": not case.columns,
                "SQLite has no columns that differ by case only": _told_apart_by_case(case),
                "SQLite has no NaN": any(isinstance(each, float) and math.isnan(each) for each in values),
                "SQLite has no whole numbers beyond 64 bits": pl.Int128 in kinds
                or any(isinstance(each, int) and each >= 2**63 for each in values),
                "SQLite has no floats of 32 bits": pl.Float32 in kinds,
                "SQLite has no decimals": pl.Decimal in kinds,
                "SQLite has no durations": pl.Duration in kinds,
                "SQLite has no lists and structs": bool({pl.List, pl.Array, pl.Struct} & kinds),
                "SQLite has no zones": any(
                    isinstance(each, pl.Datetime) and each.time_zone for each in types
                ),
                "SQLite has no categories": pl.Categorical in kinds and _schema_only(case),
            }
        )

    def load(self, case: Case) -> Dataset:
        return Address(path=self.written(case.frame()))

    def refer(self, case: Case) -> object:
        assert case.reference is not None
        return self.written(case.reference.frame())

    def written(self, frame: pl.DataFrame) -> str:
        """The address of a new table with the rows of a frame."""
        name = f"table{next(self._numbers)}"
        columns = [f"{_quoted(column)} {_SQLITE[type(dtype)]}" for column, dtype in frame.schema.items()]
        marks = ", ".join("?" * frame.width)
        with sqlite3.connect(self.path) as connection:
            connection.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
            rows = [[_for_sqlite(value) for value in row] for row in frame.rows()]
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608  # a name of ours
        connection.close()
        return f"sqlite:///{self.path}?table={name}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _for_sqlite(value: object) -> object:
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value


# ---- Spark


def spark_session() -> Any:  # noqa: ANN401  # Spark's own class
    """A session of this machine; to start one takes seconds."""
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession  # noqa: PLC0415  # it takes a second

    builder = SparkSession.builder.master("local[2]").appName("veriport")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


@define
class Spark:
    """DataFrames of a session."""

    session: Any
    folder: Path
    _numbers: Iterator[int] = field(factory=itertools.count)

    def lacks(self, case: Case) -> str:
        kinds = {type(each) for each in types_of(case)}
        return first_of(
            {
                "Spark has no columns that differ by case only": _told_apart_by_case(case),
                "Spark has no times of day": pl.Time in kinds,
                "Spark has no categories": pl.Categorical in kinds and _schema_only(case),
                "Spark keeps instants, and no zones": _zone_is_shown(case),
            }
        )

    def load(self, case: Case) -> Dataset:
        return Handle(self.made(case.frame()))

    def refer(self, case: Case) -> object:
        assert case.reference is not None
        path = self.folder / f"reference{next(self._numbers)}"
        self.made(case.reference.frame()).write.parquet(str(path))
        return {"path": str(path), "format": "parquet"}

    def made(self, frame: pl.DataFrame) -> Any:  # noqa: ANN401  # Spark's own class
        """A DataFrame with the rows of a frame."""
        from pyspark.sql import types as st  # noqa: PLC0415  # it takes a second

        columns = st.StructType(
            [st.StructField(name, _spark_type(dtype)) for name, dtype in frame.schema.items()]
        )
        if not frame.width or any(
            isinstance(each, float) and math.isnan(each) for row in frame.rows() for each in row
        ):
            return self.session.createDataFrame([tuple(row) for row in frame.rows()], columns)
        plain = frame.with_columns(
            pl.col(pl.UInt64).cast(pl.Decimal(20, 0)),
            pl.col(pl.Int128).cast(pl.Decimal(38, 0)),
            pl.col(pl.UInt8).cast(pl.Int16), pl.col(pl.UInt16).cast(pl.Int32), pl.col(pl.UInt32).cast(pl.Int64),
            pl.col(pl.Categorical, pl.Enum).cast(pl.String),
        )  # fmt: skip
        return self.session.createDataFrame(plain.to_arrow(compat_level=pl.CompatLevel.oldest()), columns)


def _spark_type(dtype: Any) -> Any:  # noqa: ANN401  # Spark's own classes
    from pyspark.sql import types as st  # noqa: PLC0415  # it takes a second

    plain: Mapping[type[pl.DataType], Callable[[], Any]] = {
        pl.Int8: st.ByteType, pl.Int16: st.ShortType, pl.Int32: st.IntegerType, pl.Int64: st.LongType,
        pl.UInt8: st.ShortType, pl.UInt16: st.IntegerType, pl.UInt32: st.LongType,
        pl.UInt64: lambda: st.DecimalType(20, 0), pl.Int128: lambda: st.DecimalType(38, 0),
        pl.Float32: st.FloatType, pl.Float64: st.DoubleType, pl.Boolean: st.BooleanType, pl.String: st.StringType,
        pl.Categorical: st.StringType, pl.Enum: st.StringType, pl.Date: st.DateType,
        pl.Duration: st.DayTimeIntervalType, pl.Binary: st.BinaryType, pl.Null: st.NullType,
    }  # fmt: skip
    match dtype:
        case pl.Decimal():
            return st.DecimalType(dtype.precision, dtype.scale)
        case pl.Datetime():
            return st.TimestampType() if dtype.time_zone else st.TimestampNTZType()
        case pl.List() | pl.Array():
            return st.ArrayType(_spark_type(pl.Int64()))
        case pl.Struct():
            return st.StructType(
                [st.StructField(each.name, _spark_type(each.dtype)) for each in dtype.fields]
            )
    return plain[type(dtype)]()


# ---- DuckDB


@define
class DuckDB:
    """Frames, which a DuckDB of the engine's own reads."""

    folder: Path
    _numbers: Iterator[int] = field(factory=itertools.count)

    def lacks(self, case: Case) -> str:
        there = [] if case.reference is None else case.reference.frame().dtypes
        return first_of({"Parquet has no durations": any(isinstance(each, pl.Duration) for each in there)})

    def load(self, case: Case) -> Dataset:
        return Handle(case.frame())

    def refer(self, case: Case) -> object:
        assert case.reference is not None
        path = self.folder / f"reference{next(self._numbers)}.parquet"
        wide = pl.col(pl.Int128).cast(pl.Decimal(38, 0))  # which others than Polars read as bytes
        case.reference.frame().with_columns(wide).write_parquet(path)
        return str(path)


@pytest.fixture(scope="session")
def duckdb_tables(tmp_path_factory: pytest.TempPathFactory) -> DuckDB:
    """Frames for the DuckDB of the engine."""
    return DuckDB(tmp_path_factory.mktemp("duckdb"))


@pytest.fixture(scope="session")
def postgresql_tables(postgres_url: str) -> Iterator[Postgres]:
    """Tables of a PostgreSQL server."""
    made = Postgres(postgres_url)
    yield made
    made.connection.close()


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> SQLite:
    """Tables of a SQLite file."""
    return SQLite(tmp_path_factory.mktemp("sqlite") / "cases.db")


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A session of Spark on this machine."""
    session = spark_session()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def spark_tables(spark: object, tmp_path_factory: pytest.TempPathFactory) -> Spark:
    """DataFrames of Spark."""
    return Spark(spark, tmp_path_factory.mktemp("spark"))
