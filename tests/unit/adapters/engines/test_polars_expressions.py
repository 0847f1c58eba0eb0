"""The Polars engine evaluates row expressions as the oracle does, which is written from the dialect alone."""

from __future__ import annotations

import math

import polars as pl
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from veriport.adapters.engines.polars.expressions import Compiler
from veriport.domain.expressions import Expr, write
from veriport.testing.expressions import conditions, rows
from veriport.testing.oracle import Mismatch, Value, evaluate

_SCHEMA = pl.Schema(
    {
        "yes": pl.Boolean(),
        "NO": pl.Boolean(),
        "n": pl.Int64(),
        "m": pl.Int64(),
        "x": pl.Float64(),
        "s": pl.String(),
        'a "b".c': pl.String(),
        "select": pl.String(),
        "d": pl.Date(),
        "ts": pl.Datetime("us"),
    }
)


def by_polars(expression: Expr, table: list[dict[str, Value]]) -> list[object]:
    frame = pl.DataFrame(table, schema=_SCHEMA)
    compiled = Compiler(_SCHEMA)(expression)
    return frame.lazy().select(pl.len().alias("rows"), compiled.alias("it")).collect()["it"].to_list()


def by_oracle(expression: Expr, table: list[dict[str, Value]]) -> list[Value]:
    return [evaluate(expression, row) for row in table]


def same(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9) or (math.isnan(left) and math.isnan(right))
    return left == right


@settings(max_examples=150, phases=[Phase.generate])
@given(conditions(depth=2), st.lists(rows(), min_size=1, max_size=4))
def test_a_condition_means_what_the_oracle_says(expression: Expr, table: list[dict[str, Value]]) -> None:
    try:
        expected = by_oracle(expression, table)
    except Mismatch:
        return
    found = by_polars(expression, table)
    assert all(map(same, found, expected)), (write(expression), table, found, expected)
