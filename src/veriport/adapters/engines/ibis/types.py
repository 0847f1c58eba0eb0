"""Ibis' types under the names of ``veriport.domain.types``."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.datatypes as dt

from veriport.domain.types import DataType, Family

_FAMILIES: Mapping[type[dt.DataType], Family] = {
    dt.Boolean: Family.BOOLEAN,
    dt.Decimal: Family.DECIMAL,
    dt.String: Family.STRING,
    dt.Date: Family.DATE,
    dt.Timestamp: Family.DATETIME,
    dt.Time: Family.TIME,
    dt.Interval: Family.DURATION,
    dt.Binary: Family.BINARY,
    dt.Array: Family.LIST,
    dt.Struct: Family.STRUCT,
    dt.Null: Family.NULL,
}


def data_type(dtype: dt.DataType, named: str = "") -> DataType:
    """The canonical type of a type of Ibis; ``named`` is what the database calls it, if that is known."""
    if isinstance(dtype, dt.Integer | dt.Floating):
        family = Family.INTEGER if isinstance(dtype, dt.Integer) else Family.FLOAT
        return DataType(family, type(dtype).__name__.lower())
    family = _FAMILIES.get(type(dtype), Family.OTHER)
    return DataType(family, _name(dtype, family, named))


def _name(dtype: dt.DataType, family: Family, named: str) -> str:
    match dtype:
        case dt.Decimal(precision=int() as precision, scale=int() as scale):
            return f"decimal({precision}, {scale})"
        case dt.Timestamp(timezone=zone):
            return f"datetime({unit_of(dtype)}{f', {zone}' if zone else ''})"
        case dt.Interval():
            return "duration(us)"
        case dt.Array(value_type=inside):
            of_items, brackets, _ = named.rpartition("[")
            return f"list({data_type(inside, of_items if brackets else '').name})"
        case dt.Unknown(raw_type=raw):
            return (named or (raw.sql() if hasattr(raw, "sql") else str(raw or "unknown"))).lower()
        case _:
            return family.value if family is not Family.OTHER else str(dtype).lower()


def unit_of(dtype: dt.Timestamp) -> str:
    """The unit of a timestamp; databases that do not say theirs keep microseconds."""
    scale = 6 if dtype.scale is None else dtype.scale
    return next(unit for most, unit in ((0, "s"), (3, "ms"), (6, "us"), (9, "ns")) if scale <= most)
