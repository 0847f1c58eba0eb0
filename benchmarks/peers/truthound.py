"""Truthound: validators over a lazy scan, nothing kept on disk but what its context insists on."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

import polars as pl
import truthound as th
from truthound.context import TruthoundContext, TruthoundContextConfig
from truthound.validators import completeness, distribution, multi_column, query, string, table, uniqueness

from benchmarks.work import COUNTRIES, EMAIL, SKU, STATUSES

NOTES = {
    1: "counts a repeated value's rows but for one",
    14: "a custom expression: its own date_between compares days in a Python loop",
}

_FIRST, _LAST = datetime(2024, 1, 1), datetime(2024, 12, 31)  # noqa: DTZ001  # the column has no zone


def _validators() -> list[object]:
    null, between, in_set = (
        completeness.NotNullValidator,
        distribution.BetweenValidator,
        distribution.InSetValidator,
    )
    return [
        null(columns=["id", "customer", "amount", "discount"]),
        uniqueness.UniqueValidator(columns=["id"]),
        between(columns=["customer"], min_value=0, max_value=499_999),
        between(columns=["amount"], min_value=0),
        between(columns=["quantity"], min_value=1, max_value=19),
        between(columns=["discount"], min_value=0, max_value=1),
        in_set(columns=["status"], allowed_values=STATUSES),
        in_set(columns=["country"], allowed_values=COUNTRIES),
        string.RegexValidator(columns=["email"], pattern=EMAIL),
        string.LengthValidator(columns=["email"], min_length=5, max_length=254),
        string.RegexValidator(columns=["sku"], pattern=SKU),
        query.CustomExpressionValidator(
            filter_expr=pl.col("created").is_between(_FIRST, _LAST), description="created"
        ),
        multi_column.ColumnComparisonValidator(columns=["shipped", "created"], operator=">="),
        table.TableRowCountRangeValidator(min_rows=1),
    ]


_ISSUES = [
    ("id", "not_null_violation"),
    ("id", "unique_violation"),
    ("customer", "not_null_violation"),
    ("customer", "out_of_range"),
    ("amount", "not_null_violation"),
    ("amount", "out_of_range"),
    ("quantity", "out_of_range"),
    ("discount", "not_null_violation"),
    ("discount", "out_of_range"),
    ("status", "not_in_set"),
    ("country", "not_in_set"),
    ("email", "regex_mismatch"),
    ("email", "length_violation"),
    ("sku", "regex_mismatch"),
    ("_expression", "expression_validation_failed"),
    ("shipped, created", "column_comparison_failed"),
    ("_table", "row_count_below_minimum"),
]


def check(path: Path) -> list[int | None]:
    """Its check with the counts only."""
    with tempfile.TemporaryDirectory() as folder:
        context = TruthoundContext(
            Path(folder), TruthoundContextConfig(persist_runs=False, persist_docs=False)
        )
        found = th.check(
            pl.scan_parquet(path), context=context, validators=_validators(), result_format="boolean_only"
        )
    if found.execution_issues:
        raise AssertionError(found.execution_issues)
    counts = {(issue.column, issue.issue_type): issue.count for issue in found.issues}
    answer = [counts.pop(issue, 0) for issue in _ISSUES]
    if counts:
        raise AssertionError(counts)
    return answer
