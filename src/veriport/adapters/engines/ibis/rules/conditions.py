"""Each rule about rows as one expression: TRUE passes, FALSE breaks it, null is not checked."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC
from functools import reduce
from itertools import combinations
from math import ceil, floor

import ibis
import ibis.expr.datatypes as dt
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.dialects import Dialect
from veriport.adapters.engines.ibis.rules.values import (
    Value,
    alike,
    among,
    at_least,
    at_most,
    held,
    scale_of,
    units_of,
    wherever,
)
from veriport.adapters.engines.ibis.views import View
from veriport.domain.rules.base import Rule
from veriport.domain.rules.rows import (
    Compare,
    Expression,
    PairInSet,
    RowsComplete,
    RowSum,
    RowUnique,
)
from veriport.domain.rules.scalars import Scalar
from veriport.domain.rules.texts import At, Contains, Like, NotLike
from veriport.domain.rules.times import NotFuture, NotPast
from veriport.domain.rules.values import (
    Bounds,
    InRange,
    InSet,
    Length,
    Match,
    NotInRange,
    NotInSet,
    NotNull,
    NotRegex,
    Null,
    Regex,
)
from veriport.domain.types import NUMERIC, DataType, Family


def condition(rule: Rule) -> Callable[[View], ir.BooleanValue] | None:
    """What a rule says of a row of a view; ``None`` for a rule that no expression over one row can say."""
    make = _CONDITIONS.get(type(rule))
    if make is None:
        return None
    looks_at_nulls = isinstance(rule, NotNull | Null | RowsComplete | RowUnique | Expression)

    def test(view: View) -> ir.BooleanValue:
        if not looks_at_nulls and any(view.untyped(name) for name in rule.reads):
            return ibis.null(dt.boolean)
        return make(rule, view)

    return test


def _not_null(rule: NotNull, view: View) -> ir.BooleanValue:
    return view.raw(rule.column).notnull()


def _null(rule: Null, view: View) -> ir.BooleanValue:
    return view.raw(rule.column).isnull()


def _rows_complete(rule: RowsComplete, view: View) -> ir.BooleanValue:
    return view.present(rule.columns)


def _in_set(rule: InSet, view: View) -> ir.BooleanValue:
    return _compared(rule.column, rule.values, view, lambda value: among(value, rule.values, view.dialect))


def _not_in_set(rule: NotInSet, view: View) -> ir.BooleanValue:
    return _compared(rule.column, rule.values, view, lambda value: ~among(value, rule.values, view.dialect))


def _in_range(rule: InRange, view: View) -> ir.BooleanValue:
    return _compared(rule.column, rule.ends, view, lambda value: between(rule, value, view.dialect))


def _not_in_range(rule: NotInRange, view: View) -> ir.BooleanValue:
    return _compared(rule.column, rule.ends, view, lambda value: ~between(rule, value, view.dialect))


def _compared(
    name: str, values: Iterable[Scalar], view: View, test: Callable[[Value], ir.BooleanValue]
) -> ir.BooleanValue:
    """A test of a column beside values of a rule; where it reads texts as numbers, what is none breaks it."""
    number = view.number(name, values)
    if number is None:
        return test(view.value(name))
    tested = number.expr.notnull().ifelse(test(number), ibis.literal(value=False))
    return view.raw(name).notnull().ifelse(tested, ibis.null(dt.boolean))


def between(rule: Bounds, value: Value, dialect: Dialect) -> ir.BooleanValue:
    """Whether a value lies between the ends of a rule; NaN, to most databases above all, does not."""
    may_be_nan = value.family is Family.FLOAT and dialect.has_nan and rule.max is None
    tests: list[ir.BooleanValue] = [~dialect.is_nan(value.expr)] if may_be_nan else []
    if rule.min is not None:
        tests.append(at_least(value, rule.min, dialect, closed=rule.closed_low))
    if rule.max is not None:
        tests.append(at_most(value, rule.max, dialect, closed=rule.closed_high))
    return reduce(operator.and_, tests)


def _regex(rule: Regex | NotRegex, view: View) -> ir.BooleanValue:
    text = view.value(rule.column).expr
    matched = [view.dialect.matches(text, pattern) for pattern in rule.anchored]
    return reduce(operator.or_ if rule.match is Match.ANY else operator.and_, matched)


def _not_regex(rule: NotRegex, view: View) -> ir.BooleanValue:
    return ~_regex(rule, view)


def _like(rule: Like | NotLike, view: View) -> ir.BooleanValue:
    return view.dialect.like_pattern(view.value(rule.column).expr, rule.pattern)


def _not_like(rule: NotLike, view: View) -> ir.BooleanValue:
    return ~_like(rule, view)


def _contains(rule: Contains, view: View) -> ir.BooleanValue:
    text, size, part = view.value(rule.column).expr, len(rule.text), view.dialect.text(rule.text)
    if rule.at is At.ANYWHERE:
        return text.contains(part)
    if rule.at is At.START:
        return text.substr(0, size) == part
    start = text.length() - size
    return (start >= 0).ifelse(
        text.substr((start > 0).ifelse(start, 0), size) == part, wherever(text, holds=False)
    )


def _length(rule: Length, view: View) -> ir.BooleanValue:
    raw = view.raw(rule.column)
    is_list = view.fields[rule.column].column.dtype.family is Family.LIST
    length = raw.length() if is_list else view.value(rule.column).expr.length()
    tests = []
    if rule.min is not None:
        tests.append(length >= rule.min)
    if rule.max is not None:
        tests.append(length <= rule.max)
    known = reduce(operator.and_, tests)
    return raw.notnull().ifelse(known, ibis.null(dt.boolean)) if is_list else known


def _present(value: Value, view: View) -> str:
    """The moment of the check as a bound of a column: a day is compared with today in UTC."""
    utc = view.now.astimezone(UTC)
    if value.family is Family.DATE:
        return utc.date().isoformat()
    return (utc if value.type.zoned else utc.replace(tzinfo=None)).isoformat()


def _not_future(rule: NotFuture, view: View) -> ir.BooleanValue:
    value = view.value(rule.column)
    return at_most(value, _present(value, view), view.dialect, closed=True)


def _not_past(rule: NotPast, view: View) -> ir.BooleanValue:
    value = view.value(rule.column)
    return at_least(value, _present(value, view), view.dialect, closed=True)


def _compare(rule: Compare, view: View) -> ir.BooleanValue:
    return view.compile(rule.tree)


def _expression(rule: Expression, view: View) -> ir.BooleanValue:
    return view.sql(rule.expression)


def _pair_in_set(rule: PairInSet, view: View) -> ir.BooleanValue:
    values = [
        view.number(name, [row[place] for row in rule.values]) or view.value(name)
        for place, name in enumerate(rule.columns)
    ]
    rows = [_held_row(values, each, view.dialect) for each in rule.values]
    equal = [
        reduce(operator.and_, (value.expr == item for value, item in zip(values, row, strict=True)))
        for row in rows
        if row is not None
    ]
    found = reduce(operator.or_, equal) if equal else ibis.literal(value=False)
    found = found.fill_null(ibis.literal(value=False))  # of a text that had to be a number
    return view.present(rule.columns).ifelse(found, ibis.null(dt.boolean))


def _held_row(values: Iterable[Value], row: Sequence[object], dialect: Dialect) -> list[ir.Value] | None:
    """The constants of a combination, ``None`` where a column cannot hold its value."""
    made = [held([item], value, dialect) for value, item in zip(values, row, strict=True)]  # type: ignore[list-item]  # scalars
    return [each[0][1] for each in made] if all(made) else None


def _row_sum(rule: RowSum, view: View) -> ir.BooleanValue:
    """Exactly for whole numbers and decimals, where the database has digits for that."""
    values = [view.value(name) for name in rule.columns]
    scale = max(map(scale_of, values))
    wide = view.dialect.wide(scale)
    exact = all(value.family is not Family.FLOAT for value in values)
    if not exact:
        total = reduce(operator.add, (value.expr.cast(dt.float64) for value in values))
        return between(rule, Value(total, DataType(Family.FLOAT, "float64"), dt.float64), view.dialect)
    if wide is None:
        return _halves_between(rule, [value.expr for value in values])
    total = reduce(operator.add, (value.expr.cast(wide) for value in values))
    return between(rule, Value(total, DataType(Family.DECIMAL, "decimal"), wide), view.dialect)


_HALF = 32  #: bits


def _halves_between(rule: RowSum, values: Sequence[ir.Value]) -> ir.BooleanValue:
    """Whether the sum of whole numbers lies between the ends, where 64 bits are the widest: in two halves."""
    low = reduce(operator.add, (value & (2**_HALF - 1) for value in values))
    high = reduce(operator.add, (value >> _HALF for value in values)) + (low >> _HALF)
    low = low & (2**_HALF - 1)

    def at_least(bound: int) -> ir.BooleanValue:
        above, rest = bound >> _HALF, bound & (2**_HALF - 1)
        if abs(above) >= 2**_HALF * len(values):
            return wherever(high, holds=above < 0)
        return (high > above) | ((high == above) & (low >= rest))

    tests = []
    if rule.min is not None:
        least = units_of(rule.min)
        tests.append(at_least(ceil(least) if rule.closed_low else floor(least) + 1))
    if rule.max is not None:
        most = units_of(rule.max)
        tests.append(~at_least((floor(most) if rule.closed_high else ceil(most) - 1) + 1))
    return reduce(operator.and_, tests)


def _row_unique(rule: RowUnique, view: View) -> ir.BooleanValue:
    """Nulls are passed over; NaN equals NaN, as in the databases that have it."""
    typed = [view.value(name) for name in rule.columns if not view.untyped(name)]
    if len(typed) < 2:  # noqa: PLR2004  # a pair
        return ibis.null(dt.boolean)
    exprs = alike(typed, view.dialect) or [value.expr for value in typed]
    if all(value.family in NUMERIC for value in typed) and view.dialect.has_nan:
        exprs = [each + 0.0 if each.type().is_floating() else each for each in exprs]
    several = reduce(operator.add, (each.notnull().ifelse(1, 0) for each in exprs)) > 1
    pairs = [
        _same(left, right, view.dialect).fill_null(ibis.literal(value=False))
        for left, right in combinations(exprs, 2)
    ]
    return several.ifelse(~reduce(operator.or_, pairs), ibis.null(dt.boolean))


def _same(left: ir.Value, right: ir.Value, dialect: Dialect) -> ir.BooleanValue:
    if dialect.equal_nans or not (left.type().is_floating() and right.type().is_floating()):
        return left == right
    return (left == right) | (dialect.is_nan(left) & dialect.is_nan(right))


_CONDITIONS: Mapping[type[Rule], Callable[..., ir.BooleanValue]] = {
    NotNull: _not_null,
    Null: _null,
    InSet: _in_set,
    NotInSet: _not_in_set,
    InRange: _in_range,
    NotInRange: _not_in_range,
    Regex: _regex,
    NotRegex: _not_regex,
    Like: _like,
    NotLike: _not_like,
    Contains: _contains,
    Length: _length,
    NotFuture: _not_future,
    NotPast: _not_past,
    Compare: _compare,
    Expression: _expression,
    PairInSet: _pair_in_set,
    RowsComplete: _rows_complete,
    RowSum: _row_sum,
    RowUnique: _row_unique,
}
