"""Check a case with an engine, as the use case does it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import evolve

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.expressions.sqlglot import parse
from veriport.application.checking import CheckData, CheckOptions
from veriport.domain.datasets import Handle
from veriport.domain.results import CheckResult
from veriport.domain.rules.reading import read_rules
from veriport.ports.engines import Engine
from veriport.testing.cases import Case


def check(engine: Engine, *batch: Case, **options: object) -> CheckResult:
    """Check the rules of cases that share a table."""
    first = batch[0]
    rules = read_rules([case.rule for case in batch]).unwrap()
    use_case = CheckData(engine=engine, parse=parse, clock=FrozenClock(first.now))
    return use_case(Handle(first.frame()), rules, CheckOptions(**options)).unwrap()  # type: ignore[arg-type]


def refer(batch: Sequence[Case], folder: Path) -> list[Case]:
    """The cases with their references written to files."""
    return [
        case if case.reference is None else _written(case, folder / f"reference{number}.parquet")
        for number, case in enumerate(batch)
    ]


def _written(case: Case, path: Path) -> Case:
    assert case.reference is not None
    case.reference.frame().write_parquet(path)
    return evolve(case, rule={**case.rule, "reference": str(path)})
