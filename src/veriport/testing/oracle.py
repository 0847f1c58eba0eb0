"""What an expression means, said a second time as a plain program.

``evaluate`` reads a tree of ``veriport.domain.expressions`` over one row, value by value, in Python.
It is slow and short, and shares nothing with the engines: their tests compare with it.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import reduce
from typing import Any, TypeAlias

from veriport.domain.expressions import Call, Expr, Literal, Name
from veriport.domain.patterns import parse_pattern

Number: TypeAlias = int | float | Decimal
Value: TypeAlias = bool | Number | str | date | time | None


class Mismatch(TypeError):
    """Values of kinds that do not go together; an engine reports an error here, and no result."""


def evaluate(expression: Expr, row: Mapping[str, Value]) -> Value:
    """The value of an expression over a row, ``None`` for NULL.

    Raises ``Mismatch`` where an engine must report an error, and ``KeyError`` for an absent column.
    """
    match expression:
        case Name(column):
            return row[column]
        case Literal(value, kind):
            return _READ_TIME[kind](value) if isinstance(value, str) and kind else value
        case Call(function, arguments):
            values = [evaluate(argument, row) for argument in arguments]
            if function in _SEES_NULL:
                return _SEES_NULL[function](*values)
            return None if None in values else _STRICT[function](*values)


_READ_TIME: Mapping[str, Callable[[str], date | time]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
}


# ---- kinds of values


def _truth(value: Value) -> bool:
    if not isinstance(value, bool):
        raise Mismatch(f"{value!r} is not a truth value")
    return value


def _number(value: Value) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Mismatch(f"{value!r} is not a number")
    return value


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise Mismatch(f"{value!r} is not a text")
    return value


def _numbers(left: Value, right: Value) -> tuple[Any, Any]:
    """Two numbers that Python calculates with: a decimal beside a float becomes a float."""
    one, other = _number(left), _number(right)
    if isinstance(one, float) or isinstance(other, float):
        return float(one), float(other)
    return one, other


def _alike(left: Value, right: Value) -> tuple[Value, Value]:
    """Two values that can be compared; a text beside a time is read as one."""
    for kind in (bool, str):
        if isinstance(left, kind) and isinstance(right, kind):
            return left, right
    if isinstance(left, date | time) or isinstance(right, date | time):
        return _times(left, right)
    return _number(left), _number(right)


def _times(left: Value, right: Value) -> tuple[Value, Value]:
    if isinstance(left, str):
        return _read_beside(left, right), right
    if isinstance(right, str):
        return left, _read_beside(right, left)
    if isinstance(left, time) and isinstance(right, time):
        return left, right
    if isinstance(left, date) and isinstance(right, date):
        moments = [_moment(left), _moment(right)] if type(left) is not type(right) else [left, right]
        if getattr(moments[0], "tzinfo", None) is None and getattr(moments[1], "tzinfo", None) is None:
            return moments[0], moments[1]
        if all(getattr(moment, "tzinfo", None) is not None for moment in moments):
            return moments[0], moments[1]
    raise Mismatch(f"{left!r} and {right!r} cannot be compared")


def _moment(day: date) -> datetime:
    return day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)  # noqa: DTZ001  # a local one


def _read_beside(text: str, other: Value) -> Value:
    read = next(fromiso for kind, fromiso in _READERS if isinstance(other, kind))
    try:
        return read(text)
    except ValueError:
        raise Mismatch(f"{text!r} cannot be compared with {other!r}") from None


_READERS: tuple[tuple[type, Callable[[str], date | time]], ...] = (
    (datetime, datetime.fromisoformat),
    (date, date.fromisoformat),
    (time, time.fromisoformat),
)


# ---- logic


def _and(left: Value, right: Value) -> Value:
    known = [_truth(value) for value in (left, right) if value is not None]
    if False in known:
        return False
    return None if None in (left, right) else True


def _not(value: Value) -> Value:
    return None if value is None else not _truth(value)


def _or(left: Value, right: Value) -> Value:
    return _not(_and(_not(left), _not(right)))


def _case(*values: Value) -> Value:
    *pairs, otherwise = values
    conditions = [None if condition is None else _truth(condition) for condition in pairs[::2]]
    chosen = (value for condition, value in zip(conditions, pairs[1::2], strict=True) if condition)
    return next(chosen, otherwise)


def _in(value: Value, *others: Value) -> Value:
    found: list[Value] = [None if None in (value, other) else _equal(value, other) for other in others]
    return reduce(_or, found)


def _equal(left: Value, right: Value) -> bool:
    one, other = _alike(left, right)
    return one == other


def _comparison(order: Callable[[Any, Any], bool]) -> Callable[[Value, Value], bool]:
    def compare(left: Value, right: Value) -> bool:
        one, other = _alike(left, right)
        return not _is_nan(one) and not _is_nan(other) and order(one, other)

    return compare


def _is_nan(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)


# ---- numbers


def _arithmetic(calculate: Callable[[Any, Any], Value]) -> Callable[[Value, Value], Value]:
    return lambda left, right: calculate(*_numbers(left, right))


def _divide(left: Value, right: Value) -> Value:
    one, other = float(_number(left)), float(_number(right))
    return None if other == 0 else one / other


def _remainder(left: Value, right: Value) -> Value:
    one, other = _numbers(left, right)
    if other == 0:
        return None
    if isinstance(one, float):
        return math.nan if math.isinf(one) else math.fmod(one, other)
    rest: int | Decimal = abs(one) % abs(other)
    return -rest if one < 0 else rest


def _round(value: Value, digits: Value = 0) -> Value:
    """By shifting the point, as every engine does: exact halves of the shifted number go away from zero."""
    number, places = _number(value), _number(digits)
    if isinstance(number, int) or not math.isfinite(number):
        return number
    shifted = abs(number) * 10 ** int(places)
    if not math.isfinite(shifted):
        return number
    whole = math.floor(shifted)
    whole += shifted - whole >= 0.5  # noqa: PLR2004  # a half
    return math.copysign(whole / 10 ** int(places), number)


def _whole(rounded: Callable[[Number], int]) -> Callable[[Value], Value]:
    return lambda value: rounded(number) if math.isfinite(number := _number(value)) else number


# ---- casts

_NUMERAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def _to_integer(value: Value) -> Value:
    number = _to_number(value)
    if number is None or not math.isfinite(number):
        return None
    whole = math.trunc(number)
    return whole if -(2**63) <= whole < 2**63 else None


def _to_double(value: Value) -> Value:
    number = _to_number(value)
    return None if number is None else float(number)


def _to_number(value: Value) -> Number | None:
    """Of a text exactly, so that a whole number keeps all its digits."""
    match value:
        case bool():
            return int(value)
        case str():
            if not _NUMERAL.fullmatch(value):
                return None
            return Decimal(value) if math.isfinite(float(value)) else None
        case _:
            return _number(value)


def _to_text(value: Value) -> str:
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _to_date(value: Value) -> Value:
    match value:
        case datetime():
            return value.date()
        case date():
            return value
        case str() if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return _or_null(date.fromisoformat, value)
        case str():
            return None
        case _:
            raise Mismatch(f"{value!r} is not a date")


def _to_datetime(value: Value) -> Value:
    form = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?"
    match value:
        case datetime():
            return value
        case date():
            return _moment(value)
        case str() if re.fullmatch(form, value):
            return _or_null(datetime.fromisoformat, value)
        case str():
            return None
        case _:
            raise Mismatch(f"{value!r} is not a date and time")


def _or_null(read: Callable[[str], date], text: str) -> date | None:
    try:
        return read(text)
    except ValueError:
        return None


# ---- texts and times


def _like(text: Value, pattern: Value) -> bool:
    parts = {"%": ".*", "_": "."}
    wanted = "".join(parts.get(sign, re.escape(sign)) for sign in _text(pattern))
    return re.fullmatch(wanted, _text(text), re.DOTALL) is not None


def _regexp_like(text: Value, pattern: Value) -> bool:
    spelt = parse_pattern(_text(pattern)).spell({r"\z": r"\Z"})
    return re.search(spelt, _text(text), re.ASCII) is not None


def _substring(text: Value, start: Value, count: Value = None) -> str:
    begin = int(_number(start)) - 1
    return _text(text)[begin : None if count is None else begin + int(_number(count))]


def _part(name: str, *kinds: type) -> Callable[[Value], int]:
    def part(value: Value) -> int:
        if not isinstance(value, kinds):
            raise Mismatch(f"{value!r} has no {name}")
        return int(getattr(value, name))

    return part


# ---- the tables

_Function: TypeAlias = Callable[..., Value]

#: Functions that say themselves what NULL does to them.
_SEES_NULL: Mapping[str, _Function] = {
    "and": _and,
    "or": _or,
    "not": _not,
    "in": _in,
    "case": _case,
    "is_null": lambda value: value is None,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "nullif": lambda left, right: None if None not in (left, right) and _equal(left, right) else left,
}
#: Functions that are NULL when any argument is.
_STRICT: Mapping[str, _Function] = {
    "=": _comparison(operator.eq),
    "<>": _comparison(operator.ne),
    "<": _comparison(operator.lt),
    "<=": _comparison(operator.le),
    ">": _comparison(operator.gt),
    ">=": _comparison(operator.ge),
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _divide,
    "%": _remainder,
    "negate": lambda value: -_number(value),
    "||": lambda left, right: _text(left) + _text(right),
    "like": _like,
    "ilike": lambda text, pattern: _like(_text(text).lower(), _text(pattern).lower()),
    "regexp_like": _regexp_like,
    "to_integer": _to_integer,
    "to_double": _to_double,
    "to_text": _to_text,
    "to_date": _to_date,
    "to_datetime": _to_datetime,
    "abs": lambda value: -number if (number := _number(value)) < 0 else number,
    "round": _round,
    "floor": _whole(math.floor),
    "ceil": _whole(math.ceil),
    "lower": lambda text: _text(text).lower(),
    "upper": lambda text: _text(text).upper(),
    "trim": lambda text: _text(text).strip(" "),
    "length": lambda text: len(_text(text)),
    "substring": _substring,
    "starts_with": lambda text, start: _text(text).startswith(_text(start)),
    "ends_with": lambda text, end: _text(text).endswith(_text(end)),
    "contains": lambda text, part: _text(part) in _text(text),
    "year": _part("year", date),
    "month": _part("month", date),
    "day": _part("day", date),
    "hour": _part("hour", datetime, time),
}
