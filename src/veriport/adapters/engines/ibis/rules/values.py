"""Values of rules as SQL constants, and columns in a form in which SQL compares them as the semantics say.

A whole number, a decimal or a duration stands on a grid: a bound is put on it before any query is made,
so that no digit is lost. Floats are 64 bits wide, texts ordered by code point, durations whole
microseconds, and times are texts where the database keeps them so.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.datatypes as dt
from attrs import evolve, frozen
from ibis.common.exceptions import UnsupportedOperationError
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.dialects import Dialect
from veriport.adapters.engines.ibis.dialects.functions import (
    date_part,
    instant_us,
    is_finite_instant,
    refused,
    replace,
    rtrim,
    span_us,
    spark_days,
    unix_micros,
)
from veriport.adapters.engines.ibis.sources import Field
from veriport.adapters.engines.ibis.types import data_type
from veriport.domain.errors import InvalidRule
from veriport.domain.rules.scalars import Scalar, moment, plain
from veriport.domain.types import NUMERIC, TEXT, DataType, Family


@frozen
class Value:
    """A value of a row: its expression, what it is, and the type that bounds what it can hold."""

    expr: ir.Value
    type: DataType
    dtype: dt.DataType

    @property
    def family(self) -> Family:
        """What kind of value it is."""
        return self.type.family


def value_of(column: ir.Value, field: Field, dialect: Dialect) -> Value:
    """A column in the form in which it is compared."""
    known = field.column.dtype
    match known.family:
        case Family.NULL:
            expr: ir.Value = ibis.null(dt.boolean)
        case Family.FLOAT:
            expr = column.cast(dt.float64)
        case Family.STRING | Family.CATEGORICAL:
            expr = dialect.collated(column.cast(dt.string))
        case Family.DURATION:
            expr = _microseconds(column, dialect)
        case Family.DATE | Family.DATETIME | Family.TIME if dialect.text_times:
            expr = _canonical(column.cast(dt.string), known.family)
        case _:
            expr = column
    return Value(expr, known, field.dtype)


def key_of(value: Value, dialect: Dialect) -> ir.Value:
    """A value in the form in which it is grouped and joined: zero has no sign then."""
    return value.expr + 0.0 if value.family is Family.FLOAT and dialect.has_nan else value.expr


def exact_key_of(value: Value, dialect: Dialect) -> ir.Value:
    """The same for groups that nobody is shown, in which blanks at the end count."""
    return dialect.exact(value.expr) if value.family in TEXT else key_of(value, dialect)


def number_in(text: Value, dialect: Dialect) -> Value:
    """The number that a text is, null for one that is none; to databases more is a number than to us."""
    read = text.expr.try_cast(dt.float64)
    known = dialect.matches(text.expr, _NUMBER).ifelse(read, ibis.null(dt.float64))
    return Value(known, DataType(Family.FLOAT, "float64"), dt.float64)


_NUMBER = (
    r"^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[iI][nN][fF]([iI][nN][iI][tT][yY])?|[nN][aA][nN])$"
)


def _microseconds(column: ir.Value, dialect: Dialect) -> ir.Value:
    """A span of time as a whole number."""
    if dialect.name == "duckdb":
        return span_us(column)
    if dialect.name == "postgres":
        return (date_part("epoch", column) * 1_000_000.0).round().cast(dt.int64)
    if dialect.name == "pyspark":
        parts = {"DAY": 86_400.0, "HOUR": 3_600.0, "MINUTE": 60.0, "SECOND": 1.0}
        whole = column + spark_days(0)
        seconds = sum(date_part(part, whole) * size for part, size in parts.items())
        return (seconds * 1_000_000.0).round().cast(dt.int64)
    raise UnsupportedOperationError(f"durations of {dialect.name} are not evaluated")


def _canonical(text: ir.Value, family: Family) -> ir.Value:
    """A time as Python writes it to SQLite, also where it has a ``T``, no seconds or zeros at its end."""
    if family is Family.DATE:
        return text
    spaced = replace(text, "T", " ")
    short = 5 if family is Family.TIME else 16  # hours and minutes
    whole = spaced.length() == short
    fraction = spaced.contains(".").ifelse(rtrim(rtrim(spaced, "0"), "."), spaced)
    timed = whole.ifelse(spaced + ":00", fraction)
    if family is Family.TIME:
        return timed
    return (spaced.length() == 10).ifelse(spaced + " 00:00:00", timed)  # noqa: PLR2004  # a day alone


# ---- constants


def units_of(value: Scalar, kind: Value | None = None) -> Fraction:
    """A value of a rule on the grid of a column, or of whole numbers; it may lie between two places."""
    exact = Fraction(value if isinstance(value, int) else str(value))
    return exact if kind is None else exact * _per_one(kind)


def _per_one(kind: Value) -> int:
    if kind.family is Family.DURATION:
        return 1_000_000
    return 10**kind.dtype.scale if isinstance(kind.dtype, dt.Decimal) and kind.dtype.scale else 1


def _has_grid(kind: Value) -> bool:
    if kind.family is Family.DECIMAL:
        return isinstance(kind.dtype, dt.Decimal) and kind.dtype.scale is not None
    return kind.family in {Family.INTEGER, Family.DURATION}


def _ends(kind: Value) -> tuple[int, int]:
    match kind.dtype:
        case dt.Decimal(precision=precision):
            return 1 - 10 ** (precision or 38), 10 ** (precision or 38) - 1
        case dt.Integer() if kind.family is Family.INTEGER:
            return int(kind.dtype.bounds.lower), int(kind.dtype.bounds.upper)
    return -(2**63), 2**63 - 1


def _of_units(units: int, kind: Value) -> ir.Value:
    match kind.dtype:
        case dt.Decimal(precision=precision, scale=scale):
            text = format(Decimal(units).scaleb(-(scale or 0)), "f")
            return ibis.literal(text).cast(dt.Decimal(precision, scale))
        case dt.Integer() if kind.family is Family.INTEGER:
            return ibis.literal(units, type=kind.dtype)
    return ibis.literal(units, type=dt.int64)


def constant(value: Scalar, kind: Value, dialect: Dialect) -> ir.Value:
    """A value of a rule beside a column that has no grid."""
    match value:
        case bool():
            return ibis.literal(value)
        case int() | float() if kind.family is Family.DECIMAL:
            return ibis.literal(format(Decimal(str(value)), "f")).cast(kind.dtype)
        case int() | float():
            return number(rounded(float(value), kind))
        case str() if kind.family in TEXT:
            return dialect.text(value)
    when = moment(kind.family, str(value))
    if when is None:
        raise InvalidRule(f"{value!r} cannot be compared with {kind.type.name}")
    return time_constant(when, dialect)


def number(value: float) -> ir.Value:
    """A float with all its digits, which some databases lose in plain numbers."""
    if not math.isfinite(value):
        return ibis.literal(value, type=dt.float64)
    return ibis.literal(repr(value)).cast(dt.float64)


def time_constant(when: date | time, dialect: Dialect) -> ir.Value:
    """A time as the database writes it."""
    if dialect.text_times:
        return ibis.literal(when.isoformat(sep=" ") if isinstance(when, datetime) else when.isoformat())
    if not isinstance(when, datetime):
        return ibis.literal(when.isoformat()).cast(dt.time if isinstance(when, time) else dt.date)
    if when.tzinfo is None:
        return ibis.literal(when.isoformat(sep=" ")).cast(dt.timestamp)
    return ibis.literal(when.astimezone(UTC).isoformat(sep=" ")).cast(dt.Timestamp("UTC"))


def rounded(value: float, kind: Value) -> float:
    """A float in the width of a column."""
    if not isinstance(kind.dtype, dt.Float32):
        return value
    try:
        packed: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return packed


def _beyond(value: Scalar, kind: Value, dialect: Dialect) -> int:
    """-1 or 1 for a value before or after all that a column can hold and a query can write, else 0."""
    if kind.family is Family.FLOAT and not dialect.has_infinity:
        number = rounded(float(str(value)), kind)
        return 0 if math.isfinite(number) else -1 if number < 0 else 1
    when = moment(kind.family, str(value))
    if not isinstance(kind.dtype, dt.Timestamp) or kind.dtype.scale != 9 or not isinstance(when, datetime):  # noqa: PLR2004  # nanoseconds
        return 0
    year = when.year
    return -1 if year < 1678 else 1 if year > 2261 else 0  # noqa: PLR2004  # of 64 bits


def wherever(value: ir.Value, *, holds: bool) -> ir.BooleanValue:
    """A constant answer for every value, null for a null."""
    return value.notnull().ifelse(ibis.literal(holds), ibis.null(dt.boolean))


def at_least(kind: Value, low: Scalar, dialect: Dialect, *, closed: bool) -> ir.BooleanValue:
    """Whether a value is at least, or above, a bound. To most databases NaN is above every number."""
    if _has_grid(kind):
        units = units_of(low, kind)
        least = math.ceil(units) if closed else math.floor(units) + 1
        lowest, highest = _ends(kind)
        if not lowest < least <= highest:
            return wherever(kind.expr, holds=least <= lowest)
        return kind.expr >= _of_units(least, kind)
    if beyond := _beyond(low, kind, dialect):
        return wherever(kind.expr, holds=beyond < 0)
    bound = constant(low, kind, dialect)
    return kind.expr >= bound if closed else kind.expr > bound


def at_most(kind: Value, high: Scalar, dialect: Dialect, *, closed: bool) -> ir.BooleanValue:
    """Whether a value is at most, or below, a bound."""
    if _has_grid(kind):
        units = units_of(high, kind)
        most = math.floor(units) if closed else math.ceil(units) - 1
        lowest, highest = _ends(kind)
        if not lowest <= most < highest:
            return wherever(kind.expr, holds=most >= highest)
        return kind.expr <= _of_units(most, kind)
    if beyond := _beyond(high, kind, dialect):
        return wherever(kind.expr, holds=beyond > 0)
    bound = constant(high, kind, dialect)
    return kind.expr <= bound if closed else kind.expr < bound


def among(kind: Value, values: Iterable[Scalar], dialect: Dialect) -> ir.BooleanValue:
    """Whether a value equals one of those that the column can hold."""
    listed = [each for _, each in held(values, kind, dialect)]
    return kind.expr.isin(listed) if listed else wherever(kind.expr, holds=False)


def held(values: Iterable[Scalar], kind: Value, dialect: Dialect) -> list[tuple[Scalar, ir.Value]]:
    """The values that a column can hold: no 0.5 among whole numbers, no 300 among those of 8 bits."""
    return [(value, made) for value in values if (made := _held(value, kind, dialect)) is not None]


def _held(value: Scalar, kind: Value, dialect: Dialect) -> ir.Value | None:
    if kind.family is Family.NULL or _beyond(value, kind, dialect):
        return None
    if isinstance(value, str) and kind.family in TEXT and not dialect.holds(value):
        return None
    if not _has_grid(kind):
        return constant(value, kind, dialect)
    units = units_of(value, kind)
    lowest, highest = _ends(kind)
    possible = units.denominator == 1 and lowest <= units <= highest
    return _of_units(int(units), kind) if possible else None


# ---- types in which values are compared


def alike(values: Iterable[Value], dialect: Dialect) -> list[ir.Value] | None:
    """Expressions of values in a type in which they compare exactly; ``None`` where they do not."""
    listed = list(values)
    families = {each.family for each in listed} - {Family.NULL}
    if families <= NUMERIC:
        return _numbers_alike(listed, dialect)
    kinds = {"text" if each.family in TEXT else (each.family, each.type.zoned) for each in listed}
    return [each.expr for each in listed] if len(kinds) == 1 else None


def _numbers_alike(values: list[Value], dialect: Dialect) -> list[ir.Value]:
    families = {each.family for each in values}
    if Family.FLOAT in families:
        return [each.expr.cast(dt.float64) for each in values]
    scales = [scale_of(each) for each in values if each.family is Family.DECIMAL]
    unsigned = any(isinstance(each.dtype, dt.UInt64) for each in values)
    wide = dialect.wide(max(scales, default=0)) if scales or unsigned else None
    return [each.expr for each in values] if wide is None else [each.expr.cast(wide) for each in values]


def scale_of(value: Value) -> int:
    """The digits behind the point of a decimal."""
    return value.dtype.scale or 0 if isinstance(value.dtype, dt.Decimal) else 0


# ---- what comes back


def shown(column: ir.Value, field: Field, dialect: Dialect) -> ir.Value:
    """A column as a query may return it, for ``decoded``."""
    known = field.column.dtype
    if known.family is Family.DURATION:
        return _microseconds(column, dialect)
    if known.family is Family.CATEGORICAL:
        return column.cast(dt.string)
    if known.family is Family.DATETIME and dialect.name == "duckdb" and known.zoned:
        finite = column.isnull() | is_finite_instant(column)
        why = f"column {field.column.name!r} holds infinity, which is no instant that a file can hold"
        return finite.ifelse(instant_us(column), refused(why))
    if known.family is Family.DATETIME and dialect.name == "pyspark" and known.zoned:
        return unix_micros(column)
    return column


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # a local one


def decoded(value: object, field: Field) -> object:
    """A value of a query as Python has it; an instant in the zone of its column."""
    known = field.column.dtype
    match value:
        case None:
            return None
        case int() if known.family is Family.BOOLEAN:
            return bool(value)
        case Decimal() if known.family is Family.INTEGER:
            return int(value)
        case int() if known.family is Family.DURATION:
            return timedelta(microseconds=value)
        case int() if known.family is Family.DATETIME:
            return _zoned(_EPOCH + timedelta(microseconds=value), field)
        case datetime():
            return _zoned(value, field)
        case str() if known.family in _TIMES:
            return _read_time(value, known.family)
        case bytearray() | memoryview():
            return bytes(value)
        case _:
            return value


_TIMES: Mapping[Family, type[date | time]] = {
    Family.DATE: date, Family.DATETIME: datetime, Family.TIME: time,
}  # fmt: skip


def _read_time(text: str, family: Family) -> object:
    try:
        return _TIMES[family].fromisoformat(text)
    except ValueError:
        return text


def _zoned(when: datetime, field: Field) -> datetime:
    zone = getattr(field.dtype, "timezone", None)
    if zone is None:
        return when
    aware = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return aware.astimezone(ZoneInfo(zone))


def observed_of(value: object, field: Field | None = None) -> Scalar:
    """A value as it is reported: times as ISO text, durations in seconds, NaN as ``nan``."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case timedelta():
            return observed_of(Decimal(value // timedelta(microseconds=1)) / 1_000_000)
        case float() if field is not None and isinstance(field.dtype, dt.Float32) and math.isfinite(value):
            return shortest(value)
    said = plain(value)
    return said if said is None or isinstance(said, bool | int | float | str) else str(said)


def shortest(value: float) -> float:
    """The shortest number that reads as a 32-bit float."""
    packed = struct.pack("f", value)
    written = (float(f"{value:.{digits}g}") for digits in range(1, 18))
    return next((each for each in written if struct.pack("f", each) == packed), value)


def comparable(value: object, kind: Value) -> object:
    """A value of a query, or of a rule, such that equal ones are equal; NaN equals NaN."""
    match value:
        case str() if kind.family in _TIMES:
            return comparable(moment(kind.family, value), kind)
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC)
        case timedelta():
            return Fraction(value // timedelta(microseconds=1), 1_000_000)
        case int() | float() | Decimal() if kind.family is Family.FLOAT and not isinstance(value, bool):
            single = rounded(float(value), kind)
            return "NaN" if math.isnan(single) else single
        case float() | Decimal():
            return Fraction(str(value))
        case _:
            return value


def of_expression(expr: ir.Value) -> Value:
    """A value made by a condition."""
    dtype = expr.type()
    return Value(expr, data_type(dtype), dtype)


def with_expr(value: Value, expr: ir.Value) -> Value:
    """The same kind of value from elsewhere."""
    return evolve(value, expr=expr)
