"""Pandera with its Polars backend: a schema, validated lazily over an eager frame, as data checks want."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandera.polars as pa
import polars as pl

from benchmarks.work import COUNTRIES, EMAIL, SKU, STATUSES

NOTES = {7: "no share that may fail: every null is a failure"}

_FIRST, _LAST = datetime(2024, 1, 1), datetime(2024, 12, 31)  # noqa: DTZ001  # the column has no zone


def _after(data: pa.PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(pl.col("shipped") >= pl.col("created"))


def _some(data: pa.PolarsData) -> bool:
    return bool(data.lazyframe.select(pl.len() >= 1).collect().item())


def _schema() -> pa.DataFrameSchema:
    check, column = pa.Check, pa.Column
    return pa.DataFrameSchema(
        {
            "id": column(pl.Int64, unique=True),
            "customer": column(pl.Int64, check.in_range(0, 499_999)),
            "amount": column(pl.Float64, check.ge(0)),
            "quantity": column(pl.Int32, check.in_range(1, 19), nullable=True),
            "discount": column(pl.Float64, check.in_range(0, 1)),
            "status": column(pl.String, check.isin(STATUSES), nullable=True),
            "country": column(pl.String, check.isin(COUNTRIES), nullable=True),
            "email": column(pl.String, [check.str_matches(EMAIL), check.str_length(5, 254)], nullable=True),
            "sku": column(pl.String, check.str_matches(SKU), nullable=True),
            "created": column(pl.Datetime, check.in_range(_FIRST, _LAST), nullable=True),
        },
        checks=[check(_after, name="after"), check(_some, name="some")],
    )


_RULES = [
    ("id", "not_nullable"),
    ("id", "field_uniqueness"),
    ("customer", "not_nullable"),
    ("customer", "in_range(0, 499999)"),
    ("amount", "not_nullable"),
    ("amount", "greater_than_or_equal_to(0)"),
    ("quantity", "in_range(1, 19)"),
    ("discount", "not_nullable"),
    ("discount", "in_range(0, 1)"),
    ("status", f"isin({STATUSES})"),
    ("country", f"isin({COUNTRIES})"),
    ("email", f"str_matches('{EMAIL}')"),
    ("email", "str_length(5, 254)"),
    ("sku", f"str_matches('{SKU}')"),
    ("created", f"in_range({_FIRST}, {_LAST})"),
    (None, "after"),
    (None, "some"),
]


def check(path: Path) -> list[int | None]:
    """Validate everything, then count its failure cases by column and check."""
    try:
        _schema().validate(pl.read_parquet(path), lazy=True)
    except pa.errors.SchemaErrors as failed:
        cases = failed.failure_cases.group_by("column", "check").len()
        counts = {(column, name): count for column, name, count in cases.rows()}
        answer = [counts.pop(rule, 0) for rule in _RULES]
        if counts:
            raise AssertionError(counts) from failed
        return answer
    return [0] * len(_RULES)
