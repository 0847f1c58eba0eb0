"""What is shown of a measurement where values are masked."""

from __future__ import annotations

import pytest

from veriport.domain.measurements import MASK, Measurement, Sample
from veriport.domain.results import RuleResult, RuleStatus, judge
from veriport.domain.rules.aggregates import Aggregate, Correlation, DistinctSet, ModeInSet, Of
from veriport.domain.rules.base import Rule
from veriport.domain.rules.references import RowCountMatch
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.times import Freshness
from veriport.domain.rules.values import NotNull

COUNTS = {Of.NULL_COUNT, Of.NULL_RATIO, Of.DISTINCT_COUNT, Of.DISTINCT_RATIO}
VALUES = [of for of in Of if of not in COUNTS | {Of.QUANTILE}]


def masked(rule: Rule, *columns: str, observed: object = 4711, note: str = "") -> RuleResult:
    found = Measurement(checked=2, observed=observed, note=note)  # type: ignore[arg-type]  # a scalar
    return judge(rule, found, masked=columns)


@pytest.mark.parametrize("of", VALUES)
def test_an_observed_value_of_a_masked_column_is_hidden(of: Of) -> None:
    result = masked(Aggregate(column="a", of=of, max=1), "a")
    assert (result.observed, result.status) == (MASK, RuleStatus.FAILED)
    assert "4711" not in repr(result)


@pytest.mark.parametrize("of", VALUES)
def test_so_is_that_of_a_masked_rule(of: Of) -> None:
    assert "4711" not in repr(masked(Aggregate(column="a", of=of, max=1, mask=True)))


@pytest.mark.parametrize(
    "rule",
    [
        *(Aggregate(column="a", of=of, max=1, mask=True) for of in sorted(COUNTS)),
        RowCount(max=1, mask=True),
        Correlation(columns=["a", "b"], max=0.5, mask=True),
    ],
    ids=lambda rule: rule.expectation(),
)
def test_counts_and_coefficients_tell_no_value(rule: Rule) -> None:
    assert masked(rule, "a").observed == 4711


def test_the_value_is_judged_before_it_is_hidden() -> None:
    assert masked(Aggregate(column="a", of=Of.MAX, max=5000), "a").status is RuleStatus.PASSED


def test_the_age_of_the_newest_value_tells_it() -> None:
    result = masked(Freshness(column="a", max_age=1), "a", note="the newest value is 4711")
    assert "4711" not in repr(result)


def test_the_most_frequent_value_is_hidden() -> None:
    assert masked(ModeInSet(column="a", values=[1]), "a").observed == MASK


def test_a_distinct_set_shows_how_many_are_amiss_and_none_of_them() -> None:
    found = Measurement(checked=2, observed=3, note="missing 4711", samples=(Sample(values={"a": 4711}),))
    rule = DistinctSet(column="a", values=[4711], relation="equal")
    result = judge(rule, found, masked=["a"])
    assert (result.observed, result.samples, "4711" in result.message) == (
        3,
        (Sample(values={"a": MASK}),),
        False,
    )


def test_nothing_to_observe_stays_nothing() -> None:
    assert masked(Aggregate(column="a", of=Of.MAX, max=1), "a", observed=None).observed is None


def test_rows_that_are_counted_elsewhere_are_not_masked() -> None:
    rule = RowCountMatch(reference="x.csv", mask=True)
    assert "4 rows here" in masked(rule, "a", observed=0.5, note="4 rows here, 8 there").message


def test_a_masked_column_is_hidden_in_samples_and_keys_of_every_rule() -> None:
    sample = Sample(row=3, key={"id": 7, "a": 4711}, values={"b": 1, "a": 4711})
    result = judge(
        NotNull(column="b"), Measurement(checked=9, failed=1, samples=(sample,)), masked=["a", "z"]
    )
    assert result.samples == (Sample(row=3, key={"id": 7, "a": MASK}, values={"b": 1, "a": MASK}),)


def test_other_columns_are_shown() -> None:
    assert masked(Aggregate(column="a", of=Of.MAX, max=1), "b").observed == 4711
