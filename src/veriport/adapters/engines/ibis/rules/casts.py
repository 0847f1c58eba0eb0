"""CAST: texts that are numbers or times are read by their form, so that nothing else can be taken for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.dialects import Dialect
from veriport.adapters.engines.ibis.dialects.functions import ceil, floor
from veriport.adapters.engines.ibis.rules.values import Value
from veriport.domain.errors import InvalidRule
from veriport.domain.types import NUMERIC, TEXT, DataType, Family

#: As the parser's dialect writes numbers; an exponent of three digits is more than floats reach.
_NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?$"
_WHOLE = r"^[+-]?[0-9]{1,18}$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_MOMENT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?)?$"
)


def equal(left: ir.Value, right: ir.Value) -> ir.BooleanValue:
    """SQL's equality; Ibis itself reads ``= NULL`` as ``IS NULL``."""
    return ops.Equals(left, right).to_expr()


def ends_with(text: ir.StringValue, end: ir.StringValue) -> ir.BooleanValue:
    """Whether a text has another one, perhaps an empty one, at its end."""
    start = text.length() - end.length()
    ends = equal(text.substr((start > 0).ifelse(start, 0), end.length()), end)
    return (start >= 0).ifelse(ends, start > start)  # noqa: PLR0124  # FALSE, or null


def midnight(day: ir.Value, dialect: Dialect) -> ir.Value:
    """A day as a time without a zone."""
    return day + " 00:00:00" if dialect.text_times else day.cast(dt.timestamp)


def _integer(value: Value, dialect: Dialect) -> Value:
    return Value(_to_integer(value, dialect), DataType(Family.INTEGER, "int64"), dt.int64)


def _to_integer(value: Value, dialect: Dialect) -> ir.Value:
    match value.family:
        case Family.INTEGER:
            return value.expr
        case Family.BOOLEAN:
            return _one_or_zero(value.expr)
        case Family.NULL:
            return ibis.null(dt.int64)
        case family if family in NUMERIC:
            return _cut(value.expr.cast(dt.float64))
        case family if family in TEXT:
            plain = dialect.matches(value.expr, _WHOLE).ifelse(value.expr, ibis.null(dt.string))
            other = dialect.matches(value.expr, _NUMBER).ifelse(value.expr, ibis.null(dt.string))
            return ibis.coalesce(plain.cast(dt.int64), _cut(other.cast(dt.float64)))
    raise InvalidRule(f"{value.type.name} is no number")


def _one_or_zero(truth: ir.Value) -> ir.Value:
    return truth.ifelse(1, (~truth).ifelse(0, ibis.null(dt.int64))).cast(dt.int64)


def _cut(number: ir.Value) -> ir.Value:
    """Towards zero; nothing for what 64 bits do not hold, NaN too."""
    fits = (number >= -(2.0**63)) & (number < 2.0**63)
    held = fits.ifelse(number, ibis.null(dt.float64))
    return (held < 0).ifelse(ceil(held), floor(held)).cast(dt.int64)


def _double(value: Value, dialect: Dialect) -> Value:
    return Value(_to_double(value, dialect), DataType(Family.FLOAT, "float64"), dt.float64)


def _to_double(value: Value, dialect: Dialect) -> ir.Value:
    match value.family:
        case Family.BOOLEAN:
            return _one_or_zero(value.expr).cast(dt.float64)
        case Family.NULL:
            return ibis.null(dt.float64)
        case family if family in NUMERIC:
            return value.expr.cast(dt.float64)
        case family if family in TEXT:
            return (
                dialect.matches(value.expr, _NUMBER).ifelse(value.expr, ibis.null(dt.string)).cast(dt.float64)
            )
    raise InvalidRule(f"{value.type.name} is no number")


def _text(value: Value, dialect: Dialect) -> Value:
    made = value.expr.cast(dt.string)
    if value.family is Family.BOOLEAN:
        made = value.expr.ifelse("true", (~value.expr).ifelse("false", ibis.null(dt.string)))
    return Value(dialect.collated(made), DataType(Family.STRING, "string"), dt.string)


def _date(value: Value, dialect: Dialect) -> Value:
    return Value(_to_date(value, dialect), DataType(Family.DATE, "date"), dt.date)


def _to_date(value: Value, dialect: Dialect) -> ir.Value:
    match value.family:
        case Family.DATE:
            return value.expr
        case Family.NULL:
            return ibis.null(dt.string if dialect.text_times else dt.date)
        case Family.DATETIME:
            return value.expr.substr(0, 10) if dialect.text_times else value.expr.cast(dt.date)
        case family if family in TEXT:
            read = _real_day(value.expr, _DAY, dialect).ifelse(value.expr, ibis.null(dt.string))
            return read if dialect.text_times else read.cast(dt.date)
    raise InvalidRule(f"{value.type.name} is no date")


def _datetime(value: Value, dialect: Dialect) -> Value:
    zoned = value.family is Family.DATETIME
    known = value.type if zoned else DataType(Family.DATETIME, "datetime(us)")
    return Value(_to_datetime(value, dialect), known, value.dtype if zoned else dt.timestamp)


def _to_datetime(value: Value, dialect: Dialect) -> ir.Value:
    match value.family:
        case Family.DATETIME:
            return value.expr
        case Family.NULL:
            return ibis.null(dt.string if dialect.text_times else dt.timestamp)
        case Family.DATE:
            return midnight(value.expr, dialect)
        case family if family in TEXT:
            read = _real_day(value.expr, _MOMENT, dialect).ifelse(value.expr, ibis.null(dt.string))
            spaced = read.substr(0, 10) + " " + read.substr(11, 15)
            whole = (read.length() == 10).ifelse(read + " 00:00:00", spaced)  # noqa: PLR2004  # a day alone
            timed = (whole.length() == 16).ifelse(whole + ":00", whole)  # noqa: PLR2004  # no seconds
            return timed if dialect.text_times else timed.cast(dt.timestamp)
    raise InvalidRule(f"{value.type.name} is no date and time")


def _real_day(text: ir.StringValue, form: str, dialect: Dialect) -> ir.BooleanValue:
    """Whether a text has a form and its day exists, which few databases tell without an error."""
    formed = dialect.matches(text, form).ifelse(text, ibis.null(dt.string))
    year, month, day = (formed.substr(at, size).cast(dt.int64) for at, size in ((0, 4), (5, 2), (8, 2)))
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    february = leap.ifelse(29, 28)
    days = ibis.cases((month == 2, february), (month.isin([4, 6, 9, 11]), 30), else_=31)  # noqa: PLR2004  # February
    return ((year >= 1) & month.between(1, 12) & (day >= 1) & (day <= days)).fill_null(
        ibis.literal(value=False)
    )


CASTS: Mapping[str, Callable[[Value, Dialect], Value]] = {
    "to_integer": _integer,
    "to_double": _double,
    "to_text": _text,
    "to_date": _date,
    "to_datetime": _datetime,
}
