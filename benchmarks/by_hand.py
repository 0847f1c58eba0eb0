"""The same work written by hand in Polars, as one writes it who knows Polars well.

``check`` does all that Veriport does: one ``collect_all`` of every count and of the group-by for the
duplicates, then one of the first 20 failing rows of each rule with their row numbers. ``wide`` is one pass
of counts over the wide table.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.wide import rules_of
from benchmarks.work import COUNTRIES, EMAIL, RULES, SKU, STATUSES

_NULLS = {0: "id", 2: "customer", 4: "amount", 7: "discount"}


def check(path: Path) -> list[list[int]]:
    """Failed rows and samples of each rule."""
    frame = pl.scan_parquet(path)
    failing = _failing()
    counts = frame.select(
        *(pl.col(name).null_count().alias(str(index)) for index, name in _NULLS.items()),
        *(test.not_().sum().alias(str(index)) for index, (_, test) in failing.items()),
        (pl.len() < 1).cast(pl.Int64).alias("16"),
    )
    repeated = frame.group_by("id").agg(pl.len().alias("n")).filter(pl.col("n") > 1)
    found, groups = pl.collect_all([counts, repeated], engine="streaming")
    failed = {int(name): count for name, count in found.row(0, named=True).items()} | {1: groups["n"].sum()}
    tests = {index: (columns, test.not_()) for index, (columns, test) in failing.items()}
    tests |= {index: ([name], pl.col(name).is_null()) for index, name in _NULLS.items()}
    tests[1] = (["id"], pl.col("id").is_in(groups["id"].implode()))
    wanted = [index for index in sorted(tests) if failed[index]]
    numbered = frame.with_row_index("row")
    shown = pl.collect_all(
        [numbered.filter(tests[i][1]).head(20).select("row", *tests[i][0]) for i in wanted],
        engine="streaming",
    )
    samples = {index: rows.rows(named=True) for index, rows in zip(wanted, shown, strict=True)}
    return [[failed[index], len(samples.get(index, ()))] for index in range(len(RULES))]


def _failing() -> dict[int, tuple[list[str], pl.Expr]]:
    """What a row must satisfy, by the index of the rule."""
    col = pl.col
    first, last = datetime(2024, 1, 1), datetime(2024, 12, 31)  # noqa: DTZ001  # the column has no zone
    return {
        3: (["customer"], col("customer").is_between(0, 499_999)),
        5: (["amount"], col("amount") >= 0),
        6: (["quantity"], col("quantity").is_between(1, 19)),
        8: (["discount"], col("discount").is_between(0, 1)),
        9: (["status"], col("status").is_in(STATUSES)),
        10: (["country"], col("country").is_in(COUNTRIES)),
        11: (["email"], col("email").str.contains(EMAIL)),
        12: (["email"], col("email").str.len_chars().is_between(5, 254)),
        13: (["sku"], col("sku").str.contains(SKU)),
        14: (["created"], col("created").is_between(first, last)),
        15: (["shipped", "created"], col("shipped") >= col("created")),
    }


def wide(path: Path, rules: int, columns: int) -> list[int]:
    """Failed rows of each rule of the wide table, in one pass of counts and nothing more."""
    counts = [_count(rule).alias(str(index)) for index, rule in enumerate(rules_of(rules, columns))]
    return list(pl.scan_parquet(path).select(counts).collect(engine="streaming").row(0))


def _count(rule: dict[str, Any]) -> pl.Expr:
    column = pl.col(str(rule["column"]))
    match rule:
        case {"type": "not_null"}:
            return column.null_count()
        case {"type": "in_range", "min": low, "max": high}:
            return column.is_between(low, high).not_().sum()
        case {"type": "in_set", "values": values}:
            return column.is_in(values).not_().sum()
        case {"type": "regex", "pattern": pattern}:
            return column.str.contains(pattern).not_().sum()
        case {"type": "length", "max": int(most)}:
            return (column.str.len_chars() <= most).not_().sum()
    raise AssertionError(rule)
