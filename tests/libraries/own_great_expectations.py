"""Suites and expectations of GX itself, in an environment that has it (see environments.py)."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import veriport
from veriport.domain.results import RuleStatus

gx = pytest.importorskip("great_expectations")

FRAME = pl.DataFrame({"amount": [1.0, -2.0, None], "status": ["a", "c", "a"]})
EXPECTATIONS = [
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "amount", "min_value": 0}},
    {
        "type": "expect_column_mean_to_be_between",
        "kwargs": {"column": "amount", "min_value": 0},
        "severity": "warning",
    },
    {"type": "expect_column_to_exist", "kwargs": {"column": "zz"}},
    {"type": "expect_table_columns_to_match_set", "kwargs": {"column_set": ["amount", "status"]}},
]


def test_a_suite_file_passes_through_quietly_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("suite.json").write_text(json.dumps({"name": "s", "expectations": EXPECTATIONS}), encoding="utf-8")
    with veriport.GreatExpectationsAdapter(suite="suite.json") as engine:
        result = engine.check(FRAME, [{"column": "status", "type": "not_null"}])
    assert [(each.rule.id, each.status, each.observed) for each in result.rules[1:]] == [
        ("amount.expect_column_values_to_be_between", RuleStatus.FAILED, None),
        ("amount.expect_column_mean_to_be_between", RuleStatus.FAILED, -0.5),
        ("zz.expect_column_to_exist", RuleStatus.FAILED, None),
        ("amount,status.expect_table_columns_to_match_set", RuleStatus.PASSED, "['amount', 'status']"),
    ]
    assert [each.rule.severity.value for each in result.rules[1:3]] == ["high", "medium"]
    assert [sample.values for sample in result.rules[1].samples] == [{"amount": -2.0}]
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == ["suite.json"]


def test_a_suite_of_objects_passes_through_and_the_users_context_stays() -> None:
    mine = gx.get_context(mode="ephemeral")
    expectation = gx.expectations.ExpectColumnMaxToBeBetween(column="amount", max_value=0)
    suite = gx.ExpectationSuite("s", expectations=[expectation])
    (result,) = veriport.GreatExpectationsAdapter(suite=suite).check(FRAME).rules
    assert (result.status, result.observed) == (RuleStatus.FAILED, 1.0)
    manager = pytest.importorskip(
        "great_expectations.data_context.data_context.context_factory"
    ).project_manager
    assert manager.get_current_project() is mine


def test_an_expectation_is_called_by_its_name() -> None:
    given = {"column": "amount", "min_value": 0, "mostly": 0.4}
    known = {"type": "native", "expectation": "expect_column_values_to_be_between", "kwargs": given}
    unknown = {"type": "native", "expectation": "expect_no_such"}
    wrong = {"type": "native", "expectation": "expect_column_to_exist", "kwargs": {"colum": "amount"}}
    result = veriport.get_engine("great_expectations").check(FRAME, [known, unknown, wrong])
    assert [each.status.value for each in result.rules] == ["passed", "not_evaluated", "error"]
    assert (result.rules[0].checked_count, result.rules[0].failed_count) == (2, 1)


def native(name: str, **given: object) -> dict[str, object]:
    return {"type": "native", "expectation": name, "kwargs": given}


BIG = pl.DataFrame({"id": [2**53 + 1, None, 2**53], "other": [1, 2, 3]})


def test_whole_numbers_with_nulls_are_no_floats() -> None:
    rules = [
        native("expect_column_values_to_be_unique", column="id"),
        native("expect_column_values_to_be_of_type", column="id", type_="int64"),
        native("expect_column_values_to_be_in_set", column="id", value_set=[2**53]),
    ]
    result = veriport.GreatExpectationsAdapter().check(BIG, rules)
    assert [each.status.value for each in result.rules] == ["passed", "passed", "failed"]
    assert [sample.row for sample in result.rules[2].samples] == [0]


def test_an_expectation_that_wants_floats_gets_them_where_they_are_the_same() -> None:
    same = native("expect_column_pair_values_to_be_equal", column_A="id", column_B="other")
    wrong = native("expect_column_values_to_match_regex", column="other", regex="[")
    engine = veriport.GreatExpectationsAdapter()
    small = engine.check(BIG.with_columns(id=pl.Series([1, None, 3])), [same])
    assert (small.rules[0].status.value, small.rules[0].failed_count) == ("failed", 1)
    big = engine.check(BIG, [same, wrong])
    assert [each.status.value for each in big.rules] == ["not_evaluated", "error"]
    assert "2^53" in big.rules[0].message


@pytest.mark.parametrize(
    "given", [{"min_value": {"$PARAMETER": "lo"}, "max_value": 9}, {"value_set": [{"$PARAMETER": "a"}]}]
)
def test_a_parameter_of_a_suite_keeps_only_its_expectation(given: dict[str, object]) -> None:
    name = "expect_column_values_to_be_" + ("in_set" if "value_set" in given else "between")
    rules = [
        native(name, column="amount", **given),
        native("expect_column_values_to_not_be_null", column="amount"),
    ]
    result = veriport.GreatExpectationsAdapter().check(FRAME, rules)
    assert [each.status.value for each in result.rules] == ["not_evaluated", "failed"]
    assert "$PARAMETER" in result.rules[0].message


def test_an_expectation_that_is_refused_keeps_no_other() -> None:
    name = "expect_column_kl_divergence_to_be_less_than"
    rules = [
        native(name, column="amount", partition_object={"x": 1}, threshold=1),
        native("expect_column_values_to_not_be_null", column="amount"),
    ]
    result = veriport.GreatExpectationsAdapter().check(FRAME, rules)
    assert [each.status.value for each in result.rules] == ["error", "failed"]
    assert result.rules[0].message == "great_expectations: ValueError: Invalid partition_object provided"


def test_without_samples_no_values_are_observed() -> None:
    rule = native("expect_column_quantile_values_to_be_between", column="amount",
                  quantile_ranges={"quantiles": [0.5], "value_ranges": [[7, 9]]})  # fmt: skip
    engine = veriport.GreatExpectationsAdapter()
    for samples, observed in ((20, "{'quantiles': [0.5], 'values': [-2.0]}"), (0, None)):
        (result,) = veriport.check(FRAME, [rule], engine=engine, samples=samples).rules
        assert (result.status, result.observed) == (RuleStatus.FAILED, observed)


def test_masked_values_are_not_shown() -> None:
    suite = {"expectations": EXPECTATIONS[:2]}
    result = veriport.check(FRAME, engine=veriport.GreatExpectationsAdapter(suite=suite), mask=["amount"])
    assert [each.failed_count for each in result.rules] == [1, 0]
    assert "-0.5" not in result.to_json()
    assert "-2.0" not in result.to_json()


def test_it_sends_nothing() -> None:
    from veriport.adapters.engines.great_expectations import validating  # noqa: PLC0415

    assert validating._made(gx).config.analytics_enabled is False


def test_it_is_had_by_name_and_by_class(tmp_path: Path) -> None:
    by_name, by_class = veriport.get_engine("great_expectations"), veriport.GreatExpectationsAdapter()
    frame = pl.DataFrame({"id": [1, 1]})
    rules = [{"column": "id", "type": "not_null"}]
    for engine in (by_name, by_class):
        result = engine.check(frame, rules, auto_schema=tmp_path / "schema.yaml")
        assert (engine.name, result.status.name, result.passed_count) == ("great_expectations", "SUCCESS", 2)
