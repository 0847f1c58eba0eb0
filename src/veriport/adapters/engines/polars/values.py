"""Plain values of rules as Polars literals of a column's type, compared without losing a digit."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import polars as pl

from veriport.adapters.engines.polars.types import data_type
from veriport.domain.rules.scalars import Scalar, moment
from veriport.domain.types import TEMPORAL, Family


def literal(value: Scalar, dtype: pl.DataType) -> pl.Expr:
    """``value`` as a constant that compares exactly with a column of ``dtype``."""
    family = data_type(dtype).family
    if family in TEMPORAL:
        return _time(value, dtype, family)
    if family is Family.DECIMAL and isinstance(value, int | float) and not isinstance(value, bool):
        return pl.lit(Decimal(str(value)))
    if family is Family.FLOAT and isinstance(value, int | float):
        return pl.lit(float(value), dtype=dtype)
    return pl.lit(value)


def _time(value: Scalar, dtype: pl.DataType, family: Family) -> pl.Expr:
    if family is Family.DURATION:
        return _seconds(value, dtype)
    when = moment(family, str(value))
    if isinstance(when, datetime) and isinstance(dtype, pl.Datetime):
        return _instant(when, dtype)
    return pl.lit(when)


def _seconds(value: Scalar, dtype: pl.DataType) -> pl.Expr:
    micro = round(Decimal(str(value)) * 1_000_000)
    return pl.lit(micro, dtype=pl.Int64).cast(pl.Duration("us")).cast(dtype)


def _instant(when: datetime, dtype: pl.Datetime) -> pl.Expr:
    if dtype.time_zone is None or when.tzinfo is None:
        return pl.lit(when.replace(tzinfo=None), dtype=pl.Datetime("us")).cast(pl.Datetime(dtype.time_unit))
    utc = pl.lit(when.astimezone(UTC).replace(tzinfo=None), dtype=pl.Datetime(dtype.time_unit))
    return utc.dt.replace_time_zone("UTC").dt.convert_time_zone(dtype.time_zone)
