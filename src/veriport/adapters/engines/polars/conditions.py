"""Each rule about rows as one Polars expression: TRUE passes, FALSE breaks it, null is not checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, reduce
from itertools import combinations
from operator import add, and_, or_

import polars as pl
from attrs import frozen

from veriport.adapters.engines.polars.expressions import Compiler
from veriport.adapters.engines.polars.patterns import like, rust
from veriport.adapters.engines.polars.types import data_type
from veriport.adapters.engines.polars.values import literal
from veriport.domain.expressions import Call, Expr, Name
from veriport.domain.formats import FORMATS
from veriport.domain.rules.base import ColumnRule, Rule
from veriport.domain.rules.rows import (
    Compare,
    Expression,
    Operator,
    PairInSet,
    RowsComplete,
    RowSum,
    RowUnique,
)
from veriport.domain.rules.scalars import Scalar
from veriport.domain.rules.spread import InterquartileRange, ZScore
from veriport.domain.rules.texts import (
    At,
    Contains,
    DatetimeFormat,
    Format,
    JsonSchema,
    Like,
    NotLike,
)
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
from veriport.domain.types import TEXT, Family
from veriport.ports.errors import MissingExtra


@frozen
class Schema:
    """What a condition may ask about the table: its types, its SQL, and the time."""

    types: pl.Schema
    untyped: frozenset[str]
    parsed: Mapping[str, Expr]
    now: datetime

    @property
    def compile(self) -> Compiler:
        """A compiler over these columns."""
        return Compiler(self.types)

    def sql(self, text: str) -> pl.Expr:
        """The condition of a SQL text."""
        return self.compile(self.parsed[text])

    def where(self, rule: Rule) -> pl.Expr:
        """TRUE for the rows that a rule looks at."""
        return pl.lit(value=True) if rule.where is None else self.sql(rule.where)

    def value(self, rule: ColumnRule) -> tuple[pl.Expr, pl.DataType]:
        """The column of a rule and its type; categories as their texts."""
        dtype = self.types[rule.column]
        if data_type(dtype).family is Family.CATEGORICAL:
            return pl.col(rule.column).cast(pl.String), pl.String()
        return pl.col(rule.column), dtype


def condition(rule: Rule, schema: Schema) -> pl.Expr | None:
    """The expression of a rule, or ``None`` for a rule that no expression over one row can say."""
    make = _CONDITIONS.get(type(rule))
    return None if make is None else make(rule, schema)


def _not_null(rule: NotNull, _: Schema) -> pl.Expr:
    return pl.col(rule.column).is_not_null()


def _null(rule: Null, _: Schema) -> pl.Expr:
    return pl.col(rule.column).is_null()


def _rows_complete(rule: RowsComplete, _: Schema) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).is_not_null() for name in rule.columns)


def _in_set(rule: InSet | NotInSet, schema: Schema) -> pl.Expr:
    value, dtype = schema.value(rule)
    if rule.column in schema.untyped and not isinstance(rule.values[0], str):
        found = _as_number(value).is_in(
            [float(item) for item in rule.values if isinstance(item, int | float)]
        )
        return pl.when(value.is_not_null()).then(found.fill_null(value=False))
    return value.is_in(members(rule.values, dtype))


def members(values: Iterable[Scalar], dtype: pl.DataType) -> pl.Series:
    """The values as a series of a column's type; what such a column cannot hold is left out."""
    possible = _possible(tuple(values), dtype)
    kind = _PLAIN.get(data_type(dtype).family)
    if not possible or (kind is not None and all(isinstance(item, kind) for item in possible)):
        return pl.Series([possible], dtype=pl.List(dtype))
    exact = [literal(item, dtype).cast(dtype) for item in possible]
    return pl.select(pl.concat_list(exact)).to_series()


#: Python's values of these families are those of Polars, so that ten thousand of them cost nothing.
_PLAIN: Mapping[Family, type] = {Family.STRING: str, Family.INTEGER: int, Family.FLOAT: float}


def _possible(values: tuple[Scalar, ...], dtype: pl.DataType) -> list[Scalar]:
    """No 0.5 and no 2**70 among integers."""
    if not dtype.is_integer():
        return list(values)
    low, high = _ends(dtype)
    return [int(v) for v in values if isinstance(v, int | float) and v == int(v) and low <= v <= high]


@cache
def _ends(dtype: pl.DataType) -> tuple[int, int]:
    null = pl.lit(None, dtype=dtype)
    low, high = pl.select(low=null.lower_bound(), high=null.upper_bound()).row(0)
    return int(low), int(high)


def _not_in_set(rule: NotInSet, schema: Schema) -> pl.Expr:
    return _in_set(rule, schema).not_()


def _as_number(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.Float64, strict=False)


def _ranged(rule: InRange | NotInRange, schema: Schema) -> tuple[pl.Expr, pl.Expr | None]:
    """Whether the value lies in the range, and whether a text of a source without types is a number."""
    value, dtype = schema.value(rule)
    if rule.column in schema.untyped and not isinstance(rule.ends[0], str):
        number = _as_number(value)
        return between(rule, number, pl.Float64()), pl.when(value.is_not_null()).then(number.is_not_null())
    return between(rule, value, dtype), None


def _in_range(rule: InRange, schema: Schema) -> pl.Expr:
    inside, is_number = _ranged(rule, schema)
    if is_number is None:
        return inside
    return pl.when(is_number.is_not_null()).then(is_number & inside.fill_null(value=False))


def _not_in_range(rule: NotInRange, schema: Schema) -> pl.Expr:
    inside, is_number = _ranged(rule, schema)
    return inside.not_() if is_number is None else is_number & inside.fill_null(value=False).not_()


def between(rule: Bounds, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Whether a value lies between the ends of a rule; NaN, to Polars above every number, does not."""
    if dtype.is_integer():
        return _between_integers(rule, value, dtype)
    tests: list[pl.Expr] = [value.is_not_nan()] if dtype.is_float() and rule.max is None else []
    if rule.min is not None:
        low = literal(rule.min, dtype)
        tests.append(value >= low if rule.closed_low else value > low)
    if rule.max is not None:
        high = literal(rule.max, dtype)
        tests.append(value <= high if rule.closed_high else value < high)
    return reduce(and_, tests)


def _between_integers(rule: Bounds, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Bounds as integers of the column's own type, so that nothing is rounded beyond 2**53."""
    lowest, highest = _ends(dtype)
    low, high = _lowest(rule), _highest(rule)
    if (low is not None and low > highest) or (high is not None and high < lowest):
        return pl.when(value.is_not_null()).then(pl.lit(value=False))
    everything = pl.when(value.is_not_null()).then(pl.lit(value=True))
    tests: list[pl.Expr] = []
    if low is not None and low > lowest:
        tests.append(value >= pl.lit(low, dtype=dtype))
    if high is not None and high < highest:
        tests.append(value <= pl.lit(high, dtype=dtype))
    return reduce(and_, tests) if tests else everything


def _lowest(rule: Bounds) -> int | None:
    if not isinstance(rule.min, int | float):
        return None
    whole = math.ceil(rule.min)
    return whole if rule.closed_low or whole != rule.min else whole + 1


def _highest(rule: Bounds) -> int | None:
    if not isinstance(rule.max, int | float):
        return None
    whole = math.floor(rule.max)
    return whole if rule.closed_high or whole != rule.max else whole - 1


def _text(rule: ColumnRule, schema: Schema) -> pl.Expr:
    return schema.value(rule)[0].cast(pl.String)


def _regex(rule: Regex | NotRegex, schema: Schema) -> pl.Expr:
    value = _text(rule, schema)
    matched = [value.str.contains(rust(pattern)) for pattern in rule.anchored]
    return reduce(or_ if rule.match is Match.ANY else and_, matched)


def _not_regex(rule: NotRegex, schema: Schema) -> pl.Expr:
    return _regex(rule, schema).not_()


def _like(rule: Like | NotLike, schema: Schema) -> pl.Expr:
    return _text(rule, schema).str.contains(like(rule.pattern))


def _not_like(rule: NotLike, schema: Schema) -> pl.Expr:
    return _like(rule, schema).not_()


def _contains(rule: Contains, schema: Schema) -> pl.Expr:
    text = _text(rule, schema).str
    if rule.at is At.ANYWHERE:
        return text.contains(rule.text, literal=True)
    return text.starts_with(rule.text) if rule.at is At.START else text.ends_with(rule.text)


def _length(rule: Length, schema: Schema) -> pl.Expr:
    value, dtype = schema.value(rule)
    is_text = data_type(dtype).family in TEXT | {Family.NULL}
    length = value.cast(pl.String).str.len_chars() if is_text else value.list.len()
    tests = []
    if rule.min is not None:
        tests.append(length >= rule.min)
    if rule.max is not None:
        tests.append(length <= rule.max)
    return reduce(and_, tests)


def _format(rule: Format, schema: Schema) -> pl.Expr:
    wanted = FORMATS[rule.format]
    text = _text(rule, schema)
    matches = text.str.contains(rust(wanted.pattern))
    if wanted.check is None:
        return matches
    checked = _in_python(pl.when(matches).then(text), wanted.check)
    return pl.when(matches.is_not_null()).then(checked.fill_null(value=False))


def _datetime_format(rule: DatetimeFormat, schema: Schema) -> pl.Expr:
    return _in_python(_text(rule, schema), rule.reader())


def _json_schema(rule: JsonSchema, schema: Schema) -> pl.Expr:
    try:
        from veriport.adapters.engines.polars.json_schema import accepts  # noqa: PLC0415  # an extra
    except ImportError as missing:
        raise MissingExtra("the rule json_schema", "jsonschema") from missing
    return _in_python(_text(rule, schema), accepts(rule.schema))


def _in_python(text: pl.Expr, check: Callable[[str], bool]) -> pl.Expr:
    """What no expression can say, asked once for each distinct text of a batch."""

    def answer(batch: pl.Series) -> pl.Series:
        distinct = batch.drop_nulls().unique()
        answers = pl.Series([check(each) for each in distinct], dtype=pl.Boolean)
        return batch.replace_strict(distinct, answers, default=None, return_dtype=pl.Boolean)

    return text.map_batches(answer, return_dtype=pl.Boolean, is_elementwise=True)


def _present(value: pl.Expr, dtype: pl.DataType, now: datetime, *, past: bool) -> pl.Expr:
    if dtype == pl.Date:
        today = pl.lit(now.astimezone(UTC).date())
        return value >= today if past else value <= today
    naive = now.astimezone(UTC).replace(tzinfo=None)
    moment = literal(now.isoformat() if getattr(dtype, "time_zone", None) else naive.isoformat(), dtype)
    return value >= moment if past else value <= moment


def _not_future(rule: NotFuture, schema: Schema) -> pl.Expr:
    return _present(*schema.value(rule), schema.now, past=False)


def _not_past(rule: NotPast, schema: Schema) -> pl.Expr:
    return _present(*schema.value(rule), schema.now, past=True)


def _numbers(rule: ColumnRule, schema: Schema) -> tuple[pl.Expr, pl.Expr]:
    """The column as floats, and those of its rows that count for a statistic: no null, no NaN."""
    value = pl.col(rule.column).cast(pl.Float64)
    return value, value.filter(schema.where(rule) & value.is_not_nan())


def _z_score(rule: ZScore, schema: Schema) -> pl.Expr:
    value, counted = _numbers(rule, schema)
    near = (value - counted.mean()).abs() <= rule.threshold * counted.std()
    spread = pl.when(value.is_not_null()).then(near.fill_null(value=True))
    return pl.when(value.is_nan()).then(pl.lit(value=False)).otherwise(spread)


def _iqr(rule: InterquartileRange, schema: Schema) -> pl.Expr:
    value, counted = _numbers(rule, schema)
    low, high = counted.quantile(0.25, "linear"), counted.quantile(0.75, "linear")
    reach = rule.factor * (high - low)
    inside = (value >= low - reach) & (value <= high + reach)
    return pl.when(value.is_nan()).then(pl.lit(value=False)).otherwise(inside)


_SQL = {Operator.EQUAL: "=", Operator.NOT_EQUAL: "<>"}


def _compare(rule: Compare, schema: Schema) -> pl.Expr:
    function = _SQL.get(rule.operator, rule.operator.value)
    return schema.compile(Call(function, (Name(rule.column), Name(rule.other))))


def _expression(rule: Expression, schema: Schema) -> pl.Expr:
    return schema.sql(rule.expression)


def _pair_in_set(rule: PairInSet, schema: Schema) -> pl.Expr:
    def equal(name: str, value: Scalar) -> pl.Expr:
        wanted = members([value], schema.types[name])
        return pl.col(name).is_in(wanted)

    whole = pl.all_horizontal(pl.col(name).is_not_null() for name in rule.columns)
    found = pl.any_horizontal(
        pl.all_horizontal(equal(name, value) for name, value in zip(rule.columns, each, strict=True))
        for each in rule.values
    )
    return pl.when(whole).then(found)


def _row_sum(rule: RowSum, schema: Schema) -> pl.Expr:
    whole = all(schema.types[name].is_integer() for name in rule.columns)
    wide = pl.Int128 if whole else pl.Float64
    total = reduce(add, (pl.col(name).cast(wide) for name in rule.columns))
    return between(rule, total, wide())


def _row_unique(rule: RowUnique, schema: Schema) -> pl.Expr:
    columns = {
        name: pl.col(name).cast(pl.String) if data_type(schema.types[name]).family in TEXT else pl.col(name)
        for name in rule.columns
    }
    several = pl.sum_horizontal(pl.col(name).is_not_null().cast(pl.UInt32) for name in rule.columns) > 1
    equal = pl.any_horizontal((a == b).fill_null(value=False) for a, b in combinations(columns.values(), 2))
    return pl.when(several).then(equal.not_())


_CONDITIONS: Mapping[type[Rule], Callable[..., pl.Expr]] = {
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
    Format: _format,
    DatetimeFormat: _datetime_format,
    JsonSchema: _json_schema,
    NotFuture: _not_future,
    NotPast: _not_past,
    ZScore: _z_score,
    InterquartileRange: _iqr,
    Compare: _compare,
    Expression: _expression,
    PairInSet: _pair_in_set,
    RowsComplete: _rows_complete,
    RowSum: _row_sum,
    RowUnique: _row_unique,
}
