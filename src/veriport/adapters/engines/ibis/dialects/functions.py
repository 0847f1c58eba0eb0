"""Functions that databases have and Ibis does not offer as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

import ibis
import ibis.expr.datatypes as dt
from ibis.expr import types as ir

Function = Callable[..., ir.Value]


def _function(name: str, takes: tuple[dt.DataType, ...], gives: dt.DataType) -> Function:
    made: Any = ibis.udf.scalar.builtin(_STANDING_FOR[len(takes)], name=name, signature=(takes, gives))
    return cast("Function", made)


#: Ibis reads the number of arguments of a Python function, which is never called.
_STANDING_FOR: Mapping[int, Callable[..., None]] = {
    1: lambda a: None,  # noqa: ARG005
    2: lambda a, b: None,  # noqa: ARG005
    3: lambda a, b, c: None,  # noqa: ARG005
}

_INSTANT = dt.Timestamp("UTC")

#: Of floats, as floats: Ibis makes whole numbers of them, which NaN is not.
floor = _function("floor", (dt.float64,), dt.float64)
ceil = _function("ceil", (dt.float64,), dt.float64)
#: Spaces only, where Ibis strips all white space.
trim = _function("trim", (dt.string,), dt.string)
trim_of = _function("trim", (dt.string, dt.string), dt.string)
rtrim = _function("rtrim", (dt.string, dt.string), dt.string)
replace = _function("replace", (dt.string, dt.string, dt.string), dt.string)

#: Of SQLite, as texts; what is to be changed about a day, even nothing, makes a real one of it.
date_of = _function("date", (dt.string, dt.string), dt.string)
datetime_of = _function("datetime", (dt.string, dt.string), dt.string)
time_of = _function("time", (dt.string, dt.string), dt.string)
#: From 1, without what Ibis writes for places from the end.
part_of = _function("substr", (dt.string, dt.int64, dt.int64), dt.string)

instant_us = _function("epoch_us", (_INSTANT,), dt.int64)  #: DuckDB; null of an infinite one
is_finite_instant = _function("isfinite", (_INSTANT,), dt.boolean)
refused = _function("error", (dt.string,), dt.int64)  #: DuckDB; ends the query
unix_micros = _function("unix_micros", (_INSTANT,), dt.int64)  #: Spark
#: A span of so many days with all of its parts; Spark refuses to tell a part that the type of a span lacks.
spark_days = _function("make_dt_interval", (dt.int64,), dt.Interval("s"))


def span_us(span: ir.Value) -> ir.Value:
    """Microseconds of a span of time, as DuckDB says it."""
    return _of_span("epoch_us", span.type(), ())(span)


def date_part(part: str, span: ir.Value) -> ir.Value:
    """A part of a span of time, as PostgreSQL and Spark say it."""
    return _of_span("date_part", span.type(), (dt.string,))(part, span)


@cache
def _of_span(name: str, span: dt.DataType, before: tuple[dt.DataType, ...]) -> Function:
    return _function(name, (*before, span), dt.float64 if before else dt.int64)


def digits_of(function: str, value: ir.Value) -> ir.Value:
    """The digits that a number has behind its point."""
    return _of_number(function)(value)


@cache
def _of_number(function: str) -> Function:
    return _function(function, (dt.Decimal(None, None),), dt.int64)
