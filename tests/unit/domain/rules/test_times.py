"""Rules about times and the present moment, and durations as users write them."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.rules.columns import columns
from veriport.domain.errors import InvalidRule
from veriport.domain.rules.base import ColumnRule
from veriport.domain.rules.scalars import Scalar
from veriport.domain.rules.times import Freshness, NotFuture, NotPast, seconds_of
from veriport.domain.types import Family


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90), ("90 sec", 90), ("90 seconds", 90), ("5m", 300), ("5 min", 300), ("5 Minutes", 300),
        ("24h", 86_400), ("24 hrs", 86_400), ("1 hour", 3600), ("7d", 604_800), ("1 day", 86_400), ("2w", 1_209_600),
        ("1d 12h", 129_600), ("1d12h", 129_600), ("1 day, 12 hours", 129_600), ("1.5h", 5400), (" 24H ", 86_400),
        (0, 0), (90, 90), (0.5, 0.5), (timedelta(hours=1), 3600), (pd.Timedelta("1h"), 3600), ("0s", 0),
    ],
)  # fmt: skip
def test_a_duration_is_read(written: object, seconds: float) -> None:
    assert seconds_of("max_age", written) == seconds


@pytest.mark.parametrize(
    "written",
    [
        "", "  ", "yesterday", "24", "h", "-1h", "24h ago", "1h-2h", "1,5h", "1e3s", "PT24H", "P1D", "24:00",
        "500ms", "10us", "5mo", "3 months", "2 years", "1 millennium", "3 samples", "5 decades", "1hh",
        None, True, "٣h", float("nan"), float("inf"), -1, -0.5, timedelta(-1), [24], {"hours": 24}, b"24h",
        "9" * 400 + "d", 1e300, timedelta.max, 10**14,
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(InvalidRule, match=r"^max_age ") as caught:
        seconds_of("max_age", written)
    assert caught.value.key == "max_age"


@given(st.integers(0, 999), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_parts_of_a_duration_add_up(days: int, hours: int, minutes: int, seconds: int) -> None:
    written = f"{days}d {hours}h {minutes}m {seconds}s"
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    assert seconds_of("max_age", written) == length.total_seconds()


def test_the_longest_duration_can_be_told() -> None:
    assert Freshness(column="a", max_age=timedelta(days=999_999_999)).expectation()


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize(
    "rule", [NotFuture(column="a"), NotPast(column="a"), Freshness(column="a", max_age="1d")]
)
def test_only_days_and_times_have_a_present(rule: ColumnRule, family: Family) -> None:
    reason = f"{rule.type} is for dates and times and column 'a' is {family.value}"
    fits = family in {Family.DATE, Family.DATETIME, Family.NULL}
    assert rule.objection(columns(family)) == (None if fits else reason)
    assert rule.reads == ("a",)


@pytest.mark.parametrize(
    ("observed", "accepted"),
    [(3600, True), (3600.1, False), (-5, True), (0, True), (None, False), ("1", False)],
)
def test_the_newest_time_is_young_enough(observed: Scalar, accepted: bool) -> None:
    assert Freshness(column="a", max_age="1h").accepts(observed) is accepted


def test_rules_about_times_say_what_they_expect() -> None:
    assert NotFuture(column="a").expectation() == "not after now"
    assert NotPast(column="a").expectation() == "not before now"
    assert Freshness(column="a", max_age="36h").expectation() == "newest value at most 1 day, 12:00:00 old"


@pytest.mark.parametrize("option", [{"mostly": 0.5}, {"nulls": "fail"}])
def test_freshness_has_no_rows(option: dict[str, object]) -> None:
    with pytest.raises(InvalidRule, match="has no meaning for freshness") as caught:
        Freshness(column="a", max_age="1d", **option)  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.key in option
