"""Schemas and checks of Pandera itself, in an environment that has it (see environments.py)."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import veriport
from veriport.domain.errors import ConfigurationError
from veriport.domain.results import CheckResult, RuleStatus

pandera = pytest.importorskip("pandera.polars")
pandas_schemas = pytest.importorskip("pandera.pandas")

FRAME = pl.DataFrame({"amount": [1.0, -2.0, None], "status": ["a", "c", "a"]})


def schema() -> object:
    columns = {
        "amount": pandera.Column(float, pandera.Check.ge(0), nullable=True),
        "status": pandera.Column(str, pandera.Check.isin(["a", "b"]), unique=True),
    }
    return pandera.DataFrameSchema(columns)


def told(result: CheckResult) -> dict[str, tuple[RuleStatus, int, list[int | None]]]:
    return {
        each.rule.id: (each.status, each.failed_count, [sample.row for sample in each.samples])
        for each in result.rules
    }


def test_the_checks_of_a_schema_become_results_beside_ours() -> None:
    with veriport.PanderaAdapter(schema=schema()) as engine:
        result = engine.check(FRAME, [{"column": "amount", "type": "not_null"}])
    failed, passed = RuleStatus.FAILED, RuleStatus.PASSED
    assert told(result) == {
        "amount.not_null": (failed, 1, [2]),
        "amount.dtype('Float64')": (passed, 0, []),
        "amount.greater_than_or_equal_to(0)": (failed, 1, [1]),
        "status.dtype('String')": (passed, 0, []),
        "status.not_nullable": (passed, 0, []),
        "status.field_uniqueness": (failed, 2, [0, 2]),
        "status.isin(['a', 'b'])": (failed, 1, [1]),
        "schema": (passed, 0, []),
    }


def test_no_environment_variable_turns_the_checks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    config = pytest.importorskip("pandera.config")
    monkeypatch.setattr(config.CONFIG, "validation_enabled", False)
    assert veriport.PanderaAdapter(schema=schema()).check(FRAME).failed_count == 3


def test_an_absent_column_and_what_no_check_stands_for_fail() -> None:
    made = pandera.DataFrameSchema({"zz": pandera.Column(int)}, strict=True)
    result = veriport.PanderaAdapter(schema=made).check(FRAME)
    assert {status for status, _, _ in told(result).values()} == {RuleStatus.FAILED}
    (rest,) = (each for each in result.rules if each.rule.id == "schema")
    assert "zz" in rest.message


def test_a_schema_for_pandas_gets_a_pandas_frame() -> None:
    made = pandas_schemas.DataFrameSchema(
        {"amount": pandas_schemas.Column(float, pandas_schemas.Check.ge(0), nullable=True)}
    )
    adapter = veriport.PanderaAdapter(schema=made)
    for frame in (FRAME, FRAME.to_pandas()):
        assert told(adapter.check(frame))["amount.greater_than_or_equal_to(0)"] == (RuleStatus.FAILED, 1, [1])


def test_a_check_is_called_by_its_name() -> None:
    given = {"column": "amount", "min_value": 0, "max_value": 5}
    known = {"type": "native", "name": "in_range", "parameters": given}
    unknown = {"type": "native", "name": "no_such", "parameters": {"column": "amount"}}
    wrong = {"type": "native", "name": "isin", "parameters": {"column": "amount"}}
    result = veriport.get_engine("pandera").check(FRAME, [known, unknown, wrong])
    assert [each.status.value for each in result.rules] == ["failed", "not_evaluated", "error"]


def test_another_engine_evaluates_the_rest_and_that_is_said() -> None:
    rules = [{"column": "amount", "type": "mean", "min": 0}, {"column": "status", "type": "not_null"}]
    result = veriport.PanderaAdapter(fallback="polars").check(FRAME, rules)
    assert result.engine == "pandera+polars"
    assert [each.remarks for each in result.rules] == [("evaluated by polars",), ()]
    assert [each.passed for each in result.rules] == [False, True]


@pytest.mark.parametrize("wrong", ["no_such_module:schema", "json:no_such", 5])
def test_what_is_no_schema_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="schema"):
        veriport.PanderaAdapter(schema=wrong)


def test_it_is_had_by_name_and_by_class(tmp_path: Path) -> None:
    by_name, by_class = veriport.get_engine("pandera"), veriport.PanderaAdapter()
    frame = pl.DataFrame({"id": [1, 1]})
    rules = [{"column": "id", "type": "not_null"}]
    for engine in (by_name, by_class):
        result = engine.check(frame, rules, auto_schema=tmp_path / "schema.yaml")
        assert (engine.name, result.status.name, result.passed_count) == ("pandera", "SUCCESS", 2)
