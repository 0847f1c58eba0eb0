"""Polars' types under the names of ``veriport.domain.types``."""

from __future__ import annotations

from collections.abc import Container, Mapping

import polars as pl
from polars.datatypes import DataTypeClass

from veriport.domain.errors import ConfigurationError
from veriport.domain.types import Column, DataType, Family, type_hint, type_named

_FAMILIES: Mapping[DataTypeClass, Family] = {
    pl.Boolean: Family.BOOLEAN,
    pl.Float32: Family.FLOAT,
    pl.Float64: Family.FLOAT,
    pl.Decimal: Family.DECIMAL,
    pl.String: Family.STRING,
    pl.Categorical: Family.CATEGORICAL,
    pl.Enum: Family.CATEGORICAL,
    pl.Date: Family.DATE,
    pl.Datetime: Family.DATETIME,
    pl.Time: Family.TIME,
    pl.Duration: Family.DURATION,
    pl.Binary: Family.BINARY,
    pl.List: Family.LIST,
    pl.Array: Family.LIST,
    pl.Struct: Family.STRUCT,
    pl.Null: Family.NULL,
}

#: What a declared schema may name, and the Polars type it means.
_DECLARED: Mapping[str, pl.DataType | DataTypeClass] = {
    "boolean": pl.Boolean, "integer": pl.Int64, "float": pl.Float64, "numeric": pl.Float64,
    "string": pl.String, "categorical": pl.Categorical, "date": pl.Date, "datetime": pl.Datetime("us"),
    "time": pl.Time, "binary": pl.Binary,
    "int8": pl.Int8, "int16": pl.Int16, "int32": pl.Int32, "int64": pl.Int64,
    "uint8": pl.UInt8, "uint16": pl.UInt16, "uint32": pl.UInt32, "uint64": pl.UInt64,
    "float32": pl.Float32, "float64": pl.Float64,
}  # fmt: skip


def data_type(dtype: pl.DataType) -> DataType:
    """The canonical type of a Polars type."""
    if dtype.is_integer():
        return DataType(Family.INTEGER, str(dtype).lower())
    family = _FAMILIES.get(dtype.base_type(), Family.OTHER)
    return DataType(family, _name(dtype, family))


def _name(dtype: pl.DataType, family: Family) -> str:
    match dtype:
        case pl.Float32() | pl.Float64():
            return str(dtype).lower()
        case pl.Decimal():
            return f"decimal({dtype.precision}, {dtype.scale})"
        case pl.Datetime():
            zone = f", {dtype.time_zone}" if dtype.time_zone else ""
            return f"datetime({dtype.time_unit}{zone})"
        case pl.Duration():
            return f"duration({dtype.time_unit})"
        case pl.List() | pl.Array():
            return f"list({data_type(_inner(dtype)).name})"
        case _:
            return family.value if family is not Family.OTHER else str(dtype).lower()


def _inner(dtype: pl.List | pl.Array) -> pl.DataType:
    inner = dtype.inner
    return inner() if isinstance(inner, DataTypeClass) else inner


def columns_of(types: pl.Schema, untyped: Container[str]) -> tuple[Column, ...]:
    """The columns of a frame; ``untyped`` names those whose type the data does not tell."""
    return tuple(Column(name, data_type(dtype), untyped=name in untyped) for name, dtype in types.items())


def declared_type(column: str, name: object) -> pl.DataType | DataTypeClass:
    """The Polars type for an entry of a data set's ``schema``; raises ``ConfigurationError``."""
    canonical = type_named(str(name))
    if canonical is None or canonical not in _DECLARED:
        raise ConfigurationError(
            f"schema: column {column!r} has the unknown type {name!r}{type_hint(str(name))}"
        )
    return _DECLARED[canonical]
