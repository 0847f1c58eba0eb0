"""Values of rules as Polars literals of a column's type, and columns in a type in which they compare.

Numbers, days and times of most types stand on a grid: each is a whole number of units (cents,
microseconds). A bound is put on the grid of the column before any row is read, so that no digit is lost
and no row has to be converted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

from veriport.adapters.engines.polars.types import data_type
from veriport.domain.rules.scalars import Scalar, moment
from veriport.domain.types import NUMERIC, TEXT, Family

if TYPE_CHECKING:
    from polars._typing import TimeUnit


def column(name: str) -> pl.Expr:
    """The column of that very name; Polars reads ``*`` and ``^...$`` as patterns."""
    if name == "*" or (name.startswith("^") and name.endswith("$")):
        return pl.col(f"^{re.escape(name)}$")
    return pl.col(name)


@frozen
class Grid:
    """The values of a type as whole numbers of units, of which ``per_one`` make 1 (or a second, a day)."""

    dtype: pl.DataType
    storage: pl.DataType
    lowest: int
    highest: int
    per_one: int = 1

    def units(self, value: Scalar) -> Fraction:
        """A value of a rule, exactly, in units; it may lie between two of them, or beyond all."""
        family = data_type(self.dtype).family
        if family in NUMERIC or family is Family.DURATION:
            return Fraction(value if isinstance(value, int) else str(value)) * self.per_one
        when = moment(family, str(value))
        assert when is not None  # noqa: S101  # the domain refuses texts that mean no time
        return _since_beginning(when) * self.per_one

    def series(self, units: Iterable[int]) -> pl.Series:
        """Values of the type by their units."""
        if isinstance(self.dtype, pl.Decimal):
            return pl.Series([Decimal(f"{each}E-{self.dtype.scale}") for each in units], dtype=self.dtype)
        return pl.Series(list(units), dtype=self.storage).cast(self.dtype)

    def literal(self, units: int) -> pl.Expr:
        """One value of the type by its units."""
        if isinstance(self.dtype, pl.Decimal):
            return pl.lit(Decimal(f"{units}E-{self.dtype.scale}"), dtype=self.dtype)
        return pl.lit(units, dtype=self.storage).cast(self.dtype)


def _since_beginning(when: date | time) -> Fraction:
    """Seconds of a time since midnight or since 1970, and days of a day."""
    match when:
        case datetime():
            zone = None if when.tzinfo is None else UTC
            passed = when - datetime(1970, 1, 1, tzinfo=zone)
        case date():
            return Fraction((when - date(1970, 1, 1)).days)
        case time():
            passed = timedelta(
                hours=when.hour, minutes=when.minute, seconds=when.second, microseconds=when.microsecond
            )
    return Fraction(passed // timedelta(microseconds=1), 1_000_000)


@cache
def grid_of(dtype: pl.DataType) -> Grid | None:
    """The grid of a type, ``None`` for floats, texts, booleans and what has no order."""
    match dtype:
        case pl.Decimal(precision=precision, scale=scale):
            most = 10 ** (precision or 38) - 1
            return Grid(dtype, dtype, -most, most, 10**scale)
        case pl.Date():
            return Grid(dtype, pl.Int32(), *_ends(pl.Int32()))
        case pl.Time():
            return Grid(dtype, pl.Int64(), 0, 86_400 * 10**9 - 1, 10**9)
        case pl.Datetime(time_unit=unit) | pl.Duration(time_unit=unit):
            return Grid(dtype, pl.Int64(), *_ends(pl.Int64()), _PER_SECOND[unit])
    return Grid(dtype, dtype, *_ends(dtype)) if dtype.is_integer() else None


_PER_SECOND: Mapping[str, int] = {"ms": 10**3, "us": 10**6, "ns": 10**9}


def _ends(dtype: pl.DataType) -> tuple[int, int]:
    null = pl.lit(None, dtype=dtype)
    low, high = pl.select(low=null.lower_bound(), high=null.upper_bound()).row(0)
    return int(low), int(high)


@frozen
class Held:
    """The values of a rule that a column can hold, as they were ``written`` and as the column holds them."""

    written: tuple[Scalar, ...]
    values: pl.Series

    @property
    def members(self) -> pl.Series:
        """What ``is_in`` takes."""
        return self.values.implode()


def held(values: Iterable[Scalar], dtype: pl.DataType) -> Held:
    """No 0.5 among whole numbers, no 300 among those of 8 bits, nothing in a column without a type."""
    grid = grid_of(dtype)
    if dtype == pl.Null:
        return Held((), pl.Series([], dtype=dtype))
    if grid is None:
        listed = tuple(values)
        return Held(listed, pl.Series([_wide(value, dtype) for value in listed], dtype=dtype))
    on_grid = [(value, grid.units(value)) for value in values]
    possible = [
        (value, int(units))
        for value, units in on_grid
        if units.denominator == 1 and grid.lowest <= units <= grid.highest
    ]
    return Held(tuple(value for value, _ in possible), grid.series(units for _, units in possible))


def _wide(value: Scalar, dtype: pl.DataType) -> Scalar:
    return float(value) if dtype.is_float() and isinstance(value, int) else value


def at_least(value: pl.Expr, dtype: pl.DataType, low: Scalar, *, closed: bool) -> pl.Expr:
    """Whether a value is at least, or above, a bound. To Polars NaN is above every number."""
    grid = grid_of(dtype)
    if grid is None:
        return value >= literal(low, dtype) if closed else value > literal(low, dtype)
    units = grid.units(low)
    least = math.ceil(units) if closed else math.floor(units) + 1
    if least > grid.highest:
        return _wherever(value, holds=False)
    return value >= grid.literal(least) if least > grid.lowest else _wherever(value, holds=True)


def at_most(value: pl.Expr, dtype: pl.DataType, high: Scalar, *, closed: bool) -> pl.Expr:
    """Whether a value is at most, or below, a bound."""
    grid = grid_of(dtype)
    if grid is None:
        return value <= literal(high, dtype) if closed else value < literal(high, dtype)
    units = grid.units(high)
    most = math.floor(units) if closed else math.ceil(units) - 1
    if most < grid.lowest:
        return _wherever(value, holds=False)
    return value <= grid.literal(most) if most < grid.highest else _wherever(value, holds=True)


def _wherever(value: pl.Expr, *, holds: bool) -> pl.Expr:
    return pl.when(value.is_not_null()).then(pl.lit(value=holds))


def literal(value: Scalar, dtype: pl.DataType) -> pl.Expr:
    """``value`` as a constant to compare with a column of ``dtype``; a text beside a time is a time."""
    family = data_type(dtype).family
    if family is Family.FLOAT and isinstance(value, int | float):
        return pl.lit(float(value), dtype=dtype)
    when = moment(family, str(value))
    if isinstance(when, datetime):
        zone = None if when.tzinfo is None else "UTC"
        return pl.lit(when if zone is None else when.astimezone(UTC), dtype=pl.Datetime("us", zone))
    return pl.lit(value if when is None else when)


def common(*dtypes: pl.DataType) -> pl.DataType | None:
    """The type in which values of these types compare exactly, ``None`` where they do not compare."""
    first, *others = dtypes
    found: pl.DataType | None = _common(first, first)
    for each in others:
        found = None if found is None else _common(found, each)
    return found


def _common(left: pl.DataType, right: pl.DataType) -> pl.DataType | None:
    families = {data_type(left).family, data_type(right).family}
    if families <= TEXT:
        return pl.String()
    if left == right or right == pl.Null():
        return left
    if left == pl.Null():
        return _common(right, right)
    if families <= NUMERIC:
        return _number(left, right)
    match left, right:
        case pl.Duration(), pl.Duration():
            return pl.Duration(_finest(left, right))
        case pl.Datetime(), pl.Datetime() if (left.time_zone is None) == (right.time_zone is None):
            return pl.Datetime(_finest(left, right), left.time_zone and "UTC")
    return None


def _number(left: pl.DataType, right: pl.DataType) -> pl.DataType:
    if left.is_float() or right.is_float():
        return pl.Float64()
    scales = [each.scale for each in (left, right) if isinstance(each, pl.Decimal)]
    if scales:
        return pl.Decimal(38, max(scales))
    return pl.Int128() if {pl.UInt64(), pl.Int128()} & {left, right} else pl.Int64()


def _finest(left: pl.Datetime | pl.Duration, right: pl.Datetime | pl.Duration) -> TimeUnit:
    return max(left.time_unit, right.time_unit, key=_PER_SECOND.__getitem__)
