"""Rules about times and the present moment, which the check's clock tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from attrs import field, frozen

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.rules.base import ColumnRule, ValueRule, param
from veriport.domain.rules.scalars import Scalar, number
from veriport.domain.types import Column, Family


def _times_only(rule: ColumnRule, columns: Mapping[str, Column]) -> str | None:
    column = columns[rule.column]
    if column.dtype.family in {Family.DATE, Family.DATETIME, Family.NULL}:
        return None
    return f"{rule.type} is for dates and times and column {column.name!r} is {column.dtype.name}"


@frozen(kw_only=True)
class NotFuture(ColumnRule):
    """No time lies after the moment of the check; a time without zone is read as UTC."""

    type: ClassVar[str] = "not_future"

    def expectation(self) -> str:
        """In words."""
        return "not after now"

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Numbers and texts are no times."""
        return _times_only(self, columns)


@frozen(kw_only=True)
class NotPast(ColumnRule):
    """No time lies before the moment of the check, no day before today; without zone it is UTC."""

    type: ClassVar[str] = "not_past"

    def expectation(self) -> str:
        """In words."""
        return "not before now"

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Numbers and texts are no times."""
        return _times_only(self, columns)


#: Seconds of a unit, by all its names; a month is none, and "ms" would be read as minutes.
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 604_800),
}
_AGE = re.compile(rf"(?P<count>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>{'|'.join(_UNITS)})(?![a-z])[\s,]*")
_LONGEST = timedelta.max.days * 86_400.0


def seconds_of(key: str, value: object) -> float:
    """A duration in seconds from a number of them, a text such as ``24h`` or ``1d 12h``, or a timedelta."""
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif isinstance(value, str):
        text = value.strip().lower()
        if _AGE.sub("", text) or not text:
            raise InvalidRule(f"{key} must be a duration such as 24h or 7d, not {shown(value)}", key=key)
        seconds = sum(float(m["count"]) * _UNITS[m["unit"]] for m in _AGE.finditer(text))
    else:
        seconds = float(number(key, value, expected="a duration such as 24h, or seconds"))
    if seconds < 0:
        raise InvalidRule(f"{key} must not be negative, and is {shown(value)}", key=key)
    if seconds > _LONGEST:
        raise InvalidRule(f"{key} is longer than any time: {shown(value)}", key=key)
    return seconds


def _max_age(value: object) -> float:
    return seconds_of("max_age", value)


@frozen(kw_only=True)
class Freshness(ValueRule, ColumnRule):
    """The newest time of a column is no older than ``max_age``; observed is its age in seconds.

    A day counts from its beginning, a time without zone as UTC. Without any time there is nothing fresh:
    the rule fails.
    """

    type: ClassVar[str] = "freshness"
    additive: ClassVar[bool] = False
    optional: ClassVar[bool] = True
    max_age: float = field(
        converter=_max_age,
        metadata=param("a duration: 24h, 7d, 90m, or seconds", aliases=("max_age_seconds", "older_than")),
    )

    def expectation(self) -> str:
        """In words."""
        return f"newest value at most {timedelta(seconds=self.max_age)} old"

    def accepts(self, observed: Scalar) -> bool:
        """Whether an age in seconds is young enough."""
        return isinstance(observed, int | float) and observed <= self.max_age

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Numbers and texts are no times."""
        return _times_only(self, columns)
