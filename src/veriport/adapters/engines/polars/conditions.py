"""Each rule about rows as one Polars expression: TRUE passes, FALSE breaks it, null is not checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import reduce
from operator import and_

import polars as pl
from attrs import frozen

from veriport.adapters.engines.polars.expressions import Compiler
from veriport.adapters.engines.polars.types import data_type
from veriport.adapters.engines.polars.values import literal
from veriport.domain.expressions import Call, Expr, Name
from veriport.domain.patterns import parse_pattern
from veriport.domain.rules.base import ColumnRule, Rule
from veriport.domain.rules.rows import Compare, Expression, Operator
from veriport.domain.rules.scalars import Scalar
from veriport.domain.rules.values import InRange, InSet, Length, NotInSet, NotNull, Regex
from veriport.domain.types import TEXT, Family


@frozen
class Schema:
    """What a condition may ask about the table: its types, and how SQL is compiled on it."""

    types: pl.Schema
    untyped: frozenset[str]
    parsed: Mapping[str, Expr]

    @property
    def compile(self) -> Compiler:
        """A compiler over these columns."""
        return Compiler(self.types)

    def sql(self, text: str) -> pl.Expr:
        """The condition of a SQL text."""
        return self.compile(self.parsed[text])


def condition(rule: Rule, schema: Schema) -> pl.Expr | None:
    """The expression of a rule, or ``None`` for a rule that no expression over one row can say."""
    make = _CONDITIONS.get(type(rule))
    return None if make is None else make(rule, schema)


def _not_null(rule: NotNull, _: Schema) -> pl.Expr:
    return pl.col(rule.column).is_not_null()


def _value(rule: ColumnRule, schema: Schema) -> tuple[pl.Expr, pl.DataType]:
    """The column; categories as their texts."""
    dtype = schema.types[rule.column]
    if data_type(dtype).family is Family.CATEGORICAL:
        return pl.col(rule.column).cast(pl.String), pl.String()
    return pl.col(rule.column), dtype


def _in_set(rule: InSet | NotInSet, schema: Schema) -> pl.Expr:
    value, dtype = _value(rule, schema)
    if rule.column in schema.untyped and not isinstance(rule.values[0], str):
        number = value.cast(pl.Float64, strict=False)
        found = number.is_in([float(item) for item in rule.values if isinstance(item, int | float)])
        return pl.when(value.is_not_null()).then(found.fill_null(value=False))
    if dtype in (pl.String, pl.Boolean):
        return value.is_in(list(rule.values))
    members = pl.select(
        pl.concat_list([literal(item, dtype).cast(dtype) for item in _possible(rule.values, dtype)])
    )
    return value.is_in(members.to_series())


def _possible(values: tuple[Scalar, ...], dtype: pl.DataType) -> list[Scalar]:
    """The values that a column of ``dtype`` can hold at all: no 0.5 and no 2**70 among integers."""
    if not dtype.is_integer():
        return list(values)
    low, high = _ends(dtype)
    return [int(v) for v in values if isinstance(v, int | float) and v == int(v) and low <= v <= high]


def _ends(dtype: pl.DataType) -> tuple[int, int]:
    low, high = pl.select(
        low=pl.lit(None, dtype=dtype).lower_bound(), high=pl.lit(None, dtype=dtype).upper_bound()
    ).row(0)
    return int(low), int(high)


def _not_in_set(rule: NotInSet, schema: Schema) -> pl.Expr:
    return _in_set(rule, schema).not_()


def _in_range(rule: InRange, schema: Schema) -> pl.Expr:
    value, dtype = _value(rule, schema)
    number = not isinstance(rule.min if rule.min is not None else rule.max, str)
    if number and rule.column in schema.untyped:
        parsed = _between(rule, value.cast(pl.Float64, strict=False), pl.Float64())
        return pl.when(value.is_not_null()).then(parsed.fill_null(value=False))
    if dtype.is_integer():
        return _between_integers(rule, value, dtype)
    return _between(rule, value, dtype)


def _between(rule: InRange, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    tests: list[pl.Expr] = []
    if rule.min is not None:
        low = literal(rule.min, dtype)
        tests.append(value >= low if rule.closed_low else value > low)
        if dtype.is_float():
            tests.append(value.is_not_nan())
    if rule.max is not None:
        high = literal(rule.max, dtype)
        tests.append(value <= high if rule.closed_high else value < high)
    return reduce(and_, tests)


def _between_integers(rule: InRange, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Bounds as integers of the column's own type, so that nothing is rounded beyond 2**53."""
    lowest, highest = _ends(dtype)
    low, high = _lowest(rule), _highest(rule)
    if (low is not None and low > highest) or (high is not None and high < lowest):
        return pl.when(value.is_not_null()).then(pl.lit(value=False))
    tests: list[pl.Expr] = [pl.when(value.is_not_null()).then(pl.lit(value=True))]
    if low is not None and low > lowest:
        tests.append(value >= pl.lit(low, dtype=dtype))
    if high is not None and high < highest:
        tests.append(value <= pl.lit(high, dtype=dtype))
    return reduce(and_, tests[1:] or tests)


def _lowest(rule: InRange) -> int | None:
    if not isinstance(rule.min, int | float):
        return None
    whole = math.ceil(rule.min)
    return whole if rule.closed_low or whole != rule.min else whole + 1


def _highest(rule: InRange) -> int | None:
    if not isinstance(rule.max, int | float):
        return None
    whole = math.floor(rule.max)
    return whole if rule.closed_high or whole != rule.max else whole - 1


_RUST = {"$": r"\z", r"\b": r"(?-u:\b)", r"\B": r"(?-u:\B)"}


def _regex(rule: Regex, schema: Schema) -> pl.Expr:
    value, _ = _value(rule, schema)
    return value.cast(pl.String).str.contains(parse_pattern(rule.pattern).spell(_RUST))


def _length(rule: Length, schema: Schema) -> pl.Expr:
    value, dtype = _value(rule, schema)
    length = (
        value.cast(pl.String).str.len_chars()
        if data_type(dtype).family in TEXT | {Family.NULL}
        else value.list.len()
    )
    tests = []
    if rule.min is not None:
        tests.append(length >= rule.min)
    if rule.max is not None:
        tests.append(length <= rule.max)
    return reduce(and_, tests)


_SQL = {Operator.EQUAL: "=", Operator.NOT_EQUAL: "<>"}


def _compare(rule: Compare, schema: Schema) -> pl.Expr:
    function = _SQL.get(rule.operator, rule.operator.value)
    return schema.compile(Call(function, (Name(rule.column), Name(rule.other))))


def _expression(rule: Expression, schema: Schema) -> pl.Expr:
    return schema.sql(rule.expression)


_CONDITIONS: Mapping[type[Rule], Callable[..., pl.Expr]] = {
    NotNull: _not_null,
    InSet: _in_set,
    NotInSet: _not_in_set,
    InRange: _in_range,
    Regex: _regex,
    Length: _length,
    Compare: _compare,
    Expression: _expression,
}
