"""Rules of ours as built-in checks of Pandera: of one column against constants, nulls, repeated values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from veriport.adapters.engines.libraries.columns import PlainColumn
from veriport.adapters.engines.libraries.patterns import format_pattern, like, portable
from veriport.adapters.engines.libraries.questions import Broke, Question, Translate, Translations, View
from veriport.adapters.engines.pandera.validating import WANTED, wrongs
from veriport.domain.measurements import NotEvaluated
from veriport.domain.rules.base import Rule
from veriport.domain.rules.rows import Duplicate, RowsComplete, Unique
from veriport.domain.rules.texts import At, Contains, Format, Like
from veriport.domain.rules.times import NotFuture, NotPast
from veriport.domain.rules.values import (
    Bounds,
    InRange,
    InSet,
    Length,
    Match,
    NotInSet,
    NotNull,
    Regex,
)


def _ask(columns: Mapping[str, Mapping[str, Any]], **options: object) -> Callable[[pl.DataFrame], Broke]:
    """A question whose answer is the rows that break any check of a schema over these columns."""
    pandera = WANTED.module("pandera.polars")
    made = {name: pandera.Column(**{"nullable": True, **given}) for name, given in columns.items()}
    schema = pandera.DataFrameSchema(made, **options)

    def ask(frame: pl.DataFrame) -> Broke:
        found: set[int] = set()
        for wrong in wrongs(schema, frame):
            if wrong.rows is None:
                raise ValueError(wrong.reason)
            found.update(wrong.rows)
        return Broke(sorted(found))

    return ask


#: Makes checks by ``pandera.Check``; a text is why there are none.
_Make = Callable[[Any, Any, PlainColumn], list[Any] | str]


def _checks(make: _Make) -> Translate:
    """A rule about one column as checks of it."""

    def translate(rule: Rule, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
        (column,) = columns
        checks = make(WANTED.module("pandera.polars").Check, rule, column)
        if isinstance(checks, str):
            return NotEvaluated(f"pandera has no {checks}")
        return Question(ask=_ask({column.alias: {"checks": checks}}))

    return translate


def _not_null(_: NotNull | RowsComplete, columns: tuple[PlainColumn, ...]) -> Question:
    return Question(ask=_ask({each.alias: {"nullable": False} for each in columns}), view=View.NULLS)


def _unique(_: Unique, columns: tuple[PlainColumn, ...]) -> Question:
    return Question(ask=_repeated(columns))


def _duplicate(_: Duplicate, columns: tuple[PlainColumn, ...]) -> Question:
    return Question(ask=_repeated(columns), view=View.ALL)


def _repeated(columns: tuple[PlainColumn, ...]) -> Callable[[pl.DataFrame], Broke]:
    names = [each.alias for each in columns]
    return _ask({name: {} for name in names}, unique=names)


def _in_set(check: Any, rule: InSet, column: PlainColumn) -> list[Any]:  # noqa: ANN401  # a class of theirs
    return [check.isin(column.constants(rule.values))]


def _not_in_set(check: Any, rule: NotInSet, column: PlainColumn) -> list[Any]:  # noqa: ANN401  # the same
    return [check.notin(column.constants(rule.values))]


def _in_range(check: Any, rule: Bounds, column: PlainColumn) -> list[Any]:  # noqa: ANN401  # the same
    low, high = column.ends(rule)
    least = [] if low is None else [(check.ge if low.closed else check.gt)(low.value)]
    most = [] if high is None else [(check.le if high.closed else check.lt)(high.value)]
    return least + most


def _regex(check: Any, rule: Regex, _: PlainColumn) -> list[Any] | str:  # noqa: ANN401  # the same
    if rule.match is Match.ANY and len(rule.patterns) > 1:
        return _searches(check, f"(?:{')|(?:'.join(rule.anchored)})")
    return _searches(check, *rule.anchored)


def _searches(check: Any, *patterns: str) -> list[Any] | str:  # noqa: ANN401  # the same
    spelt = [portable(pattern) for pattern in patterns]
    found = [check.str_contains(each) for each in spelt if each is not None]
    return found if len(found) == len(spelt) else "pattern that means the same to Python and to Polars"


def _like(check: Any, rule: Like, _: PlainColumn) -> list[Any] | str:  # noqa: ANN401  # the same
    return _searches(check, like(rule.pattern))


def _format(check: Any, rule: Format, _: PlainColumn) -> list[Any] | str:  # noqa: ANN401  # the same
    pattern = format_pattern(rule.format)
    return (
        f"format {rule.format}, which takes more than a pattern"
        if pattern is None
        else _searches(check, pattern)
    )


def _contains(check: Any, rule: Contains, _: PlainColumn) -> list[Any]:  # noqa: ANN401  # the same
    match rule.at:
        case At.START:
            return [check.str_startswith(rule.text)]
        case At.END:
            return [check.str_endswith(rule.text)]
        case At.ANYWHERE:
            return [check.str_contains(re.escape(rule.text))]


def _length(check: Any, rule: Length, _: PlainColumn) -> list[Any]:  # noqa: ANN401  # the same
    return [check.str_length(rule.min, rule.max)]


def _not_future(check: Any, _: NotFuture, column: PlainColumn) -> list[Any]:  # noqa: ANN401  # the same
    return [check.le(column.high(column.present, closed=True).value)]


def _not_past(check: Any, _: NotPast, column: PlainColumn) -> list[Any]:  # noqa: ANN401  # the same
    return [check.ge(column.low(column.present, closed=True).value)]


TRANSLATIONS: Translations = {
    NotNull: _not_null,
    RowsComplete: _not_null,
    Unique: _unique,
    Duplicate: _duplicate,
    InSet: _checks(_in_set),
    NotInSet: _checks(_not_in_set),
    InRange: _checks(_in_range),
    Regex: _checks(_regex),
    Like: _checks(_like),
    Contains: _checks(_contains),
    Length: _checks(_length),
    Format: _checks(_format),
    NotFuture: _checks(_not_future),
    NotPast: _checks(_not_past),
}
