"""Dataframely: a schema over a lazy scan; only the rows that fail are kept."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import dataframely as dy
import polars as pl

from benchmarks.work import COUNTRIES, EMAIL, SKU, STATUSES

NOTES = {
    7: "no share that may fail: every null is a failure",
    16: "no rule about the table: an empty one has no row that fails",
}


class Orders(dy.Schema):
    """The 17 rules."""

    id = dy.Int64(nullable=False)
    customer = dy.Int64(nullable=False, min=0, max=499_999)
    amount = dy.Float64(nullable=False, min=0)
    quantity = dy.Int32(nullable=True, min=1, max=19)
    discount = dy.Float64(nullable=False, min=0, max=1)
    status = dy.String(nullable=True, check=lambda status: status.is_in(STATUSES))
    country = dy.String(nullable=True, check=lambda country: country.is_in(COUNTRIES))
    created = dy.Datetime(nullable=True, min=datetime(2024, 1, 1), max=datetime(2024, 12, 31))  # noqa: DTZ001
    email = dy.String(nullable=True, regex=EMAIL, min_length=5, max_length=254)
    sku = dy.String(nullable=True, regex=SKU)
    shipped = dy.Datetime(nullable=True)

    @dy.rule()
    def unique_id(cls) -> pl.Expr:  # noqa: D102, N805  # as its documents write a rule
        return pl.col("id").is_unique()

    @dy.rule()
    def shipped_after_created(cls) -> pl.Expr:  # noqa: D102, N805
        return pl.col("shipped") >= pl.col("created")


_RULES = [
    ["id|nullability"],
    ["unique_id"],
    ["customer|nullability"],
    ["customer|min", "customer|max"],
    ["amount|nullability"],
    ["amount|min"],
    ["quantity|min", "quantity|max"],
    ["discount|nullability"],
    ["discount|min", "discount|max"],
    ["status|check"],
    ["country|check"],
    ["email|regex"],
    ["email|min_length", "email|max_length"],
    ["sku|regex"],
    ["created|min", "created|max"],
    ["shipped_after_created"],
]


def check(path: Path) -> list[int | None]:
    """Counts of the failures; the rows that pass are not collected."""
    pl.Config.set_engine_affinity("streaming")
    failure = Orders.filter(pl.scan_parquet(path), eager=False).failure
    counts = failure.counts()
    return [*(sum(counts.get(name, 0) for name in names) for names in _RULES), None]
