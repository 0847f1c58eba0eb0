"""Columns as every library understands them alike: whole numbers, floats, texts and truth values.

Times and decimals become whole numbers of their units (days, microseconds, cents), categories their texts,
and the constants of a rule follow them, so that no library has to agree with us about any of those.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import polars as pl
from attrs import field, frozen

from veriport.adapters.engines.polars.answers import told
from veriport.adapters.engines.polars.types import data_type
from veriport.adapters.engines.polars.values import Grid, column, common, grid_of, held
from veriport.domain.rules.scalars import Scalar, plain
from veriport.domain.rules.values import Bounds
from veriport.domain.types import TEXT, Family

Constant = bool | int | float | str


@frozen
class End:
    """One end of a range: a value that the column can hold, and whether it belongs to the range."""

    value: Constant
    closed: bool


@frozen
class PlainColumn:
    """A column by the name of the data set and by the ``alias`` under which a library sees it."""

    name: str
    alias: str
    dtype: pl.DataType
    untyped: bool = False
    now: datetime = field(default=datetime(1970, 1, 1, tzinfo=UTC), kw_only=True)

    @property
    def family(self) -> Family:
        """What kind of values it holds; the texts of categories are texts."""
        family = data_type(self.dtype).family
        return Family.STRING if family in TEXT else family

    @property
    def is_number(self) -> bool:
        """Whether a library sees numbers."""
        return self.grid is not None or self.dtype.is_float()

    @property
    def grid(self) -> Grid | None:
        """Of what the values are whole numbers, ``None`` for floats, texts and truth values."""
        return grid_of(self.dtype)

    @property
    def unknown(self) -> str | None:
        """Why no library is asked about these values, or ``None``."""
        if self.family in _PLAIN or self.grid is not None or self.dtype == pl.Null:
            return None
        return f"column {self.name!r} is {data_type(self.dtype).name}"

    @property
    def expr(self) -> pl.Expr:
        """The values as a library sees them; minus zero is zero."""
        value = column(self.name)
        if self.dtype == pl.Null:
            return value.cast(pl.Int64).alias(self.alias)
        match self.family:
            case Family.STRING:
                value = value.cast(pl.String)
            case Family.FLOAT:
                value = value.cast(pl.Float64) + 0.0
            case Family.BOOLEAN:
                pass
            case Family.INTEGER if self.is_wide:
                pass
            case _:
                value = value.to_physical().cast(pl.Int64)
        return value.alias(self.alias)

    def constants(self, values: tuple[Scalar, ...]) -> list[Constant]:
        """Those of the values that the column can hold, as a library compares them with its own."""
        return list(self.written(values))

    def written(self, values: tuple[Scalar, ...]) -> dict[Constant, Scalar]:
        """The same, and how each of them is written in the rule."""
        if self.dtype == pl.Null:
            return {}
        can_be = held(values, pl.String() if self.family is Family.STRING else self.dtype)
        if self.grid is None:
            return dict(zip(can_be.values.to_list(), can_be.written, strict=True))
        units = {int(self.grid.units(value)): value for value in can_be.written}
        return {each: value for each, value in units.items() if self.is_wide or each in _64_BITS}

    @property
    def is_wide(self) -> bool:
        """Whether a library sees whole numbers of more than 63 bits and a sign."""
        return self.dtype in _WIDE

    def ends(self, rule: Bounds) -> tuple[End | None, End | None]:
        """The ends of a range on the grid of the column; an end beyond it is open at its last value."""
        low = None if rule.min is None else self.low(rule.min, closed=rule.closed_low)
        high = None if rule.max is None else self.high(rule.max, closed=rule.closed_high)
        if self.dtype.is_float():  # NaN lies in no range, and between infinities is all but NaN
            return low or End(-math.inf, closed=True), high or End(math.inf, closed=True)
        return low, high

    def low(self, bound: Scalar, *, closed: bool) -> End:
        """What a value must be at least, or above."""
        grid = self.grid
        if grid is None:
            return End(self._rounded(bound), closed)
        units = grid.units(bound)
        least = max(math.ceil(units) if closed else math.floor(units) + 1, grid.lowest)
        return End(least, closed=True) if least <= grid.highest else End(grid.highest, closed=False)

    def high(self, bound: Scalar, *, closed: bool) -> End:
        """What a value must be at most, or below."""
        grid = self.grid
        if grid is None:
            return End(self._rounded(bound), closed)
        units = grid.units(bound)
        most = min(math.floor(units) if closed else math.ceil(units) - 1, grid.highest)
        return End(most, closed=True) if most >= grid.lowest else End(grid.lowest, closed=False)

    @property
    def present(self) -> Scalar:
        """The moment of the check as a bound: a day is compared with today in UTC."""
        utc = self.now.astimezone(UTC)
        if self.dtype == pl.Date:
            return utc.date().isoformat()
        return (utc if getattr(self.dtype, "time_zone", None) else utc.replace(tzinfo=None)).isoformat()

    def age(self, units: int) -> float:
        """Seconds from a time to the moment of the check; negative after it."""
        assert self.grid is not None  # noqa: S101  # it is of times
        seconds = Fraction(units * (86_400 if self.family is Family.DATE else 1), self.grid.per_one)
        since = (self.now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        return float(Fraction(since, 1_000_000) - seconds)

    def shown(self, value: object) -> Scalar:
        """What a library found among the values, as a result shows it."""
        if self.dtype == pl.Float32 and isinstance(value, float):  # the shortest number that reads as it
            return observed(float(pl.Series([value], dtype=pl.Float32).cast(pl.String).item()))
        if value is None or self.grid is None:
            return observed(value)
        units: int = int(value)  # type: ignore[call-overload]  # of a grid these are whole numbers
        if self.family is Family.INTEGER:
            return units
        if self.family in {Family.DECIMAL, Family.DURATION}:
            exact = units / self.grid.per_one
            return (
                int(exact) if exact == units // self.grid.per_one and self.family is Family.DECIMAL else exact
            )
        return observed(told(self.grid.series([units]))[0])

    def _rounded(self, value: Scalar) -> Constant:
        if isinstance(value, int | float) and self.dtype.is_float():
            return float(pl.Series([float(value)], dtype=self.dtype).item())
        assert value is not None  # noqa: S101  # a bound that is not given has no end
        return value


def observed(value: object) -> Scalar:
    """A value that a library found as a result holds it."""
    shown = plain(value)
    return shown if shown is None or isinstance(shown, bool | int | float | str) else str(shown)


_PLAIN = frozenset({Family.STRING, Family.FLOAT, Family.BOOLEAN})
_WIDE = frozenset({pl.UInt64(), pl.Int128()})
_64_BITS = range(-(2**63), 2**63)


def alike(columns: tuple[PlainColumn, ...]) -> tuple[PlainColumn, ...] | None:
    """The columns in a type in which their values compare, or ``None`` where there is none of 64 bits."""
    found = common(*(pl.String() if each.family is Family.STRING else each.dtype for each in columns))
    return (
        None if found is None else tuple(Cast(each.name, each.alias, found, inner=each) for each in columns)
    )


@frozen
class Cast(PlainColumn):
    """A column in the type of others that it is compared with."""

    inner: PlainColumn = field(kw_only=True)

    @property
    def expr(self) -> pl.Expr:
        """The values in the common type, as a library sees those."""
        value = column(self.name).cast(self.dtype)
        if self.grid is not None and self.dtype not in _WIDE:
            value = value.to_physical().cast(pl.Int64)
        return (value + 0.0 if self.dtype.is_float() else value).alias(self.alias)
