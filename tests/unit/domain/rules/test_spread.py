"""Rules about a value among the others of its column."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.domain.rules.columns import NESTED, NOTHING, NUMBERS, columns
from veriport.domain.errors import InvalidRule
from veriport.domain.rules.base import ColumnRule
from veriport.domain.rules.spread import Direction, InterquartileRange, Monotonic, ZScore
from veriport.domain.types import Family


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "increasing"),
        ({"direction": "decreasing"}, "decreasing"),
        ({"strictly": True}, "strictly increasing"),
        ({"direction": "decreasing", "strictly": True}, "strictly decreasing"),
    ],
)
def test_an_order_says_what_it_expects(parameters: dict[str, Any], expected: str) -> None:
    assert Monotonic(column="a", **parameters).expectation() == expected


@pytest.mark.parametrize(
    ("cls", "parameters", "key", "begins"),
    [
        (Monotonic, {"direction": "up"}, "direction", "direction must be one of increasing, decreasing, not 'up'"),
        (Monotonic, {"direction": None}, "direction", "direction must be one of increasing, decreasing, not None"),
        (Monotonic, {"direction": ["increasing"]}, "direction", "direction must be one of increasing, decreasing"),
        (Monotonic, {"strictly": "yes"}, "strictly", "strictly must be true or false, not 'yes'"),
        (Monotonic, {"strictly": None}, "strictly", "strictly must be true or false, not None"),
        (Monotonic, {"strictly": 1}, "strictly", "strictly must be true or false, not 1"),
        *(
            (cls, {key: value}, key, f"{key} must be a number above 0, not ")
            for cls, key in ((ZScore, "threshold"), (InterquartileRange, "factor"))
            for value in (0, -1, "3", None, True, float("nan"), float("inf"), [3], 2**127)
        ),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_refused(
    cls: type[ColumnRule], parameters: dict[str, Any], key: str, begins: str
) -> None:
    with pytest.raises(InvalidRule) as caught:
        cls(column="a", **parameters)
    assert caught.value.key == key
    assert str(caught.value).startswith(begins)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (ZScore(column="a"), "within 3 standard deviations"),
        (ZScore(column="a", threshold=2.5), "within 2.5 standard deviations"),
        (InterquartileRange(column="a"), "within 1.5 interquartile ranges of the quartiles"),
        (InterquartileRange(column="a", factor=3), "within 3 interquartile ranges of the quartiles"),
    ],
)
def test_outliers_say_what_is_expected(rule: ColumnRule, expected: str) -> None:
    assert rule.expectation() == expected


@pytest.mark.parametrize("family", Family)
def test_values_with_an_order_go_one_way(family: Family) -> None:
    reason = f"monotonic needs values with an order and column 'a' is {family.value}"
    refused = family in NESTED | {Family.BOOLEAN, Family.BINARY, Family.OTHER}
    assert Monotonic(column="a").objection(columns(family)) == (reason if refused else None)


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("rule", [ZScore(column="a"), InterquartileRange(column="a")])
def test_only_numbers_have_outliers(rule: ColumnRule, family: Family) -> None:
    reason = f"{rule.type} is for numbers and column 'a' is {family.value}"
    assert rule.objection(columns(family)) == (None if family in NUMBERS | NOTHING else reason)


@pytest.mark.parametrize("cls", [Monotonic, ZScore, InterquartileRange])
def test_a_value_among_others_does_not_add_over_parts(cls: type[ColumnRule]) -> None:
    assert not cls.additive
    assert cls(column="a").reads == ("a",)


def test_both_directions_are_known() -> None:
    assert [direction.value for direction in Direction] == ["increasing", "decreasing"]
