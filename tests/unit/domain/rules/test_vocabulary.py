"""Every word for a rule, and what it means."""

from __future__ import annotations

from typing import Any

import pytest

from veriport.domain.rules.base import Rule
from veriport.domain.rules.reading import read_rule
from veriport.domain.rules.rows import Compare, Expression, Unique
from veriport.domain.rules.tables import ColumnExists, DType, RowCount
from veriport.domain.rules.values import InRange, InSet, Length, NotInSet, NotNull, Regex
from veriport.domain.rules.vocabulary import CLASSES, SPELLINGS
from veriport.testing.strategies import PARAMETERS

_ABOVE = InRange(column="a", min=5, inclusive="neither")
_FROM = InRange(column="a", min=5)
_BELOW = InRange(column="a", max=5, inclusive="neither")
_UP_TO = InRange(column="a", max=5)
_FIVE = {"column": "a", "value": 5}

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
}


@pytest.mark.parametrize("word", SPELLINGS)
def test_every_word_is_read(word: str) -> None:
    entry, rule = WRITTEN[word]
    assert read_rule({"type": word, **entry}).unwrap() == (rule,)


@pytest.mark.parametrize("word", SPELLINGS)
def test_the_case_of_a_word_does_not_matter(word: str) -> None:
    entry, rule = WRITTEN[word]
    assert read_rule({"type": word.upper(), **entry}).unwrap() == (rule,)


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
    assert SPELLINGS[word][0].rule is CLASSES[word]


def test_words_are_in_lower_case() -> None:
    assert [word for word in SPELLINGS if word != word.lower()] == []


def test_every_class_has_a_strategy() -> None:
    assert set(PARAMETERS) == set(CLASSES.values())
