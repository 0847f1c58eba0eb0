"""Every word for a rule, and what it means."""

from __future__ import annotations

from typing import Any

import pytest

from veriport.domain.formats import FORMATS
from veriport.domain.rules.aggregates import Aggregate, Correlation, DistinctSet, ModeInSet
from veriport.domain.rules.base import Rule
from veriport.domain.rules.native import Native
from veriport.domain.rules.reading import read_rule
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
from veriport.domain.rules.vocabulary import CLASSES, SPELLINGS
from veriport.testing.strategies import PARAMETERS

_ABOVE = InRange(column="a", min=5, inclusive="neither")
_FROM = InRange(column="a", min=5)
_BELOW = InRange(column="a", max=5, inclusive="neither")
_UP_TO = InRange(column="a", max=5)
_FIVE = {"column": "a", "value": 5}
_OF_A = {"column": "a"}
_FOREIGN = {"column": "a", "reference": "x.csv", "reference_column": "id"}
_FOREIGN_KEY = ReferentialIntegrity(columns="a", reference="x.csv", reference_columns="id")
_WHERE = NotNull(column="a", where="b > 0")

#: One way to write each word, and the rule that it is.
WRITTEN: dict[str, tuple[dict[str, Any], Rule]] = {
    "not_null": ({"column": "a"}, NotNull(column="a")),
    "notnull": ({"column": "a"}, NotNull(column="a")),
    "non_null": ({"column": "a"}, NotNull(column="a")),
    "not_missing": ({"column": "a"}, NotNull(column="a")),
    "unique": ({"column": "a"}, Unique(columns="a")),
    "no_duplicates": ({"columns": ["a", "b"]}, Unique(columns=["a", "b"])),
    "unique_combination": ({"columns": ["a", "b"]}, Unique(columns=["a", "b"])),
    "in_set": ({"column": "a", "values": [1, 2]}, InSet(column="a", values=[1, 2])),
    "accepted_values": ({"column": "a", "value_set": ["x"]}, InSet(column="a", values=["x"])),
    "isin": ({"column": "a", "allowed_values": ["x"]}, InSet(column="a", values=["x"])),
    "not_in_set": ({"column": "a", "values": [1]}, NotInSet(column="a", values=[1])),
    "rejected_values": ({"column": "a", "values": [1]}, NotInSet(column="a", values=[1])),
    "notin": ({"column": "a", "values": [1]}, NotInSet(column="a", values=[1])),
    "in_range": ({"column": "a", "min": 0, "max": 1}, InRange(column="a", min=0, max=1)),
    "between": ({"column": "a", "min_value": 0, "max_value": 1}, InRange(column="a", min=0, max=1)),
    "range": ({"column": "a", "min": 0, "inclusive": "right"}, InRange(column="a", min=0, inclusive="right")),
    "regex": ({"column": "a", "pattern": "x"}, Regex(column="a", pattern="x")),
    "matches": ({"column": "a", "regex": "x"}, Regex(column="a", pattern="x")),
    "pattern": ({"column": "a", "pattern": "x"}, Regex(column="a", pattern="x")),
    "length": ({"column": "a", "min": 1, "max": 2}, Length(column="a", min=1, max=2)),
    "min_length": ({"column": "a", "value": 1}, Length(column="a", min=1)),
    "max_length": ({"column": "a", "max_length": 2}, Length(column="a", max=2)),
    "compare": ({"column": "a", "operator": "<", "other": "b"}, Compare(column="a", operator="<", other="b")),
    "expression": ({"expression": "a > b"}, Expression(expression="a > b")),
    "custom_expression": ({"expr": "a > b"}, Expression(expression="a > b")),
    "row_expression": ({"condition": "a > b"}, Expression(expression="a > b")),
    "dtype": ({"column": "a", "dtype": "int"}, DType(column="a", dtype="int")),
    "data_type": ({"column": "a", "data_type": ["int", "str"]}, DType(column="a", dtype=["int", "str"])),
    "column_exists": ({"column": "a"}, ColumnExists(column="a")),
    "row_count": ({"min": 1}, RowCount(min=1)),
    "row_count_range": ({"min_value": 1, "max_value": 2}, RowCount(min=1, max=2)),
    "row_count_between": ({"min": 1, "max": 2}, RowCount(min=1, max=2)),
    "greater_than": (_FIVE, _ABOVE),
    "gt": ({"column": "a", "threshold": 5}, _ABOVE),
    "greater_than_or_equal": ({"column": "a", "min_value": 5}, _FROM),
    "greater_or_equal": ({"column": "a", "min": 5}, _FROM),
    "gte": (_FIVE, _FROM),
    "ge": (_FIVE, _FROM),
    "less_than": (_FIVE, _BELOW),
    "lt": ({"column": "a", "threshold": 5}, _BELOW),
    "less_than_or_equal": ({"column": "a", "max_value": 5}, _UP_TO),
    "less_or_equal": ({"column": "a", "max": 5}, _UP_TO),
    "lte": (_FIVE, _UP_TO),
    "le": (_FIVE, _UP_TO),
    "equal": (_FIVE, InSet(column="a", values=[5])),
    "equals": ({"column": "a", "values": [5, 6]}, InSet(column="a", values=[5, 6])),
    "eq": (_FIVE, InSet(column="a", values=[5])),
    "not_equal": (_FIVE, NotInSet(column="a", values=[5])),
    "neq": (_FIVE, NotInSet(column="a", values=[5])),
    "ne": (_FIVE, NotInSet(column="a", values=[5])),
    "positive": ({"column": "a"}, InRange(column="a", min=0, inclusive="neither")),
    "negative": ({"column": "a"}, InRange(column="a", max=0, inclusive="neither")),
    "non_negative": ({"column": "a"}, InRange(column="a", min=0)),
    "non_positive": ({"column": "a"}, InRange(column="a", max=0)),
    "null": (_OF_A, Null(column="a")),
    "is_null": (_OF_A, Null(column="a")),
    "conditional_null": ({"column": "a", "condition": "b > 0"}, _WHERE),
    "conditional_not_null": ({"column": "a", "when": "b > 0"}, _WHERE),
    "completeness_ratio": ({"column": "a", "min_ratio": 0.9}, NotNull(column="a", mostly=0.9)),
    "completeness": ({"column": "a", "min_completeness": 0.9}, NotNull(column="a", mostly=0.9)),
    "not_in_range": ({"column": "a", "min": 0, "max": 1}, NotInRange(column="a", min=0, max=1)),
    "not_between": ({"column": "a", "min_value": 0}, NotInRange(column="a", min=0)),
    "outside": (
        {"column": "a", "max": 1, "inclusive": "left"},
        NotInRange(column="a", max=1, inclusive="left"),
    ),
    "not_regex": ({"column": "a", "pattern": "x"}, NotRegex(column="a", pattern="x")),
    "not_matches": ({"column": "a", "patterns": ["x", "y"]}, NotRegex(column="a", pattern=["x", "y"])),
    "like": ({"column": "a", "pattern": "x%"}, Like(column="a", pattern="x%")),
    "not_like": ({"column": "a", "pattern": "x%"}, NotLike(column="a", pattern="x%")),
    "contains": ({"column": "a", "substring": "x"}, Contains(column="a", text="x")),
    "starts_with": ({"column": "a", "prefix": "x"}, Contains(column="a", text="x", at="start")),
    "ends_with": ({"column": "a", "suffix": "x"}, Contains(column="a", text="x", at="end")),
    "format": ({"column": "a", "name": "email"}, Format(column="a", format="email")),
    **{
        word: (_OF_A, Format(column="a", format=word)) for word in FORMATS if word not in {"date", "datetime"}
    },
    **{f"{word}_format": (_OF_A, Format(column="a", format=word)) for word in FORMATS if word != "datetime"},
    "iso_country": (_OF_A, Format(column="a", format="country")),
    "country_code": (_OF_A, Format(column="a", format="country")),
    "datetime_format": ({"column": "a", "format": "%Y"}, DatetimeFormat(column="a", format="%Y")),
    "strptime": ({"column": "a", "datetime_format": "%Y"}, DatetimeFormat(column="a", format="%Y")),
    "json_schema": (
        {"column": "a", "json_schema": {"type": "object"}},
        JsonSchema(column="a", schema={"type": "object"}),
    ),
    "not_future": (_OF_A, NotFuture(column="a")),
    "not_past": (_OF_A, NotPast(column="a")),
    "monotonic": ({"column": "a", "strict": True}, Monotonic(column="a", strictly=True)),
    "increasing": (_OF_A, Monotonic(column="a")),
    "decreasing": (_OF_A, Monotonic(column="a", direction="decreasing")),
    "strictly_increasing": (_OF_A, Monotonic(column="a", strictly=True)),
    "strictly_decreasing": (_OF_A, Monotonic(column="a", direction="decreasing", strictly=True)),
    "z_score": ({"column": "a", "sigma": 4}, ZScore(column="a", threshold=4)),
    "zscore": ({"column": "a", "z_threshold": 4}, ZScore(column="a", threshold=4)),
    "z_score_outlier": (_OF_A, ZScore(column="a", threshold=3)),
    "iqr": ({"column": "a", "factor": 3}, InterquartileRange(column="a", factor=3)),
    "iqr_outlier": ({"column": "a", "k": 3}, InterquartileRange(column="a", factor=3)),
    "duplicate": ({}, Duplicate()),
    "no_duplicate_rows": ({"columns": ["a", "b"]}, Duplicate(columns=["a", "b"])),
    "duplicate_rows": ({"column": "a"}, Duplicate(columns=["a"])),
    "distinct_rows": ({"columns": None}, Duplicate()),
    "pair_in_set": (
        {"columns": ["a", "b"], "value_pairs_set": [[1, "x"], [2, "y"]]},
        PairInSet(columns=["a", "b"], values=[(1, "x"), (2, "y")]),
    ),
    "rows_complete": ({}, RowsComplete()),
    "row_sum": ({"columns": ["a", "b"], "min_value": 1}, RowSum(columns=["a", "b"], min=1)),
    "row_unique": ({"columns": ["a", "b"]}, RowUnique(columns=["a", "b"])),
    "referential_integrity": (_FOREIGN, _FOREIGN_KEY),
    "foreign_key": ({"column": "a", "foreign_table": "x.csv", "foreign_column": "id"}, _FOREIGN_KEY),
    "ref_integrity": ({"column": "a", "ref_table": "x.csv", "ref_column": "id"}, _FOREIGN_KEY),
    "relationships": ({"column": "a", "to": "x.csv", "field": "id"}, _FOREIGN_KEY),
    "aggregate": (
        {"column": "a", "statistic": "quantile", "quantile": 0.9, "max": 5},
        Aggregate(column="a", of="quantile", q=0.9, max=5),
    ),
    **{
        word: ({"column": "a", "min": 0}, Aggregate(column="a", of=word, min=0))
        for word in (
            "sum",
            "mean",
            "median",
            "std",
            "variance",
            "skew",
            "kurtosis",
            "distinct_count",
            "distinct_ratio",
            "null_count",
            "null_ratio",
        )
    },
    "column_min": ({"column": "a", "min": 0}, Aggregate(column="a", of="min", min=0)),
    "column_max": ({"column": "a", "max": 9}, Aggregate(column="a", of="max", max=9)),
    "quantile": (
        {"column": "a", "quantile": 0.5, "max": 5},
        Aggregate(column="a", of="quantile", q=0.5, max=5),
    ),
    "distinct_set": (
        {"column": "a", "value_set": [1], "relation": "subset"},
        DistinctSet(column="a", values=[1], relation="subset"),
    ),
    "mode_in_set": ({"column": "a", "values": [1]}, ModeInSet(column="a", values=[1])),
    "correlation": ({"columns": ["a", "b"], "min": 0}, Correlation(columns=["a", "b"], min=0)),
    "row_count_match": (
        {"other_data": "x.csv", "threshold": 0.1},
        RowCountMatch(reference="x.csv", tolerance=0.1),
    ),
    "cross_table_row_count": (
        {"table2": "x.csv", "diff_tolerance": 0.1},
        RowCountMatch(reference="x.csv", tolerance=0.1),
    ),
    "column_count": ({"min_value": 1, "max": 3}, ColumnCount(min=1, max=3)),
    "columns_set": ({"column_set": ["a"], "exact_match": False}, ColumnsSet(columns=["a"], exact=False)),
    "columns_match": ({"columns": ["a", "b"]}, ColumnsSet(columns=["a", "b"])),
    "columns_ordered": ({"column_list": ["a", "b"]}, ColumnsOrdered(columns=["a", "b"])),
    "schema": (
        {"columns": {"a": "int", "b": ["str", "date"]}},
        TableSchema(schema={"a": "int", "b": ["str", "date"]}),
    ),
    "table_schema": ({"schema": {"a": "int"}, "exact": True}, TableSchema(schema={"a": "int"}, exact=True)),
    "freshness": ({"column": "a", "max_age_seconds": 90}, Freshness(column="a", max_age="90s")),
    "native": (
        {"expectation": "expect_it", "kwargs": {"column": "a"}},
        Native(name="expect_it", parameters={"column": "a"}),
    ),
}


@pytest.mark.parametrize("word", SPELLINGS)
def test_every_word_is_read(word: str) -> None:
    entry, rule = WRITTEN[word]
    assert read_rule({"type": word, **entry}).unwrap() == (rule,)


@pytest.mark.parametrize("word", SPELLINGS)
def test_the_case_of_a_word_does_not_matter(word: str) -> None:
    entry, rule = WRITTEN[word]
    assert read_rule({"type": word.upper(), **entry}).unwrap() == (rule,)


def test_every_word_is_in_the_table_and_no_other_is() -> None:
    assert WRITTEN.keys() == SPELLINGS.keys()


@pytest.mark.parametrize(
    ("word", "operator"),
    [
        ("greater_than", ">"), ("gt", ">"), ("greater_or_equal", ">="), ("gte", ">="), ("ge", ">="),
        ("less_than", "<"), ("lt", "<"), ("less_or_equal", "<="), ("lte", "<="), ("le", "<="),
        ("equal", "=="), ("eq", "=="), ("not_equal", "!="), ("ne", "!="),
    ],
)  # fmt: skip
@pytest.mark.parametrize("key", ["other", "other_column", "column_b"])
def test_a_comparison_with_a_column_is_one_of_columns(word: str, operator: str, key: str) -> None:
    read = read_rule({"type": word, "column": "a", key: "b"}).unwrap()
    assert read == (Compare(column="a", operator=operator, other="b"),)


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ({"type": "length", "column": "a", "min_length": 1, "max_len": 2}, Length(column="a", min=1, max=2)),
        ({"type": "min_length", "column": "a", "length": 3}, Length(column="a", min=3)),
        ({"type": "min_length", "column": "a", "value": 3, "max": 5}, Length(column="a", min=3, max=5)),
        (
            {"type": "positive", "column": "a", "max": 9},
            InRange(column="a", min=0, max=9, inclusive="neither"),
        ),
        ({"type": "not_null", "column": "a", "severity": "warn"}, NotNull(column="a", severity="medium")),
        ({"type": "dtype", "column": "a", "type_": "int"}, DType(column="a", dtype="int")),
        (
            {"type": "compare", "column": "a", "op": "=", "column_b": "b"},
            Compare(column="a", operator="==", other="b"),
        ),
    ],
)
def test_other_names_of_parameters_are_read(entry: dict[str, object], rule: Rule) -> None:
    assert read_rule(entry).unwrap() == (rule,)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"type": "gt", "column": "a"}, "gt needs 'value'"),
        ({"type": "gt", "column": "a", "value": None}, "gt needs 'value'"),
        ({"type": "lt", "column": "a", "min": 1}, "unknown key 'min' in lt; did you mean 'missing'?"),
        ({"type": "gt", "column": "a", "value": 5, "max": 9}, "unknown key 'max' in gt"),
        ({"type": "gt", "column": "a", "value": 5, "inclusive": "both"}, "unknown key 'inclusive' in gt"),
        (
            {"type": "positive", "column": "a", "min": 1},
            "unknown key 'min' in positive; did you mean 'missing'?",
        ),
        ({"type": "equal", "column": "a"}, "equal needs 'value'"),
        ({"type": "equal", "column": "a", "value": [1]}, "value is a single one; write values for a list"),
        ({"type": "equal", "column": "a", "other": "b", "value": 1}, "unknown key 'value' in equal"),
        ({"type": "min_length", "column": "a"}, "min_length needs 'value'"),
        ({"type": "gt", "value": 5}, "gt needs 'column'"),
    ],
)
def test_what_a_word_does_not_take_is_refused(entry: dict[str, object], message: str) -> None:
    assert str(read_rule(entry).failure()) == message


@pytest.mark.parametrize("word", CLASSES)
def test_the_canonical_word_is_the_type_of_its_class(word: str) -> None:
    assert CLASSES[word].type == word
    assert SPELLINGS[word][-1].rule is CLASSES[word]


def test_words_are_in_lower_case() -> None:
    assert [word for word in SPELLINGS if word != word.lower()] == []


def test_every_class_has_a_strategy() -> None:
    assert set(PARAMETERS) == set(CLASSES.values())
