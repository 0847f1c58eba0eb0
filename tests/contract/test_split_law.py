"""The law of splitting, on random tables in databases: valid and failing rows are the rows, and each failing one
lists the rules that it breaks.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest
from attrs import evolve
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.engines.ibis import IbisEngine
from veriport.adapters.expressions.sqlglot import parse
from veriport.adapters.folders.local import LocalFolder
from veriport.application.checking import CheckData, CheckOptions
from veriport.domain.datasets import Dataset
from veriport.domain.results import CheckResult, RuleStatus
from veriport.domain.rules.base import Rule, Shape
from veriport.domain.rules.reading import read_rules
from veriport.ports.engines import Divided, Engine
from veriport.testing.cases import Case
from veriport.testing.matrix import Tables
from veriport.testing.random_cases import RULES, batches
from veriport.testing.reference import ReferenceEngine
from veriport.testing.suites.splits import Files

EXAMPLES = settings().max_examples // 4  #: ``pytest --hypothesis-profile=search`` tries more
ABOUT_ROWS = tuple(cls for cls in RULES if cls.shape is Shape.ROWS)
NONE = {"type": "expression", "expression": "1 = 0", "id": "none"}

_random = settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate],  # to shrink takes queries for each attempt
    suppress_health_check=[*HealthCheck],
)


def check(
    engine: Engine,
    dataset: Dataset,
    cases: list[Case],
    *more: Mapping[str, object],
    **options: Any,  # noqa: ANN401  # any option
) -> CheckResult:
    rules = read_rules([*(case.rule for case in cases), *more]).unwrap()
    use_case = CheckData(engine=engine, parse=parse, clock=FrozenClock(cases[0].now), folder=LocalFolder())
    return use_case(dataset, rules, CheckOptions(**options)).unwrap()


def referring(cases: list[Case], where: Tables) -> list[Case]:
    return [
        case if case.reference is None else evolve(case, rule={**case.rule, "reference": where.refer(case)})
        for case in cases
    ]


def holds_the_law(
    cases: list[Case], options: Mapping[str, Any], here: Tables, frames: Tables, *, numbered: bool
) -> None:
    """Valid and failing rows are the rows of the check, and each failing one lists the rules that it breaks."""
    told = check(
        ReferenceEngine(), frames.load(cases[0]), referring(cases, frames), NONE, samples=100, **options
    )
    *rules, seen = told.rules
    result = check(IbisEngine(), here.load(cases[0]), referring(cases, here), **options)
    if any(each.status is RuleStatus.NOT_EVALUATED for each in result.rules):
        return
    broken: dict[int, list[str]] = {}
    for each in rules:
        for sample in each.samples:
            broken.setdefault(sample.row or 0, []).append(each.rule.id)
    rows = [sample.row or 0 for sample in seen.samples]
    with tempfile.TemporaryDirectory() as folder:
        split = result.split(folder)
        valid, failing = pl.read_parquet(split.valid), pl.read_parquet(split.failing)
    counts = Divided(valid=split.valid_count, failing=split.failing_count)
    files = Files(valid, failing, divided=counts, case=cases[0], numbered=numbered)
    assert counts == Divided(valid=valid.height, failing=failing.height)
    assert files.hold(dict(sorted(broken.items())), [row for row in rows if row not in broken]), [
        (case.rule, case.columns) for case in cases
    ]


_wheres = st.sampled_from([None, None, "k > 0", "k IS NULL OR k < 2"])


def drawn(data: st.DataObject, here: Tables, *classes: type[Rule]) -> list[Case]:
    fits = batches(*classes).filter(lambda batch: not any(map(here.lacks, batch)))
    return list(data.draw(fits))


class TestRandomTables:
    @pytest.mark.parametrize("cls", ABOUT_ROWS, ids=lambda cls: cls.type)
    @settings(_random, max_examples=EXAMPLES // 5)
    @given(data=st.data(), where=_wheres, limit=st.none() | st.integers(1, 7))
    def test_each_class_on_duckdb(
        self,
        cls: type[Rule],
        duckdb_tables: Tables,
        data: st.DataObject,
        where: str | None,
        limit: int | None,
    ) -> None:
        cases = drawn(data, duckdb_tables, cls)
        holds_the_law(cases, {"where": where, "limit": limit}, duckdb_tables, duckdb_tables, numbered=True)

    @_random
    @given(data=st.data(), where=_wheres, limit=st.none() | st.integers(1, 7))
    def test_rules_of_any_class_on_duckdb(
        self, duckdb_tables: Tables, data: st.DataObject, where: str | None, limit: int | None
    ) -> None:
        cases = drawn(data, duckdb_tables, *ABOUT_ROWS)
        holds_the_law(cases, {"where": where, "limit": limit}, duckdb_tables, duckdb_tables, numbered=True)

    @pytest.mark.server
    @pytest.mark.parametrize("cls", ABOUT_ROWS, ids=lambda cls: cls.type)
    @settings(_random, max_examples=EXAMPLES // 5)
    @given(data=st.data(), where=_wheres)
    def test_each_class_on_postgresql(
        self,
        cls: type[Rule],
        postgresql_tables: Tables,
        duckdb_tables: Tables,
        data: st.DataObject,
        where: str | None,
    ) -> None:
        cases = drawn(data, postgresql_tables, cls)
        holds_the_law(cases, {"where": where}, postgresql_tables, duckdb_tables, numbered=False)

    @pytest.mark.server
    @_random
    @given(data=st.data(), where=_wheres)
    def test_rules_of_any_class_on_postgresql(
        self, postgresql_tables: Tables, duckdb_tables: Tables, data: st.DataObject, where: str | None
    ) -> None:
        cases = drawn(data, postgresql_tables, *ABOUT_ROWS)
        holds_the_law(cases, {"where": where}, postgresql_tables, duckdb_tables, numbered=False)

    @_random
    @given(data=st.data(), where=_wheres)
    def test_rules_of_any_class_on_sqlite(
        self, sqlite_tables: Tables, duckdb_tables: Tables, data: st.DataObject, where: str | None
    ) -> None:
        cases = drawn(data, sqlite_tables, *ABOUT_ROWS)
        if "-0.0" not in str(cases[0].columns):  # which SQLite keeps as 0.0
            holds_the_law(cases, {"where": where}, sqlite_tables, duckdb_tables, numbered=False)
