"""Rules about one value made of many: what they take, what they accept, what columns they fit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.domain.rules.columns import NESTED, NOTHING, NUMBERS, TEXTS, columns
from veriport.domain.errors import InvalidRule
from veriport.domain.rules.aggregates import RATIOS, Aggregate, Correlation, DistinctSet, ModeInSet, Of
from veriport.domain.rules.scalars import Scalar
from veriport.domain.types import Family


def _aggregate(**parameters: Any) -> Aggregate:  # noqa: ANN401  # anything may be written
    return Aggregate(**{"column": "a", "of": "mean", "min": 0, **parameters})


def _refused(make: Any, **parameters: Any) -> tuple[str, str]:  # noqa: ANN401  # anything may be written
    with pytest.raises(InvalidRule) as caught:
        make(**parameters)
    return caught.value.key, str(caught.value)


# --- aggregate ------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", [of for of in Of if of is not Of.QUANTILE])
def test_each_value_is_named_by_its_word(of: Of) -> None:
    rule = _aggregate(of=of.value, min=0, max=1)
    assert rule.of is of
    assert rule.expectation() == f"0 <= {of.value.replace('_', ' ')} <= 1"


@pytest.mark.parametrize(
    ("word", "of"),
    [
        ("avg", Of.MEAN), ("average", Of.MEAN), ("var", Of.VARIANCE), ("stddev", Of.STD), ("stdev", Of.STD),
        ("n_unique", Of.DISTINCT_COUNT), ("unique_count", Of.DISTINCT_COUNT), ("unique_ratio", Of.DISTINCT_RATIO),
        ("skewness", Of.SKEW),
    ],
)  # fmt: skip
def test_other_words_for_a_value_are_read(word: str, of: Of) -> None:
    assert _aggregate(of=word).of is of


@pytest.mark.parametrize("q", [0, 0.25, 1])
def test_a_quantile_is_a_share(q: float) -> None:
    rule = _aggregate(of="quantile", q=q, min=None, max=5)
    assert rule.expectation() == f"quantile {q:g} <= 5"


@pytest.mark.parametrize(
    ("parameters", "key", "message"),
    [
        ({"of": "quantile"}, "q", "q goes with of: quantile, and of: quantile needs it"),
        ({"q": 0.5}, "q", "q goes with of: quantile, and of: quantile needs it"),
        ({"of": "quantile", "q": 95}, "q", "q must be a share from 0 to 1, not 95"),
        ({"of": "quantile", "q": -0.1}, "q", "q must be a share from 0 to 1, not -0.1"),
        ({"of": "quantile", "q": "0.5"}, "q", "q must be a share from 0 to 1, not '0.5'"),
        ({"of": "quantile", "q": True}, "q", "q must be a share from 0 to 1, not True"),
        ({"of": "quantile", "q": float("nan")}, "q", "q must be a share from 0 to 1, not nan"),
        ({"min": None}, "min", "aggregate needs min, max or both"),
        ({"min": 2, "max": 1}, "min", "min 2 is greater than max 1"),
        ({"min": "5"}, "min", "min must be a number, not '5'"),
        ({"min": None, "max": "2024-01-01"}, "max", "max must be a number, not '2024-01-01'"),
        ({"of": "distinct_count", "min": "a"}, "min", "min must be a number, not 'a'"),
        ({"of": "null_ratio", "min": 5}, "min", "min must be a number from 0 to 1, not 5"),
        ({"of": "distinct_ratio", "max": 95}, "max", "max must be a number from 0 to 1, not 95"),
        ({"mostly": 0.9}, "mostly", "mostly has no meaning for aggregate: it does not look at rows one by one"),
        ({"nulls": "fail"}, "nulls", "nulls has no meaning for aggregate: it does not look at rows one by one"),
    ],
)  # fmt: skip
def test_a_wrong_aggregate_is_refused(parameters: dict[str, Any], key: str, message: str) -> None:
    assert _refused(_aggregate, **parameters) == (key, message)


@pytest.mark.parametrize("of", [None, 5, "mena", ["mean"], ""])
def test_an_unknown_value_lists_the_known(of: object) -> None:
    key, message = _refused(_aggregate, of=of)
    assert key == "of"
    assert message.startswith("of must be one of min, max, sum, mean, median, quantile, ")


def test_the_ends_of_texts_and_times_are_texts() -> None:
    assert _aggregate(of="max", min=None, max="m").accepts("a")
    assert not _aggregate(of="min", min="2024-01-02").accepts("2024-01-01T23:59:59")


@pytest.mark.parametrize(
    ("parameters", "observed", "accepted"),
    [
        ({"min": 1, "max": 3}, 1, True),
        ({"min": 1, "max": 3}, 3.0, True),
        ({"min": 1, "max": 3}, 3.1, False),
        ({"min": 1, "inclusive": "right"}, 1, False),
        ({"min": 1, "max": 3, "inclusive": "left"}, 3, False),
        ({"min": 1}, None, True),
        ({"min": 1}, "nan", False),
        ({"min": 1}, "inf", True),
        ({"min": 1}, "-inf", False),
        ({"min": None, "max": 1}, "-inf", True),
        ({"min": None, "max": 1}, "inf", False),
        ({"of": "max", "min": "a"}, "inf", True),
        ({"min": 0}, "5", False),
    ],
)
def test_an_observed_value_lies_between_the_ends(
    parameters: dict[str, Any], observed: Scalar, accepted: bool
) -> None:
    assert _aggregate(**parameters).accepts(observed) is accepted


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("of", [Of.SUM, Of.MEAN, Of.MEDIAN, Of.STD, Of.VARIANCE, Of.SKEW, Of.KURTOSIS])
def test_only_numbers_have_a_mean(of: Of, family: Family) -> None:
    objection = _aggregate(of=of.value).objection(columns(family))
    reason = f"{of.value} is for numbers and column 'a' is {family.value}"
    assert objection == (None if family in NUMBERS | NOTHING else reason)


@pytest.mark.parametrize("family", Family)
def test_a_quantile_is_of_numbers(family: Family) -> None:
    objection = _aggregate(of="quantile", q=0.5).objection(columns(family))
    assert (objection is None) is (family in NUMBERS | NOTHING)


@pytest.mark.parametrize("family", Family)
def test_nulls_are_counted_everywhere_and_values_where_they_can_be_told_apart(family: Family) -> None:
    for of in (Of.NULL_COUNT, Of.NULL_RATIO):
        assert _aggregate(of=of.value).objection(columns(family)) is None
    for of in (Of.DISTINCT_COUNT, Of.DISTINCT_RATIO):
        reason = f"{of.value} has no meaning for {family.value}"
        assert _aggregate(of=of.value).objection(columns(family)) == (reason if family in NESTED else None)


@pytest.mark.parametrize("family", Family)
def test_the_least_value_is_compared_with_a_bound_of_its_kind(family: Family) -> None:
    objection = _aggregate(of="min", min=0).objection(columns(family))
    assert (objection is None) is (family in NUMBERS | NOTHING | {Family.DURATION})


def test_a_text_of_a_source_without_types_is_no_number_here() -> None:
    objection = _aggregate(of="max", min=0).objection(columns(Family.STRING, untyped=True))
    assert objection == "column 'a' is string and cannot be compared with 0"


def test_an_aggregate_reads_its_column_and_does_not_add_up() -> None:
    rule = _aggregate()
    assert (rule.reads, rule.additive, rule.optional) == (("a",), False, True)


def test_every_ratio_is_bounded_by_one() -> None:
    assert {of for of in Of if of.value.endswith("ratio")} == RATIOS


# --- correlation ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "key", "message"),
    [
        ({"columns": ["a"], "min": 0}, "columns", "correlation is about two columns"),
        ({"columns": ["a", "b", "c"], "min": 0}, "columns", "correlation is about two columns"),
        ({"columns": ["a", "a"], "min": 0}, "columns", "columns names 'a' twice"),
        ({"columns": ["a", "b"]}, "min", "correlation needs min, max or both"),
        ({"columns": ["a", "b"], "min": "0"}, "min", "min must be a number, not '0'"),
        ({"columns": ["a", "b"], "min": 50}, "min", "min must be a number from -1 to 1, not 50"),
        ({"columns": ["a", "b"], "max": -2}, "max", "max must be a number from -1 to 1, not -2"),
    ],
)
def test_a_wrong_correlation_is_refused(parameters: dict[str, Any], key: str, message: str) -> None:
    assert _refused(Correlation, **parameters) == (key, message)


@pytest.mark.parametrize(("observed", "accepted"), [(0.5, True), (0.4, False), (None, True), ("nan", False)])
def test_a_correlation_lies_between_its_ends(observed: Scalar, accepted: bool) -> None:
    rule = Correlation(columns=["a", "b"], min=0.5)
    assert rule.accepts(observed) is accepted
    assert (rule.expectation(), rule.reads) == ("correlation >= 0.5", ("a", "b"))


@pytest.mark.parametrize("family", Family)
def test_only_numbers_correlate(family: Family) -> None:
    present = columns(Family.INTEGER, "a") | columns(family, "b")
    reason = f"correlation is for numbers and column 'b' is {family.value}"
    objection = Correlation(columns=["a", "b"], min=0).objection(present)
    assert objection == (None if family in NUMBERS | NOTHING else reason)


# --- distinct_set and mode_in_set -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ("equal", "of 2 listed values occur and no others"),
        ("subset", "of 2 listed values and no others occur"),
        ("superset", "of 2 listed values all occur"),
    ],
)
def test_a_set_of_distinct_values_says_what_it_expects(relation: str, expected: str) -> None:
    assert DistinctSet(column="a", values=["x", "y"], relation=relation).expectation() == expected


@pytest.mark.parametrize(("observed", "accepted"), [(0, True), (1, False), (None, False)])
def test_no_value_may_be_amiss(observed: Scalar, accepted: bool) -> None:
    assert DistinctSet(column="a", values=["x"]).accepts(observed) is accepted


@pytest.mark.parametrize("relation", [None, "superser", 5, ["equal"], "Equal"])
def test_an_unknown_relation_is_refused(relation: object) -> None:
    key, message = _refused(DistinctSet, column="a", values=["x"], relation=relation)
    assert key == "relation"
    assert message.startswith("relation must be one of equal, subset, superset, not ")


@pytest.mark.parametrize("cls", [DistinctSet, ModeInSet])
@pytest.mark.parametrize("values", [None, [], "abc", {"a": 1}, 5, [None], [[1]], [float("nan")]])
def test_wrong_values_are_refused(cls: type[ModeInSet], values: object) -> None:
    assert _refused(cls, column="a", values=values)[0] == "values"


@pytest.mark.parametrize("cls", [DistinctSet, ModeInSet])
def test_true_and_one_are_different_values(cls: type[ModeInSet]) -> None:
    assert cls(column="a", values=[1]) != cls(column="a", values=[True])


@pytest.mark.parametrize("cls", [DistinctSet, ModeInSet])
def test_a_value_that_can_never_occur_is_an_objection(cls: type[ModeInSet]) -> None:
    rule = cls(column="a", values=[1])
    assert rule.objection(columns(Family.INTEGER)) is None
    assert rule.objection(columns(Family.STRING)) == "column 'a' is string and cannot be compared with 1"
    assert rule.objection(columns(Family.STRING, untyped=True)) is not None


@pytest.mark.parametrize(
    ("values", "observed", "accepted"),
    [
        (["x", "y"], "y", True),
        (["x", "y"], "z", False),
        ([1], 1.0, True),
        ([1], True, False),
        ([True], True, True),
        ([True], 1, False),
        (["2024-01-02"], "2024-01-02T00:00:00", True),
        (["2024-01-02"], "2024-01-02T00:00:01", False),
        (["10:00"], "10:00:00", True),
        (["x"], None, True),
    ],
)
def test_the_most_frequent_value_is_listed(values: list[Scalar], observed: Scalar, accepted: bool) -> None:
    assert ModeInSet(column="a", values=values).accepts(observed) is accepted


def test_a_mode_says_what_it_expects() -> None:
    assert ModeInSet(column="a", values=["x", "y"]).expectation() == "most frequent is one of 2 listed"


def test_a_text_is_compared_by_code_point() -> None:
    assert {family for family in Family if family in TEXTS} == TEXTS
    assert not _aggregate(of="max", min=None, max="Z").accepts("a")
