"""Rules of ours as expectations of GX over plain columns without nulls."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from veriport.adapters.engines.great_expectations.validating import NAME, Found, expectation, validated
from veriport.adapters.engines.libraries.columns import End, PlainColumn, alike
from veriport.adapters.engines.libraries.patterns import format_pattern, like, literal, python
from veriport.adapters.engines.libraries.questions import (
    Answer,
    Broke,
    Observed,
    Question,
    Translate,
    Translations,
    View,
)
from veriport.domain.measurements import NotEvaluated
from veriport.domain.rules.aggregates import Aggregate, ModeInSet, Of
from veriport.domain.rules.base import Rule
from veriport.domain.rules.rows import Compare, Operator, PairInSet, RowsComplete, RowUnique, Unique
from veriport.domain.rules.spread import Direction, InterquartileRange, Monotonic, ZScore
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.texts import At, Contains, DatetimeFormat, Format, Like, NotLike
from veriport.domain.rules.times import Freshness, NotFuture, NotPast
from veriport.domain.rules.values import (
    InRange,
    InSet,
    Length,
    Match,
    NotInSet,
    NotNull,
    NotRegex,
    Null,
    Regex,
)

#: From here on not every whole number is a 64-bit float, as which GX takes bounds.
_EXACT = 2**53
#: Of numbers up to this the difference of any two is one of 64 bits.
_HALF = 2**62

Kwargs = dict[str, Any]
_Ask = Callable[[pl.DataFrame], Answer]


def _ask(
    *asked: tuple[str, Kwargs], answer: Callable[[Sequence[Found]], Answer] | None = None
) -> Callable[[pl.DataFrame], Answer]:
    """Ask expectations by name; by default the rows that are unexpected to any of them break the rule."""

    def ask(frame: pl.DataFrame) -> Answer:
        if (why := _not_for_pandas(frame)) is not None:
            return NotEvaluated(why)
        made = []
        for name, kwargs in asked:
            make = expectation(name)
            if make is None:
                return NotEvaluated(f"this version of {NAME} has no {name}")
            made.append(make(**kwargs))
        found = validated(_pandas(frame), made)
        if (trouble := next((each.trouble for each in found if each.trouble), None)) is not None:
            raise ValueError(trouble)
        return (
            Broke(sorted({row for each in found for row in each.rows})) if answer is None else answer(found)
        )

    return ask


def _not_for_pandas(frame: pl.DataFrame) -> str | None:
    """Why pandas would see something else than the values that are there."""
    for series in frame:
        if series.dtype == pl.Float64 and series.is_nan().any():
            return f"{NAME} takes NaN for a null"
        if series.dtype == pl.Int128:
            return f"{NAME} has no whole numbers of 128 bits"
    return None


def _pandas(frame: pl.DataFrame) -> Any:  # noqa: ANN401  # it is not installed where types are checked
    """A pandas frame; only the views of nulls have nulls in them."""
    import pandas as pd  # noqa: PLC0415  # it comes with GX

    return pd.DataFrame({series.name: series.to_numpy() for series in frame})


def _rows(
    name: str, make: Callable[[Any, PlainColumn], Kwargs | str], view: View = View.PRESENT
) -> Translate:
    """A rule about one column as one expectation; a text is why there is none."""

    def translate(rule: Rule, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
        (column,) = columns
        kwargs = make(rule, column)
        if isinstance(kwargs, str):
            return NotEvaluated(f"{NAME} {kwargs}")
        return Question(ask=_ask((name, {"column": column.alias, **kwargs})), view=view)

    return translate


def _nothing(_: Rule, __: PlainColumn) -> Kwargs:
    return {}


def _complete(_: RowsComplete, columns: tuple[PlainColumn, ...]) -> Question:
    asked = (("expect_column_values_to_not_be_null", {"column": each.alias}) for each in columns)
    return Question(ask=_ask(*asked), view=View.NULLS)


def _unique(_: Unique, columns: tuple[PlainColumn, ...]) -> Question:
    if len(columns) == 1:
        return Question(ask=_ask(("expect_column_values_to_be_unique", {"column": columns[0].alias})))
    names = [each.alias for each in columns]
    return Question(ask=_ask(("expect_compound_columns_to_be_unique", {"column_list": names})))


def _in_set(rule: InSet | NotInSet, column: PlainColumn) -> Kwargs:
    return {"value_set": column.constants(rule.values)}


def _in_range(rule: InRange, column: PlainColumn) -> Kwargs | str:
    if not column.is_number:
        return "has no range of texts"
    return _between(*column.ends(rule))


def _between(low: End | None, high: End | None) -> Kwargs | str:
    """The ends of a range; those of floats that are infinite are none."""
    kwargs: Kwargs = {}
    for key, end, none in (("min", low, -math.inf), ("max", high, math.inf)):
        if end is None or (end.closed and end.value == none):
            continue
        if isinstance(end.value, int) and abs(end.value) >= _EXACT:
            return "takes bounds as 64-bit floats, and one is beyond their whole numbers"
        kwargs |= {f"{key}_value": end.value, f"strict_{key}": not end.closed}
    return kwargs or "has no range without ends"


def _present(*, past: bool) -> Callable[[Any, PlainColumn], Kwargs | str]:
    def make(_: Rule, column: PlainColumn) -> Kwargs | str:
        end = (column.high if past else column.low)(column.present, closed=True)
        return _between(None, end) if past else _between(end, None)

    return make


def _regex(rule: Regex, column: PlainColumn) -> Kwargs:
    del column
    match_on = "any" if rule.match is Match.ANY else "all"
    return {"regex_list": [_searched(each) for each in rule.anchored], "match_on": match_on}


def _not_regex(rule: NotRegex, _: PlainColumn) -> Kwargs | str:
    if rule.match is Match.ALL and len(rule.patterns) > 1:
        return "has no way to forbid texts that match all of several patterns"
    return {"regex_list": [_searched(each) for each in rule.anchored]}


def _searched(pattern: str) -> str:
    """A pattern that makes pandas ask Python, which an empty look-ahead does, since RE2 has none."""
    return f"(?=){python(pattern)}"


def _one_regex(rule: Like | NotLike | Format | Contains, _: PlainColumn) -> Kwargs | str:
    match rule:
        case Like() | NotLike():
            return {"regex": _searched(like(rule.pattern))}
        case Format():
            pattern = format_pattern(rule.format)
            more = f"has no format {rule.format}, which takes more than a pattern"
            return more if pattern is None else {"regex": _searched(pattern)}
        case Contains():
            head, tail = {At.START: (r"\A", ""), At.END: ("", r"\z"), At.ANYWHERE: ("", "")}[rule.at]
            return {"regex": _searched(f"{head}{literal(rule.text)}{tail}")}


def _length(rule: Length, _: PlainColumn) -> Kwargs:
    given = {"min_value": rule.min, "max_value": rule.max}
    return {key: value for key, value in given.items() if value is not None}


def _strftime(rule: DatetimeFormat, _: PlainColumn) -> Kwargs:
    return {"strftime_format": rule.format}


def _monotonic(rule: Monotonic, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
    (column,) = columns
    if not column.is_number or column.dtype == pl.UInt64():
        return NotEvaluated(f"{NAME} takes differences of neighbours, which {column.dtype} has none of")
    direction = "increasing" if rule.direction is Direction.INCREASING else "decreasing"
    name, kwargs = (
        f"expect_column_values_to_be_{direction}",
        {"column": column.alias, "strictly": rule.strictly},
    )
    ask = _ask((name, kwargs))

    def within(frame: pl.DataFrame) -> Answer:
        beyond = frame.to_series().abs().max()
        if isinstance(beyond, int | float) and (beyond == math.inf or (beyond > _HALF and column.grid)):
            return NotEvaluated(f"{NAME} takes differences of neighbours, and these have none")
        return ask(frame)

    return Question(ask=within)


def _finite(ask: _Ask) -> _Ask:
    """Of infinities the statistics of pandas are what they happen to be."""

    def within(frame: pl.DataFrame) -> Answer:
        series = frame.to_series()
        if series.dtype == pl.Float64 and not series.is_finite().all():
            return NotEvaluated(f"{NAME} does not leave NaN and infinities out as we do")
        return ask(frame)

    return within


def _varied(ask: _Ask) -> _Ask:
    """Equal values have no outlier, whatever becomes of a deviation of 0."""
    return lambda frame: Broke(()) if frame.to_series().n_unique() == 1 else ask(frame)


def _z_score(rule: ZScore, columns: tuple[PlainColumn, ...]) -> Question:
    """GX wants values below the threshold, which is below the next float."""
    kwargs = {"threshold": math.nextafter(rule.threshold, math.inf), "double_sided": True}
    name = "expect_column_value_z_scores_to_be_less_than"
    return Question(ask=_finite(_varied(_ask((name, {"column": columns[0].alias, **kwargs})))))


def _iqr(rule: InterquartileRange, columns: tuple[PlainColumn, ...]) -> Question:
    kwargs = {"column": columns[0].alias, "method": "iqr", "multiplier": rule.factor}
    return Question(ask=_finite(_varied(_ask(("expect_column_values_to_not_be_outliers", kwargs)))))


def _compare(rule: Compare, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
    common = alike(columns)
    if rule.operator is Operator.NOT_EQUAL or common is None:
        return NotEvaluated(f"{NAME} has no comparison that such columns differ")
    left, right = (each.alias for each in common)
    if rule.operator is Operator.EQUAL:
        asked = ("expect_column_pair_values_to_be_equal", {"column_A": left, "column_B": right})
        return Question(ask=_ask(asked), columns=common)
    if rule.operator in {Operator.LESS, Operator.LESS_OR_EQUAL}:
        left, right = right, left
    or_equal = rule.operator in {Operator.LESS_OR_EQUAL, Operator.GREATER_OR_EQUAL}
    kwargs = {"column_A": left, "column_B": right, "or_equal": or_equal}
    return Question(ask=_ask(("expect_column_pair_values_a_to_be_greater_than_b", kwargs)), columns=common)


def _pair_in_set(rule: PairInSet, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
    floats = {each.dtype.is_float() for each in columns if each.is_number}
    if len(columns) != 2 or len(floats) > 1:  # noqa: PLR2004  # a pair
        return NotEvaluated(f"{NAME} has only pairs, and not of whole numbers beside floats")
    pairs = [
        tuple(part[0] for part in parts)
        for each in rule.values  # noqa: PD011  # a rule is no data frame
        if all(parts := [c.constants((value,)) for c, value in zip(columns, each, strict=True)])
    ]
    kwargs = {"column_A": columns[0].alias, "column_B": columns[1].alias, "value_pairs_set": pairs}
    return Question(ask=_ask(("expect_column_pair_values_to_be_in_set", kwargs)))


def _row_unique(_: RowUnique, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
    common = alike(columns)
    if common is None or len(columns) > 2:  # noqa: PLR2004  # of three, one may be null
        return NotEvaluated(f"{NAME} does not pass over nulls among several columns")
    kwargs = {"column_list": [each.alias for each in common]}
    name = "expect_select_column_values_to_be_unique_within_record"
    return Question(ask=_ask((name, kwargs)), columns=common)


def _observed(found: Sequence[Found]) -> Answer:
    value: Any = found[0].result.get("observed_value")
    return Observed(value.item() if hasattr(value, "item") else value)


def _quantile(found: Sequence[Found]) -> Answer:
    return Observed(found[0].result["observed_value"]["values"][0])


def _nulls(of: Of) -> Callable[[Sequence[Found]], Answer]:
    def count(found: Sequence[Found]) -> Answer:
        nulls = int(found[0].result["unexpected_count"])
        return Observed(nulls if of is Of.NULL_COUNT else nulls / int(found[0].result["element_count"]))

    return count


_AGGREGATES = {
    Of.MIN: "expect_column_min_to_be_between",
    Of.MAX: "expect_column_max_to_be_between",
    Of.SUM: "expect_column_sum_to_be_between",
    Of.MEAN: "expect_column_mean_to_be_between",
    Of.MEDIAN: "expect_column_median_to_be_between",
    Of.STD: "expect_column_stdev_to_be_between",
    Of.QUANTILE: "expect_column_quantile_values_to_be_between",
    Of.DISTINCT_COUNT: "expect_column_unique_value_count_to_be_between",
    Of.DISTINCT_RATIO: "expect_column_proportion_of_unique_values_to_be_between",
}


def _aggregate(rule: Aggregate, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
    """The bounds are judged by us, so that GX is asked for the value alone."""
    (column,) = columns
    if rule.of in {Of.NULL_COUNT, Of.NULL_RATIO}:
        asked = ("expect_column_values_to_not_be_null", {"column": column.alias})
        return Question(ask=_ask(asked, answer=_nulls(rule.of)), view=View.NULLS)
    name = _AGGREGATES.get(rule.of)
    decimals = rule.of not in _OF_UNITS and column.grid is not None and column.grid.per_one != 1
    if name is None or decimals:
        return NotEvaluated(f"{NAME} has no {rule.of.value} of {column.dtype}")
    if rule.of is Of.QUANTILE:
        ranges = {"quantiles": [rule.q], "value_ranges": [[None, None]]}
        kwargs = {"column": column.alias, "quantile_ranges": ranges, "allow_relative_error": "linear"}
        return Question(ask=_finite(_ask((name, kwargs), answer=_quantile)))
    ask = _ask((name, {"column": column.alias}), answer=_observed)
    return Question(ask=_GUARDS.get(rule.of, _as_it_is)(ask))


#: What is a value of the column, or the same in any unit.
_OF_UNITS = {Of.MIN, Of.MAX, Of.SUM, Of.DISTINCT_COUNT, Of.DISTINCT_RATIO}


def _as_it_is(ask: _Ask) -> _Ask:
    return ask


def _summed(ask: _Ask) -> _Ask:
    """A sum of whole numbers that could leave 64 bits would be another number."""

    def within(frame: pl.DataFrame) -> Answer:
        series = frame.to_series()
        greatest = series.cast(pl.Float64).abs().max()
        if series.dtype != pl.Float64 and isinstance(greatest, float) and greatest * len(series) > _HALF:
            return NotEvaluated(f"{NAME} adds up in 64 bits, which these may leave")
        return _finite(ask)(frame)

    return within


def _two(ask: _Ask) -> _Ask:
    """A deviation needs two values."""
    return lambda frame: Observed(None) if frame.height == 1 else _finite(ask)(frame)


_GUARDS = {Of.SUM: _summed, Of.STD: _two, Of.MEAN: _finite}


def _mode(rule: ModeInSet, columns: tuple[PlainColumn, ...]) -> Question:
    (column,) = columns
    listed = column.written(rule.values)

    def least(found: Sequence[Found]) -> Answer:
        frequent = [
            each.item() if hasattr(each, "item") else each for each in found[0].result["observed_value"]
        ]
        found_least = min([each for each in frequent if each not in listed] or frequent)
        return Observed(listed.get(found_least, column.shown(found_least)))

    kwargs = {"column": column.alias, "value_set": list(listed) or [0]}
    return Question(ask=_ask(("expect_column_most_common_value_to_be_in_set", kwargs), answer=least))


def _row_count(_: RowCount, __: tuple[PlainColumn, ...]) -> Question:
    return Question(ask=_ask(("expect_table_row_count_to_be_between", {"min_value": 0}), answer=_observed))


def _freshness(_: Freshness, columns: tuple[PlainColumn, ...]) -> Question:
    (column,) = columns

    def age(found: Sequence[Found]) -> Answer:
        newest = found[0].result["observed_value"]
        return Observed(column.age(int(newest)))

    return Question(ask=_ask(("expect_column_max_to_be_between", {"column": column.alias}), answer=age))


TRANSLATIONS: Translations = {
    NotNull: _rows("expect_column_values_to_not_be_null", _nothing, View.NULLS),
    Null: _rows("expect_column_values_to_be_null", _nothing, View.NULLS),
    RowsComplete: _complete,
    Unique: _unique,
    InSet: _rows("expect_column_values_to_be_in_set", _in_set),
    NotInSet: _rows("expect_column_values_to_not_be_in_set", _in_set),
    InRange: _rows("expect_column_values_to_be_between", _in_range),
    NotFuture: _rows("expect_column_values_to_be_between", _present(past=True)),
    NotPast: _rows("expect_column_values_to_be_between", _present(past=False)),
    Regex: _rows("expect_column_values_to_match_regex_list", _regex),
    NotRegex: _rows("expect_column_values_to_not_match_regex_list", _not_regex),
    Like: _rows("expect_column_values_to_match_regex", _one_regex),
    NotLike: _rows("expect_column_values_to_not_match_regex", _one_regex),
    Format: _rows("expect_column_values_to_match_regex", _one_regex),
    Contains: _rows("expect_column_values_to_match_regex", _one_regex),
    Length: _rows("expect_column_value_lengths_to_be_between", _length),
    DatetimeFormat: _rows("expect_column_values_to_match_strftime_format", _strftime),
    Monotonic: _monotonic,
    ZScore: _z_score,
    InterquartileRange: _iqr,
    Compare: _compare,
    PairInSet: _pair_in_set,
    RowUnique: _row_unique,
    Aggregate: _aggregate,
    ModeInSet: _mode,
    RowCount: _row_count,
    Freshness: _freshness,
}
