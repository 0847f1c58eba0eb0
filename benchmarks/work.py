"""The 17 rules that everybody is measured with, and the same work written by hand in Polars.

By hand means all that Veriport does: one ``collect_all`` of every count and of the group-by for the
duplicates, then one of the first 20 failing rows of each rule with their row numbers.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

STATUSES = ["new", "paid", "shipped", "cancelled", "returned"]
COUNTRIES = ["DE", "FR", "NL", "NO", "US", "GB"]
EMAIL = r"^[A-Za-z0-9._]+@[A-Za-z0-9]+\.[A-Za-z]+$"
SKU = r"^SKU-[0-9]{6}$"

RULES: list[dict[str, object]] = [
    {"column": "id", "type": "not_null"},
    {"column": "id", "type": "unique"},
    {"column": "customer", "type": "not_null"},
    {"column": "customer", "type": "in_range", "min": 0, "max": 499_999},
    {"column": "amount", "type": "not_null"},
    {"column": "amount", "type": "in_range", "min": 0},
    {"column": "quantity", "type": "in_range", "min": 1, "max": 19},
    {"column": "discount", "type": "not_null", "mostly": 0.99},
    {"column": "discount", "type": "in_range", "min": 0, "max": 1},
    {"column": "status", "type": "in_set", "values": STATUSES},
    {"column": "country", "type": "in_set", "values": COUNTRIES},
    {"column": "email", "type": "regex", "pattern": EMAIL},
    {"column": "email", "type": "length", "min": 5, "max": 254},
    {"column": "sku", "type": "regex", "pattern": SKU},
    {"column": "created", "type": "in_range", "min": "2024-01-01", "max": "2024-12-31"},
    {"column": "shipped", "type": "greater_or_equal", "other": "created"},
    {"type": "row_count", "min": 1},
]


def veriport(path: Path, rules: list[dict[str, object]]) -> list[tuple[int, int]]:
    """Ours: checked-and-failed counts a rule, samples made."""
    import veriport

    result = veriport.check(str(path), rules)
    return [(rule.failed_count, len(rule.samples)) for rule in result.rules]


def by_hand(path: Path, _: list[dict[str, object]]) -> list[tuple[int, int]]:
    """The same in plain Polars."""
    import polars as pl

    frame = pl.scan_parquet(path)
    failing = _failing(pl)
    counts = frame.select(
        pl.len().alias("rows"),
        *(
            pl.col(name).null_count().alias(f"null {name}")
            for name in ("id", "customer", "amount", "discount")
        ),
        *(test.not_().sum().alias(str(index)) for index, (_, test) in failing.items()),
    )
    repeated = frame.group_by("id").agg(pl.len().alias("n")).filter(pl.col("n") > 1)
    found, groups = pl.collect_all([counts, repeated], engine="streaming")
    row = found.row(0, named=True)
    failed = {0: row["null id"], 1: groups["n"].sum(), 2: row["null customer"], 4: row["null amount"],
              7: row["null discount"], 16: 0, **{index: row[str(index)] for index in failing}}  # fmt: skip
    tests = {index: (columns, test.not_()) for index, (columns, test) in failing.items()}
    tests |= {0: (["id"], pl.col("id").is_null()), 2: (["customer"], pl.col("customer").is_null()),
              4: (["amount"], pl.col("amount").is_null()), 7: (["discount"], pl.col("discount").is_null()),
              1: (["id"], pl.col("id").is_in(groups["id"].implode()))}  # fmt: skip
    wanted = [index for index in sorted(tests) if failed[index]]
    numbered = frame.with_row_index("row")
    shown = pl.collect_all(
        [numbered.filter(tests[i][1]).head(20).select("row", *tests[i][0]) for i in wanted],
        engine="streaming",
    )
    samples = {index: rows.rows(named=True) for index, rows in zip(wanted, shown, strict=True)}
    return [(failed[index], len(samples.get(index, ()))) for index in range(len(RULES))]


def _failing(pl):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # the module, imported by the caller
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
