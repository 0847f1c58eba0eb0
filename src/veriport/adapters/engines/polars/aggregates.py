"""Values made of many: means, quantiles, correlations, sets of distinct values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

import polars as pl

from veriport.adapters.engines.polars.answers import told
from veriport.adapters.engines.polars.conditions import Schema
from veriport.adapters.engines.polars.values import column, held
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
    Of.SKEW: lambda v: _shape(v, v.skew(bias=True)),
    Of.KURTOSIS: lambda v: _shape(v, v.kurtosis(fisher=True, bias=True)),
    Of.DISTINCT_COUNT: lambda v: v.n_unique(),
    Of.DISTINCT_RATIO: lambda v: v.n_unique() / v.len(),
}
_DISTINCT = frozenset({Of.DISTINCT_COUNT, Of.DISTINCT_RATIO})
#: What is one of the values itself.
TAKEN = frozenset({Of.MIN, Of.MAX})


def _shape(value: pl.Expr, made: pl.Expr) -> pl.Expr:
    """Equal values have no shape, whatever is left of rounding."""
    return pl.when(value.min() != value.max()).then(made)


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
        share = pl.when(seen.len() > 0).then(nulls / seen.len())
        return nulls if rule.of is Of.NULL_COUNT else share, seen.len()
    present = _wide(seen.drop_nulls(), dtype, rule.of)
    made = present.quantile(rule.q, "linear") if rule.q is not None else _OF[rule.of](present)
    if dtype.is_float() and rule.of not in _DISTINCT:
        made = pl.when(present.is_nan().any()).then(float("nan")).otherwise(made)
    empty = 0 if rule.of is Of.DISTINCT_COUNT else None
    return pl.when(present.len() > 0).then(made).otherwise(empty), present.len()


def _wide(value: pl.Expr, dtype: pl.DataType, of: Of) -> pl.Expr:
    """A sum of whole numbers in 128 bits, which no column overflows; what is calculated, in 64-bit floats."""
    if of in _DISTINCT | TAKEN:
        return value
    exact = of is Of.SUM and (dtype.is_integer() or dtype.is_decimal())
    return value.cast(pl.Float64) if not exact else value.cast(pl.Int128) if dtype.is_integer() else value


def _correlation(rule: Correlation, where: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Of one value in all rows there is none; what rounding leaves beyond 1 is cut."""
    first, second = (column(name).cast(pl.Float64) for name in rule.columns)
    both = where & first.is_not_null() & second.is_not_null()
    left, right = first.filter(both), second.filter(both)
    varied = (left.min() != left.max()) & (right.min() != right.max())
    made = pl.when(varied).then(pl.corr(left, right).clip(-1, 1))
    hollow = (left.is_finite() & right.is_finite()).not_().any()
    return pl.when(both.sum() > 1).then(pl.when(hollow).then(float("nan")).otherwise(made)), both.sum()


def scalar_of(value: object, dtype: pl.DataType | None = None) -> Scalar:
    """A value of Polars as an observed one: times as ISO text, durations in seconds, NaN as ``nan``.

    A value taken out of a column of 32-bit floats is the shortest number that reads as it.
    """
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case timedelta():
            seconds = Decimal(value // timedelta(microseconds=1)) / 1_000_000
            return scalar_of(seconds)
        case float() if dtype is not None and dtype != pl.Float64 and math.isfinite(value):
            return float(pl.Series([value], dtype=dtype).cast(pl.String).item())
    observed = plain(value)
    return observed if observed is None or isinstance(observed, bool | int | float | str) else str(observed)


def distinct_set(
    rows: pl.LazyFrame, value: pl.Expr, dtype: pl.DataType, rule: DistinctSet, samples: int
) -> pl.LazyFrame:
    """The listed values that occur, and how many others do, with the first of them."""
    occurring = rows.select(value.drop_nulls().unique().alias("value"))
    known = pl.col("value").is_in(held(rule.values, dtype).members)
    return occurring.select(
        present=pl.col("value").filter(known).implode(),
        extra=known.not_().sum(),
        others=pl.col("value").filter(known.not_()).bottom_k(samples).sort().implode(),
    )


def amiss(groups: pl.DataFrame, dtype: pl.DataType, rule: DistinctSet) -> tuple[int, list[object], str]:
    """How many values break the rule, examples of them, and what is missing in words."""
    extra = 0 if rule.relation is Relation.SUPERSET else int(groups["extra"].item() or 0)
    others = told(groups["others"].item()) if extra else []
    missing, count = _missing(groups["present"].item(), dtype, rule)
    if rule.relation is Relation.SUBSET:
        return extra, others, ""
    note = f"missing {', '.join(map(repr, missing[:10]))}" if missing else ""
    return extra + count, others, note


def _missing(present: pl.Series, dtype: pl.DataType, rule: DistinctSet) -> tuple[list[Scalar], int]:
    """The listed values that do not occur, and how many values of the column they are."""
    known = held(rule.values, dtype)
    absent = known.values.is_in(present.implode()).not_()
    unheld = [value for value in rule.values if value not in known.written]
    named = [value for value, is_absent in zip(known.written, absent, strict=True) if is_absent]
    return named + unheld, known.values.filter(absent).n_unique() + len(unheld)


def mode(rows: pl.LazyFrame, value: pl.Expr, dtype: pl.DataType, rule: ModeInSet) -> pl.LazyFrame:
    """The most frequent value; of several, the least that is not listed."""
    counted = rows.select(value.drop_nulls().alias("value")).group_by("value").len("size")
    top = counted.filter(pl.col("size") == pl.col("size").max()).select("value")
    listed = pl.col("value").is_in(held(rule.values, dtype).members)
    unlisted = pl.col("value").filter(listed.not_()).min()
    return top.select(mode=pl.coalesce(unlisted, pl.col("value").min()))


def mode_of(groups: pl.DataFrame, dtype: pl.DataType, rule: ModeInSet) -> Scalar:
    """The value that ``mode`` found; a listed one as it is written there."""
    known = held(rule.values, dtype)
    written = zip(known.written, known.values == groups["mode"], strict=True)
    return next((value for value, same in written if same), scalar_of(told(groups["mode"])[0], dtype))
