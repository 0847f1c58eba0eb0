"""Rules about a table as a whole: how many rows, which columns, of which types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from attrs import Attribute, field, frozen

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.rules.base import (
    ColumnRule,
    Rule,
    SchemaRule,
    ValueRule,
    column_names,
    items,
    param,
    texts,
)
from veriport.domain.rules.scalars import Scalar
from veriport.domain.rules.values import between, check_counts, max_count, min_count
from veriport.domain.types import Column, is_of_type, type_hint, type_named


@frozen(kw_only=True)
class _Counted(Rule):
    min: int | None = field(
        default=None, converter=min_count, metadata=param("at least", aliases=("min_value",))
    )
    max: int | None = field(
        default=None, converter=max_count, metadata=param("at most", aliases=("max_value",))
    )

    @max.validator
    def _in_order(self, _: Attribute[int | None], value: int | None) -> None:
        check_counts(self.type, self.min, value)

    def _allows(self, count: int) -> bool:
        return (self.min or 0) <= count and (self.max is None or count <= self.max)


@frozen(kw_only=True)
class RowCount(_Counted, ValueRule):
    """The number of rows; with ``where``, of the rows for which it is TRUE."""

    type: ClassVar[str] = "row_count"

    def expectation(self) -> str:
        """In signs."""
        return between(self.min, self.max, "rows")

    def accepts(self, observed: Scalar) -> bool:
        """Whether so many rows are allowed."""
        return isinstance(observed, int) and self._allows(observed)


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
            raise InvalidRule(f"unknown type {shown(word)}{type_hint(word)}", key="dtype")
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


@frozen(kw_only=True)
class ColumnCount(_Counted, SchemaRule):
    """The number of columns."""

    type: ClassVar[str] = "column_count"

    def expectation(self) -> str:
        """In signs."""
        return between(self.min, self.max, "columns")

    def observe(self, columns: Mapping[str, Column]) -> Scalar:
        """How many there are."""
        return len(columns)

    def holds(self, columns: Mapping[str, Column]) -> bool:
        """Whether so many are allowed."""
        return self._allows(len(columns))


def _column_list(value: object) -> tuple[str, ...]:
    return column_names("columns", value)


def _exact(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidRule(f"exact must be true or false, not {shown(value)}", key="exact")
    return value


@frozen(kw_only=True)
class ColumnsSet(SchemaRule):
    """All the columns are there, in any order; with ``exact`` no others are."""

    type: ClassVar[str] = "columns_set"
    columns: tuple[str, ...] = field(
        converter=_column_list, metadata=param("the names", aliases=("column_set", "column_list"))
    )
    exact: bool = field(
        default=True,
        converter=_exact,
        metadata=param("whether others are forbidden", aliases=("exact_match",)),
    )

    def expectation(self) -> str:
        """In words."""
        return f"{'exactly' if self.exact else 'at least'} the columns {', '.join(self.columns)}"

    def observe(self, columns: Mapping[str, Column]) -> Scalar:
        """What is amiss: missing and extra columns."""
        missing = [name for name in self.columns if name not in columns]
        listed = frozenset(self.columns)
        extra = [name for name in columns if name not in listed] if self.exact else []
        said = [
            f"{what} {', '.join(names)}" for what, names in (("missing", missing), ("extra", extra)) if names
        ]
        return "; ".join(said) or None

    def holds(self, columns: Mapping[str, Column]) -> bool:
        """Whether nothing is amiss."""
        return self.observe(columns) is None


@frozen(kw_only=True)
class ColumnsOrdered(SchemaRule):
    """The columns are exactly these, in this order."""

    type: ClassVar[str] = "columns_ordered"
    ordered: ClassVar[frozenset[str]] = frozenset({"columns"})
    columns: tuple[str, ...] = field(
        converter=_column_list, metadata=param("the names", aliases=("column_list",))
    )

    def expectation(self) -> str:
        """In words."""
        return f"the columns {', '.join(self.columns)} in this order"

    def observe(self, columns: Mapping[str, Column]) -> Scalar:
        """The columns as they are."""
        return ", ".join(columns)

    def holds(self, columns: Mapping[str, Column]) -> bool:
        """Whether they are as listed."""
        return tuple(columns) == self.columns


def _schema(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    pairs = value.items() if isinstance(value, Mapping) else items(value)
    if not pairs:
        raise InvalidRule(f"schema must map columns to types, not {shown(value)}", key="schema")
    typed = tuple(_typed_column(pair) for pair in pairs)
    column_names("schema", [name for name, _ in typed])
    return typed


def _typed_column(pair: object) -> tuple[str, tuple[str, ...]]:
    parts = items(pair) or ()
    if len(parts) != 2 or not isinstance(parts[0], str):  # noqa: PLR2004  # a name and its type
        raise InvalidRule(f"schema must map columns to types, and holds {shown(pair)}", key="schema")
    try:
        return parts[0], _types(parts[1])
    except InvalidRule as wrong:
        raise InvalidRule(f"column {shown(parts[0])}: {wrong.message}", key="schema") from None


@frozen(kw_only=True)
class TableSchema(SchemaRule):
    """The columns have these types; with ``exact`` there are no others."""

    type: ClassVar[str] = "schema"
    schema: tuple[tuple[str, tuple[str, ...]], ...] = field(
        converter=_schema,
        metadata=param("column names and their types, or families of types", aliases=("columns",)),
    )
    exact: bool = field(
        default=False, converter=_exact, metadata=param("whether other columns are forbidden")
    )

    def expectation(self) -> str:
        """In words."""
        listed = ", ".join(f"{name}: {' or '.join(types)}" for name, types in self.schema)
        return f"{'exactly ' if self.exact else ''}{listed}"

    def observe(self, columns: Mapping[str, Column]) -> Scalar:
        """What is amiss, column by column."""
        amiss = [
            f"{name} is {columns[name].dtype.name if name in columns else 'missing'}"
            for name, types in self.schema
            if name not in columns or not any(is_of_type(columns[name].dtype, wanted) for wanted in types)
        ]
        known = dict(self.schema)
        amiss += [f"{name} is extra" for name in columns if self.exact and name not in known]
        return "; ".join(amiss) or None

    def holds(self, columns: Mapping[str, Column]) -> bool:
        """Whether nothing is amiss."""
        return self.observe(columns) is None
