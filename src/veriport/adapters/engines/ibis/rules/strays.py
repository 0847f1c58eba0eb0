"""Values that are none of their column: a database that is not strict keeps texts among numbers and times.

It compares and adds them without a word, so that a rule that reads one has no answer. They are counted in the
first query of a rule, once for all rules of a column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

import ibis
import ibis.expr.datatypes as dt
from attrs import frozen
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.asking import Answer, Ask, Asking, T
from veriport.adapters.engines.ibis.dialects.functions import (
    date_of,
    datetime_of,
    part_of,
    replace,
    rtrim,
    time_of,
)
from veriport.adapters.engines.ibis.rules.aggregates import count
from veriport.adapters.engines.ibis.rules.references import opened
from veriport.adapters.engines.ibis.sources import Source
from veriport.adapters.engines.ibis.views import View
from veriport.domain.binding import columns_read
from veriport.domain.expressions import columns_of
from veriport.domain.rules.aggregates import Aggregate, Of
from veriport.domain.rules.base import Rule
from veriport.domain.rules.references import ReferentialIntegrity
from veriport.domain.rules.rows import RowsComplete
from veriport.domain.rules.values import NotNull, Null
from veriport.domain.types import NUMERIC, TEXT, Family
from veriport.ports.errors import DataError


def without_strays(rule: Rule, view: View, source: Source, start: Callable[[], Asking[T]]) -> Asking[T]:
    """What a rule asks for. It raises ``DataError`` where a column that it reads holds what is none of it."""
    asking = start()
    return _counting(rule, view, source, asking) if view.dialect.loose_types else asking


def refuse_strays_of_where(view: View, source: Source, where: str) -> None:
    """Raise ``DataError`` where a column that the condition of a check reads holds what is none of it."""
    if not view.dialect.loose_types:
        return
    found = _of_all_rows(view, columns_of(view.parsed[where]))
    if found:
        counts = view.table.aggregate(**{f"s{place}": each.count for place, each in enumerate(found)})
        (row,) = source.runner.rows(counts)
        for stray, size in zip(found, row, strict=True):
            stray.refuse(int(str(size)))


def _of_all_rows(view: View, names: Iterable[str], of: str = "") -> list[_Strays]:
    """Those of columns in all rows; ``of`` tells where they are, if not in the table that is checked."""
    found = ((name, _stray(view, name)) for name in names)
    return [
        _Strays(f"{name!r}{of}", stray[0], view.table.count(where=stray[1]))
        for name, stray in found
        if stray is not None
    ]


def _counting(rule: Rule, view: View, source: Source, asking: Asking[T]) -> Asking[T]:
    """Ask for the strays of its columns with what a rule asks for first."""
    first, result = _after(asking)
    here, there = _here(rule, view), _there(rule, view, source)
    if first is not None or here or there:
        asked = first or Ask()
        folds = {f"strays {place}": each.count for place, each in enumerate(here)}
        tables = tuple(each.count.as_table() for each in there)
        answer = yield Ask({**asked.folds, **folds}, (*asked.tables, *tables))
        for stray, name in zip(here, folds, strict=True):
            stray.refuse(answer.count(name))
        for stray, rows in zip(there, answer.tables[len(asked.tables) :], strict=True):
            stray.refuse(int(str(rows[0][0])))
    while first is not None:
        first, result = _after(asking, answer)
        if first is not None:
            answer = yield first
    return cast("T", result)


def _after(asking: Asking[T], answer: Answer | None = None) -> tuple[Ask | None, T | None]:
    """What is asked for next, or else what it comes to."""
    try:
        return (next(asking) if answer is None else asking.send(answer)), None
    except StopIteration as done:
        return None, done.value


@frozen
class _Strays:
    """Values of a column that are none: how many there are, as the database counts them."""

    column: str
    kind: str
    count: ir.Scalar

    def refuse(self, size: int) -> None:
        """Raise where there are any. None is quoted: the column may be masked."""
        if size:
            values = "1 value that is" if size == 1 else f"{size:,} values that are"
            raise DataError(f"column {self.column} holds {values} no {self.kind}")


def _here(rule: Rule, view: View) -> list[_Strays]:
    """Those of this table: in the rows of the rule; for its condition, in all rows."""
    condition = () if rule.where is None else columns_of(view.parsed[rule.where])
    found = []
    for name in dict.fromkeys([*condition, *_values_read(rule, view)]):
        if (stray := _stray(view, name)) is not None:
            kind, test = stray
            counted = view.table.count(where=test) if name in condition else count(view, rule, test)
            found.append(_Strays(repr(name), kind, counted))
    return found


def _values_read(rule: Rule, view: View) -> tuple[str, ...]:
    """The columns whose values a rule reads, not only whether there are any."""
    counts_nulls = isinstance(rule, Aggregate) and rule.of in {Of.NULL_COUNT, Of.NULL_RATIO}
    if counts_nulls or isinstance(rule, NotNull | Null | RowsComplete):
        return ()
    return columns_read(rule, view.parsed)


def _there(rule: Rule, view: View, source: Source) -> list[_Strays]:
    """Those of the columns that a rule refers to."""
    if not isinstance(rule, ReferentialIntegrity):
        return []
    return _of_all_rows(opened(rule.other, source, view), rule.refers_to, f" of {rule.other.label}")


# ---- what is none of a column


def _stray(view: View, name: str) -> tuple[str, ir.BooleanValue] | None:
    """What a column should hold, and whether a value is none; ``None`` for a column that holds anything."""
    raw, family = view.raw(name), view.fields[name].column.dtype.family
    kind = raw.typeof()
    if family in NUMERIC:
        return "number", kind.isin(["text", "blob"])
    if family in TEXT:
        return "text", kind == "blob"
    if family is Family.BOOLEAN:
        return "truth value, 0 or 1", ~kind.isin(["integer", "null"]) | ~raw.cast(dt.int64).isin([0, 1])
    if family not in _TIMES:
        return None
    written, is_one = _TIMES[family]
    return f"{family.value} written as {written}", ~is_one(raw.cast(dt.string))


def _is_day(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text is a real day as Python has them, from the year 1."""
    return (text >= "0001") & _is_read(date_of, text, text)


def _is_moment(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text is a day, perhaps with a time of day; a zone is none of it."""
    return (text >= "0001") & _is_timed(text, datetime_of, "0000-00-00 00:00:00", (10, 16, 19))


def _is_time(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text is a time of day, perhaps without seconds."""
    return _is_timed(text, time_of, "00:00:00", (5, 8))


def _is_read(read: Callable[..., ir.Value], text: ir.StringValue, written: ir.Value) -> ir.BooleanValue:
    """Whether SQLite writes what it reads as it stands there; it reads nothing of what it takes for none."""
    return ibis.coalesce(read(text, "+0 days"), "") == written


def _is_timed(
    text: ir.StringValue, read: Callable[..., ir.Value], zeros: str, lengths: Sequence[int]
) -> ir.BooleanValue:
    """Whether a text of one of these lengths, or with a fraction of a second, is read as it is written."""
    size, length = len(zeros), text.length()
    pointed = (length > size + 1) & (part_of(text, size + 1, 1) == ".")
    fraction = pointed & (rtrim(text, "0123456789") == part_of(text, 1, size + 1))
    seconds = part_of(text + part_of(zeros, length + 1, size), 1, size)
    return (length.isin(lengths) | fraction) & _is_read(read, seconds, replace(seconds, "T", " "))


_TIMES: Mapping[Family, tuple[str, Callable[[ir.StringValue], ir.BooleanValue]]] = {
    Family.DATE: ("2024-01-31", _is_day),
    Family.DATETIME: ("2024-01-31 12:00:00", _is_moment),
    Family.TIME: ("12:00:00", _is_time),
}
