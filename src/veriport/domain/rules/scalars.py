"""The plain values that rules are written with: numbers, texts, truth values, and times as ISO text.

Times are kept as ISO 8601 text, so that ``date(2024, 1, 2)`` and ``"2024-01-02"`` are one bound and
every rule survives JSON. What a text means is decided by the type of the column it meets.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from numbers import Integral, Number, Real
from pathlib import PurePath
from typing import TypeAlias

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.rules.eras import instant_of
from veriport.domain.types import NUMERIC, TEXT, Column, Family

Scalar: TypeAlias = bool | int | float | str | None
Moment: TypeAlias = date | datetime | time


#: No column holds a whole number of more than 128 bits.
LARGEST = 2**127


def scalar(key: str, value: object) -> Scalar:
    """A plain value from what a caller wrote; raises ``InvalidRule`` for anything else."""
    match value:
        case bool():
            return value
        case str():
            return _text(key, str.__str__(value))  # a subclass may say something else
        case Number():
            return number(key, value)
        case datetime() | date() | time():
            return _iso(key, value)
        case None:
            raise InvalidRule(
                f"{key} is null; a null is not a value to compare with (see the option nulls)", key=key
            )
        case _:
            raise InvalidRule(f"{key} must be a number, a text or a time, not {shown(value)}", key=key)


def _text(key: str, value: str) -> str:
    if not value.isascii() and _HALF.search(value):
        raise InvalidRule(f"{key} holds half of a surrogate pair, which no data can: {shown(value)}", key=key)
    return value


_HALF = re.compile("[\ud800-\udfff]")


def _iso(key: str, value: Moment) -> str:
    text = value.isoformat()
    if text == "NaT":  # the null of pandas is an instance of datetime
        raise InvalidRule(f"{key} is not a time", key=key)
    return text


def number(key: str, value: object, *, expected: str = "a finite number") -> int | float:
    """A plain number from any kind of number, numpy's and ``Decimal`` too.

    Raises ``InvalidRule`` for what is no number (``True`` is none), not finite, above 128 bits, or has
    more digits than a float carries.
    """
    plainly = _whole_or_float(value)
    if plainly is None or not math.isfinite(plainly):
        raise InvalidRule(f"{key} must be {expected}, not {shown(value)}", key=key)
    if isinstance(value, Decimal) and Decimal(str(plainly)) != value:
        raise InvalidRule(f"{key} has more digits than a float carries: {shown(value)}", key=key)
    return plainly


def _whole_or_float(value: object) -> int | float | None:
    try:
        match value:
            case bool():
                return None
            case Integral():
                whole = operator.index(value)
                return whole if abs(whole) < LARGEST else None
            case Decimal() if value.is_finite() and abs(value) < LARGEST and value == int(value):
                return int(value)
            case Real() | Decimal():
                return float(value)
    except (TypeError, ValueError, OverflowError):  # numpy's timedelta, a signalling NaN, a huge fraction
        return None
    return None


def moment(family: Family, text: str) -> Moment | None:
    """The time that ``text`` means for a column of ``family``, or ``None`` when it means none."""
    readers: Mapping[Family, Callable[[str], Moment]] = {
        Family.DATE: _read_date,
        Family.DATETIME: datetime.fromisoformat,
        Family.TIME: time.fromisoformat,
    }
    try:
        return readers[family](text)
    except (ValueError, KeyError):
        return None


def _read_date(text: str) -> date:
    """A day, also written as midnight."""
    when = datetime.fromisoformat(text)
    if when.timetz() != time():
        raise ValueError(text)
    return when.date()


def mismatch(column: Column, value: Scalar) -> str | None:
    """Why ``value`` cannot be compared with the values of ``column``, or ``None`` if it can."""
    family = column.dtype.family
    match value:
        case bool():
            fits = family is Family.BOOLEAN
        case int() | float():
            fits = family in NUMERIC or family is Family.DURATION or (column.untyped and family in TEXT)
        case str() if family in TEXT:
            fits = True
        case str():
            return _time_mismatch(column, value)
        case _:
            fits = False
    if fits or family is Family.NULL:
        return None
    return f"column {column.name!r} is {column.dtype.name} and cannot be compared with {value!r}"


def _time_mismatch(column: Column, value: str) -> str | None:
    when = moment(column.dtype.family, value)
    if column.dtype.family is Family.NULL:
        return None
    named = f"column {column.name!r}"
    if when is None:
        return f"{named} is {column.dtype.name} and cannot be compared with the text {value!r}"
    if isinstance(when, datetime | time) and (when.tzinfo is not None) != column.dtype.zoned:
        have, need = ("a", "no") if when.tzinfo else ("no", "a")
        return f"{value!r} has {have} time zone and {named} ({column.dtype.name}) has {need} time zone"
    return None


def in_order(low: Scalar, high: Scalar) -> bool | None:
    """Whether ``low <= high``; ``None`` when they are of different kinds."""
    if isinstance(low, str) and isinstance(high, str):
        return _texts_in_order(low, high)
    if isinstance(low, str | bool) or isinstance(high, str | bool) or low is None or high is None:
        return None
    return low <= high


def _texts_in_order(low: str, high: str) -> bool | None:
    """As times where both are times of one kind."""
    first, second = (moment(Family.DATETIME, text) or _time_of_day(text) for text in (low, high))
    if isinstance(first, datetime) and isinstance(second, datetime):
        return first <= second if _alike(first, second) else None
    if isinstance(first, time) and isinstance(second, time):
        return first <= second if _alike(first, second) else None
    return _eras_in_order(low, high)


def _eras_in_order(low: str, high: str) -> bool | None:
    """As times of any year, of which Python has not all; what is no time is a text."""
    first, second = instant_of(low), instant_of(high)
    if first is None or second is None:
        return low <= high
    return bool(first.seconds <= second.seconds) if first.alike(second) else None


def _alike(one: datetime | time, other: datetime | time) -> bool:
    """Whether both have a zone, or neither."""
    return (one.tzinfo is None) == (other.tzinfo is None)


def _time_of_day(text: str) -> Moment | None:
    """A number alone is no hour."""
    return moment(Family.TIME, text) if ":" in text else None


def json_text(key: str, value: object) -> str:
    """Plain data as canonical JSON text, which can be compared and hashed; else raises ``InvalidRule``."""
    try:
        return json.dumps(_as_json(value), sort_keys=True, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as wrong:
        raise InvalidRule(f"{key} is not plain data: {wrong}", key=key) from None


def _as_json(value: object) -> object:
    match value:
        case Mapping():
            return {key: _as_json(item) for key, item in value.items()}
        case list() | tuple():
            return [_as_json(item) for item in value]
        case PurePath():
            return str(value)
        case _:
            return value


def plain(value: object) -> object:
    """A value from a data frame as JSON can carry it: times as ISO text, bytes as hex."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes():
            return value.hex()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return str(value)
