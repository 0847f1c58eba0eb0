"""Values that a query gives to people, and what is heard of them in Python, which does not have all of them.

Databases know times beyond the years 1 to 9999, infinite ones and 24 o'clock. Their clients raise for these,
or give others for them, so that the database writes its times as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import TypeAlias

import ibis.expr.datatypes as dt
from ibis.expr import types as ir

from veriport.adapters.engines.ibis.dialects import Dialect
from veriport.adapters.engines.ibis.rules.values import Value, decoded, shown
from veriport.adapters.engines.ibis.sources import Field
from veriport.domain.rules.eras import instant_of, iso_text, time_text
from veriport.domain.types import TEXT, Family
from veriport.ports.errors import DataError

_TIMES: Mapping[Family, type[date | time]] = {
    Family.DATE: date, Family.DATETIME: datetime, Family.TIME: time,
}  # fmt: skip
#: Those that write times as ISO 8601 has it, but for the years that it has not.
_WRITING = frozenset({"duckdb", "postgres", "pyspark"})
#: What every client has a value for.
_SIMPLE = frozenset({Family.BOOLEAN, Family.INTEGER, Family.FLOAT, Family.DECIMAL, *TEXT, *_TIMES})
#: From a column, what is known of it and the dialect to what a query selects.
Tell: TypeAlias = Callable[[ir.Value, Field, Dialect], ir.Value]


def told(column: ir.Value, field: Field, dialect: Dialect) -> ir.Value:
    """A column, or one of its values, as a query tells it."""
    known = field.column.dtype
    if known.family not in _TIMES or dialect.name not in _WRITING:
        return shown(column, field, dialect)
    if dialect.name == "pyspark" and known.zoned:  # which it would write without its zone
        return shown(column, field, dialect)
    return column.cast(dt.string)


def written(column: ir.Value, field: Field, dialect: Dialect) -> ir.Value:
    """The same for a client that has no value for it: in the words of the database."""
    simple = field.column.dtype.family in _SIMPLE
    return told(column, field, dialect) if simple else column.cast(dt.string)


def told_as_compared(compared: Value, field: Field, dialect: Dialect) -> ir.Value:
    """A value in the form in which it is compared, as a query tells it."""
    times = compared.family in _TIMES and not dialect.text_times
    return told(compared.expr, field, dialect) if times else compared.expr


def heard(value: object, field: Field) -> object:
    """A told value as Python has it, or the text of one that it does not have."""
    known = field.column.dtype
    try:
        if isinstance(value, str) and known.family in _TIMES:
            return decoded(_TIMES[known.family].fromisoformat(value), field)
        return decoded(value, field)
    except ValueError:
        return iso_text(str(value))
    except OverflowError:  # in its zone it is a day of a year that Python does not have
        return time_text(value, zoned=known.zoned) if isinstance(value, int) else iso_text(str(value))


def heard_time(value: object, field: Field) -> object:
    """The same of what will be compared with other times. Raises ``DataError`` where it means none."""
    found = heard(value, field)
    dated = field.column.dtype.family in {Family.DATE, Family.DATETIME}
    if dated and isinstance(found, str) and instant_of(found) is None:
        raise DataError(f"the database writes {found}, which is read as no time")
    return found
