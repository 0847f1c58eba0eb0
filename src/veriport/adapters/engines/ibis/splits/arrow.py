"""Rows of a query as batches of Arrow, in the types in which files keep them.

Some values travel in another type than their column has: spans of time as microseconds, times of SQLite as
texts. What Arrow has no type for (a UUID, JSON, an address, months) is kept as the text that the database
makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property

import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen
from ibis.expr import types as ir
from ibis.formats.pyarrow import PyArrowType

from veriport.adapters.engines.ibis.asking import Answer
from veriport.adapters.engines.ibis.databases.errors import first_line
from veriport.adapters.engines.ibis.dialects.functions import date_part, digits_of
from veriport.adapters.engines.ibis.sources import Field, RefusedQuery
from veriport.adapters.engines.ibis.types import unit_of
from veriport.adapters.engines.ibis.views import View
from veriport.domain.types import TEXT, Family

ROWS = 10_000
_TEXT = pa.large_string()
_MOST_DIGITS = 38  #: of a decimal in a file; a number that has more is refused when it comes
_SCALE = 9  #: where nobody knows it

#: What SQLite has no types for, by what it keeps instead.
_KEPT_AS: Mapping[Family, pa.DataType] = {
    Family.BOOLEAN: pa.int64(), Family.DATE: _TEXT, Family.DATETIME: _TEXT, Family.TIME: _TEXT,
}  # fmt: skip


@frozen
class Kept:
    """A column of a file: what a query selects for it, the type in which that comes, and that of the file."""

    name: str
    expr: ir.Value
    comes: pa.DataType
    dtype: pa.DataType


def loose(fields: Sequence[Field], view: View) -> dict[str, ir.Scalar]:
    """What is to be known of columns whose type does not tell it, by their names.

    Of numbers how many digits they have behind the point, of spans of time whether one has months.
    """
    asked = {}
    for each in fields:
        name, family = each.column.name, each.column.dtype.family
        if isinstance(each.dtype, dt.Decimal) and each.dtype.scale is None and view.dialect.digits:
            asked[name] = digits_of(view.dialect.digits, view.raw(name)).max()
        if family is Family.DURATION and view.dialect.months:
            parts = (date_part(part, view.raw(name)) != 0 for part in ("year", "month"))
            asked[name] = view.table.count(where=ibis.or_(*parts))
    return asked


def kept(field: Field, view: View, answer: Answer) -> Kept:
    """A column of a table; ``answer`` is that to ``loose``."""
    name, known = field.column.name, field.column.dtype
    told = answer.count(name) if name in answer.folds else None
    if known.family is Family.OTHER or (known.family is Family.DURATION and told):
        return Kept(name, view.raw(name).cast(dt.string), _TEXT, _TEXT)
    expr = view.shown(name)
    if known.family in TEXT:
        return Kept(name, expr, _TEXT, _TEXT)
    dtype = _type(field, told)
    if view.dialect.text_times and known.family in _KEPT_AS:
        return Kept(name, expr, _KEPT_AS[known.family], dtype)
    micros = known.family in {Family.DATETIME, Family.DURATION} and expr.type().is_integer()
    return Kept(name, expr, pa.int64() if micros else dtype, dtype)


def _type(field: Field, digits: int | None) -> pa.DataType:
    """The type of a column in a file."""
    match field.dtype:
        case dt.Decimal(precision=precision, scale=scale):
            behind = scale if scale is not None else _SCALE if digits is None else digits
            return pa.decimal128(min(precision or _MOST_DIGITS, _MOST_DIGITS), min(behind, _MOST_DIGITS))
        case dt.Timestamp() as stamp:
            unit = unit_of(stamp)
            return pa.timestamp("ms" if unit == "s" else unit, stamp.timezone)
        case dt.Time():
            return pa.time64("us")
        case dt.Interval():
            return pa.duration("us")
        case dt.Binary():
            return pa.large_binary()
        case other:
            return PyArrowType.from_ibis(other)


@frozen
class Shape:
    """The columns of batches."""

    columns: tuple[Kept, ...]
    rows: int = ROWS  #: in a batch

    @cached_property
    def schema(self) -> pa.Schema:
        """Their names and types in a file."""
        return pa.schema([(each.name, each.dtype) for each in self.columns])

    def of_rows(self, rows: Sequence[Sequence[object]]) -> pa.RecordBatch:
        """Rows as a driver of Python gives them."""
        columns = zip(*rows, strict=True) if rows else ((),) * len(self.columns)
        return self._batch([_array(values, each) for values, each in zip(columns, self.columns, strict=True)])

    def of_arrow(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The same columns in the types that the database chose."""
        return self._batch(batch.columns)

    def _batch(self, arrays: Sequence[pa.Array]) -> pa.RecordBatch:
        made = [_cast(array, each) for array, each in zip(arrays, self.columns, strict=True)]
        return pa.RecordBatch.from_arrays(made, schema=self.schema)


def _array(values: Sequence[object], column: Kept) -> pa.Array:
    """Values of Python, of which Arrow would cut off digits without a word."""
    comes = column.comes
    finest = pa.timestamp("us", comes.tz) if pa.types.is_timestamp(comes) else comes
    if pa.types.is_integer(comes):
        for value in values:
            if isinstance(value, float | Decimal) and value % 1:
                raise _refused(column, ValueError(f"{value} is no whole number"))
    try:
        return pa.array(values, type=finest)
    except (pa.ArrowException, OverflowError) as trouble:
        raise _refused(column, trouble) from trouble


#: Arrow reads no texts as times of day.
_ANY_DAY, _NOTHING = pa.scalar("1970-01-01 ", _TEXT), pa.scalar("", _TEXT)


def _cast(array: pa.Array, column: Kept) -> pa.Array:
    if pa.types.is_date32(array.type) or pa.types.is_timestamp(array.type):
        _refuse_infinity(array, column)
    try:
        if pa.types.is_time(column.dtype) and pa.types.is_large_string(array.type):
            array = pc.binary_join_element_wise(_ANY_DAY, array, _NOTHING).cast(pa.timestamp("us"))
        made = array if array.type == column.dtype else array.cast(column.dtype)
    except pa.ArrowException as trouble:
        raise _refused(column, trouble) from trouble
    if pa.types.is_boolean(made.type) and not made.cast(array.type).equals(array):
        raise _refused(column, ValueError("it holds numbers beside 0 and 1"))
    return made


def _refuse_infinity(times: pa.Array, column: Kept) -> None:
    """DuckDB keeps ``infinity`` as the largest number, and ``-infinity`` as the same below zero."""
    numbers = times.view(pa.int32() if pa.types.is_date32(times.type) else pa.int64())
    most = 2 ** (numbers.type.bit_width - 1) - 1
    if pc.any(pc.is_in(numbers, pa.array([most, -most], numbers.type))).as_py():
        raise _refused(column, ValueError("it holds infinity"))


def _refused(column: Kept, trouble: Exception) -> RefusedQuery:
    return RefusedQuery(f"column {column.name!r} does not fit {column.dtype}: {first_line(trouble)}")
