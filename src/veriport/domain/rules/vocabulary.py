"""The words for rules: canonical types, their other spellings, and how a spelling is read.

A family such as ``greater_than`` or ``positive`` is another spelling of one class, not a class.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from veriport.domain.formats import FORMATS
from veriport.domain.rules.aggregates import Aggregate, Correlation, DistinctSet, ModeInSet, Of
from veriport.domain.rules.base import Rule
from veriport.domain.rules.native import Native
from veriport.domain.rules.references import ReferentialIntegrity, RowCountMatch
from veriport.domain.rules.rows import (
    Compare,
    Duplicate,
    Expression,
    PairInSet,
    RowsComplete,
    RowSum,
    RowUnique,
    Unique,
)
from veriport.domain.rules.spread import InterquartileRange, Monotonic, ZScore
from veriport.domain.rules.tables import (
    ColumnCount,
    ColumnExists,
    ColumnsOrdered,
    ColumnsSet,
    DType,
    RowCount,
    TableSchema,
)
from veriport.domain.rules.texts import Contains, DatetimeFormat, Format, JsonSchema, Like, NotLike
from veriport.domain.rules.times import Freshness, NotFuture, NotPast
from veriport.domain.rules.values import (
    InRange,
    InSet,
    Length,
    NotInRange,
    NotInSet,
    NotNull,
    NotRegex,
    Null,
    Regex,
)

#: Every rule class by its canonical type, in the order of the documentation.
CLASSES: Mapping[str, type[Rule]] = {
    cls.type: cls
    for cls in (
        NotNull, Null, Unique, InSet, NotInSet, InRange, NotInRange, Compare,
        Regex, NotRegex, Like, NotLike, Contains, Length, Format, DatetimeFormat, JsonSchema,
        NotFuture, NotPast, Monotonic, ZScore, InterquartileRange, Expression,
        Duplicate, PairInSet, RowsComplete, RowSum, RowUnique, ReferentialIntegrity,
        Aggregate, DistinctSet, ModeInSet, Correlation,
        RowCount, RowCountMatch, ColumnExists, DType, ColumnCount, ColumnsSet, ColumnsOrdered, TableSchema,
        Freshness,
        Native,
    )
}  # fmt: skip


@frozen
class Spelling:
    """How one word is read: the class it means, its own names for parameters, and what it fixes.

    A spelling with ``given`` applies only where one of those keys is written. ``needs`` are parameters
    that must be there although the class could do without them.
    """

    rule: type[Rule]
    renamed: Mapping[str, str] = field(factory=dict)
    fixed: Mapping[str, object] = field(factory=dict)
    given: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


def _comparison(operator: str, end: str, open_end: str, inclusive: str) -> tuple[Spelling, ...]:
    constant = {"value": end, "threshold": end}
    fixed = {"inclusive": inclusive, open_end: None}
    return (_of_columns(operator), Spelling(InRange, constant, fixed, needs=(end,)))


def _equality(operator: str, rule: type[Rule]) -> tuple[Spelling, ...]:
    return (_of_columns(operator), Spelling(rule, {"value": "values"}))


def _of_columns(operator: str) -> Spelling:
    return Spelling(Compare, fixed={"operator": operator}, given=("other", "other_column", "column_b"))


def _one(rule: type[Rule], **fixed: object) -> tuple[Spelling, ...]:
    return (Spelling(rule, fixed=fixed),)


def _length(end: str) -> tuple[Spelling, ...]:
    return (Spelling(Length, {"value": end, "length": end}, needs=(end,)),)


_GREATER = _comparison(">", "min", "max", "neither")
_GREATER_OR_EQUAL = _comparison(">=", "min", "max", "both")
_LESS = _comparison("<", "max", "min", "neither")
_LESS_OR_EQUAL = _comparison("<=", "max", "min", "both")
_EQUAL = _equality("==", InSet)
_NOT_EQUAL = _equality("!=", NotInSet)

_CONDITIONAL = (
    Spelling(NotNull, dict.fromkeys(("condition", "when", "predicate"), "where"), needs=("where",)),
)
_COMPLETENESS = (Spelling(NotNull, dict.fromkeys(("min_ratio", "ratio", "min_completeness"), "mostly")),)
_FOREIGN_KEY = (
    Spelling(InSet, {"reference_values": "values"}, given=("values", "reference_values")),
    Spelling(ReferentialIntegrity, {"to": "reference", "to_model": "reference", "field": "reference_columns",
                                    "to_column": "reference_columns"}),
)  # fmt: skip

#: Every word that ``type`` may hold, and how it is read; the first that applies counts.
SPELLINGS: Mapping[str, tuple[Spelling, ...]] = {
    **{name: _one(cls) for name, cls in CLASSES.items()},
    "notnull": _one(NotNull), "non_null": _one(NotNull), "not_missing": _one(NotNull),
    "no_duplicates": _one(Unique), "unique_combination": _one(Unique),
    "accepted_values": _one(InSet), "isin": _one(InSet),
    "rejected_values": _one(NotInSet), "notin": _one(NotInSet),
    "between": _one(InRange), "range": _one(InRange),
    "matches": _one(Regex), "pattern": _one(Regex),
    "custom_expression": _one(Expression), "row_expression": _one(Expression),
    "data_type": _one(DType),
    "row_count_range": _one(RowCount), "row_count_between": _one(RowCount),
    "greater_than": _GREATER, "gt": _GREATER,
    "greater_than_or_equal": _GREATER_OR_EQUAL, "greater_or_equal": _GREATER_OR_EQUAL,
    "gte": _GREATER_OR_EQUAL, "ge": _GREATER_OR_EQUAL,
    "less_than": _LESS, "lt": _LESS,
    "less_than_or_equal": _LESS_OR_EQUAL, "less_or_equal": _LESS_OR_EQUAL,
    "lte": _LESS_OR_EQUAL, "le": _LESS_OR_EQUAL,
    "equal": _EQUAL, "equals": _EQUAL, "eq": _EQUAL,
    "not_equal": _NOT_EQUAL, "neq": _NOT_EQUAL, "ne": _NOT_EQUAL,
    "positive": _one(InRange, min=0, inclusive="neither"),
    "negative": _one(InRange, max=0, inclusive="neither"),
    "non_negative": _one(InRange, min=0),
    "non_positive": _one(InRange, max=0),
    "min_length": _length("min"),
    "max_length": _length("max"),
    "is_null": _one(Null),
    "conditional_null": _CONDITIONAL, "conditional_not_null": _CONDITIONAL,
    "completeness_ratio": _COMPLETENESS, "completeness": _COMPLETENESS,
    "not_between": _one(NotInRange), "outside": _one(NotInRange),
    "not_matches": _one(NotRegex),
    "starts_with": (Spelling(Contains, {"prefix": "text"}, {"at": "start"}),),
    "ends_with": (Spelling(Contains, {"suffix": "text"}, {"at": "end"}),),
    **{name: _one(Format, format=name) for name in FORMATS if name not in {"date", "datetime"}},
    **{f"{name}_format": _one(Format, format=name) for name in FORMATS if name != "datetime"},
    "iso_country": _one(Format, format="country"), "country_code": _one(Format, format="country"),
    "date_format": (Spelling(DatetimeFormat, given=("format",)), *_one(Format, format="date")),
    "strptime": _one(DatetimeFormat),
    "increasing": _one(Monotonic, direction="increasing"),
    "decreasing": _one(Monotonic, direction="decreasing"),
    "strictly_increasing": _one(Monotonic, direction="increasing", strictly=True),
    "strictly_decreasing": _one(Monotonic, direction="decreasing", strictly=True),
    "zscore": _one(ZScore), "z_score_outlier": _one(ZScore), "iqr_outlier": _one(InterquartileRange),
    "no_duplicate_rows": _one(Duplicate), "duplicate_rows": _one(Duplicate), "distinct_rows": _one(Duplicate),
    "referential_integrity": _FOREIGN_KEY, "foreign_key": _FOREIGN_KEY, "ref_integrity": _FOREIGN_KEY,
    "relationships": _FOREIGN_KEY,
    **{of.value: _one(Aggregate, of=of.value) for of in Of if of not in {Of.MIN, Of.MAX, Of.QUANTILE}},
    "column_min": _one(Aggregate, of="min"), "column_max": _one(Aggregate, of="max"),
    "quantile": (Spelling(Aggregate, {"quantile": "q"}, {"of": "quantile"}),),
    "cross_table_row_count": (Spelling(RowCountMatch, {"table2": "reference"}),),
    "table_schema": _one(TableSchema), "columns_match": _one(ColumnsSet),
}  # fmt: skip
