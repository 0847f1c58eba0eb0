"""Rules about several columns, or about how rows relate to each other."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from attrs import Attribute, field, frozen

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.rules.base import ColumnRule, ColumnsRule, Rule, choose, param
from veriport.domain.types import NUMERIC, TEXT, Column, Family


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

    def objection(self, columns: Mapping[str, Column]) -> str | None:
        """Kinds of values that have no order between them."""
        left, right = columns[self.column], columns[self.other]
        if _kind(left) == _kind(right) or Family.NULL in {left.dtype.family, right.dtype.family}:
            return None
        return (
            f"column {left.name!r} is {left.dtype.name} and column {right.name!r} is "
            f"{right.dtype.name}: they cannot be compared"
        )


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
