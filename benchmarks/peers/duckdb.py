"""DuckDB: one SQL query of counts, the duplicates in a query of their own."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.work import COUNTRIES, EMAIL, SKU, STATUSES

NOTES: dict[int, str] = {}

_COUNTS = f"""
    SELECT
        count(*) FILTER (WHERE id IS NULL),
        (SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM orders GROUP BY id HAVING n > 1)),
        count(*) FILTER (WHERE customer IS NULL),
        count(*) FILTER (WHERE NOT customer BETWEEN 0 AND 499999),
        count(*) FILTER (WHERE amount IS NULL),
        count(*) FILTER (WHERE NOT amount >= 0),
        count(*) FILTER (WHERE NOT quantity BETWEEN 1 AND 19),
        count(*) FILTER (WHERE discount IS NULL),
        count(*) FILTER (WHERE NOT discount BETWEEN 0 AND 1),
        count(*) FILTER (WHERE status NOT IN {tuple(STATUSES)}),
        count(*) FILTER (WHERE country NOT IN {tuple(COUNTRIES)}),
        count(*) FILTER (WHERE NOT regexp_matches(email, '{EMAIL}')),
        count(*) FILTER (WHERE NOT length(email) BETWEEN 5 AND 254),
        count(*) FILTER (WHERE NOT regexp_matches(sku, '{SKU}')),
        count(*) FILTER (WHERE NOT created BETWEEN TIMESTAMP '2024-01-01' AND TIMESTAMP '2024-12-31'),
        count(*) FILTER (WHERE NOT shipped >= created),
        (count(*) < 1)::INTEGER
    FROM orders
"""  # noqa: S608  # the texts are our own


def check(path: Path) -> list[int | None]:
    """One pass over the file, in memory that DuckDB chooses."""
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW orders AS FROM read_parquet('{path}')")
        row = connection.execute(_COUNTS).fetchone()
    return [int(count) for count in row or ()]
