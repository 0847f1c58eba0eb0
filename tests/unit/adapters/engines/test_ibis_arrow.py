"""Rows of drivers as Arrow: what does not fit is refused, and never cut."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import ibis
import pyarrow as pa
import pytest

from veriport.adapters.engines.ibis.sources import RefusedQuery
from veriport.adapters.engines.ibis.splits.arrow import Kept, Shape


def shape(dtype: pa.DataType, comes: pa.DataType | None = None) -> Shape:
    return Shape((Kept("x", ibis.literal(1), comes or dtype, dtype),))


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        (pa.timestamp("ms"), dt.datetime(2024, 1, 31, 12, 0, 0, 1)),
        (pa.decimal128(38, 2), Decimal("0.125")),
        (pa.int64(), 2**63),
        (pa.int64(), 0.5),
        (pa.int64(), Decimal("0.5")),
        (pa.int64(), float("nan")),
        (pa.float64(), 2**53 + 1),
        (pa.large_string(), 1),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_the_name_of_its_column(
    dtype: pa.DataType, value: object
) -> None:
    with pytest.raises(RefusedQuery, match="column 'x' does not fit"):
        shape(dtype).of_rows([(value,)])


def test_a_truth_value_that_is_neither_is_refused() -> None:
    truths = shape(pa.bool_(), pa.int64())
    assert truths.of_rows([(1,), (0,), (None,)]).columns[0].to_pylist() == [True, False, None]
    with pytest.raises(RefusedQuery, match="column 'x' does not fit bool: it holds numbers beside 0 and 1"):
        truths.of_rows([(2,)])


def test_no_rows_have_the_columns_too() -> None:
    assert shape(pa.int64()).of_rows([]).schema == pa.schema({"x": pa.int64()})
