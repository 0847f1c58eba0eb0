"""Rules about one value made of many: means, quantiles, distinct values, correlation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import ClassVar

from attrs import Attribute, evolve, field, frozen

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.rules.base import ColumnRule, ColumnsRule, ValueRule, choose, param
from veriport.domain.rules.scalars import Scalar, in_order, mismatch, number
from veriport.domain.rules.values import Bounds, numbers_only, typed, values_of
from veriport.domain.types import NESTED, NUMERIC, Column, Family


class Of(StrEnum):
    """What is made of the values of a column. Nulls are left out of all but the null counts."""

    MIN = "min"
    MAX = "max"
    SUM = "sum"
    MEAN = "mean"
    MEDIAN = "median"  #: by linear interpolation
    QUANTILE = "quantile"  #: by linear interpolation
    STD = "std"  #: of a sample (n - 1)
    VARIANCE = "variance"  #: of a sample (n - 1)
    SKEW = "skew"  #: Fisher-Pearson, of the population
    KURTOSIS = "kurtosis"  #: excess (Fisher), of the population
    DISTINCT_COUNT = "distinct_count"
    DISTINCT_RATIO = "distinct_ratio"  #: distinct values per value
    NULL_COUNT = "null_count"
    NULL_RATIO = "null_ratio"  #: nulls per row


#: What may be made of values that are no numbers.
_OF_ANYTHING = frozenset({Of.DISTINCT_COUNT, Of.DISTINCT_RATIO, Of.NULL_COUNT, Of.NULL_RATIO})
_OF_ORDERED = frozenset({Of.MIN, Of.MAX})
#: What lies between 0 and 1, so that a bound in percent would let everything pass.
RATIOS = frozenset({Of.DISTINCT_RATIO, Of.NULL_RATIO})


def _of(value: object) -> Of:
    return choose(Of, "of", _OTHER_NAMES.get(value, value) if isinstance(value, str) else value)


_OTHER_NAMES = {
    "avg": "mean", "average": "mean", "var": "variance", "stddev": "std", "stdev": "std",
    "n_unique": "distinct_count", "unique_count": "distinct_count", "unique_ratio": "distinct_ratio",
    "skewness": "skew",
}  # fmt: skip


def _share(value: object) -> float | None:
    if value is None:
        return None
    share = number("q", value, expected="a share from 0 to 1")
    if not 0 <= share <= 1:
        raise InvalidRule(f"q must be a share from 0 to 1, not {shown(value)}", key="q")
    return float(share)


@frozen(kw_only=True)
class Aggregate(Bounds, ValueRule, ColumnRule):
    """One value made of a column lies between ``min`` and ``max``.

    Where there is no value to make it of, there is nothing to check and the rule passes.
    """

    type: ClassVar[str] = "aggregate"
    additive: ClassVar[bool] = False
    optional: ClassVar[bool] = True
    of: Of = field(
        converter=_of, metadata=param(f"what is made: {', '.join(Of)}", aliases=("statistic", "function"))
    )
    q: float | None = field(
        default=None, converter=_share, metadata=param("which quantile, 0 to 1", aliases=("quantile",))
    )

    @q.validator
    def _only_for_quantiles(self, _: Attribute[float | None], value: float | None) -> None:
        if (value is None) is (self.of is Of.QUANTILE):
            raise InvalidRule("q goes with of: quantile, and of: quantile needs it", key="q")

    def require_ends(self) -> None:
        """Only of values with an order the ends may be no numbers."""
        if self.of in RATIOS:
            numbers_only(self, 0, 1)
        elif self.of not in _OF_ORDERED:
            numbers_only(self)

    def expectation(self) -> str:
        """In signs: ``0 <= mean <= 10``."""
        name = self.of.value if self.q is None else f"quantile {self.q:g}"
        return self.in_signs(name.replace("_", " "))

    def accepts(self, observed: Scalar) -> bool:
        """Whether the value lies between the bounds."""
        return observed is None or self.admits(self.read(observed))

    def read(self, observed: Scalar) -> Scalar:
        """The value as it is compared with the bounds: an infinite number is reported as a text."""
        infinite = observed in {"inf", "-inf"} and not any(isinstance(end, str) for end in self.ends)
        return float(str(observed)) if infinite else observed

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """A mean of texts; a bound of another kind than the value."""
        column = columns[self.column]
        family = column.dtype.family
        if self.of in _OF_ANYTHING:
            nulls = self.of in {Of.NULL_COUNT, Of.NULL_RATIO}
            refused = family in NESTED and not nulls
            return f"{self.of.value} has no meaning for {column.dtype.name}" if refused else None
        if self.of in _OF_ORDERED:
            return _mismatch(column, self.ends)
        if family in NUMERIC | {Family.NULL}:
            return None
        return f"{self.of.value} is for numbers and column {column.name!r} is {column.dtype.name}"


@frozen(kw_only=True)
class Correlation(Bounds, ValueRule, ColumnsRule):
    """Pearson's correlation of two columns, over the rows where both have a value."""

    type: ClassVar[str] = "correlation"
    additive: ClassVar[bool] = False
    optional: ClassVar[bool] = True

    def __attrs_post_init__(self) -> None:
        """Two columns, no more."""
        super().__attrs_post_init__()
        if len(self.columns) != 2:  # noqa: PLR2004  # a pair
            raise InvalidRule("correlation is about two columns", key="columns")

    def require_ends(self) -> None:
        """A correlation is a number."""
        numbers_only(self, -1, 1)

    def expectation(self) -> str:
        """In signs."""
        return self.in_signs("correlation")

    def accepts(self, observed: Scalar) -> bool:
        """Whether the correlation lies between the bounds; fewer than two rows have none."""
        return observed is None or self.admits(observed)

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Only numbers correlate."""
        for name in self.columns:
            if columns[name].dtype.family not in NUMERIC | {Family.NULL}:
                return f"correlation is for numbers and column {name!r} is {columns[name].dtype.name}"
        return None


class Relation(StrEnum):
    """How the values that occur relate to the listed ones."""

    EQUAL = "equal"  #: exactly those occur
    SUBSET = "subset"  #: no others occur
    SUPERSET = "superset"  #: all of those occur


def _relation(value: object) -> Relation:
    return choose(Relation, "relation", value)


@frozen(kw_only=True)
class DistinctSet(ValueRule, ColumnRule):
    """The set of values that occur equals the listed one, is part of it, or contains it.

    Observed is how many values break that: those that occur and must not, and those that are missing.
    """

    type: ClassVar[str] = "distinct_set"
    additive: ClassVar[bool] = False
    values: tuple[Scalar, ...] = field(
        converter=values_of,
        eq=typed,
        metadata=param("the values, all of one kind", aliases=("value_set",)),
    )
    relation: Relation = field(
        default=Relation.EQUAL, converter=_relation, metadata=param("equal, subset or superset")
    )

    def expectation(self) -> str:
        """In words."""
        said = {
            Relation.EQUAL: "occur and no others",
            Relation.SUBSET: "and no others occur",
            Relation.SUPERSET: "all occur",
        }
        return f"of {len(self.values)} listed values {said[self.relation]}"

    def accepts(self, observed: Scalar) -> bool:
        """Whether no value is amiss."""
        return observed == 0

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """A value that can never occur."""
        return _mismatch(columns[self.column], self.values)


@frozen(kw_only=True)
class ModeInSet(ValueRule, ColumnRule):
    """The most frequent value is one of the listed ones; of several, each must be.

    Observed is the most frequent value, of several the least that is not listed.
    """

    type: ClassVar[str] = "mode_in_set"
    additive: ClassVar[bool] = False
    optional: ClassVar[bool] = True
    values: tuple[Scalar, ...] = field(
        converter=values_of,
        eq=typed,
        metadata=param("the values, all of one kind", aliases=("value_set",)),
    )

    def expectation(self) -> str:
        """In words."""
        return f"most frequent is one of {len(self.values)} listed"

    def accepts(self, observed: Scalar) -> bool:
        """Whether the most frequent value is listed; without values there is none to object to."""
        if observed is None:
            return True
        same = (value for value in self.values if isinstance(value, bool) is isinstance(observed, bool))
        return any(
            observed == value or (in_order(observed, value) and in_order(value, observed)) for value in same
        )

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """A value that can never occur."""
        return _mismatch(columns[self.column], self.values)


def _mismatch(column: Column, values: Iterable[Scalar]) -> str | None:
    """Here texts stay texts, also those of a source without types: what is observed is one of them."""
    read = evolve(column, untyped=False)
    return next(filter(None, (mismatch(read, value) for value in values)), None)
