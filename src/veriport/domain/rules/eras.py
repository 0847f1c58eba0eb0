"""Times beyond the years 1 to 9999, which databases and frames hold and Python does not, as text.

They are written as ISO 8601 has it, without a plus: ``29349-01-27``, ``-0043-03-15T12:00:00``. The year 0 is
1 BC. ``infinity`` and ``-infinity`` are after and before all times.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from attrs import frozen

_INFINITE = {"infinity": math.inf, "-infinity": -math.inf}
_ERA = r"(?P<{name}> \(?BC\)?)?"
#: As DuckDB, PostgreSQL and Spark write it; an era stands behind the day or behind all.
_WRITTEN = re.compile(
    r"(?P<sign>[+-]?)(?P<year>[0-9]{4,9})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    + _ERA.format(name="era")
    + r"(?:[T ](?P<clock>[0-9:.]+)(?P<zone>Z|[+-][0-9:]+)?)?"
    + _ERA.format(name="last")
)

_FIRST = date(2000, 1, 1)
_YEARS, _DAYS = 400, 146_097  #: after which the calendar repeats
_SECONDS = 86_400
_MICROSECONDS = 1_000_000


@frozen
class Instant:
    """A time on the line of all times: seconds since 1970, of UTC where it has a zone."""

    seconds: Fraction | float
    zoned: bool | None  #: ``None`` for the ends of the line, which are before and after times of either kind

    def alike(self, other: Instant) -> bool:
        """Whether both have a zone, or neither."""
        return self.zoned is None or other.zoned is None or self.zoned is other.zoned


def instant_of(text: str) -> Instant | None:
    """The time that a text means, of any year; ``None`` where it means none."""
    if text in _INFINITE:
        return Instant(_INFINITE[text], None)
    try:
        return _of(datetime.fromisoformat(text), 0)
    except ValueError:
        found = _WRITTEN.fullmatch(text)
    return None if found is None else _read(found)


def iso_text(text: str) -> str:
    """What a database writes for a time that Python does not have, as it is shown; another text as it is."""
    found = _WRITTEN.fullmatch(text)
    if found is None or _read(found) is None:
        return text
    day = f"{_year_text(_year(found))}-{found['month']}-{found['day']}"
    if found["clock"] is None:
        return day
    clock = time.fromisoformat(f"{found['clock']}{found['zone'] or ''}")
    return f"{day}T{clock.isoformat()}"


def day_text(days: int) -> str:
    """The day that is so many days after 1970 began."""
    cycles, rest = divmod(days - (_FIRST - date(1970, 1, 1)).days, _DAYS)
    day = _FIRST + timedelta(days=rest)
    return f"{_year_text(day.year + cycles * _YEARS)}-{day:%m-%d}"


def time_text(microseconds: int, *, zoned: bool) -> str:
    """The time that is so long after 1970 began; one with a zone in UTC."""
    days, rest = divmod(microseconds, _SECONDS * _MICROSECONDS)
    clock = (datetime(1970, 1, 1, tzinfo=UTC if zoned else None) + timedelta(microseconds=rest)).timetz()
    return f"{day_text(days)}T{clock.isoformat()}"


def age_of(newest: object, now: datetime) -> float:
    """Seconds from a day's beginning or a time, which is UTC without a zone, to now.

    Raises ``ValueError`` for what is no time, and for the end of all times, which has no age.
    """
    text = newest.isoformat() if isinstance(newest, date) else str(newest)
    found, present = instant_of(text), instant_of(now.isoformat())
    if found is None or present is None or isinstance(found.seconds, float):
        raise ValueError(f"{text} has no age")
    return float(present.seconds - found.seconds)


def _read(found: re.Match[str]) -> Instant | None:
    cycles, within = divmod(_year(found), _YEARS)
    clock = f"T{found['clock']}{found['zone'] or ''}" if found["clock"] else ""
    try:
        when = datetime.fromisoformat(f"{_FIRST.year + within}-{found['month']}-{found['day']}{clock}")
    except ValueError:
        return None
    return _of(when, cycles - _FIRST.year // _YEARS)


def _of(when: datetime, cycles: int) -> Instant:
    passed = when - datetime(1970, 1, 1, tzinfo=None if when.tzinfo is None else UTC)
    seconds = Fraction(passed // timedelta(microseconds=1), _MICROSECONDS)
    return Instant(seconds + cycles * _DAYS * _SECONDS, when.tzinfo is not None)


def _year(found: re.Match[str]) -> int:
    year = int(found["year"])
    if found["era"] or found["last"]:
        return 1 - year
    return -year if found["sign"] == "-" else year


def _year_text(year: int) -> str:
    return f"{'-' if year < 0 else ''}{abs(year):04}"
