"""Measurements judged: rules, checks, gates, exit codes, and what people see."""

from __future__ import annotations

import itertools
from fractions import Fraction
from html.parser import HTMLParser

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.errors import CheckFailedError, ConfigurationError
from veriport.domain.measurements import Broken, Measurement, NotEvaluated, Sample
from veriport.domain.results import (
    CheckResult,
    Gate,
    Part,
    RuleResult,
    RuleStatus,
    Status,
    describe_counts,
    exit_code,
    judge,
    judge_absent,
    judge_schema,
    status_of,
)
from veriport.domain.rules.aggregates import Aggregate
from veriport.domain.rules.base import Missing
from veriport.domain.rules.tables import ColumnExists, RowCount
from veriport.domain.rules.values import InSet, NotNull
from veriport.domain.severity import Severity
from veriport.domain.types import Column, DataType, Family
from veriport.testing.strategies import check_results, gates, rule_results

# --- judging --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mostly", "checked", "failed", "passes"),
    [
        (1, 0, 0, True),
        (1, 10, 0, True),
        (1, 10, 1, False),
        (0, 10, 10, True),
        (0.9, 10, 1, True),
        (0.9, 10, 2, False),
        (0.7, 10, 3, True),
        (0.3, 10, 7, True),
        (0.1 * 3, 10, 7, False),  # 0.30000000000000004 is more than 0.3
        (0.95, 20, 1, True),
        (0.95, 10**18, 5 * 10**16, True),
        (0.95, 10**18, 5 * 10**16 + 1, False),
        (1 - 1e-16, 10**15, 1, False),
        (0.1, 10, 9, True),
        (0.57, 100, 43, True),
        (0.29, 100, 71, True),
    ],
)
def test_mostly_is_exact(mostly: float, checked: int, failed: int, passes: bool) -> None:  # a row
    result = judge(NotNull(column="a", mostly=mostly), Measurement(checked=checked, failed=failed))
    assert result.status is (RuleStatus.PASSED if passes else RuleStatus.FAILED)


@given(st.integers(0, 1000), st.integers(1, 10**12), st.data())
def test_mostly_means_the_fraction_that_was_written(
    thousandths: int, checked: int, data: st.DataObject
) -> None:
    failed = data.draw(st.integers(0, checked))
    result = judge(
        NotNull(column="a", mostly=thousandths / 1000), Measurement(checked=checked, failed=failed)
    )
    assert result.passed is (Fraction(checked - failed, checked) >= Fraction(thousandths, 1000))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (Measurement(checked=0), "no row to check"),
        (Measurement(checked=10), ""),
        (Measurement(checked=10_000, failed=1_234), "1,234 of 10,000 rows break it"),
    ],
)
def test_the_message_counts(found: Measurement, message: str) -> None:
    assert judge(NotNull(column="a"), found).message == message


def test_the_message_says_what_is_allowed() -> None:
    result = judge(NotNull(column="a", mostly=0.9), Measurement(checked=10, failed=1))
    assert (result.passed, result.message) == (True, "1 of 10 rows break it (at least 0.9 of them must pass)")


@pytest.mark.parametrize(
    "found", [Measurement(checked=1, failed=2), Measurement(checked=1, failed=-1), Measurement(checked=-1)]
)
def test_impossible_counts_are_an_error(found: Measurement) -> None:
    result = judge(NotNull(column="a"), found)
    assert result.status is RuleStatus.ERROR
    assert result.message.endswith("which is impossible")
    assert (result.checked_count, result.failed_count) == (0, 0)


def test_an_observed_value_is_judged_by_the_rule() -> None:
    rule = RowCount(min=1, max=5)
    assert judge(rule, Measurement(checked=5, observed=5)).passed
    failed = judge(rule, Measurement(checked=6, observed=6))
    assert (failed.status, failed.message) == (RuleStatus.FAILED, "observed 6, expected 1 <= rows <= 5")


def test_no_observed_value_is_an_error() -> None:
    result = judge(RowCount(min=1), Measurement(checked=5))
    assert (result.status, result.message) == (RuleStatus.ERROR, "the engine reports no value")


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(NotEvaluated("cannot"), RuleStatus.NOT_EVALUATED), (Broken("cannot"), RuleStatus.ERROR)],
)
def test_what_was_not_measured_is_no_pass(outcome: NotEvaluated | Broken, status: RuleStatus) -> None:
    result = judge(NotNull(column="a"), outcome, ["data.csv"])
    assert (result.status, result.message, result.parts) == (status, "cannot", frozenset({"data.csv"}))


@pytest.mark.parametrize("outcome", [None, True, 5, "passed"])
def test_what_is_no_outcome_is_an_error(outcome: object) -> None:
    result = judge(NotNull(column="a"), outcome)  # type: ignore[arg-type]  # an engine of somebody else
    assert result.status is RuleStatus.ERROR
    assert result.message == f"the engine reports {outcome!r}, which is no outcome"


def test_masked_rules_show_no_values() -> None:
    sample = Sample(row=1, key={"id": 7}, values={"a": "secret"})
    result = judge(NotNull(column="a", mask=True), Measurement(checked=1, failed=1, samples=(sample,)))
    assert "secret" not in repr(result)
    assert result.samples[0].key == {"id": 7}


@pytest.mark.parametrize(
    ("missing", "status"),
    [
        (Missing.ERROR, RuleStatus.ERROR),
        (Missing.FAIL, RuleStatus.FAILED),
        (Missing.SKIP, RuleStatus.NOT_EVALUATED),
    ],
)
def test_an_absent_column_means_what_the_rule_says(missing: Missing, status: RuleStatus) -> None:
    result = judge_absent(NotNull(column="a", missing=missing), ["a", "b"], ["data.csv"])
    assert (result.status, result.message) == (status, "there is no column 'a', 'b'")
    assert (result.absent, result.parts) == (("a", "b"), frozenset({"data.csv"}))


def test_a_rule_about_the_schema_is_judged_by_the_columns() -> None:
    columns = {"a": Column("a", DataType(Family.INTEGER, "int64"))}
    there = judge_schema(ColumnExists(column="a"), columns)
    absent = judge_schema(ColumnExists(column="b"), columns)
    assert (there.status, there.observed, there.message) == (RuleStatus.PASSED, "int64", "")
    assert (absent.status, absent.message) == (RuleStatus.FAILED, "found nothing, expected a column 'b'")


# --- status, gates and exit codes -----------------------------------------------------------------


def _result(status: RuleStatus, severity: Severity = Severity.HIGH, rule_id: str = "r") -> RuleResult:
    return RuleResult(rule=NotNull(column="a", id=rule_id, severity=severity), status=status)


_LADDER = {"low": 0, "medium": 1, "high": 2, "critical": 3}
_CHOICES = [None, True, False]


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("fail_on", Severity)
@pytest.mark.parametrize("min_severity", Severity)
@pytest.mark.parametrize(("critical", "high"), list(itertools.product(_CHOICES, _CHOICES)))
def test_every_gate_says_what_a_failed_rule_makes(
    severity: Severity,
    fail_on: Severity,
    min_severity: Severity,
    critical: bool | None,  # a row
    high: bool | None,  # a row
) -> None:
    gate = Gate(fail_on=fail_on, fail_on_critical=critical, fail_on_high=high, min_severity=min_severity)
    own = {"critical": critical, "high": high}.get(severity.value)
    fails = _LADDER[severity.value] >= _LADDER[fail_on.value] if own is None else own
    expected = Status.FAILURE if fails else Status.WARNING
    if _LADDER[severity.value] < _LADDER[min_severity.value]:
        expected = Status.SUCCESS
    assert status_of([_result(RuleStatus.FAILED, severity)], gate) is expected


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (RuleStatus.PASSED, Status.SUCCESS),
        (RuleStatus.ERROR, Status.ERROR),
        (RuleStatus.NOT_EVALUATED, Status.INCOMPLETE),
    ],
)
def test_what_did_not_fail_has_one_status_at_any_severity(
    status: RuleStatus, severity: Severity, expected: Status
) -> None:
    assert status_of([_result(status, severity)], Gate()) is expected


@pytest.mark.parametrize("status", RuleStatus)
def test_what_lies_below_the_least_severity_never_counts(status: RuleStatus) -> None:
    assert status_of([_result(status, Severity.MEDIUM)], Gate(min_severity=Severity.HIGH)) is Status.SUCCESS


_ENDINGS = {
    Status.ERROR: _result(RuleStatus.ERROR),
    Status.FAILURE: _result(RuleStatus.FAILED),
    Status.INCOMPLETE: _result(RuleStatus.NOT_EVALUATED),
    Status.WARNING: _result(RuleStatus.FAILED, Severity.LOW),
    Status.SUCCESS: _result(RuleStatus.PASSED),
}


@pytest.mark.parametrize(
    "present", [set(some) for size in range(1, 6) for some in itertools.combinations(Status, size)]
)
def test_the_first_status_that_applies_counts(present: set[Status]) -> None:
    order = [Status.ERROR, Status.FAILURE, Status.INCOMPLETE, Status.WARNING, Status.SUCCESS]
    expected = next(status for status in order if status in present)
    assert status_of([_ENDINGS[status] for status in present], Gate()) is expected


def test_no_rules_are_a_success() -> None:
    assert CheckResult().status is Status.SUCCESS


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.ERROR, 3),
        (Status.FAILURE, 1),
        (Status.INCOMPLETE, 4),
        (Status.WARNING, 0),
        (Status.SUCCESS, 0),
    ],
)
def test_each_status_has_its_exit_code(status: Status, code: int) -> None:
    assert status.exit_code == code
    assert exit_code(status, 0, strict=False) == exit_code(status, 0, strict=True) == code


@pytest.mark.parametrize("status", Status)
def test_strict_makes_any_failed_rule_a_failure_but_hides_no_error(status: Status) -> None:
    assert exit_code(status, 1, strict=True) == (3 if status is Status.ERROR else 1)
    assert exit_code(status, 1, strict=False) == status.exit_code


def test_strict_counts_what_lies_below_the_least_severity() -> None:
    failed = _result(RuleStatus.FAILED, Severity.LOW)
    result = CheckResult(rules=(failed,), gate=Gate(min_severity=Severity.HIGH))
    assert (result.exit_code(), result.exit_code(strict=True)) == (0, 1)


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        ({"fail_on": "worst"}, "unknown severity 'worst': use one of critical, high, medium, low"),
        ({"min_severity": None}, "unknown severity None: use one of critical, high, medium, low"),
        ({"fail_on_high": "no"}, "fail_on_high must be true or false, not 'no'"),
        ({"fail_on_critical": 1}, "fail_on_critical must be true or false, not 1"),
    ],
)
def test_a_wrong_gate_is_refused(gate: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Gate(**gate)  # type: ignore[arg-type]  # wrong on purpose
    assert str(caught.value) == message


def test_a_gate_is_read_by_any_name_of_a_severity() -> None:
    assert Gate(fail_on="error", min_severity="warn") == Gate(
        fail_on=Severity.HIGH, min_severity=Severity.MEDIUM
    )


@given(check_results())
def test_ok_is_success_or_warning(result: CheckResult) -> None:
    assert result.ok is (result.status in {Status.SUCCESS, Status.WARNING})
    assert result.ok is (result.exit_code() == 0)


@given(check_results(), gates())
def test_every_rule_is_counted_once_under_any_gate(result: CheckResult, gate: Gate) -> None:
    judged = evolve(result, gate=gate)
    counts = (judged.passed_count, judged.failed_count, judged.error_count, judged.not_evaluated_count)
    assert sum(counts) == len(judged.rules)
    assert len(judged.failures) == judged.failed_count


@given(rule_results())
def test_only_what_was_evaluated_and_holds_passes(result: RuleResult) -> None:
    assert result.passed is (result.status is RuleStatus.PASSED)
    assert not (result.passed and result.absent)


# --- what people see ------------------------------------------------------------------------------

_SUMMER = CheckResult(
    rules=(
        judge(NotNull(column="a", id="ok"), Measurement(checked=1200)),
        judge(NotNull(column="a", id="mild", severity="low"), Measurement(checked=1200, failed=2)),
        judge(NotNull(column="a", id="bad", severity="critical"), Measurement(checked=1200, failed=1)),
        judge(NotNull(column="a", id="skipped"), NotEvaluated("cannot")),
        judge_absent(NotNull(column="b", id="absent"), ["b"]),
    ),
    parts={"p": Part(label="a.csv", rows=1200)},
)


def test_a_summary_lists_the_worst_first_and_leaves_out_what_passed() -> None:
    assert _SUMMER.summary().splitlines() == [
        "ERROR: a.csv: 1,200 rows, 5 rules: 1 passed, 2 failed, 1 error, 1 not evaluated",
        "  error absent [high]: there is no column 'b'",
        "  failed bad [critical]: 1 of 1,200 rows break it",
        "  failed mild [low]: 2 of 1,200 rows break it",
        "  not_evaluated skipped [high]: cannot",
    ]


def test_failures_come_worst_first() -> None:
    assert [failure.rule.id for failure in _SUMMER.failures] == ["bad", "mild"]


@pytest.mark.parametrize(
    ("rows", "rules", "text"),
    [
        (0, 0, "0 rows, no rule was given"),
        (1, 0, "1 row, no rule was given"),
        (1, 1, "1 row, 1 rule: 1 passed"),
        (1234567, 2, "1,234,567 rows, 2 rules: 2 passed"),
    ],
)
def test_counts_are_said_in_words(rows: int, rules: int, text: str) -> None:
    passed = tuple(_result(RuleStatus.PASSED, rule_id=str(number)) for number in range(rules))
    result = CheckResult(rules=passed, parts={"p": Part(label="x", rows=rows)})
    assert describe_counts(result) == text


def test_a_data_set_is_named_once_however_many_parts_it_has() -> None:
    parts = {"a": Part(label="x", rows=1), "b": Part(label="y", rows=2), "c": Part(label="x", rows=3)}
    result = CheckResult(parts=parts)
    assert (result.dataset, result.row_count) == ("x + y", 6)


def test_a_failed_check_can_be_raised() -> None:
    with pytest.raises(CheckFailedError, match=r"^ERROR: a\.csv") as caught:
        _SUMMER.raise_if_failed()
    assert caught.value.result is _SUMMER


def test_a_good_check_raises_nothing() -> None:
    result = CheckResult(rules=(_ENDINGS[Status.WARNING],))
    assert result.raise_if_failed() is result


class _Tags(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.tags.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


_HOSTILE = "<script>alert('x')</script>\"'&<img src=x onerror=y>"


def test_a_notebook_shows_hostile_text_as_text() -> None:
    rule = InSet(column=_HOSTILE, id=_HOSTILE, values=[_HOSTILE])
    result = CheckResult(rules=(judge(rule, Broken(_HOSTILE)),), parts={"p": Part(label=_HOSTILE, rows=1)})
    page = _Tags()
    page.feed(result._repr_html_())
    assert page.tags == {"table", "caption", "tr", "th", "td"}
    assert page.text.count(_HOSTILE) == 3


@given(check_results())
def test_a_notebook_shows_any_result_as_one_table(result: CheckResult) -> None:
    page = _Tags()
    page.feed(result._repr_html_())
    assert page.tags <= {"table", "caption", "tr", "th", "td"}


# --- how it was measured --------------------------------------------------------------------------


def test_remarks_are_told_whatever_the_rule_came_to() -> None:
    for failed, message in ((0, "a said 1"), (1, "1 of 2 rows break it; a said 1")):
        found = judge(
            NotNull(id="x", column="x"), Measurement(checked=2, failed=failed, remarks=("a said 1",))
        )
        assert (found.remarks, found.message) == (("a said 1",), message)
        assert "a said 1" in CheckResult(rules=(found,)).summary()


def test_remarks_of_masked_values_are_not_shown_and_those_of_counts_are() -> None:
    said = Measurement(checked=1, observed=7, remarks=("a said 7",))
    biggest = Aggregate(id="m", column="x", of="max", max=9, mask=True)
    assert judge(biggest, said).remarks == ("***",)
    assert judge(NotNull(id="x", column="x", mask=True), evolve(said, observed=None)).remarks == ("a said 7",)


def test_notes_are_in_the_summary_the_document_and_the_table() -> None:
    result = CheckResult(parts={"p": Part(label="p", rows=1)}, notes=("only <a> sample",))
    assert "note: only <a> sample" in result.summary()
    assert CheckResult.from_dict(result.to_dict()) == result
    assert "only &lt;a&gt; sample" in result._repr_html_()


def test_merged_results_keep_the_notes_and_remarks_of_both() -> None:
    rule = NotNull(id="x", column="x")
    left, right = (
        CheckResult(
            rules=(judge(rule, Measurement(checked=1, remarks=("both", part)), [part]),),
            parts={part: Part(label=part, rows=1)},
            notes=("both", part),
        )
        for part in "ab"
    )
    merged = left.merge(right)
    assert (merged.notes, merged.rules[0].remarks) == (("both", "a", "b"), ("both", "a", "b"))
