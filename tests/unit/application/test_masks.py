"""Reasons quote values: where something is masked they are not shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.application.fakes import fails_with, parse
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.application.checking import CheckData, CheckOptions
from veriport.domain.datasets import Address
from veriport.domain.measurements import Broken, NotEvaluated
from veriport.domain.results import CheckResult, RuleStatus
from veriport.domain.rules.base import Rule
from veriport.domain.rules.rows import Expression
from veriport.domain.rules.tables import DType
from veriport.domain.rules.values import InRange, NotNull
from veriport.ports.errors import DataError, TransientError
from veriport.testing.engines import FakeEngine

QUOTE = "cannot convert 'C4N4RY'"
SILENT = "it could not be evaluated; the reason may quote masked values and is not shown"


def _check(engine: FakeEngine, *rules: Rule, **options: Any) -> CheckResult:  # noqa: ANN401  # any option
    check = CheckData(engine=engine, parse=parse, clock=FrozenClock())
    return check(Address(path="orders.csv"), rules, CheckOptions(**options)).unwrap()


@pytest.mark.parametrize("outcome", [Broken(QUOTE), QUOTE])
@pytest.mark.parametrize(
    "rule",
    [
        NotNull(column="id"),
        NotNull(column="email", where="id > 0"),
        Expression(expression="id > 0"),
    ],
)
def test_of_a_rule_that_reads_a_masked_column(rule: Rule, outcome: object) -> None:
    engine = FakeEngine(outcome=lambda _: outcome)  # type: ignore[arg-type, return-value]  # an engine of somebody
    (result,) = _check(engine, rule, mask=["id"]).rules
    assert (result.status, result.message) == (RuleStatus.ERROR, SILENT)


def test_of_a_masked_rule() -> None:
    engine = FakeEngine(outcome=lambda _: Broken(QUOTE))
    (result,) = _check(engine, NotNull(column="id", mask=True)).rules
    assert result.message == SILENT


def test_the_reason_of_a_rule_about_other_columns_is_shown() -> None:
    engine = FakeEngine(outcome=lambda _: Broken(QUOTE))
    (result,) = _check(engine, NotNull(column="email"), mask=["id"]).rules
    assert result.message == QUOTE


def test_why_an_engine_does_not_evaluate_a_rule_is_shown() -> None:
    engine = FakeEngine(outcome=lambda _: NotEvaluated("no regex here"))
    (result,) = _check(engine, NotNull(column="id", mask=True)).rules
    assert result.message == "no regex here"


def test_what_the_domain_objects_to_is_shown() -> None:
    (result,) = _check(FakeEngine(), InRange(column="email", min=0, mask=True), mask=["email"]).rules
    assert "string" in result.message


def test_types_are_no_values() -> None:
    (result,) = _check(FakeEngine(), DType(column="email", dtype="integer", mask=True), mask=["email"]).rules
    assert result.observed == "string"


@pytest.mark.parametrize(
    ("rule", "mask"), [(NotNull(column="id"), ["id"]), (NotNull(column="id", mask=True), [])]
)
def test_of_data_that_cannot_be_read(rule: Rule, mask: list[str]) -> None:
    engine = FakeEngine(measuring=fails_with(DataError(QUOTE)))
    with pytest.raises(DataError, match=r"^orders\.csv: it cannot be read to its end") as raised:
        _check(engine, rule, mask=mask)
    assert "C4N4RY" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_without_a_mask_it_is_shown() -> None:
    engine = FakeEngine(measuring=fails_with(DataError(QUOTE)))
    with pytest.raises(DataError, match="C4N4RY"):
        _check(engine, NotNull(column="id"))


def test_of_data_that_does_not_open_it_is_shown() -> None:
    engine = FakeEngine(opening=fails_with(DataError("orders.csv: there is no such file")))
    with pytest.raises(DataError, match="no such file"):
        _check(engine, NotNull(column="id"), mask=["id"])


def test_trouble_that_may_pass_stays_what_it_is() -> None:
    engine = FakeEngine(measuring=fails_with(TransientError("timeout")))
    with pytest.raises(TransientError, match="timeout"):
        _check(engine, NotNull(column="id"), mask=["id"])
