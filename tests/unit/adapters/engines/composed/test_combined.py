"""Several engines measure; their verdicts are put together, and who says what is told where they differ."""

from __future__ import annotations

import threading
from typing import Any

import polars as pl
import pytest
from attrs import evolve

from tests.unit.adapters.engines.composed.fakes import (
    FRAME,
    NOT_NULL,
    UNIQUE,
    Playing,
    always,
    check,
    playing,
)
from veriport.adapters.engines.composed.combined import MultiEngineAggregator
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Broken, Measurement, Outcome
from veriport.domain.results import RuleStatus
from veriport.domain.rules.base import Rule
from veriport.ports.engines import Engine, SupportsSplit
from veriport.ports.errors import ContractViolation, DataError, DeadlineExceeded, TransientError

LATER = TransientError("the database is starting")


def combined(*engines: Engine, **how: Any) -> MultiEngineAggregator:  # noqa: ANN401  # what the fields are
    return MultiEngineAggregator(engines, **how)


def lenient(_: Rule, outcome: Outcome) -> Outcome:
    """Nothing breaks a rule."""
    return evolve(outcome, failed=0, samples=()) if isinstance(outcome, Measurement) else outcome


SAYS: dict[str, dict[str, Any]] = {
    "fails": {},
    "passes": {"changes": lenient},
    "silent": {"knows": ()},
    "breaks": {"opening": always(DataError("torn"))},
}


def test_engines_that_agree_are_one() -> None:
    result = check(combined(PolarsEngine(), Playing()), FRAME, NOT_NULL, UNIQUE)
    assert [(each.failed_count, each.remarks) for each in result.rules] == [(1, ()), (2, ())]
    assert (result.engine, result.notes) == ("combined(polars, playing)", ())


@pytest.mark.parametrize(
    ("voting", "status"),
    [
        ("merge", "failed"), ("worst", "failed"), ("best", "passed"), ("majority", "passed"),
        ("consensus", "error"), ("strict_all", "failed"), ("lenient_any", "passed"),
    ],
)  # fmt: skip
def test_who_says_what_is_told_where_they_differ(voting: str, status: str) -> None:
    engines = [playing(name, **SAYS[name[:-1]]) for name in ("fails1", "passes1", "passes2")]
    (found,) = check(combined(*engines, voting=voting), FRAME, NOT_NULL).rules
    assert found.status == status
    assert (
        "fails1: failed, 1 of 4 rows break it; passes1: passed, 0 of 4 rows break it; passes2: passed"
    ) in found.message


def test_weights_decide() -> None:
    engines = [playing(name, **SAYS[name]) for name in ("fails", "passes")]
    for weights, status in (((2, 1), "failed"), ((1, 2), "passed"), ((1, 1), "error")):
        (found,) = check(combined(*engines, voting="weighted", weights=weights), FRAME, NOT_NULL).rules
        assert found.status == status


def test_the_verdict_comes_with_the_rows_of_one_who_says_so() -> None:
    engines = [playing(name, **SAYS[name]) for name in ("passes", "fails")]
    (found,) = check(combined(*engines, voting="worst"), FRAME, NOT_NULL).rules
    assert [sample.row for sample in found.samples] == [1]


def test_gaps_are_filled_and_told() -> None:
    engines = [playing(name, **SAYS[name]) for name in ("silent", "fails")]
    (found,) = check(combined(*engines), FRAME, NOT_NULL).rules
    assert (found.status, found.failed_count) == (RuleStatus.FAILED, 1)
    assert "silent: not evaluated (silent does not know not_null); fails: failed" in found.message


def test_the_same_verdict_by_other_rows_is_told() -> None:
    def one_more(_: Rule, outcome: Outcome) -> Outcome:
        return evolve(outcome, failed=2) if isinstance(outcome, Measurement) else outcome

    (found,) = check(combined(Playing(), playing("other", changes=one_more)), FRAME, NOT_NULL).rules
    assert "playing: failed, 1 of 4 rows break it; other: failed, 2 of 4 rows break it" in found.message


def test_values_that_differ_by_their_last_digit_agree() -> None:
    def a_little(_: Rule, outcome: Outcome) -> Outcome:
        assert isinstance(outcome, Measurement)
        assert isinstance(outcome.observed, float)
        return evolve(outcome, observed=outcome.observed * (1 + 1e-12))

    rule = {"column": "id", "type": "aggregate", "of": "mean", "min": 0}
    (found,) = check(combined(Playing(), playing("other", changes=a_little)), FRAME, rule).rules
    assert found.remarks == ()


def test_values_of_masked_columns_are_not_told() -> None:
    def other(_: Rule, outcome: Outcome) -> Outcome:
        return evolve(outcome, observed=7654321) if isinstance(outcome, Measurement) else outcome

    rule = {"column": "id", "type": "aggregate", "of": "max", "min": 0}
    engine = combined(Playing(), playing("other", changes=other))
    assert "7654321" in check(engine, FRAME, rule).rules[0].message
    assert "7654321" not in check(engine, FRAME, rule, mask=["id"]).rules[0].message
    consensus = combined(Playing(), playing("other", changes=other), voting="consensus")
    assert "7654321" not in str(check(consensus, FRAME, {**rule, "max": 5, "mask": True}).to_dict())
    strict = combined(playing("silent", knows=()), playing("other", changes=other), voting="strict_all")
    (found,) = check(strict, FRAME, {**rule, "mask": True}).rules
    assert (found.message, found.remarks) == ("silent does not know aggregate; ***", ("***",))


def test_reasons_that_may_quote_masked_values_are_not_told() -> None:
    def quoting(_: Rule, outcome: Outcome) -> Outcome:
        del outcome
        return Broken("the value 7654321 is too large")

    engine = combined(Playing(), playing("other", changes=quoting))
    (told,) = check(engine, FRAME, NOT_NULL).rules
    assert "7654321" in told.message
    assert "7654321" not in str(check(engine, FRAME, NOT_NULL, mask=["name"]).to_dict())


@pytest.mark.parametrize(
    ("others", "voting", "status", "words"),
    [
        (("silent", "passes"), "strict_all", "not_evaluated", "silent: not evaluated (silent does not know not_null); passes: passed"),
        (("breaks", "passes"), "strict_all", "error", "breaks: error (torn); passes: passed"),
        (("fails", "passes"), "strict_all", "failed", "fails: failed, 1 of 4 rows break it; passes: passed"),
        (("breaks", "fails"), "worst", "error", "breaks: error (torn); fails: failed, 1 of 4 rows break it"),
    ],
)  # fmt: skip
def test_who_says_what_is_among_the_remarks_whatever_it_comes_to(
    others: tuple[str, ...], voting: str, status: str, words: str
) -> None:
    engines = [playing(name, **SAYS[name]) for name in others]
    (found,) = check(combined(*engines, voting=voting), FRAME, NOT_NULL).rules
    assert found.status == status
    (remark,) = found.remarks
    assert remark.startswith(f"engines differ: {words}")
    assert found.message.endswith(remark)


@pytest.mark.parametrize("error", [LATER, DataError("torn"), ConfigurationError("no frames")], ids=str)
@pytest.mark.parametrize("where", ["opening", "measuring"])
def test_an_engine_that_fails_breaks_rules_and_is_told(error: Exception, where: str) -> None:
    engine = combined(playing("bad", **{where: always(error)}), PolarsEngine(), voting="worst")
    result = check(engine, FRAME, NOT_NULL)
    assert result.rules[0].status is RuleStatus.ERROR
    assert f"bad did not answer: {error}" in result.notes
    engine = combined(playing("bad", **{where: always(error)}), PolarsEngine(), voting="best")
    result = check(engine, FRAME, NOT_NULL)
    assert result.rules[0].failed_count == 1
    assert f"bad: error ({error})" in result.rules[0].message


def test_an_engine_that_sees_other_data_breaks_rules() -> None:
    class Less(PolarsEngine):
        def open(self, dataset: object) -> Any:  # noqa: ANN401  # a context
            del dataset
            return PolarsEngine().open(Handle(FRAME[:2]))

    class Other(PolarsEngine):
        def open(self, dataset: object) -> Any:  # noqa: ANN401  # a context
            del dataset
            return PolarsEngine().open(Handle(FRAME.cast({"id": pl.String})))

    for engine, words in (
        (Less(name="odd"), "sees 2 rows and not 4"),
        (Other(name="odd"), "column 'id' as string"),
    ):
        result = check(combined(PolarsEngine(), engine), FRAME, NOT_NULL)
        assert words in " ".join(result.notes)
        assert "odd: error" in result.rules[0].message


def test_where_nobody_can_the_first_error_is_raised() -> None:
    for where in ("opening", "measuring"):
        engines = playing("a", **{where: always(LATER)}), playing("b", **{where: always(DataError("torn"))})
        with pytest.raises(TransientError, match="starting"):
            check(combined(*engines), FRAME, NOT_NULL)


def test_a_bug_is_not_a_verdict() -> None:
    with pytest.raises(ContractViolation, match="KeyError: 'bug'"):
        check(combined(PolarsEngine(), Playing(measuring=always(KeyError("bug")))), FRAME, NOT_NULL)


def test_engines_are_asked_at_once() -> None:
    together = threading.Barrier(3, timeout=30)
    engines = [playing(name, measuring=together.wait) for name in "abc"]
    assert check(combined(*engines), FRAME, NOT_NULL).failed_count == 1


def test_who_is_late_is_left_behind() -> None:
    go = threading.Event()
    engine = combined(PolarsEngine(), Playing(measuring=lambda: go.wait(60)), total_seconds=0.05)
    with pytest.raises(DeadlineExceeded):
        check(engine, FRAME, NOT_NULL)
    go.set()


def test_it_splits_as_the_first_engine() -> None:
    with combined(PolarsEngine(), Playing()).open(Handle(FRAME)) as table:
        assert isinstance(table, SupportsSplit)
    with combined(Playing(), PolarsEngine()).open(Handle(FRAME)) as table:
        assert not isinstance(table, SupportsSplit)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"voting": "most"}, "voting must be"),
        ({"voting": "weighted"}, "weights must be 1"),
        ({"weights": [1]}, "no meaning"),
    ],
)
def test_what_cannot_be_meant_is_refused(how: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        combined(PolarsEngine(), **how)
