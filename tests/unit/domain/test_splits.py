"""Which rules split the rows of a check, and when there is no saying."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given

from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Broken, Measurement, NotEvaluated
from veriport.domain.results import CheckResult, Gate, Part, RuleResult, judge, judge_absent, merge
from veriport.domain.rules.base import Missing, Rule
from veriport.domain.rules.rows import Unique
from veriport.domain.rules.tables import ColumnCount, RowCount
from veriport.domain.rules.values import NotNull
from veriport.domain.severity import Severity
from veriport.domain.splits import Split, SplitError, splitting
from veriport.testing.strategies import check_results

FAILED = Measurement(checked=10, failed=3)
HELD = Measurement(checked=10)


def rule(severity: str = "high", **options: object) -> NotNull:
    return NotNull(column="a", id=severity, severity=severity, **options)  # type: ignore[arg-type]  # it reads words


def of(*results: RuleResult, gate: Gate = Gate()) -> CheckResult:
    return CheckResult(rules=results, parts={"x": Part(label="x", rows=10)}, gate=gate)


def ids(result: CheckResult, severity: str | None = None) -> list[str]:
    line = None if severity is None else Severity(severity)
    return [each.rule.id for each in splitting(result, line).unwrap()]


EVERY = tuple(judge(rule(severity), FAILED) for severity in ("low", "critical", "medium", "high"))


def test_by_default_those_split_whose_failure_is_a_failure() -> None:
    assert ids(of(*EVERY)) == ["critical", "high"]


@pytest.mark.parametrize(
    ("severity", "wanted"),
    [
        ("critical", ["critical"]),
        ("high", ["critical", "high"]),
        ("medium", ["critical", "medium", "high"]),
        ("low", ["low", "critical", "medium", "high"]),
    ],
)
def test_a_severity_and_worse_where_one_is_given(severity: str, wanted: list[str]) -> None:
    assert ids(of(*EVERY), severity) == wanted


@pytest.mark.parametrize(
    ("gate", "wanted"),
    [
        (Gate(fail_on=Severity.MEDIUM), ["critical", "medium", "high"]),
        (Gate(fail_on_high=False), ["critical"]),
        (Gate(fail_on=Severity.LOW, min_severity=Severity.HIGH), ["critical", "high"]),
    ],
)
def test_the_gate_draws_the_line(gate: Gate, wanted: list[str]) -> None:
    assert ids(of(*EVERY, gate=gate)) == wanted


def test_a_rule_that_holds_splits_too() -> None:
    assert ids(of(judge(rule(mostly=0.5), FAILED), judge(rule("critical"), HELD))) == ["high", "critical"]


def test_rules_about_the_whole_do_not_split() -> None:
    whole: list[tuple[Rule, Measurement]] = [(RowCount(min=99), Measurement(checked=10, observed=10))]
    assert ids(of(*(judge(*each) for each in whole))) == []


@pytest.mark.parametrize("outcome", [Broken("it broke"), NotEvaluated("it broke")])
def test_a_rule_that_nobody_evaluated_is_in_the_way(outcome: Broken | NotEvaluated) -> None:
    found = splitting(of(judge(rule(), outcome), judge(rule("critical"), FAILED)), None)
    assert str(found.failure()) == "the rows cannot be split: high: it broke"


@pytest.mark.parametrize("missing", Missing)
def test_so_is_one_whose_column_is_absent(missing: Missing) -> None:
    found = splitting(of(judge_absent(rule(missing=missing), ["a"])), None)
    assert "there is no column 'a'" in str(found.failure())


@pytest.mark.parametrize("outcome", [Broken("it broke"), NotEvaluated("it broke")])
def test_below_the_line_it_is_not(outcome: Broken | NotEvaluated) -> None:
    result = of(judge(rule("medium"), outcome), judge(rule(), FAILED))
    assert ids(result) == ["high"]
    assert "medium: it broke" in str(splitting(result, Severity.MEDIUM).failure())


@pytest.mark.parametrize("whole", [RowCount(min=1), ColumnCount(min=1)])
def test_a_rule_about_the_whole_is_never_in_the_way(whole: Rule) -> None:
    assert ids(of(judge(whole, Broken("it broke")), judge(rule(), FAILED))) == ["high"]


def test_without_rules_nothing_can_be_told_apart() -> None:
    assert str(splitting(of(), None).failure()) == "the rows cannot be split: no rule was given"


def splits_by(calls: list[tuple[str, Severity | None]]) -> CheckResult:
    def splitter(_: CheckResult, directory: str, severity: Severity | None) -> Split:
        calls.append((directory, severity))
        return Split(valid=Path("v"), failing=Path("f"), valid_count=1, failing_count=2)

    return evolve(of(judge(rule(), FAILED)), splitter=splitter)


def test_a_result_splits_by_its_splitter() -> None:
    calls: list[tuple[str, Severity | None]] = []
    made = splits_by(calls).split(Path("a") / "b", severity="warning")
    assert (calls, made.failing_count) == ([(str(Path("a") / "b"), Severity.MEDIUM)], 2)


def test_a_severity_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="unknown severity 'hgih'"):
        splits_by([]).split("x", severity="hgih")


def test_a_result_that_was_read_cannot_split() -> None:
    living = splits_by([])
    read = CheckResult.from_dict(living.to_dict())
    assert read == living
    with pytest.raises(SplitError, match="check the data again"):
        read.split("x")


def test_a_document_cannot_bring_a_splitter() -> None:
    document = {**of(judge(rule(), FAILED)).to_dict(), "splitter": "os.remove"}
    assert CheckResult.from_dict(document).splitter is None


def test_a_splitter_is_not_printed_and_not_compared() -> None:
    living = splits_by([])
    assert living == evolve(living, splitter=None)
    assert hash(living) == hash(evolve(living, splitter=None))
    assert "splitter" not in repr(living) + living.to_json() + living.summary()


def test_a_merged_result_cannot_split() -> None:
    left, right = splits_by([]), evolve(splits_by([]), rules=(judge(Unique(columns="b", id="b"), HELD),))
    assert left.merge(right).splitter is None


def test_merged_with_nothing_it_still_can() -> None:
    living = splits_by([])
    assert CheckResult().merge(living).splitter is not None
    assert living.merge(CheckResult()).splitter is not None


@given(check_results(), check_results())
def test_what_was_read_adds_up_where_it_is_known(left: CheckResult, right: CheckResult) -> None:
    merged = merge(left, right).value_or(None)
    nothing = CheckResult()
    if merged is not None and nothing not in {left, right}:
        known = None not in {left.scans, right.scans}
        assert merged.scans == ((left.scans or 0) + (right.scans or 0) if known else None)


@given(check_results())
def test_a_document_tells_what_was_read(result: CheckResult) -> None:
    document = result.to_dict()
    assert (document["scans"], document["bytes_read"]) == (result.scans, result.bytes_read)
    assert CheckResult.from_dict(document) == result


def test_documents_of_before_have_no_scans() -> None:
    document = of(judge(rule(), FAILED)).to_dict()
    del document["scans"], document["bytes_read"]
    assert CheckResult.from_dict(document).scans is None


def test_a_copy_is_equal() -> None:
    result = of(judge(rule(), FAILED))
    assert pickle.loads(pickle.dumps(result)) == copy.deepcopy(result) == result  # noqa: S301  # our own
