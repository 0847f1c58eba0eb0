"""What cannot be checked is told as a mistake of the caller or of the data, by a sentence that names it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import veriport
from veriport.domain.errors import ConfigurationError
from veriport.ports.errors import DataError

TWICE = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
WIDE = pa.table({"x": [1], "d": pa.array([Decimal("1.5")], pa.decimal256(60, 2))})


def of_a_closed_connection() -> Any:  # noqa: ANN401  # DuckDB's own class
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
        return connection.table("t")


def closed_connection() -> Any:  # noqa: ANN401  # DuckDB's own class
    connection = duckdb.connect()
    connection.close()
    return connection


@pytest.mark.parametrize(
    ("made", "error", "said"),
    [
        (lambda: TWICE, DataError, "two columns 'a'"),
        (TWICE.to_reader, DataError, "two columns 'a'"),
        (of_a_closed_connection, DataError, "already been closed"),
        (closed_connection, DataError, "already closed"),
        (lambda: pl.Series([1]), ConfigurationError, r"cannot read a polars\.Series"),
        (lambda: ibis.table({"a": "int64"}, name="t"), ConfigurationError, "unbound tables"),
        (lambda: WIDE, DataError, r"column 'd' is decimal256\(60, 2\)"),
        (lambda: pl.LazyFrame({"a": [1]}).select("z"), DataError, "z"),
    ],
)
def test_a_mistake_is_told(made: Callable[[], object], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        veriport.check(made(), engine="ibis")


@pytest.mark.server
def test_two_columns_of_spark_have_one_name(spark: Any) -> None:  # noqa: ANN401  # Spark's own class
    with pytest.raises(DataError, match="two columns 'a'"):
        veriport.check(spark.sql("SELECT 1 AS a, 2 AS a"))


def test_a_chain_asks_the_next_engine_where_one_cannot_read_such_a_thing() -> None:
    chain = veriport.get_engine("chain", engines=["ibis", "polars"])
    assert veriport.check(pl.Series("a", [1]), engine=chain).columns[0].column.name == "a"


@pytest.mark.parametrize("engine", ["ibis", "polars"])
def test_a_stream_that_was_read_is_empty(engine: str) -> None:
    stream = pa.table({"a": [1]}).to_reader()
    assert veriport.check(stream, engine=engine).row_count == 1
    with pytest.raises(DataError, match="was read before"):
        veriport.check(stream, engine=engine)


@pytest.mark.parametrize(
    "frame",
    [
        WIDE,
        WIDE.to_reader(),
        pd.DataFrame({"d": pd.Series([Decimal("1.5")], dtype=pd.ArrowDtype(pa.decimal256(60, 2)))}),
    ],
    ids=["table", "stream", "pandas"],
)
def test_polars_refuses_decimals_that_it_has_no_digits_for(frame: object) -> None:
    with pytest.raises(DataError, match=r"column 'd' is decimal256\(60, 2\)"):
        veriport.check(frame)


class Stream:
    """A frame of a library that nobody knows."""

    def __arrow_c_stream__(self, schema: object = None) -> object:
        return WIDE.__arrow_c_stream__(schema)


def test_what_breaks_polars_is_an_error_of_the_data() -> None:
    with pytest.raises(DataError, match="Int256"):
        veriport.check(Stream())


def test_floats_of_16_bits_are_read_exactly() -> None:
    small = pa.array([1.5, None, 65504.0], pa.float16())
    frame = pa.table({"a": small, "l": pa.array([[1.5], [], None], pa.list_(pa.float16()))})
    result = veriport.check(frame, [{"column": "a", "type": "in_set", "values": [1.5]}], engine="ibis")
    (rule,) = result.rules
    assert (rule.checked_count, rule.failed_count) == (2, 1)
    (column, _) = veriport.check(frame, engine="ibis").columns
    assert (column.column.dtype.name, column.null_count) == ("float16", 1)


def test_texts_of_a_frame_without_types_are_read_as_numbers() -> None:
    from veriport.domain.datasets import Handle  # noqa: PLC0415  # what engines over engines hand on

    texts = Handle(pl.DataFrame({"a": ["1", "x"]}), untyped=frozenset({"a"}))
    (rule,) = veriport.check(texts, [{"column": "a", "type": "in_range", "min": 0}], engine="ibis").rules
    assert (rule.checked_count, rule.failed_count) == (2, 1)
