"""What Polars found, as Python has it.

Polars raises for times and spans that Python does not have, or panics, so that it is not asked for them: such
a time is a text, such a span its seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from veriport.domain.rules.eras import day_text, time_text

_PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST, _LAST = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH


def row_of(frame: pl.DataFrame) -> dict[str, Any]:
    """The values of a frame of one row, by their names."""
    return {each.name: told(each)[0] for each in frame}


def rows_of(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The values of a frame, row by row, by their names."""
    columns = {each.name: told(each) for each in frame}
    return [{name: values[place] for name, values in columns.items()} for place in range(frame.height)]


def told(series: pl.Series) -> list[object]:
    """The values of a column."""
    match series.dtype:
        case pl.Date():
            return _told(series, (_FIRST, _LAST), day_text)
        case pl.Datetime(time_unit=unit, time_zone=zone):
            per_day = _DAY * _PER_SECOND[unit]
            edge = per_day if zone else 0  # a zone may move a time by a day, also out of what Python has
            ends = _FIRST * per_day + edge, (_LAST + 1) * per_day - 1 - edge
            return _told(series, ends, lambda units: _time(units, unit, zoned=bool(zone)))
        case pl.Duration(time_unit=unit):
            most = timedelta.max.days * _DAY * _PER_SECOND[unit]
            return _told(series, (-most, most), lambda units: Decimal(units) / _PER_SECOND[unit])
        case pl.List() | pl.Array():
            return [None if inner is None else told(inner) for inner in series]
        case pl.Struct():
            inside = rows_of(series.struct.unnest())
            return [
                None if null else row
                for null, row in zip(series.alias("values").is_null(), inside, strict=True)
            ]
    return series.to_list()


def _told(series: pl.Series, ends: tuple[int, int], written: Callable[[int], object]) -> list[object]:
    """The values; those beyond what Python has, which are outside of these ends, by their units."""
    named = series.alias("values")  # a name like ^x.*$ is a pattern to methods of series
    units = named.to_physical().to_list()
    far = [each is not None and not ends[0] <= each <= ends[1] for each in units]
    if not any(far):
        return series.to_list()
    near = named.set(pl.Series(far), None).to_list()
    return [written(unit) if is_far else value for unit, is_far, value in zip(units, far, near, strict=True)]


def _time(units: int, unit: str, *, zoned: bool) -> str:
    return time_text(units * 10**6 // _PER_SECOND[unit], zoned=zoned)
