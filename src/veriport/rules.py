"""The rule classes, for those who write rules in Python: ``veriport.rules.NotNull(column="id")``."""

from veriport.domain.rules.base import Missing, Nulls, Rule
from veriport.domain.rules.rows import Compare, Expression, Operator, Unique
from veriport.domain.rules.tables import ColumnExists, DType, RowCount
from veriport.domain.rules.values import Inclusive, InRange, InSet, Length, NotInSet, NotNull, Regex

__all__ = [
    "ColumnExists",
    "Compare",
    "DType",
    "Expression",
    "InRange",
    "InSet",
    "Inclusive",
    "Length",
    "Missing",
    "NotInSet",
    "NotNull",
    "Nulls",
    "Operator",
    "Regex",
    "RowCount",
    "Rule",
    "Unique",
]
