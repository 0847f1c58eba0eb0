"""Rules about several columns of a row, or about rows together."""

from __future__ import annotations

import itertools

import pytest

from veriport.domain.errors import InvalidRule
from veriport.domain.rules.rows import Compare, Expression, Operator, Unique
from veriport.domain.types import NESTED, Column, DataType, Family


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


_NESTED = {Family.LIST, Family.STRUCT}
_KINDS = [
    {Family.INTEGER, Family.FLOAT, Family.DECIMAL},
    {Family.STRING, Family.CATEGORICAL},
    *({family} for family in (Family.BOOLEAN, Family.DATE, Family.DATETIME, Family.TIME, Family.DURATION)),
]


@pytest.mark.parametrize(("left", "right"), list(itertools.product(sorted(set(Family) - _NESTED), repeat=2)))
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
