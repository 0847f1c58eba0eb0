"""Rules sorted into those that an engine measures and those that are decided without one."""

from __future__ import annotations

import pytest

from veriport.domain.binding import bind, columns_read
from veriport.domain.expressions import Call, Literal, Name
from veriport.domain.results import RuleStatus
from veriport.domain.rules.base import Rule
from veriport.domain.rules.rows import Compare, Duplicate, Expression, RowsComplete, Unique
from veriport.domain.rules.tables import ColumnExists, DType, RowCount
from veriport.domain.rules.values import InRange, NotNull, Regex
from veriport.domain.types import Column, DataType, Family

_COLUMNS = (
    Column("id", DataType(Family.INTEGER, "int64")),
    Column("email", DataType(Family.STRING, "string")),
)
_PARSED = {
    "id > 0": Call(">", (Name("id"), Literal(0))),
    "gone > id": Call(">", (Name("gone"), Name("id"))),
    "email > 0": Call(">", (Name("email"), Literal(0))),
}


def _decided(rule: Rule) -> tuple[RuleStatus, str]:
    binding = bind([rule], _COLUMNS, _PARSED, "data.csv")
    assert binding.measurable == ()
    result = binding.decided[rule.id]
    assert (result.rule, result.parts) == (rule, frozenset({"data.csv"}))
    return result.status, result.message


@pytest.mark.parametrize(
    "rule",
    [
        NotNull(column="id", id="r"),
        Unique(columns=["id", "email"], id="r"),
        Regex(column="email", pattern="@", id="r"),
        InRange(column="id", min=0, id="r"),
        Expression(expression="id > 0", id="r"),
        NotNull(column="email", where="id > 0", id="r"),
        RowCount(min=1, id="r"),
    ],
)
def test_what_fits_the_columns_is_measured(rule: Rule) -> None:
    binding = bind([rule], _COLUMNS, _PARSED, "data.csv")
    assert (binding.measurable, binding.decided) == ((rule,), {})


@pytest.mark.parametrize("rule", [Duplicate(id="r"), RowsComplete(id="r")])
def test_a_rule_about_all_columns_is_measured_with_their_names(rule: Rule) -> None:
    (measured,) = bind([rule], _COLUMNS, _PARSED, "data.csv").measurable
    assert measured.reads == ("id", "email")


@pytest.mark.parametrize(
    ("missing", "status"),
    [("error", RuleStatus.ERROR), ("fail", RuleStatus.FAILED), ("skip", RuleStatus.NOT_EVALUATED)],
)
@pytest.mark.parametrize(
    ("cls", "parameters", "message"),
    [
        (NotNull, {"column": "emial"}, "there is no column 'emial'; did you mean 'email'?"),
        (Unique, {"columns": ["id", "gone"]}, "there is no column 'gone'"),
        (Compare, {"column": "x", "other": "y", "operator": "<"}, "there is no column 'x', 'y'"),
        (DType, {"column": "gone", "dtype": "int"}, "there is no column 'gone'"),
        (Expression, {"expression": "gone > id"}, "there is no column 'gone'"),
        (NotNull, {"column": "id", "where": "gone > id"}, "there is no column 'gone'"),
        (RowCount, {"min": 1, "where": "gone > id"}, "there is no column 'gone'"),
    ],
)
def test_an_absent_column_decides_a_rule(
    cls: type[Rule], parameters: dict[str, object], message: str, missing: str, status: RuleStatus
) -> None:
    rule = cls(**parameters, id="r", missing=missing)  # type: ignore[arg-type]  # as they are written
    assert _decided(rule) == (status, message)


def test_a_column_that_should_exist_fails_whatever_missing_says() -> None:
    rule = ColumnExists(column="gone", id="r", missing="skip")
    assert _decided(rule) == (RuleStatus.FAILED, "found nothing, expected a column 'gone'")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Regex(column="id", pattern="x", id="r"), "regex is for texts and column 'id' is int64"),
        (
            InRange(column="email", min=0, id="r"),
            "column 'email' is string and cannot be compared with 0",
        ),
        (
            Compare(column="id", other="email", operator="<", id="r"),
            "column 'id' is int64 and column 'email' is string: they cannot be compared",
        ),
        (
            Expression(expression="email > 0", id="r"),
            'expression: "email" is a text and 0 is a number: > takes values of one kind',
        ),
        (
            NotNull(column="id", where="email > 0", id="r"),
            'where: "email" is a text and 0 is a number: > takes values of one kind',
        ),
    ],
)
def test_a_rule_that_has_no_meaning_for_its_column_is_an_error(rule: Rule, message: str) -> None:
    assert _decided(rule) == (RuleStatus.ERROR, message)


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        (ColumnExists(column="id", id="r"), RuleStatus.PASSED),
        (DType(column="id", dtype="integer", id="r"), RuleStatus.PASSED),
        (DType(column="id", dtype="string", id="r"), RuleStatus.FAILED),
    ],
)
def test_rules_about_the_schema_need_no_engine(rule: Rule, status: RuleStatus) -> None:
    assert _decided(rule)[0] is status


def test_rules_keep_their_order() -> None:
    rules = [NotNull(column="id", id="a"), ColumnExists(column="id", id="b"), NotNull(column="email", id="c")]
    binding = bind(rules, _COLUMNS, _PARSED, "data.csv")
    assert [rule.id for rule in binding.measurable] == ["a", "c"]
    assert list(binding.decided) == ["b"]


def test_a_rule_reads_its_columns_and_those_of_its_conditions_once_each() -> None:
    rule = Compare(column="email", other="id", operator="<", where="gone > id")
    assert columns_read(rule, _PARSED) == ("email", "id", "gone")
    assert columns_read(Expression(expression="gone > id", where="id > 0"), _PARSED) == ("id", "gone")
