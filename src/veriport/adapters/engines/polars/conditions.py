"""Each rule about rows as one Polars expression: TRUE passes, FALSE breaks it, null is not checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from itertools import combinations
from operator import and_, or_

import polars as pl
from attrs import frozen

from veriport.adapters.engines.polars.expressions import Compiler
from veriport.adapters.engines.polars.patterns import like, rust
from veriport.adapters.engines.polars.types import data_type
from veriport.adapters.engines.polars.values import Held, at_least, at_most, column, common, held
from veriport.domain.expressions import Expr
from veriport.domain.formats import FORMATS
from veriport.domain.rules.base import ColumnRule, Rule
from veriport.domain.rules.rows import (
    Compare,
    Expression,
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
        """The condition of a SQL text, row by row also where it reads no column."""
        compiler = self.compile
        made = compiler(self.parsed[text])
        if compiler.dtype(made) == pl.Null:
            made = made.cast(pl.Boolean)
        return made if made.meta.root_names() else pl.when(pl.int_range(pl.len()) >= 0).then(made)

    def where(self, rule: Rule) -> pl.Expr:
        """TRUE for the rows that a rule looks at."""
        return pl.lit(value=True) if rule.where is None else self.sql(rule.where)

    def value(self, rule: ColumnRule) -> tuple[pl.Expr, pl.DataType]:
        """The column of a rule and its type; categories as their texts."""
        return self.typed(rule.column)

    def typed(self, name: str) -> tuple[pl.Expr, pl.DataType]:
        """A column and its type; categories as their texts."""
        dtype = self.types[name]
        if data_type(dtype).family is Family.CATEGORICAL:
            return column(name).cast(pl.String), pl.String()
        return column(name), dtype

    def read_as_numbers(self, name: str, values: Iterable[Scalar]) -> bool:
        """Whether texts of a source without types meet numbers."""
        return name in self.untyped and not any(isinstance(value, str) for value in values)


def condition(rule: Rule, schema: Schema) -> pl.Expr | None:
    """The expression of a rule, or ``None`` for a rule that no expression over one row can say."""
    make = _CONDITIONS.get(type(rule))
    return None if make is None else make(rule, schema)


def _not_null(rule: NotNull, _: Schema) -> pl.Expr:
    return column(rule.column).is_not_null()


def _null(rule: Null, _: Schema) -> pl.Expr:
    return column(rule.column).is_null()


def _rows_complete(rule: RowsComplete, _: Schema) -> pl.Expr:
    return pl.all_horizontal(column(name).is_not_null() for name in rule.columns)


def _in_set(rule: InSet | NotInSet, schema: Schema) -> pl.Expr:
    value, dtype = schema.value(rule)
    if not schema.read_as_numbers(rule.column, rule.values):
        return _among(value, dtype, held(rule.values, dtype))
    number = _as_number(value)
    found = number.is_in(held(_numbers_of(rule.values), pl.Float64()).members)
    return _where_number(value, number, found if isinstance(rule, InSet) else found.not_())


def _among(value: pl.Expr, dtype: pl.DataType, values: Held) -> pl.Expr:
    """A few texts are compared one by one: in half the time of a look-up, unless they are long."""
    if dtype == pl.String and 0 < len(values.written) <= _FEW:
        return reduce(or_, (value == pl.lit(text) for text in values.written))
    return value.is_in(values.members)


_FEW = 8


def _not_in_set(rule: NotInSet, schema: Schema) -> pl.Expr:
    found = _in_set(rule, schema)
    return found if schema.read_as_numbers(rule.column, rule.values) else found.not_()


def _numbers_of(values: Iterable[Scalar]) -> list[Scalar]:
    return [value for value in values if isinstance(value, int | float)]


def _as_number(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.Float64, strict=False)


def _where_number(text: pl.Expr, number: pl.Expr, test: pl.Expr) -> pl.Expr:
    """A test of the number that a text is; what is no number breaks the rule."""
    return pl.when(text.is_not_null()).then(
        pl.when(number.is_not_null()).then(test).otherwise(pl.lit(value=False))
    )


def _ranged(rule: InRange | NotInRange, schema: Schema, *, outside: bool) -> pl.Expr:
    value, dtype = schema.value(rule)
    numbers = schema.read_as_numbers(rule.column, rule.ends)
    seen, dtype = (_as_number(value), pl.Float64()) if numbers else (value, dtype)
    inside = between(rule, seen, dtype)
    test = inside.not_() if outside else inside
    return _where_number(value, seen, test) if numbers else test


def _in_range(rule: InRange, schema: Schema) -> pl.Expr:
    return _ranged(rule, schema, outside=False)


def _not_in_range(rule: NotInRange, schema: Schema) -> pl.Expr:
    return _ranged(rule, schema, outside=True)


def between(rule: Bounds, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Whether a value lies between the ends of a rule; NaN, to Polars above every number, does not."""
    tests: list[pl.Expr] = [value.is_not_nan()] if dtype.is_float() and rule.max is None else []
    if rule.min is not None:
        tests.append(at_least(value, dtype, rule.min, closed=rule.closed_low))
    if rule.max is not None:
        tests.append(at_most(value, dtype, rule.max, closed=rule.closed_high))
    return reduce(and_, tests)


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
    text = _text(rule, schema)
    if rule.at is not At.ANYWHERE:
        return text.str.starts_with(rule.text) if rule.at is At.START else text.str.ends_with(rule.text)
    if len(rule.text) > _LONGEST_PART:
        return _in_python(text, lambda each: rule.text in each)
    return text.str.contains(rule.text, literal=True)


#: Polars makes an automaton of the text that it looks for; for 100,000 characters that takes minutes.
_LONGEST_PART = 1000


def _length(rule: Length, schema: Schema) -> pl.Expr:
    value, dtype = schema.value(rule)
    if data_type(dtype).family in TEXT | {Family.NULL}:
        length = value.cast(pl.String).str.len_chars()
    else:
        length = value.arr.len() if isinstance(dtype, pl.Array) else value.list.len()
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
        from veriport.adapters.engines.json_schemas import accepts  # noqa: PLC0415  # an extra
    except ImportError as missing:
        raise MissingExtra("the rule json_schema", "jsonschema") from missing
    return _in_python(_text(rule, schema), accepts(rule.schema))


def _in_python(text: pl.Expr, check: Callable[[str], bool]) -> pl.Expr:
    """What no expression can say, asked once for each distinct text of a batch."""

    def answer(batch: pl.Series) -> pl.Series:
        distinct = batch.drop_nulls().unique()
        answers = pl.Series([check(each) for each in distinct], dtype=pl.Boolean)
        return batch.replace_strict(distinct, answers, default=None, return_dtype=pl.Boolean)

    named = text.alias("text")  # a name like ^x.*$ is a pattern to methods of series
    return named.map_batches(answer, return_dtype=pl.Boolean, is_elementwise=True)


def _present(dtype: pl.DataType, now: datetime) -> str:
    """The moment of the check as a bound of a column: a day is compared with today in UTC."""
    utc = now.astimezone(UTC)
    if dtype == pl.Date:
        return utc.date().isoformat()
    return (utc if getattr(dtype, "time_zone", None) else utc.replace(tzinfo=None)).isoformat()


def _not_future(rule: NotFuture, schema: Schema) -> pl.Expr:
    value, dtype = schema.value(rule)
    return at_most(value, dtype, _present(dtype, schema.now), closed=True)


def _not_past(rule: NotPast, schema: Schema) -> pl.Expr:
    value, dtype = schema.value(rule)
    return at_least(value, dtype, _present(dtype, schema.now), closed=True)


def _numbers(rule: ColumnRule, schema: Schema) -> tuple[pl.Expr, pl.Expr]:
    """The column as floats, and those of its rows that count for a statistic: only finite ones."""
    value = column(rule.column).cast(pl.Float64)
    return value, value.filter(schema.where(rule) & value.is_finite())


def _z_score(rule: ZScore, schema: Schema) -> pl.Expr:
    """Equal values get no deviation from a mean that was rounded, and a single value has none."""
    value, counted = _numbers(rule, schema)
    near = (value - counted.mean()).abs() <= rule.threshold * counted.std()
    return value.is_finite() & (near.fill_null(value=True) | (counted.min() == counted.max()))


def _iqr(rule: InterquartileRange, schema: Schema) -> pl.Expr:
    value, counted = _numbers(rule, schema)
    low, high = counted.quantile(0.25, "linear"), counted.quantile(0.75, "linear")
    reach = rule.factor * (high - low)
    return value.is_finite() & (value >= low - reach) & (value <= high + reach)


def _compare(rule: Compare, schema: Schema) -> pl.Expr:
    return schema.compile(rule.tree)


def _expression(rule: Expression, schema: Schema) -> pl.Expr:
    return schema.sql(rule.expression)


def _pair_in_set(rule: PairInSet, schema: Schema) -> pl.Expr:
    columns = [_listed(rule, index, schema) for index in range(len(rule.columns))]
    whole = pl.all_horizontal(column(name).is_not_null() for name in rule.columns)
    known = [{value: place for place, value in enumerate(values.written)} for _, values in columns]
    held_whole = [
        [places[value] for places, value in zip(known, each, strict=True)]
        for each in rule.values
        if all(value in places for places, value in zip(known, each, strict=True))
    ]
    listed = pl.DataFrame(
        [
            values.values.gather([each[index] for each in held_whole]).alias(str(index))
            for index, (_, values) in enumerate(columns)
        ]
    )
    row = pl.struct(value.alias(str(index)) for index, (value, _) in enumerate(columns))
    return pl.when(whole).then(row.is_in(listed.to_struct().implode()))


def _listed(rule: PairInSet, index: int, schema: Schema) -> tuple[pl.Expr, Held]:
    """A column of the pairs, and those of its listed values that it can hold."""
    name, values = rule.columns[index], [each[index] for each in rule.values]
    value, dtype = schema.typed(name)
    if schema.read_as_numbers(name, values):
        return _as_number(value), held(_numbers_of(values), pl.Float64())
    return value, held(values, dtype)


def _row_sum(rule: RowSum, schema: Schema) -> pl.Expr:
    """Exactly for whole numbers and decimals, which get all the digits that there are."""
    dtypes = [schema.types[name] for name in rule.columns]
    wide = common(*dtypes, pl.Int64()) or pl.Float64()
    wide = pl.Int128() if wide.is_integer() else wide
    return between(rule, _total([column(name).cast(wide) for name in rule.columns]), wide)


def _total(terms: Sequence[pl.Expr]) -> pl.Expr:
    """Half and half, so that the sum of ten thousand columns is no expression of that depth."""
    if len(terms) == 1:
        return terms[0]
    half = (len(terms) + 1) // 2
    return _total(terms[:half]) + _total(terms[half:])


def _row_unique(rule: RowUnique, schema: Schema) -> pl.Expr:
    columns = [schema.typed(name) for name in rule.columns]
    alike = common(*(dtype for _, dtype in columns))
    values = [value if alike is None else value.cast(alike) for value, _ in columns]
    several = pl.sum_horizontal(value.is_not_null().cast(pl.UInt32) for value in values) > 1
    if len(values) > _COMPARED_IN_PAIRS:
        present = pl.concat_list(values).list.drop_nulls()
        return pl.when(several).then(present.list.n_unique() == present.list.len())
    equal = pl.any_horizontal((a == b).fill_null(value=False) for a, b in combinations(values, 2))
    return pl.when(several).then(equal.not_())


_COMPARED_IN_PAIRS = 6  #: columns; of more than that there are too many pairs


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
