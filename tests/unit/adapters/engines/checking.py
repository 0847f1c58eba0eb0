"""Check a case with an engine, as the use case does it."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.expressions.sqlglot import parse
from veriport.application.checking import CheckData, CheckOptions
from veriport.domain.datasets import Handle
from veriport.domain.results import CheckResult, RuleResult
from veriport.domain.rules.reading import read_rules
from veriport.ports.engines import Engine
from veriport.testing.cases import Case


def check(engine: Engine, case: Case, **options: object) -> CheckResult:
    rules = read_rules([case.rule]).unwrap()
    use_case = CheckData(engine=engine, parse=parse, clock=FrozenClock(case.now))
    return use_case(Handle(case.frame()), rules, CheckOptions(**options)).unwrap()  # type: ignore[arg-type]


def result_of(engine: Engine, case: Case, **options: object) -> RuleResult:
    (result,) = check(engine, case, **options).rules
    return result


def refer(case: Case, folder: Path) -> Case:
    """The case with its reference written to a file."""
    if case.reference is None:
        return case
    path = folder / "reference.parquet"
    case.reference.frame().write_parquet(path)
    return evolve(case, rule={**case.rule, "reference": str(path)})
