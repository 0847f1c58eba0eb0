"""Values made of many: means, quantiles, correlations, sets of distinct values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl

from veriport.adapters.engines.polars.conditions import Schema, members
from veriport.domain.rules.aggregates import Aggregate, Correlation, DistinctSet, ModeInSet, Of, Relation
from veriport.domain.rules.base import Rule
from veriport.domain.rules.scalars import Scalar, plain

#: From the rows that count to the expression of a value and to the number of rows behind it.
Value = Callable[[pl.Expr], tuple[pl.Expr, pl.Expr]]

_OF: Mapping[Of, Callable[[pl.Expr], pl.Expr]] = {
    Of.MIN: lambda v: v.min(),
    Of.MAX: lambda v: v.max(),
    Of.SUM: lambda v: v.sum(),
    Of.MEAN: lambda v: v.mean(),
    Of.MEDIAN: lambda v: v.quantile(0.5, "linear"),
    Of.STD: lambda v: v.std(ddof=1),
    Of.VARIANCE: lambda v: v.var(ddof=1),
    Of.SKEW: lambda v: v.skew(bias=True),
    Of.KURTOSIS: lambda v: v.kurtosis(fisher=True, bias=True),
    Of.DISTINCT_COUNT: lambda v: v.n_unique(),
    Of.DISTINCT_RATIO: lambda v: v.n_unique() / v.count(),
}


def value_of(rule: Rule, schema: Schema) -> Value:
    """How a rule's value is made."""
    if isinstance(rule, Correlation):
        return lambda where: _correlation(rule, where)
    assert isinstance(rule, Aggregate)  # noqa: S101  # the plans see to it
    value, dtype = schema.value(rule)
    return lambda where: _aggregate(rule, value, dtype, where)


def _aggregate(
    rule: Aggregate, value: pl.Expr, dtype: pl.DataType, where: pl.Expr
) -> tuple[pl.Expr, pl.Expr]:
    seen = value.filter(where)
    if rule.of in {Of.NULL_COUNT, Of.NULL_RATIO}:
        nulls = seen.null_count()
        return (nulls if rule.of is Of.NULL_COUNT else nulls / seen.len()), seen.len()
    present = seen.drop_nulls()
    if rule.of is Of.QUANTILE:
        made = present.quantile(rule.q or 0.0, "linear")
    else:
        made = _OF[rule.of](_wide(present, dtype, rule.of))
    if dtype.is_float() and rule.of not in {Of.DISTINCT_COUNT, Of.DISTINCT_RATIO}:
        made = pl.when(present.is_nan().any()).then(float("nan")).otherwise(made)
    empty = None if rule.of is not Of.DISTINCT_COUNT else 0
    return pl.when(present.len() > 0).then(made).otherwise(empty), present.len()


def _wide(value: pl.Expr, dtype: pl.DataType, of: Of) -> pl.Expr:
    """A sum of integers in 128 bits, which the longest column does not overflow."""
    return value.cast(pl.Int128) if of is Of.SUM and dtype.is_integer() else value


def _correlation(rule: Correlation, where: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    first, second = (pl.col(name).cast(pl.Float64) for name in rule.columns)
    both = where & first.is_not_null() & second.is_not_null()
    left, right = first.filter(both), second.filter(both)
    made = pl.corr(left, right)
    hollow = left.is_nan().any() | right.is_nan().any()
    return pl.when(hollow | made.is_not_nan()).then(made), both.sum()


def scalar_of(value: object) -> Scalar:
    """A value of Polars as an observed one; times as ISO text, NaN as the text ``nan``."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    observed = plain(value)
    return observed if observed is None or isinstance(observed, bool | int | float | str) else str(observed)


def age_of(newest: object, now: datetime) -> float:
    """Seconds from a day's beginning or a time, which is UTC without a zone, to now."""
    if isinstance(newest, datetime):
        moment = newest if newest.tzinfo else newest.replace(tzinfo=UTC)
    elif isinstance(newest, date):
        moment = datetime.combine(newest, time(), tzinfo=UTC)
    else:
        return math.inf
    return (now - moment).total_seconds()


def distinct_set(
    rows: pl.LazyFrame, value: pl.Expr, dtype: pl.DataType, rule: DistinctSet, samples: int
) -> pl.LazyFrame:
    """The listed values that occur, and how many others do, with the first of them."""
    listed = members(rule.values, dtype)
    occurring = rows.select(value.drop_nulls().unique().alias("value"))
    known = pl.col("value").is_in(listed)
    return occurring.select(
        present=pl.col("value").filter(known).implode(),
        extra=known.not_().sum(),
        others=pl.col("value").filter(known.not_()).bottom_k(samples).sort().implode(),
    )


def amiss(groups: pl.DataFrame, rule: DistinctSet) -> tuple[int, list[object], str]:
    """How many values break the rule, examples of them, and what is missing in words."""
    present = {_text(each) for each in groups["present"].item()}
    missing = [value for value in rule.values if _text(value) not in present]
    extra = int(groups["extra"].item() or 0) if rule.relation is not Relation.SUPERSET else 0
    if rule.relation is Relation.SUBSET:
        missing = []
    others = list(groups["others"].item()) if extra else []
    note = f"missing {', '.join(map(repr, missing[:10]))}" if missing else ""
    return extra + len(missing), others, note


def _text(value: object) -> str:
    """A value by what it is, so that 1 and 1.0 are one and a time is its ISO text."""
    found = scalar_of(value)
    if isinstance(found, float) and found.is_integer():
        return repr(int(found))
    return repr(found)


def mode(rows: pl.LazyFrame, value: pl.Expr, dtype: pl.DataType, rule: ModeInSet) -> pl.LazyFrame:
    """The most frequent value; of several, the least that is not listed."""
    counted = rows.select(value.drop_nulls().alias("value")).group_by("value").len("size")
    top = counted.filter(pl.col("size") == pl.col("size").max()).select("value")
    listed = pl.col("value").is_in(members(rule.values, dtype))
    unlisted = pl.col("value").filter(listed.not_()).min()
    return top.select(mode=pl.coalesce(unlisted, pl.col("value").min()))
