"""The first rows of values that repeat, however many values do."""

from __future__ import annotations

import polars as pl
import pytest

import veriport

A_LOT = 2_200_000  # rows; half as many values repeat, more than are listed


def rows(values: pl.Series, **options: object) -> list[int | None]:
    result = veriport.check(
        pl.DataFrame({"a": values}), [{"column": "a", "type": "unique", **options}], samples=3
    )
    return [sample.row for sample in result.rules[0].samples]


@pytest.fixture(scope="module")
def many() -> pl.Series:
    """0, null, and then each number twice."""
    pairs = pl.int_range(A_LOT, eager=True) // 2
    return pl.concat([pl.Series([-1, None], dtype=pl.Int64), pairs])


def test_many_values_repeat(many: pl.Series) -> None:
    assert rows(many) == [2, 3, 4]


def test_many_values_repeat_and_nulls_fail(many: pl.Series) -> None:
    assert rows(many, nulls="fail") == [1, 2, 3]


def test_many_values_repeat_within_some_rows(many: pl.Series) -> None:
    assert rows(many, where="a > 7") == [18, 19, 20]


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([5, None, 7, 6, None, 7, 5], dtype=pl.Int8),
        pl.Series(["e", None, "g", "f", None, "g", "e"]),
        pl.Series([0.5, None, float("nan"), 0.6, None, float("nan"), 0.5]),
        pl.Series(["e", None, "g", "f", None, "g", "e"], dtype=pl.Categorical),
        pl.Series([5, None, 7, 6, None, 7, 5]).cast(pl.Date),
        pl.Series([5, None, 7, 6, None, 7, 5]).cast(pl.Datetime("ns", "Europe/Oslo")),
        pl.Series([5, None, 7, 6, None, 7, 5]).cast(pl.Duration("ms")),
        pl.Series([5, None, 7, 6, None, 7, 5]).cast(pl.Decimal(9, 2)),
        pl.Series([[5], None, [7], [6], None, [7], [5]]),
        pl.Series([b"e", None, b"g", b"f", None, b"g", b"e"]),
    ],
    ids=lambda values: str(values.dtype),
)
def test_values_of_any_type_repeat(values: pl.Series) -> None:
    assert rows(values) == [0, 2, 5]
