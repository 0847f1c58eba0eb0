"""An engine that breaks its contract is named, and so is what it did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from attrs import frozen

import veriport
from tests.unit.application.fakes import fails_with
from veriport.domain.datasets import Dataset
from veriport.domain.measurements import Measured, Measurement
from veriport.domain.results import RuleStatus
from veriport.domain.types import Column, DataType, Family
from veriport.ports.engines import Table
from veriport.ports.errors import ContractViolation, TransientError
from veriport.testing.engines import FakeEngine

RULES = [{"column": "id", "type": "unique", "id": "u"}]
ID = Column("id", DataType(Family.INTEGER, "int64"))


def gives(value: object) -> FakeEngine:
    return FakeEngine(answer=lambda _: value, columns=(ID,), name="odd")  # type: ignore[arg-type, return-value]  # what an engine may do


def raises(error: BaseException) -> FakeEngine:
    return FakeEngine(measuring=fails_with(error), columns=(ID,), name="odd")


def odd(columns: object) -> FakeEngine:
    return FakeEngine(columns=columns, name="odd")  # type: ignore[arg-type]  # what an engine may do


def one(outcome: object) -> Measured:
    return Measured(row_count=9, outcomes=(outcome,))  # type: ignore[arg-type]  # what an engine may do


@pytest.mark.parametrize(
    ("engine", "what"),
    [
        (raises(ValueError("boom")), "measuring raised ValueError: boom"),
        (raises(SystemExit(7)), "measuring raised SystemExit: 7"),
        (raises(RecursionError()), "measuring raised RecursionError: "),
        (gives(None), "it gave a NoneType where a Measured belongs"),
        (gives(Measured(row_count=9)), "it gave 0 outcomes for 1 rules"),
        (gives(Measured(row_count="9", outcomes=(Measurement(checked=1),))), "it counted '9' rows"),  # type: ignore[arg-type]
        (gives(Measured(row_count=-1, outcomes=(Measurement(checked=1),))), "it counted -1 rows"),
        (odd(columns=(ID, ID)), "its columns are no tuple of columns, each name once: "),
        (odd(columns=["id"]), "its columns are no tuple of columns, each name once: "),
        (odd(columns=None), "its columns are no tuple of columns, each name once: None"),
    ],
)  # fmt: skip
def test_what_it_did_is_named(engine: FakeEngine, what: str) -> None:
    with pytest.raises(ContractViolation) as caught:
        veriport.check({"path": "any.csv"}, RULES, engine=engine, samples=2)
    assert str(caught.value).startswith(f"the engine odd breaks its contract: {what}")


def test_the_error_itself_is_the_cause() -> None:
    error = ValueError("boom")
    with pytest.raises(ContractViolation) as caught:
        veriport.check({"path": "any.csv"}, RULES, engine=raises(error))
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error", [TransientError("later"), veriport.DataError("bad"), KeyboardInterrupt(), MemoryError()]
)
def test_what_its_port_knows_and_what_is_not_its_fault_passes(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        veriport.check({"path": "any.csv"}, RULES, engine=raises(error))
    assert caught.value is error


def test_nothing_is_quoted_where_something_is_masked() -> None:
    with pytest.raises(ContractViolation) as caught:
        veriport.check({"path": "any.csv"}, RULES, engine=raises(ValueError("value 4711")), mask="id")
    assert str(caught.value) == "the engine odd breaks its contract: measuring raised ValueError"


def test_our_own_refusals_are_not_the_engines() -> None:
    with pytest.raises(veriport.DataError, match="there is no column 'idd'"):
        veriport.check({"path": "any.csv"}, RULES, engine=gives(None), key="idd")


@pytest.mark.parametrize(("failed", "checked"), [(5, 2), (0, -1), (-1, 2), (1.5, 2), (None, 2), (1, "2")])
def test_counts_that_cannot_be_are_an_error_of_the_rule(failed: object, checked: object) -> None:
    engine = gives(one(Measurement(checked=checked, failed=failed)))  # type: ignore[arg-type]
    (result,) = veriport.check({"path": "any.csv"}, RULES, engine=engine).rules
    assert result.status is RuleStatus.ERROR
    said = f"the engine reports {failed} failed of {checked} checked rows, which is impossible"
    assert result.message == said


def test_a_chain_does_not_hide_a_defect_behind_another_engine() -> None:
    chain = veriport.EngineChain([raises(ValueError("boom")), veriport.get_engine("polars").engine])
    with pytest.raises(ContractViolation, match="measuring raised ValueError: boom"):
        veriport.check({"path": "any.csv"}, RULES, engine=chain)


@frozen
class Leaving(FakeEngine):
    """An engine whose context ends in its own way."""

    swallows: bool = False

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[Table]:
        try:
            with FakeEngine.open(self, dataset) as table:
                yield table
        except ValueError:
            if not self.swallows:
                raise
        else:
            raise OSError("close failed")


def test_what_it_raises_when_it_closes_is_its_own() -> None:
    with pytest.raises(
        ContractViolation, match="fake breaks its contract: closing raised OSError: close failed"
    ):
        veriport.check({"path": "any.csv"}, RULES, engine=Leaving())


def test_what_it_swallows_is_told() -> None:
    engine = Leaving(measuring=fails_with(ValueError("boom")), swallows=True)
    with pytest.raises(ContractViolation, match="measuring raised ValueError: boom"):
        veriport.check({"path": "any.csv"}, RULES, engine=engine)


def test_outcomes_are_a_tuple_or_a_list() -> None:
    engine = gives(Measured(row_count=1, outcomes=iter(())))  # type: ignore[arg-type]
    with pytest.raises(ContractViolation, match="its outcomes are a tuple_iterator, not a tuple or a list"):
        veriport.check({"path": "any.csv"}, RULES, engine=engine)
