"""Validators of Truthound itself, in an environment that has it (see environments.py)."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import veriport
from veriport.domain.errors import ConfigurationError
from veriport.domain.results import RuleStatus

distribution = pytest.importorskip("truthound.validators.distribution.range")

FRAME = pl.DataFrame({"amount": [1.0, -2.0, None], "status": ["a", "c", "a"]})


def test_validators_become_results_beside_ours_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    validators = [
        distribution.BetweenValidator(columns=["amount"], min_value=0),
        {"name": "in_set", "columns": ["status"], "allowed_values": ["a", "c"]},
    ]
    with veriport.TruthoundEngine(validators=validators) as engine:
        result = engine.check(FRAME, [{"column": "status", "type": "unique"}])
    assert [(each.rule.id, each.status, each.failed_count) for each in result.rules] == [
        ("status.unique", RuleStatus.FAILED, 2),
        ("amount.between", RuleStatus.FAILED, 1),
        ("status.in_set", RuleStatus.PASSED, 0),
    ]
    assert [sample.row for sample in result.rules[0].samples] == [0, 2]
    assert "out_of_range" in result.rules[1].message
    assert list(tmp_path.iterdir()) == []


def test_without_rules_the_data_is_described() -> None:
    with veriport.TruthoundEngine() as engine:
        result = engine.check(FRAME)
    assert {each.column.name: each.null_count for each in result.columns} == {"amount": 1, "status": 0}


def test_a_validator_is_called_by_its_name() -> None:
    known = {"type": "native", "validator": "between", "kwargs": {"columns": ["amount"], "max_value": 5}}
    wrong = {
        "type": "native",
        "validator": "between",
        "kwargs": {"columns": ["status"], "allowed": 5, "mostly": 7},
    }
    unknown = {"type": "native", "validator": "no_such"}
    result = veriport.get_engine("truthound").check(FRAME, [known, wrong, unknown])
    assert [each.status.value for each in result.rules] == ["passed", "error", "not_evaluated"]


def test_columns_that_a_validator_passes_over_are_no_pass() -> None:
    shared = distribution.BetweenValidator(columns=["amount", "status"], min_value=-9)
    validators = [
        shared,
        {"name": "between", "columns": ["status"], "min_value": 0},
        {"name": "between", "columns": ["amount", "status"], "min_value": 0},
        {"name": "between", "min_value": -9},
    ]
    engine = veriport.TruthoundEngine(validators=validators)
    result = engine.check(FRAME)
    assert [each.status.value for each in result.rules] == [
        "not_evaluated",
        "not_evaluated",
        "failed",
        "passed",
    ]
    assert "does not look at columns of such types: 'status' (String)" in result.rules[0].message
    assert "_get_target_columns" not in vars(shared)
    (_, _, _, texts) = (
        veriport.TruthoundEngine(validators=validators).check(FRAME.with_columns(amount=pl.lit("a"))).rules
    )
    assert texts.status is RuleStatus.NOT_EVALUATED


def test_an_unknown_parameter_is_refused() -> None:
    given = {"columns": ["amount"], "max_value": 5, "nope": 1, "mostly": 0.5}
    (result,) = (
        veriport.get_engine("truthound")
        .check(FRAME, [{"type": "native", "name": "between", "parameters": given}])
        .rules
    )
    assert (result.status, "has no parameter 'nope'" in result.message) == (RuleStatus.ERROR, True)


def test_without_samples_no_value_is_told() -> None:
    between = {"name": "between", "columns": ["amount"], "max_value": -99}
    engine = veriport.TruthoundEngine(validators=[between])
    for samples, shown in ((20, True), (0, False)):
        result = veriport.check(FRAME, engine=engine, samples=samples)
        assert (result.failed_count, "-2.0" in result.to_json()) == (1, shown)


def test_blank_texts_break_a_pattern_as_others_do() -> None:
    rule = {"column": "x", "type": "regex", "pattern": "a"}
    (result,) = veriport.get_engine("truthound").check(pl.DataFrame({"x": ["a", "", " "]}), [rule]).rules
    assert (result.failed_count, [sample.row for sample in result.samples]) == (2, [1, 2])


def test_counts_are_no_estimates() -> None:
    frame = pl.DataFrame({"x": ["b"] * 60_000 + ["a"] * 10_000})
    rule = {"column": "x", "type": "regex", "pattern": "a"}
    (result,) = veriport.get_engine("truthound").check(frame, [rule]).rules
    assert (result.status, result.failed_count) == (RuleStatus.FAILED, 60_000)


@pytest.mark.parametrize("wrong", ["between", 5, [5], [{"columns": ["a"]}]])
def test_what_is_no_validator_is_refused(wrong: object) -> None:
    with pytest.raises((ConfigurationError, veriport.InvalidRule)):
        veriport.TruthoundEngine(validators=wrong)


def test_the_first_steps_that_its_users_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text("id,amount\n1,2.5\n2,\n")
    exec(_FIRST_STEPS, {})  # noqa: S102  # a text of ours
    assert capsys.readouterr().out == "Status: SUCCESS\nPassed: 1, Failed: 0\n" * 2
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


_FIRST_STEPS = """
from veriport import TruthoundEngine
import polars as pl

engine = TruthoundEngine()
df = pl.read_csv("data.csv")

with engine:
    result = engine.check(df, auto_schema=True)
    print(f"Status: {result.status.name}")
    print(f"Passed: {result.passed_count}, Failed: {result.failed_count}")

with TruthoundEngine() as engine:
    result = engine.check(df, auto_schema=True)
    print(f"Status: {result.status.name}")
    print(f"Passed: {result.passed_count}, Failed: {result.failed_count}")
"""


def test_it_is_had_by_name_and_by_class(tmp_path: Path) -> None:
    by_name, by_class = veriport.get_engine("truthound"), veriport.TruthoundEngine()
    frame = pl.DataFrame({"id": [1, 1]})
    rules = [{"column": "id", "type": "not_null"}]
    for engine in (by_name, by_class):
        result = engine.check(frame, rules, auto_schema=tmp_path / "schema.yaml")
        assert (engine.name, result.status.name, result.passed_count) == ("truthound", "SUCCESS", 2)
