"""Rules about several columns of a row, or about rows together."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.unit.domain.rules.columns import NESTED, NOTHING, NUMBERS, columns
from veriport.domain.errors import InvalidRule
from veriport.domain.rules.base import AllColumnsRule, ColumnsRule
from veriport.domain.rules.reading import fingerprint
from veriport.domain.rules.rows import (
    Compare,
    Duplicate,
    Expression,
    Operator,
    PairInSet,
    RowsComplete,
    RowSum,
    RowUnique,
    Unique,
)
from veriport.domain.types import Column, DataType, Family


def _compare(**parameters: object) -> Compare:
    return Compare(**{"column": "a", "operator": "<", "other": "b", **parameters})  # type: ignore[arg-type]  # wrong on purpose


def test_unique_over_one_or_several_columns_says_which() -> None:
    assert Unique(columns="a").expectation() == "no value twice"
    assert Unique(columns=["a", "b"]).expectation() == "no combination twice"
    assert Unique(columns=["b", "a"]).reads == ("b", "a")


def test_unique_does_not_add_over_parts() -> None:
    assert not Unique.additive


@pytest.mark.parametrize(
    ("written", "operator"),
    [*((member.value, member) for member in Operator), ("=", Operator.EQUAL), ("<>", Operator.NOT_EQUAL)],
)
def test_every_sign_is_read(written: str, operator: Operator) -> None:
    assert _compare(operator=written).operator is operator


@pytest.mark.parametrize(
    ("parameters", "key", "message"),
    [
        ({"operator": "=>"}, "operator", "operator must be one of ==, !=, <, <=, >, >=, not '=>'"),
        ({"operator": None}, "operator", "operator must be one of ==, !=, <, <=, >, >=, not None"),
        ({"operator": ["<"]}, "operator", "operator must be one of ==, !=, <, <=, >, >=, not ['<']"),
        ({"other": ""}, "other", "other must be the name of a column, not ''"),
        ({"other": 5}, "other", "other must be the name of a column, not 5"),
        ({"other": "a"}, "other", "compares column 'a' with itself"),
    ],
)
def test_a_wrong_comparison_is_refused(parameters: dict[str, object], key: str, message: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        _compare(**parameters)
    assert caught.value.key == key
    assert str(caught.value).startswith(message)


def test_a_comparison_reads_both_and_says_what_it_expects() -> None:
    assert _compare().reads == ("a", "b")
    assert _compare(operator="<>").expectation() == "a != b"


_KINDS = [
    {Family.INTEGER, Family.FLOAT, Family.DECIMAL},
    {Family.STRING, Family.CATEGORICAL},
    *({family} for family in (Family.BOOLEAN, Family.DATE, Family.DATETIME, Family.TIME, Family.DURATION)),
]


@pytest.mark.parametrize(("left", "right"), list(itertools.product(sorted(set(Family) - NESTED), repeat=2)))
def test_columns_of_one_kind_compare(left: Family, right: Family) -> None:
    columns = {"a": Column("a", DataType(left, left.value)), "b": Column("b", DataType(right, right.value))}
    fits = left is right or Family.NULL in {left, right} or any({left, right} <= kind for kind in _KINDS)
    objection = _compare().objection(columns)
    if fits and NESTED & {left, right}:
        assert objection is not None
        assert objection.startswith("compare has no meaning for ")
        return
    reason = f"column 'a' is {left.value} and column 'b' is {right.value}: they cannot be compared"
    assert objection == (None if fits else reason)


def test_times_with_and_without_zone_do_not_compare() -> None:
    columns = {
        "a": Column("a", DataType(Family.DATETIME, "datetime(us)")),
        "b": Column("b", DataType(Family.DATETIME, "datetime(us, UTC)")),
    }
    assert _compare().objection(columns) == (
        "column 'a' is datetime(us) and column 'b' is datetime(us, UTC): they cannot be compared"
    )


@pytest.mark.parametrize("text", ["", "  ", None, 5, ["a > b"], True])
def test_an_expression_is_some_text(text: object) -> None:
    with pytest.raises(InvalidRule, match="expression must be a SQL condition, not ") as caught:
        Expression(expression=text)  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.key == "expression"


def test_an_expression_says_itself() -> None:
    assert Expression(expression="a > b").expectation() == "a > b"


@pytest.mark.parametrize("family", sorted(NESTED))
def test_lists_and_structs_do_not_compare(family: Family) -> None:
    objection = _compare().objection(columns(family, "a", "b"))
    assert objection == f"compare has no meaning for {family.value} (column 'a')"


# --- about all columns ----------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Duplicate, RowsComplete])
def test_a_rule_about_all_columns_names_them_when_they_are_known(cls: type[AllColumnsRule]) -> None:
    assert cls().reads == ()
    assert cls(severity="low").on(["a", "b"]) == cls(columns=["a", "b"], severity="low")
    assert cls(columns=["c"]).on(["a", "b"]) == cls(columns=["c"])
    assert cls().on([]) == cls()


@pytest.mark.parametrize("cls", [Duplicate, RowsComplete])
def test_a_column_without_a_name_is_one_of_all(cls: type[AllColumnsRule]) -> None:
    assert cls().on(["", "a"]).reads == ("", "a")


@pytest.mark.parametrize("cls", [Duplicate, RowsComplete])
@pytest.mark.parametrize(
    ("written", "message"),
    [
        ([], "columns must name at least one column"),
        (["a", "a"], "columns names 'a' twice"),
        ({"a": 1}, "columns must be text or a list of texts, not {'a': 1}"),
        ([None], "columns must hold texts, not None"),
    ],
)
def test_wrong_columns_are_refused(cls: type[AllColumnsRule], written: object, message: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        cls(columns=written)
    assert (caught.value.key, str(caught.value)) == ("columns", message)


def test_ten_thousand_columns_are_named_in_a_moment() -> None:
    names = [f"c{number}" for number in range(10_000)]
    assert len(Duplicate().on(names).reads) == 10_000


def test_rules_about_all_columns_say_what_they_expect() -> None:
    assert Duplicate().expectation() == "no row twice"
    assert RowsComplete().expectation() == "a value in every column"
    assert (Duplicate.additive, RowsComplete.additive) == (False, True)


# --- pair_in_set ----------------------------------------------------------------------------------


def _pairs(values: object, columns: object = ("a", "b")) -> PairInSet:
    return PairInSet(columns=columns, values=values)


def test_combinations_are_kept_once_each() -> None:
    assert _pairs([["x", 1], ("x", 1.0), ["x", True]]).values == (("x", 1), ("x", True))
    assert _pairs([["x", 1]]).expectation() == "one of 1 combinations"


def test_combinations_of_true_and_one_are_two() -> None:
    assert _pairs([["x", 1]]) != _pairs([["x", True]])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "values must be a list of lists, not None"),
        ([], "values must be a list of lists, not []"),
        ("ab", "values must be a list of lists, not 'ab'"),
        ({"a": "b"}, "values must be a list of lists, not {'a': 'b'}"),
        (["ab"], "values must be a list of lists, and one is 'ab'"),
        ([[]], "values must be a list of lists, and one is []"),
        ([["x"]], "['x'] is no combination of 2 columns"),
        ([["x", 1], ["x", 1, 2]], "['x', 1, 2] is no combination of 2 columns"),
        ([["x", None]], "values is null; a null is not a value to compare with (see the option nulls)"),
        ([["x", [1]]], "values must be a number, a text or a time, not [1]"),
        ([["x", float("nan")]], "values must be a finite number, not nan"),
    ],
)
def test_a_wrong_combination_is_refused(values: object, message: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        _pairs(values)
    assert (caught.value.key, str(caught.value)) == ("values", message)


def test_a_value_that_a_column_cannot_hold_is_an_objection() -> None:
    present = columns(Family.STRING, "a") | columns(Family.INTEGER, "b")
    assert _pairs([["x", 1]]).objection(present) is None
    reason = "column 'b' is integer and cannot be compared with the text 'y'"
    assert _pairs([["x", 1], ["x", "y"]]).objection(present) == reason


def test_which_value_is_of_which_column_is_part_of_the_meaning() -> None:
    one = fingerprint(_pairs([["x", "y"], ["u", "v"]]))
    assert one == fingerprint(_pairs([["u", "v"], ["x", "y"]]))
    assert one != fingerprint(_pairs([["y", "x"], ["u", "v"]]))
    assert one != fingerprint(_pairs([["x", "y"], ["u", "v"]], ["b", "a"]))


# --- row_sum and row_unique -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "key", "message"),
    [
        ({}, "min", "row_sum needs min, max or both"),
        ({"min": "1"}, "min", "min must be a number, not '1'"),
        ({"max": "2024-01-01"}, "max", "max must be a number, not '2024-01-01'"),
        ({"min": 2, "max": 1}, "min", "min 2 is greater than max 1"),
        ({"min": True}, "min", "min must be a number, a text or a time, not True"),
        ({"min": 1, "columns": []}, "columns", "columns must name at least one column"),
        ({"min": 1, "columns": ["a", "a"]}, "columns", "columns names 'a' twice"),
    ],
)
def test_a_wrong_sum_is_refused(parameters: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        RowSum(**{"columns": ["a", "b"], **parameters})
    assert (caught.value.key, str(caught.value)) == (key, message)


@pytest.mark.parametrize("family", Family)
def test_only_numbers_add_up(family: Family) -> None:
    rule = RowSum(columns=["a", "b"], max=1, inclusive="left")
    objection = rule.objection(columns(Family.FLOAT, "a") | columns(family, "b"))
    reason = f"row_sum is for numbers and column 'b' is {family.value}"
    assert objection == (None if family in NUMBERS | NOTHING else reason)
    assert (rule.expectation(), rule.reads) == ("a + b < 1", ("a", "b"))


@pytest.mark.parametrize("written", ["a", ["a"]])
def test_one_column_has_nothing_to_differ_from(written: object) -> None:
    with pytest.raises(InvalidRule, match="row_unique needs two columns or more") as caught:
        RowUnique(columns=written)
    assert caught.value.key == "columns"


@pytest.mark.parametrize(("left", "right"), list(itertools.product(sorted(set(Family) - NESTED), repeat=2)))
def test_values_of_one_kind_can_differ(left: Family, right: Family) -> None:
    rule = RowUnique(columns=["a", "b"])
    fits = left is right or Family.NULL in {left, right} or any({left, right} <= kind for kind in _KINDS)
    reason = "row_unique needs columns whose values can be compared"
    assert rule.objection(columns(left, "a") | columns(right, "b")) == (None if fits else reason)


@pytest.mark.parametrize("family", sorted(NESTED))
def test_lists_and_structs_do_not_differ(family: Family) -> None:
    objection = RowUnique(columns=["a", "b"]).objection(columns(family, "a", "b"))
    assert objection == f"row_unique has no meaning for {family.value} (column 'a')"


def test_columns_that_differ_say_so() -> None:
    assert RowUnique(columns=["a", "b"]).expectation() == "a, b differ"


@pytest.mark.parametrize("cls", [Unique, RowSum, RowUnique])
def test_rules_about_several_columns_do_not_name_an_empty_one(cls: type[ColumnsRule]) -> None:
    with pytest.raises(InvalidRule, match="columns must name at least one column"):
        cls(columns=["a", ""])
