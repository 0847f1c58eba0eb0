"""Splitting a checked data set through fakes: what the engine is asked, and what is refused."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, field, frozen

from tests.unit.application.fakes import COLUMNS, fails_with, parse
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.application.checking import CheckData, CheckOptions
from veriport.domain.datasets import Address, Dataset
from veriport.domain.measurements import Broken, Measured, Measurement, Outcome
from veriport.domain.results import CheckResult, Gate
from veriport.domain.rules.base import Rule
from veriport.domain.rules.tables import RowCount
from veriport.domain.rules.values import NotNull
from veriport.domain.severity import Severity
from veriport.domain.splits import SplitError
from veriport.domain.types import Column
from veriport.ports.engines import ROW_COLUMN, RULES_COLUMN, Divided, Request, Table
from veriport.ports.errors import ContractViolation, DataError
from veriport.testing.engines import FakeEngine

NOW = datetime(2024, 1, 31, 12, tzinfo=UTC)


@frozen
class FakeFolder:
    """Gives out names and remembers what became of them."""

    events: list[str] = field(factory=list)

    @contextmanager
    def place(self, directory: str, names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """See ``Folder``."""
        self.events.append(f"placed {', '.join(names)} in {directory}")
        try:
            yield tuple(f"{directory}/.{name}" for name in names)
        except BaseException:
            self.events.append("removed")
            raise
        self.events.append("named")


@frozen(kw_only=True)
class Dividing(FakeEngine):
    """An engine that splits, or says what it is told to say that it did."""

    divided: Callable[..., Any]
    asked: list[tuple[Request, str, str]] = field(factory=list)

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        """See ``Engine``."""
        with FakeEngine.open(self, dataset) as table:  # `super` does not find a class of attrs here
            yield DividingTable(self, table)


@frozen
class DividingTable:
    """Its table."""

    engine: Dividing
    table: Table

    @property
    def columns(self) -> tuple[Column, ...]:
        """See ``Table``."""
        return self.table.columns

    def measure(self, request: Request) -> Measured:
        """See ``Table``."""
        return self.table.measure(request)

    def split(self, request: Request, valid: str, failing: str) -> Divided:
        """See ``SupportsSplit``."""
        self.engine.asked.append((request, valid, failing))
        divided: Divided = self.engine.divided(request)
        return divided


def three_fail(rule: Rule) -> Outcome:
    return Measurement(checked=10, failed=3) if rule.reads else Measurement(checked=10, observed=10)


def honest(request: Request) -> Divided:
    broken = 3 if request.rules else 0
    return Divided(valid=10 - broken, failing=broken, broken=(broken,) * len(request.rules))


def _check(engine: FakeEngine, *rules: Rule, folder: FakeFolder | None = None, **options: Any) -> CheckResult:  # noqa: ANN401  # any option
    check = CheckData(engine=engine, parse=parse, clock=FrozenClock(NOW), folder=folder or FakeFolder())
    return check(Address(path="orders.csv"), rules, CheckOptions(**options)).unwrap()


def engine(divided: Callable[..., object] = honest, **more: Any) -> Dividing:  # noqa: ANN401  # any field
    return Dividing(divided=divided, **{"outcome": three_fail, **more})


HIGH, LOW = NotNull(column="id", id="high"), NotNull(column="email", id="low", severity=Severity.LOW)


def test_the_files_and_their_rows_are_told() -> None:
    folder = FakeFolder()
    split = _check(engine(), HIGH, folder=folder).split("out")
    assert (split.valid, split.failing) == (Path("out/valid.parquet"), Path("out/failing.parquet"))
    assert (split.valid_count, split.failing_count) == (7, 3)
    assert folder.events == ["placed failing.parquet, valid.parquet in out", "named"]


def test_the_engine_is_asked_for_what_was_checked_by_the_rules_that_count() -> None:
    dividing = engine()
    gate = Gate(fail_on=Severity.CRITICAL)
    rules = (LOW, RowCount(min=1), evolve(HIGH, severity=Severity.CRITICAL), evolve(HIGH, id="other"))
    _check(dividing, *rules, where="id > 0", limit=9, gate=gate).split("out")
    ((request, valid, failing),) = dividing.asked
    assert [rule.id for rule in request.rules] == ["high"]
    assert (request.where, request.limit, request.now) == ("id > 0", 9, NOW)
    assert request.parsed == dividing.requests[0].parsed
    assert (valid, failing) == ("out/.valid.parquet", "out/.failing.parquet")


def test_a_severity_takes_more_rules() -> None:
    dividing = engine()
    _check(dividing, LOW, HIGH).split("out", severity="low")
    assert [rule.id for rule in dividing.asked[0][0].rules] == ["low", "high"]


def test_the_data_is_opened_and_closed_again() -> None:
    dividing = engine()
    _check(dividing, HIGH).split("out")
    assert dividing.events == ["opened orders.csv", "closed"] * 2


def test_a_check_without_a_folder_cannot_split() -> None:
    check = CheckData(engine=engine(), parse=parse, clock=FrozenClock(NOW))
    result = check(Address(path="orders.csv"), (HIGH,), CheckOptions()).unwrap()
    with pytest.raises(SplitError):
        result.split("out")


def test_an_engine_that_cannot_split_is_named() -> None:
    folder = FakeFolder()
    with pytest.raises(SplitError, match="the engine fake cannot split rows"):
        _check(FakeEngine(outcome=three_fail), HIGH, folder=folder).split("out")
    assert folder.events[-1] == "removed"


def test_a_rule_in_error_is_refused_before_anything_is_written() -> None:
    folder = FakeFolder()
    result = _check(engine(outcome=lambda _: Broken("it broke")), HIGH, folder=folder)
    with pytest.raises(SplitError, match="the rows cannot be split: high: it broke"):
        result.split("out")
    assert folder.events == []


@pytest.mark.parametrize(
    ("divided", "message"),
    [
        (Divided(valid=8, failing=3, broken=(3,)), "there are 11 rows and were 10 when it was checked"),
        (Divided(valid=8, failing=2, broken=(2,)), "there are 2 rows that break high and were 3"),
        (Divided(valid=6, failing=4, broken=(4,)), "the data has changed; check it again"),
    ],
)
def test_files_that_do_not_agree_with_the_verdict_are_removed(divided: Divided, message: str) -> None:
    folder = FakeFolder()
    result = _check(engine(lambda _: divided), HIGH, folder=folder)
    with pytest.raises(SplitError, match=message):
        result.split("out")
    assert folder.events[-1] == "removed"


def test_a_rule_may_be_called_rows() -> None:
    split = _check(engine(), evolve(HIGH, id="rows")).split("out")
    assert split.failing_count == 3


def test_an_engine_that_forgets_a_rule_breaks_its_contract() -> None:
    result = _check(engine(lambda _: Divided(valid=7, failing=3)), HIGH)
    with pytest.raises(ContractViolation, match="it split by 0 rules, not by 1"):
        result.split("out")


@pytest.mark.parametrize("name", [ROW_COLUMN, RULES_COLUMN])
def test_data_that_has_the_columns_of_a_split_is_refused(name: str) -> None:
    columns = (*COLUMNS, evolve(COLUMNS[0], name=name))
    with pytest.raises(SplitError, match=f"has a column '{name}'"):
        _check(engine(columns=columns), HIGH).split("out")


def test_data_that_cannot_be_read_any_more_leaves_nothing() -> None:
    folder = FakeFolder()
    result = _check(engine(fails_with(DataError("orders.csv: gone"))), HIGH, folder=folder)
    with pytest.raises(DataError, match="gone"):
        result.split("out")
    assert folder.events[-1] == "removed"


def test_where_something_is_masked_the_reason_is_not_shown() -> None:
    result = _check(engine(fails_with(DataError("cannot convert 'C4N4RY'"))), HIGH, mask=["email"])
    with pytest.raises(DataError, match="may quote masked values") as raised:
        result.split("out")
    assert "C4N4RY" not in str(raised.value)


@pytest.mark.parametrize("again", [lambda each: pickle.loads(pickle.dumps(each)), copy.deepcopy])  # noqa: S301  # our own
def test_a_result_that_is_sent_away_is_equal_and_cannot_split(
    again: Callable[[CheckResult], CheckResult],
) -> None:
    result = _check(engine(), HIGH)
    assert again(result) == result
    with pytest.raises(SplitError, match="check the data again"):
        again(result).split("out")


def test_a_changed_result_still_can() -> None:
    assert evolve(_check(engine(), HIGH), duration_seconds=7.0).split("out").failing_count == 3
