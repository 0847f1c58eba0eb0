"""How results add up: the laws of ``merge``, and what does not add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from returns.pipeline import is_successful
from returns.result import Success

from veriport.domain.measurements import Broken, Measurement, NotEvaluated, Sample
from veriport.domain.results import (
    CheckResult,
    ColumnSummary,
    Gate,
    MergeError,
    Part,
    RuleResult,
    RuleStatus,
    judge,
    judge_absent,
    judge_schema,
    merge,
)
from veriport.domain.rules.base import Missing, Rule, Shape
from veriport.domain.rules.reading import identified
from veriport.domain.rules.rows import Compare, Expression, Unique
from veriport.domain.rules.tables import ColumnExists, RowCount
from veriport.domain.rules.values import InRange, InSet, Length, NotNull
from veriport.domain.severity import Severity
from veriport.domain.types import Column, DataType, Family
from veriport.testing.strategies import check_results, durations, gates, rule_lists, rules

Three: TypeAlias = tuple[CheckResult, CheckResult, CheckResult]

_PARTS = {name: Part(label=f"{name}.csv", rows=10) for name in "pqr"}
_ADDITIVE = (NotNull, InSet, InRange, Length, Compare, Expression, RowCount)


@st.composite
def _any_three(draw: DrawFn) -> Three:
    """Results that may speak of the same rules, the same data, and under different gates."""
    known = draw(rule_lists())
    gate = st.sampled_from([Gate(), Gate(), Gate(), draw(gates())])
    one = check_results(of=known, parts=_PARTS, gate=gate)
    return draw(one), draw(one), draw(one)


@st.composite
def _three_that_add_up(draw: DrawFn) -> Three:
    """Results of additive rules, each over a part of its own."""
    known = identified(draw(st.lists(rules(*_ADDITIVE), min_size=1, max_size=3).map(_without_ids)))
    gate = st.just(draw(gates()))
    first, second, third = (check_results(of=known, parts={name: _PARTS[name]}, gate=gate) for name in "pqr")
    return draw(first), draw(second), draw(third)


def _without_ids(listed: Sequence[Rule]) -> list[Rule]:
    return [evolve(rule, id="") for rule in listed]


# --- the laws -------------------------------------------------------------------------------------


@given(_any_three() | _three_that_add_up())
def test_merging_is_associative(three: Three) -> None:
    left, middle, right = three
    from_the_left = merge(left, middle).bind(lambda both: merge(both, right))
    from_the_right = merge(middle, right).bind(lambda both: merge(left, both))
    if is_successful(from_the_left):
        assert from_the_left == from_the_right
    else:
        assert not is_successful(from_the_right)


@given(_three_that_add_up())
def test_additive_rules_over_parts_of_their_own_always_merge(three: Three) -> None:
    left, middle, right = three
    merged = left.merge(middle).merge(right)
    assert set(merged.parts) == {"p", "q", "r"}
    assert {result.rule.id for result in merged.rules} == {
        result.rule.id for each in three for result in each.rules
    }


@given(check_results())
def test_nothing_is_the_identity(result: CheckResult) -> None:
    assert merge(CheckResult(), result) == merge(result, CheckResult()) == Success(result)


@given(gates(), durations(), st.sampled_from(["", "polars", "a+b"]), check_results())
def test_what_saw_nothing_adds_nothing(gate: Gate, seconds: float, engine: str, result: CheckResult) -> None:
    nothing = CheckResult(gate=gate, engine=engine, duration_seconds=seconds)
    assert merge(nothing, result) == merge(result, nothing) == Success(result)


@given(_any_three())
def test_no_trouble_is_hidden(three: Three) -> None:
    left, right, _ = three
    merged = merge(left, right)
    assume(is_successful(merged))
    after = {result.rule.id: result for result in merged.unwrap().rules}
    for result in (*left.rules, *right.rules):
        ending = after[result.rule.id].status
        if result.status is RuleStatus.ERROR:
            assert ending is RuleStatus.ERROR
        if result.status is RuleStatus.NOT_EVALUATED:
            assert ending in {RuleStatus.ERROR, RuleStatus.NOT_EVALUATED}
        if result.absent:
            assert ending is not RuleStatus.PASSED
            assert set(result.absent) <= set(after[result.rule.id].absent)


@given(_any_three())
def test_rules_of_both_are_there_in_order(three: Three) -> None:
    left, right, _ = three
    merged = merge(left, right)
    assume(is_successful(merged))
    expected = dict.fromkeys(result.rule.id for result in (*left.rules, *right.rules))
    assert [result.rule.id for result in merged.unwrap().rules] == list(expected)


@given(
    rules(*(cls for cls in _ADDITIVE if cls.shape is Shape.ROWS)),
    st.lists(st.booleans(), max_size=30),
    st.lists(st.booleans(), max_size=30),
)
def test_two_halves_are_judged_as_the_whole(rule: Rule, first: list[bool], second: list[bool]) -> None:
    merged = _halves(rule, first, second).merge(CheckResult())
    whole = judge(rule, _measured([*first, *second]), ["p", "q"])
    assert merged.rules == (whole,)


def _halves(rule: Rule, first: list[bool], second: list[bool]) -> CheckResult:
    left = _check(judge(rule, _measured(first), ["p"]))
    return left.merge(_check(judge(rule, _measured(second), ["q"])))


def _measured(rows: list[bool]) -> Measurement:
    return Measurement(checked=len(rows), failed=rows.count(False))


def _check(*results: RuleResult, gate: Gate | None = None) -> CheckResult:
    seen = {key for result in results for key in result.parts}
    return CheckResult(
        rules=results, parts={key: _PARTS[key] for key in seen}, engine="polars", gate=gate or Gate()
    )


# --- what adds up ---------------------------------------------------------------------------------


def test_a_part_may_pass_what_the_whole_fails_and_the_other_way_round() -> None:
    rule = NotNull(column="a", id="r", mostly=0.5)
    good, bad = Measurement(checked=2), Measurement(checked=10, failed=9)
    merged = _check(judge(rule, good, ["p"])).merge(_check(judge(rule, bad, ["q"])))
    assert merged.rules == (judge(rule, Measurement(checked=12, failed=9), ["p", "q"]),)
    assert merged.failed_count == 1


def test_row_counts_add() -> None:
    rule = RowCount(min=15, id="r")
    few = Measurement(checked=10, observed=10)
    left, right = (_check(judge(rule, few, [part])) for part in "pq")
    assert (left.failed_count, right.failed_count) == (1, 1)
    merged = left.merge(right)
    assert (merged.passed_count, merged.rules[0].observed, merged.row_count) == (1, 20, 20)


def test_samples_stand_in_the_order_of_the_parts() -> None:
    rule = NotNull(column="a", id="r")
    found = [Measurement(checked=5, failed=1, samples=(Sample(row=row),)) for row in (1, 2)]
    left, right = _check(judge(rule, found[0], ["p"])), _check(judge(rule, found[1], ["q"]))
    assert [sample.row for sample in left.merge(right).rules[0].samples] == [1, 2]
    assert [sample.row for sample in right.merge(left).rules[0].samples] == [2, 1]


@pytest.mark.parametrize(
    ("left", "right", "together"),
    [
        ("polars", "polars", "polars"),
        ("polars", "tiny", "polars+tiny"),
        ("polars+tiny", "tiny", "polars+tiny"),
        ("a+b", "b+c", "a+b+c"),
        ("", "polars", "polars"),
        ("polars", "", "polars"),
        ("", "", ""),
    ],
)
def test_engines_are_named_once_each(left: str, right: str, together: str) -> None:
    one = CheckResult(parts={"p": _PARTS["p"]}, engine=left)
    other = CheckResult(parts={"q": _PARTS["q"]}, engine=right)
    assert one.merge(other).engine == together


def test_different_rules_over_the_same_data_stand_side_by_side() -> None:
    one = _check(judge(NotNull(column="a", id="x"), Measurement(checked=10), ["p"]))
    other = _check(judge(NotNull(column="b", id="y"), Measurement(checked=10), ["p"]))
    merged = one.merge(other)
    assert merged.rules == (*one.rules, *other.rules)
    assert (merged.parts, merged.row_count) == ({"p": _PARTS["p"]}, 10)


@pytest.mark.parametrize(
    ("one", "other", "ending", "message"),
    [
        (Broken("b"), Measurement(checked=5), RuleStatus.ERROR, "b"),
        (NotEvaluated("n"), Measurement(checked=5, failed=5), RuleStatus.NOT_EVALUATED, "n"),
        (NotEvaluated("n"), Broken("b"), RuleStatus.ERROR, "b"),
        (Broken("b"), Broken("c"), RuleStatus.ERROR, "b"),
    ],
)
def test_the_worst_ending_stays_with_its_message(
    one: Broken | NotEvaluated,
    other: Broken | Measurement,
    ending: RuleStatus,
    message: str,
) -> None:
    rule = NotNull(column="a", id="r")
    left, right = _check(judge(rule, one, ["p"])), _check(judge(rule, other, ["q"]))
    (result,) = left.merge(right).rules
    assert (result.status, result.message) == (ending, message)


@pytest.mark.parametrize(
    ("missing", "ending"),
    [
        (Missing.ERROR, RuleStatus.ERROR),
        (Missing.FAIL, RuleStatus.FAILED),
        (Missing.SKIP, RuleStatus.NOT_EVALUATED),
    ],
)
@pytest.mark.parametrize(
    "rule", [NotNull(column="a", id="r", mostly=0.1), RowCount(min=1, where="a > 0", id="r")]
)
def test_a_part_without_the_column_is_not_outweighed(
    rule: Rule, missing: Missing, ending: RuleStatus
) -> None:
    rule = evolve(rule, missing=missing)
    good = _check(judge(rule, Measurement(checked=10, observed=10), ["p"]))
    lacking = _check(judge_absent(rule, ["a"], ["q"]))
    for merged in (good.merge(lacking), lacking.merge(good)):
        (result,) = merged.rules
        assert (result.status, result.message, result.absent) == (ending, "there is no column 'a'", ("a",))


_SCHEMA = ColumnExists(column="a", id="r")
_INTEGERS = {"a": Column("a", DataType(Family.INTEGER, "int64"))}


def test_rules_about_equal_schemas_unite() -> None:
    left, right = (_check(judge_schema(_SCHEMA, _INTEGERS, [part])) for part in "pq")
    assert left.merge(right).rules == (judge_schema(_SCHEMA, _INTEGERS, ["p", "q"]),)


def test_descriptions_of_the_same_data_stay_and_of_other_data_do_not_add() -> None:
    described = ColumnSummary(column=_INTEGERS["a"], null_count=3)
    one = CheckResult(parts={"p": _PARTS["p"]}, columns=(described,))
    other = CheckResult(parts={"q": _PARTS["q"]}, columns=(described,))
    assert one.merge(one).columns == (described,)
    assert one.merge(other).columns == ()


def test_durations_add() -> None:
    one = CheckResult(parts={"p": _PARTS["p"]}, duration_seconds=1.5)
    assert one.merge(evolve(one, duration_seconds=0.25)).duration_seconds == 1.75


# --- what does not --------------------------------------------------------------------------------

_PASSED = judge(NotNull(column="a", id="r"), Measurement(checked=10), ["p"])


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (_check(_PASSED), _check(_PASSED), "the results of r cannot be merged: both looked at p"),
        (
            _check(_PASSED),
            _check(judge(NotNull(column="a", id="r", severity="low"), Measurement(checked=10), ["q"])),
            "the results of r cannot be merged: the id means two different rules",
        ),
        (
            _check(judge(InSet(column="a", id="r", values=[1]), Measurement(checked=1), ["p"])),
            _check(judge(InSet(column="a", id="r", values=[True]), Measurement(checked=1), ["q"])),
            "the results of r cannot be merged: the id means two different rules",
        ),
        (
            _check(judge(Unique(columns="a", id="r"), Measurement(checked=10), ["p"])),
            _check(judge(Unique(columns="a", id="r"), Measurement(checked=10), ["q"])),
            "the results of r cannot be merged: unique over parts says nothing about the whole",
        ),
        (
            _check(judge_schema(_SCHEMA, _INTEGERS, ["p"])),
            _check(judge_schema(_SCHEMA, {}, ["q"])),
            "the results of r cannot be merged: the parts have different columns",
        ),
        (
            CheckResult(parts={"p": Part(label="x", rows=10)}),
            CheckResult(parts={"p": Part(label="x", rows=11)}),
            "the results of p cannot be merged: the two checks did not see the same rows of it",
        ),
        (
            _check(_PASSED),
            evolve(
                _check(judge(NotNull(column="b", id="s"), Broken("x"), ["q"])),
                gate=Gate(fail_on=Severity.LOW),
            ),
            "the results of q.csv cannot be merged: they were judged under different gates",
        ),
    ],
)
def test_what_does_not_add_up_says_why(one: CheckResult, other: CheckResult, why: str) -> None:
    with pytest.raises(MergeError) as caught:
        one.merge(other)
    assert str(caught.value) == why
    with pytest.raises(MergeError):
        other.merge(one)
