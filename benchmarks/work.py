"""The 17 rules that everybody is measured with."""

from __future__ import annotations

from typing import Any

STATUSES = ["new", "paid", "shipped", "cancelled", "returned"]
COUNTRIES = ["DE", "FR", "NL", "NO", "US", "GB"]
EMAIL = r"^[A-Za-z0-9._]+@[A-Za-z0-9]+\.[A-Za-z]+$"
SKU = r"^SKU-[0-9]{6}$"

RULES: list[dict[str, Any]] = [
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
