"""A check: what is decided without the engine, what it is asked, and what becomes of its answers."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from returns.pipeline import is_successful

from tests.unit.application.fakes import COLUMNS, fails_with, parse
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.application.checking import CheckData, CheckOptions, parse_all
from veriport.domain.datasets import Address, Dataset, Handle
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Broken, Measured, Measurement, NotEvaluated
from veriport.domain.results import CheckResult, Gate, Part, RuleStatus, Status
from veriport.domain.rules.base import Rule
from veriport.domain.rules.rows import Expression
from veriport.domain.rules.tables import ColumnExists, DType, RowCount
from veriport.domain.rules.values import NotNull, Regex
from veriport.domain.severity import Severity
from veriport.ports.engines import Request
from veriport.ports.errors import ContractViolation, DataError, TransientError
from veriport.testing.engines import FakeEngine

_ORDERS = Address(path="orders.csv")


def _check(
    *rules: Rule,
    engine: FakeEngine | None = None,
    dataset: Dataset = _ORDERS,
    **options: Any,  # noqa: ANN401  # any option
) -> CheckResult:
    check = CheckData(engine=engine or FakeEngine(), parse=parse, clock=FrozenClock())
    return check(dataset, rules or None, CheckOptions(**options)).unwrap()


def test_measurements_are_judged() -> None:
    engine = FakeEngine(outcome=lambda rule: Measurement(checked=10, failed=int(rule.id == "bad")))
    result = _check(NotNull(column="id", id="good"), NotNull(column="id", id="bad"), engine=engine)
    assert [(each.rule.id, each.status) for each in result.rules] == [
        ("good", RuleStatus.PASSED),
        ("bad", RuleStatus.FAILED),
    ]
    assert (result.status, result.engine, result.row_count) == (Status.FAILURE, "fake", 10)
    assert result.parts == {"orders.csv": Part(label="orders.csv", rows=10)}


def test_rules_without_an_id_get_one() -> None:
    result = _check(NotNull(column="id"), NotNull(column="id"), NotNull(column="email"))
    assert [each.rule.id for each in result.rules] == ["id.not_null", "id.not_null-2", "email.not_null"]


def test_rules_that_share_an_id_are_a_failure_before_the_data_is_opened() -> None:
    engine = FakeEngine()
    check = CheckData(engine=engine, parse=parse, clock=FrozenClock())
    shared = [NotNull(column="id", id="x"), NotNull(column="email", id="x")]
    problems = check(_ORDERS, shared, CheckOptions()).failure()
    assert [problem.path for problem in problems] == [(0, "id"), (1, "id")]
    assert engine.events == []


def test_results_stand_in_the_order_of_the_rules() -> None:
    rules = [
        ColumnExists(column="id", id="1"),
        NotNull(column="id", id="2"),
        NotNull(column="gone", id="3"),
        Regex(column="email", pattern="@", id="4"),
    ]
    assert [each.rule.id for each in _check(*rules).rules] == ["1", "2", "3", "4"]


# --- what the engine is asked ---------------------------------------------------------------------


def test_the_engine_is_asked_only_what_fits_the_columns() -> None:
    engine = FakeEngine()
    rules = [
        NotNull(column="id", id="measured"),
        NotNull(column="gone", id="absent"),
        Regex(column="id", pattern="x", id="mismatch"),
        ColumnExists(column="id", id="schema"),
        DType(column="id", dtype="int", id="type"),
    ]
    _check(*rules, engine=engine)
    (request,) = engine.requests
    assert [rule.id for rule in request.rules] == ["measured"]


def test_the_engine_is_told_the_options_and_every_parsed_text() -> None:
    engine = FakeEngine()
    clock = FrozenClock()
    rules = [Expression(expression="id > 0"), NotNull(column="id", where="id > 1")]
    check = CheckData(engine=engine, parse=parse, clock=clock)
    check(_ORDERS, rules, CheckOptions(key="id", samples=3, where="id > 0", limit=5))
    (request,) = engine.requests
    assert (request.key, request.samples, request.where, request.limit) == (("id",), 3, "id > 0", 5)
    assert set(request.parsed) == {"id > 0", "id > 1"}
    assert request.now == clock.now()


def test_the_data_is_let_go() -> None:
    engine = FakeEngine()
    _check(NotNull(column="id"), engine=engine)
    assert engine.events == ["opened orders.csv", "closed"]


def test_the_data_is_let_go_after_trouble() -> None:
    engine = FakeEngine(measuring=fails_with(TransientError("busy")))
    with pytest.raises(TransientError, match="busy"):
        _check(NotNull(column="id"), engine=engine)
    assert engine.events == ["opened orders.csv", "closed"]


# --- what is decided without it -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missing", "rule_status", "status"),
    [
        ("error", RuleStatus.ERROR, Status.ERROR),
        ("fail", RuleStatus.FAILED, Status.FAILURE),
        ("skip", RuleStatus.NOT_EVALUATED, Status.INCOMPLETE),
    ],
)
def test_an_absent_column_means_what_the_rule_says(
    missing: str, rule_status: RuleStatus, status: Status
) -> None:
    result = _check(NotNull(column="emial", missing=missing))
    (found,) = result.rules
    assert (found.status, result.status) == (rule_status, status)
    assert found.message == "there is no column 'emial'; did you mean 'email'?"


def test_a_rule_for_texts_on_numbers_is_an_error_and_the_others_are_measured() -> None:
    result = _check(Regex(column="id", pattern="x", id="bad"), NotNull(column="id", id="good"))
    assert [each.status for each in result.rules] == [RuleStatus.ERROR, RuleStatus.PASSED]
    assert result.rules[0].message == "regex is for texts and column 'id' is int64"


def test_rules_about_the_schema_are_judged_by_the_columns() -> None:
    result = _check(ColumnExists(column="gone"), DType(column="id", dtype="integer"))
    assert [each.status for each in result.rules] == [RuleStatus.FAILED, RuleStatus.PASSED]


# --- what is wrong with the request ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"key": ("ids",)}, "orders.csv: there is no column 'ids'; did you mean 'id'?"),
        ({"where": "gone > 0"}, "orders.csv: there is no column 'gone'"),
        (
            {"where": "email > 0"},
            'orders.csv: where: "email" is a text and 0 is a number: > takes values of one kind',
        ),
        ({"mask": ["emails"]}, "orders.csv: there is no column 'emails'; did you mean 'email'?"),
    ],
)
def test_an_absent_column_of_the_check_is_wrong_data(options: dict[str, Any], message: str) -> None:
    engine = FakeEngine()
    with pytest.raises(DataError) as caught:
        _check(NotNull(column="id"), engine=engine, **options)
    assert str(caught.value) == message
    assert engine.requests == []


@pytest.mark.parametrize(
    "options",
    [{"samples": -1}, {"samples": "5"}, {"limit": 0}, {"key": 5}, {"where": ""}, {"where": 5}],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=f"^{next(iter(options))} must "):
        CheckOptions(**options)


def test_sql_that_does_not_parse_is_a_failure_with_a_path_and_opens_nothing() -> None:
    engine = FakeEngine()
    check = CheckData(engine=engine, parse=parse, clock=FrozenClock())
    rules = [NotNull(column="id", where="id >"), Expression(expression="a; b"), NotNull(column="id")]
    problems = check(_ORDERS, rules, CheckOptions(where="x")).failure()
    assert [problem.path for problem in problems] == [("where",), (0, "where"), (1, "expression")]
    assert str(problems[1]) == "the expression 'id >' is not usable: it is not known"
    assert engine.events == []


def test_the_same_wrong_text_is_told_for_each_rule() -> None:
    rules = [NotNull(column="id", where="x"), NotNull(column="id", where="x")]
    assert [problem.path for problem in parse_all(parse, rules).failure()] == [(0, "where"), (1, "where")]


def test_a_text_is_parsed_once() -> None:
    asked: list[str] = []

    def counting(text: str) -> Any:  # noqa: ANN401  # what parse gives
        asked.append(text)
        return parse(text)

    rules = [NotNull(column="id", where="id > 0"), NotNull(column="email", where="id > 0")]
    assert is_successful(parse_all(counting, rules, "id > 0"))
    assert asked == ["id > 0"]


# --- bad engines ----------------------------------------------------------------------------------


def one_too_few(request: Request) -> Measured:
    return Measured(row_count=10, outcomes=tuple(Measurement(checked=10) for _ in request.rules[1:]))


def test_an_engine_that_loses_an_outcome_breaks_its_contract() -> None:
    with pytest.raises(
        ContractViolation, match=r"^the engine fake breaks its contract: it gave 1 outcomes for 2 rules$"
    ):
        _check(NotNull(column="id"), NotNull(column="email"), engine=FakeEngine(answer=one_too_few))


@pytest.mark.parametrize(
    ("outcome", "status", "message"),
    [
        (Broken("overflow"), RuleStatus.ERROR, "overflow"),
        (NotEvaluated("no regex here"), RuleStatus.NOT_EVALUATED, "no regex here"),
        (
            Measurement(checked=1, failed=2),
            RuleStatus.ERROR,
            "the engine reports 2 failed of 1 checked rows, which is impossible",
        ),
        (None, RuleStatus.ERROR, "the engine reports None, which is no outcome"),
    ],
)
def test_an_engine_that_cannot_or_errs_never_makes_a_pass(
    outcome: Any,  # noqa: ANN401  # anything may come
    status: RuleStatus,
    message: str,
) -> None:
    result = _check(NotNull(column="id"), engine=FakeEngine(outcome=lambda _: outcome))
    (found,) = result.rules
    assert (found.status, found.message) == (status, message)


def test_a_count_that_an_engine_does_not_report_is_an_error() -> None:
    result = _check(RowCount(min=1), engine=FakeEngine(outcome=lambda _: Measurement(checked=10)))
    assert result.rules[0].message == "the engine reports no value"


@pytest.mark.parametrize(
    "error", [DataError("orders.csv: there is no such file"), ConfigurationError("no way")]
)
def test_what_the_engine_raises_passes_through(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        _check(NotNull(column="id"), engine=FakeEngine(opening=fails_with(error)))


# --- the result -----------------------------------------------------------------------------------


def test_without_rules_the_columns_are_described() -> None:
    result = _check()
    assert (result.status, result.rules) == (Status.SUCCESS, ())
    assert [(each.column, each.null_count) for each in result.columns] == [(column, 0) for column in COLUMNS]


def test_with_rules_the_columns_are_not_described() -> None:
    assert _check(NotNull(column="id")).columns == ()


def test_the_gate_of_the_options_decides() -> None:
    engine = FakeEngine(outcome=lambda _: Measurement(checked=1, failed=1))
    rule = NotNull(column="id", severity="low")
    assert _check(rule, engine=engine).status is Status.WARNING
    assert _check(rule, engine=engine, gate=Gate(fail_on=Severity.LOW)).status is Status.FAILURE


def test_it_says_how_long_it_took() -> None:
    clock = FrozenClock()
    engine = FakeEngine(measuring=lambda: clock.advance(2.5))
    check = CheckData(engine=engine, parse=parse, clock=clock)
    assert check(_ORDERS, None, CheckOptions()).unwrap().duration_seconds == 2.5


def test_results_over_the_same_file_speak_of_the_same_part() -> None:
    first, second = _check(NotNull(column="id")), _check(NotNull(column="email"))
    assert first.merge(second).row_count == 10


def test_results_of_two_queries_speak_of_different_parts() -> None:
    queries = [Address(path="db", sql=sql) for sql in ("select * from a", "select * from b")]
    first, second = (_check(NotNull(column="id"), dataset=query) for query in queries)
    assert first.merge(second).row_count == 20


class Frame:
    """Stands for a data frame."""


def test_results_over_the_same_frame_speak_of_the_same_part_and_over_another_do_not() -> None:
    one, other = Frame(), Frame()
    parts = [set(_check(dataset=Handle(frame)).parts) for frame in (one, one, other)]
    assert parts[0] == parts[1]
    assert not parts[0] & parts[2]


def test_credentials_of_an_address_are_in_no_result() -> None:
    secret = evolve(_ORDERS, path="postgresql://u:hunter2@host/db", storage_options={"token": "hunter2"})
    result = _check(NotNull(column="id"), dataset=secret)
    assert "hunter2" not in repr(result)
    assert "hunter2" not in result.to_json()
