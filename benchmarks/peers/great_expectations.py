"""Great Expectations on pandas, the only engine of its own that reads a Parquet file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import great_expectations as gx
from great_expectations import expectations as gxe

from benchmarks.work import COUNTRIES, EMAIL, SKU, STATUSES

NOTES: dict[int, str] = {}

_FIRST, _LAST = datetime(2024, 1, 1), datetime(2024, 12, 31)  # noqa: DTZ001  # the column has no zone


def _expectations() -> list[gxe.Expectation]:
    return [
        gxe.ExpectColumnValuesToNotBeNull(column="id"),
        gxe.ExpectColumnValuesToBeUnique(column="id"),
        gxe.ExpectColumnValuesToNotBeNull(column="customer"),
        gxe.ExpectColumnValuesToBeBetween(column="customer", min_value=0, max_value=499_999),
        gxe.ExpectColumnValuesToNotBeNull(column="amount"),
        gxe.ExpectColumnValuesToBeBetween(column="amount", min_value=0),
        gxe.ExpectColumnValuesToBeBetween(column="quantity", min_value=1, max_value=19),
        gxe.ExpectColumnValuesToNotBeNull(column="discount", mostly=0.99),
        gxe.ExpectColumnValuesToBeBetween(column="discount", min_value=0, max_value=1),
        gxe.ExpectColumnValuesToBeInSet(column="status", value_set=STATUSES),
        gxe.ExpectColumnValuesToBeInSet(column="country", value_set=COUNTRIES),
        gxe.ExpectColumnValuesToMatchRegex(column="email", regex=EMAIL),
        gxe.ExpectColumnValueLengthsToBeBetween(column="email", min_value=5, max_value=254),
        gxe.ExpectColumnValuesToMatchRegex(column="sku", regex=SKU),
        gxe.ExpectColumnValuesToBeBetween(column="created", min_value=_FIRST, max_value=_LAST),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="shipped", column_B="created", or_equal=True),
        gxe.ExpectTableRowCountToBeBetween(min_value=1),
    ]


def check(path: Path) -> list[int | None]:
    """One suite in an ephemeral context; results in its short form."""
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("files").add_parquet_asset("orders", path=str(path))
    batch = asset.add_batch_definition("all").get_batch()
    suite = gx.ExpectationSuite("orders", expectations=_expectations())
    found = batch.validate(suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
    by_index = {
        (r.expectation_config.type, r.expectation_config.kwargs.get("column")): r for r in found.results
    }
    return [
        _failed(by_index[rule.expectation_type, getattr(rule, "column", None)]) for rule in _expectations()
    ]


def _failed(result: gx.core.ExpectationValidationResult) -> int:
    if result.exception_info.get("raised_exception"):
        raise AssertionError(result.exception_info)
    return int(result.result.get("unexpected_count", not result.success))
