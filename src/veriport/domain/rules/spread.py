"""Rules about a value among the others of its column: order and outliers."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from attrs import field, frozen

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.rules.base import ColumnRule, choose, param
from veriport.domain.rules.scalars import number
from veriport.domain.types import NESTED, NUMERIC, Column, Family


class Direction(StrEnum):
    """Which way values go."""

    INCREASING = "increasing"
    DECREASING = "decreasing"


def _direction(value: object) -> Direction:
    return choose(Direction, "direction", value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidRule(f"strictly must be true or false, not {shown(value)}", key="strictly")
    return value


@frozen(kw_only=True)
class Monotonic(ColumnRule):
    """Values go one way in reading order; a value that breaks the order of the one before it fails.

    Nulls are passed over: a value is compared with the last one before it that is not null.
    """

    type: ClassVar[str] = "monotonic"
    additive: ClassVar[bool] = False
    direction: Direction = field(
        default=Direction.INCREASING, converter=_direction, metadata=param("increasing or decreasing")
    )
    strictly: bool = field(
        default=False, converter=_flag, metadata=param("whether equal neighbours fail", aliases=("strict",))
    )

    def expectation(self) -> str:
        """In words."""
        return f"{'strictly ' if self.strictly else ''}{self.direction.value}"

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Lists have no order."""
        column = columns[self.column]
        if column.dtype.family in NESTED | {Family.BOOLEAN, Family.BINARY, Family.OTHER}:
            return f"{self.type} needs values with an order and column {column.name!r} is {column.dtype.name}"
        return None


def _positive(key: str, value: object) -> float:
    wanted = number(key, value, expected="a number above 0")
    if wanted <= 0:
        raise InvalidRule(f"{key} must be a number above 0, not {shown(value)}", key=key)
    return float(wanted)


def _threshold(value: object) -> float:
    return _positive("threshold", value)


def _factor(value: object) -> float:
    return _positive("factor", value)


@frozen(kw_only=True)
class _Outliers(ColumnRule):
    additive: ClassVar[bool] = False

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Only numbers have a spread."""
        column = columns[self.column]
        if column.dtype.family in NUMERIC | {Family.NULL}:
            return None
        return f"{self.type} is for numbers and column {column.name!r} is {column.dtype.name}"


@frozen(kw_only=True)
class ZScore(_Outliers):
    """No value is further than ``threshold`` sample standard deviations from the mean of the column.

    Where all values are equal, none is an outlier. NaN is one.
    """

    type: ClassVar[str] = "z_score"
    threshold: float = field(
        default=3.0,
        converter=_threshold,
        metadata=param("how many deviations", aliases=("z_threshold", "sigma")),
    )

    def expectation(self) -> str:
        """In words."""
        return f"within {self.threshold:g} standard deviations"


@frozen(kw_only=True)
class InterquartileRange(_Outliers):
    """No value is further than ``factor`` interquartile ranges outside the quartiles (Tukey's fences).

    Quartiles by linear interpolation. NaN is an outlier.
    """

    type: ClassVar[str] = "iqr"
    factor: float = field(
        default=1.5, converter=_factor, metadata=param("how many ranges", aliases=("threshold", "k"))
    )

    def expectation(self) -> str:
        """In words."""
        return f"within {self.factor:g} interquartile ranges of the quartiles"
