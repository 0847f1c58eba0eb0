"""Pointblank: a plan of steps over a Polars frame; counts only, no extracts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pointblank as pb
import polars as pl

from benchmarks.work import COUNTRIES, EMAIL, SKU, STATUSES

NOTES: dict[int, str] = {}

_FIRST, _LAST = datetime(2024, 1, 1), datetime(2024, 12, 31)  # noqa: DTZ001  # the column has no zone


def check(path: Path) -> list[int | None]:
    """Read the file, interrogate, and ask each step for the rows that failed."""
    validation = (
        pb.Validate(pl.read_parquet(path))
        .col_vals_not_null("id")
        .rows_distinct("id")
        .col_vals_not_null("customer")
        .col_vals_between("customer", 0, 499_999, na_pass=True)
        .col_vals_not_null("amount")
        .col_vals_ge("amount", 0, na_pass=True)
        .col_vals_between("quantity", 1, 19, na_pass=True)
        .col_vals_not_null("discount", thresholds=pb.Thresholds(error=0.01))
        .col_vals_between("discount", 0, 1, na_pass=True)
        .col_vals_in_set("status", STATUSES)
        .col_vals_in_set("country", COUNTRIES)
        .col_vals_regex("email", EMAIL, na_pass=True)
        .col_vals_str_len("email", 5, 254, na_pass=True)
        .col_vals_regex("sku", SKU, na_pass=True)
        .col_vals_between("created", _FIRST, _LAST, na_pass=True)
        .col_vals_ge("shipped", pb.col("created"), na_pass=True)
        .specially(lambda orders: orders.height >= 1)
        .interrogate(collect_extracts=False, collect_tbl_checked=False)
    )
    failed = validation.n_failed()
    return [int(failed[step]) for step in sorted(failed)]
