"""Rules of ours as validators of Truthound over plain columns without nulls."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from inspect import signature
from typing import Any

import polars as pl

from veriport.adapters.engines.libraries.columns import PlainColumn, alike
from veriport.adapters.engines.libraries.patterns import format_pattern, like, literal, portable
from veriport.adapters.engines.libraries.questions import (
    Answer,
    Counted,
    Observed,
    Question,
    Translate,
    Translations,
    View,
)
from veriport.adapters.engines.libraries.versions import Wanted
from veriport.domain.measurements import NotEvaluated
from veriport.domain.rules.base import Rule
from veriport.domain.rules.rows import Compare, Duplicate, RowsComplete, Unique
from veriport.domain.rules.spread import Direction, Monotonic
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.texts import At, Contains, Format, Like
from veriport.domain.rules.times import NotFuture, NotPast
from veriport.domain.rules.values import InRange, InSet, Length, Match, NotInSet, NotNull, Regex
from veriport.ports.errors import MissingExtra

NAME = "truthound"
WANTED = Wanted("truthound", "truthound", (3,), (4,))

Kwargs = dict[str, Any]
_Ask = Callable[[pl.DataFrame], Answer]

#: Of numbers up to this the difference of any two is one of 64 bits.
_HALF = 2**62


#: Where the validators are that rules of ours become; the registry would import all that there are.
_CLASSES: Mapping[str, str] = {
    "not_null": "completeness.null:NotNullValidator",
    "duplicate": "uniqueness.duplicate:DuplicateValidator",
    "in_set": "distribution.set:InSetValidator",
    "not_in_set": "distribution.set:NotInSetValidator",
    "between": "distribution.range:BetweenValidator",
    "increasing": "distribution.monotonic:IncreasingValidator",
    "decreasing": "distribution.monotonic:DecreasingValidator",
    "regex": "string.regex:RegexValidator",
    "length": "string.length:LengthValidator",
    "column_comparison": "multi_column.comparison:ColumnComparisonValidator",
    "table_row_count_exact": "table.row_count:TableRowCountExactValidator",
}


def made(name: str, arguments: Kwargs) -> Any | NotEvaluated:  # noqa: ANN401  # it is not installed everywhere
    """A validator by its name in Truthound, which counts all rows and estimates nothing.

    Raises ``TypeError`` for an argument that it does not take, which Truthound would pass over.
    """
    make = _class(name)
    if make is None:
        return NotEvaluated(f"{NAME} has no {name}")
    known = _taken(make)
    unknown = [] if known is None else sorted(set(arguments) - known)
    if unknown:
        raise TypeError(f"{name} has no parameter {', '.join(map(repr, unknown))}")
    return exact(make(**arguments))


def _class(name: str) -> Any:  # noqa: ANN401  # the same
    if name in _CLASSES:
        module, _, cls = _CLASSES[name].partition(":")
        return getattr(WANTED.module(f"{NAME}.validators.{module}"), cls)
    try:
        return WANTED.module(f"{NAME}.validators.registry").registry.get(name)
    except MissingExtra:
        raise
    except Exception:  # noqa: BLE001  # it has errors of its own for that
        return None


def _taken(make: type[Any]) -> frozenset[str] | None:
    """The arguments of a class of Truthound and of those below it; ``None`` where it is of another make."""
    base = WANTED.module(f"{NAME}.validators.base")
    if not isinstance(make, type) or not issubclass(make, base.Validator):
        return None
    named = (vars(cls)["__init__"] for cls in make.__mro__ if "__init__" in vars(cls) and cls is not object)
    taken = {name for each in named for name in signature(each).parameters}
    return frozenset(taken | {each.name for each in fields(base.ValidatorConfig)} - {"self"})


def exact(validator: Any) -> Any:  # noqa: ANN401  # the same
    """The validator, without the sampling that some have for large tables."""
    if hasattr(validator, "early_termination_min_rows"):
        validator.early_termination_min_rows = sys.maxsize
    return validator


def _ask(name: str, answer: Callable[[Sequence[Any]], Answer], **arguments: object) -> _Ask:
    def ask(frame: pl.DataFrame) -> Answer:
        try:
            validator = made(name, arguments)
        except ValueError as refused:  # a pattern that it takes for dangerous
            return NotEvaluated(f"{NAME}: {refused}".partition("\n")[0])
        return validator if isinstance(validator, NotEvaluated) else answer(validator.validate(frame.lazy()))

    return ask


def _counted(issues: Sequence[Any]) -> Answer:
    return Counted(sum(int(issue.count) for issue in issues))


#: Arguments of a validator; a text is why there are none.
_Make = Callable[[Any, PlainColumn], Kwargs | str]


def _rows(name: str, make: _Make, view: View = View.PRESENT) -> Translate:
    """A rule about one column as one validator."""

    def translate(rule: Rule, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
        (column,) = columns
        arguments = make(rule, column)
        if isinstance(arguments, str):
            return NotEvaluated(f"{NAME} {arguments}")
        ask = _ask(name, _counted, columns=[column.alias], **arguments)
        return Question(ask=ask, view=view)

    return translate


def _nothing(_: Rule, __: PlainColumn) -> Kwargs:
    return {}


def _repeated(_: Unique | Duplicate, columns: tuple[PlainColumn, ...]) -> Question:
    """Its own ``unique`` counts all but one row of a repeated value, ``duplicate`` all of them, as we do."""
    view = View.ALL if isinstance(_, Duplicate) else View.PRESENT
    return Question(ask=_ask("duplicate", _counted, subset=[each.alias for each in columns]), view=view)


def _complete(_: RowsComplete, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
    if len(columns) > 1:
        return NotEvaluated(f"{NAME} counts the nulls of each column, not the rows that have any")
    return Question(ask=_ask("not_null", _counted, columns=[columns[0].alias]), view=View.NULLS)


def _allowed(rule: InSet, column: PlainColumn) -> Kwargs:
    return {"allowed_values": column.constants(rule.values)}


def _forbidden(rule: NotInSet, column: PlainColumn) -> Kwargs:
    return {"forbidden_values": column.constants(rule.values)}


def _in_range(rule: InRange, column: PlainColumn) -> Kwargs | str:
    """Both ends belong to its ranges: an open one is the next float, or unreachable on a grid."""
    if not column.is_number or column.dtype == pl.Int128():
        return f"has no range of {column.dtype}"
    low, high = column.ends(rule)
    kwargs: Kwargs = {}
    for key, end, away in (("min_value", low, math.inf), ("max_value", high, -math.inf)):
        if end is None:
            continue
        if end.closed:
            kwargs[key] = end.value
        elif isinstance(end.value, float):
            kwargs[key] = math.nextafter(end.value, away)
        else:
            return "cannot hold a bound that no value of the column reaches"
    return kwargs


def _present(*, past: bool) -> _Make:
    def make(_: Rule, column: PlainColumn) -> Kwargs | str:
        end = (column.high if past else column.low)(column.present, closed=True)
        return {"max_value" if past else "min_value": end.value}

    return make


def _regex(rule: Regex, _: PlainColumn) -> Kwargs | str:
    if len(rule.patterns) == 1:
        return _searched(rule.anchored[0])
    if rule.match is Match.ALL:
        return "has no way to want all of several patterns"
    return _searched(f"(?:{')|(?:'.join(rule.anchored)})")


def _searched(pattern: str) -> Kwargs | str:
    spelt = portable(pattern)
    if spelt is None:
        return "has no pattern that means the same to Python and to Polars"
    return {"pattern": spelt, "match_full": False, "dotall": False}


def _one_regex(rule: Like | Format | Contains, _: PlainColumn) -> Kwargs | str:
    match rule:
        case Like():
            return _searched(like(rule.pattern))
        case Format():
            pattern = format_pattern(rule.format)
            more = f"has no format {rule.format}, which takes more than a pattern"
            return more if pattern is None else _searched(pattern)
        case Contains():
            head, tail = {At.START: (r"\A", ""), At.END: ("", r"\z"), At.ANYWHERE: ("", "")}[rule.at]
            return _searched(f"{head}{literal(rule.text)}{tail}")


def _matched(make: _Make) -> Translate:
    """A rule that is a pattern. Blank texts Truthound passes over, so that those are matched by Polars."""

    def translate(rule: Rule, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
        (column,) = columns
        arguments = make(rule, column)
        if isinstance(arguments, str):
            return NotEvaluated(f"{NAME} {arguments}")
        ask = _ask("regex", _counted, columns=[column.alias], **arguments)
        text, pattern = pl.col(column.alias), arguments["pattern"]

        def with_blanks(frame: pl.DataFrame) -> Answer:
            blank = frame.filter(text.str.strip_chars() == "")
            answer = ask(frame)
            failed = blank.select((~text.str.contains(pattern)).sum()).item()
            return Counted(answer.failed + failed) if isinstance(answer, Counted) else answer

        return Question(ask=with_blanks)

    return translate


def _length(rule: Length, _: PlainColumn) -> Kwargs:
    return {"min_length": rule.min, "max_length": rule.max}


def _monotonic(rule: Monotonic, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
    (column,) = columns
    if rule.strictly:
        return NotEvaluated(f"{NAME} counts one row too few of a strict order")
    if not column.is_number or column.dtype in {pl.UInt64(), pl.Int128()}:
        return NotEvaluated(f"{NAME} takes differences of neighbours, which {column.dtype} has none of")
    name = "increasing" if rule.direction is Direction.INCREASING else "decreasing"
    ask = _ask(name, _counted, columns=[column.alias], strict=False)

    def within(frame: pl.DataFrame) -> Answer:
        series = frame.to_series()
        floats = series.dtype == pl.Float64
        lost = not series.is_finite().all() if floats else (series.abs().max() or 0) > _HALF  # type: ignore[operator]  # numbers
        return (
            NotEvaluated(f"{NAME} takes differences of neighbours, and these have none")
            if lost
            else ask(frame)
        )

    return Question(ask=within)


def _compare(rule: Compare, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
    common = alike(columns)
    if common is None:
        return NotEvaluated(f"{NAME} has no comparison of such columns")
    ask = _ask(
        "column_comparison", _counted, columns=[each.alias for each in common], operator=rule.operator.value
    )

    def without_nan(frame: pl.DataFrame) -> Answer:
        if any(series.dtype == pl.Float64 and series.is_nan().any() for series in frame):
            return NotEvaluated(f"{NAME} takes NaN for the greatest number")
        return ask(frame)

    return Question(ask=without_nan, columns=common)


def _row_count(_: RowCount, __: tuple[PlainColumn, ...]) -> Question:
    """It tells the number of rows when that is wrong, as -1 always is."""

    def rows(issues: Sequence[Any]) -> Answer:
        return Observed(int(issues[0].count))

    return Question(ask=_ask("table_row_count_exact", rows, expected_rows=-1))


TRANSLATIONS: Translations = {
    NotNull: _rows("not_null", _nothing, View.NULLS),
    RowsComplete: _complete,
    Unique: _repeated,
    Duplicate: _repeated,
    InSet: _rows("in_set", _allowed),
    NotInSet: _rows("not_in_set", _forbidden),
    InRange: _rows("between", _in_range),
    NotFuture: _rows("between", _present(past=True)),
    NotPast: _rows("between", _present(past=False)),
    Regex: _matched(_regex),
    Like: _matched(_one_regex),
    Format: _matched(_one_regex),
    Contains: _matched(_one_regex),
    Length: _rows("length", _length),
    Monotonic: _monotonic,
    Compare: _compare,
    RowCount: _row_count,
}
