"""Schemas and checks of Pandera itself, in an environment that has it (see environments.py)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

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


def test_a_rule_that_asks_the_same_as_the_schema_has_its_verdict_whatever_its_id() -> None:
    made = pandera.DataFrameSchema({"id": pandera.Column(int)})
    mine = {"id": "mine", "type": "native", "name": "not_nullable", "parameters": {"column": "id"}}
    rules = [{**mine, "severity": "low"}, {**mine, "id": "some", "where": "id = 1"}]
    result = veriport.PanderaAdapter(schema=made).check(pl.DataFrame({"id": [1, 1, None]}), rules)
    found = told(result)
    assert found["mine"] == found["id.not_nullable"] == (RuleStatus.FAILED, 1, [2])
    assert found["some"] == (RuleStatus.PASSED, 0, [])


def test_a_rule_may_have_the_id_of_one_of_the_schema() -> None:
    made = pandera.DataFrameSchema({"amount": pandera.Column(float)})
    rule = {"id": "amount.not_nullable", "column": "status", "type": "not_null"}
    found = told(veriport.PanderaAdapter(schema=made).check(FRAME, [rule]))
    assert found["amount.not_nullable"] == (RuleStatus.PASSED, 0, [])
    assert found["amount.not_nullable-2"] == (RuleStatus.FAILED, 1, [2])


@pytest.mark.parametrize("library", [pandera, pandas_schemas])
def test_a_schema_that_would_drop_rows_tells_them_and_is_left_as_it_is(library: ModuleType) -> None:
    column = library.Column(float, library.Check.ge(0), nullable=True, drop_invalid_rows=True)
    made = library.DataFrameSchema({"amount": column}, drop_invalid_rows=True)
    found = told(veriport.PanderaAdapter(schema=made).check(FRAME))
    assert found["amount.greater_than_or_equal_to(0)"] == (RuleStatus.FAILED, 1, [1])
    assert (made.drop_invalid_rows, made.columns["amount"].drop_invalid_rows) == (True, True)


@pytest.mark.parametrize("library", [pandera, pandas_schemas])
def test_a_check_that_should_only_warn_passes_with_a_remark(library: ModuleType) -> None:
    check = library.Check.ge(0, raise_warning=True)
    made = library.DataFrameSchema({"amount": library.Column(float, check, nullable=True)})
    given = {"column": "amount", "min_value": 0, "raise_warning": True}
    alone = {"id": "alone", "type": "native", "name": "ge", "parameters": given}
    result = veriport.PanderaAdapter(schema=made).check(FRAME, [alone])
    warned = [each for each in result.rules if "greater" in each.rule.id or each.rule.id == "alone"]
    for each in warned:
        assert (each.status, each.failed_count, [s.row for s in each.samples]) == (RuleStatus.PASSED, 1, [1])
        assert each.remarks[0].startswith("a warning: ")
    assert len(warned) == 2
    assert check.raise_warning


AT_LEAST_2 = "n.greater_than_or_equal_to(2)"


def with_index(index: object) -> object:
    column = pandas_schemas.Column(float, pandas_schemas.Check.ge(2), nullable=True)
    return pandas_schemas.DataFrameSchema({"n": column}, index=index)


def labelled(labels: list[int] | list[str], name: str | None = None) -> object:
    frame = pl.DataFrame({"n": [1.0, None, 3.0]}).to_pandas()
    frame.index = labels
    return frame.rename_axis(name)


@pytest.mark.parametrize(
    ("index", "frame", "status"),
    [
        (pandas_schemas.Index(int, unique=True), labelled([5, 5, 5]), RuleStatus.FAILED),
        (pandas_schemas.Index(int, unique=True), labelled([5, 6, 7]), RuleStatus.PASSED),
        (pandas_schemas.Index(str, name="n"), labelled(["a", "b", "c"], "n"), RuleStatus.PASSED),
        (pandas_schemas.Index(str, name="n"), labelled(["a", "b", "c"], "k"), RuleStatus.FAILED),
        (pandas_schemas.Index(int), FRAME.select(n="amount"), RuleStatus.NOT_EVALUATED),
    ],
)
def test_the_index_of_a_schema_is_that_of_the_caller(
    index: object, frame: object, status: RuleStatus
) -> None:
    found = told(veriport.PanderaAdapter(schema=with_index(index)).check(frame))
    assert found["schema"][0] is status
    assert found[AT_LEAST_2][0] is RuleStatus.FAILED


def test_failing_labels_become_places_where_they_are_unique() -> None:
    adapter = veriport.PanderaAdapter(schema=with_index(pandas_schemas.Index(int)))
    assert told(adapter.check(labelled([30, 20, 10])))[AT_LEAST_2] == (RuleStatus.FAILED, 1, [0])
    assert told(adapter.check(labelled([30, 20, 10]), where="n > 2"))[AT_LEAST_2][0] is RuleStatus.PASSED
    repeated = {each.rule.id: each for each in adapter.check(labelled([5, 5, 5])).rules}[AT_LEAST_2]
    assert (repeated.status, repeated.samples) == (RuleStatus.FAILED, ())
    assert "greater_than_or_equal_to(2)" in repeated.message


def test_whole_numbers_and_truth_values_with_nulls_stay_what_they_are_for_pandas() -> None:
    column = pandas_schemas.Column
    made = pandas_schemas.DataFrameSchema(
        {
            "id": column("Int64", nullable=True, unique=True),
            "full": column("Int64", nullable=True),
            "plain": column(int),
            "b": column("boolean", nullable=True),
        }
    )
    frame = pl.DataFrame({"id": [2**53 + 1, 2**53, None], "full": [1, 2, 3], "b": [True, None, False]})
    result = veriport.PanderaAdapter(schema=made).check(frame.with_columns(plain="full"))
    assert {status for status, _, _ in told(result).values()} == {RuleStatus.PASSED}


def test_without_samples_no_value_is_told() -> None:
    total = pandera.Check(lambda data: data.lazyframe.select(pl.col(data.key).sum() > 9999))
    warns = pandera.Check.ge(9999, raise_warning=True)
    made = pandera.DataFrameSchema({"pin": pandera.Column(int, [total, warns])})
    frame = pl.DataFrame({"pin": [4711, 1234]})
    for samples, shown in ((20, True), (0, False)):
        result = veriport.check(frame, engine=veriport.PanderaAdapter(schema=made), samples=samples)
        assert (result.failed_count, "4711" in result.to_json()) == (1, shown)


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
