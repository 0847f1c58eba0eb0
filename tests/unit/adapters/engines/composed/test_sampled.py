"""A sample is some of the rows, the same ones each time, with their own numbers; the result says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.adapters.engines.checking import check as checked
from tests.unit.adapters.engines.checking import refer
from tests.unit.adapters.engines.composed.fakes import check
from veriport.adapters.engines.composed.sampled import SampledEngine
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.errors import ConfigurationError
from veriport.domain.results import RuleStatus, Status
from veriport.domain.rules.reading import read_rules
from veriport.domain.sampling import estimated
from veriport.testing.cases import Case
from veriport.testing.random_cases import cases as random_cases
from veriport.testing.reference import ReferenceEngine

EVEN = {"type": "expression", "expression": "n % 2 = 0"}
FRAME = pl.DataFrame({"n": list(range(10))})


def sampled(**how: Any) -> SampledEngine:  # noqa: ANN401  # what the fields are
    return SampledEngine(PolarsEngine(), **how)


@pytest.mark.parametrize(
    ("how", "rows", "failing", "said"),
    [
        ({"first": 4}, 4, [1, 3], "sampled: the first 4 rows"),
        ({"every": 3}, 4, [3, 9], "sampled: 1 of 3 rows"),
        ({"every": 2}, 5, [], "sampled: 1 of 2 rows"),
        ({"first": 99}, 10, [1, 3, 5, 7, 9], "sampled: the first 99 rows"),
    ],
)
def test_a_sample_is_told_and_keeps_numbers(
    how: dict[str, int], rows: int, failing: list[int], said: str
) -> None:
    result = check(sampled(**how), FRAME, EVEN)
    assert (result.row_count, result.notes, result.engine) == (rows, (said,), "sampled(polars)")
    assert [sample.row for sample in result.rules[0].samples] == failing


@pytest.mark.parametrize("how", [{"first": 2}, {"every": 2}])
def test_a_seed_without_a_share_is_refused(how: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="seed has no meaning without share"):
        sampled(**how, seed=0)


def test_a_share_has_a_seed_also_where_none_is_given() -> None:
    results = [check(sampled(share=0.3, **how), FRAME, EVEN) for how in ({}, {"seed": 0})]
    assert results[0].notes == results[1].notes == ("sampled: a share of 0.3 of the rows by seed 0",)
    assert results[0].rules == results[1].rules


def test_a_share_is_by_seed_and_about_as_large() -> None:
    frame = pl.DataFrame({"n": list(range(10_000))})
    counts = [check(sampled(share=0.3, seed=seed), frame, EVEN).row_count for seed in (1, 1, 2)]
    assert counts[0] == counts[1] != counts[2]
    assert all(abs(count / 10_000 - 0.3) < 0.03 for count in counts)


def test_rules_about_all_rows_are_not_evaluated() -> None:
    result = check(sampled(first=4), FRAME, {"type": "row_count", "min": 9}, EVEN)
    assert [each.status for each in result.rules] == [RuleStatus.NOT_EVALUATED, RuleStatus.FAILED]
    assert check(sampled(first=4), FRAME, {"type": "row_count", "min": 9}).status is Status.INCOMPLETE


def test_limit_and_where_go_with_a_sample() -> None:
    result = check(sampled(every=3), FRAME, EVEN, limit=7, where="n > 1")
    assert result.row_count == 2  # 3 and 6
    assert [sample.row for sample in result.rules[0].samples] == [3]


def test_texts_without_types_stay_so(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("x\n1\n" + "2\n" * 5 + "abc\n")
    rule = {"column": "x", "type": "in_range", "min": 0, "max": 1}
    whole = check(PolarsEngine(), tmp_path / "x.csv", rule)
    part = check(sampled(every=2), tmp_path / "x.csv", rule)
    assert (whole.rules[0].failed_count, part.rules[0].failed_count) == (6, 3)
    assert [sample.row for sample in part.rules[0].samples] == [2, 4, 6]


@given(
    values=st.lists(st.none() | st.integers(0, 3), max_size=12),
    step=st.integers(2, 5),
    limit=st.none() | st.integers(1, 12),
)
def test_what_is_said_of_a_sample_is_true_of_its_rows(
    values: list[int | None], step: int, limit: int | None
) -> None:
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Int64})
    rules = [{"column": "x", "type": "not_null"}, {"column": "x", "type": "unique"}]
    seen = [n for n in range(len(values)) if n % step == 0 and (limit is None or n < limit)]
    found = check(sampled(every=step), frame, *rules, samples=99, limit=limit)
    expected = check(ReferenceEngine(), frame[seen], *rules, samples=99)
    for mine, right in zip(found.rules, expected.rules, strict=True):
        assert (mine.checked_count, mine.failed_count) == (right.checked_count, right.failed_count)
        assert [each.row for each in mine.samples] == [seen[each.row or 0] for each in right.samples]


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ({"of": "max", "min": 8}, RuleStatus.NOT_EVALUATED),
        ({"of": "max", "min": 3}, RuleStatus.PASSED),
        ({"of": "max", "max": 2}, RuleStatus.FAILED),
        ({"of": "min", "max": -1}, RuleStatus.NOT_EVALUATED),
        ({"of": "min", "min": 1}, RuleStatus.FAILED),
    ],
)
def test_an_end_of_the_first_rows(rule: dict[str, object], status: RuleStatus) -> None:
    result = check(sampled(first=4), FRAME, {"column": "n", "type": "aggregate", **rule})
    assert (result.rules[0].status, result.notes) == (status, ("sampled: the first 4 rows",))


def test_estimates_are_named() -> None:
    rules = [
        {"column": "n", "type": "aggregate", "of": "mean", "min": 4, "id": "mean"},
        {"column": "n", "type": "not_null"},
        {**EVEN, "mostly": 0.5, "id": "half"},
        {"column": "n", "type": "z_score", "id": "far"},
        {"type": "row_count", "min": 1},
    ]
    result = check(sampled(first=4), FRAME, *rules)
    assert result.notes == ("sampled: the first 4 rows", "estimated from the sample: mean, half, far")


@settings(
    max_examples=settings().max_examples * 4, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(case=random_cases(), size=st.integers(1, 6), step=st.none() | st.integers(2, 4))
def test_a_failure_that_is_no_estimate_is_one_of_the_whole(
    tmp_path: Path, case: Case, size: int, step: int | None
) -> None:
    (referred,) = refer([case], tmp_path)
    (rule,) = read_rules([referred.rule]).unwrap()
    how = {"first": size} if step is None else {"every": step}
    (part,) = checked(sampled(**how), referred).rules
    (whole,) = checked(PolarsEngine(), referred).rules
    if part.status is RuleStatus.FAILED and not estimated(rule):
        assert whole.status is not RuleStatus.PASSED


@given(
    values=st.lists(st.none() | st.integers(-3, 3), min_size=1, max_size=8),
    of=st.sampled_from(["min", "max"]),
    ends=st.tuples(st.integers(-3, 3), st.integers(-3, 3)).map(sorted),
    given_ends=st.sampled_from([("min",), ("max",), ("min", "max")]),
    size=st.integers(1, 8),
)
def test_an_end_of_a_sample_is_one_of_the_whole(
    values: list[int | None], of: str, ends: list[int], given_ends: tuple[str, ...], size: int
) -> None:
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Int64})
    bounds = {key: end for key, end in zip(("min", "max"), ends, strict=True) if key in given_ends}
    rule = {"column": "x", "type": "aggregate", "of": of, **bounds}
    (part,) = check(sampled(first=size), frame, rule).rules
    (whole,) = check(PolarsEngine(), frame, rule).rules
    if part.status is RuleStatus.FAILED:
        assert whole.status is RuleStatus.FAILED
    if part.passed and part.observed is not None and of not in given_ends:
        assert whole.passed  # the other rows can only be beyond the end that is reached


@pytest.mark.parametrize(
    "how", [{}, {"first": 1, "every": 2}, {"share": 1.0}, {"share": 1}, {"every": 1}, {"first": 0}]
)
def test_a_sample_is_one_of_three(how: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        sampled(**how)
