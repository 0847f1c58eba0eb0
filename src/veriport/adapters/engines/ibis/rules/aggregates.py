"""Values made of many: in one round what folds, in the next what needs the mean, or a place in an order."""

from __future__ import annotations

import math
from collections.abc import Generator
from fractions import Fraction

import ibis.expr.datatypes as dt
from attrs import frozen
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.asking import Answer, Ask, Found, Plan
from veriport.adapters.engines.ibis.rules.telling import heard_time, told_as_compared
from veriport.adapters.engines.ibis.rules.values import exact_key_of, number, observed_of, scale_of, with_expr
from veriport.adapters.engines.ibis.views import View
from veriport.domain.measurements import Measurement
from veriport.domain.rules.aggregates import Aggregate, Correlation, Of
from veriport.domain.rules.base import ColumnRule, Rule
from veriport.domain.rules.eras import age_of
from veriport.domain.rules.scalars import Scalar, plain
from veriport.domain.rules.times import Freshness
from veriport.domain.types import Family
from veriport.ports.errors import DataError

_INFINITY = float("inf")


def count(view: View, rule: Rule, test: ir.BooleanValue | None = None) -> ir.Scalar:
    """How many rows of a rule pass a test."""
    where = view.where(rule)
    if test is None:
        return view.table.count() if where is None else view.table.count(where=where)
    return view.table.count(where=test if where is None else where & test)


# ---- one value of a column


def aggregate(rule: Aggregate, view: View) -> Plan:
    """Any value that is made of one column."""
    if rule.of in {Of.NULL_COUNT, Of.NULL_RATIO}:
        return _nulls(rule, view)
    if view.untyped(rule.column):
        return _nothing(rule)
    if rule.of in {Of.DISTINCT_COUNT, Of.DISTINCT_RATIO}:
        return _distinct(rule, view)
    if rule.of in {Of.MIN, Of.MAX}:
        return _extreme(rule, view)
    if rule.of is Of.SUM and view.value(rule.column).family is not Family.FLOAT:
        return _exact_sum(rule, view)
    return _statistic(rule, view)


def _nothing(rule: Aggregate) -> Plan:
    yield Ask()
    return Found(Measurement(checked=0, observed=0 if rule.of is Of.DISTINCT_COUNT else None))


def _nulls(rule: Aggregate, view: View) -> Plan:
    raw = view.raw(rule.column)
    answer = yield Ask({"rows": count(view, rule), "nulls": count(view, rule, raw.isnull())})
    rows, nulls = answer.count("rows"), answer.count("nulls")
    share = nulls / rows if rows else None
    return Found(Measurement(checked=rows, observed=nulls if rule.of is Of.NULL_COUNT else share))


def _distinct(rule: Aggregate, view: View) -> Plan:
    value = exact_key_of(view.value(rule.column), view.dialect)
    present = view.within(rule, view.raw(rule.column).notnull())
    answer = yield Ask(
        {"rows": view.table.count(where=present), "distinct": value.nunique(where=view.where(rule))}
    )
    rows, distinct = answer.count("rows"), answer.count("distinct")
    if rule.of is Of.DISTINCT_COUNT:
        return Found(Measurement(checked=rows, observed=distinct))
    return Found(Measurement(checked=rows, observed=distinct / rows if rows else None))


def _extreme(rule: Aggregate, view: View) -> Plan:
    field, compared = view.fields[rule.column], view.value(rule.column)
    value, where = compared.expr, view.where(rule)
    end = value.min(where=where) if rule.of is Of.MIN else value.max(where=where)
    folds = {
        "rows": count(view, rule, view.raw(rule.column).notnull()),
        "value": told_as_compared(with_expr(compared, end), field, view.dialect),
    }
    floats = field.column.dtype.family is Family.FLOAT and view.dialect.has_nan
    if floats:
        folds["nans"] = count(view, rule, view.dialect.is_nan(value))
    answer = yield Ask(folds)
    found: object = "nan" if floats and answer.count("nans") else heard_time(answer.folds["value"], field)
    return Found(Measurement(checked=answer.count("rows"), observed=observed_of(found, field)))


def _exact_sum(rule: Aggregate, view: View) -> Plan:
    """Where no type is wide enough, the high and the low half of 64 bits are summed apart."""
    value, where = view.value(rule.column), view.where(rule)
    wide = view.dialect.wide(scale_of(value))
    if wide is None:
        parts = {"high": value.expr >> _HALF, "low": value.expr & (2**_HALF - 1)}
    else:
        parts = {"sum": value.expr.cast(wide)}
    rows = count(view, rule, view.raw(rule.column).notnull())
    answer = yield Ask({"rows": rows, **{name: part.sum(where=where) for name, part in parts.items()}})
    checked = answer.count("rows")
    if wide is None:
        total = answer.count("high") * 2**_HALF + answer.count("low")
        return Found(Measurement(checked=checked, observed=total if checked else None))
    return Found(Measurement(checked=checked, observed=observed_of(answer.folds["sum"])))


_HALF = 32  #: bits


def newest(rule: Freshness, view: View) -> Plan:
    """The age of the newest time."""
    if view.untyped(rule.column):
        yield Ask()
        return Found(Measurement(checked=0, note="there is no value"))
    field, value = view.fields[rule.column], view.value(rule.column)
    last = with_expr(value, value.expr.max(where=view.where(rule)))
    answer = yield Ask(
        {
            "rows": count(view, rule, view.raw(rule.column).notnull()),
            "newest": told_as_compared(last, field, view.dialect),
        }
    )
    found = heard_time(answer.folds["newest"], field)
    if found is None:
        return Found(Measurement(checked=0, note="there is no value"))
    note = f"the newest value is {plain(found)}"
    try:
        age = age_of(found, view.now)
    except ValueError as ageless:
        raise DataError(f"{note}, which has no age") from ageless
    return Found(Measurement(checked=answer.count("rows"), observed=age, note=note))


# ---- statistics of numbers


@frozen
class Spread:
    """The finite numbers of a column: how many, their ends, their mean."""

    count: int
    low: float
    high: float
    mean: float

    @property
    def equal(self) -> bool:
        """Whether all are equal, so that what is left of rounding is no spread."""
        return self.low == self.high


def numbers(rule: ColumnRule, view: View) -> tuple[ir.Value, ir.BooleanValue]:
    """The column as floats, and which rows count for a statistic: finite ones. NaN is not below infinity."""
    value = view.value(rule.column).expr.cast(dt.float64)
    return value, view.within(rule, view.dialect.is_finite(value))


def _spread_folds(
    value: ir.Value, finite: ir.BooleanValue, view: View, name: str = ""
) -> dict[str, ir.Scalar]:
    return {
        f"{name}count": view.table.count(where=finite),
        f"{name}low": value.min(where=finite),
        f"{name}high": value.max(where=finite),
        f"{name}mean": value.mean(where=finite),
    }


def _spread_of(answer: Answer, name: str = "") -> Spread:
    low, high, mean = (answer.number(f"{name}{what}") or 0.0 for what in ("low", "high", "mean"))
    return Spread(answer.count(f"{name}count"), low, high, min(max(mean, low), high))


def spread(rule: ColumnRule, view: View) -> Generator[Ask, Answer, Spread]:
    """Ask for what there is to know of the finite numbers."""
    value, finite = numbers(rule, view)
    answer = yield Ask(_spread_folds(value, finite, view))
    return _spread_of(answer)


def moments(
    rule: ColumnRule, view: View, mean: float, *powers: int
) -> Generator[Ask, Answer, tuple[float, ...]]:
    """The sums of powers of the distances from the mean."""
    value, finite = numbers(rule, view)
    apart = value - number(mean)
    folds = {}
    for power in powers:
        product = apart
        for _ in range(power - 1):
            product = product * apart
        folds[f"power {power}"] = product.sum(where=finite)
    answer = yield Ask(folds)
    return tuple(answer.number(f"power {power}") or 0.0 for power in powers)


def quantile(
    rule: ColumnRule, view: View, rows: int, q: float, *, finite: bool = False
) -> Generator[Ask, Answer, float]:
    """The number at the place q * (n - 1) in order, by interpolation: two rows of a sorted query.

    ``rows`` is n, the numbers of the rule, or of them those that are ``finite``.
    """
    place = Fraction(q) * (rows - 1)
    below = math.floor(place)
    seen = view.seen(rule)
    value = seen.value(rule.column).expr.cast(dt.float64)
    counted = view.dialect.is_finite(value) if finite else value.notnull()
    ordered = seen.table.filter(counted).select(x=value).order_by("x")
    answer = yield Ask(tables=(ordered.limit(2, offset=below),))
    found = [float(str(each)) for each, *_ in answer.tables[0]]
    low, high, share = found[0], found[-1], place - below
    if low == high or not share:
        return low
    return low + high if math.isinf(low) or math.isinf(high) else _between(low, high, share)


def _between(low: float, high: float, share: Fraction) -> float:
    return float(Fraction(low) + (Fraction(high) - Fraction(low)) * share)


def _statistic(rule: Aggregate, view: View) -> Plan:
    """Of floats: NaN makes it NaN, and so does infinity, but for sums, means and quantiles."""
    value, finite = numbers(rule, view)
    folds = {
        **_spread_folds(value, finite, view),
        "sum": value.sum(where=finite),
        "rows": count(view, rule, view.raw(rule.column).notnull()),
        "above": count(view, rule, view.dialect.is_infinite(value, 1)),
        "below": count(view, rule, view.dialect.is_infinite(value, -1)),
    }
    answer = yield Ask(folds)
    rows, above, below = (answer.count(name) for name in ("rows", "above", "below"))
    known = _spread_of(answer)
    made: float | None
    if not rows:
        made = None
    elif rows - known.count - above - below:
        made = math.nan
    elif rule.of in {Of.SUM, Of.MEAN}:
        finite_part = (answer.number("sum") or 0.0) if rule.of is Of.SUM else known.mean
        made = finite_part + (_INFINITY if above else 0.0) - (_INFINITY if below else 0.0)
    elif rule.of in {Of.MEDIAN, Of.QUANTILE}:
        made = yield from quantile(rule, view, rows, 0.5 if rule.q is None else rule.q)
    elif above or below:
        made = math.nan
    else:
        made = yield from _shape(rule, view, known)
    return Found(Measurement(checked=rows, observed=observed_of(made)))


def _shape(rule: Aggregate, view: View, known: Spread) -> Generator[Ask, Answer, float | None]:
    if rule.of in {Of.STD, Of.VARIANCE}:
        if known.count < 2:  # noqa: PLR2004  # a spread is between two
            return None
        (second,) = yield from moments(rule, view, known.mean, 2)
        variance = 0.0 if known.equal else second / (known.count - 1)
        return math.sqrt(variance) if rule.of is Of.STD else variance
    if known.equal:
        return None
    second, third, fourth = yield from moments(rule, view, known.mean, 2, 3, 4)
    second, third, fourth = (each / known.count for each in (second, third, fourth))
    return third / second**1.5 if rule.of is Of.SKEW else fourth / second**2 - 3


def correlation(rule: Correlation, view: View) -> Plan:
    """Pearson's, of the rows where both have a value."""
    if any(view.untyped(name) for name in rule.columns):
        yield Ask()
        return Found(Measurement(checked=0))
    first, second = (view.value(name).expr.cast(dt.float64) for name in rule.columns)
    both = view.within(rule, view.present(rule.columns))
    finite = both & view.dialect.is_finite(first) & view.dialect.is_finite(second)
    answer = yield Ask(
        {
            "rows": view.table.count(where=both),
            **_spread_folds(first, finite, view, "first "),
            **_spread_folds(second, finite, view, "second "),
        }
    )
    rows = answer.count("rows")
    one, other = _spread_of(answer, "first "), _spread_of(answer, "second ")
    observed: Scalar = None
    if rows > 1 and one.count < rows:
        observed = "nan"
    elif rows > 1 and not one.equal and not other.equal:
        left, right = first - number(one.mean), second - number(other.mean)
        squares = {"xy": left * right, "xx": left * left, "yy": right * right}
        answer = yield Ask({name: each.sum(where=finite) for name, each in squares.items()})
        xy, xx, yy = (answer.number(name) or 0.0 for name in squares)
        observed = max(-1.0, min(1.0, xy / math.sqrt(xx) / math.sqrt(yy)))
    return Found(Measurement(checked=rows, observed=observed))
