"""Rules about single values: what they take, what they refuse, what columns they fit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from veriport.domain.errors import InvalidRule
from veriport.domain.patterns import parse_pattern
from veriport.domain.rules.base import ColumnRule
from veriport.domain.rules.scalars import Scalar
from veriport.domain.rules.values import (
    Inclusive,
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
from veriport.domain.types import Column, DataType, Family


def _columns(family: Family, *, untyped: bool = False) -> dict[str, Column]:
    return {"a": Column("a", DataType(family, family.value), untyped=untyped)}


def _refused(cls: type[ColumnRule], **parameters: Any) -> tuple[str, str]:  # noqa: ANN401  # anything may be written
    with pytest.raises(InvalidRule) as caught:
        cls(column="a", **parameters)
    return caught.value.key, str(caught.value)


# --- in_set, not_in_set ---------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [InSet, NotInSet])
@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["a", "b"], ("a", "b")),
        (("a",), ("a",)),
        ({"a"}, ("a",)),
        (range(2), (0, 1)),
        (["a", "a"], ("a",)),
        ([1, True, 1.0, False, 0], (1, True, False, 0)),
        ([date(2024, 1, 2)], ("2024-01-02",)),
        (np.array([1, 2]), (1, 2)),
        ([Decimal("0.5")], (0.5,)),
    ],
)
def test_values_are_a_list_without_repeats(
    cls: type[InSet], written: object, read: tuple[Scalar, ...]
) -> None:
    values = cls(column="a", values=written).values
    assert values == read
    assert [type(value) for value in values] == [type(value) for value in read]


@pytest.mark.parametrize("cls", [InSet, NotInSet])
@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("abc", "values must be a list, not 'abc'"),
        (b"abc", "values must be a list, not b'abc'"),
        ({"a": 1}, "values must be a list, not {'a': 1}"),
        (5, "values must be a list, not 5"),
        (None, "values must be a list, not None"),
        (np.array(5), "values must be a list, not array(5)"),
        ([], "values must name at least one value"),
        ([[1, 2]], "values must be a number, a text or a time, not [1, 2]"),
        ([{"a": 1}], "values must be a number, a text or a time, not {'a': 1}"),
        ([float("nan")], "values must be a finite number, not nan"),
        ([None], "values is null; a null is not a value to compare with (see the option nulls)"),
        ([b"a"], "values must be a number, a text or a time, not b'a'"),
    ],
)
def test_wrong_values_are_refused(cls: type[InSet], written: object, message: str) -> None:
    assert _refused(cls, values=written) == ("values", message)


def test_a_set_says_what_it_expects() -> None:
    assert InSet(column="a", values=["x", 2]).expectation() == "one of 'x', 2"
    assert NotInSet(column="a", values=["x"]).expectation() == "none of 'x'"


def test_a_long_set_is_shortened() -> None:
    assert InSet(column="a", values=range(12)).expectation().endswith(", 8, 9 and 2 more")


def test_a_set_objects_to_a_column_that_holds_another_kind() -> None:
    rule = InSet(column="a", values=[1, "x"])
    assert (
        rule.objection(_columns(Family.INTEGER))
        == "column 'a' is integer and cannot be compared with the text 'x'"
    )
    assert rule.objection(_columns(Family.STRING)) == "column 'a' is string and cannot be compared with 1"
    assert rule.objection(_columns(Family.STRING, untyped=True)) is None


# --- in_range -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"min": 0, "max": 10}, "0 <= value <= 10"),
        ({"min": 0, "max": 10, "inclusive": "left"}, "0 <= value < 10"),
        ({"min": 0, "max": 10, "inclusive": "right"}, "0 < value <= 10"),
        ({"min": 0, "max": 10, "inclusive": "neither"}, "0 < value < 10"),
        ({"min": 0, "max": 10, "inclusive": True}, "0 <= value <= 10"),
        ({"min": 0, "max": 10, "inclusive": False}, "0 < value < 10"),
        ({"min": 0}, "value >= 0"),
        ({"min": 0, "inclusive": "neither"}, "value > 0"),
        ({"max": 10}, "value <= 10"),
        ({"max": 10, "inclusive": "left"}, "value < 10"),
        ({"min": 5, "max": 5}, "5 <= value <= 5"),
        ({"min": date(2024, 1, 2)}, "value >= 2024-01-02"),
        ({"min": "2024-01-02", "max": "2024-01-02T12:00"}, "2024-01-02 <= value <= 2024-01-02T12:00"),
        ({"max": datetime(2024, 1, 2, tzinfo=UTC)}, "value <= 2024-01-02T00:00:00+00:00"),
        ({"min": "a", "max": "b"}, "a <= value <= b"),
        ({"min": None, "max": 1}, "value <= 1"),
    ],
)
def test_a_range_is_read(parameters: dict[str, Any], expected: str) -> None:
    assert InRange(column="a", **parameters).expectation() == expected


@pytest.mark.parametrize(
    ("parameters", "key", "message"),
    [
        ({}, "min", "in_range needs min, max or both"),
        ({"min": 2, "max": 1}, "min", "min 2 is greater than max 1"),
        ({"min": "b", "max": "a"}, "min", "min 'b' is greater than max 'a'"),
        (
            {"min": "2024-02-01", "max": date(2024, 1, 1)},
            "min",
            "min '2024-02-01' is greater than max '2024-01-01'",
        ),
        ({"min": 1, "max": "b"}, "max", "min 1 and max 'b' cannot be compared"),
        (
            {"min": "2024-01-01", "max": "2024-01-02T00:00Z"},
            "max",
            "min '2024-01-01' and max '2024-01-02T00:00Z' cannot be compared",
        ),
        ({"min": {"a": 1}}, "min", "min must be a number, a text or a time, not {'a': 1}"),
        ({"min": [1]}, "min", "min must be a number, a text or a time, not [1]"),
        ({"max": True}, "max", "max must be a number, a text or a time, not True"),
        ({"max": b"a"}, "max", "max must be a number, a text or a time, not b'a'"),
        ({"min": float("nan")}, "min", "min must be a finite number, not nan"),
        ({"max": float("inf")}, "max", "max must be a finite number, not inf"),
        (
            {"min": 0, "inclusive": "Both"},
            "inclusive",
            "inclusive must be one of both, left, right, neither, not 'Both'; did you mean 'both'?",
        ),
        (
            {"min": 0, "inclusive": None},
            "inclusive",
            "inclusive must be one of both, left, right, neither, not None",
        ),
        (
            {"min": 1, "max": 1, "inclusive": "left"},
            "inclusive",
            "no value is in a range of one point that excludes it (1)",
        ),
    ],
)
def test_a_wrong_range_is_refused(parameters: dict[str, Any], key: str, message: str) -> None:
    assert _refused(InRange, **parameters) == (key, message)


@pytest.mark.parametrize(
    ("inclusive", "low", "high"),
    [
        (Inclusive.BOTH, True, True),
        (Inclusive.LEFT, True, False),
        (Inclusive.RIGHT, False, True),
        (Inclusive.NEITHER, False, False),
    ],
)
def test_the_ends_are_open_or_closed(inclusive: Inclusive, low: bool, high: bool) -> None:
    rule = InRange(column="a", min=0, max=1, inclusive=inclusive)
    assert (rule.closed_low, rule.closed_high) == (low, high)


def test_a_range_objects_to_a_column_of_another_kind() -> None:
    objection = InRange(column="a", min=0).objection(_columns(Family.DATE))
    assert objection == "column 'a' is date and cannot be compared with 0"
    assert InRange(column="a", min="2024-01-02").objection(_columns(Family.DATE)) is None


# --- regex and length -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "begins"),
    [
        (None, "pattern must be text, or a list of texts, not None"),
        (5, "pattern must be text, or a list of texts, not 5"),
        ([["a"]], "pattern must be text, not ['a']"),
        (["a", 5], "pattern must be text, not 5"),
        ([], "pattern must be text, or a list of texts, not []"),
        ("(", "the pattern '(' is not usable: "),
        ("(?=a)", "the pattern '(?=a)' is not usable: "),
        ("a" * 10_001, "the pattern has 10,001 characters; at most 10,000 are allowed"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused(pattern: object, begins: str) -> None:
    key, message = _refused(Regex, pattern=pattern)
    assert key == "pattern"
    assert message.startswith(begins)


def test_a_pattern_says_what_it_expects() -> None:
    assert Regex(column="a", pattern=r"^\d+$").expectation() == r"matches ^\d+$"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"min": 1}, "length >= 1"),
        ({"max": 5.0}, "length <= 5"),
        ({"min": 0, "max": 0}, "0 <= length <= 0"),
        ({"min": np.int64(2), "max": Decimal(3)}, "2 <= length <= 3"),
    ],
)
def test_a_length_is_read(parameters: dict[str, Any], expected: str) -> None:
    assert Length(column="a", **parameters).expectation() == expected


@pytest.mark.parametrize(
    ("parameters", "key", "message"),
    [
        ({}, "min", "length needs min, max or both"),
        ({"min": 2, "max": 1}, "min", "min 2 is greater than max 1"),
        ({"min": -1}, "min", "min must be a whole number of at least 0, not -1"),
        ({"max": 1.5}, "max", "max must be a whole number of at least 0, not 1.5"),
        ({"max": "5"}, "max", "max must be a whole number of at least 0, not '5'"),
        ({"max": True}, "max", "max must be a whole number of at least 0, not True"),
        ({"max": float("inf")}, "max", "max must be a whole number of at least 0, not inf"),
        ({"max": float("nan")}, "max", "max must be a whole number of at least 0, not nan"),
        ({"min": [1]}, "min", "min must be a whole number of at least 0, not [1]"),
    ],
)
def test_a_wrong_length_is_refused(parameters: dict[str, Any], key: str, message: str) -> None:
    assert _refused(Length, **parameters) == (key, message)


_TEXTS = [Family.STRING, Family.CATEGORICAL, Family.NULL]


@pytest.mark.parametrize("family", Family)
def test_a_pattern_is_for_texts(family: Family) -> None:
    objection = Regex(column="a", pattern="x").objection(_columns(family))
    reason = f"regex is for texts and column 'a' is {family.value}"
    assert objection == (None if family in _TEXTS else reason)


@pytest.mark.parametrize("family", Family)
def test_a_length_is_for_texts_and_lists(family: Family) -> None:
    objection = Length(column="a", min=1).objection(_columns(family))
    reason = f"length is for texts and column 'a' is {family.value}"
    assert objection == (None if family in {*_TEXTS, Family.LIST} else reason)


@pytest.mark.parametrize("family", Family)
def test_every_column_can_have_nulls(family: Family) -> None:
    assert NotNull(column="a").objection(_columns(family)) is None


def test_not_null_says_what_it_expects() -> None:
    assert NotNull(column="a").expectation() == "a value in every row"


def test_null_says_what_it_expects_and_fits_every_column() -> None:
    assert Null(column="a").expectation() == "no value in any row"
    assert [Null(column="a").objection(_columns(family)) for family in Family] == [None] * len(Family)


# --- ranges as a judge, and their opposites -------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "value", "admitted"),
    [
        ({"min": 0, "max": 1}, 0, True),
        ({"min": 0, "max": 1}, 1, True),
        ({"min": 0, "max": 1, "inclusive": "neither"}, 0, False),
        ({"min": 0, "max": 1, "inclusive": "neither"}, 0.5, True),
        ({"min": 0, "max": 1, "inclusive": "left"}, 1, False),
        ({"min": 0, "max": 1, "inclusive": "right"}, 0, False),
        ({"min": 0}, -1, False),
        ({"max": 0}, 1, False),
        ({"min": 0}, float("nan"), False),
        ({"max": 0}, float("nan"), False),
        ({"min": 0}, None, False),
        ({"min": 0}, "5", False),
        ({"min": 0}, True, False),
        ({"min": "a", "max": "m"}, "b", True),
        ({"min": "a", "max": "m"}, "z", False),
        ({"max": "2024-01-02"}, "2024-01-02T00:00:00", True),
        ({"max": "2024-01-02", "inclusive": "left"}, "2024-01-02T00:00:00", False),
        ({"max": "10:00"}, "10:00:00", True),
        ({"max": "2024-01-02"}, "2024-01-02T00:00:00+00:00", False),
        ({"min": 2**100}, 2**100 + 1, True),
    ],
)
def test_a_range_admits_what_lies_in_it(parameters: dict[str, Any], value: Scalar, admitted: bool) -> None:
    assert InRange(column="a", **parameters).admits(value) is admitted


def test_no_value_in_a_range_says_so() -> None:
    assert NotInRange(column="a", min=0, max=9, inclusive="left").expectation() == "not 0 <= value < 9"


@pytest.mark.parametrize(
    ("parameters", "key"),
    [({}, "min"), ({"min": 2, "max": 1}, "min"), ({"min": True}, "min"), ({"min": 1, "max": "b"}, "max")],
)
def test_a_wrong_opposite_is_refused(parameters: dict[str, Any], key: str) -> None:
    assert _refused(NotInRange, **parameters)[0] == key


def test_the_opposite_of_a_range_objects_as_the_range_does() -> None:
    for family in Family:
        present = _columns(family)
        assert NotInRange(column="a", min=0).objection(present) == InRange(column="a", min=0).objection(
            present
        )


# --- several patterns -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "pattern", "anchored"),
    [
        ("search", "a|b", ("a|b",)),
        ("match", "a|b", ("^(?:a|b)",)),
        ("fullmatch", "a|b", ("^(?:a|b)$",)),
        ("fullmatch", ["a", "b"], ("^(?:a)$", "^(?:b)$")),
        ("fullmatch", "(?i)a|b", ("^(?:(?i)a|b)$",)),
        ("match", "^a", ("^(?:^a)",)),
    ],
)
@pytest.mark.parametrize("cls", [Regex, NotRegex])
def test_a_pattern_is_anchored_as_a_whole(
    cls: type[Regex], how: str, pattern: object, anchored: tuple[str, ...]
) -> None:
    rule = cls(column="a", pattern=pattern, how=how)
    assert rule.anchored == anchored
    assert [parse_pattern(each).source for each in rule.anchored] == list(anchored)


def test_a_pattern_that_is_too_long_when_it_is_anchored_is_refused() -> None:
    assert Regex(column="a", pattern="a" * 10_000)
    with pytest.raises(InvalidRule, match="at most 10,000 are allowed"):
        Regex(column="a", pattern="a" * 10_000, how="fullmatch")


@pytest.mark.parametrize(
    ("cls", "parameters", "expected"),
    [
        (Regex, {"pattern": ["a", "b"]}, "matches a or b"),
        (Regex, {"pattern": ["a", "b"], "match": "all"}, "matches a and b"),
        (Regex, {"pattern": ["a", "a"]}, "matches a"),
        (NotRegex, {"pattern": ["a", "b"]}, "does not match a or b"),
    ],
)
def test_several_patterns_say_what_is_expected(
    cls: type[Regex], parameters: dict[str, Any], expected: str
) -> None:
    assert cls(column="a", **parameters).expectation() == expected


def test_one_pattern_and_a_list_of_one_are_the_same() -> None:
    assert Regex(column="a", pattern="x") == Regex(column="a", pattern=["x"])
    assert Regex(column="a", pattern=["x"]).patterns == ("x",)


@pytest.mark.parametrize("cls", [Regex, NotRegex])
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"match": "some"}, "match must be one of any, all, not 'some'"),
        ({"match": None}, "match must be one of any, all, not None"),
        ({"match": True}, "match must be one of any, all, not True"),
        ({"how": "full"}, "how must be one of search, match, fullmatch, not 'full'"),
        ({"how": ["search"]}, "how must be one of search, match, fullmatch, not ['search']"),
    ],
)
def test_a_wrong_way_to_match_is_refused(cls: type[Regex], parameters: dict[str, Any], message: str) -> None:
    key, text = _refused(cls, pattern="x", **parameters)
    assert key in parameters
    assert text.startswith(message)


@pytest.mark.parametrize("family", Family)
def test_a_pattern_that_must_not_match_is_for_texts_too(family: Family) -> None:
    objection = NotRegex(column="a", pattern="x").objection(_columns(family))
    assert objection == (
        None if family in _TEXTS else f"not_regex is for texts and column 'a' is {family.value}"
    )
