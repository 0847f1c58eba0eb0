"""The schema of a data set as a rule in its mapping form: what ``auto_schema`` learns."""

from __future__ import annotations

from collections.abc import Iterable

from veriport.domain.types import Column, DataType, Family, is_of_type, other_named, type_named

#: What a column of nothing but nulls may turn out to be.
_ANYTHING = sorted(family.value for family in Family)


def schema_entry(columns: Iterable[Column]) -> dict[str, object]:
    """The rule that a data set has these columns, of these types, and no others; in any order.

    A type that rules cannot name in full is wanted by its family, one that a database alone has a name for by
    that, and a column without a type may have any.
    """
    wanted = {column.name: _wanted(column.dtype) for column in columns}
    if not wanted:
        return {"id": "auto_schema", "type": "column_count", "max": 0}
    return {"id": "auto_schema", "type": "schema", "schema": wanted, "exact": True}


def _wanted(dtype: DataType) -> str | list[str]:
    if dtype.family is Family.NULL:
        return _ANYTHING
    name = type_named(other_named(dtype.name) if dtype.family is Family.OTHER else dtype.name)
    return name if name is not None and is_of_type(dtype, name) else dtype.family.value
