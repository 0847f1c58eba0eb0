"""Rules about several columns, or about how rows relate to each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import ClassVar

from attrs import Attribute, field, frozen

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.expressions import Call, Expr, Name
from veriport.domain.rules.base import AllColumnsRule, ColumnRule, ColumnsRule, Rule, choose, items, param
from veriport.domain.rules.scalars import Scalar, mismatch, scalar
from veriport.domain.rules.values import Bounds, numbers_only
from veriport.domain.types import NESTED, NUMERIC, TEXT, Column, Family


@frozen(kw_only=True)
class Unique(ColumnsRule):
    """No value, or combination of values, occurs more than once; every row of a repeated one fails.

    A row with a null in any of the columns is a null to this rule: not checked, or failed.
    """

    type: ClassVar[str] = "unique"
    additive: ClassVar[bool] = False

    def expectation(self) -> str:
        """In words."""
        return "no value twice" if len(self.columns) == 1 else "no combination twice"


@frozen(kw_only=True)
class Duplicate(AllColumnsRule):
    """No row occurs more than once, nulls being equal; every row of a repeated one fails.

    Over some columns, rows are compared by those alone. Unlike ``unique`` it looks at nulls, too.
    """

    type: ClassVar[str] = "duplicate"
    additive: ClassVar[bool] = False

    def expectation(self) -> str:
        """In words."""
        return "no row twice"


@frozen(kw_only=True)
class RowsComplete(AllColumnsRule):
    """Every row has a value in each of the columns."""

    type: ClassVar[str] = "rows_complete"

    def expectation(self) -> str:
        """In words."""
        return "a value in every column"


def _combinations(value: object) -> tuple[tuple[Scalar, ...], ...]:
    listed = items(value)
    if not listed:
        raise InvalidRule(f"values must be a list of lists, not {shown(value)}", key="values")
    return tuple(each for _, each in dict.fromkeys(_typed(_combination(item) for item in listed)))


def _typed(combinations: Iterable[tuple[Scalar, ...]]) -> tuple[tuple[object, tuple[Scalar, ...]], ...]:
    """To Python ``True`` is the number 1; here it is not."""
    return tuple((tuple(isinstance(value, bool) for value in each), each) for each in combinations)


def _combination(value: object) -> tuple[Scalar, ...]:
    parts = items(value)
    if not parts:
        raise InvalidRule(f"values must be a list of lists, and one is {shown(value)}", key="values")
    return tuple(scalar("values", part) for part in parts)


@frozen(kw_only=True)
class PairInSet(ColumnsRule):
    """The values of the columns, taken together, are one of the listed combinations.

    A null in any of the columns is a null to this rule.
    """

    type: ClassVar[str] = "pair_in_set"
    ordered: ClassVar[frozenset[str]] = frozenset({"columns", "values"})
    values: tuple[tuple[Scalar, ...], ...] = field(
        converter=_combinations,
        eq=_typed,
        metadata=param(
            "the combinations, each a list in the order of columns", aliases=("value_pairs_set", "pairs")
        ),
    )

    @values.validator
    def _as_many(self, _: Attribute[object], value: tuple[tuple[Scalar, ...], ...]) -> None:
        for each in value:
            if len(each) != len(self.columns):
                raise InvalidRule(
                    f"{shown(list(each))} is no combination of {len(self.columns)} columns", key="values"
                )

    def expectation(self) -> str:
        """In words."""
        return f"one of {len(self.values)} combinations"

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """A value that a column can never hold."""
        pairs = (
            (columns[name], value)
            for each in self.values
            for name, value in zip(self.columns, each, strict=True)
        )
        return next(filter(None, (mismatch(column, value) for column, value in pairs)), None)


@frozen(kw_only=True)
class RowSum(Bounds, ColumnsRule):
    """The sum of the columns of every row lies between ``min`` and ``max``.

    A null in any of the columns is a null to this rule.
    """

    type: ClassVar[str] = "row_sum"

    def require_ends(self) -> None:
        """A sum is a number."""
        numbers_only(self)

    def expectation(self) -> str:
        """In signs."""
        return self.in_signs(" + ".join(self.columns))

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Only numbers add up."""
        for name in self.columns:
            if columns[name].dtype.family not in NUMERIC | {Family.NULL}:
                return f"row_sum is for numbers and column {name!r} is {columns[name].dtype.name}"
        return None


@frozen(kw_only=True)
class RowUnique(ColumnsRule):
    """No two of the columns hold the same value in one row; nulls are passed over.

    A row with fewer than two values has nothing to compare and is a null to this rule.
    """

    type: ClassVar[str] = "row_unique"

    def __attrs_post_init__(self) -> None:
        """A column differs from others."""
        if len(self.columns) < 2:  # noqa: PLR2004  # one column is equal to nothing
            raise InvalidRule("row_unique needs two columns or more", key="columns")

    def expectation(self) -> str:
        """In words."""
        return f"{', '.join(self.columns)} differ"

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Kinds of values that cannot be compared."""
        if (refused := nested(self.type, (columns[name] for name in self.columns))) is not None:
            return refused
        kinds = {
            _kind(columns[name]) for name in self.columns if columns[name].dtype.family is not Family.NULL
        }
        return None if len(kinds) <= 1 else "row_unique needs columns whose values can be compared"


class Operator(StrEnum):
    """How two columns of a row are compared."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


def _operator(value: object) -> Operator:
    return choose(Operator, "operator", _OTHER_SIGNS.get(value, value) if isinstance(value, str) else value)


_OTHER_SIGNS = {"=": "==", "<>": "!="}


#: What SQL calls an operator, where it has another name for it.
_SQL = {Operator.EQUAL: "=", Operator.NOT_EQUAL: "<>"}


@frozen(kw_only=True)
class Compare(ColumnRule):
    """Two columns of every row compare as said. A null on either side is a null to this rule."""

    type: ClassVar[str] = "compare"
    operator: Operator = field(converter=_operator, metadata=param("one of == != < <= > >=", aliases=("op",)))
    other: str = field(metadata=param("the column on the right", aliases=("other_column", "column_b")))

    @other.validator
    def _another(self, _: Attribute[str], value: object) -> None:
        if not isinstance(value, str) or not value:
            raise InvalidRule(f"other must be the name of a column, not {shown(value)}", key="other")
        if value == self.column:
            raise InvalidRule(f"compares column {value!r} with itself", key="other")

    @property
    def reads(self) -> tuple[str, ...]:
        """Left and right."""
        return (self.column, self.other)

    def expectation(self) -> str:
        """In signs."""
        return f"{self.column} {self.operator.value} {self.other}"

    @property
    def tree(self) -> Expr:
        """The same as a condition of SQL."""
        function = _SQL.get(self.operator, self.operator.value)
        return Call(function, (Name(self.column), Name(self.other)))

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Kinds of values that have no order between them."""
        left, right = columns[self.column], columns[self.other]
        if _kind(left) == _kind(right) or Family.NULL in {left.dtype.family, right.dtype.family}:
            return nested(self.type, (left, right))
        return (
            f"column {left.name!r} is {left.dtype.name} and column {right.name!r} is "
            f"{right.dtype.name}: they cannot be compared"
        )


def nested(rule_type: str, columns: Iterable[Column]) -> str | None:
    """The objection of a rule that compares values with each other, which lists and structs are not for."""
    found = next((column for column in columns if column.dtype.family in NESTED), None)
    if found is None:
        return None
    return f"{rule_type} has no meaning for {found.dtype.name} (column {found.name!r})"


def _kind(column: Column) -> object:
    family = column.dtype.family
    if family in NUMERIC:
        return "number"
    if family in TEXT:
        return "text"
    return (family, column.dtype.zoned)


@frozen(kw_only=True)
class Expression(Rule):
    """A SQL condition over the columns of a row that must be TRUE.

    NULL follows ``nulls``. The dialect is described in ``veriport.domain.expressions``.
    """

    type: ClassVar[str] = "expression"
    expression: str = field(
        metadata=param("the condition", aliases=("expr", "formula", "condition")),
    )

    @expression.validator
    def _some_text(self, _: Attribute[str], value: object) -> None:
        if not isinstance(value, str) or not value.strip():
            raise InvalidRule(f"expression must be a SQL condition, not {shown(value)}", key="expression")

    def expectation(self) -> str:
        """The condition itself."""
        return self.expression
