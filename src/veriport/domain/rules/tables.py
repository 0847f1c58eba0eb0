"""Rules about a table as a whole: how many rows, which columns, of which types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from attrs import Attribute, field, frozen

from veriport.domain.errors import InvalidRule
from veriport.domain.rules.base import ColumnRule, SchemaRule, ValueRule, param, texts
from veriport.domain.rules.scalars import Scalar
from veriport.domain.rules.values import between, check_counts, max_count, min_count
from veriport.domain.types import Column, is_of_type, type_hint, type_named


@frozen(kw_only=True)
class RowCount(ValueRule):
    """The number of rows; with ``where``, of the rows for which it is TRUE."""

    type: ClassVar[str] = "row_count"
    min: int | None = field(
        default=None, converter=min_count, metadata=param("at least", aliases=("min_value",))
    )
    max: int | None = field(
        default=None, converter=max_count, metadata=param("at most", aliases=("max_value",))
    )

    @max.validator
    def _in_order(self, _: Attribute[int | None], value: int | None) -> None:
        check_counts(self.type, self.min, value)

    def expectation(self) -> str:
        """In signs."""
        return between(self.min, self.max).replace("value", "rows")

    def accepts(self, observed: Scalar) -> bool:
        """Whether so many rows are allowed."""
        low = 0 if self.min is None else self.min
        return isinstance(observed, int) and low <= observed and (self.max is None or observed <= self.max)


@frozen(kw_only=True)
class ColumnExists(SchemaRule, ColumnRule):
    """There is a column of that name. An absent one is a failure, whatever ``missing`` says."""

    type: ClassVar[str] = "column_exists"

    @property
    def reads(self) -> tuple[str, ...]:
        """Nothing: it asks whether there is something to read."""
        return ()

    def expectation(self) -> str:
        """In words."""
        return f"a column {self.column!r}"

    def observe(self, columns: Mapping[str, Column]) -> Scalar:
        """The type of the column, or ``None``."""
        return columns[self.column].dtype.name if self.column in columns else None

    def holds(self, columns: Mapping[str, Column]) -> bool:
        """Whether it is there."""
        return self.column in columns


def _types(value: object) -> tuple[str, ...]:
    named = []
    for word in texts("dtype", value):
        canonical = type_named(word)
        if canonical is None:
            raise InvalidRule(f"unknown type {word!r}{type_hint(word)}", key="dtype")
        named.append(canonical)
    if not named:
        raise InvalidRule("dtype must name at least one type", key="dtype")
    return tuple(dict.fromkeys(named))


@frozen(kw_only=True)
class DType(SchemaRule, ColumnRule):
    """The column is of one of these types, or families of types such as ``integer`` or ``temporal``."""

    type: ClassVar[str] = "dtype"
    dtype: tuple[str, ...] = field(
        converter=_types,
        metadata=param("a type or a list of types", aliases=("dtypes", "data_type", "type_")),
    )

    def expectation(self) -> str:
        """In words."""
        return " or ".join(self.dtype)

    def observe(self, columns: Mapping[str, Column]) -> Scalar:
        """The type of the column."""
        return columns[self.column].dtype.name

    def holds(self, columns: Mapping[str, Column]) -> bool:
        """Whether the type is one of the allowed."""
        return any(is_of_type(columns[self.column].dtype, wanted) for wanted in self.dtype)
